import { order_of_track_token, order_token, track_token } from '../../platform/tokens.ts';
import { orders_routes } from '../../services/orders/routes.ts';
import { migrations_folder, orders_service } from '../../services/orders/service.ts';
import type { Area, AreaGiven } from '../compose.ts';

export function orders_area({ signing_secret }: AreaGiven): Area {
  return {
    service: orders_service,
    migrations_folder,
    adapters: {},
    routes: desk =>
      orders_routes(desk as never, {
        order_token: order_id => order_token(signing_secret, order_id),
        track_token: order_id => track_token(signing_secret, order_id),
        order_of_track_token: token => order_of_track_token(signing_secret, token),
      }),
  };
}

import { order_of_track_token, order_token, track_token } from '../../platform/tokens.ts';
import { orders_routes } from '../../services/orders/routes.ts';
import { migrations_folder, orders_service } from '../../services/orders/service.ts';
import type { Area, AreaGiven } from '../compose.ts';

/** A browser may name `manual` (paid without money) only where nobody's money is at stake. */
const browser_gateways = (sandbox: boolean) => new Set(sandbox ? ['manual', 'stripe', 'cybersource'] : ['stripe', 'cybersource']);

export function orders_area({ settings, signing_secret }: AreaGiven): Area {
  return {
    service: orders_service,
    migrations_folder,
    adapters: {},
    routes: desk =>
      orders_routes(desk as never, {
        order_token: order_id => order_token(signing_secret, order_id),
        track_token: order_id => track_token(signing_secret, order_id),
        settings: { browser_gateways: browser_gateways(settings.sandbox) },
        order_of_track_token: token => order_of_track_token(signing_secret, token),
      }),
  };
}

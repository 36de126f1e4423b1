import { inventory_routes } from '../../services/inventory/routes.ts';
import { inventory_service, migrations_folder } from '../../services/inventory/service.ts';
import type { Area } from '../compose.ts';

export function inventory_area(): Area {
  return { service: inventory_service(), migrations_folder, adapters: {}, routes: desk => inventory_routes(desk as never) };
}

/** Suppliers on PostgreSQL with their routes, as the door would call them: for tests of the routes and of the way to a supplier. */
import type { Levels } from '../../../contracts/index.ts';
import { Problem, type Reply, type Route, type RouteRequest } from '../../../platform/route.ts';
import type { Adapter, Row } from '../../../platform/service.ts';
import { type Harness, service_on_postgres, test_request } from '../../../platform/testing/harness.ts';
import type { ChannelKind, SuppliersSettings } from '../model.ts';
import { is_partner_channel } from '../model_partners.ts';
import { suppliers_routes } from '../routes.ts';
import { migrations_folder, suppliers_service } from '../service.ts';
import type { SuppliersDesk } from '../views.ts';
import { levels_of } from './shop.ts';

export const inbound_secret = 'supplier-secret';
export const x12_secret = 'x12-secret';
export const peppol_secret = 'peppol-secret';
const rounds_max = 500;
const round_ms = 20;

/** A test, or a file of tests that share an office. */
export interface Afterwards {
  after(stop: () => Promise<void> | void): void;
}

export interface Office {
  readonly harness: Harness;
  /** `POST /v1/purchase-orders`; a Problem becomes a reply, as at the door. */
  call(
    method: Route['method'],
    path: string,
    body?: unknown,
    more?: Partial<RouteRequest>,
  ): Promise<{ readonly status: number; readonly body: Row; readonly headers: Reply['headers'] }>;
  get(path: string): Promise<Row>;
  /** What inventory would say. */
  levels(sku: string, counters: Partial<Levels>): Promise<void>;
  /** Types of the events of one key, in order. */
  events(key: string): Promise<readonly string[]>;
}

export async function office(
  t: Afterwards,
  settings: Partial<SuppliersSettings> = {},
  adapters: Readonly<Record<string, Adapter>> = {},
): Promise<Office> {
  const harness = await service_on_postgres({
    service: suppliers_service({ replenishment: 'manual', ...settings }),
    folder: migrations_folder,
    adapters,
  });
  t.after(() => harness.stop());
  const { desk, events, pool } = harness.runtime;
  // The platform forgot the service's types; these routes know them.
  const routes = suppliers_routes(desk as unknown as SuppliersDesk, {
    channels: ['rest', 'x12_http', 'x12_files', 'peppol'],
    inbound_secret,
    x12_secret,
    peppol_secret,
  });
  const call: Office['call'] = async (method, path, body = {}, more = {}) => {
    const [address = '', query = ''] = path.split('?');
    const { route, params } = route_of(routes, method, address);
    const request = test_request(body, { params, query: Object.fromEntries(new URLSearchParams(query)), ...more });
    try {
      const reply = await route.handle(request);
      if ('stream' in reply) return { status: reply.status, body: { text: await text_of(reply.stream) }, headers: reply.headers };
      return { status: reply.status, body: reply.body as Row, headers: reply.headers };
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      return { status: error.status, body: { code: error.code }, headers: error.headers };
    }
  };
  return {
    harness,
    call,
    get: async path => (await call('GET', path)).body,
    async levels(sku, counters) {
      await events.submit({
        command: { type: 'note_levels', levels: [levels_of(sku, counters)] } as never,
        cause: `evt_${sku}_${counters.version}`,
        actor: 'system',
      });
    },
    async events(key) {
      const { rows } = await pool.query<{ type: string }>('select type from suppliers.events where key = $1 order by position', [key]);
      return rows.map(row => row.type);
    },
  };
}

async function text_of(stream: AsyncIterable<string | Uint8Array>): Promise<string> {
  let text = '';
  for await (const chunk of stream) text += chunk.toString();
  return text;
}

function route_of(routes: readonly Route[], method: string, address: string): { route: Route; params: Record<string, string> } {
  for (const route of routes) {
    const names = [...route.path.matchAll(/:(\w+)/g)].map(match => match[1] ?? '');
    const values = new RegExp(`^${route.path.replaceAll(/:\w+/g, '([^/]+)')}$`).exec(address);
    if (route.method === method && values !== null)
      return { route, params: Object.fromEntries(names.map((name, place) => [name, values[place + 1] ?? ''])) };
  }
  throw new Error(`no route ${method} ${address}`);
}

export async function until<T>(what: string, read: () => Promise<T | undefined>): Promise<T> {
  for (let round = 0; round < rounds_max; round += 1) {
    const found = await read();
    if (found !== undefined) return found;
    await new Promise(resolve => setTimeout(resolve, round_ms));
  }
  throw new Error(`waited in vain for ${what}`);
}

/** A supplier with two items, and policies for them. */
export async function stocked(desk: Office, channel: ChannelKind, skus: readonly string[], supplier = 'acme'): Promise<void> {
  const scheme = channel === 'peppol' ? '9930' : 'ZZ';
  const partner = is_partner_channel(channel) ? { partner: `${scheme}/${supplier.toUpperCase()}` } : {};
  await desk.call('PUT', `/v1/suppliers/${supplier}`, { name: 'Acme', channel: { kind: channel, ...partner }, currency: 'GBP' });
  for (const sku of skus) {
    const item = { supplier_sku: `S-${sku}`, cost: 100, minimum_quantity: 10, pack_size: 5, lead_time_days: 4 };
    await desk.call('PUT', `/v1/suppliers/${supplier}/items/${sku}`, item);
    await desk.call('PUT', `/v1/reorder-policies/${sku}/depot`, { reorder_point: 15, target: 60, supplier });
  }
}

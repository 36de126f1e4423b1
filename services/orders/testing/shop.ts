/** For tests: orders on a real database with a small catalog, its routes called as the door calls them, and the other services' words spoken for them. */
import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import type { Idempotency, Principal, Reply, Route, RouteRequest, Scope, StreamReply } from '../../../platform/route.ts';
import type { Logged, Row } from '../../../platform/service.ts';
import { validator } from '../../../platform/strict_json.ts';
import { type Harness, service_on_postgres, test_request } from '../../../platform/testing/harness.ts';
import type { OrdersDesk } from '../answers.ts';
import { type OrdersHeard, orders_reactions } from '../reactions.ts';
import { orders_routes } from '../routes.ts';
import { migrations_folder, orders_service } from '../service.ts';

const all: ReadonlySet<Scope> = new Set([
  'orders:read',
  'orders:write',
  'orders:import',
  'payments:write',
  'quotes:write',
  'catalog:write',
]);
export const server_key: Principal = { type: 'sk', id: 'key_server', scopes: all };
export const browser_key: Principal = { type: 'pk', id: 'key_browser', scopes: new Set() };
export const order_bearer = (order_id: string): Principal => ({ type: 'order', id: `order:${order_id}`, scopes: new Set(), order_id });
export const address = { name: 'Ada Lovelace', line1: "12 St James's Square", city: 'London', postal_code: 'SW1Y 4JH', country: 'GB' };

/** The order object as far as tests look into it. */
export interface ShownOrder {
  readonly id: string;
  readonly number: number;
  readonly version: number;
  readonly status: string;
  readonly payment_status: string;
  readonly fulfillment_status: string;
  readonly total: number;
  readonly lines: readonly {
    readonly id: string;
    readonly sku: string;
    readonly quantity_shipped: number;
    readonly quantity_returned: number;
  }[];
  readonly payments: readonly { readonly id: string; readonly status: string; readonly captured: number }[];
  readonly shipments: readonly { readonly status: string; readonly parcels: readonly { readonly tracking_number: string | null }[] }[];
  readonly holds: readonly { readonly id: string }[];
  readonly order_token: string;
  readonly track_token: string;
}

export interface Shop {
  readonly harness: Harness;
  /** `call('POST /v1/orders/:id/cancel', { id }, body)`; the body and the reply are checked against the route's schemas. */
  call(address: string, params: Readonly<Record<string, string>>, body?: unknown, more?: Partial<RouteRequest>): Promise<Reply>;
  stream(address: string, params: Readonly<Record<string, string>>, more?: Partial<RouteRequest>): Promise<StreamReply>;
  place(body?: object, more?: Partial<RouteRequest>): Promise<ShownOrder>;
  read(order_id: string): Promise<ShownOrder>;
  /** Another service said this of the order. */
  hear<T extends OrdersHeard['type']>(type: T, data: object): Promise<void>;
  /** Stock is there, and the money; then allocated, so that shipping is asked. */
  confirm(order: ShownOrder): Promise<void>;
  /** Everything left in one parcel, and the money was taken. */
  dispatch(order: ShownOrder): Promise<void>;
  deliver(order: ShownOrder): Promise<void>;
  /** What a rejected or failed command must not change. */
  fingerprint(): Promise<string>;
}

export async function open_shop(): Promise<Shop> {
  const harness = await service_on_postgres({ service: orders_service, folder: migrations_folder });
  // The runtime forgets the types of its service.
  const desk = harness.runtime.desk as unknown as OrdersDesk;
  const routes = orders_routes(desk, {
    order_token: order_id => `ot_${order_id.slice(4)}`,
    track_token: order_id => `tt_${order_id.slice(4)}`,
    order_of_track_token: token => (token.startsWith('tt_') ? `ord_${token.slice(3)}` : undefined),
  });
  const call: Shop['call'] = async (address, params, body, more = {}) => {
    const route = route_of(routes, address);
    if (route.body !== undefined) validator(route.body).check(body);
    const reply = await route.handle(test_request(body, { principal: server_key, params, ...more }));
    assert.ok('body' in reply);
    const documented = route.replies[reply.status];
    if (reply.status < 400 && documented !== undefined) validator(documented).check(reply.body);
    return reply;
  };
  const said = new Map<string, number>();
  const hear: Shop['hear'] = async (type, data) => {
    const sequence = (said.get(type) ?? 0) + 1;
    said.set(type, sequence);
    // The tests below say what these events must hold; each type is a stream of its own here.
    const event = {
      type,
      data,
      id: `evt_${type}_${sequence}`,
      source: type,
      subject: 'said',
      sequence,
      time: desk.now(),
    } as unknown as Logged<never>;
    const command = orders_reactions[type](event);
    assert.ok(command !== undefined);
    await desk.submit(command, { request: test_request(undefined) });
  };
  const shop: Shop = {
    harness,
    call,
    hear,
    async stream(address, params, more = {}) {
      const reply = await route_of(routes, address).handle(test_request(undefined, { principal: server_key, params, ...more }));
      assert.ok('stream' in reply);
      return reply;
    },
    async place(body = {}, more = {}) {
      const asked = { currency: 'GBP', lines: [{ sku: 'MUG', quantity: 2 }], shipping_address: address, ...body };
      const { body: shown } = await call('POST /v1/orders', {}, asked, more);
      assert.ok(shown !== null && typeof shown === 'object' && 'id' in shown, JSON.stringify(shown));
      // Checked against the reply's schema in `call`.
      return shown as unknown as ShownOrder;
    },
    read: async order_id => (await call('GET /v1/orders/:id', { id: order_id })).body as unknown as ShownOrder,
    async confirm(order) {
      await hear('stock.reserved', { order_id: order.id, lines: [] });
      const [payment] = (await shop.read(order.id)).payments;
      if (payment !== undefined) await hear('payment.authorized', paid(order, payment.id, { authorized: order.total }, 'authorized'));
      const lines = units_of(order);
      await hear('stock.allocated', { order_id: order.id, lines });
    },
    async dispatch(order) {
      const shipment = { order_id: order.id, shipment_id: `shp_${order.number}`, location_id: 'loc_1' };
      const parcel = { parcel_id: `pcl_${order.number}`, tracking_number: `T${order.number}`, lines: units_of(order) };
      await hear('shipment.planned', { ...shipment, shipment_status: 'labeled', revision_no: 1, carrier: 'manual', parcels: [parcel] });
      await hear('shipment.dispatched', { ...shipment, shipment_status: 'dispatched', carrier: 'manual', parcels: [parcel] });
      const [payment] = (await shop.read(order.id)).payments;
      const sums = { authorized: order.total, captured: order.total };
      if (payment !== undefined)
        await hear('payment.captured', { ...paid(order, payment.id, sums, 'captured'), capture_no: 1, final: true });
    },
    async deliver(order) {
      const parcel = {
        order_id: order.id,
        shipment_id: `shp_${order.number}`,
        parcel_id: `pcl_${order.number}`,
        shipment_status: 'delivered',
      };
      await hear('parcel.delivered', { ...parcel, lines: units_of(order) });
    },
    async fingerprint() {
      const { rows } = await harness.runtime.pool.query<{ print: string }>(
        `select md5(coalesce((select string_agg(o::text, '' order by id) from orders.orders o), '') || (select count(*) from orders.events)
                 || coalesce((select string_agg(c::text, '' order by id) from orders.order_contact c), '') || (select count(*) from orders.timers)
                 || coalesce((select string_agg(d::text, '' order by id) from orders.discount d), '')) as print`,
      );
      return rows[0]?.print ?? '';
    },
  };
  await stock_catalog(shop);
  return shop;
}

function route_of(routes: readonly Route[], address: string): Route {
  const [method, path] = address.split(' ');
  const route = routes.find(known => known.method === method && known.path === path);
  assert.ok(route, `no route ${address}`);
  return route;
}

async function stock_catalog(shop: Shop): Promise<void> {
  const put = (sku: string, more: Row) =>
    shop.call('PUT /v1/products/:sku', { sku }, { name: sku.toLowerCase(), prices: [{ currency: 'GBP', amount: 1_000 }], ...more });
  await put('MUG', {});
  await put('LAMP', { prices: [{ currency: 'GBP', amount: 4_995 }] });
  await put('VOUCHER', { stocked: false });
}

export function units_of(order: ShownOrder): { line_no: number; quantity: number; sku: string; location_id: string }[] {
  return order.lines.map(line => ({
    line_no: Number(line.id),
    quantity: (line as unknown as { quantity: number }).quantity,
    sku: line.sku,
    location_id: 'loc_1',
  }));
}

/** As payments says it: `sums` are absolute. */
export function paid(order: ShownOrder, payment_id: string, sums: object, state: string): Row {
  return {
    order_id: order.id,
    payment_id,
    gateway: 'manual',
    method_kind: 'manual',
    currency: 'GBP',
    state,
    sums: { amount: order.total, authorized: 0, captured: 0, voided: 0, refunded: 0, ...sums },
    amount: order.total,
    late: false,
    decline_code: 'insufficient_funds',
    retryable: true,
  };
}

export function keyed(key: string, body: unknown, principal = server_key): { idempotency: Idempotency; principal: Principal } {
  return {
    principal,
    idempotency: { principal: principal.id, route: 'POST /v1/orders', key, body_hash: hash('sha256', JSON.stringify(body)) },
  };
}

export function code_of(reply: Reply): unknown {
  return reply.body !== null && typeof reply.body === 'object' && 'code' in reply.body ? reply.body.code : undefined;
}

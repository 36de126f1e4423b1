/** One seeded run of the saga: shoppers, three or four services, unreliable third parties, unreliable deliveries; then rest, and what must hold. */
import { event_contracts, is_event_type, type LocationAddress } from '../contracts/index.ts';
import type { AnyService } from '../platform/batch.ts';
import { type Random, seeded_random } from '../platform/random.ts';
import type { Event, Logged } from '../platform/service.ts';
import type { Reservation, StockItem } from '../services/inventory/model.ts';
import { inventory_references } from '../services/inventory/references.ts';
import { inventory_service } from '../services/inventory/service.ts';
import type { Order } from '../services/orders/model.ts';
import type { Product } from '../services/orders/pricing/price_order.ts';
import { orders_service } from '../services/orders/service.ts';
import { manual_gateway } from '../services/payments/gateways/manual.ts';
import { stripe_gateway } from '../services/payments/gateways/stripe.ts';
import { payments_service } from '../services/payments/service.ts';
import { easypost_carrier } from '../services/shipping/carriers/easypost.ts';
import { manual_carrier } from '../services/shipping/carriers/manual.ts';
import { is_current, type Shipment } from '../services/shipping/model.ts';
import { shipping_references } from '../services/shipping/references.ts';
import { shipping_service } from '../services/shipping/service.ts';
import { type Providers, simulated_providers } from './providers.ts';
import { create_world, type Faults, type World } from './world.ts';

const minute_ms = 60_000;
const hour_ms = 60 * minute_ms;
const day_ms = 24 * hour_ms;
const run_days = 60;
const skus = ['LAMP', 'BULB', 'SOFA', 'WRAP'];
/** Of `simulation/`: what a run sends is fixed by its seed alone. */
const nowhere = {
  base_url: 'http://127.0.0.1:9',
  secret_key: 'sk_test_none',
  webhook_secret: 'whsec_none',
  timeout_ms: 1_000,
  now_ms: () => 0,
};

export interface Spoil {
  service?(service: AnyService): AnyService;
  providers?(providers: Providers): Providers;
}

export interface SagaResult {
  readonly seed: number;
  readonly broken: readonly string[];
  readonly orders: number;
  readonly events: ReadonlyMap<string, number>;
  /** `placed → awaiting_payment` … of orders, payments, reservations, shipments. */
  readonly transitions: ReadonlySet<string>;
  readonly log: readonly Logged<Event>[];
}

/** Swarm: each seed turns a random subset of the faults on. */
function faults_of(random: Random): Faults {
  const maybe = (value: number) => (random.next() < 0.5 ? value * random.next() : 0);
  return {
    duplicate: maybe(0.5),
    delay_ms_max: random.next() < 0.3 ? 5 : Math.ceil(random.next() * 30_000),
    crash_before_effect: maybe(0.3),
    crash_after_effect: maybe(0.4),
    reply_lost: maybe(0.3),
  };
}

/** `spoil` changes the world before it runs: a seeded bug that the checks must find. */
export function run_saga(seed: number, spoil: Spoil = {}): SagaResult {
  const chance = seeded_random(seed ^ 0x5eed);
  const decline = chance.next() < 0.5 ? 0.3 : 0;
  const providers = (spoil.providers ?? (given => given))(simulated_providers(seeded_random(seed + 1), decline));
  const world = create_world({
    seed,
    services: services_of(chance).map(spoil.service ?? (service => service)),
    faults: faults_of(chance),
    provider: providers,
    source_of: type => (is_event_type(type) ? event_contracts[type].service : ''),
    refresh: (service, kind, id, own) => reference(service, kind, id, own),
  });
  const transitions = new Set<string>();
  seed_shop(world, chance);
  const orders = shoppers(world, chance);
  carriers(world, chance, providers);
  for (let day = 0; day < run_days; day++) {
    world.run_until(world.clock.now_ms() + day_ms);
    deliver_scans(world, chance);
  }
  follow_transitions(world, transitions);
  return { seed, orders: orders.length, broken: check(world, providers, orders), events: world.seen_events, transitions, log: world.log };
}

function services_of(chance: Random): AnyService[] {
  const gateways = { manual: manual_gateway, stripe: stripe_gateway(nowhere) };
  const sellers = chance.next() < 0.5 ? [] : ['easypost'];
  return [
    orders_service,
    inventory_service(),
    payments_service({ gateways }),
    shipping_service({
      fulfillment: 'auto',
      sellers,
      carriers: {
        manual: manual_carrier({ currency: 'GBP' }),
        easypost: easypost_carrier({ api_key: 'none', base_url: 'http://127.0.0.1:9/' }),
      },
      manual_delivery_ms: 2 * day_ms,
      label_currency: 'GBP',
    }),
  ];
}

/** What tables would answer where decisions read without a lock. */
function reference(service: string, kind: string, id: string, world: World): unknown {
  const memory = world.services.get(service);
  if (memory === undefined) return undefined;
  if (service === 'inventory') return inventory_references(() => memory)(kind, id);
  if (service === 'shipping') return shipping_references(() => memory)(kind, id);
  if (service === 'payments' && kind === 'gateway_object') {
    const payments = memory.rows.get('payment');
    // A payment knows its own objects at the gateway.
    const owner = [...(payments ?? [])].find(([, row]) => JSON.stringify(row.state).includes(`"${id.split('\n').at(-1)}"`));
    return owner === undefined ? undefined : { payment_id: owner[0] };
  }
  if (service !== 'orders' || kind !== 'contact') return undefined;
  let contact: Record<string, unknown> | undefined;
  for (const { table, row } of memory.records) {
    if (row['id'] !== id) continue;
    if (table === 'order_contact') contact = row;
    if (table === 'contact_token' && contact !== undefined) contact = { ...contact, method_token: row['method_token'] };
  }
  return contact;
}

function seed_shop(world: World, chance: Random): void {
  const orders = world.services.get('orders');
  for (const [index, sku] of skus.entries()) {
    const product: Product = {
      sku,
      name: sku,
      prices: { GBP: 100 + index * 455 },
      stocked: sku !== 'WRAP',
      tax_class: 'standard',
      weight_grams: 300,
      active: true,
    };
    orders?.seed('product', sku, product);
  }
  set_location(world, 'near', 1, { line1: '1 Wharf Road', city: 'London', postal_code: 'N1 7AA', country: 'GB' });
  // Sometimes its address is given late: orders that ship from there wait for it.
  const rue = { line1: '1 rue du Port', city: 'Lille', postal_code: '59000', country: 'FR' };
  const is_late = chance.next() < 0.3;
  set_location(world, 'far', 2, is_late ? { country: 'FR' } : rue);
  if (is_late) world.plan(Math.floor(chance.next() * 5 * hour_ms), () => set_location(world, 'far', 2, rue));
  const lines = skus.slice(0, 3).flatMap(sku =>
    ['near', 'far'].map(location_id => ({
      sku,
      location_id,
      on_hand: Math.floor(chance.next() * 12),
      safety: null,
      backorder_limit: location_id === 'near' && chance.next() < 0.4 ? 5 : null,
    })),
  );
  world.ask('inventory', { type: 'import_stock', lines } as never);
}

function set_location(world: World, location_id: string, priority: number, address: LocationAddress): void {
  const command = { type: 'set_location', location_id, name: location_id, address, priority, active: true, if_version: null } as const;
  world.ask('inventory', command);
}

/** A handful of orders; their buyers pay again, cancel, send back, and ask at bad moments. */
function shoppers(world: World, chance: Random): string[] {
  const count = 4 + Math.floor(chance.next() * 8);
  return Array.from({ length: count }, (_, index) => {
    const order_id = `ord_${String(index).padStart(26, '0')}`;
    world.plan(Math.floor(chance.next() * 30 * minute_ms), () => place(world, chance, order_id));
    if (chance.next() < 0.25)
      world.plan(Math.floor(chance.next() * 3 * day_ms), () =>
        act(world, order_id, { type: 'cancel_order', order_id, reason: 'changed_mind' }),
      );
    if (chance.next() < 0.2)
      world.plan(Math.floor(chance.next() * 2 * hour_ms), () =>
        act(world, order_id, { type: 'cancel_lines', order_id, reason: 'too_many', lines: [{ line_no: 1, quantity: 1 }] }),
      );
    if (chance.next() < 0.15) hold(world, chance, order_id);
    for (let again = 1; again <= 3; again++) world.plan(again * 8 * minute_ms, () => pay_again(world, order_id));
    if (chance.next() < 0.3) send_back(world, chance, order_id);
    return order_id;
  });
}

function place(world: World, chance: Random, order_id: string): void {
  const lines = Array.from({ length: 1 + Math.floor(chance.next() * 3) }, () => ({
    sku: skus[Math.floor(chance.next() * skus.length)],
    quantity: 1 + Math.floor(chance.next() * 4),
  }));
  const gateway = chance.next() < 0.3 ? 'manual' : 'stripe';
  const policies = ['on_shipment', 'on_shipment', 'on_confirm'] as const;
  world.ask('orders', {
    type: 'place_order',
    order_id,
    asker: { principal: 'key_sim', is_browser: false },
    reference: null,
    currency: 'GBP',
    quote_id: null,
    lines,
    discount_code: null,
    tax_mode: 'exclusive',
    place: { country: 'GB', region: null, postal_code: 'SW1Y 4JH' },
    shipping: { service: 'standard', amount: 495 },
    expected_total: null,
    customer: `c${order_id}`,
    contact: {
      name: 'Ada',
      email: 'ada@example.com',
      shipping_address: { name: 'Ada', line1: '1', city: 'London', postal_code: 'SW1Y 4JH', country: 'GB' },
    },
    token_hash: null,
    tender: { gateway, method_kind: gateway === 'manual' ? 'manual' : 'card', method_token: 'pm_card_visa' },
    capture_policy: policies[Math.floor(chance.next() * policies.length)] ?? 'on_shipment',
    ship_policy: chance.next() < 0.8 ? 'split' : 'complete',
    priority: 5,
    metadata: {},
    replaces_order_id: null,
    placed_at: null,
  } as never);
}

function order_of(world: World, order_id: string): Order | undefined {
  return world.services.get('orders')?.state<Order | undefined>('order', order_id);
}

/** Asked of an order that exists; a rejection is an answer, too. */
function act(world: World, order_id: string, command: unknown): void {
  if (order_of(world, order_id) !== undefined) world.ask('orders', command as never);
}

function pay_again(world: World, order_id: string): void {
  const order = order_of(world, order_id);
  if (order?.axes.payment_status === 'declined')
    act(world, order_id, { type: 'pay_order', order_id, tender: { gateway: 'stripe', method_kind: 'card', method_token: 'pm_card_visa' } });
}

function hold(world: World, chance: Random, order_id: string): void {
  world.plan(Math.floor(chance.next() * hour_ms), () => act(world, order_id, { type: 'hold_order', order_id, reason: 'check' }));
  world.plan(2 * hour_ms + Math.floor(chance.next() * day_ms), () => {
    for (const held of order_of(world, order_id)?.holds ?? [])
      act(world, order_id, { type: 'release_hold', order_id, hold_id: held.hold_id });
  });
}

function send_back(world: World, chance: Random, order_id: string): void {
  world.plan(10 * day_ms + Math.floor(chance.next() * 5 * day_ms), () => {
    const line = order_of(world, order_id)?.lines.find(each => each.delivered > 0 && each.stocked);
    if (line !== undefined)
      act(world, order_id, { type: 'request_return', order_id, lines: [{ line_no: line.line_no, quantity: 1, reason: 'too_small' }] });
  });
  world.plan(16 * day_ms, () => {
    for (const each of order_of(world, order_id)?.returns ?? []) {
      const [line] = each.lines;
      if (each.status === 'requested' && line !== undefined)
        act(world, order_id, {
          type: 'receive_return',
          order_id,
          return_id: each.return_id,
          lines: [{ line_no: line.line_no, quantity: 1, condition: chance.next() < 0.5 ? 'sellable' : 'damaged' }],
        });
    }
  });
}

/** Webhooks beside the replies: what the gateway knows of an operation is told again, later and doubled. */
function carriers(world: World, chance: Random, providers: Providers): void {
  for (let hour = 1; hour < 48; hour += 3) {
    world.plan(hour * hour_ms, () => {
      const payments = world.services.get('payments');
      for (const operation of payments?.operations.values() ?? []) {
        const facts = chance.next() < 0.3 ? providers.facts_of(operation) : [];
        const event_ref = `evt_${operation.op_id}_${Math.floor(chance.next() * 2)}`;
        if (facts.length > 0)
          world.ask('payments', {
            type: 'record_webhook',
            id: `stripe/${event_ref}`,
            provider: 'stripe',
            event_ref,
            event_type: 'payment_intent.updated',
            facts,
          } as never);
      }
    });
  }
}

/** Scans of parcels that left: in transit, then delivered, in any order and more than once. Those of a plan that was given up stay where they are. */
function deliver_scans(world: World, chance: Random): void {
  const shipping = world.services.get('shipping');
  for (const [shipment_id, row] of shipping?.rows.get('shipment') ?? []) {
    const shipment = row.state as Shipment | undefined;
    if (shipment === undefined || shipment.status !== 'dispatched' || shipment.carrier === 'manual') continue;
    const at = (offset_ms: number) => new Date(world.clock.now_ms() + offset_ms).toISOString();
    const facts = shipment.parcels.flatMap(parcel => {
      // One whose label was given back, with the plan it was bought for, never left.
      if (parcel.tracking_number === null || !is_current(shipment, parcel) || parcel.label_status !== 'purchased' || chance.next() < 0.3)
        return [];
      const fact = (status: string, offset_ms: number) => ({
        carrier: shipment.carrier,
        tracking_number: parcel.tracking_number,
        parcel_id: parcel.parcel_id,
        status,
        carrier_at: at(offset_ms),
      });
      const told = [fact('in_transit', 0), fact('out_for_delivery', minute_ms), fact('delivered', 2 * minute_ms)];
      return chance.next() < 0.5 ? told.reverse() : told;
    });
    if (facts.length > 0) world.ask('shipping', { type: 'record_carrier_facts', shipment_id, facts, label_facts: [] } as never);
  }
}

function follow_transitions(world: World, transitions: Set<string>): void {
  const last = new Map<string, string>();
  for (const event of world.log) {
    const data = event.data as { axes?: { status?: string }; state?: string; shipment_status?: string };
    const status = data.axes?.status ?? data.state ?? data.shipment_status;
    if (status === undefined) continue;
    const what = `${event.source} ${event.subject}`;
    const before = last.get(what) ?? 'new';
    if (before !== status) transitions.add(`${event.source}: ${before} → ${status}`);
    last.set(what, status);
  }
}

const closed = ['completed', 'cancelled', 'rejected', 'expired'];
/** Waits that these runs bring about by themselves: nobody fills the backorders here, a hold that waits for one outlives its authorization, an address comes late. */
const expected_exceptions = [
  'backorder_overdue',
  'dispatch_overdue',
  'authorization_expires',
  'authorization_expired',
  'captured_too_much',
  'location_address_missing',
];

/** Everything here is read from states and the third parties' ledger; no service is asked whether it is right. */
function check(world: World, providers: Providers, orders: readonly string[]): string[] {
  const broken: string[] = [];
  const must = (holds: boolean, what: string) => void (holds || broken.push(what));
  for (const order_id of orders) {
    const order = order_of(world, order_id);
    if (order === undefined) continue;
    const waits = order.exceptions.length > 0 || order.holds.length > 0 || order.axes.fulfillment_status === 'backordered';
    must(
      closed.includes(order.axes.status) || waits,
      `O1 ${order_id} is ${order.axes.status} (payment ${order.axes.payment_status}, ${order.axes.fulfillment_status}) and waits for nobody`,
    );
    if (order.axes.status === 'completed')
      must(
        order.captured - order.refunded === order.grand_total - order.cancelled_value - order.credited_value,
        `P2 ${order_id} captured ${order.captured} - ${order.refunded} of ${order.grand_total} - ${order.cancelled_value} - ${order.credited_value}`,
      );
    if (['cancelled', 'rejected', 'expired'].includes(order.axes.status))
      must(order.captured === order.refunded, `P6 ${order_id} ${order.axes.status} keeps ${order.captured - order.refunded}`);
    money_agrees(order, providers, must);
  }
  for (const event of world.log) {
    if (event.type !== 'exception.raised') continue;
    const { reason, subject } = event.data as { reason: string; subject: string };
    must(expected_exceptions.includes(reason), `O1 ${subject} needed a person: ${reason}`);
  }
  for (const { state } of world.services.get('shipping')?.rows.get('shipment')?.values() ?? []) {
    const { shipment_id, exceptions } = state as Shipment;
    must(!exceptions.some(open => open.reason === 'location_address_missing'), `O1 ${shipment_id} waits for an address that came`);
  }
  stock_agrees(world, must);
  const paid_labels = new Map<string, number>();
  for (const entry of providers.ledger)
    if (entry.kind === 'label') paid_labels.set(entry.reference, (paid_labels.get(entry.reference) ?? 0) + 1);
  for (const [parcel_id, count] of paid_labels) must(count === 1, `O10 ${parcel_id} has ${count} paid labels`);
  return broken;
}

function money_agrees(order: Order, providers: Providers, must: (holds: boolean, what: string) => void): void {
  for (const payment of order.payments) {
    if (payment.gateway === 'manual') continue;
    const sum = (kind: string) =>
      providers.ledger
        .filter(entry => entry.reference === payment.payment_id && entry.kind === kind)
        .reduce((total, entry) => total + entry.amount, 0);
    must(
      sum('captured') === payment.captured,
      `P3 ${payment.payment_id} of ${order.order_id}: gateway captured ${sum('captured')}, we ${payment.captured}`,
    );
    must(
      sum('refunded') === payment.refunded,
      `P3 ${payment.payment_id} of ${order.order_id}: gateway refunded ${sum('refunded')}, we ${payment.refunded}`,
    );
    const held = sum('authorized') - sum('captured') - sum('voided');
    must(
      held === 0 || !closed.includes(order.axes.status),
      `P5 ${payment.payment_id}: ${held} still held for ${order.axes.status} ${order.order_id}`,
    );
  }
}

function stock_agrees(world: World, must: (holds: boolean, what: string) => void): void {
  const inventory = world.services.get('inventory');
  const sums = new Map<string, { held: number; allocated: number; backorder_held: number; backordered: number }>();
  for (const row of inventory?.rows.get('reservation')?.values() ?? []) {
    const reservation = row.state as Reservation;
    const order = order_of(world, reservation.order_id);
    for (const line of reservation.lines) {
      const id = `${line.sku}@${line.location_id}`;
      const sum = sums.get(id) ?? { held: 0, allocated: 0, backorder_held: 0, backordered: 0 };
      sums.set(id, {
        held: sum.held + line.held,
        allocated: sum.allocated + line.allocated,
        backorder_held: sum.backorder_held + line.backorder_held,
        backordered: sum.backordered + line.backordered,
      });
      must(
        line.quantity === line.held + line.backorder_held + line.allocated + line.backordered + line.consumed + line.released,
        `S7 ${reservation.order_id} line ${line.line_no}`,
      );
      if (order?.axes.status === 'completed')
        must(
          line.held + line.allocated + line.backorder_held + line.backordered === 0,
          `D1 ${reservation.order_id} is completed and inventory still keeps units for it`,
        );
      if (order !== undefined && ['cancelled', 'rejected', 'expired'].includes(order.axes.status))
        must(
          line.held + line.allocated + line.backorder_held + line.backordered === 0,
          `S12 ${reservation.order_id} is ${order.axes.status} and keeps stock`,
        );
    }
  }
  for (const [id, row] of inventory?.rows.get('stock_item') ?? []) {
    const item = row.state as StockItem;
    const sum = sums.get(id) ?? { held: 0, allocated: 0, backorder_held: 0, backordered: 0 };
    must(
      item.held === sum.held &&
        item.allocated === sum.allocated &&
        item.backordered === sum.backordered &&
        item.backorder_held === sum.backorder_held,
      `S5 ${id}: item ${JSON.stringify({ ...item })} lines ${JSON.stringify(sum)}`,
    );
    must(item.held + item.allocated <= item.on_hand - item.damaged - item.quality_control && item.on_hand >= 0, `S4 ${id}`);
  }
}

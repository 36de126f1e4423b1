/**
 * Stories about one order, as orders lives through them: commands of people, hand-made events of the other services, timers. After every
 * step the story checks what must always hold: the row is the fold of the log, counters and sums are in bounds, somebody waits for the order.
 */
import assert from 'node:assert/strict';
import type { InventoryEvent, OrdersEvent, PaymentsEvent, ShippingEvent, SuppliersEvent } from '../../../contracts/index.ts';
import { type InMemory, in_memory, type Ran, test_time } from '../../../platform/testing/in_memory.ts';
import type { OrdersCommand, PeoplesCommand, PlaceOrder } from '../commands.ts';
import { evolve_order } from '../evolve.ts';
import type { Contact, Order, Payment } from '../model.ts';
import type { Product } from '../pricing/price_order.ts';
import { orders_service } from '../service.ts';
import { check_order } from './checks.ts';

export const near = 'loc_near';
export const far = 'loc_far';
export const order_id = 'ord_story';
export const principal = 'key_test';

type Heard = InventoryEvent | PaymentsEvent | ShippingEvent | SuppliersEvent;
type DataOf<T extends Heard['type']> = Extract<Heard, { type: T }>['data'];
export type Units = readonly (readonly [line_no: number, quantity: number, location_id?: string])[];

const products: readonly Product[] = [
  { sku: 'LAMP', name: 'Lamp', prices: { GBP: 1000 }, stocked: true, tax_class: 'standard', weight_grams: 900, active: true },
  { sku: 'BULB', name: 'Bulb', prices: { GBP: 255 }, stocked: true, tax_class: 'standard', weight_grams: 50, active: true },
  { sku: 'WRAP', name: 'Gift wrapping', prices: { GBP: 300 }, stocked: false, tax_class: 'standard', weight_grams: 0, active: true },
  { sku: 'FREE', name: 'Sample', prices: { GBP: 0 }, stocked: true, tax_class: 'standard', weight_grams: 10, active: true },
];

export const placing: PlaceOrder = {
  type: 'place_order',
  order_id,
  asker: { principal, is_browser: false },
  reference: null,
  currency: 'GBP',
  quote_id: null,
  lines: [
    { sku: 'LAMP', quantity: 2 },
    { sku: 'BULB', quantity: 5 },
  ],
  discount_code: null,
  tax_mode: 'inclusive',
  place: { country: 'GB', region: null, postal_code: 'SW1Y 4JH' },
  shipping: { service: 'standard', amount: 495 },
  expected_total: null,
  customer: 'c-17850',
  contact: { name: 'Ada Lovelace', email: 'ada@example.com', shipping_address: { name: 'Ada Lovelace', country: 'GB', city: 'London' } },
  token_hash: null,
  tender: { gateway: 'manual', method_kind: 'card', method_token: 'tok_1' },
  capture_policy: 'on_shipment',
  ship_policy: 'split',
  priority: 5,
  metadata: {},
  replaces_order_id: null,
  placed_at: null,
};

export interface Step extends Ran {
  /** The one event of this type that the step said. */
  said<T extends OrdersEvent['type']>(type: T): Extract<OrdersEvent, { type: T }>['data'];
}

export interface Story {
  readonly memory: InMemory;
  /** Defaults of `placing`. */
  place(changed?: Partial<PlaceOrder>): Step;
  ask<C extends PeoplesCommand>(command: C): Step;
  hear<T extends Heard['type']>(type: T, data: Omit<DataOf<T>, 'order_id'>, how?: { order_id?: string }): Step;
  /** The last event heard, once more. */
  again(): Step;
  fire(timer?: string, at?: string): Step;
  wait(milliseconds: number): void;
  order(id?: string): Order;
  payment(place?: number): Payment;
  readonly at: string;
  readonly stock: ReturnType<typeof stock_facts>;
  readonly pay: ReturnType<typeof payment_facts>;
  readonly ship: ReturnType<typeof shipping_facts>;
}

type HeardOfSource = { readonly source: string; readonly subject: string };
const source_of_prefix: readonly [string, string][] = [
  ['stock.', 'inventory'],
  ['payment.', 'payments'],
  ['purchase_order.', 'suppliers'],
];

/** Which log it stands in, and what it is about. */
function origin(type: string, data: { payment_id?: string; shipment_id?: string | null }, id: string): HeardOfSource {
  if (type === 'backorder.pegged') return { source: 'suppliers', subject: id };
  if (type.startsWith('backorder.')) return { source: 'inventory', subject: id };
  const source = source_of_prefix.find(([prefix]) => type.startsWith(prefix))?.[1] ?? 'shipping';
  if (source === 'payments') return { source, subject: data.payment_id ?? id };
  return { source, subject: source === 'shipping' ? (data.shipment_id ?? id) : id };
}

export function story(): Story {
  const memory = in_memory(orders_service, {
    refresh: (kind, id) => (kind === 'contact' ? contact_of(memory, id) : undefined),
  });
  for (const product of products) memory.seed('product', product.sku, product);
  const sequences = new Map<string, number>();
  let at = test_time;
  let position = 0;
  let last: Parameters<InMemory['hear']>[0] | undefined;

  const check = (ran: Ran): Step => {
    check_memory(memory);
    return { ...ran, said: type => only(ran, type) };
  };
  const self: Story = {
    memory,
    place: (changed = {}) => check(memory.run({ ...placing, ...changed } as OrdersCommand, { at })),
    ask: command => check(memory.run(command, { at, actor: 'staff_1' })),
    hear(type, data, how = {}) {
      const id = how.order_id ?? order_id;
      const { source, subject } = origin(type, data, id);
      const sequence = (sequences.get(`${source}/${subject}`) ?? 0) + 1;
      sequences.set(`${source}/${subject}`, sequence);
      position += 1;
      last = {
        type,
        data: { order_id: id, ...data },
        id: `evt_heard${position}`,
        key: id,
        partition: 0,
        source,
        position,
        subject,
        sequence,
        time: at,
        cause: 'evt_before',
      };
      return check(memory.hear(last));
    },
    again() {
      assert.ok(last !== undefined, 'nothing was heard yet');
      return check(memory.hear(last));
    },
    fire(timer = 'order', when) {
      const due = memory.timers.get(`${timer} ${order_id}`)?.due_at;
      at = when ?? due ?? at;
      return check(memory.fire(timer, order_id, at));
    },
    wait(milliseconds) {
      at = new Date(Date.parse(at) + milliseconds).toISOString();
    },
    order(id = order_id) {
      const order = memory.state<Order | undefined>('order', id);
      assert.ok(order !== undefined, `no order ${id}`);
      return order;
    },
    payment(place = -1) {
      const payment = self.order().payments.at(place);
      assert.ok(payment !== undefined, 'the order has no payment');
      return payment;
    },
    get at() {
      return at;
    },
    get stock() {
      return stock_facts(self);
    },
    get pay() {
      return payment_facts(self);
    },
    get ship() {
      return shipping_facts(self);
    },
  };
  return self;
}

function only<T extends OrdersEvent['type']>(ran: Ran, type: T): Extract<OrdersEvent, { type: T }>['data'] {
  const said = ran.events.filter(event => event.type === type);
  assert.equal(said.length, 1, `${type} was said ${said.length} times, of ${ran.types.join(', ')}`);
  // The type was just compared.
  return said[0]?.data as Extract<OrdersEvent, { type: T }>['data'];
}

/** What the records of a story make of order_contact. */
function contact_of(memory: InMemory, id: string): Contact | undefined {
  let contact: Contact | undefined;
  for (const { table, row } of memory.records) {
    if (row['id'] !== id) continue;
    // The rows of these two tables have the columns of Contact.
    if (table === 'order_contact') contact = row as unknown as Contact;
    if (table === 'contact_token' && contact !== undefined) contact = { ...contact, method_token: row['method_token'] as string | null };
  }
  return contact;
}

function check_memory(memory: InMemory): void {
  const folded = new Map<string, Order | undefined>();
  const versions = new Map<string, number>();
  for (const event of memory.log) {
    if (event.type === 'quote.created') continue;
    // The log of the orders service holds its events.
    folded.set(event.key, evolve_order(folded.get(event.key), event as unknown as OrdersEvent));
    versions.set(event.key, (versions.get(event.key) ?? 0) + 1);
  }
  for (const [id, order] of folded) {
    assert.deepEqual(memory.state('order', id), order, 'the row is the fold of its events');
    assert.equal(memory.version('order', id), versions.get(id), 'the version is the last sequence');
    if (order !== undefined) check_order(order, { has_timer: memory.timers.has(`order ${id}`) });
  }
}

/** What inventory says, for the usual two lines at one location. */
function stock_facts(self: Story) {
  const sku = (line_no: number) => self.order().lines[line_no - 1]?.sku ?? '';
  const whole = (): Units => self.order().lines.flatMap(line => (line.stocked ? [[line.line_no, line.quantity - line.cancelled] as const] : []));
  const items = (units: Units) => units.map(([line_no, quantity, location_id = near]) => ({ line_no, quantity, location_id, sku: sku(line_no) }));
  const queue = { priority: 5, requested_at: test_time };
  return {
    reserved: (units: Units = whole(), reservation_no = 1) =>
      self.hear('stock.reserved', {
        reservation_id: 'res_1',
        reservation_no,
        expires_at: test_time,
        reasons: [],
        ...queue,
        lines: items(units).map(item => ({ ...item, quantity_held: item.quantity, quantity_backordered: 0, accept_backorder: true })),
      }),
    failed: () =>
      self.hear('stock.reservation_failed', {
        reservation_id: 'res_1',
        reservation_no: 1,
        short_lines: [{ sku: 'LAMP', wanted: 2, available: 1 }],
        ...queue,
        lines: [],
      }),
    expired: () => self.hear('stock.reservation_expired', { reservation_no: 1, expires_at: test_time, lines: [] }),
    allocated: (units: Units = whole()) => self.hear('stock.allocated', { lines: items(units) }),
    queued: (units: Units) => self.hear('backorder.queued', { lines: items(units).map(item => ({ ...item, ...queue })) }),
    filled: (units: Units) => self.hear('backorder.filled', { lines: items(units).map(item => ({ ...item, ...queue })) }),
    released: (units: Units = [], from: 'allocated' | 'held' = 'allocated') =>
      self.hear('stock.released', { lines: items(units).map(item => ({ ...item, from })), cause: 'order.lines_cancelled' }),
    short: (
      units: Units,
      outcome: { resourced?: readonly { location_id: string; quantity: number }[]; quantity_backordered?: number; quantity_short?: number },
    ) =>
      self.hear('stock.shortfall_detected', {
        cause: 'short_pick',
        lines: items(units).map(item => ({ ...item, resourced: [], quantity_backordered: 0, quantity_short: 0, ...outcome })),
      }),
  };
}

/** What payments says of a payment, the last one unless `place` names another. Sums are kept as payments keeps them. */
function payment_facts(self: Story) {
  const common = (payment: Payment, changed: Partial<Payment>) => {
    const { authorized, captured, voided, refunded, amount } = { ...payment, ...changed };
    const { payment_id, gateway, method_kind } = payment;
    return { payment_id, gateway, method_kind, currency: 'GBP', sums: { amount, authorized, captured, voided, refunded } };
  };
  const of = (place?: number) => self.payment(place);
  const refused = (type: 'payment.declined' | 'payment.failed' | 'payment.abandoned', place?: number) =>
    self.hear(type, {
      ...common(of(place), {}),
      state: type === 'payment.declined' ? 'declined' : type === 'payment.failed' ? 'failed' : 'abandoned',
      decline_code: 'insufficient_funds',
      retryable: true,
    });
  return {
    authorized: ({ amount = undefined as number | undefined, late = false, place = -1 } = {}) => {
      const payment = of(place);
      const authorized = amount ?? payment.amount;
      return self.hear('payment.authorized', { ...common(payment, { authorized }), state: 'authorized', amount: authorized, late });
    },
    /** A charge: authorized and captured at once. */
    charged: ({ late = false, place = -1 } = {}) => {
      const payment = of(place);
      const all = { authorized: payment.amount, captured: payment.amount };
      return self.hear('payment.captured', { ...common(payment, all), state: 'captured', amount: payment.amount, final: true, released_amount: 0, late });
    },
    captured: ({ amount = undefined as number | undefined, final = true, place = -1 } = {}) => {
      const payment = of(place);
      const taken = amount ?? payment.capture_pending;
      const captured = payment.captured + taken;
      const released = final ? payment.authorized - payment.voided - captured : 0;
      return self.hear('payment.captured', {
        ...common(payment, { captured, voided: payment.voided + released }),
        state: final ? 'captured' : 'partially_captured',
        capture_no: payment.captures,
        amount: taken,
        final,
        released_amount: released,
        late: false,
      });
    },
    capture_failed: ({ place = -1 } = {}) => {
      const payment = of(place);
      const said = { capture_no: payment.captures, amount: payment.capture_pending, decline_code: 'card_expired' as const };
      return self.hear('payment.capture_failed', { ...common(payment, {}), state: payment.captured > 0 ? 'partially_captured' : 'authorized', ...said });
    },
    declined: (place?: number) => refused('payment.declined', place),
    failed: (place?: number) => refused('payment.failed', place),
    abandoned: (place?: number) => refused('payment.abandoned', place),
    action_required: (place?: number) =>
      self.hear('payment.action_required', {
        ...common(of(place), {}),
        state: 'action_required',
        action: { type: 'redirect', url: 'https://gateway.example/3ds' },
        deadline: self.at,
        reserve_until: self.at,
      }),
    pending: (place?: number) =>
      self.hear('payment.pending', { ...common(of(place), {}), state: 'pending', deadline: self.at, reserve_until: self.at }),
    unknown: (place?: number) =>
      self.hear('payment.outcome_unknown', { ...common(of(place), {}), state: 'unknown', op_id: 'op_1', kind: 'authorize' }),
    resolved: (place?: number) =>
      self.hear('payment.outcome_resolved', {
        ...common(of(place), {}),
        state: 'processing',
        op_id: 'op_1',
        kind: 'authorize',
        outcome: 'ok',
        elapsed_ms: 1,
      }),
    voided: (place?: number) => {
      const payment = of(place);
      const amount = payment.authorized - payment.captured - payment.voided;
      const state = payment.captured > 0 ? 'captured' : 'voided';
      return self.hear('payment.voided', { ...common(payment, { voided: payment.voided + amount }), state, amount });
    },
    lapsed: (place?: number) => {
      const payment = of(place);
      const amount = payment.authorized - payment.captured - payment.voided;
      const state = payment.captured > 0 ? 'captured' : 'lapsed';
      return self.hear('payment.authorization_expired', { ...common(payment, { voided: payment.voided + amount }), state, amount });
    },
    refunded: ({ place = -1, refund_id = '', amount = 0 } = {}) => refund_fact(self, 'payment.refunded', { place, refund_id, amount, common }),
    refund_failed: ({ place = -1, refund_id = '', amount = 0 } = {}) =>
      refund_fact(self, 'payment.refund_failed', { place, refund_id, amount, common }),
    disputed: (place?: number) =>
      self.hear('payment.disputed', {
        ...common(of(place), {}),
        state: 'captured',
        dispute_ref: 'dp_1',
        amount: 100,
        reason: 'fraudulent',
        status: 'needs_response',
      }),
  };
}

interface RefundFact {
  readonly place: number;
  /** Absent: the last refund of the order. */
  readonly refund_id: string;
  readonly amount: number;
  common(payment: Payment, changed: Partial<Payment>): Pick<DataOf<'payment.refunded'>, 'payment_id' | 'gateway' | 'method_kind' | 'currency' | 'sums'>;
}

function refund_fact(self: Story, type: 'payment.refunded' | 'payment.refund_failed', asked: RefundFact): Step {
  const known = self.order().refunds.find(refund => refund.refund_id === asked.refund_id) ?? (asked.refund_id === '' ? self.order().refunds.at(-1) : undefined);
  const payment = self.order().payments.find(one => one.payment_id === known?.payment_id) ?? self.payment(asked.place);
  const amount = known?.amount ?? asked.amount;
  const was_back = known?.status === 'succeeded' ? amount : 0;
  const refunded = payment.refunded - was_back + (type === 'payment.refunded' ? amount : 0);
  const state = refunded === 0 ? 'captured' : refunded < payment.captured ? 'partially_refunded' : 'refunded';
  return self.hear(type, {
    ...asked.common(payment, { refunded }),
    state,
    refund_id: known?.refund_id ?? asked.refund_id,
    amount,
    tax: 0,
    origin: known === undefined ? 'gateway' : 'ours',
    reason: known?.reason ?? 'requested_by_customer',
    lines: [],
  });
}

/** What shipping says. */
function shipping_facts(self: Story) {
  const lines = (units: Units) => units.map(([line_no, quantity, location_id = near]) => ({ line_no, quantity, location_id }));
  const asked = (): Units =>
    self.order().lines.flatMap(line => line.allocations.flatMap(at => (at.in_fulfillment > 0 ? [[line.line_no, at.in_fulfillment, at.location_id] as const] : [])));
  const shipped = (): Units =>
    self.order().lines.flatMap(line => (line.stocked && line.shipped > line.delivered ? [[line.line_no, line.shipped - line.delivered] as const] : []));
  return {
    dispatched: (units: Units = asked(), shipment_id = 'shp_1') =>
      self.hear('shipment.dispatched', {
        shipment_id,
        location_id: near,
        shipment_status: 'dispatched',
        carrier: 'manual',
        dispatched_at: self.at,
        origin: 'warehouse',
        parcels: [{ parcel_id: `pcl_${shipment_id}`, tracking_number: 'T1', lines: lines(units) }],
      }),
    delivered: (units: Units = shipped(), shipment_id = 'shp_1') =>
      self.hear('parcel.delivered', {
        shipment_id,
        parcel_id: `pcl_${shipment_id}`,
        lines: lines(units),
        delivered_at: self.at,
        assumed: true,
        shipment_status: 'delivered',
      }),
    lost: (units: Units = shipped(), shipment_id = 'shp_1') =>
      self.hear('parcel.lost', { shipment_id, parcel_id: `pcl_${shipment_id}`, lines: lines(units) }),
    sent_back: (units: Units = shipped(), shipment_id = 'shp_1') =>
      self.hear('parcel.sent_back', { shipment_id, parcel_id: `pcl_${shipment_id}`, lines: lines(units) }),
    answered: (cancellation_no: number, cancelled: Units, refused: Units = []) =>
      self.hear('fulfillment.cancellation_answered', { cancellation_no, cancelled: lines(cancelled), refused: lines(refused) }),
  };
}

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
import type { OrdersHeard } from '../reactions.ts';
import { orders_service } from '../service.ts';
import { check_event, check_order } from './checks.ts';
import { payment_facts, shipping_facts, stock_facts } from './facts.ts';

export const near = 'loc_near';
export const far = 'loc_far';
export const order_id = 'ord_story';
export const principal = 'key_test';

export type Heard = InventoryEvent | PaymentsEvent | ShippingEvent | SuppliersEvent;
export type DataOf<T extends Heard['type']> = Extract<Heard, { type: T }>['data'];
export type Units = readonly (readonly [line_no: number, quantity: number, location_id?: string])[];

export const products: readonly Product[] = [
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

type SaidData = { readonly [E in OrdersEvent as E['type']]: E['data'] };

export interface Step extends Ran {
  /** The one event of this type that the step said. */
  said<T extends OrdersEvent['type']>(type: T): SaidData[T];
}

export interface Story {
  readonly memory: InMemory;
  readonly order_id: string;
  /** Every command so far and what caused it: the same again, on another memory or a database, makes the same ids. */
  readonly steps: readonly { readonly command: OrdersCommand; readonly cause: string }[];
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

/** `name` tells stories apart that share a database. */
export function story(name = 'story'): Story {
  const own_id = `ord_${name}`;
  const memory = in_memory(orders_service, {
    refresh: (kind, id) => (kind === 'contact' ? contact_of(memory, id) : undefined),
  });
  for (const product of products) memory.seed('product', product.sku, product);
  const sequences = new Map<string, number>();
  const steps: { command: OrdersCommand; cause: string }[] = [];
  let at = test_time;
  let position = 0;
  let last: Parameters<InMemory['hear']>[0] | undefined;

  const check = (ran: Ran): Step => {
    ran.events.forEach(check_event);
    check_memory(memory);
    return { ...ran, said: type => only(ran, type) };
  };
  const run = (command: OrdersCommand, cause: string): Step => {
    steps.push({ command, cause });
    return check(memory.run(command, { at, cause, actor: 'staff_1' }));
  };
  const note = (event: NonNullable<typeof last>): Step => {
    // The table of reactions tells by the type which events it takes.
    const reaction = orders_service.reactions[event.type as OrdersHeard['type']] as (heard: typeof event) => OrdersCommand | undefined;
    const command = reaction(event);
    if (command !== undefined) steps.push({ command, cause: event.id });
    return check(memory.hear(event));
  };
  const self: Story = {
    memory,
    order_id: own_id,
    steps,
    place: (changed = {}) => run({ ...placing, order_id: own_id, customer: `c-${name}`, ...changed }, `req_${name}_${steps.length}`),
    ask: command => run(command, `req_${name}_${steps.length}`),
    hear(type, data, how = {}) {
      const id = how.order_id ?? own_id;
      const { source, subject } = origin(type, data, id);
      const sequence = (sequences.get(`${source}/${subject}`) ?? 0) + 1;
      sequences.set(`${source}/${subject}`, sequence);
      position += 1;
      last = {
        type,
        data: { order_id: id, ...data },
        id: `evt_${name}_${position}`,
        key: id,
        partition: 0,
        source,
        position,
        subject,
        sequence,
        time: at,
        cause: 'evt_before',
      };
      check_event(last);
      return note(last);
    },
    again() {
      assert.ok(last !== undefined, 'nothing was heard yet');
      return note(last);
    },
    fire(timer = 'order', when) {
      const due = memory.timers.get(`${timer} ${own_id}`)?.due_at;
      at = when ?? due ?? at;
      steps.push({ command: { type: 'wake', order_id: own_id, timer }, cause: `timer/${timer}/${own_id}/${due}` });
      return check(memory.fire(timer, own_id, at));
    },
    wait(milliseconds) {
      at = new Date(Date.parse(at) + milliseconds).toISOString();
    },
    order(id = own_id) {
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

function only<T extends OrdersEvent['type']>(ran: Ran, type: T): SaidData[T] {
  const said = ran.events.filter(event => event.type === type);
  assert.equal(said.length, 1, `${type} was said ${said.length} times, of ${ran.types.join(', ')}`);
  // The type was just compared.
  return said[0]?.data as SaidData[T];
}

/** What the records of a story make of order_contact. */
export function contact_of(memory: InMemory, id: string): Contact | undefined {
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

/** A shop for tables of decisions: two locations, stock as said, and the events that inventory hears, built from the contracts' recorded examples. */
import { type AnyEvent, contract_of, type EventType, event_contracts, is_event_type, type Levels } from '../../contracts/index.ts';
import type { Logged } from '../../platform/service.ts';
import { validator } from '../../platform/strict_json.ts';
import { type InMemory, in_memory, type Ran, test_time } from '../../platform/testing/in_memory.ts';
import type { InventoryCommand } from './commands.ts';
import { available, empty_stock_item, item_id, type Location, type Reservation, type StockItem } from './model.ts';
import { inventory_references } from './references.ts';
import { inventory_service } from './service.ts';

export const near = 'near';
export const far = 'far';
export const two_locations: readonly Location[] = [
  { id: near, country: 'GB', priority: 1, active: true },
  { id: far, country: 'FR', priority: 2, active: true },
];
export const first_order = 'ord_1';

export interface AskedLine {
  readonly line_no: number;
  readonly sku: string;
  readonly quantity: number;
  readonly accept_backorder?: boolean;
  readonly stocked?: boolean;
}

export interface Shop {
  readonly memory: InMemory;
  hear<T extends EventType>(type: T, data: Partial<Data<T>> & { readonly order_id?: string }, how?: { id?: string; at?: string }): Ran;
  placed(order_id: string, lines: readonly AskedLine[], more?: Partial<Data<'order.placed'>>, how?: { at?: string }): Ran;
  confirmed(order_id: string): Ran;
  ask(command: InventoryCommand | readonly InventoryCommand[], how?: { at?: string; cause?: string; actor?: string }): Ran;
  reservation(order_id: string): Reservation;
  item(sku: string, location_id?: string): StockItem;
  timers(): string[];
}
type Data<T extends EventType> = Extract<AnyEvent, { type: T }>['data'];

let events_heard = 0;

/** An event as a log would tell it: the recorded example with what the test says. */
export function heard(type: EventType, data: object, how: { id?: string; at?: string } = {}): Logged<AnyEvent> {
  events_heard += 1;
  const whole = { ...event_contracts[type].example, ...data };
  const order_id = 'order_id' in whole ? String(whole.order_id) : 'key';
  const logged = {
    type,
    data: whole,
    id: how.id ?? `evt_${events_heard}`,
    key: order_id,
    partition: 0,
    source: 'orders',
    position: events_heard,
    subject: order_id,
    sequence: 1,
    time: how.at ?? test_time,
    cause: 'req_1',
  };
  // An example with some fields replaced by fields of the same contract.
  return logged as Logged<AnyEvent>;
}

export function placed_data(order_id: string, lines: readonly AskedLine[], more: object = {}): object {
  const [example] = event_contracts['order.placed'].example.lines;
  const asked = lines.map(line => ({ ...example, stocked: true, accept_backorder: false, ...line }));
  return { order_id, customer_ref: 'cus_1', destination: { country: 'GB' }, lines: asked, ...more };
}

/** `stock`: counters by `sku@location`; the rest is 0. */
export function shop(stock: Readonly<Record<string, Partial<StockItem>>>, locations: readonly Location[] = two_locations): Shop {
  const memory: InMemory = in_memory(inventory_service(), { refresh: inventory_references(() => memory) });
  memory.seed('locations', 'all', locations);
  for (const [id, counters] of Object.entries(stock)) memory.seed('stock_item', id, { ...empty_stock_item(id), ...counters });
  const hear: Shop['hear'] = (type, data, how) => as_contracted(memory.hear(heard(type, data, how)));
  return {
    memory,
    hear,
    placed: (order_id, lines, more = {}, how = {}) =>
      as_contracted(memory.hear(heard('order.placed', placed_data(order_id, lines, more), how))),
    confirmed: order_id => hear('order.confirmed', { order_id }),
    ask: (command, how) => as_contracted(memory.run(command, how)),
    reservation: order_id => memory.state<Reservation>('reservation', order_id),
    item: (sku, location_id = near) => memory.state<StockItem>('stock_item', item_id(sku, location_id)),
    timers: () => [...memory.timers.values()].map(timer => `${timer.kind} ${timer.id} ${timer.due_at}`),
  };
}

const checks = new Map<string, ReturnType<typeof validator>>();

/** Everything that is said is what its contract says, and no more. */
function as_contracted(ran: Ran): Ran {
  for (const { type, data } of ran.events) {
    if (!is_event_type(type)) throw new Error(`no contract names ${type}`);
    const check = checks.get(type) ?? validator(contract_of(type).data);
    checks.set(type, check);
    check.check(data, type);
  }
  return ran;
}

/** The one event of a type. */
export function said<T extends EventType>(ran: Ran, type: T): Data<T> {
  const found = ran.events.filter(event => event.type === type);
  const [event] = found;
  if (event === undefined || found.length > 1) throw new Error(`${found.length} times ${type} among ${ran.types.join(', ')}`);
  // Its type says which contract it follows.
  return event.data as Data<T>;
}

/** What was said of orders, without levels and thresholds. */
export function steps(ran: Ran): string[] {
  const about_levels = ['stock.levels_changed', 'stock.low', 'stock.depleted', 'stock.replenished'];
  return ran.types.filter(type => !about_levels.includes(type));
}

/** Counters that are not zero. */
export function counters(item: StockItem | Levels): Record<string, number> {
  const numbers = Object.entries({ ...item, available: available({ ...item, reorder_point: null }) }).filter(
    ([name, value]) => typeof value === 'number' && value !== 0 && name !== 'version',
  );
  return Object.fromEntries(numbers) as Record<string, number>;
}

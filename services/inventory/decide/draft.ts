/** A decision in the making: what was said so far already counts for what is decided next, and the end says what follows from the levels. */
import type { InventoryEvent, Item, MovementKind, StockAccount } from '../../../contracts/index.ts';
import type { Decision, Given, View } from '../../../platform/service.ts';
import { evolve_stock_item } from '../evolve_stock_item.ts';
import { available, type CauseType, type Fact, free, item_id, levels_of, type States, type StockItem } from '../model.ts';

/** Timer kinds: a reservation that is not paid in time; a stock item whose queue can be served. */
export const reservation_timer = 'reservation';
export const backorders_timer = 'backorders';

export interface Movement {
  readonly kind: MovementKind;
  readonly sku: string;
  readonly location_id: string;
  readonly from_account: StockAccount;
  readonly to_account: StockAccount;
  readonly quantity: number;
  readonly cause_type: CauseType;
  readonly cause_id: string;
  readonly reason: string | null;
}

export interface Draft {
  /** A stock item as the facts so far leave it. */
  item(id: string): StockItem;
  version(id: string): number;
  /** An event of an order; `items` are the ids of all stock items it changes. */
  say_of_order(order_id: string, event: InventoryEvent, items: Iterable<string>): void;
  say_of_item(id: string, event: InventoryEvent): void;
  timer(kind: string, id: string, due_at: string | null): void;
  /** A row of the ledger. Two of one cause are one: its key is that of the table. */
  book(movement: Movement): void;
  decision(): Decision<States, InventoryEvent>;
}

export const nothing: Decision<States, InventoryEvent> = { facts: [] };

export function draft(view: View<States>, given: Given): Draft {
  const before = new Map<string, StockItem>();
  const now = new Map<string, StockItem>();
  const facts: Fact[] = [];
  const timers: { kind: string; id: string; due_at: string | null }[] = [];
  const movements = new Map<string, Movement>();
  const item = (id: string) => now.get(id) ?? view('stock_item', id);
  const change = (id: string, event: InventoryEvent) => {
    const state = item(id);
    if (!before.has(id)) before.set(id, state);
    now.set(id, evolve_stock_item(state, event));
  };
  return {
    item,
    version: id => view.version('stock_item', id),
    say_of_order(order_id, event, items) {
      const also_changes = [...new Set(items)].map(id => ({ kind: 'stock_item' as const, id }));
      for (const { id } of also_changes) change(id, event);
      facts.push({ event, key: order_id, subject: { kind: 'reservation', id: order_id }, also_changes });
    },
    say_of_item(id, event) {
      change(id, event);
      facts.push(fact_of_item(id, event, item(id)));
    },
    timer: (kind, id, due_at) => void timers.push({ kind, id, due_at }),
    book(movement) {
      const once = `${movement.cause_type} ${movement.cause_id} ${movement.kind} ${movement.to_account} ${movement.sku}@${movement.location_id}`;
      movements.set(once, { ...movement, quantity: movement.quantity + (movements.get(once)?.quantity ?? 0) });
    },
    decision() {
      for (const [id, was] of before) {
        const is = item(id);
        for (const event of crossings(was, is, view.version('stock_item', id))) facts.push(fact_of_item(id, event, is));
        // Units are free and somebody waits, whom this decision could not serve: the next one does (5.6).
        if (is.backordered > 0 && available(is) > 0) timers.push({ kind: backorders_timer, id, due_at: given.at });
      }
      const moved = { actor: given.actor, moved_at: given.at };
      const records = [...movements.values()].map(movement => ({ table: 'stock_movement', row: { ...movement, ...moved } }));
      return { facts, timers, records };
    },
  };
}

function fact_of_item(id: string, event: InventoryEvent, { sku }: StockItem): Fact {
  return { event, key: sku, subject: { kind: 'stock_item', id } };
}

/** What a decision did to the units that somebody new can have. */
function crossings(was: StockItem, is: StockItem, version: number): InventoryEvent[] {
  const before = free(was);
  const after = free(is);
  if (before === after) return [];
  const { sku, location_id, low_threshold } = is;
  const types: ('stock.low' | 'stock.depleted' | 'stock.replenished')[] = [];
  if (low_threshold > 0 && before > low_threshold && after <= low_threshold) types.push('stock.low');
  if (before > 0 && after <= 0) types.push('stock.depleted');
  if (before <= 0 && after > 0) types.push('stock.replenished');
  return types.map(type => ({ type, data: { sku, location_id, levels: levels_of(is, version) } }));
}

/** Ids of the stock items that lines are at. */
export function items_at(lines: readonly { readonly sku: string; readonly location_id?: string | null }[]): string[] {
  return lines.map(line => item_id(line.sku, line.location_id ?? ''));
}

/** What the backorder.queued that follows will say, told already: whoever cancels in between knows where the units wait. */
export function waiting_of(queued: readonly Item[]): { readonly waiting?: readonly Item[] } {
  if (queued.length === 0) return {};
  return { waiting: queued.map(({ line_no, location_id, sku, quantity }) => ({ line_no, location_id, sku, quantity })) };
}

/**
 * One order among small copies of the other services. Everything that can happen next is a move, and the caller's choices say which:
 * each log is read at its own pace, what was heard may be heard again, people interfere. So any interleaving can be played, and again.
 */
import type { OrdersEvent } from '../../../contracts/index.ts';
import type { Logged } from '../../../platform/service.ts';
import { type InMemory, in_memory, test_time } from '../../../platform/testing/in_memory.ts';
import type { OrdersCommand, PlaceOrder } from '../commands.ts';
import type { Order } from '../model.ts';
import { orders_service } from '../service.ts';
import { contact_of, order_id, placing, products } from './story.ts';
import { type Inventory, inventory_of, type Shelves } from './world_inventory.ts';
import type { Choose, Part } from './world_parts.ts';
import { type Payments, payments_of } from './world_payments.ts';
import { type Shipping, shipping_of } from './world_shipping.ts';

export interface Scenario {
  readonly order: Partial<PlaceOrder>;
  readonly shelves: Shelves;
  /** Declines, lost parcels, short picks, failed captures, late money. */
  readonly faults: boolean;
  /** How often people interfere at most. */
  readonly interference: number;
  readonly choose: Choose;
}

export interface World {
  readonly memory: InMemory;
  readonly inventory: Inventory;
  readonly payments: Payments;
  readonly shipping: Shipping;
  /** Plays until nothing can happen any more; `seen` after every step of orders. */
  play(seen: (world: World) => void): void;
  order(): Order;
  readonly events: readonly OrdersEvent[];
}

export const steps_max = 5_000;

export function world({ order, shelves, faults, interference, choose }: Scenario): World {
  const memory = in_memory(orders_service, { refresh: (kind, id) => (kind === 'contact' ? contact_of(memory, id) : undefined) });
  for (const product of products) memory.seed('product', product.sku, product);
  const inventory = inventory_of(order_id, shelves, choose);
  const payments = payments_of(order_id, choose, faults);
  const shipping = shipping_of(order_id, choose, faults ? units => inventory.short_pick(units) : undefined);
  const parts: readonly Part[] = [inventory, payments, shipping];
  /** How far each part read the log of orders, and orders each part's. */
  const read = new Map<Part, number>(parts.map(part => [part, 0]));
  const heard = new Map<Part, number>(parts.map(part => [part, 0]));
  let overheard = 0;
  let asked = 0;
  let left = interference;
  let expiries = faults ? choose(3) : 0;

  const self: World = {
    memory,
    inventory,
    payments,
    shipping,
    play(seen) {
      memory.run({ ...placing, ...order }, { cause: 'req_place' });
      seen(self);
      for (let step = 0; step < steps_max; step++) {
        const moves = self_moves();
        const move = moves[choose(moves.length)];
        if (move === undefined) return;
        move();
        seen(self);
      }
      throw new Error(`the world does not come to rest in ${steps_max} steps`);
    },
    order() {
      const state = memory.state<Order | undefined>('order', order_id);
      if (state === undefined) throw new Error('there is no order');
      return state;
    },
    get events() {
      // The log of orders holds its events.
      return memory.log as unknown as readonly OrdersEvent[];
    },
  };

  const self_moves = (): (() => void)[] => {
    const moves: (() => void)[] = [];
    for (const part of parts) {
      moves.push(...part.moves());
      const next = self.events[read.get(part) ?? 0];
      if (next !== undefined) moves.push(() => read_one(part, next));
      const fact = part.log[heard.get(part) ?? 0];
      if (fact !== undefined) moves.push(() => hear_one(part, fact));
    }
    const dispatch = shipping.log[overheard];
    if (dispatch !== undefined) {
      moves.push(() => {
        overheard += 1;
        inventory.overhear?.(dispatch);
      });
    }
    if (moves.length > 0) return [...moves, ...disturbances()];
    return last_resort();
  };
  const read_one = (part: Part, event: OrdersEvent) => {
    read.set(part, (read.get(part) ?? 0) + 1);
    part.hear(event);
  };
  const hear_one = (part: Part, fact: Logged<{ type: string; data: unknown }>) => {
    heard.set(part, (heard.get(part) ?? 0) + 1);
    memory.hear(fact);
    // Some time later the same arrives once more, and once more changes nothing.
    const again = part.log[choose(heard.get(part) ?? 1)];
    const before = memory.log.length;
    if (again !== undefined) memory.hear(again);
    if (memory.log.length !== before) throw new Error(`${again?.type} heard twice was told twice`);
  };

  const ask = (command: object) => {
    asked += 1;
    memory.run({ order_id, ...command } as unknown as OrdersCommand, { at: test_time, cause: `req_people_${asked}`, actor: 'staff' });
  };
  const disturbances = (): (() => void)[] => {
    const moves: (() => void)[] = [];
    if (expiries > 0 && choose(6) === 0) {
      moves.push(() => {
        expiries -= 1;
        inventory.expire();
      });
    }
    if (left > 0 && choose(4) === 0) {
      moves.push(() => {
        left -= 1;
        ask(interfere());
      });
    }
    return moves;
  };
  const interfere = (): object => {
    const state = self.order();
    const line = state.lines[choose(state.lines.length)];
    const some = { line_no: line?.line_no ?? 1, quantity: 1 + choose(line?.quantity ?? 1) };
    const [open] = state.holds;
    const returned = state.returns.find(known => known.status !== 'cancelled' && known.status !== 'received');
    const commands: object[] = [
      { type: 'cancel_order', reason: 'changed_mind' },
      { type: 'cancel_lines', reason: 'changed_mind', lines: [some] },
      { type: 'hold_order', reason: 'check' },
      { type: 'pay_order', tender: { gateway: 'manual', method_kind: choose(2) === 0 ? 'card' : 'bank' } },
      { type: 'request_return', lines: [{ ...some, reason: 'unwanted' }] },
      { type: 'refund_order', payment_id: state.payments.at(-1)?.payment_id ?? '', amount: 1 + choose(100), reason: 'goodwill', lines: [] },
    ];
    if (open !== undefined) commands.push({ type: 'release_hold', hold_id: open.hold_id });
    if (returned !== undefined)
      commands.push({ type: 'receive_return', return_id: returned.return_id, lines: [{ ...some, condition: 'sellable' }] });
    return commands[choose(commands.length)] ?? {};
  };

  /** Nothing moves: people do what is theirs to do, and an unpaid order's time runs out. */
  const last_resort = (): (() => void)[] => {
    const state = self.order();
    const [hold] = state.holds;
    if (hold !== undefined) return [() => ask({ type: 'release_hold', hold_id: hold.hold_id })];
    if (state.axes.status === 'awaiting_payment') return [() => memory.fire('order', order_id, state.expires_at)];
    return [];
  };
  return self;
}

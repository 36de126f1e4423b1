/** Inventory, small: stock per line and location, all or nothing, backorders at the near location, units freed the way the real one frees them. */
import type { OrderLinesCancelled, StockPromise } from '../../../contracts/index.ts';
import type { Event } from '../../../platform/service.ts';
import { test_time } from '../../../platform/testing/in_memory.ts';
import { far, near } from './story.ts';
import { type Choose, type Part, speaker } from './world_parts.ts';

interface Kept {
  readonly line_no: number;
  readonly sku: string;
  readonly location_id: string;
  held: number;
  backorder_held: number;
  allocated: number;
  backordered: number;
}
const counters = ['held', 'backorder_held', 'allocated', 'backordered'] as const;
type Counter = (typeof counters)[number];

export interface Shelves {
  /** Per line_no: units at the near and at the far location, and whether the rest may wait. */
  readonly [line_no: number]: { readonly near: number; readonly far: number; readonly waits: boolean };
}

export interface Inventory extends Part {
  readonly kept: readonly Kept[];
  /** The picker did not find units: some are found elsewhere, else they wait or are out. */
  short_pick(units: { line_no: number; location_id: string; quantity: number }): void;
  /** The reservation runs out, unless inventory knows that it is paid. */
  expire(): void;
}

export function inventory_of(order_id: string, shelves: Shelves, choose: Choose): Inventory {
  const { log, say: speak } = speaker('inventory', order_id);
  const say = (type: string, data: object) => speak({ type, data: { order_id, ...data } }, order_id);
  const queue = { priority: 5, requested_at: test_time };
  let kept: Kept[] = [];
  let wanted: { line_no: number; sku: string; quantity: number }[] = [];
  let state: 'new' | 'held' | 'failed' | 'expired' | 'allocated' | 'released' = 'new';
  let reservation_no = 0;

  const at = ({ line_no, sku, location_id }: Kept) => ({ line_no, sku, location_id });
  const units = (counter: Counter) => kept.filter(one => one[counter] > 0).map(one => ({ ...at(one), quantity: one[counter] }));

  const reserve = () => {
    reservation_no += 1;
    const fits = wanted.every(({ line_no, quantity }) => {
      const shelf = shelves[line_no];
      return shelf?.waits === true || (shelf?.near ?? 0) + (shelf?.far ?? 0) >= quantity;
    });
    const common = { reservation_id: 'res_1', reservation_no, ...queue };
    if (!fits) {
      state = 'failed';
      kept = [];
      say('stock.reservation_failed', { ...common, short_lines: [{ sku: 'LAMP', wanted: 1, available: 0 }], lines: [] });
      return;
    }
    state = 'held';
    kept = wanted.flatMap(place);
    const lines = kept.map(one => ({
      ...at(one),
      quantity: one.held + one.backorder_held,
      quantity_held: one.held,
      quantity_backordered: one.backorder_held,
      accept_backorder: true,
    }));
    say('stock.reserved', { ...common, expires_at: test_time, reasons: [], lines });
  };
  const place = ({ line_no, sku, quantity }: (typeof wanted)[number]): Kept[] => {
    const shelf = shelves[line_no] ?? { near: quantity, far: 0, waits: false };
    const here = Math.min(quantity, shelf.near);
    const there = Math.min(quantity - here, shelf.far);
    const none = { line_no, sku, held: 0, backorder_held: 0, allocated: 0, backordered: 0 };
    const lines = [{ ...none, location_id: near, held: here, backorder_held: quantity - here - there }];
    return there > 0 ? [...lines, { ...none, location_id: far, held: there }] : lines;
  };

  const allocate = () => {
    if (state !== 'held') {
      if (state !== 'expired') return;
      kept = wanted.flatMap(place);
    }
    state = 'allocated';
    for (const one of kept) {
      one.allocated += one.held;
      one.backordered += one.backorder_held;
      one.held = 0;
      one.backorder_held = 0;
    }
    const waiting = units('backordered');
    say('stock.allocated', { lines: units('allocated'), ...(waiting.length > 0 ? { waiting } : {}) });
    if (waiting.length > 0) say('backorder.queued', { lines: waiting.map(line => ({ ...line, ...queue })) });
  };

  const free = (lines: OrderLinesCancelled['data']['lines'], cancellation_no: number) => {
    const freed: { line_no: number; sku: string; location_id: string; quantity: number; from: StockPromise }[] = [];
    const take = (from: readonly Kept[], which: readonly Counter[], most: number): number => {
      let rest = most;
      for (const one of from) {
        for (const counter of which) {
          const taken = Math.min(rest, one[counter]);
          if (taken === 0) continue;
          one[counter] -= taken;
          rest -= taken;
          freed.push({ ...at(one), quantity: taken, from: counter });
        }
      }
      return most - rest;
    };
    for (const { line_no, location_id, quantity, quantity_backordered } of lines) {
      const all = kept.filter(one => one.line_no === line_no);
      const there = location_id === null || location_id === undefined ? all : all.filter(one => one.location_id === location_id);
      let rest = quantity;
      const waits = Math.min(rest, quantity_backordered ?? (location_id ? 0 : rest));
      const waited = take(there, ['backordered', 'backorder_held'], waits);
      rest -= waited + take(all, ['backordered', 'backorder_held'], waits - waited);
      rest -= take(there, ['allocated', 'held'], rest);
      rest -= take(all, ['allocated', 'held'], rest);
      take(all, ['backordered', 'backorder_held'], rest);
    }
    say('stock.released', { lines: freed.filter(line => line.from !== 'backordered'), cause: 'order.lines_cancelled', cancellation_no });
  };
  const free_all = (cause: string) => {
    state = 'released';
    for (const one of kept) for (const counter of counters) one[counter] = 0;
    say('stock.released', { lines: [], cause });
  };

  return {
    log,
    get kept() {
      return kept;
    },
    hear(event) {
      switch (event.type) {
        case 'order.placed':
          wanted = event.data.lines.filter(line => line.stocked).map(({ line_no, sku, quantity }) => ({ line_no, sku, quantity }));
          return reserve();
        case 'stock.reservation_requested':
          wanted = event.data.lines.map(({ line_no, sku, quantity }) => ({ line_no, sku, quantity }));
          return state === 'expired' || state === 'failed' ? reserve() : undefined;
        case 'payment.requested':
          return state === 'expired' ? reserve() : undefined;
        case 'order.confirmed':
          return allocate();
        case 'order.lines_cancelled':
          return event.data.release_stock ? free(event.data.lines, event.data.cancellation_no) : undefined;
        case 'order.expired':
        case 'order.rejected':
          return free_all(event.type);
        default:
          return undefined;
      }
    },
    overhear(event: Event) {
      if (event.type !== 'shipment.dispatched') return;
      // The world's own shipping said it.
      const { parcels } = event.data as { parcels: { lines: { line_no: number; location_id: string; quantity: number }[] }[] };
      for (const { line_no, location_id, quantity } of parcels.flatMap(parcel => parcel.lines)) {
        const one = kept.find(known => known.line_no === line_no && known.location_id === location_id);
        if (one !== undefined) one.allocated -= quantity;
      }
    },
    short_pick({ line_no, location_id, quantity }) {
      const one = kept.find(known => known.line_no === line_no && known.location_id === location_id);
      if (one === undefined) return;
      const gone = Math.min(quantity, one.allocated);
      if (gone === 0) return;
      one.allocated -= gone;
      const waits = choose(2) === 0 ? gone : 0;
      const line = { ...at(one), quantity: gone, resourced: [], quantity_backordered: waits, quantity_short: gone - waits };
      const waiting = [{ ...at(one), quantity: waits }];
      say('stock.shortfall_detected', { cause: 'short_pick', lines: [line], ...(waits > 0 ? { waiting } : {}) });
      if (waits === 0) return;
      one.backordered += waits;
      say('backorder.queued', { lines: waiting.map(each => ({ ...each, ...queue })) });
    },
    expire() {
      if (state !== 'held') return;
      state = 'expired';
      for (const one of kept) for (const counter of counters) one[counter] = 0;
      say('stock.reservation_expired', { reservation_no, expires_at: test_time, lines: [] });
    },
    moves() {
      const moves: (() => void)[] = [];
      for (const one of kept) {
        if (one.backordered === 0) continue;
        moves.push(() => {
          const quantity = 1 + choose(one.backordered);
          one.backordered -= quantity;
          one.allocated += quantity;
          say('backorder.filled', { lines: [{ ...at(one), quantity, ...queue }] });
        });
      }
      return moves;
    },
  };
}

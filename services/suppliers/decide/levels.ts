/** What inventory says of stock items (domain.md 7.1): counters by their version, and goods that it has counted. */
import type { Levels } from '../../../contracts/index.ts';
import type { Note, TimerChange } from '../../../platform/service.ts';
import { later } from '../../../platform/service.ts';
import type { NoteLevels, NoteReceived } from '../commands.ts';
import { day_of, mark_stocked, roll } from '../demand.ts';
import { free_units, in_stock, item_id, type States, type SuppliersHandler, type SuppliersSettings, type SupplyItem } from '../model.ts';
import { peg_timer, review_timer } from './draft.ts';
import { review_due } from './need.ts';

/** Goods that are in the building serve the queue first, and what they serve needs no date: peg when inventory had its word. */
export const peg_after_receipt_ms = 1_000;

/**
 * The hottest command: every order's stock comes by here, mostly of items that nobody has a policy for. Those are not kept. No draft:
 * levels change one row each and say nothing by themselves.
 */
export function note_levels_handler(settings: SuppliersSettings): SuppliersHandler<NoteLevels> {
  return {
    touches: ({ levels }) => levels.map(({ sku, location_id }) => ({ kind: 'supply_item', id: item_id(sku, location_id) })),
    decide({ levels }, view, { at }) {
      const notes: Note<States>[] = [];
      const timers: TimerChange[] = [];
      for (const told of levels) {
        const id = item_id(told.sku, told.location_id);
        const item = view('supply_item', id);
        if (!item.policy) continue;
        const next = armed(with_levels(item, told, at), settings, at, id, timers);
        if (next !== item) notes.push({ kind: 'supply_item', id, change: () => next });
      }
      return { facts: [], notes, timers };
    },
  };
}

/**
 * The counters, unless newer ones are known. A reservation changes none that count here, and a shipment takes as many from `allocated` as from
 * the building: the position stays, and so does the row (half the writes of a busy shop). What is kept is what was true at its version.
 */
function with_levels(item: SupplyItem, told: Levels, at: string): SupplyItem {
  const { version, on_hand, damaged, allocated, backordered } = told;
  if (version < item.stock_version) return item;
  const next = { ...item, stock_version: version, on_hand, damaged, allocated, backordered };
  const same = free_units(next) === free_units(item) && backordered === item.backordered;
  if (same && item.stock_version > 0) return item;
  const rolled = roll(item.demand, day_of(at), in_stock(item));
  return { ...next, demand: in_stock(next) || in_stock(item) ? mark_stocked(rolled) : rolled };
}

function armed(item: SupplyItem, settings: SuppliersSettings, at: string, id: string, timers: TimerChange[]): SupplyItem {
  const due_at = review_due(item, settings, at);
  if (due_at === undefined || (item.review_at !== null && item.review_at <= due_at)) return item;
  timers.push({ kind: review_timer, id, due_at });
  return { ...item, review_at: due_at };
}

/** The accepted units leave `receiving` as they enter the levels: the position never dips between. */
export function note_received_handler(settings: SuppliersSettings): SuppliersHandler<NoteReceived> {
  return {
    touches: ({ levels }) => [{ kind: 'supply_item', id: item_id(levels.sku, levels.location_id) }],
    decide({ receipt_id, quantity, levels }, view, { at }) {
      const id = item_id(levels.sku, levels.location_id);
      const item = view('supply_item', id);
      if (item.sku === '') return { facts: [] };
      const timers: TimerChange[] = [{ kind: peg_timer, id, due_at: later(at, peg_after_receipt_ms) }];
      if (!item.policy) return { facts: [], timers };
      const counted = { ...with_levels(item, levels, at), receipts: without(item, receipt_id, quantity) };
      const next = armed(counted, settings, at, id, timers);
      return { facts: [], notes: [{ kind: 'supply_item', id, change: () => next }], timers };
    },
  };
}

function without(item: SupplyItem, receipt_id: string, quantity: number): SupplyItem['receipts'] {
  return item.receipts.flatMap(receipt => {
    if (receipt.receipt_id !== receipt_id) return [receipt];
    const left = receipt.quantity - quantity;
    return left > 0 ? [{ receipt_id, quantity: left }] : [];
  });
}

/** What inventory said: stock is reserved, gone, the order's own, waited for, or free again. */
import type {
  BackorderFilled,
  BackorderQueued,
  Line,
  StockAllocated,
  StockReleased,
  StockReservationFailed,
  StockShortfallDetected,
} from '../../../contracts/index.ts';
import { unreachable } from '../../../platform/service.ts';
import type { NoteStock } from '../commands.ts';
import type { Order, OrderLine } from '../model.ts';
import { noted_of_order } from './about.ts';
import { drop_units } from './cancel.ts';
import { change_lines, type Draft, news, put_lines, say, set_status } from './draft.ts';
import { move_allocation, surplus, unplaced } from './units.ts';

const may_ask = ({ fact }: NoteStock) => fact.type !== 'stock.reservation_failed' && fact.type !== 'stock.reservation_expired';

export const note_stock = noted_of_order<NoteStock>(may_ask, (draft, { fact }) => {
  switch (fact.type) {
    case 'stock.reserved':
      return reserved(draft);
    case 'stock.reservation_failed':
      return failed(draft, fact.data);
    case 'stock.reservation_expired':
      return lapsed(draft);
    case 'stock.allocated':
      return allocated(draft, fact.data);
    case 'backorder.queued':
      return queued(draft, fact.data);
    case 'backorder.filled':
      return filled(draft, fact.data);
    case 'stock.shortfall_detected':
      return fell_short(draft, fact.data);
    case 'stock.released':
      return released(draft, fact.data);
    default:
      return unreachable(fact);
  }
});

function is_unpaid(order: Order): boolean {
  return order.axes.status === 'placed' || order.axes.status === 'awaiting_payment';
}
/** Confirmed, and not at its end: what inventory keeps for it matters. */
function keeps_stock(order: Order): boolean {
  const { status } = order.axes;
  return status === 'confirmed' || status === 'in_fulfillment' || status === 'cancelling';
}

function reserved(draft: Draft): void {
  if (!is_unpaid(draft.order)) return;
  draft.order = { ...draft.order, reservation_state: 'held' };
  set_status(draft, 'awaiting_payment');
}

function failed(draft: Draft, { short_lines }: StockReservationFailed['data']): void {
  if (!is_unpaid(draft.order)) return;
  draft.order = { ...draft.order, reservation_state: 'failed', closed_at: draft.given.at };
  set_status(draft, 'rejected');
  say(draft, { type: 'order.rejected', data: { ...news(draft), reason: 'out_of_stock', short_lines } });
}

function lapsed(draft: Draft): void {
  if (is_unpaid(draft.order) && draft.order.reservation_state === 'held') draft.order = { ...draft.order, reservation_state: 'lapsed' };
}

type Place = Pick<Line, 'location_id' | 'quantity'>;

/** Inventory's word on where units are is kept whole; the order counts no more than it still wants (units.ts, surplus). */
function allocate(line: OrderLine, { location_id, quantity }: Place): OrderLine {
  const kept = move_allocation(line, location_id ?? '', { quantity });
  return { ...kept, allocated: line.allocated + Math.min(quantity, unplaced(line)) };
}

/**
 * `waiting` is told with what is allocated, not only by the backorder.queued after it: a line cancelled between the two must name where its
 * units wait. Without a place inventory let go of the first unit it kept, which shipping may have had, and kept the one nobody wanted.
 */
function allocated(draft: Draft, { lines, waiting }: StockAllocated['data']): void {
  if (!keeps_stock(draft.order)) return;
  draft.order = { ...draft.order, reservation_state: 'allocated' };
  change_lines(draft, lines, allocate);
  change_lines(draft, waiting ?? [], wait);
}

function wait(line: OrderLine, { location_id, quantity }: Place): OrderLine {
  const units = Math.min(quantity, unplaced(line));
  return units === 0 ? line : move_allocation(line, location_id ?? '', { backordered: units });
}

/** A backorder has no date until suppliers peg it; one of the line's that waited before may keep the line's. */
function queued(draft: Draft, { lines }: BackorderQueued['data']): void {
  if (!keeps_stock(draft.order)) return;
  draft.order = { ...draft.order, reservation_state: 'allocated' };
  change_lines(draft, lines, wait);
  const undated = [...units_by_line(lines)].flatMap(([line_no, quantity]) => {
    const line = draft.order.lines[line_no - 1];
    if (line === undefined || line.promise_at === null || line.backordered === 0 || line.backordered > quantity) return [];
    return [{ line_no, old_at: line.promise_at, new_at: null }];
  });
  if (undated.length > 0)
    say(draft, { type: 'order.promise_changed', data: { ...news(draft), lines: undated, cause: 'backorder.queued' } });
}

function units_by_line(lines: readonly Line[]): ReadonlyMap<number, number> {
  const units = new Map<number, number>();
  for (const { line_no, quantity } of lines) units.set(line_no, (units.get(line_no) ?? 0) + quantity);
  return units;
}

function filled(draft: Draft, { lines }: BackorderFilled['data']): void {
  if (!keeps_stock(draft.order)) return;
  change_lines(draft, lines, (line, kept) =>
    allocate(move_allocation(line, kept.location_id ?? '', { backordered: -kept.quantity }), kept),
  );
}

/** Promised units are not there: some are kept elsewhere now, some wait, the rest is out of the order. */
function fell_short(draft: Draft, { cause, lines, waiting }: StockShortfallDetected['data']): void {
  if (!keeps_stock(draft.order)) return;
  change_lines(draft, lines, (line, { location_id, quantity, resourced }) => {
    const missing = cause === 'short_pick' ? take_back(line, location_id ?? '', quantity) : line;
    return resourced.reduce((now: OrderLine, place) => allocate(now, place), missing);
  });
  change_lines(draft, waiting ?? [], wait);
  const short = lines
    .map(({ line_no, quantity_short }) => ({
      line_no,
      location_id: null,
      quantity: still_open(draft, line_no, quantity_short),
      was: 'open' as const,
    }))
    .filter(part => part.quantity > 0);
  if (short.length === 0) return;
  drop_units(draft, short, { cancellation_no: draft.order.cancellation_no + 1, reason: 'out_of_stock', short: true });
}

function take_back(line: OrderLine, location_id: string, quantity: number): OrderLine {
  const moved = move_allocation(line, location_id, { quantity: -quantity, in_fulfillment: -quantity });
  return { ...moved, allocated: Math.max(0, line.allocated - quantity) };
}

function still_open(draft: Draft, line_no: number, quantity: number): number {
  const line = draft.order.lines[line_no - 1];
  return line === undefined ? 0 : Math.min(quantity, unplaced(line));
}

/**
 * The answer to order.lines_cancelled: what inventory kept of these units is gone. Where it let go of waiting units instead, because
 * those the order had given up were filled meanwhile, the units it still keeps are the order's own after all.
 */
function released(draft: Draft, { lines }: StockReleased['data']): void {
  const { order } = draft;
  if (!keeps_stock(order)) return;
  const releases_open = Math.max(0, order.releases_open - 1);
  draft.order = { ...order, releases_open };
  const allocated = lines.filter(line => line.from === 'allocated');
  change_lines(draft, allocated, (line, { location_id, quantity }) => move_allocation(line, location_id ?? '', { quantity: -quantity }));
  if (releases_open > 0) return;
  put_lines(draft, draft.order.lines.map(keep_surplus));
  if (draft.order.axes.status === 'cancelling') draft.order = { ...draft.order, reservation_state: 'none' };
}

function keep_surplus(line: OrderLine): OrderLine {
  let now = line;
  for (const { location_id, backordered } of line.allocations) {
    const quantity = Math.min(surplus(now), backordered);
    if (quantity <= 0) continue;
    now = { ...move_allocation(now, location_id, { backordered: -quantity }), allocated: now.allocated + quantity };
  }
  return now;
}

/** What the units of a line are doing. Pure arithmetic over one line. */
import type { OrderLine } from '../model.ts';
import { value_of_units } from '../pricing/units.ts';

/** Not cancelled. */
export function live(line: OrderLine): number {
  return line.quantity - line.cancelled;
}
/** Live and not shipped: still to be decided. */
export function unsettled(line: OrderLine): number {
  return line.quantity - line.cancelled - line.shipped;
}
/** Of a stocked line, what inventory has given no word of yet: reserved at best. */
export function unplaced(line: OrderLine): number {
  return line.quantity - line.cancelled - line.shipped - line.allocated - line.backordered;
}
/** Units that inventory keeps beyond what the order still wants: cancelled here, not yet released there. */
export function surplus(line: OrderLine): number {
  let kept = 0;
  for (const at of line.allocations) kept += at.quantity;
  return kept - line.allocated;
}
/** Allocated and not yet asked of shipping. */
export function unasked(line: OrderLine): number {
  return line.allocated - line.in_fulfillment;
}

/** Lost or sent back units that nobody has credited (returned ones are credited with their return). */
export function uncredited(line: OrderLine): number {
  return Math.max(0, line.lost + line.sent_back + line.returned - line.credited);
}
/** Every live unit arrived, or was lost or sent back and credited. */
export function is_done(line: OrderLine): boolean {
  return line.delivered + line.lost + line.sent_back >= live(line) && uncredited(line) === 0;
}

/** `quantity` more units of the line settle as shipped, at their share of the line's total and tax (domain.md 6.5). */
export function ship_units(line: OrderLine, quantity: number): OrderLine {
  const settled = line.cancelled + line.shipped;
  return {
    ...line,
    shipped: line.shipped + quantity,
    shipped_value: line.shipped_value + value_of_units(line.line_total, line.quantity, settled, quantity),
    shipped_tax: line.shipped_tax + value_of_units(line.line_tax, line.quantity, settled, quantity),
  };
}

/** `quantity` more units settle as cancelled. */
export function cancel_units(line: OrderLine, quantity: number): OrderLine {
  const settled = line.cancelled + line.shipped;
  return {
    ...line,
    cancelled: line.cancelled + quantity,
    cancelled_value: line.cancelled_value + value_of_units(line.line_total, line.quantity, settled, quantity),
    cancelled_tax: line.cancelled_tax + value_of_units(line.line_tax, line.quantity, settled, quantity),
  };
}

/** Units leave (or join) what inventory keeps for the line at a location; never below nothing. All three are changes. */
export function move_allocation(
  line: OrderLine,
  location_id: string,
  change: { readonly quantity?: number; readonly in_fulfillment?: number; readonly backordered?: number },
): OrderLine {
  const place = line.allocations.findIndex(at => at.location_id === location_id);
  const known = line.allocations[place] ?? { location_id, quantity: 0, in_fulfillment: 0, backordered: 0 };
  const quantity = Math.max(0, known.quantity + (change.quantity ?? 0));
  const moved = {
    location_id,
    quantity,
    in_fulfillment: Math.min(quantity, Math.max(0, known.in_fulfillment + (change.in_fulfillment ?? 0))),
    backordered: Math.max(0, known.backordered + (change.backordered ?? 0)),
  };
  return {
    ...line,
    allocations: place < 0 ? [...line.allocations, moved] : line.allocations.with(place, moved),
    in_fulfillment: line.in_fulfillment + moved.in_fulfillment - known.in_fulfillment,
    backordered: line.backordered + moved.backordered - known.backordered,
  };
}

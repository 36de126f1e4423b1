/** Units that were promised and are not on the shelf (domain.md 5.8): booked out, found elsewhere, else backordered within the limit, else short. */
import type { InventoryEvent } from '../../../contracts/index.ts';
import type { Handler } from '../../../platform/service.ts';
import type { ReplaceShortUnits } from '../commands.ts';
import {
  all_locations,
  current_lines,
  in_order,
  item_id,
  type Location,
  type Reservation,
  type ReservationLine,
  type States,
} from '../model.ts';
import type { InventoryRejection } from '../rejections.ts';
import { type Draft, draft, items_at, nothing, waiting_of } from './draft.ts';
import { shelves_of } from './reserve.ts';
import { first_touched, locked_reservation, then_touched } from './touched.ts';

interface Shortage {
  readonly line: ReservationLine;
  readonly quantity: number;
}

export const replace_short_units: Handler<ReplaceShortUnits, States, InventoryEvent, InventoryRejection> = {
  touches: first_touched,
  then_touches: then_touched,
  decide(command, view, given) {
    const reservation = locked_reservation(command, view);
    if (reservation.status !== 'allocated' || reservation.answered.includes(command.answers)) return nothing;
    const shortages = shortages_of(command, reservation);
    if (shortages.length === 0) return nothing;
    const plan = draft(view, given);
    const locations = in_order(view('locations', all_locations), reservation.destination);
    replace(command, reservation, shortages, locations, plan);
    return plan.decision();
  },
};

/** No more than is allocated there: the rest was consumed or released meanwhile. */
function shortages_of(command: ReplaceShortUnits, reservation: Reservation): Shortage[] {
  const kept = new Map(current_lines(reservation).map(line => [`${line.line_no}@${line.location_id}`, line]));
  const missing = new Map<string, number>();
  for (const { line_no, location_id, quantity } of command.lines) {
    const place = `${line_no}@${location_id}`;
    missing.set(place, quantity + (missing.get(place) ?? 0));
  }
  return [...missing].flatMap(([place, quantity]) => {
    const line = kept.get(place);
    const gone = Math.min(quantity, line?.allocated ?? 0);
    return line === undefined || gone === 0 ? [] : [{ line, quantity: gone }];
  });
}

function replace(
  command: ReplaceShortUnits,
  reservation: Reservation,
  shortages: readonly Shortage[],
  locations: readonly Location[],
  plan: Draft,
): void {
  const { order_id, shipment_id, answers, reason } = command;
  const { priority, requested_at } = reservation;
  const taken = new Map<string, number>();
  const waiting = new Map<string, number>();
  const lines = [];
  const queued = [];
  for (const { line, quantity } of shortages) {
    const { line_no, location_id, sku } = line;
    const resourced = found_elsewhere(line, quantity, locations, plan, taken);
    const rest = quantity - resourced.reduce((sum, part) => sum + part.quantity, 0);
    const waits_at = line.accept_backorder && rest > 0 ? room_for(line, rest, locations, plan, waiting) : undefined;
    if (waits_at !== undefined)
      queued.push({ line_no, location_id: waits_at, sku, quantity: rest, from: 'available' as const, priority, requested_at });
    const quantity_backordered = waits_at === undefined ? 0 : rest;
    lines.push({ line_no, location_id, sku, quantity, resourced, quantity_backordered, quantity_short: rest - quantity_backordered });
    const cause = { cause_type: 'short_pick' as const, cause_id: `${answers}/${line_no}`, reason };
    plan.book({ kind: 'adjusted', sku, location_id, from_account: 'sellable', to_account: 'loss', quantity, ...cause });
  }
  const items = [...items_at(lines), ...lines.flatMap(line => line.resourced.map(part => item_id(line.sku, part.location_id)))];
  const data = { order_id, cause: 'short_pick' as const, shipment_id, answers, lines, ...waiting_of(queued) };
  plan.say_of_order(order_id, { type: 'stock.shortfall_detected', data }, items);
  if (queued.length > 0) plan.say_of_order(order_id, { type: 'backorder.queued', data: { order_id, lines: queued } }, items_at(queued));
}

/** Not where the picker stood: what the counters still say of that shelf is in doubt. */
function found_elsewhere(line: ReservationLine, quantity: number, locations: readonly Location[], plan: Draft, taken: Map<string, number>) {
  const parts: { location_id: string; quantity: number }[] = [];
  let rest = quantity;
  for (const location of locations) {
    if (location.id === line.location_id) continue;
    const id = item_id(line.sku, location.id);
    const before = taken.get(id) ?? 0;
    const found = Math.min(rest, shelves_of(plan).free(line.sku, location.id) - before);
    if (found <= 0) continue;
    taken.set(id, before + found);
    parts.push({ location_id: location.id, quantity: found });
    rest -= found;
  }
  return parts;
}

/** The first location that lets all of it wait. */
function room_for(
  line: ReservationLine,
  quantity: number,
  locations: readonly Location[],
  plan: Draft,
  waiting: Map<string, number>,
): string | undefined {
  const location = locations.find(
    one => shelves_of(plan).backorder_room(line.sku, one.id) - (waiting.get(item_id(line.sku, one.id)) ?? 0) >= quantity,
  );
  if (location === undefined) return undefined;
  const id = item_id(line.sku, location.id);
  waiting.set(id, quantity + (waiting.get(id) ?? 0));
  return location.id;
}

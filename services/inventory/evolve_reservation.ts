/** How events change a reservation (domain.md 3.3). */
import type { InventoryEvent } from '../../contracts/index.ts';
import { unreachable } from '../../platform/service.ts';
import { current_lines, keeps_units, type Reservation, type ReservationLine, type WantedLine, wanted_again } from './model.ts';

type Of<T extends InventoryEvent['type']> = Extract<InventoryEvent, { type: T }>['data'];
type Counter = 'held' | 'backorder_held' | 'allocated' | 'backordered' | 'consumed' | 'released';
interface EventLine {
  readonly line_no: number;
  readonly sku: string;
  readonly location_id?: string | null;
  readonly quantity: number;
}

export function evolve_reservation(state: Reservation, event: InventoryEvent): Reservation {
  switch (event.type) {
    case 'stock.reserved':
      return reserved(state, event.data);
    case 'stock.reservation_failed':
      return failed(state, event.data);
    case 'stock.reservation_extended':
      return { ...state, expires_at: event.data.expires_at };
    case 'stock.reservation_expired': {
      const lines = changed(state, event.data.lines, (line, { quantity_held, quantity_backordered }) =>
        shift(shift(line, 'held', 'released', quantity_held), 'backorder_held', 'released', quantity_backordered),
      );
      return { ...state, status: 'expired', lines };
    }
    case 'stock.allocated':
      return allocated(state, event.data);
    case 'stock.released': {
      const lines = changed(state, event.data.lines, (line, { from, quantity }) => shift(line, from, 'released', quantity));
      return settled({ ...state, lines, answered: answered(state, event.data.answers) }, 'released');
    }
    case 'stock.consumed': {
      const lines = changed(state, event.data.lines, (line, { from, quantity }) => shift(line, from ?? 'allocated', 'consumed', quantity));
      return settled({ ...state, lines, answered: answered(state, event.data.shipment_id) });
    }
    case 'stock.shortfall_detected':
      return event.data.cause === 'short_pick' ? settled(after_short_pick(state, event.data)) : state;
    case 'backorder.queued':
      return settled({
        ...state,
        lines: changed(state, event.data.lines, (line, { from, quantity }) =>
          shift(line, from ?? 'backorder_held', 'backordered', quantity),
        ),
      });
    case 'backorder.filled':
      return settled({
        ...state,
        lines: changed(state, event.data.lines, (line, { quantity }) => shift(line, 'backordered', 'allocated', quantity)),
      });
    case 'backorder.cancelled':
      return settled({
        ...state,
        lines: changed(state, event.data.lines, (line, { quantity }) => shift(line, 'backordered', 'released', quantity)),
      });
    case 'stock.received':
    case 'stock.adjusted':
    case 'stock.levels_changed':
    case 'stock.low':
    case 'stock.depleted':
    case 'stock.replenished':
    case 'stock.drift_detected':
    case 'location.changed':
    case 'exception.raised':
    case 'exception.resolved':
      throw new Error(`${event.type} changes no reservation`);
    default:
      return unreachable(event);
  }
}

function reserved(state: Reservation, data: Of<'stock.reserved'>): Reservation {
  const { reservation_id, reservation_no, expires_at, destination, priority, requested_at } = data;
  const lines = data.lines.map(line => ({
    ...empty_line(reservation_no, line.line_no, line.sku, line.location_id ?? '', line.accept_backorder),
    quantity: line.quantity,
    held: line.quantity_held,
    backorder_held: line.quantity_backordered,
  }));
  return {
    ...state,
    status: 'held',
    reservation_id,
    reservation_no,
    expires_at,
    destination: destination ?? null,
    priority,
    requested_at,
    wanted: null,
    lines: state.lines.length === 0 ? lines : [...state.lines, ...lines],
  };
}

function failed(state: Reservation, data: Of<'stock.reservation_failed'>): Reservation {
  const { reservation_id, reservation_no, destination, priority, requested_at, lines } = data;
  return {
    ...state,
    status: 'failed',
    reservation_id,
    reservation_no,
    expires_at: null,
    destination: destination ?? null,
    priority,
    requested_at,
    wanted: lines,
  };
}

/** Paid before it could be kept again: what is free begins a new attempt's lines. */
function allocated(state: Reservation, data: Of<'stock.allocated'>): Reservation {
  const lapsed = state.status === 'expired' || state.status === 'failed';
  const accepting = lapsed ? new Map(wanted_again(state).map(line => [line.line_no, line])) : undefined;
  const base = lapsed ? { ...state, reservation_no: state.reservation_no + 1, wanted: wanted_again(state) } : state;
  const lines = changed(base, data.lines, (line, { from, quantity }) => shift(line, from ?? 'held', 'allocated', quantity), accepting);
  return settled({ ...base, status: 'allocated', lines });
}

function after_short_pick(state: Reservation, data: Of<'stock.shortfall_detected'>): Reservation {
  const missing = changed(state, data.lines, (line, { quantity }) => shift(line, 'allocated', 'released', quantity));
  const resourced = data.lines.flatMap(({ line_no, sku, resourced: parts }) => parts.map(part => ({ line_no, sku, ...part })));
  const lines = changed({ ...state, lines: missing }, resourced, (line, { quantity }) => shift(line, 'available', 'allocated', quantity));
  return { ...state, lines, answered: answered(state, data.answers) };
}

function answered({ answered: known }: Reservation, id: string | null | undefined): readonly string[] {
  return id === null || id === undefined ? known : [...known, id];
}

/** Allocated while anything is open, closed after; unpaid: released when nothing is left. */
function settled(state: Reservation, when_unpaid?: 'released'): Reservation {
  const { status } = state;
  if (status === 'allocated' || status === 'closed') return { ...state, status: keeps_units(state) ? 'allocated' : 'closed' };
  return when_unpaid !== undefined && !keeps_units(state) ? { ...state, status: when_unpaid } : state;
}

function shift(line: ReservationLine, from: Counter | 'available', to: Counter, quantity: number): ReservationLine {
  if (quantity === 0) return line;
  if (from === 'available') return { ...line, quantity: line.quantity + quantity, [to]: line[to] + quantity };
  return { ...line, [from]: line[from] - quantity, [to]: line[to] + quantity };
}

function empty_line(reservation_no: number, line_no: number, sku: string, location_id: string, accept_backorder: boolean): ReservationLine {
  return {
    reservation_no,
    line_no,
    location_id,
    sku,
    accept_backorder,
    quantity: 0,
    held: 0,
    backorder_held: 0,
    allocated: 0,
    backordered: 0,
    consumed: 0,
    released: 0,
  };
}

/** A long order's lines are found by a map; a short one's by looking. */
const mapped_from_lines = 16;

/** The lines with those the event names changed, or begun where a line has units at a new location. Others keep their identity. */
function changed<L extends EventLine>(
  state: Reservation,
  event_lines: readonly L[],
  change: (line: ReservationLine, event_line: L) => ReservationLine,
  wanted?: ReadonlyMap<number, WantedLine>,
): readonly ReservationLine[] {
  if (event_lines.length === 0) return state.lines;
  const { reservation_no } = state;
  const lines = [...state.lines];
  const places = event_lines.length >= mapped_from_lines ? places_of(lines, reservation_no) : undefined;
  for (const event_line of event_lines) {
    const { line_no, sku, location_id } = event_line;
    const place =
      places === undefined
        ? lines.findIndex(line => line.line_no === line_no && line.location_id === location_id && line.reservation_no === reservation_no)
        : (places.get(`${line_no}@${location_id}`) ?? -1);
    const line = lines[place];
    if (line !== undefined) {
      lines[place] = change(line, event_line);
    } else {
      const accept = wanted?.get(line_no)?.accept_backorder ?? accepts_backorder(state, line_no);
      const begun = empty_line(reservation_no, line_no, sku, location_id ?? '', accept);
      places?.set(`${line_no}@${location_id}`, lines.length);
      lines.push(change(begun, event_line));
    }
  }
  return lines;
}

function places_of(lines: readonly ReservationLine[], reservation_no: number): Map<string, number> {
  const places = new Map<string, number>();
  for (const [place, line] of lines.entries()) {
    if (line.reservation_no === reservation_no) places.set(`${line.line_no}@${line.location_id}`, place);
  }
  return places;
}

function accepts_backorder(state: Reservation, line_no: number): boolean {
  const wanted = state.wanted?.find(line => line.line_no === line_no) ?? current_lines(state).find(line => line.line_no === line_no);
  return wanted?.accept_backorder ?? true;
}

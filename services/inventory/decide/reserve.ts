/** Keeping stock for an order that is not paid yet (domain.md 3.3, 5.3 to 5.5): all lines or none, for a while. */
import type { Destination, InventoryEvent } from '../../../contracts/index.ts';
import { type Decision, type Given, type Handler, later, type View } from '../../../platform/service.ts';
import type { ExpireReservation, ExtendReservation, ReserveAgain, ReserveStock } from '../commands.ts';
import {
  all_locations,
  backorder_room,
  current_lines,
  free,
  in_order,
  item_id,
  type Reservation,
  type States,
  type WantedLine,
  wanted_again,
} from '../model.ts';
import type { InventoryRejection } from '../rejections.ts';
import { plan_sources, type Shelves } from '../sourcing.ts';
import { type Draft, draft, items_at, nothing, reservation_timer } from './draft.ts';
import { release_everything } from './release.ts';
import {
  first_touched,
  item_refs,
  items_anywhere,
  locations_ref,
  locked_reservation,
  release_of_replaced,
  then_touched,
} from './touched.ts';

type Decides<C> = Handler<C, States, InventoryEvent, InventoryRejection>;

export const reservation_ms_default = 20 * 60_000;

export interface ReserveSettings {
  /** How long stock is kept for an order that is not paid. */
  readonly reservation_ms: number;
}

/** What an attempt to reserve asks for. */
interface Asked {
  readonly lines: readonly WantedLine[];
  readonly destination: Destination | null;
  readonly priority: number;
  readonly customer_ref: string | null;
  /** At least until then; null: the usual time. */
  readonly keep_until: string | null;
}

export function reserve_handlers(settings: ReserveSettings): {
  readonly reserve_stock: Decides<ReserveStock>;
  readonly reserve_again: Decides<ReserveAgain>;
  readonly extend_reservation: Decides<ExtendReservation>;
} {
  return {
    reserve_stock: {
      touches(command) {
        const replaced = release_of_replaced(command);
        return replaced === undefined ? [locations_ref] : first_touched(replaced);
      },
      then_touches(command, view) {
        const replaced = release_of_replaced(command);
        const items = item_refs(items_anywhere(command.lines, view));
        return [{ kind: 'reservation', id: command.order_id }, ...items, ...(replaced === undefined ? [] : then_touched(replaced, view))];
      },
      decide(command, view, given) {
        const reservation = view('reservation', command.order_id);
        if (reservation.status !== 'new') return nothing;
        const plan = draft(view, given);
        free_replaced(command, view, plan);
        return attempt({ reservation, asked: { ...command, keep_until: null }, view, given, plan, settings });
      },
    },
    reserve_again: {
      touches: first_touched,
      then_touches: then_touched,
      decide(command, view, given) {
        const reservation = locked_reservation(command, view);
        if (!has_lapsed(reservation)) return nothing;
        return attempt({ reservation, asked: { ...command, keep_until: null }, view, given, plan: draft(view, given), settings });
      },
    },
    extend_reservation: {
      touches: first_touched,
      then_touches: then_touched,
      decide(command, view, given) {
        const reservation = locked_reservation(command, view);
        const { reserve_until, customer_ref } = command;
        if (reservation.status === 'held') return extend(reservation, reserve_until, view, given);
        if (!has_lapsed(reservation)) return nothing;
        const { destination, priority } = reservation;
        const asked = { lines: wanted_again(reservation), destination, priority, customer_ref, keep_until: reserve_until };
        return attempt({ reservation, asked, view, given, plan: draft(view, given), settings });
      },
    },
  };
}

export const expire_reservation: Decides<ExpireReservation> = {
  touches: first_touched,
  then_touches: then_touched,
  decide(command, view, given) {
    const reservation = locked_reservation(command, view);
    const { order_id, status, expires_at } = reservation;
    if (status !== 'held' || expires_at === null) return nothing;
    const plan = draft(view, given);
    if (expires_at > given.at) plan.timer(reservation_timer, order_id, expires_at);
    else expire(reservation, plan);
    return plan.decision();
  },
};

/** Ends an unpaid reservation: its units are free again. */
export function expire(reservation: Reservation, plan: Draft): void {
  const { order_id, reservation_no, expires_at } = reservation;
  if (expires_at === null) throw new Error(`the reservation of ${order_id} has no end`);
  const lines = current_lines(reservation).flatMap(({ line_no, location_id, sku, held, backorder_held }) =>
    held + backorder_held === 0
      ? []
      : [{ line_no, location_id, sku, quantity: held + backorder_held, quantity_held: held, quantity_backordered: backorder_held }],
  );
  const event = { type: 'stock.reservation_expired', data: { order_id, reservation_no, expires_at, lines } } as const;
  plan.say_of_order(order_id, event, items_at(lines));
  plan.timer(reservation_timer, order_id, null);
}

function has_lapsed({ status }: Reservation): boolean {
  return status === 'expired' || status === 'failed';
}

/**
 * Orders cancels the replaced order in the decision that places this one, but the two are of two partitions, so the new one may be heard first.
 * Its units are freed here, so a shopper never blocks himself; the cancellation then finds nothing left to free.
 */
function free_replaced(command: ReserveStock, view: View<States>, plan: Draft): void {
  const release = release_of_replaced(command);
  if (release === undefined) return;
  const replaced = locked_reservation(release, view);
  if (replaced.status === 'held') release_everything(replaced, release, plan);
}

function extend(reservation: Reservation, reserve_until: string, view: View<States>, given: Given): Decision<States, InventoryEvent> {
  const { order_id, reservation_no, expires_at } = reservation;
  if (expires_at !== null && expires_at >= reserve_until) return nothing;
  const plan = draft(view, given);
  plan.say_of_order(order_id, { type: 'stock.reservation_extended', data: { order_id, reservation_no, expires_at: reserve_until } }, []);
  plan.timer(reservation_timer, order_id, reserve_until);
  return plan.decision();
}

interface Attempt {
  readonly reservation: Reservation;
  readonly asked: Asked;
  readonly view: View<States>;
  readonly given: Given;
  readonly plan: Draft;
  readonly settings: ReserveSettings;
}

function attempt({ reservation, asked, view, given, plan, settings }: Attempt): Decision<States, InventoryEvent> {
  const { order_id } = reservation;
  const { lines, destination, priority, customer_ref } = asked;
  const sources = plan_sources(lines, in_order(view('locations', all_locations), destination), shelves_of(plan));
  const common = {
    order_id,
    reservation_id: reservation.reservation_id === '' ? given.id('res') : reservation.reservation_id,
    reservation_no: reservation.reservation_no + 1,
    destination,
    priority,
    requested_at: reservation.requested_at === '' ? given.at : reservation.requested_at,
  };
  if (sources.short.length > 0) {
    const data = { ...common, customer_ref, short_lines: sources.short, lines };
    plan.say_of_order(order_id, { type: 'stock.reservation_failed', data }, []);
    return plan.decision();
  }
  const usual = later(given.at, settings.reservation_ms);
  const expires_at = asked.keep_until !== null && asked.keep_until > usual ? asked.keep_until : usual;
  const data = { ...common, expires_at, reasons: sources.reasons, lines: sources.placed };
  plan.say_of_order(order_id, { type: 'stock.reserved', data }, items_at(sources.placed));
  plan.timer(reservation_timer, order_id, expires_at);
  return plan.decision();
}

/** The stock items as the draft leaves them. */
export function shelves_of(plan: Draft): Shelves {
  return {
    free: (sku, location_id) => Math.max(0, free(plan.item(item_id(sku, location_id)))),
    backorder_room: (sku, location_id) => Math.max(0, backorder_room(plan.item(item_id(sku, location_id)))),
  };
}

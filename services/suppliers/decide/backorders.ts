/** Who waits, and how much is asked for (domain.md 7.3, 7.5), as inventory says it. */
import type { Note, TimerChange } from '../../../platform/service.ts';
import type { NoteBackorder, NoteDemand, NotedBackorderLine, NoteLostDemand } from '../commands.ts';
import { add_lost, add_units, day_of } from '../demand.ts';
import { type BackorderLine, in_stock, item_id, type States, type SuppliersHandler, type SupplyItem } from '../model.ts';
import { peg_timer } from './draft.ts';

export const note_demand: SuppliersHandler<NoteDemand> = {
  touches: ({ units }) => units.map(({ item_id }) => ({ kind: 'supply_item', id: item_id })),
  decide({ units, at }, view) {
    const day = day_of(at);
    const notes: Note<States>[] = [];
    for (const { item_id: id, quantity } of units) {
      if (view('supply_item', id).policy) notes.push(item_note(id, item => asked_for(item, day, quantity)));
    }
    return { facts: [], notes };
  },
};

function item_note(id: string, change: (item: SupplyItem) => SupplyItem): Note<States> {
  return { kind: 'supply_item', id, change };
}
function asked_for(item: SupplyItem, day: number, quantity: number): SupplyItem {
  return { ...item, demand: add_units(item.demand, day, quantity, in_stock(item)) };
}

/** A shortage names no location: it counts where the SKU is bought, at the first that has a policy. */
export const note_lost_demand: SuppliersHandler<NoteLostDemand> = {
  touches: ({ short_lines }) => short_lines.map(({ sku }) => ({ kind: 'planned', id: sku })),
  then_touches: ({ short_lines }, view) => short_lines.flatMap(({ sku }) => first_planned(sku, view('planned', sku))),
  decide({ short_lines, ref, at }, view) {
    const day = day_of(at);
    const notes: Note<States>[] = [];
    for (const { sku, wanted, available } of short_lines) {
      const [first] = first_planned(sku, view('planned', sku));
      const missed = wanted - Math.max(0, available);
      if (first === undefined || missed <= 0 || !view('supply_item', first.id).policy) continue;
      notes.push(
        item_note(first.id, item => {
          const { lost, added } = add_lost(item.lost, day, ref, missed);
          return { ...asked_for(item, day, added), lost };
        }),
      );
    }
    return { facts: [], notes };
  },
};

function first_planned(sku: string, locations: readonly string[]): { readonly kind: 'supply_item'; readonly id: string }[] {
  const [location_id] = locations;
  return location_id === undefined ? [] : [{ kind: 'supply_item', id: item_id(sku, location_id) }];
}

/** The queue as inventory tells it, order by order. Its supply items are locked with it, so that pegging reads a settled queue. */
export const note_backorder: SuppliersHandler<NoteBackorder> = {
  touches: ({ order_id, lines }) => [
    ...lines.map(line => ({ kind: 'supply_item' as const, id: item_id(line.sku, line.location_id) })),
    { kind: 'backorder', id: order_id },
  ],
  decide({ order_id, sequence, at, change, lines }, view, given) {
    const { heard } = view('backorder', order_id);
    if (sequence !== null && sequence <= heard) return { facts: [] };
    const sign = change === 'queued' ? 1 : -1;
    const notes: Note<States>[] = [
      {
        kind: 'backorder',
        id: order_id,
        change: known => ({ ...known, order_id, heard: sequence ?? known.heard, lines: merged(known.lines, lines, sign) }),
      },
    ];
    const timers: TimerChange[] = [];
    for (const [id, quantity] of units_by_item(lines)) {
      const item = view('supply_item', id);
      if (item.policy) notes.push(item_note(id, known => waiting(known, sign * quantity, day_of(at))));
      // Without a row nobody buys it, so there is nothing to promise.
      if (item.sku !== '') timers.push({ kind: peg_timer, id, due_at: given.at });
    }
    return { facts: [], notes, timers };
  },
};

/** What is queued was asked for; what is filled or cancelled was counted when it was queued. */
function waiting(item: SupplyItem, change: number, day: number): SupplyItem {
  const queued = Math.max(0, item.queued + change);
  return change > 0 ? { ...asked_for(item, day, change), queued } : { ...item, queued };
}

function units_by_item(lines: readonly NotedBackorderLine[]): Map<string, number> {
  const units = new Map<string, number>();
  for (const line of lines) {
    const id = item_id(line.sku, line.location_id);
    units.set(id, (units.get(id) ?? 0) + line.quantity);
  }
  return units;
}

/** One line per order line and location; its place in the list stays. */
function merged(known: readonly BackorderLine[], told: readonly NotedBackorderLine[], sign: number): readonly BackorderLine[] {
  const lines = known.slice();
  const places = new Map(lines.map((line, place) => [`${line.line_no}@${line.location_id}`, place]));
  for (const line of told) {
    const key = `${line.line_no}@${line.location_id}`;
    const place = places.get(key);
    const before = place === undefined ? undefined : lines[place];
    if (place === undefined || before === undefined) {
      places.set(key, lines.length);
      lines.push({ ...line, quantity: Math.max(0, sign * line.quantity) });
    } else {
      const quantity = Math.max(0, before.quantity + sign * line.quantity);
      // Units queued again, after a short pick say, stand where they stand now.
      lines[place] = sign > 0 ? { ...line, quantity } : { ...before, quantity };
    }
  }
  return lines;
}

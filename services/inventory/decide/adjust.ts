/** What people do to stock: adjust, inspect, import, set its policy (domain.md 5.8). Promises are not broken by a count. */
import type { InventoryEvent, StockAccount } from '../../../contracts/index.ts';
import { ChangedMeanwhile, type Given, type Handler, type Ref, type View } from '../../../platform/service.ts';
import type { AdjustmentKind, AdjustStock, InspectStock } from '../commands.ts';
import { current_lines, item_id, type Reservation, type States, type StockItem, sellable, units_max } from '../model.ts';
import { type InventoryRejection, reject } from '../rejections.ts';
import { serve_queue, served_refs } from './backorders.ts';
import { type Draft, draft } from './draft.ts';
import { move, type Units } from './goods.ts';
import { expire } from './reserve.ts';
import { knows_location, locations_ref } from './touched.ts';

type Decides<C> = Handler<C, States, InventoryEvent, InventoryRejection>;

export const adjust_stock: Decides<AdjustStock> = {
  touches(command) {
    const id = item_id(command.sku, command.location_id);
    return [locations_ref, { kind: 'backorder_queue', id }, ...(takes_by_force(command) ? [{ kind: 'unpaid' as const, id }] : [])];
  },
  then_touches(command, view) {
    const id = item_id(command.sku, command.location_id);
    const ended = takes_by_force(command) ? ended_refs(view, id, Math.abs(command.quantity)) : [];
    return [...served_refs(view, id, arriving(command)), ...ended, { kind: 'stock_item', id }];
  },
  decide(command, view, given) {
    const { sku, location_id, quantity, reason } = command;
    if (!knows_location(view, location_id)) return reject('unknown_location', `There is no location ${location_id}.`);
    const id = item_id(sku, location_id);
    const plan = draft(view, given);
    const units = { ...accounts_of(command), quantity: Math.abs(quantity) };
    if (takes_by_force(command)) end_unpaid(id, units.quantity, view, plan);
    const no = cannot_move(plan.item(id), units);
    if (no !== undefined) return no;
    const adjustment_id = given.id('adj');
    const about = { adjustment_id, kind: command.kind, reason, ...by_whom(given) };
    move(plan, id, units, { about, cause_type: 'adjustment', cause_id: adjustment_id });
    serve_queue(id, arriving(command), view, plan);
    return plan.decision();
  },
};

export function by_whom(given: Given) {
  return { actor: given.actor, moved_at: given.at };
}

/** Between which accounts; a negative quantity goes out. Damaged units that go out are written off. */
function accounts_of({ kind, quantity }: { readonly kind: AdjustmentKind; readonly quantity: number }): {
  readonly from: StockAccount;
  readonly to: StockAccount;
} {
  const comes_in = quantity > 0;
  switch (kind) {
    case 'received':
      return comes_in ? { from: 'supplier', to: 'sellable' } : { from: 'sellable', to: 'supplier' };
    case 'damaged':
      return comes_in ? { from: 'sellable', to: 'damaged' } : { from: 'damaged', to: 'loss' };
    default:
      return comes_in ? { from: 'found', to: 'sellable' } : { from: 'sellable', to: 'loss' };
  }
}

function arriving(command: AdjustStock): number {
  return accounts_of(command).to === 'sellable' ? command.quantity : 0;
}
function takes_by_force(command: AdjustStock): boolean {
  return command.force && accounts_of(command).from === 'sellable';
}

/** Units that are promised stay; an account gives what it has; counters end where the events' do. */
function cannot_move(item: StockItem, { from, to, quantity }: Units): InventoryRejection | undefined {
  const promised = item.held + item.allocated;
  if (from === 'sellable' && sellable(item) - quantity < promised) {
    return reject(
      'would_break_promises',
      `${sellable(item)} units are there and ${promised} of them are promised to orders: ${quantity} cannot go.`,
      {
        sellable: sellable(item),
        held: item.held,
        allocated: item.allocated,
      },
    );
  }
  if ((from === 'damaged' || from === 'quality_control') && item[from] < quantity) {
    return reject('not_enough_units', `${item[from]} units are in ${from}, ${quantity} cannot leave it.`, { [from]: item[from] });
  }
  if (to === 'sellable' && from !== 'quality_control' && item.on_hand + quantity > units_max) {
    return reject('too_many_units', `No stock item holds more than ${units_max} units.`);
  }
  return undefined;
}

/** The youngest unpaid reservations that together hold as many units as may be missing. */
function ended_first(view: View<States>, id: string, quantity: number) {
  let held = 0;
  return view('unpaid', id).holders.filter(holder => {
    const needed = held < quantity;
    held += holder.held;
    return needed;
  });
}

function ended_refs(view: View<States>, id: string, quantity: number): Ref<States>[] {
  return ended_first(view, id, quantity).flatMap(({ order_id, items }) => [
    { kind: 'reservation' as const, id: order_id },
    ...items.map(item => ({ kind: 'stock_item' as const, id: item })),
  ]);
}

/** A forced adjustment: paid orders keep their units, of the others the youngest go first. */
function end_unpaid(id: string, quantity: number, view: View<States>, plan: Draft): void {
  for (const { order_id, items } of ended_first(view, id, quantity)) {
    const item = plan.item(id);
    if (sellable(item) - quantity >= item.held + item.allocated) return;
    const reservation = view('reservation', order_id);
    if (reservation.status !== 'held' || !holds(reservation, item)) continue;
    const named = new Set(items);
    if (current_lines(reservation).some(line => !named.has(item_id(line.sku, line.location_id))))
      throw new ChangedMeanwhile(`the reservation of ${order_id} moved on`);
    expire(reservation, plan);
  }
}

function holds(reservation: Reservation, { sku, location_id }: StockItem): boolean {
  return current_lines(reservation).some(line => line.sku === sku && line.location_id === location_id && line.held > 0);
}

export const inspect_stock: Decides<InspectStock> = {
  touches: ({ sku, location_id }) => [locations_ref, { kind: 'backorder_queue', id: item_id(sku, location_id) }],
  then_touches({ sku, location_id, sellable: good }, view) {
    const id = item_id(sku, location_id);
    return [...served_refs(view, id, good), { kind: 'stock_item', id }];
  },
  decide({ sku, location_id, sellable: good, damaged, reason }, view, given) {
    if (!knows_location(view, location_id)) return reject('unknown_location', `There is no location ${location_id}.`);
    const id = item_id(sku, location_id);
    const plan = draft(view, given);
    const no = cannot_move(plan.item(id), { from: 'quality_control', to: 'sellable', quantity: good + damaged });
    if (no !== undefined) return no;
    const adjustment_id = given.id('adj');
    const about = { adjustment_id, kind: 'inspected' as const, reason, ...by_whom(given) };
    for (const [condition, quantity] of [
      ['sellable', good],
      ['damaged', damaged],
    ] as const) {
      if (quantity === 0) continue;
      const units = { from: 'quality_control', to: condition, quantity } as const;
      move(plan, id, units, { about: { ...about, condition }, cause_type: 'adjustment', cause_id: adjustment_id });
    }
    serve_queue(id, good, view, plan);
    return plan.decision();
  },
};

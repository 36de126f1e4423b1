/** Goods that come in: from suppliers, and back from shoppers and carriers (domain.md 3.3, 5.7). The same cause moves units once. */
import type { InventoryEvent, StockAccount } from '../../../contracts/index.ts';
import type { Handler } from '../../../platform/service.ts';
import type { ReceiveStock, Restock } from '../commands.ts';
import { booked_id, item_id, levels_of, moved, type States } from '../model.ts';
import type { InventoryRejection } from '../rejections.ts';
import { serve_queue, served_refs } from './backorders.ts';
import { type Draft, draft } from './draft.ts';
import { item_refs, restocked } from './touched.ts';

type Decides<C> = Handler<C, States, InventoryEvent, InventoryRejection>;

export const receive_stock: Decides<ReceiveStock> = {
  touches: ({ receipt_id, location_id, lines }) => [
    ...lines.map(line => ({ kind: 'booked' as const, id: receipt_line(receipt_id, line.line_no) })),
    ...lines.map(line => ({ kind: 'backorder_queue' as const, id: item_id(line.sku, location_id) })),
  ],
  then_touches: (command, view) =>
    [...sellable_by_item(command)].flatMap(([id, quantity]) => [...served_refs(view, id, quantity), { kind: 'stock_item' as const, id }]),
  decide(command, view, given) {
    const { receipt_id, lines, location_id } = command;
    const fresh = { ...command, lines: lines.filter(line => !view('booked', receipt_line(receipt_id, line.line_no))) };
    const plan = draft(view, given);
    for (const [id, of_item] of Map.groupBy(fresh.lines, line => item_id(line.sku, location_id))) receive(fresh, id, of_item, plan);
    for (const [id, quantity] of sellable_by_item(command)) serve_queue(id, quantity, view, plan);
    return plan.decision();
  },
};

function receipt_line(receipt_id: string, line_no: number): string {
  return booked_id('receipt', `${receipt_id}/${line_no}`, 'received');
}

/** Two lines of one SKU arrive together. */
function sellable_by_item({ lines, location_id }: ReceiveStock): Map<string, number> {
  const by_item = new Map<string, number>();
  for (const { sku, accepted, inspect } of lines) {
    const id = item_id(sku, location_id);
    by_item.set(id, (by_item.get(id) ?? 0) + (inspect ? 0 : accepted));
  }
  return by_item;
}

function receive({ receipt_id, po_id, location_id }: ReceiveStock, id: string, lines: ReceiveStock['lines'], plan: Draft): void {
  let item = plan.item(id);
  const { sku } = item;
  const quantities = { sellable: 0, quality_control: 0, damaged: 0 };
  const enter = (line_no: number, to: keyof typeof quantities, quantity: number) => {
    if (quantity === 0) return;
    quantities[to] += quantity;
    item = moved(item, 'supplier', to, quantity);
    const cause = { cause_type: 'receipt' as const, cause_id: `${receipt_id}/${line_no}`, reason: null };
    plan.book({ kind: 'received', sku, location_id, from_account: 'supplier', to_account: to, quantity, ...cause });
  };
  for (const { line_no, accepted, damaged, inspect } of lines) {
    enter(line_no, inspect ? 'quality_control' : 'sellable', accepted);
    enter(line_no, 'damaged', damaged);
  }
  const { sellable, quality_control, damaged } = quantities;
  // Said even when nothing stays here: suppliers wait for it (7.1, receiving).
  plan.say_of_item(id, {
    type: 'stock.received',
    data: {
      sku,
      location_id,
      receipt_id,
      po_id,
      quantity_sellable: sellable,
      quantity_quality_control: quality_control,
      quantity_damaged: damaged,
      levels: levels_of(item, plan.version(id)),
    },
  });
}

export const restock: Decides<Restock> = {
  touches: ({ order_id, cause_type, cause_id, kind, lines }) => [
    { kind: 'footprint', id: order_id },
    ...lines.map(line => ({ kind: 'booked' as const, id: booked_id(cause_type, `${cause_id}/${line.line_no}`, kind) })),
  ],
  then_touches: (command, view) =>
    item_refs(restocked(command, view('footprint', command.order_id)).map(({ sku, location_id }) => item_id(sku, location_id))),
  decide(command, view, given) {
    const plan = draft(view, given);
    const { cause_type, cause_id, kind, reason } = command;
    for (const [ordinal, { line, sku, location_id }] of restocked(command, view('footprint', command.order_id)).entries()) {
      const line_cause = `${cause_id}/${line.line_no}`;
      if (line.quantity === 0 || view('booked', booked_id(cause_type, line_cause, kind))) continue;
      const units = { from: 'customer' as const, to: account_of(line.condition), quantity: line.quantity };
      const about = {
        adjustment_id: given.id('adj', ordinal),
        kind,
        reason,
        condition: line.condition,
        actor: given.actor,
        moved_at: given.at,
      };
      move(plan, item_id(sku, location_id), units, { about, cause_type, cause_id: line_cause });
    }
    return plan.decision();
  },
};

/** Nobody said in what condition: not sold before somebody looked. */
function account_of(condition: 'sellable' | 'damaged' | null): StockAccount {
  return condition ?? 'quality_control';
}

type Adjusted = Extract<InventoryEvent, { type: 'stock.adjusted' }>['data'];

/** Units that go from one account to another. */
export interface Units {
  readonly from: StockAccount;
  readonly to: StockAccount;
  readonly quantity: number;
}
interface Why {
  readonly about: Pick<Adjusted, 'adjustment_id' | 'kind' | 'reason' | 'actor' | 'condition' | 'moved_at'>;
  readonly cause_type: 'return' | 'parcel' | 'adjustment';
  readonly cause_id: string;
}

/** One physical move: the event and its line in the ledger. */
export function move(plan: Draft, id: string, { from, to, quantity }: Units, { about, cause_type, cause_id }: Why): void {
  const item = plan.item(id);
  const { sku, location_id } = item;
  const levels = levels_of(moved(item, from, to, quantity), plan.version(id));
  plan.book({
    kind: about.kind,
    sku,
    location_id,
    from_account: from,
    to_account: to,
    quantity,
    cause_type,
    cause_id,
    reason: about.reason,
  });
  plan.say_of_item(id, {
    type: 'stock.adjusted',
    data: { sku, location_id, ...about, quantity, from_account: from, to_account: to, levels },
  });
}

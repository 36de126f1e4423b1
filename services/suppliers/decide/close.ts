/**
 * The end of a decision: what follows from the rows it changed. Which items are reviewed, which queues are pegged anew, when somebody
 * looks at an order again, which exceptions have gone.
 */
import { later } from '../../../platform/service.ts';
import { day_ms, type OpenLine, type SuppliersDecision, type SupplyItem } from '../model.ts';
import { expected_range, has_ended, type PurchaseOrder } from '../model_order.ts';
import { arm, type Draft, item_in, note_item, note_order, order_in, order_timer, peg_timer, review_timer } from './draft.ts';
import { settle_order_exceptions } from './exceptions.ts';
import { match_invoices } from './invoice.ts';
import { review_due } from './need.ts';

/** draft, approved, sent, cancelling (3.6). */
export const order_wait_ms = day_ms;

export function close_draft(draft: Draft): SuppliersDecision {
  for (const po_id of [...draft.now.purchase_order.keys()]) follow_order(draft, po_id);
  // Goods came in: inventory's answer decides who still waits (levels.ts).
  const goods_came = draft.facts.some(fact => fact.event.type === 'goods.received');
  for (const id of [...draft.now.supply_item.keys()]) follow_item(draft, id, !goods_came);
  const { facts, notes, timers, operations, records, settled } = draft;
  return { facts, notes, timers, operations, records, settled };
}

function follow_order(draft: Draft, po_id: string): void {
  const before = draft.view('purchase_order', po_id);
  match_invoices(draft, po_id);
  settle_order_exceptions(draft, po_id);
  const after = order_in(draft, po_id);
  const { at } = draft.given;
  if (has_ended(after)) {
    if (!has_ended(before)) note_order(draft, po_id, { closed_at: at });
    arm(draft, order_timer, po_id, null);
    return;
  }
  const moved = after.status !== before.status || expected_range(after).first !== expected_range(before).first;
  if (moved) arm(draft, order_timer, po_id, order_due(after, at));
}

/** When somebody looks at it again, if nothing happens before. */
export function order_due(order: PurchaseOrder, at: string): string {
  const { first } = expected_range(order);
  const awaits_goods = order.status === 'acknowledged' || order.status === 'partially_received';
  return awaits_goods && first !== null && first > at ? later(first, day_ms) : later(at, order_wait_ms);
}

function follow_item(draft: Draft, id: string, promises_moved: boolean): void {
  const before = draft.view('supply_item', id);
  const after = item_in(draft, id);
  const { at } = draft.given;
  const due_at = review_due(after, draft.settings, at);
  if (due_at !== undefined && (after.review_at === null || due_at < after.review_at)) {
    note_item(draft, id, { review_at: due_at });
    arm(draft, review_timer, id, due_at);
  }
  if (promises_moved && may_peg(before, after)) arm(draft, peg_timer, id, at);
}

/** Somebody may wait, and what could be promised is another. The queue of an item without a policy is not counted: it is looked at. */
function may_peg(before: SupplyItem, after: SupplyItem): boolean {
  if (after.policy && !before.policy) return true;
  if (after.policy && after.queued === 0) return false;
  return before.open_lines !== after.open_lines && promises_of(before.open_lines) !== promises_of(after.open_lines);
}

function promises_of(lines: readonly OpenLine[]): string {
  return lines
    .filter(line => line.expected_at !== null && !line.withdrawn)
    .map(line => `${line.expected_at} ${line.po_id} ${line.line_no} ${line.outstanding}`)
    .join();
}

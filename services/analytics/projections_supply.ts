/** What suppliers' events say of buying: policies, proposals, purchase orders and what came of them. */
import type { FactBatch } from './fact_batch.ts';
import type { Told } from './fact_shapes.ts';
import { po_cancellation, po_line, po_promise, proposal, purchase_order, receipt_line, reorder_policy } from './facts_supply.ts';
import { type Of, type Projections, raw_only } from './projection.ts';

type ProposalEvent = `replenishment.${'proposed' | 'revised' | 'superseded' | 'dismissed' | 'accepted'}`;
type Ending = 'purchase_order.closed' | 'purchase_order.cancelled';
type OrderEvent = `purchase_order.${
  | 'created'
  | 'approved'
  | 'sent'
  | 'send_failed'
  | 'outcome_unknown'
  | 'acknowledged'
  | 'rejected'
  | 'shipment_notified'
  | 'eta_changed'
  | 'invoiced'
  | 'cancellation_requested'
  | 'cancellation_refused'}`;

export const supplier_projections: Projections<
  ProposalEvent | OrderEvent | Ending | 'reorder_policy.changed' | 'backorder.pegged' | 'goods.received'
> = {
  'replenishment.proposed': (event, facts) => proposal_stands(event, facts, 'proposed', event.time),
  'replenishment.revised': (event, facts) => proposal_stands(event, facts, 'proposed'),
  'replenishment.superseded': (event, facts) => proposal_stands(event, facts, 'superseded'),
  'replenishment.dismissed': (event, facts) => proposal_stands(event, facts, 'dismissed'),
  'replenishment.accepted': (event, facts) => proposal_stands(event, facts, 'accepted'),
  'reorder_policy.changed': reorder_policy_changed,
  'backorder.pegged': raw_only,
  'purchase_order.created': purchase_order_created,
  'purchase_order.approved': (event, facts) => purchase_order_stands(event, facts, 'approved', { approved_at: event.time }),
  'purchase_order.sent': (event, facts) => purchase_order_stands(event, facts, 'sent', { sent_at: event.time }),
  'purchase_order.send_failed': raw_only,
  'purchase_order.outcome_unknown': raw_only,
  'purchase_order.acknowledged': (event, facts) => purchase_order_answered(event, facts, 'acknowledged', {}),
  'purchase_order.rejected': (event, facts) => purchase_order_answered(event, facts, 'rejected', { ended_at: event.time }),
  'purchase_order.shipment_notified': raw_only,
  'purchase_order.eta_changed': purchase_order_eta_changed,
  'goods.received': goods_received,
  'purchase_order.invoiced': raw_only,
  'purchase_order.closed': (event, facts) => purchase_order_ended(event, facts, 'closed'),
  'purchase_order.cancelled': (event, facts) => purchase_order_ended(event, facts, 'cancelled'),
  'purchase_order.cancellation_requested': (event, facts) => purchase_order_stands(event, facts, 'cancelling'),
  'purchase_order.cancellation_refused': (event, facts) => purchase_order_stands(event, facts, 'acknowledged'),
};

function proposal_stands({ data, sequence }: Of<ProposalEvent>, facts: FactBatch, status: string, proposed_at?: string): void {
  const { proposal_id, sku, location_id, supplier_id, quantity } = data;
  facts.put(proposal, { proposal_id, sku, location_id, supplier_id, proposed_at, sequence: sequence ?? 0, status, quantity });
}

function reorder_policy_changed({ data, sequence }: Of<'reorder_policy.changed'>, facts: FactBatch): void {
  const { sku, location_id, method, reorder_point, target, review_days, safety_days } = data;
  facts.put(reorder_policy, { sku, location_id, sequence: sequence ?? 0, method, reorder_point, target, review_days, safety_days });
}

function purchase_order_stands(
  { data, sequence }: Of<OrderEvent | Ending>,
  facts: FactBatch,
  status: string,
  told: Told<typeof purchase_order.shape> = {},
): void {
  facts.put(purchase_order, { po_id: data.po_id, ...told, sequence: sequence ?? 0, status });
}

function purchase_order_created(event: Of<'purchase_order.created'>, facts: FactBatch): void {
  const { po_id, supplier_id, location_id, currency, lines } = event.data;
  purchase_order_stands(event, facts, 'draft', { supplier_id, location_id, currency, created_at: event.time });
  for (const { line_no, sku, quantity, cost } of lines) facts.put(po_line, { po_id, line_no, sku, quantity, cost });
}

/** Quantities of an answer are absolute: the last one holds. */
function purchase_order_answered(
  event: Of<'purchase_order.acknowledged' | 'purchase_order.rejected'>,
  facts: FactBatch,
  status: string,
  told: Told<typeof purchase_order.shape>,
): void {
  purchase_order_stands(event, facts, status, told);
  const { po_id, lines } = event.data;
  for (const { line_no, rejected, promised_at } of lines) {
    facts.put(po_line, { po_id, line_no, sequence: event.sequence ?? 0, refused: rejected });
    if (typeof promised_at === 'string') facts.add(po_promise, { po_id, line_no, sequence: event.sequence, promised_at });
  }
}

function purchase_order_eta_changed({ data, sequence }: Of<'purchase_order.eta_changed'>, facts: FactBatch): void {
  for (const { line_no, new_at } of data.lines) facts.add(po_promise, { po_id: data.po_id, line_no, sequence, promised_at: new_at });
}

function goods_received({ data, sequence }: Of<'goods.received'>, facts: FactBatch): void {
  const { po_id, receipt_id, location_id, received_at } = data;
  for (const { line_no, sku, accepted, rejected, damaged, over, short } of data.lines) {
    const counted = { accepted, rejected, damaged, over, short };
    facts.add(receipt_line, { po_id, line_no, receipt_id, sequence, sku, location_id, received_at, ...counted });
  }
}

function purchase_order_ended(event: Of<Ending>, facts: FactBatch, status: string): void {
  purchase_order_stands(event, facts, status, { ended_at: event.time });
  const { po_id, reason, lines } = event.data;
  for (const { line_no, cancelled } of lines)
    facts.add(po_cancellation, { po_id, line_no, happened_at: event.time, quantity: cancelled, reason });
}

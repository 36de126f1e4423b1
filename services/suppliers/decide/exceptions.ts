/** What waits for a person (domain.md 0.4): raised once per reason, resolved by a person or when its cause has gone. */
import type { SuppliersEvent } from '../../../contracts/index.ts';
import { later } from '../../../platform/service.ts';
import type { SupplierFact } from '../channels/port.ts';
import type { ResolveException } from '../commands.ts';
import { day_ms, type SuppliersHandler } from '../model.ts';
import { expected_range, has_ended, type OpenException, type PurchaseOrder } from '../model_order.ts';
import { reject } from '../rejections.ts';
import { type Draft, item_in, order_in, say_of_item, say_of_order } from './draft.ts';

export type OrderException =
  | 'draft_overdue'
  | 'sending_overdue'
  | 'send_failed'
  | 'acknowledgment_overdue'
  | 'acknowledgment_to_decide'
  | 'cancellation_overdue'
  | 'cancellation_failed'
  | 'delivery_overdue'
  | 'approval_limit_exceeded'
  // Until a person has looked:
  | 'acknowledgment_wrong'
  | 'shipped_too_much'
  | 'unknown_line'
  | 'document_after_end'
  | 'cancellation_contradicted'
  | 'invoice_differs'
  | 'invoiced_too_much'
  | 'too_many_documents'
  | 'held_by_supplier'
  | 'differs_at_supplier'
  | 'order_unreadable'
  | 'receipt_overdue'
  | 'invoice_unreadable'
  | 'invoice_twice'
  | 'invoice_charges'
  | 'invoice_before_goods';
export type InterchangeException = 'transmission_unreadable' | 'document_unreadable' | 'unknown_partner' | 'interchange_number_reused';
type ItemException = 'no_supplier' | 'refused_by_supplier';
type StrayException = 'unknown_purchase_order';
export type ExceptionReason = OrderException | ItemException | StrayException | InterchangeException;

/** Who looks, and within how many days. */
const owners: Readonly<Record<ExceptionReason, { readonly owner: string; readonly days: number }>> = {
  draft_overdue: { owner: 'purchasing', days: 1 },
  sending_overdue: { owner: 'operator', days: 1 },
  send_failed: { owner: 'purchasing', days: 1 },
  acknowledgment_overdue: { owner: 'purchasing', days: 1 },
  acknowledgment_to_decide: { owner: 'purchasing', days: 1 },
  cancellation_overdue: { owner: 'purchasing', days: 1 },
  cancellation_failed: { owner: 'purchasing', days: 1 },
  delivery_overdue: { owner: 'purchasing', days: 2 },
  approval_limit_exceeded: { owner: 'purchasing', days: 1 },
  acknowledgment_wrong: { owner: 'purchasing', days: 2 },
  shipped_too_much: { owner: 'warehouse', days: 2 },
  unknown_line: { owner: 'purchasing', days: 2 },
  document_after_end: { owner: 'purchasing', days: 1 },
  cancellation_contradicted: { owner: 'purchasing', days: 1 },
  invoice_differs: { owner: 'purchasing', days: 7 },
  invoiced_too_much: { owner: 'purchasing', days: 7 },
  too_many_documents: { owner: 'operator', days: 2 },
  differs_at_supplier: { owner: 'purchasing', days: 1 },
  held_by_supplier: { owner: 'purchasing', days: 2 },
  order_unreadable: { owner: 'operator', days: 1 },
  receipt_overdue: { owner: 'operator', days: 1 },
  invoice_unreadable: { owner: 'purchasing', days: 7 },
  invoice_twice: { owner: 'purchasing', days: 7 },
  invoice_charges: { owner: 'purchasing', days: 7 },
  invoice_before_goods: { owner: 'warehouse', days: 7 },
  transmission_unreadable: { owner: 'operator', days: 1 },
  document_unreadable: { owner: 'operator', days: 1 },
  unknown_partner: { owner: 'operator', days: 1 },
  interchange_number_reused: { owner: 'operator', days: 1 },
  no_supplier: { owner: 'purchasing', days: 2 },
  refused_by_supplier: { owner: 'purchasing', days: 1 },
  unknown_purchase_order: { owner: 'purchasing', days: 2 },
};

const detail_length_max = 1_000;

type Raised = Extract<SuppliersEvent, { type: 'exception.raised' }>;

export function raised(draft: Draft, subject: string, reason: ExceptionReason, detail: string): Raised {
  const { owner, days } = owners[reason];
  const deadline = later(draft.given.at, days * day_ms);
  return {
    type: 'exception.raised',
    data: { exception_id: draft.new_id('exc'), subject, reason, owner, deadline, detail: detail.slice(0, detail_length_max) },
  };
}
export function resolved(subject: string, open: OpenException, note: string): SuppliersEvent {
  return { type: 'exception.resolved', data: { ...open, subject, note } };
}

/** Once per reason as long as it is open. */
export function raise_of_order(draft: Draft, po_id: string, reason: OrderException, detail: string): void {
  if (order_in(draft, po_id).exceptions.some(open => open.reason === reason)) return;
  say_of_order(draft, po_id, raised(draft, po_id, reason, detail));
}
export function raise_of_item(draft: Draft, id: string, reason: ItemException, detail: string): void {
  if (item_in(draft, id).exceptions.some(open => open.reason === reason)) return;
  say_of_item(draft, id, raised(draft, id, reason, detail), id);
}
export function settle_item_exception(draft: Draft, id: string, reason: ItemException): void {
  const open = item_in(draft, id).exceptions.find(one => one.reason === reason);
  if (open !== undefined) say_of_item(draft, id, resolved(id, open, cause_gone), id);
}

const cause_gone = 'Its cause has gone.';

/** Tells of those whose cause the decision has taken away. */
export function settle_order_exceptions(draft: Draft, po_id: string): void {
  const order = order_in(draft, po_id);
  for (const open of order.exceptions) {
    if (has_gone(order, open.reason, draft.given.at)) say_of_order(draft, po_id, resolved(po_id, open, cause_gone));
  }
}

function has_gone(order: PurchaseOrder, reason: string, at: string): boolean {
  const { status } = order;
  switch (reason) {
    case 'draft_overdue':
    case 'approval_limit_exceeded':
      return status !== 'draft';
    case 'sending_overdue':
      return status !== 'approved';
    case 'send_failed':
      return status !== 'approved' || order.sending !== 'failed';
    case 'acknowledgment_overdue':
      return status !== 'sent';
    case 'acknowledgment_to_decide':
      return order.pending_acknowledgment === null;
    case 'cancellation_overdue':
      return status !== 'cancelling';
    case 'cancellation_failed':
      return status !== 'cancelling' || order.cancelling !== 'failed';
    case 'delivery_overdue':
      return !is_overdue(order, at);
    case 'receipt_overdue':
      return order.receipt !== 'awaited';
    case 'invoice_before_goods':
      return !order.invoices.some(invoice => invoice.state === 'waits');
    default:
      return false;
  }
}

/** A day after the first of what is outstanding was expected. */
export function is_overdue(order: PurchaseOrder, at: string): boolean {
  const { first } = expected_range(order);
  const awaited = order.status === 'acknowledged' || order.status === 'partially_received';
  return awaited && first !== null && later(first, day_ms) <= at;
}

/** Goods or bills for what should not come any more. */
export function document_after_end(draft: Draft, po_id: string, { kind, document_ref }: SupplierFact): void {
  const order = order_in(draft, po_id);
  if (!has_ended(order) && order.status !== 'draft') return;
  raise_of_order(draft, po_id, 'document_after_end', `A ${kind} (${document_ref}) came while the order was ${order.status}.`);
}

export const resolve_exception: SuppliersHandler<ResolveException> = {
  touches: ({ subject }) => [subject_ref(subject)],
  decide({ exception_id, subject, note }, view) {
    const ref = subject_ref(subject);
    const open = view(ref.kind, subject).exceptions.find(exception => exception.exception_id === exception_id);
    if (open === undefined) return reject('not_found', 'No such exception is open.');
    return { facts: [{ event: resolved(subject, open, note), key: subject, subject: ref }] };
  },
};

/** A supply item's id has an `@`, an interchange's and a stray document's have their own prefixes; all others are purchase orders. */
function subject_ref(subject: string) {
  if (subject.includes('@')) return { kind: 'supply_item' as const, id: subject };
  if (subject.startsWith('int_')) return { kind: 'interchange' as const, id: subject };
  if (subject.startsWith('doc_')) return { kind: 'stray_document' as const, id: subject };
  return { kind: 'purchase_order' as const, id: subject };
}

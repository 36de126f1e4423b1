/**
 * What suppliers say (domain.md 3.5): acknowledgments, ship notices, dates, invoices, answers to a cancellation. By reply, document or
 * our own question alike; each document counts once, and the order of arrival decides nothing.
 */
import { unreachable } from '../../../platform/service.ts';
import type { SupplierFact } from '../channels/port.ts';
import type { RecordSupplierFact } from '../commands.ts';
import type { StrayDocument, SuppliersDecision, SuppliersHandler, SuppliersSettings, SuppliersView } from '../model.ts';
import {
  documents_max,
  expected_of,
  is_outstanding,
  is_underway,
  last_expected,
  line_of,
  outstanding,
  reference_length_max,
} from '../model_order.ts';
import { take_acknowledgment } from './acknowledgment.ts';
import { close_draft } from './close.ts';
import { arm, type Draft, note_order, nothing, open_draft, order_in, receive_timer, say_of_order } from './draft.ts';
import { document_after_end, raise_of_order, raised } from './exceptions.ts';
import { take_invoice } from './invoice.ts';
import { order_refs, say_cancelled, say_sent } from './purchase_orders.ts';

type FactOf<K extends SupplierFact['kind']> = Extract<SupplierFact, { kind: K }>;

export function fact_handlers(settings: SuppliersSettings) {
  return { record_supplier_fact: record_supplier_fact(settings) };
}

function record_supplier_fact(settings: SuppliersSettings): SuppliersHandler<RecordSupplierFact> {
  return {
    touches: ({ po_id, stray_id }) => [
      { kind: 'purchase_order', id: po_id },
      { kind: 'stray_document', id: stray_id },
    ],
    then_touches: ({ po_id }, view) => order_refs(view('purchase_order', po_id)),
    decide(command, view, given) {
      const draft = open_draft(view, given, settings);
      if (order_in(draft, command.po_id).status === 'new') return keep_stray(draft, view, command);
      record_fact(draft, command.po_id, command.fact);
      return close_draft(draft);
    },
  };
}

/** About an order that is not ours: kept once, for a person. */
function keep_stray(draft: Draft, view: SuppliersView, { stray_id, po_id, fact }: RecordSupplierFact): SuppliersDecision {
  if (view('stray_document', stray_id).document_ref !== '') return nothing;
  const detail = `A ${fact.kind} (${fact.document_ref}) names ${po_id}, which is no purchase order of ours.`;
  const event = raised(draft, stray_id, 'unknown_purchase_order', detail);
  const subject = { kind: 'stray_document', id: stray_id } as const;
  const { document_ref, kind } = fact;
  return {
    facts: [{ event, key: stray_id, subject }],
    notes: [{ ...subject, change: (stray: StrayDocument) => ({ ...stray, document_ref, po_id, kind }) }],
  };
}

export function record_fact(draft: Draft, po_id: string, fact: SupplierFact): void {
  const order = order_in(draft, po_id);
  const names = names_of(fact);
  if (order.documents.includes(fact.document_ref)) return;
  if (names.some(name => order.documents.includes(name))) {
    // The same notice again is no news; the same bill again asks for money again.
    note_order(draft, po_id, { documents: [...order.documents, fact.document_ref].slice(-2 * documents_max) });
    if (fact.kind === 'invoice') raise_of_order(draft, po_id, 'invoice_twice', `${fact.invoice_ref} came again as ${fact.document_ref}.`);
    return;
  }
  if (order.documents.length >= documents_max) {
    const detail = `More than ${documents_max} documents came; ${fact.document_ref} was not read.`;
    raise_of_order(draft, po_id, 'too_many_documents', detail);
    return;
  }
  note_order(draft, po_id, { documents: [...order.documents, ...names] });
  if (order.status === 'approved') prove_sent(draft, po_id);
  const waits = order.status === 'cancelling' && fact.kind !== 'cancellation_answer';
  if (waits) note_order(draft, po_id, { held: [...order_in(draft, po_id).held, fact] });
  else take_fact(draft, po_id, fact);
}

/** A notice or invoice may be written again under another document reference: it is the same one. */
function names_of(fact: SupplierFact): readonly string[] {
  if (fact.kind === 'ship_notice') return [fact.document_ref, `notice ${fact.notice_ref}`];
  return fact.kind === 'invoice' ? [fact.document_ref, `invoice ${fact.invoice_ref}`] : [fact.document_ref];
}

/** Whoever writes about an order has it, whatever became of our call. */
function prove_sent(draft: Draft, po_id: string): void {
  const { send_op_id } = order_in(draft, po_id);
  say_sent(draft, po_id, null);
  if (send_op_id !== null) draft.settled.push({ op_id: send_op_id, state: 'succeeded' });
}

function take_fact(draft: Draft, po_id: string, fact: SupplierFact): void {
  switch (fact.kind) {
    case 'acknowledgment':
      take_acknowledgment(draft, po_id, fact);
      break;
    case 'ship_notice':
      take_ship_notice(draft, po_id, fact);
      break;
    case 'eta':
      take_dates(draft, po_id, fact);
      break;
    case 'invoice':
      take_invoice(draft, po_id, fact);
      break;
    case 'cancellation_answer':
      take_cancellation_answer(draft, po_id, fact);
      break;
    default:
      unreachable(fact);
  }
}

/** Units that are announced are in transit; a notice of more, or of what we did not order, is a person's. */
function take_ship_notice(draft: Draft, po_id: string, fact: FactOf<'ship_notice'>): void {
  const order = order_in(draft, po_id);
  if (!is_underway(order)) {
    document_after_end(draft, po_id, fact);
    return;
  }
  const unknown = fact.lines.filter(told => line_of(order, told.line_no) === undefined);
  if (unknown.length > 0)
    raise_of_order(draft, po_id, 'unknown_line', `${fact.notice_ref} names line ${unknown.map(line => line.line_no).join(', ')}.`);
  const lines = fact.lines.flatMap(({ line_no, quantity }) => {
    const line = line_of(order, line_no);
    const room = line === undefined ? 0 : outstanding(line) - line.in_transit;
    return line === undefined || room <= 0 || quantity === 0 ? [] : [{ line_no, sku: line.sku, quantity: Math.min(quantity, room) }];
  });
  const announced = fact.lines.reduce((sum, line) => sum + (line_of(order, line.line_no) === undefined ? 0 : line.quantity), 0);
  const taken = lines.reduce((sum, line) => sum + line.quantity, 0);
  if (announced > taken) {
    raise_of_order(draft, po_id, 'shipped_too_much', `${fact.notice_ref} announces ${announced} units, ${taken} of them are outstanding.`);
  }
  if (lines.length === 0) return;
  const notice_id = draft.new_id('asn');
  const { expected_at, notice_ref } = fact;
  const tracking_number = fact.tracking_number?.slice(0, reference_length_max) ?? null;
  say_of_order(draft, po_id, { type: 'purchase_order.shipment_notified', data: { po_id, notice_id, expected_at, tracking_number, lines } });
  draft.records.push({
    table: 'ship_notice',
    row: { id: notice_id, po_id, notice_ref, expected_at, tracking_number, lines, noticed_at: draft.given.at },
  });
  if (draft.settings.auto_receive === true) arm(draft, receive_timer, `${po_id} ${notice_id}`, expected_at);
  // A line takes the date of the notice that brings the last of it.
  const whole = lines.filter(({ line_no }) => {
    const line = line_of(order_in(draft, po_id), line_no);
    return line !== undefined && line.in_transit === outstanding(line);
  });
  move_dates(
    draft,
    po_id,
    'ship_notice',
    whole.map(({ line_no }) => ({ line_no, new_at: expected_at })),
  );
}

function take_dates(draft: Draft, po_id: string, { cause, lines }: FactOf<'eta'>): void {
  if (is_underway(order_in(draft, po_id))) move_dates(draft, po_id, cause, lines);
}

function move_dates(draft: Draft, po_id: string, cause: string, told: FactOf<'eta'>['lines']): void {
  const order = order_in(draft, po_id);
  const lines = told.flatMap(({ line_no, new_at }) => {
    const line = line_of(order, line_no);
    if (line === undefined || !is_outstanding(line)) return [];
    const old_at = expected_of(order, line);
    return old_at === new_at ? [] : [{ line_no, old_at, new_at }];
  });
  if (lines.length === 0) return;
  const expected_at = last_expected(order, lines);
  say_of_order(draft, po_id, { type: 'purchase_order.eta_changed', data: { po_id, cause, lines, expected_at } });
}

function take_cancellation_answer(draft: Draft, po_id: string, { answer, reason }: FactOf<'cancellation_answer'>): void {
  const order = order_in(draft, po_id);
  if (order.status === 'cancelling') {
    if (order.cancel_op_id !== null) draft.settled.push({ op_id: order.cancel_op_id, state: answer === 'agreed' ? 'succeeded' : 'failed' });
    answer_cancellation(draft, po_id, answer, reason ?? answer);
  } else if (answer === 'agreed' && is_underway(order)) {
    raise_of_order(draft, po_id, 'cancellation_contradicted', 'The supplier says that it is cancelled. Cancel it, or close it, if so.');
  }
}

export function answer_cancellation(draft: Draft, po_id: string, answer: 'agreed' | 'refused', reason: string): void {
  const { held } = order_in(draft, po_id);
  if (answer === 'agreed') say_cancelled(draft, po_id, reason);
  else {
    const lines = order_in(draft, po_id).lines.map(({ line_no }) => ({ line_no, cancelled: 0 }));
    say_of_order(draft, po_id, { type: 'purchase_order.cancellation_refused', data: { po_id, reason, lines } });
  }
  note_order(draft, po_id, { held: [] });
  for (const fact of held) take_fact(draft, po_id, fact);
}

/** The supplier's answer to an order, line by line; a price beyond tolerance or a substitute waits for a person (domain.md 3.5). */
import type { PurchaseOrderAcknowledged } from '../../../contracts/index.ts';
import type { AcknowledgedLine } from '../channels/port.ts';
import type { DecideAcknowledgment } from '../commands.ts';
import type { Supplier, SuppliersHandler, SuppliersSettings } from '../model.ts';
import {
  type AcknowledgmentFact,
  dearest,
  is_outstanding,
  last_expected,
  line_of,
  outstanding,
  type PurchaseOrder,
  reference_length_max,
  total_of,
} from '../model_order.ts';
import { reject } from '../rejections.ts';
import { close_draft } from './close.ts';
import { type Draft, note_order, open_draft, order_in, say_of_order } from './draft.ts';
import { raise_of_order } from './exceptions.ts';
import { cancel, known_order, order_touches, wrong_state } from './purchase_orders.ts';
import { note_answer } from './refusals.ts';

/** Newer than what is known, or it changes nothing. */
export function take_acknowledgment(draft: Draft, po_id: string, fact: AcknowledgmentFact): void {
  const order = order_in(draft, po_id);
  if (order.status !== 'sent' && order.status !== 'acknowledged') return;
  if (fact.ack_no <= Math.max(order.ack_no, order.pending_acknowledgment?.ack_no ?? 0)) return;
  const wrong = what_is_wrong(order, fact);
  const questions = what_to_decide(order, fact, draft.view('supplier', order.supplier_id));
  if (wrong !== undefined) {
    raise_of_order(draft, po_id, 'acknowledgment_wrong', `${fact.document_ref}: ${wrong}`);
  } else if (questions.length > 0) {
    note_order(draft, po_id, { pending_acknowledgment: fact });
    raise_of_order(draft, po_id, 'acknowledgment_to_decide', questions.join('; '));
  } else {
    apply(draft, po_id, fact);
  }
}

function what_is_wrong(order: PurchaseOrder, { lines }: AcknowledgmentFact): string | undefined {
  for (const told of lines) {
    const line = line_of(order, told.line_no);
    if (line === undefined) return `there is no line ${told.line_no}`;
    if (told.cost !== undefined && told.cost < 0) return `line ${told.line_no} costs less than nothing`;
    const answered = told.confirmed + told.backordered + told.rejected;
    if (answered > line.quantity) return `line ${told.line_no} answers for ${answered} of ${line.quantity} units`;
    if (told.rejected - line.refused > outstanding(line) - line.in_transit) return `line ${told.line_no} rejects what is in transit`;
  }
  const costs = new Map(lines.map(line => [line.line_no, line.cost]));
  const priced = order.lines.map(({ line_no, quantity, cost }) => ({ quantity, cost: costs.get(line_no) ?? cost }));
  return total_of(priced) > BigInt(Number.MAX_SAFE_INTEGER) ? 'its total is beyond what a number can carry exactly' : undefined;
}

function what_to_decide(
  order: PurchaseOrder,
  { lines, questions = [] }: AcknowledgmentFact,
  supplier: Supplier | undefined,
): readonly string[] {
  const of_lines = lines.flatMap(({ line_no, cost, substitute_sku }) => {
    const line = line_of(order, line_no);
    if (line === undefined) return [];
    if (substitute_sku !== undefined) return [`line ${line_no}: ${substitute_sku} instead of ${line.supplier_sku}`];
    return cost !== undefined && cost > dearest(line.cost, supplier) ? [`line ${line_no}: ${cost} instead of ${line.cost}`] : [];
  });
  return [...of_lines, ...questions];
}

/** No line is left: the supplier delivers nothing of it. */
function apply(draft: Draft, po_id: string, { ack_no, lines: told }: Pick<AcknowledgmentFact, 'ack_no' | 'lines'>): void {
  const order = order_in(draft, po_id);
  const lines = told.map(line => told_line(order, line));
  const refused = new Map(lines.map(line => [line.line_no, line.rejected]));
  const left = order.lines.some(line => outstanding(line) + line.refused - (refused.get(line.line_no) ?? line.refused) > 0);
  const moved = lines.map(({ line_no, promised_at }) => ({ line_no, new_at: promised_at ?? null }));
  const data = { po_id, ack_no, lines, expected_at: last_expected(order, moved) };
  say_of_order(draft, po_id, { type: left ? 'purchase_order.acknowledged' : 'purchase_order.rejected', data });
  note_order(draft, po_id, { pending_acknowledgment: null });
  note_answer(
    draft,
    order,
    lines.map(({ line_no, confirmed, backordered, rejected }) => ({ line_no, units: confirmed + backordered, rejected })),
  );
}

type ToldLine = PurchaseOrderAcknowledged['data']['lines'][number];

function told_line(order: PurchaseOrder, told: AcknowledgedLine): ToldLine {
  const line = line_of(order, told.line_no);
  const { line_no, confirmed, backordered, cost, substitute_sku, promised_at } = told;
  const refused = line?.refused ?? 0;
  // What was refused once stays refused, and what was announced while a person decided is not.
  const rejected = line === undefined ? 0 : Math.min(told.rejected, refused + outstanding(line) - line.in_transit);
  return {
    line_no,
    confirmed,
    backordered,
    rejected: Math.max(refused, rejected),
    ...(cost !== undefined && cost !== line?.cost ? { cost } : {}),
    ...(substitute_sku === undefined ? {} : { substitute_sku: substitute_sku.slice(0, reference_length_max) }),
    ...(promised_at === undefined ? {} : { promised_at }),
  };
}

export function acknowledgment_handlers(settings: SuppliersSettings) {
  return { decide_acknowledgment: decide_acknowledgment(settings) };
}

function decide_acknowledgment(settings: SuppliersSettings): SuppliersHandler<DecideAcknowledgment> {
  return {
    ...order_touches,
    decide(command, view, given) {
      const refused = known_order(view, command);
      if (refused !== undefined) return refused;
      const { po_id, decision } = command;
      const draft = open_draft(view, given, settings);
      const order = order_in(draft, po_id);
      const { pending_acknowledgment: pending } = order;
      if (pending !== null && decision === 'accept') apply(draft, po_id, without_substitutes(order, pending));
      else if (pending !== null) {
        // Who does not take the supplier's answer takes the order back; the supplier has the last word.
        const rejection = cancel(draft, po_id, 'acknowledgment_refused');
        if (rejection !== undefined) return rejection;
      } else if (order.channel === 'manual' && order.status === 'sent') apply(draft, po_id, by_person(order, decision));
      else if (order.status === 'sent') return reject('invalid_transition', 'Nothing waits for a decision: the supplier has not answered.');
      else return wrong_state(order, 'acknowledged');
      return close_draft(draft);
    },
  };
}

/** Substitutes cannot be bought under another SKU yet: taken, the answer means that the line does not come. */
function without_substitutes(order: PurchaseOrder, { ack_no, lines }: AcknowledgmentFact): Pick<AcknowledgmentFact, 'ack_no' | 'lines'> {
  return {
    ack_no,
    lines: lines.map(told => {
      const line = line_of(order, told.line_no);
      if (told.substitute_sku === undefined || line === undefined) return told;
      const { line_no, substitute_sku } = told;
      return { line_no, confirmed: 0, backordered: 0, rejected: line.refused + outstanding(line) - line.in_transit, substitute_sku };
    }),
  };
}

/** Channel `manual`: a person says what the supplier said, for the whole order. */
function by_person(order: PurchaseOrder, decision: 'accept' | 'refuse'): Pick<AcknowledgmentFact, 'ack_no' | 'lines'> {
  const promised = order.expected_at === null ? {} : { promised_at: order.expected_at };
  const lines = order.lines.filter(is_outstanding).map(line => {
    const units = outstanding(line);
    return decision === 'accept'
      ? { line_no: line.line_no, confirmed: units, backordered: 0, rejected: 0, ...promised }
      : { line_no: line.line_no, confirmed: 0, backordered: 0, rejected: units + line.refused };
  });
  return { ack_no: order.ack_no + 1, lines };
}

/** Calls to suppliers: what is asked, and what their outcomes become. */
import { instant, type Operation, type Outcome, type Row, unreachable } from '../../platform/service.ts';
import type { CancelOrder, ListedOrder, SendOrder, SupplierFact } from './channels/port.ts';
import type { SuppliersCommand } from './commands.ts';
import { read_inbound } from './inbound.ts';
import type { PurchaseOrder } from './model_order.ts';
import { is_partner_channel } from './model_partners.ts';

/** The supplier knows where we are by our location's code: addresses are inventory's, and no event tells them. */
export function send_order_request(order: PurchaseOrder, at: string): Row {
  const request: SendOrder = {
    po_id: order.po_id,
    supplier_code: order.supplier_id,
    reference: order.po_id,
    currency: order.currency,
    location: { code: order.location_id },
    lines: order.lines.map(({ line_no, supplier_sku, sku, quantity, cost }) => ({ line_no, supplier_sku, sku, quantity, cost })),
    requested_at: at,
  };
  return { ...request };
}

export function cancel_order_request({ po_id }: PurchaseOrder): Row {
  const request: CancelOrder = { po_id, reference: po_id };
  return { ...request };
}

function heard(type: 'record_sending' | 'record_cancelling') {
  return (operation: Operation, outcome: Outcome): SuppliersCommand => {
    if (outcome.outcome === 'retryable') throw new Error('a retryable outcome is the runner’s');
    return { type, po_id: operation.subject, op_id: operation.op_id, outcome };
  };
}

/** A look that found something has its file in it: read here, so that the decision has documents. */
function collected(operation: Operation, outcome: Outcome): SuppliersCommand {
  const { op_id, provider: channel } = operation;
  if (!is_partner_channel(channel)) throw new Error(`nobody looks at ${channel}`);
  const [file] = outcome.outcome === 'ok' && Array.isArray(outcome.value['facts']) ? (outcome.value['facts'] as readonly Row[]) : [];
  const name = text_in(file, 'name');
  const raw = text_in(file, 'raw');
  const interchanges = raw === null ? [] : read_inbound(Buffer.from(raw, 'base64'));
  // What became of a look nobody knows is asked again by the runner; then it looks anew.
  const ended = outcome.outcome === 'unknown' || outcome.outcome === 'pending' ? 'waits' : outcome.outcome === 'ok' ? 'done' : 'failed';
  return { type: 'note_collected', channel, op_id, outcome: ended, name, interchanges };
}

/** The channel has checked every row. */
function reconciled({ op_id, requested_at: asked_at }: Operation, outcome: Outcome): SuppliersCommand {
  const listed = outcome.outcome === 'ok' && Array.isArray(outcome.value['facts']) ? outcome.value['facts'] : [];
  const whole = outcome.outcome === 'ok' && outcome.value['whole'] === true;
  const ended = outcome.outcome === 'unknown' || outcome.outcome === 'pending' ? 'waits' : outcome.outcome === 'ok' ? 'done' : 'failed';
  return {
    type: 'note_reconciled',
    channel: 'rest',
    op_id,
    asked_at: instant(asked_at),
    outcome: ended,
    whole,
    orders: listed as unknown as readonly ListedOrder[],
  };
}

export const outcomes = {
  send_order: heard('record_sending'),
  cancel_order: heard('record_cancelling'),
  collect: collected,
  reconcile: reconciled,
  send_reply: (): SuppliersCommand => ({ type: 'note_reply_sent' }),
};

/** What the channel found when it asked: made by the channels' own `read_document`, which has checked every field. */
export function facts_in(value: Row): readonly SupplierFact[] {
  const facts = Array.isArray(value['facts']) ? (value['facts'] as unknown as readonly SupplierFact[]) : [];
  return facts.filter(is_storable);
}

/** Years outside are a mistake, and PostgreSQL and JavaScript write them differently. Those of more digits begin with a sign, which sorts before all. */
const date_min = '0001';
const date_max = '9000';
const is_date_in_bounds = (date: string) => date >= date_min && date <= date_max;

/** NUL and half characters are JSON, but no text that PostgreSQL keeps. JSON.stringify writes both as escapes. */
export function is_storable(fact: SupplierFact): boolean {
  if (!dates_in(fact).every(is_date_in_bounds)) return false;
  return !/\\u(?:0000|d[89a-f][0-9a-f]{2})/i.test(JSON.stringify(fact));
}

function dates_in(fact: SupplierFact): readonly string[] {
  switch (fact.kind) {
    case 'acknowledgment':
      return fact.lines.flatMap(line => line.promised_at ?? []);
    case 'ship_notice':
      return [fact.expected_at];
    case 'eta':
      return fact.lines.map(line => line.new_at);
    case 'invoice':
    case 'cancellation_answer':
      return [];
    default:
      return unreachable(fact);
  }
}

/** In the one form of ours; null when it is no date. */
export function instant_in(value: Row, field: string): string | null {
  const time = Date.parse(text_in(value, field) ?? '');
  const at = Number.isNaN(time) ? null : new Date(time).toISOString();
  return at === null || !is_date_in_bounds(at) ? null : at;
}

export function text_in(value: Row | undefined, field: string): string | null {
  const text = value?.[field];
  return typeof text === 'string' ? text : null;
}

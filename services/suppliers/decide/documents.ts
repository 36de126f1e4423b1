/**
 * What a trade document (channels/trade.ts) says of an order: lines are found by their codes, or else by their numbers, quantities that were left out are
 * those of the order, decimals become its minor units. What cannot be told, a person is asked; nothing is guessed into a number.
 */
import { money_in } from '../channels/amounts.ts';
import type { AcknowledgedLine, SupplierFact } from '../channels/port.ts';
import type { Answered, DocumentOf, NamedItem, ResponseLine, TradeDocument } from '../channels/trade.ts';
import { is_outstanding, line_of, type PurchaseOrder, type PurchaseOrderLine } from '../model_order.ts';
import type { OrderException } from './exceptions.ts';

export interface Meaning {
  readonly fact?: SupplierFact;
  readonly troubles: readonly { readonly reason: OrderException; readonly detail: string }[];
}

export function meaning_of(order: PurchaseOrder, document: Exclude<TradeDocument, { kind: 'receipt' }>, at: string): Meaning {
  if (document.kind === 'response') return response(order, document, at);
  return document.kind === 'despatch' ? despatch(order, document, at) : bill(order, document);
}

/** A code names a line for certain; a number only says where it stood in somebody's list. */
export function named_line(order: PurchaseOrder, { line_no, codes }: NamedItem): PurchaseOrderLine | undefined {
  const coded = order.lines.filter(line => codes.includes(line.supplier_sku) || codes.includes(line.sku));
  const numbered = line_no === undefined ? undefined : line_of(order, line_no);
  if (coded.length > 0) return coded.find(line => line === numbered) ?? coded[0];
  return numbered;
}
function shown_item({ line_no, codes }: NamedItem): string {
  return [line_no === undefined ? [] : [`line ${line_no}`], codes.slice(0, 3)].flat().join(' ') || 'a line without a name';
}

// --- responses

const minute_ms = 60_000;

function response(order: PurchaseOrder, document: DocumentOf<'response'>, at: string): Meaning {
  const { document_ref, verdict, code, currency, promised_at } = document;
  const about = { document_ref, po_id: order.po_id };
  const troubles: { reason: OrderException; detail: string }[] = [];
  const questions: string[] = [];
  if (verdict === 'hold') return { troubles: [{ reason: 'held_by_supplier', detail: `${document_ref}: ${code}, the order is on hold.` }] };
  if (verdict === 'unknown') questions.push(`${code} is an answer that is not known here`);
  if (verdict === 'counter_offer') questions.push(`${code}: a counter-offer`);
  if (currency !== undefined && currency !== order.currency) questions.push(`prices are in ${currency}, not in ${order.currency}`);
  const lines = new Map<number, AcknowledgedLine>();
  const every = (units_of: (line: PurchaseOrderLine) => Omit<AcknowledgedLine, 'line_no'>) => {
    for (const line of order.lines) lines.set(line.line_no, { line_no: line.line_no, ...units_of(line) });
  };
  if (verdict === 'accept' || verdict === 'exceptions')
    every(({ quantity }) => ({ confirmed: quantity, backordered: 0, rejected: 0, ...(promised_at !== undefined && { promised_at }) }));
  if (verdict === 'reject') every(({ quantity }) => ({ confirmed: 0, backordered: 0, rejected: quantity }));
  for (const told of verdict === 'reject' ? [] : document.lines) {
    const line = named_line(order, told.item);
    if (line === undefined) troubles.push({ reason: 'unknown_line', detail: `${document_ref} names ${shown_item(told.item)}.` });
    else if (told.answers.some(({ answer }) => answer === 'hold')) {
      lines.delete(line.line_no);
      troubles.push({ reason: 'held_by_supplier', detail: `${document_ref}: line ${line.line_no} is on hold (${codes_of(told)}).` });
    } else if (told.answers.length > 0) lines.set(line.line_no, acknowledged(line, told, order.currency, questions));
  }
  if (lines.size === 0 && questions.length === 0) return { troubles };
  const ack_no = next_ack_no(order, document.issued_at ?? at);
  return {
    troubles,
    fact: { ...about, kind: 'acknowledgment', ack_no, lines: [...lines.values()], ...(questions.length > 0 && { questions }) },
  };
}

/**
 * X12 counts no acknowledgments: their dates do, in minutes, and among those of one minute the order of arrival. A document that is older than what
 * is known has a smaller number, and changes nothing.
 */
function next_ack_no({ ack_no, pending_acknowledgment }: PurchaseOrder, issued_at: string): number {
  const known = Math.max(ack_no, pending_acknowledgment?.ack_no ?? 0);
  const number = Math.max(1, Math.floor(Date.parse(issued_at) / minute_ms));
  return number === known || is_same_day(number, known) ? known + 1 : number;
}
const minutes_a_day = 1_440;
/** Dates of most partners have no time: two of one day are in the order in which they came. */
function is_same_day(a: number, b: number): boolean {
  return Math.floor(a / minutes_a_day) === Math.floor(b / minutes_a_day);
}

function codes_of({ answers }: ResponseLine): string {
  return answers.map(({ code }) => code).join(', ');
}

function acknowledged(line: PurchaseOrderLine, told: ResponseLine, currency: string, questions: string[]): AcknowledgedLine {
  const { line_no } = line;
  const counts = { confirmed: 0, backordered: 0, rejected: 0 };
  const named = told.answers.reduce((sum, { answer, quantity }) => sum + (answer === 'reject' ? 0 : (quantity ?? 0)), 0);
  // What no quantity speaks of: one answer without a quantity means all of it.
  let rest = Math.max(0, line.quantity - named);
  const rest_of = () => {
    const units = rest;
    rest = 0;
    return units;
  };
  let substitute: string | undefined;
  for (const one of told.answers) {
    count(counts, one, rest_of);
    if (one.answer === 'substitute') substitute = one.substitute ?? 'another item';
    if (one.answer === 'price_pending') questions.push(`line ${line_no}: its price is pending (${one.code})`);
    if (one.answer === 'change') questions.push(`line ${line_no}: changed (${one.code})`);
    if (one.answer === 'unknown') questions.push(`line ${line_no}: ${one.code} is an answer that is not known here`);
    if (one.answer === 'price' && told.price === undefined) questions.push(`line ${line_no}: another price that is not told`);
  }
  const cost = told.price === undefined ? undefined : money_in(told.price, currency);
  if (told.price !== undefined && cost === undefined) questions.push(`line ${line_no}: ${told.price} is no price in ${currency}`);
  const last = told.answers
    .flatMap(({ answer, promised_at }) => (answer === 'reject' || promised_at === undefined ? [] : [promised_at]))
    .sort()
    .at(-1);
  return {
    line_no,
    ...counts,
    ...(cost !== undefined && { cost }),
    ...(substitute !== undefined && { substitute_sku: substitute }),
    ...(last !== undefined && { promised_at: last }),
  };
}

type Counts = { confirmed: number; backordered: number; rejected: number };

function count(counts: Counts, { answer, quantity }: Answered, rest_of: () => number): void {
  switch (answer) {
    case 'backorder':
      counts.backordered += quantity ?? rest_of();
      break;
    case 'partial':
      // Some now, the balance backordered.
      counts.confirmed += quantity ?? 0;
      counts.backordered += rest_of();
      break;
    case 'quantity':
      // So many, and no more.
      counts.confirmed += quantity ?? rest_of();
      counts.rejected += rest_of();
      break;
    case 'reject':
      counts.rejected += quantity === undefined || quantity === 0 ? rest_of() : quantity;
      break;
    default:
      counts.confirmed += quantity ?? rest_of();
  }
}

// --- ship notices and bills

function despatch(order: PurchaseOrder, document: DocumentOf<'despatch'>, at: string): Meaning {
  const { document_ref, notice_ref, expected_at, shipped_at, tracking_number } = document;
  const { lines, unknown } = gathered(order, document.lines);
  const expected =
    expected_at ?? [shipped_at ?? at, order.lines.filter(is_outstanding).length > 0 ? (order.expected_at ?? at) : at].sort().at(-1) ?? at;
  const troubles = unknown.map(item => ({ reason: 'unknown_line' as const, detail: `${notice_ref} names ${shown_item(item)}.` }));
  if (lines.length === 0) return { troubles };
  const about = { document_ref, po_id: order.po_id, notice_ref, expected_at: expected };
  return { troubles, fact: { ...about, kind: 'ship_notice', ...(tracking_number && { tracking_number }), lines } };
}

/** Packs of one line add up. */
function gathered(order: PurchaseOrder, told: DocumentOf<'despatch'>['lines']) {
  const units = new Map<number, number>();
  const unknown: NamedItem[] = [];
  for (const { item, quantity } of told) {
    const line = named_line(order, item);
    if (line === undefined) unknown.push(item);
    else units.set(line.line_no, (units.get(line.line_no) ?? 0) + quantity);
  }
  return { lines: [...units].map(([line_no, quantity]) => ({ line_no, quantity })), unknown };
}

function bill(order: PurchaseOrder, document: DocumentOf<'bill'>): Meaning {
  const { document_ref, invoice_ref } = document;
  const currency = document.currency ?? order.currency;
  const wrong: string[] = [];
  const amount_in = (text: string): number => {
    const amount = money_in(text.replace(/^-/, ''), currency);
    if (amount === undefined) wrong.push(`${text} is no amount in ${currency}`);
    return text.startsWith('-') ? -(amount ?? 0) : (amount ?? 0);
  };
  const lines = document.lines.map(({ item, quantity, price }) => {
    const line = named_line(order, item);
    if (line === undefined) wrong.push(`${shown_item(item)} was not ordered`);
    return { line_no: line?.line_no ?? 0, quantity, cost: amount_in(price) };
  });
  const charges = document.charges.map(({ kind, amount }) => ({ kind, amount: amount_in(amount) }));
  const amount = amount_in(document.total);
  if (new Set(lines.map(line => line.line_no)).size < lines.length) wrong.push('a line is billed twice');
  if (amount < 0) wrong.push('it asks for less than nothing');
  // It cannot be compared: a person reads it, and nothing of it counts.
  if (wrong.length > 0) return { troubles: [{ reason: 'invoice_unreadable', detail: `${invoice_ref}: ${wrong.join('; ')}` }] };
  const about = { document_ref, po_id: order.po_id, invoice_ref, amount, currency };
  return { troubles: [], fact: { ...about, kind: 'invoice', lines, charges } };
}

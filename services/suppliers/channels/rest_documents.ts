/** The documents of the `rest` channel (README.md): their JSON, their signature, and the facts they become. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/compile';
import { Amount, Currency, Id, optional, Text } from '../../../contracts/envelope.ts';
import {
  type AcknowledgedLine,
  type InboundHeaders,
  type InvalidDocument,
  lines_max,
  type ReceivedDocument,
  type SupplierFact,
} from './port.ts';

export const document_bytes_max = 256 * 1024;
export const signature_header = 'supplier-signature';
export const signature_age_max_s = 300;
const signatures_max = 5;

const LineNo = () => Type.Integer({ minimum: 1, maximum: 1_000_000 });
const Units = () => Type.Integer({ minimum: 0, maximum: 2_147_483_647 });
/** RFC 3339 with a zone. The pattern alone lets a thirteenth month through. */
const Instant = () =>
  Type.Refine(
    Type.String({ maxLength: 40, pattern: '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}(\\.\\d{1,9})?(Z|[+-]\\d{2}:\\d{2})$' }),
    text => !Number.isNaN(Date.parse(text)),
  );
const lines = <T extends Type.TProperties>(properties: T) => Type.Array(Type.Object(properties), { minItems: 1, maxItems: lines_max });
const document = <T extends Type.TProperties>(properties: T) => Type.Object({ document_ref: Id(), reference: Id(), ...properties });

const Header = document({ document: Text(100) });
const Acknowledgment = document({
  ack_no: Type.Integer({ minimum: 1, maximum: 2_147_483_647 }),
  lines: lines({
    line_no: LineNo(),
    confirmed: Units(),
    backordered: Units(),
    rejected: Units(),
    cost: optional(Amount()),
    substitute_sku: optional(Text(200)),
    promises: optional(Type.Array(Type.Object({ quantity: Units(), promised_at: Instant() }), { maxItems: 100 })),
  }),
});
const ShipNotice = document({
  notice_ref: Id(),
  expected_at: Instant(),
  tracking_number: optional(Text(200)),
  lines: lines({ line_no: LineNo(), quantity: Units() }),
});
const Eta = document({ cause: optional(Text()), lines: lines({ line_no: LineNo(), promised_at: Instant() }) });
const Invoice = document({
  invoice_ref: Id(),
  amount: Amount(),
  currency: Currency(),
  lines: lines({ line_no: LineNo(), quantity: Units(), cost: Amount() }),
});
const CancellationAnswer = document({
  answer: Type.Union([Type.Literal('agreed'), Type.Literal('refused')]),
  reason: optional(Text()),
});

const header = Compile(Header);
const bodies = {
  acknowledgment: Compile(Acknowledgment),
  ship_notice: Compile(ShipNotice),
  eta: Compile(Eta),
  invoice: Compile(Invoice),
  cancellation_answer: Compile(CancellationAnswer),
};

/** Verifies, then reads one document. A kind we do not know is taken and means nothing. */
export function receive(raw: Uint8Array, headers: InboundHeaders, now_ms: number, secret: string): ReceivedDocument | InvalidDocument {
  if (raw.length > document_bytes_max) return { invalid: 'malformed' };
  if (!is_signed(raw, headers[signature_header], now_ms, secret)) return { invalid: 'invalid_signature' };
  return read_document(parse(raw));
}

/** A document that was already verified, or came in the reply to our own question. */
export function read_document(value: unknown): ReceivedDocument | InvalidDocument {
  if (!header.Check(value)) return { invalid: 'malformed' };
  const { document: kind, document_ref } = value;
  if (!Object.hasOwn(bodies, kind)) return { facts: [], document_ref };
  const fact = fact_of(kind, value);
  return fact === undefined ? { invalid: 'malformed' } : { facts: [fact], document_ref };
}

function fact_of(kind: string, value: Static<typeof Header>): SupplierFact | undefined {
  const about = { document_ref: value.document_ref, po_id: value.reference };
  if (kind === 'acknowledgment' && bodies.acknowledgment.Check(value) && each_once(value.lines))
    return { ...about, kind, ack_no: value.ack_no, lines: value.lines.map(acknowledged_line) };
  if (kind === 'ship_notice' && bodies.ship_notice.Check(value) && each_once(value.lines)) {
    const shipped = value.lines.map(({ line_no, quantity }) => ({ line_no, quantity }));
    const tracking = value.tracking_number ? { tracking_number: value.tracking_number } : {};
    return { ...about, kind, notice_ref: value.notice_ref, expected_at: utc(value.expected_at), ...tracking, lines: shipped };
  }
  if (kind === 'eta' && bodies.eta.Check(value) && each_once(value.lines)) {
    const moved = value.lines.map(({ line_no, promised_at }) => ({ line_no, new_at: utc(promised_at) }));
    return { ...about, kind, cause: value.cause ?? 'supplier', lines: moved };
  }
  if (kind === 'invoice' && bodies.invoice.Check(value) && each_once(value.lines)) {
    const invoiced = value.lines.map(({ line_no, quantity, cost }) => ({ line_no, quantity, cost }));
    return { ...about, kind, invoice_ref: value.invoice_ref, amount: value.amount, currency: value.currency, lines: invoiced };
  }
  if (kind === 'cancellation_answer' && bodies.cancellation_answer.Check(value))
    return { ...about, kind, answer: value.answer, ...(value.reason && { reason: value.reason }) };
  return undefined;
}

/** One promise date a line: when the last of its units come. */
function acknowledged_line(line: Static<typeof Acknowledgment>['lines'][number]): AcknowledgedLine {
  const { line_no, confirmed, backordered, rejected, cost, substitute_sku, promises } = line;
  const last = (promises ?? [])
    .map(promise => utc(promise.promised_at))
    .sort()
    .at(-1);
  return {
    line_no,
    confirmed,
    backordered,
    rejected,
    ...(typeof cost === 'number' && { cost }),
    ...(substitute_sku && { substitute_sku }),
    ...(last !== undefined && { promised_at: last }),
  };
}

function each_once(rows: readonly { readonly line_no: number }[]): boolean {
  return new Set(rows.map(row => row.line_no)).size === rows.length;
}

function utc(instant: string): string {
  return new Date(instant).toISOString();
}

/** `t=<unix seconds>,v1=<hex>[,v1=<hex>]` over `<t>.<raw body>`: any v1 may match, so that a secret can be exchanged while documents flow. */
function is_signed(raw: Uint8Array, value: string | undefined, now_ms: number, secret: string): boolean {
  const parts = (value ?? '').split(',').map(part => part.trim());
  const [time = ''] = parts.filter(part => part.startsWith('t=')).map(part => part.slice(2));
  if (!/^\d{1,12}$/.test(time) || Math.abs(now_ms / 1_000 - Number(time)) > signature_age_max_s) return false;
  const expected = createHmac('sha256', secret).update(`${time}.`).update(raw).digest();
  const given = parts.filter(part => /^v1=[0-9a-f]{64}$/.test(part)).slice(0, signatures_max);
  return given.some(part => timingSafeEqual(Buffer.from(part.slice(3), 'hex'), expected));
}

const utf8 = new TextDecoder('utf-8', { fatal: true });
function parse(raw: Uint8Array): unknown {
  try {
    return JSON.parse(utf8.decode(raw));
  } catch {
    return undefined;
  }
}

/** A purchase order at the supplier, and what may come as one. */
import { is_record } from '../faults.ts';
import type { OrderLine, ShippedLine } from './documents.ts';

export type Document = {
  readonly document: string;
  readonly document_ref: string;
  readonly reference: string;
  readonly issued_at: string;
  readonly [field: string]: unknown;
};
export interface Cancellation {
  readonly answer: 'agreed' | 'refused' | 'pending';
  readonly reason?: string;
}
export interface Order {
  readonly reference: string;
  readonly supplier_reference: string;
  readonly idempotency_key: string;
  /** The order as it was sent: another one under the same reference is refused. */
  readonly content: string;
  readonly currency: string;
  readonly lines: readonly OrderLine[];
  readonly state: 'received' | 'acknowledged' | 'shipped' | 'invoiced' | 'cancelled';
  readonly cancellation: Cancellation | null;
  readonly backorders_shipped: boolean;
  readonly to_invoice: readonly ShippedLine[];
  /** Every document sent about it, oldest first. */
  readonly documents: readonly Document[];
}

const lines_max = 1_000;

/** The order in a document, or a text that says what is wrong with it. */
export function parse_order(body: unknown): Pick<Order, 'reference' | 'currency' | 'lines'> | string {
  if (!is_record(body) || body['document'] !== 'purchase_order') return 'a purchase_order document is needed';
  const { reference, currency, lines } = body;
  if (typeof reference !== 'string' || reference === '') return 'reference is needed';
  if (typeof currency !== 'string' || !/^[A-Z]{3}$/.test(currency)) return 'currency is three capital letters';
  if (!Array.isArray(lines) || lines.length === 0 || lines.length > lines_max) return `lines are 1 to ${lines_max}`;
  const parsed = lines.map(parse_line);
  const good = parsed.filter(line => line !== undefined);
  if (good.length < parsed.length) return 'a line has line_no, supplier_sku, sku, quantity of at least 1 and cost';
  if (new Set(good.map(line => line.line_no)).size < good.length) return 'a line_no stands twice';
  return { reference, currency, lines: good };
}

function parse_line(line: unknown): OrderLine | undefined {
  if (!is_record(line)) return undefined;
  const { line_no, supplier_sku, sku, quantity, cost } = line;
  if (typeof supplier_sku !== 'string' || typeof sku !== 'string') return undefined;
  if (!is_count(line_no) || !is_count(quantity) || !is_count(cost) || quantity === 0) return undefined;
  return { line_no, supplier_sku, sku, quantity, cost };
}
function is_count(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

/** The same document written with its fields in another order is the same. */
export function content_of(body: unknown): string {
  return JSON.stringify(body, (_, value: unknown) =>
    is_record(value) ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))) : value,
  );
}

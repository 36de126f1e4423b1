/** What follows on an order, one step after the other: acknowledgment, ship notice, invoice; or its cancellation. */
import type { Collection, Sim, Webhook } from '../stand_in.ts';
import {
  acknowledge,
  backordered_shipment,
  first_shipment,
  has_magic,
  type OrderLine,
  price_of,
  type ShippedLine,
  transit_ms,
} from './documents.ts';
import type { Cancellation, Document, Order } from './orders.ts';

export interface Pace {
  readonly acknowledge_after_ms: number;
  readonly ship_after_ms: number;
  readonly invoice_after_ms: number;
  readonly ship_backorders_after_ms: number | undefined;
  readonly answer_cancellations_after_ms: number | undefined;
  readonly lead_ms: number;
}
export interface Supplier {
  readonly sim: Sim;
  readonly pace: Pace;
  readonly orders: Collection<Order>;
  /** By idempotency key. */
  readonly references: Collection<string>;
}

const documents_max = 200;
/** What faults of the webhooks match on, beside the document's kind. */
const cause = { method: 'POST', path: '/purchase-orders' };

/** Arms the order's next step; after a restart, too. */
export function arm(supplier: Supplier, order: Order): void {
  const { pace, sim } = supplier;
  if (order.lines.some(line => has_magic(line, 'MUTE'))) return;
  const later = (milliseconds: number, step: (supplier: Supplier, order: Order) => readonly Webhook[]) =>
    sim.after(milliseconds, cause, () => {
      const now = supplier.orders.get(order.reference);
      // Cancelled, or moved by another step meanwhile.
      return now === undefined || now.state !== order.state ? [] : step(supplier, now);
    });
  const by_first_truck = first_shipment(order.lines).length > 0;
  if (order.state === 'received') later(pace.acknowledge_after_ms, send_acknowledgment);
  if (order.state === 'acknowledged' && by_first_truck) later(pace.ship_after_ms, ship_first);
  if (order.state === 'shipped') later(pace.invoice_after_ms, send_invoice);
  const first_truck_left = order.state === 'invoiced' || (order.state === 'acknowledged' && !by_first_truck);
  const waits = first_truck_left && !order.backorders_shipped && backordered_shipment(order.lines).length > 0;
  if (waits && pace.ship_backorders_after_ms !== undefined) later(pace.ship_backorders_after_ms, ship_backorders);
  if (order.cancellation?.answer === 'pending' && pace.answer_cancellations_after_ms !== undefined)
    later(pace.answer_cancellations_after_ms, answer_pending);
}

export function make_document(supplier: Supplier, order: Order, document: string, fields: object): Document {
  const { sim } = supplier;
  const { reference, supplier_reference } = order;
  const issued_at = new Date(sim.now_ms()).toISOString();
  return { document, document_ref: sim.id('DOC-'), reference, supplier_reference, issued_at, ...fields };
}

/** Keeps the order with the document that tells of it. */
export function keep(supplier: Supplier, order: Order, document: Document): { readonly order: Order; readonly webhook: Webhook } {
  const kept: Order = { ...order, documents: [...order.documents, document].slice(-documents_max) };
  supplier.orders.put(kept.reference, kept);
  return { order: kept, webhook: { id: document.document_ref, type: document.document, body: JSON.stringify(document) } };
}

function send_acknowledgment(supplier: Supplier, order: Order): readonly Webhook[] {
  const now_ms = supplier.sim.now_ms();
  const lines = order.lines.map(line => acknowledge(line, now_ms, supplier.pace.lead_ms));
  const kept = keep(supplier, { ...order, state: 'acknowledged' }, make_document(supplier, order, 'acknowledgment', { ack_no: 1, lines }));
  arm(supplier, kept.order);
  return [kept.webhook];
}

function ship_first(supplier: Supplier, order: Order): readonly Webhook[] {
  return ship(supplier, order, first_shipment(order.lines));
}

function ship_backorders(supplier: Supplier, order: Order): readonly Webhook[] {
  return ship(supplier, { ...order, backorders_shipped: true }, backordered_shipment(order.lines));
}

function ship(supplier: Supplier, order: Order, lines: readonly ShippedLine[]): readonly Webhook[] {
  const { sim } = supplier;
  const fields = {
    notice_ref: sim.id('SN-'),
    expected_at: new Date(sim.now_ms() + transit_ms).toISOString(),
    carrier: 'Sandbox Freight',
    tracking_number: sim.id('TRK-'),
    lines,
  };
  const kept = keep(supplier, { ...order, state: 'shipped', to_invoice: lines }, make_document(supplier, order, 'ship_notice', fields));
  record(
    supplier,
    'purchase_order_shipped',
    order,
    value_of(order.lines, lines),
    lines.reduce((sum, line) => sum + line.quantity, 0),
  );
  arm(supplier, kept.order);
  return order.lines.some(line => has_magic(line, 'DUP')) ? [kept.webhook, kept.webhook] : [kept.webhook];
}

function send_invoice(supplier: Supplier, order: Order): readonly Webhook[] {
  const lines = order.to_invoice.map(({ line_no, quantity }) => {
    const line = order.lines.find(each => each.line_no === line_no);
    return { line_no, quantity, cost: line === undefined ? 0 : price_of(line) };
  });
  const amount = lines.reduce((sum, { quantity, cost }) => sum + quantity * cost, 0);
  const fields = { invoice_ref: supplier.sim.id('INV-'), amount, currency: order.currency, lines };
  const kept = keep(supplier, { ...order, state: 'invoiced', to_invoice: [] }, make_document(supplier, order, 'invoice', fields));
  arm(supplier, kept.order);
  return [kept.webhook];
}

/** Armed anew at each step of the order; the first that comes answers. */
function answer_pending(supplier: Supplier, order: Order): readonly Webhook[] {
  return order.cancellation?.answer === 'pending' ? answer_cancellation(supplier, order).webhooks : [];
}

/** Agreed while nothing was shipped. The answer is a document, too, so it is told by more than one way. */
export function answer_cancellation(
  supplier: Supplier,
  order: Order,
): { readonly cancellation: Cancellation; readonly document: Document; readonly webhooks: readonly Webhook[] } {
  const open = order.state === 'received' || order.state === 'acknowledged';
  const cancellation: Cancellation = open ? { answer: 'agreed' } : { answer: 'refused', reason: 'the goods have left' };
  const document = make_document(supplier, order, 'cancellation_answer', cancellation);
  const kept = keep(supplier, { ...order, cancellation, state: open ? 'cancelled' : order.state }, document);
  if (open) record(supplier, 'purchase_order_cancelled', order, total(order.lines));
  return { cancellation, document, webhooks: [kept.webhook] };
}

// --- the ledger

export function record(supplier: Supplier, kind: string, order: Order, amount: number, units?: number): void {
  const { supplier_reference: id, reference, currency, idempotency_key } = order;
  supplier.sim.record({ kind, id, reference, amount, currency, idempotency_key, ...(units !== undefined && { units }) });
}

/** As ordered. */
export function total(lines: readonly OrderLine[]): number {
  return lines.reduce((sum, { quantity, cost }) => sum + quantity * cost, 0);
}

/** As shipped. */
function value_of(lines: readonly OrderLine[], shipped: readonly ShippedLine[]): number {
  return shipped.reduce((sum, { line_no, quantity }) => {
    const line = lines.find(each => each.line_no === line_no);
    return line === undefined ? sum : sum + quantity * price_of(line);
  }, 0);
}

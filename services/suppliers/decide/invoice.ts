/**
 * The supplier's bill, matched three ways: with the order (units, prices), with the receipts, and with itself. It is approved when they agree, waits when
 * goods are still to come, and is a person's when it differs, or when it asks for what nobody ordered: freight, taxes (domain.md 3.5).
 */
import type { SupplierFact } from '../channels/port.ts';
import { dearest, is_underway, type KnownInvoice, line_of, type PurchaseOrder, type PurchaseOrderLine } from '../model_order.ts';
import { type Draft, note_order, order_in, say_of_order } from './draft.ts';
import { document_after_end, raise_of_order } from './exceptions.ts';

type Invoice = Extract<SupplierFact, { kind: 'invoice' }>;

export function take_invoice(draft: Draft, po_id: string, fact: Invoice): void {
  const order = order_in(draft, po_id);
  if (!is_underway(order) && order.status !== 'closed') {
    document_after_end(draft, po_id, fact);
    return;
  }
  const wrong = differences_of(order, fact, draft);
  const charges = (fact.charges ?? [])
    .filter(({ amount }) => amount !== 0)
    .map(({ kind, amount }) => `${kind} ${amount} ${fact.currency} minor units`);
  const { invoice_ref, amount, currency } = fact;
  const lines = fact.lines.filter(told => line_of(order, told.line_no) !== undefined);
  const differences = [...wrong, ...charges];
  say_of_order(draft, po_id, { type: 'purchase_order.invoiced', data: { po_id, invoice_ref, amount, currency, lines, differences } });
  const counted = lines.map(({ line_no, quantity }) => ({ line_no, quantity }));
  const billed = order_in(draft, po_id);
  const state = differences.length > 0 ? 'differs' : is_covered(billed, counted) ? 'approved' : 'waits';
  note_order(draft, po_id, { invoices: [...billed.invoices, { invoice_ref, amount, lines: counted, state }] });
  if (wrong.length > 0) raise_of_order(draft, po_id, 'invoice_differs', `${invoice_ref}: ${wrong.join('; ')}`);
  if (charges.length > 0) raise_of_order(draft, po_id, 'invoice_charges', `${invoice_ref} asks beside the goods for ${charges.join(', ')}`);
  // What is announced is on its way; what is not, somebody asks after.
  const announced = counted.every(({ line_no }) => is_announced(line_of(billed, line_no)));
  if (state === 'waits' && !announced) raise_of_order(draft, po_id, 'invoice_before_goods', `${invoice_ref} came before its goods.`);
}

/** Goods came, or the order has ended and no more will. */
export function match_invoices(draft: Draft, po_id: string): void {
  const order = order_in(draft, po_id);
  if (!order.invoices.some(invoice => invoice.state === 'waits')) return;
  const ended = order.status === 'closed';
  const matched = order.invoices.map((invoice): KnownInvoice => {
    if (invoice.state !== 'waits') return invoice;
    if (is_covered(order, invoice.lines)) return { ...invoice, state: 'approved' };
    return ended ? { ...invoice, state: 'differs' } : invoice;
  });
  note_order(draft, po_id, { invoices: matched });
}

/** What was billed until now of these lines is here. */
function is_covered(order: PurchaseOrder, lines: KnownInvoice['lines']): boolean {
  return lines.every(({ line_no }) => {
    const line = line_of(order, line_no);
    return line !== undefined && line.invoiced <= line.received + line.over;
  });
}

function is_announced(line: PurchaseOrderLine | undefined): boolean {
  return line !== undefined && line.invoiced <= line.received + line.over + line.in_transit;
}

/** Units that came, or may still come. */
function billable({ quantity, rejected, cancelled, over }: PurchaseOrderLine): number {
  return quantity - rejected - cancelled + over;
}

function differences_of(order: PurchaseOrder, { amount, currency, lines, charges = [] }: Invoice, draft: Draft): readonly string[] {
  const supplier = draft.view('supplier', order.supplier_id);
  const of_lines = lines.reduce((total, line) => total + BigInt(line.quantity) * BigInt(line.cost), 0n);
  const sum = charges.reduce((total, charge) => total + BigInt(charge.amount), of_lines);
  const unit = `${currency} minor units`;
  return [
    ...(currency === order.currency ? [] : [`billed in ${currency}, ordered in ${order.currency}`]),
    ...(sum === BigInt(amount) ? [] : [`the lines add up to ${sum} ${unit}, not to ${amount} ${unit}`]),
    ...lines.flatMap(({ line_no, quantity, cost }) => {
      const line = line_of(order, line_no);
      if (line === undefined) return [`there is no line ${line_no}`];
      const billed = line.invoiced + quantity;
      const most = billable(line);
      return [
        ...(cost > dearest(line.cost, supplier)
          ? [`line ${line_no} costs ${cost} ${unit}, not ${line.cost} ${order.currency} minor units`]
          : []),
        ...(billed > most ? [`line ${line_no}: ${billed} units billed, ${most} came or are to come`] : []),
      ];
    }),
  ];
}

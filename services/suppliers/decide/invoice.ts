/** The supplier's bill, compared with order and receipts; what differs is a person's (domain.md 3.5). */
import type { SupplierFact } from '../channels/port.ts';
import { is_underway, line_of, type PurchaseOrder } from '../model_order.ts';
import { type Draft, order_in, say_of_order } from './draft.ts';
import { document_after_end, raise_of_order } from './exceptions.ts';
import { dearest } from './purchase_orders.ts';

type Invoice = Extract<SupplierFact, { kind: 'invoice' }>;

export function take_invoice(draft: Draft, po_id: string, fact: Invoice): void {
  const order = order_in(draft, po_id);
  if (!is_underway(order) && order.status !== 'closed') {
    document_after_end(draft, po_id, fact);
    return;
  }
  const differences = differences_of(order, fact, draft);
  const { invoice_ref, amount, currency } = fact;
  const lines = fact.lines.filter(told => line_of(order, told.line_no) !== undefined);
  say_of_order(draft, po_id, { type: 'purchase_order.invoiced', data: { po_id, invoice_ref, amount, currency, lines, differences } });
  if (differences.length === 0) return;
  raise_of_order(draft, po_id, 'invoice_differs', `${invoice_ref}: ${differences.join('; ')}`);
}

function differences_of(order: PurchaseOrder, { amount, currency, lines }: Invoice, draft: Draft): readonly string[] {
  const supplier = draft.view('supplier', order.supplier_id);
  const sum = lines.reduce((total, line) => total + BigInt(line.quantity) * BigInt(line.cost), 0n);
  return [
    ...(currency === order.currency ? [] : [`billed in ${currency}, ordered in ${order.currency}`]),
    ...(sum === BigInt(amount) ? [] : [`the lines add up to ${sum}, not to ${amount}`]),
    ...lines.flatMap(({ line_no, quantity, cost }) => {
      const line = line_of(order, line_no);
      if (line === undefined) return [`there is no line ${line_no}`];
      const billed = line.invoiced + quantity;
      const here = line.received + line.over + line.in_transit;
      return [
        ...(cost > dearest(line.cost, supplier) ? [`line ${line_no} costs ${cost}, not ${line.cost}`] : []),
        ...(billed > here ? [`line ${line_no}: ${billed} units billed, ${here} came or are announced`] : []),
      ];
    }),
  ];
}

/** T16, despatch advice: what is on its way. One document per order that its lines name. */
import { child, children, text_at, type XmlElement } from '../../../../platform/xml/parse.ts';
import type { DocumentOf } from '../trade.ts';
import { instant_in, item_in, lines_max, period_in, quantity_in, required, Unusable } from './ubl.ts';

type Despatch = DocumentOf<'despatch'>;

export function read_despatch(root: XmlElement, document_ref: string): readonly Despatch[] {
  const delivery = child(root, 'Shipment', 'Delivery');
  const shipped_at = instant_in(child(delivery, 'Despatch'), 'ActualDespatchDate', 'ActualDespatchTime');
  const expected_at = period_in(child(delivery, 'EstimatedDeliveryPeriod')).last;
  const tracking_number = text_at(delivery, 'TrackingID');
  const head = {
    ...{ document_ref, kind: 'despatch' as const, notice_ref: required(root, 'ID') },
    ...(shipped_at !== undefined && { shipped_at }),
    ...(expected_at !== undefined && { expected_at }),
    ...(tracking_number !== undefined && { tracking_number }),
  };
  const told = children(root, 'DespatchLine');
  if (told.length > lines_max) throw new Unusable(`more than ${lines_max} lines`);
  const by_order = new Map<string, Despatch['lines'][number][]>();
  for (const line of told) {
    const quantity = quantity_in(line, 'DeliveredQuantity') ?? 'nothing';
    if (typeof quantity === 'string') throw new Unusable(`DeliveredQuantity: ${quantity}, no units`);
    const about = order_of(root, line);
    // A line of which all is outstanding.
    if (quantity === 0) continue;
    by_order.set(about, [
      ...(by_order.get(about) ?? []),
      { item: item_in(child(line, 'OrderLineReference'), child(line, 'Item')), quantity },
    ]);
  }
  if (by_order.size === 0) throw new Unusable('nothing is delivered');
  return [...by_order].map(([about, lines]) => ({ ...head, about, lines }));
}

/** The line's own order, or else that of the document. */
function order_of(root: XmlElement, line: XmlElement): string {
  const own = child(line, 'OrderLineReference', 'OrderReference');
  return required(text_at(own, 'ID') === undefined ? child(root, 'OrderReference') : own, 'ID');
}

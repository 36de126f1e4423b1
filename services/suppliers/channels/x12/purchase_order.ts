/** 850, purchase order: what we send. One order in one interchange. */
import { decimal_of } from '../amounts.ts';
import type { SendOrder } from '../port.ts';
import { date_and_time, type Envelope, is_writable, words, write_interchange } from './write.ts';

const product_length_max = 48;

/** The bytes, or why this order cannot be said in X12. */
export function write_purchase_order(envelope: Envelope, order: SendOrder): { readonly text: string } | { readonly unwritable: string } {
  const unwritable = what_is_unwritable(order);
  if (unwritable !== undefined) return { unwritable };
  return { text: write_interchange(envelope, 'PO', [{ code: '850', segments: segments_of(order) }]) };
}

function what_is_unwritable({ lines, location, supplier_code }: SendOrder): string | undefined {
  const codes = [location.code, supplier_code, ...lines.flatMap(({ supplier_sku, sku }) => [supplier_sku, sku])];
  const wrong = codes.find(code => !is_writable(code) || code.trim() !== code || code.length > product_length_max);
  return wrong === undefined ? undefined : `${wrong.slice(0, 60)} cannot stand in an element of ${product_length_max} characters`;
}

function segments_of({ reference, currency, supplier_code, requested_at, location, lines }: SendOrder): readonly (readonly string[])[] {
  const { long_date } = date_and_time(requested_at);
  const total = lines.reduce((sum, { quantity, cost }) => sum + quantity * cost, 0);
  return [
    ['BEG', '00', 'NE', reference, '', long_date],
    ['CUR', 'BY', currency],
    ['REF', 'IA', supplier_code.slice(0, 30)],
    ['N1', 'ST', words(location.name, 60) || location.code, '92', location.code],
    ...[location.line1, location.line2].flatMap(line => (words(line, 55) === '' ? [] : [['N3', words(line, 55)]])),
    ...(words(location.city, 30) === ''
      ? []
      : [['N4', words(location.city, 30), words(location.region, 2), words(location.postal_code, 15), words(location.country, 3)]]),
    ...lines.map(({ line_no, quantity, cost, supplier_sku, sku }) => [
      'PO1',
      String(line_no),
      String(quantity),
      'EA',
      decimal_of(cost, currency),
      '',
      ...['VN', supplier_sku],
      ...['SK', sku],
    ]),
    ['CTT', String(lines.length)],
    ['AMT', 'TT', decimal_of(total, currency)],
  ];
}

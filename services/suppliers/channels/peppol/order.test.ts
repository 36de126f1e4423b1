/** The order that we write: judged by the UBL schemas and by the arithmetic that the BIS asks for. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { child, children, parse_xml, text_at } from '../../../../platform/xml/parse.ts';
import type { SendOrder } from '../port.ts';
import { write_order } from './order.ts';
import { judge, no_judge } from './testing/judge.ts';
import { namespace_of } from './ubl.ts';

const envelope = {
  sender: { qualifier: '0088', id: '7300010000001', name: 'Cartwright & Söhne' },
  receiver: { qualifier: '9930', id: 'DE123456789', name: 'Acme <GmbH>' },
  ...{ control_number: 7, at: '2026-03-01T10:05:00.000Z', usage: 'T' as const },
};
const order: SendOrder = {
  ...{ po_id: 'po_1', supplier_code: 'acme', reference: 'PO01JQ7Z9V8K3M2N1P0RST', currency: 'EUR', requested_at: envelope.at },
  expected_at: '2026-03-05T10:05:00.000Z',
  location: { code: 'MAIN', name: 'Main depot', line1: '1 Wharf Road', city: 'London', postal_code: 'N1 7AA', country: 'GB' },
  lines: [
    { line_no: 1, supplier_sku: 'A-1', sku: 'TEA', quantity: 10, cost: 105 },
    { line_no: 2, supplier_sku: 'B&2', sku: 'CUP', quantity: 3, cost: 5 },
  ],
};
const largest = Array.from({ length: 1_000 }, (_, index) => ({
  ...{ line_no: index + 1, supplier_sku: `A-${index}`, sku: `S-${index}`, quantity: 1_000, cost: 100_000 },
}));
function text_of(more: Partial<SendOrder> = {}): string {
  const written = write_order(envelope, { ...order, ...more });
  assert.ok('text' in written, JSON.stringify(written));
  return written.text;
}

test('says who orders what from whom, where to, when, and for how much', () => {
  const root = parse_xml(Buffer.from(text_of()));
  const party = (name: string) => {
    const endpoint = child(root, name, 'Party', 'EndpointID');
    return [endpoint?.attributes['schemeID'], endpoint?.text, text_at(root, name, 'Party', 'PartyLegalEntity', 'RegistrationName')];
  };
  assert.deepEqual([root.name, root.namespace], ['Order', namespace_of('Order')]);
  assert.deepEqual(
    ['CustomizationID', 'ProfileID', 'ID', 'IssueDate', 'IssueTime', 'DocumentCurrencyCode'].map(name => text_at(root, name)),
    [
      ...['urn:fdc:peppol.eu:poacc:trns:order:3', 'urn:fdc:peppol.eu:poacc:bis:ordering:3', order.reference],
      ...['2026-03-01', '10:05:00', 'EUR'],
    ],
  );
  assert.deepEqual(party('BuyerCustomerParty'), ['0088', '7300010000001', 'Cartwright & Söhne']);
  assert.deepEqual(party('SellerSupplierParty'), ['9930', 'DE123456789', 'Acme <GmbH>']);
  assert.deepEqual(
    [text_at(root, 'Delivery', 'DeliveryLocation', 'ID'), text_at(root, 'Delivery', 'RequestedDeliveryPeriod', 'EndDate')],
    ['MAIN', '2026-03-05'],
  );
  assert.deepEqual(
    children(root, 'OrderLine').map(line => {
      const item = child(line, 'LineItem');
      const code = (name: string) => text_at(item, 'Item', name, 'ID');
      const quantity = child(item, 'Quantity');
      return [
        ...[text_at(item, 'ID'), quantity?.text, quantity?.attributes['unitCode'], text_at(item, 'Price', 'PriceAmount')],
        ...[text_at(item, 'LineExtensionAmount'), code('BuyersItemIdentification'), code('SellersItemIdentification')],
      ];
    }),
    [
      ['1', '10', 'C62', '1.05', '10.50', 'TEA', 'A-1'],
      ['2', '3', 'C62', '0.05', '0.15', 'CUP', 'B&2'],
    ],
  );
  const total = (name: string) => text_at(root, 'AnticipatedMonetaryTotal', name);
  assert.deepEqual([total('LineExtensionAmount'), total('PayableAmount')], ['10.65', '10.65']);
});

test('the same request gives the same bytes', () => assert.equal(text_of(), text_of()));

test('a thousand lines are less than a megabyte', () => assert.ok(text_of({ lines: largest }).length < 1024 * 1024));

test('what identifiers cannot carry, and amounts of three decimals, are not written', () => {
  const [line] = order.lines;
  assert.ok(line !== undefined);
  for (const more of [
    { currency: 'KWD' },
    { location: { code: 'a\nb' } },
    ...['', ' A', 'A\u0007', 'A\uFFFE', '\uD800'].map(supplier_sku => ({ lines: [{ ...line, supplier_sku }] })),
  ])
    assert.ok('unwritable' in write_order(envelope, { ...order, ...more }), JSON.stringify(more));
});

describe('xmllint on our orders', { skip: no_judge }, () => {
  for (const [name, more] of Object.entries({
    'a whole one': {},
    'one with nothing that may be missing': { location: { code: 'MAIN' }, expected_at: null },
    'one in a currency without decimals': { currency: 'JPY' },
    'one of a thousand lines': { lines: largest },
  } satisfies Record<string, Partial<SendOrder>>))
    test(name, t => judge(t, text_of(more)));
  test('elements out of order are not valid', t => {
    const text = text_of();
    const disorder = text.replace(/(<cbc:IssueDate>.*<\/cbc:IssueDate>)(<cbc:IssueTime>.*<\/cbc:IssueTime>)/, '$2$1');
    assert.notEqual(disorder, text);
    assert.throws(() => judge(t, disorder));
  });
});

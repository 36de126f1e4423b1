/** node-x12, another's implementation: it reads what we write, and we read what it writes. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { X12Interchange, X12Parser, X12QueryEngine } from 'node-x12';
import type { SendOrder } from '../port.ts';
import { documents_of } from './documents.ts';
import { write_purchase_order } from './purchase_order.ts';
import { type Interchange, read_transmission } from './read.ts';
import { write_interchange } from './write.ts';

const at = '2026-03-01T10:05:00.000Z';
const us = { qualifier: 'ZZ', id: 'CARTWRIGHT' };
const acme = { qualifier: '01', id: '123456789' };
const order: SendOrder = {
  ...{ po_id: 'po_1', supplier_code: 'acme', reference: 'PO01JQ7Z9V8K3M2N1P0RST', currency: 'GBP', requested_at: at },
  location: { code: 'MAIN', name: 'Main*Street ~ Depot', line1: '1 Wharf Road', city: 'London', postal_code: 'N1 7AA', country: 'GB' },
  lines: [
    { line_no: 1, supplier_sku: 'A-1', sku: 'TEA', quantity: 10, cost: 105 },
    { line_no: 2, supplier_sku: 'B 2', sku: 'CUP', quantity: 1, cost: 5 },
  ],
  envelope: { sender: us, receiver: acme, control_number: 7, at, usage: 'T' },
};
const envelope = { sender: us, receiver: acme, control_number: 7, at, usage: 'T' } as const;

/** Strict: it checks counts, control numbers and the width of the ISA. */
function judged(text: string): X12Interchange {
  const read = new X12Parser(true).parse(text);
  assert.ok(read instanceof X12Interchange);
  return read;
}
function ask(read: X12Interchange, reference: string): readonly unknown[] {
  return new X12QueryEngine(new X12Parser(true)).query(read, reference).map(({ value }) => value);
}

test('node-x12 reads our purchase order', () => {
  const written = write_purchase_order(envelope, order);
  assert.ok('text' in written);
  const read = judged(written.text);
  assert.deepEqual(
    ['BEG03', 'CUR02', 'N102', 'N401', 'CTT01', 'AMT02'].map(reference => ask(read, reference)[0]),
    [order.reference, 'GBP', 'Main Street   Depot', 'London', '2', '10.55'],
  );
  assert.deepEqual(ask(read, 'PO104'), ['1.05', '0.05']);
  assert.deepEqual(ask(read, 'PO107'), ['A-1', 'B 2']);
  assert.deepEqual(ask(read, 'PO109'), ['TEA', 'CUP']);
  assert.deepEqual(ask(read, 'GS08'), ['004010']);
});

test('what cannot be said in X12 is not sent', () => {
  for (const supplier_sku of ['A*1', 'A~1', 'A\n1', ' A', 'x'.repeat(49)]) {
    const lines = order.lines.map(line => ({ ...line, supplier_sku }));
    assert.ok('unwritable' in write_purchase_order(envelope, { ...order, lines }), supplier_sku);
  }
});

/** As a partner that uses node-x12 writes it. */
function written_by_judge(segments: readonly (readonly [string, readonly string[]])[], functional: string, code: string): string {
  const interchange = new X12Interchange({ elementDelimiter: '*', segmentTerminator: '~', endOfLine: '\n' });
  interchange.setHeader([
    '00',
    '          ',
    '00',
    '          ',
    '01',
    acme.id.padEnd(15),
    us.qualifier,
    us.id.padEnd(15),
    '260302',
    '1005',
    'U',
    '00401',
    '000000009',
    '0',
    'T',
    '>',
  ]);
  const group = interchange.addFunctionalGroup();
  group.setHeader([functional, acme.id, us.id, '20260302', '1005', '9', 'X', '004010']);
  const transaction = group.addTransaction();
  transaction.setHeader([code, '0001']);
  for (const [id, elements] of segments) transaction.addSegment(id, [...elements]);
  // Its generator reads what it made before it hands it out; what a hurried partner does is this.
  return interchange.toString();
}
function read_by_us(text: string): Interchange {
  const [interchange] = read_transmission(Buffer.from(text)).interchanges;
  assert.ok(interchange !== undefined, text);
  return interchange;
}

test('we read an acknowledgment that node-x12 wrote, and it reads our 997 to it', () => {
  const text = written_by_judge(
    [
      ['BAK', ['00', 'AD', 'PO1', '20260302']],
      ['PO1', ['1', '10', 'EA', '1.05', '', 'VN', 'A-1']],
      ['ACK', ['IB', '10', 'EA', '068', '20260420']],
      ['CTT', ['1']],
    ],
    'PR',
    '855',
  );
  const interchange = read_by_us(text);
  assert.equal(interchange.fault, undefined);
  const { documents, receipts } = documents_of(interchange);
  assert.deepEqual(
    documents.map(document => (document.kind === 'response' ? document.lines[0]?.answers : [])),
    [[{ answer: 'backorder', code: 'IB', quantity: 10, promised_at: '2026-04-20T00:00:00.000Z' }]],
  );
  const answer = judged(write_interchange({ ...envelope, control_number: 8 }, 'FA', receipts));
  assert.deepEqual(
    ['AK101', 'AK102', 'AK201', 'AK501', 'AK901'].map(reference => ask(answer, reference)[0]),
    ['PR', '9', '855', 'A', 'A'],
  );
});

test('delimiters that it writes raw into values break its interchange, and never us', () => {
  for (const spoilt of ['A~1', 'A*1', 'A>1', 'A~SE*1*0001~ST*855*0001']) {
    const interchange = read_by_us(
      written_by_judge(
        [
          ['BAK', ['00', 'AD', 'PO1', '20260302']],
          ['PO1', ['1', '10', 'EA', '1.05', '', 'VN', spoilt]],
        ],
        'PR',
        '855',
      ),
    );
    // A segment too many is a count that is wrong; an element too many is just another code.
    assert.equal(interchange.fault === undefined, !spoilt.includes('~'), spoilt);
  }
});

/** What partners' documents mean for an order: every code of an 855, and lines that are named, numbered, doubled, or unknown. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { AcknowledgedLine } from '../channels/port.ts';
import type { DocumentOf, TradeDocument } from '../channels/trade.ts';
import { documents_of } from '../channels/x12/documents.ts';
import { read_transmission } from '../channels/x12/read.ts';
import { is_writable, write_interchange } from '../channels/x12/write.ts';
import { new_purchase_order, type PurchaseOrder, type PurchaseOrderLine } from '../model_order.ts';
import { type Meaning, meaning_of } from './documents.ts';

const at = '2026-03-02T10:00:00.000Z';
const line = (line_no: number, sku: string): PurchaseOrderLine => ({
  ...{ line_no, sku, supplier_sku: `S-${sku}`, cost: 105, quantity: 10, confirmed: 0, in_transit: 0, received: 0, rejected: 0, refused: 0 },
  ...{ cancelled: 0, over: 0, invoiced: 0, promised_at: null, first_promised_at: null, inspect: false },
});
const order: PurchaseOrder = { ...new_purchase_order('po_1'), currency: 'GBP', status: 'sent', lines: [line(1, 'A'), line(2, 'B')] };

const parties = { sender: { qualifier: 'ZZ', id: 'ACME' }, receiver: { qualifier: 'ZZ', id: 'US' } };
function read(functional: string, code: string, segments: readonly (readonly string[])[]) {
  const text = write_interchange({ ...parties, control_number: 5, at, usage: 'T' }, functional, [{ code, segments }]);
  const [interchange] = read_transmission(Buffer.from(text)).interchanges;
  assert.ok(interchange !== undefined && interchange.fault === undefined);
  return documents_of(interchange);
}
function told<K extends TradeDocument['kind']>(
  kind: K,
  functional: string,
  code: string,
  segments: readonly (readonly string[])[],
): DocumentOf<K> {
  const { documents, refused } = read(functional, code, segments);
  assert.deepEqual(refused, []);
  const [document] = documents;
  assert.ok(document?.kind === kind);
  // Its kind says which it is.
  return document as DocumentOf<K>;
}
const po1 = ['PO1', '1', '10', 'EA', '1.05', '', 'VN', 'S-A', 'SK', 'A'];
const answered = (verdict: string, ...segments: readonly (readonly string[])[]): Meaning =>
  meaning_of(order, told('response', 'PR', '855', [['BAK', '00', verdict, 'PO1', '20260302'], ...segments, ['CTT', '1']]), at);
function lines_of(meaning: Meaning): readonly AcknowledgedLine[] {
  return meaning.fact?.kind === 'acknowledgment' ? meaning.fact.lines : [];
}
const questions_of = ({ fact }: Meaning) => (fact?.kind === 'acknowledgment' ? (fact.questions ?? []) : []);
const units_of = (meaning: Meaning) =>
  lines_of(meaning).map(({ line_no, confirmed, backordered, rejected }) => [line_no, confirmed, backordered, rejected]);
const reasons_of = ({ troubles }: Meaning) => troubles.map(({ reason }) => reason);

describe('ACK01', () => {
  const rows: readonly (readonly [string, readonly (readonly string[])[], readonly number[] | undefined, RegExp | undefined])[] = [
    ['IA accepted', [['ACK', 'IA', '10', 'EA']], [10, 0, 0], undefined],
    ['IA without a quantity', [['ACK', 'IA']], [10, 0, 0], undefined],
    ['AC accepted and shipped', [['ACK', 'AC', '10', 'EA']], [10, 0, 0], undefined],
    ['AR released for shipment', [['ACK', 'AR', '10', 'EA']], [10, 0, 0], undefined],
    ['SP date pending', [['ACK', 'SP', '10', 'EA']], [10, 0, 0], undefined],
    ['DR rescheduled', [['ACK', 'DR', '10', 'EA', '068', '20260420']], [10, 0, 0], undefined],
    ['IB backordered', [['ACK', 'IB', '10', 'EA', '068', '20260420']], [0, 10, 0], undefined],
    ['IB without a quantity', [['ACK', 'IB']], [0, 10, 0], undefined],
    ['BP some now, the balance backordered', [['ACK', 'BP', '4', 'EA']], [4, 6, 0], undefined],
    [
      'BP with the backorder beside it',
      [
        ['ACK', 'BP', '4', 'EA'],
        ['ACK', 'IB', '6', 'EA'],
      ],
      [4, 6, 0],
      undefined,
    ],
    [
      'IA and IR together',
      [
        ['ACK', 'IA', '7', 'EA'],
        ['ACK', 'IR', '3', 'EA'],
      ],
      [7, 0, 3],
      undefined,
    ],
    [
      'IA, IB and IR together',
      [
        ['ACK', 'IA', '5', 'EA'],
        ['ACK', 'IB', '3', 'EA'],
        ['ACK', 'IR', '2', 'EA'],
      ],
      [5, 3, 2],
      undefined,
    ],
    ['IQ fewer, and no more', [['ACK', 'IQ', '8', 'EA']], [8, 0, 2], undefined],
    [
      'IP another price',
      [
        ['CTP', '', 'CON', '1.50'],
        ['ACK', 'IP', '10', 'EA'],
      ],
      [10, 0, 0],
      undefined,
    ],
    [
      'IP a price that is too fine',
      [
        ['CTP', '', 'CON', '1.505'],
        ['ACK', 'IP', '10', 'EA'],
      ],
      [10, 0, 0],
      /1\.505 is no price/,
    ],
    ['IE price pending', [['ACK', 'IE', '10', 'EA']], [10, 0, 0], /price is pending/],
    ['IC changed', [['ACK', 'IC', '10', 'EA']], [10, 0, 0], /changed/],
    ['IS substituted', [['ACK', 'IS', '10', 'EA', '', '', '', 'VN', 'S-A2']], [10, 0, 0], undefined],
    ...['IR', 'ID', 'R1', 'R2', 'R3', 'R4', 'R5', 'R6'].map(
      code => [`${code} rejected`, [['ACK', code, '0', 'EA']], [0, 0, 10], undefined] as const,
    ),
    ...['IH', 'IF', 'IW'].map(code => [`${code} on hold`, [['ACK', code, '10', 'EA']], undefined, undefined] as const),
    ['QQ that nobody knows', [['ACK', 'QQ', '10', 'EA']], [10, 0, 0], /QQ is an answer that is not known/],
  ];
  for (const [what, acks, units, question] of rows)
    test(what, () => {
      const meaning = answered('AC', po1, ...acks);
      assert.deepEqual(units_of(meaning), units === undefined ? [] : [[1, ...units]]);
      assert.deepEqual(reasons_of(meaning), units === undefined ? ['held_by_supplier'] : []);
      if (question === undefined) assert.deepEqual(questions_of(meaning), []);
      else assert.match(questions_of(meaning).join(), question);
    });
  test('prices, substitutes and dates come along', () => {
    assert.equal(lines_of(answered('AC', po1, ['CTP', '', 'CON', '1.50'], ['ACK', 'IP', '10', 'EA']))[0]?.cost, 150);
    assert.equal(lines_of(answered('AC', po1, ['ACK', 'IS', '10', 'EA', '', '', '', 'VN', 'S-A2']))[0]?.substitute_sku, 'S-A2');
    const dated = answered(
      'AC',
      po1,
      ['ACK', 'IA', '4', 'EA', '068', '20260401'],
      ['ACK', 'IB', '6', 'EA'],
      ['SCH', '6', 'EA', '', '', '068', '20260420'],
    );
    assert.equal(lines_of(dated)[0]?.promised_at, '2026-04-20T00:00:00.000Z');
  });
});

describe('BAK02', () => {
  const both = [
    [1, 10, 0, 0],
    [2, 10, 0, 0],
  ];
  const none = [
    [1, 0, 0, 10],
    [2, 0, 0, 10],
  ];
  for (const code of ['AK', 'AT', 'AP']) test(`${code}: accepted as it is`, () => assert.deepEqual(units_of(answered(code)), both));
  for (const code of ['RD', 'RF', 'RJ'])
    test(`${code}: rejected`, () => assert.deepEqual(units_of(answered(code, po1, ['ACK', 'IR', '10', 'EA'])), none));
  for (const code of ['AC', 'AD'])
    test(`${code}: as its lines say, and nothing of others`, () =>
      assert.deepEqual(units_of(answered(code, po1, ['ACK', 'IA', '10', 'EA'])), [[1, 10, 0, 0]]));
  test('AE: exceptions only, the others are accepted', () => {
    assert.deepEqual(units_of(answered('AE', po1, ['ACK', 'IB', '10', 'EA'])), [
      [1, 0, 10, 0],
      [2, 10, 0, 0],
    ]);
  });
  test('AH: held, and nothing is answered', () => {
    const meaning = answered('AH', po1, ['ACK', 'IA', '10', 'EA']);
    assert.deepEqual([meaning.fact, reasons_of(meaning)], [undefined, ['held_by_supplier']]);
  });
  test('RO: a counter-offer is a person’s', () =>
    assert.match(questions_of(answered('RO', po1, ['ACK', 'IA', '10', 'EA'])).join(), /counter-offer/));
  test('ZZ: what nobody knows is a person’s', () =>
    assert.match(questions_of(answered('ZZ', po1, ['ACK', 'IA', '10', 'EA'])).join(), /not known/));
});

test('a newer acknowledgment counts more, an older one less, of one day the later', () => {
  const number = (known: number, issued_at: string) => {
    const document: DocumentOf<'response'> = {
      kind: 'response',
      document_ref: 'D',
      about: 'PO1',
      verdict: 'accept',
      code: 'AK',
      issued_at,
      lines: [],
    };
    const { fact } = meaning_of({ ...order, ack_no: known }, document, at);
    return fact?.kind === 'acknowledgment' ? fact.ack_no : 0;
  };
  const first = number(0, '2026-03-02T00:00:00.000Z');
  assert.equal(number(first, '2026-03-02T00:00:00.000Z'), first + 1);
  assert.ok(number(first, '2026-03-03T00:00:00.000Z') > first);
  assert.ok(number(first, '2026-03-01T00:00:00.000Z') < first);
});

test('codes name a line before its number does, and a line of nobody is shown', () => {
  assert.deepEqual(units_of(answered('AC', ['PO1', '1', '10', 'EA', '', '', 'VN', 'S-B'], ['ACK', 'IA'])), [[2, 10, 0, 0]]);
  assert.deepEqual(units_of(answered('AC', ['PO1', '', '10', 'EA', '', '', 'UP', '5', 'SK', 'B'], ['ACK', 'IA'])), [[2, 10, 0, 0]]);
  assert.deepEqual(reasons_of(answered('AC', ['PO1', '9', '10', 'EA'], ['ACK', 'IA'])), ['unknown_line']);
});

describe('856', () => {
  const item = (id: number, parent: number, line_no: string, sku: string, units: string) => [
    ['HL', String(id), String(parent), 'I'],
    ['LIN', line_no, 'VN', sku],
    ['SN1', line_no, units, 'EA'],
  ];
  const notice = (...tree: readonly (readonly string[])[]) =>
    read('SH', '856', [
      ['BSN', '00', 'SN1', '20260302', '1000'],
      ['HL', '1', '', 'S'],
      ['REF', 'CN', 'T1'],
      ['DTM', '017', '20260305'],
      ...tree,
    ]);
  test('packs of a line add up, under the order that is nearest above', () => {
    const { documents } = notice(
      ['HL', '2', '1', 'O'],
      ['PRF', 'PO1'],
      ['HL', '3', '2', 'P'],
      ...item(4, 3, '1', 'S-A', '4'),
      ['HL', '5', '2', 'P'],
      ...item(6, 5, '1', 'S-A', '5'),
      ['HL', '7', '1', 'O'],
      ['PRF', 'PO2'],
      ...item(8, 7, '1', 'S-X', '3'),
    );
    assert.deepEqual(
      documents.map(({ about }) => about),
      ['PO1', 'PO2'],
    );
    const [first] = documents;
    assert.ok(first?.kind === 'despatch');
    const { fact } = meaning_of(order, first, at);
    assert.ok(fact?.kind === 'ship_notice');
    assert.deepEqual(
      [fact.lines, fact.expected_at, fact.tracking_number],
      [[{ line_no: 1, quantity: 9 }], '2026-03-05T00:00:00.000Z', 'T1'],
    );
  });
  test('an order that stands with its shipment or tare names their items', () => {
    assert.deepEqual(
      notice(['PRF', 'PO1'], ['HL', '2', '1', 'T'], ...item(3, 2, '1', 'S-A', '4')).documents.map(({ about }) => about),
      ['PO1'],
    );
  });
  for (const [what, tree] of [
    ['an item without an order', item(2, 1, '1', 'S-A', '4')],
    ['a parent that is not there', [['HL', '2', '1', 'O'], ['PRF', 'PO1'], ...item(3, 9, '1', 'S-A', '4')]],
    ['a level that stands twice', [['HL', '1', '', 'O'], ['PRF', 'PO1'], ...item(3, 1, '1', 'S-A', '4')]],
    ['half a unit', [['PRF', 'PO1'], ...item(2, 1, '1', 'S-A', '0.5')]],
    ['nothing', []],
  ] as const)
    test(`${what} is refused, with its place`, () => {
      const { documents, refused, receipts } = notice(...tree);
      assert.deepEqual([documents.length, refused.length], [0, 1]);
      assert.match(JSON.stringify(receipts), /"AK3".*"AK5","R","5".*"AK9","R","1","1","0"/);
    });
});

describe('810', () => {
  const bill = (...more: readonly (readonly string[])[]) =>
    meaning_of(
      order,
      told('bill', 'IN', '810', [['BIG', '20260302', 'INV1', '', 'PO1'], ['IT1', '1', '10', 'EA', '1.05', '', 'VN', 'S-A'], ...more]),
      at,
    );
  test('with two implied decimals in all, an explicit point in each, and charges of their own', () => {
    const { fact } = bill(
      ['TXI', 'ST', '2.10'],
      ['SAC', 'C', 'D240', '', '', '500'],
      ['SAC', 'A', 'C310', '', '', '100'],
      ['SAC', 'N', 'D240', '', '', '900'],
      ['TDS', '1660'],
    );
    assert.ok(fact?.kind === 'invoice');
    assert.deepEqual([fact.amount, fact.lines], [1_660, [{ line_no: 1, quantity: 10, cost: 105 }]]);
    assert.deepEqual(fact.charges, [
      { kind: 'tax', amount: 210 },
      { kind: 'freight', amount: 500 },
      { kind: 'other', amount: -100 },
    ]);
  });
  test('that cannot be compared is a person’s, and nothing of it counts', () => {
    const meaning = bill(['IT1', '7', '1', 'EA', '1.055'], ['TDS', '1050']);
    assert.deepEqual([meaning.fact, reasons_of(meaning)], [undefined, ['invoice_unreadable']]);
  });
  test('of a credit is refused', () => {
    assert.match(
      read('IN', '810', [
        ['BIG', '20260302', 'INV1', '', 'PO1', '', '', 'CR'],
        ['TDS', '1050'],
      ]).refused.join(),
      /credits/,
    );
  });
});

test('sets in a group of others, and sets that are not taken, are refused by their codes', () => {
  assert.match(JSON.stringify(read('PO', '855', [['BAK', '00', 'AK', 'PO1', '20260302']]).receipts), /"AK5","R","6"/);
  assert.match(JSON.stringify(read('PO', '850', [['BEG', '00', 'NE', 'PO1', '', '20260302']]).receipts), /"AK5","R","1"/);
  assert.deepEqual(read('IB', '846', [['BIA', '00', 'MB', 'X', '20260302']]).documents, []);
});

test('a 997 is of the group it names, and nobody answers it', () => {
  const accepted = read('FA', '997', [
    ['AK1', 'PO', '7'],
    ['AK2', '850', '0001'],
    ['AK5', 'A'],
    ['AK9', 'A', '1', '1', '1'],
  ]);
  assert.deepEqual([accepted.documents.map(({ about }) => about), accepted.receipts], [['#7'], []]);
  const refused = told('receipt', 'FA', '997', [
    ['AK1', 'PO', '7'],
    ['AK2', '850', '0001'],
    ['AK3', 'PO1', '6', '', '8'],
    ['AK5', 'R', '5'],
    ['AK9', 'R', '1', '1', '0'],
  ]);
  assert.deepEqual([refused.accepted, refused.detail], [false, 'AK3 PO1 6  8; AK5 R 5; AK9 R 1 1 0']);
});

/** FUZZ_SECONDS=120 runs it for two minutes. */
test('sets of any segments with any elements are read, or refused with a place; never thrown at', () => {
  const fuzz_seconds = Number(process.env['FUZZ_SECONDS'] ?? '0');
  const ids = 'BAK CUR PO1 CTP ACK SCH CTT BSN HL PRF LIN SN1 REF DTM BIG IT1 TDS TXI SAC AK1 AK2 AK5 AK9'.split(' ');
  const words =
    '|00|01|AC|AE|AK|RO|ZZ|IA|IB|BP|IQ|IS|IR|IH|1|2|10|0|-1|1.5|99999999999|1.05|20260302|20261399|PO1|S-A|A|VN|SK|S|O|I|C|D240|CN|017|GBP|EUR'.split(
      '|',
    );
  const segment = fc.tuple(
    fc.constantFrom(...ids),
    fc.array(fc.oneof(fc.constantFrom(...words), fc.string({ maxLength: 5 }).filter(is_writable)), { maxLength: 12 }),
  );
  const groups: readonly (readonly [string, string])[] = [
    ['PR', '855'],
    ['SH', '856'],
    ['IN', '810'],
    ['FA', '997'],
  ];
  fc.assert(
    fc.property(fc.constantFrom(...groups), fc.array(segment, { maxLength: 25 }), ([functional, code], segments) => {
      const { documents, refused, receipts } = read(
        functional,
        code,
        segments.map(([id, elements]) => [id, ...elements, 'X']),
      );
      assert.ok(documents.length > 0 || refused.length === 1);
      assert.equal(receipts.length, functional === 'FA' ? 0 : 1);
      for (const document of documents) if (document.kind !== 'receipt') meaning_of(order, document, at);
    }),
    fuzz_seconds > 0 ? { numRuns: Number.POSITIVE_INFINITY, interruptAfterTimeLimit: fuzz_seconds * 1_000 } : { numRuns: 500 },
  );
});

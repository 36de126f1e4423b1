/** Documents of partners: what each code says, what is refused whole, and that no bytes break the reader. FUZZ_SECONDS=120 runs the properties for two minutes. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { meaning_of } from '../../decide/documents.ts';
import { new_purchase_order, type PurchaseOrder } from '../../model_order.ts';
import type { AcknowledgedLine } from '../port.ts';
import type { Answered, DocumentOf, TradeDocument, Verdict } from '../trade.ts';
import { document_bytes_max, type ReadDocument, read_document } from './read.ts';
import { judge, no_judge } from './testing/judge.ts';
import { acme, despatch_line, despatch_paper, period, response_line, response_paper, type Told, us } from './testing/papers.ts';

const fuzz_seconds = Number(process.env['FUZZ_SECONDS'] ?? '0');
const runs: fc.Parameters<unknown> =
  fuzz_seconds > 0 ? { numRuns: Number.POSITIVE_INFINITY, interruptAfterTimeLimit: (fuzz_seconds * 1_000) / 3 } : { numRuns: 300 };

const read = (text: string): ReadDocument => read_document(Buffer.from(text));
function documents_in(text: string): readonly TradeDocument[] {
  const found = read(text);
  assert.ok(!('unreadable' in found) && found.fault === undefined, JSON.stringify(found));
  return found.documents;
}
function response_in(text: string): DocumentOf<'response'> {
  const [document] = documents_in(text);
  assert.ok(document?.kind === 'response');
  return document;
}
const fault_of = (text: string) => {
  const found = read(text);
  return 'unreadable' in found ? undefined : found.fault;
};

/** 10 units of S-1 at 1.00, 20 of S-2 at 2.00. */
const at = '2026-03-02T00:00:00.000Z';
const fresh = new_purchase_order('po_1');
const order: PurchaseOrder = { ...fresh, currency: 'GBP', status: 'sent', lines: [line_of(1, 10, 100), line_of(2, 20, 200)] };
function line_of(line_no: number, quantity: number, cost: number): PurchaseOrder['lines'][number] {
  const none = { confirmed: 0, in_transit: 0, received: 0, rejected: 0, refused: 0, cancelled: 0, over: 0, invoiced: 0 };
  return {
    line_no,
    sku: `OUR-${line_no}`,
    supplier_sku: `S-${line_no}`,
    cost,
    quantity,
    ...none,
    promised_at: null,
    first_promised_at: null,
    inspect: false,
  };
}
function meaning(document: TradeDocument) {
  assert.ok(document.kind !== 'receipt');
  return meaning_of(order, document, at);
}
function acknowledged(document: TradeDocument) {
  const { fact, troubles } = meaning(document);
  assert.ok(fact?.kind === 'acknowledgment', JSON.stringify(troubles));
  return { lines: fact.lines, questions: fact.questions, troubles };
}

test('who wrote what to whom, and when', () => {
  const found = read(response_paper('AP'));
  assert.ok(!('unreadable' in found));
  assert.deepEqual([found.sender, found.receiver, found.control], [acme, us, 'OrderResponse R-1']);
  const { document_ref, about, verdict, code, issued_at, currency } = response_in(response_paper('AP'));
  assert.deepEqual(
    [document_ref, about, verdict, code, issued_at, currency],
    ['9930:DE123456789/OrderResponse/R-1', 'PO1', 'accept', 'AP', '2026-03-02T12:30:00.000Z', 'GBP'],
  );
});

describe('the code of the whole order', () => {
  test('AB: it came and can be read, and nothing is decided', () => {
    const [document] = documents_in(response_paper('AB'));
    assert.deepEqual([document?.kind, document?.kind === 'receipt' && document.accepted], ['receipt', true]);
  });
  for (const [code, verdict] of [
    ['AP', 'accept'],
    ['RE', 'reject'],
    ['CA', 'lines'],
    ['29', 'unknown'],
  ] as const satisfies readonly (readonly [string, Verdict])[])
    test(`${code}: ${verdict}`, () =>
      assert.equal(response_in(response_paper(code, { lines: [response_line(1, { code: '5' })] })).verdict, verdict));
  const units = (lines: readonly AcknowledgedLine[]) => lines.map(({ confirmed, rejected }) => [confirmed, rejected]);
  test('AP without lines takes the whole order, with the date of the whole delivery', () => {
    const delivery = `<a:Delivery>${period('Promised', '<b:StartDate>2026-03-09</b:StartDate><b:EndDate>2026-03-10</b:EndDate>')}</a:Delivery>`;
    const { lines } = acknowledged(response_in(response_paper('AP', {}, delivery)));
    assert.deepEqual(units(lines), [
      [10, 0],
      [20, 0],
    ]);
    assert.deepEqual(
      lines.map(({ promised_at }) => promised_at),
      ['2026-03-10T00:00:00.000Z', '2026-03-10T00:00:00.000Z'],
    );
  });
  test('RE rejects the whole order, whatever its lines say', () =>
    assert.deepEqual(units(acknowledged(response_in(response_paper('RE', { lines: [response_line(1, { code: '5' })] }))).lines), [
      [0, 10],
      [0, 20],
    ]));
  test('CA without lines is refused: nobody knows what changed', () => assert.equal(fault_of(response_paper('CA')), 'CA, and no lines'));
});

const day = (date: string) => `${date}T00:00:00.000Z`;
/** What a line of 10 units at 1.00 becomes: [confirmed, backordered, rejected], and what else. */
const lines: readonly (readonly [
  string,
  readonly Told[],
  readonly [number, number, number],
  Partial<AcknowledgedLine>,
  question?: RegExp,
])[] = [
  ['5: accepted as it is', [{ code: '5' }], [10, 0, 0], {}],
  ['5 with a date', [{ code: '5', quantity: '10', until: '2026-03-09' }], [10, 0, 0], { promised_at: day('2026-03-09') }],
  ['7: not accepted', [{ code: '7' }], [0, 0, 10], {}],
  ['7 with the quantity that was asked for', [{ code: '7', quantity: '10' }], [0, 0, 10], {}],
  ['42: delivered already', [{ code: '42' }], [10, 0, 0], {}],
  ['3: fewer, and the rest does not come', [{ code: '3', quantity: '6' }], [6, 0, 4], {}],
  ['3: fewer, and nothing later', [{ code: '3', quantity: '6', later: '0' }], [6, 0, 4], {}],
  [
    '3: some now, some later, some never; a date of the first only promises nothing',
    [{ code: '3', quantity: '2', later: '3', until: '2026-03-09' }],
    [2, 3, 5],
    {},
  ],
  [
    '3: a period over what comes now and what comes later',
    [{ code: '3', quantity: '5', later: '5', from: '2026-03-09', until: '2026-03-16' }],
    [5, 5, 0],
    { promised_at: day('2026-03-16') },
  ],
  ['3: all of it later', [{ code: '3', quantity: '0', later: '10', until: '2026-03-16' }], [0, 10, 0], { promised_at: day('2026-03-16') }],
  ['3: all of it later, nobody knows when', [{ code: '3', quantity: '0', later: '10' }], [0, 10, 0], {}],
  ['3: another date', [{ code: '3', from: '2026-03-12' }], [10, 0, 0], { promised_at: day('2026-03-12') }],
  ['3: another price', [{ code: '3', price: '1.10' }], [10, 0, 0], { cost: 110 }],
  [
    '3: another price, with more decimals than it needs',
    [{ code: '3', quantity: '10', price: '1.1000', base: '1' }],
    [10, 0, 0],
    { cost: 110 },
  ],
  ['3: a price of a hundred', [{ code: '3', price: '110', base: '100' }], [10, 0, 0], {}, /110 per 100 is no price/],
  ['3: another item', [{ code: '3', substitute: 'S-1-ALT' }], [10, 0, 0], { substitute_sku: 'S-1-ALT' }],
  ['5, and yet another item', [{ code: '5', quantity: '10', substitute: 'S-1-ALT' }], [10, 0, 0], { substitute_sku: 'S-1-ALT' }],
  ['5, and yet some later', [{ code: '5', quantity: '4', later: '6' }], [4, 6, 0], {}],
  ['3: nothing that is seen here', [{ code: '3' }], [10, 0, 0], {}, /changed \(3\)/],
  ['3: in boxes', [{ code: '3', quantity: '2', unit: 'XBX' }], [10, 0, 0], {}, /changed \(3, 2 XBX\)/],
  ['3: later, and nobody says how many now', [{ code: '3', later: '4' }], [6, 4, 0], {}, /changed/],
  ['3 in pieces under another name', [{ code: '3', quantity: '4.00', unit: 'EA' }], [4, 0, 6], {}],
  [
    '1: delivered on two days',
    [
      { code: '1', quantity: '6', from: '2026-03-09' },
      { code: '1', quantity: '4', from: '2026-03-12' },
    ],
    [10, 0, 0],
    { promised_at: day('2026-03-12') },
  ],
  [
    '3 and 1: the same',
    [
      { code: '3', quantity: '6', until: '2026-03-09' },
      { code: '1', quantity: '4', until: '2026-03-12' },
    ],
    [10, 0, 0],
    { promised_at: day('2026-03-12') },
  ],
  [
    '7 and 1: another item instead',
    [
      { code: '7', quantity: '10' },
      { code: '1', quantity: '10', seller: 'OTHER' },
    ],
    [10, 0, 0],
    { substitute_sku: 'OTHER' },
  ],
  [
    '7 and 1: another item instead of some',
    [
      { code: '7', quantity: '10' },
      { code: '1', quantity: '6', seller: 'OTHER' },
    ],
    [6, 0, 4],
    { substitute_sku: 'OTHER' },
  ],
  [
    '3 and 7: some, and some not',
    [
      { code: '3', quantity: '6' },
      { code: '7', quantity: '4' },
    ],
    [6, 0, 4],
    {},
  ],
  ['9: a code that is not known', [{ code: '9' }], [10, 0, 0], {}, /9 is an answer that is not known here/],
];

describe('the code of a line', () => {
  for (const [name, told, [confirmed, backordered, rejected], more, question] of lines)
    test(name, () => {
      const paper = response_paper('CA', { lines: told.map(one => response_line(1, one)) });
      const { lines: found, questions = [], troubles } = acknowledged(response_in(paper));
      assert.deepEqual([...found], [{ line_no: 1, confirmed, backordered, rejected, ...more }]);
      assert.deepEqual(troubles, []);
      assert.match(questions.join(), question ?? /^$/);
    });
  test('lines are found by the supplier’s code before their number; one of nobody is a person’s', () => {
    const found = acknowledged(
      response_in(
        response_paper('CA', { lines: [response_line(7, { code: '5', seller: 'S-2' }), response_line(9, { code: '1', quantity: '1' })] }),
      ),
    );
    assert.deepEqual([found.lines.map(({ line_no }) => line_no), found.troubles.map(({ reason }) => reason)], [[2], ['unknown_line']]);
  });
});

test('every answer of an X12 855 can be said, and is the same', () => {
  const said = (told: readonly Told[]) =>
    acknowledged(response_in(response_paper('CA', { lines: told.map(one => response_line(1, one)) }))).lines;
  const promised_at = day('2026-03-16');
  const in_x12 = (answers: readonly Omit<Answered, 'code'>[]) =>
    acknowledged({
      ...{ document_ref: 'X', about: 'PO1', kind: 'response', verdict: 'lines', code: 'AC' },
      lines: [{ item: { line_no: 1, codes: ['S-1'] }, answers: answers.map(one => ({ code: '', ...one })) }],
    }).lines;
  for (const [told, answers] of [
    [[{ code: '5' }], [{ answer: 'accept', quantity: 10 }]],
    [[{ code: '7' }], [{ answer: 'reject', quantity: 0 }]],
    [[{ code: '3', quantity: '0', later: '10', until: '2026-03-16' }], [{ answer: 'backorder', quantity: 10, promised_at }]],
    [
      [{ code: '3', quantity: '5', later: '5', from: '2026-03-09', until: '2026-03-16' }],
      [
        { answer: 'partial', quantity: 5 },
        { answer: 'backorder', quantity: 5, promised_at },
      ],
    ],
    [[{ code: '3', quantity: '10', until: '2026-03-16' }], [{ answer: 'reschedule', quantity: 10, promised_at }]],
    [[{ code: '3', quantity: '4' }], [{ answer: 'quantity', quantity: 4 }]],
    [[{ code: '3', substitute: 'B' }], [{ answer: 'substitute', substitute: 'B' }]],
  ] as const satisfies readonly (readonly [readonly Told[], readonly Omit<Answered, 'code'>[]])[])
    assert.deepEqual(said(told), in_x12(answers), JSON.stringify(told));
});

describe('despatch advice', () => {
  test('says what is on its way, in whole units, under its own id', () => {
    const [document] = documents_in(despatch_paper({ lines: [despatch_line(1, '6'), despatch_line(1, '4'), despatch_line(2, '0')] }));
    assert.deepEqual(document, {
      ...{
        document_ref: '9930:DE123456789/DespatchAdvice/D-1',
        kind: 'despatch',
        notice_ref: 'D-1',
        about: 'PO1',
        tracking_number: 'TRK-1',
      },
      ...{ shipped_at: day('2026-03-03'), expected_at: '2026-03-05T12:00:00.000Z' },
      lines: [6, 4].map(quantity => ({ item: { line_no: 1, codes: ['S-1'] }, quantity })),
    });
    assert.ok(document !== undefined);
    const { fact } = meaning(document);
    assert.deepEqual(fact?.kind === 'ship_notice' && fact.lines, [{ line_no: 1, quantity: 10 }]);
  });
  test('of several orders is one document for each', () =>
    assert.deepEqual(
      documents_in(despatch_paper({ lines: [despatch_line(1, '1'), despatch_line(1, '2', { order: 'PO2' })] })).map(({ about }) => about),
      ['PO1', 'PO2'],
    ));
});

describe('is refused whole', () => {
  const good = response_paper('CA', { lines: [response_line(1, { code: '3', quantity: '5', price: '1.00', from: '2026-03-09' })] });
  const despatch = despatch_paper({ lines: [despatch_line(1, '5')] });
  for (const [name, text, fault] of [
    ['half a unit', good.replace('>5<', '>5.5<'), /no whole units/],
    ['less than nothing', good.replace('>5<', '>-5<'), /no whole units/],
    ['no day', good.replace('2026-03-09', '2026-02-30'), /no day/],
    ['no date', good.replace('2026-03-09', 'soon'), /no day/],
    [
      'a period that ends before it begins',
      good.replace('</b:StartDate>', '</b:StartDate><b:EndDate>2026-03-08</b:EndDate>'),
      /ends before/,
    ],
    ['a price in another currency', good.replace('currencyID="GBP"', 'currencyID="EUR"'), /another currency/],
    ['no order', good.replace(/<a:OrderReference>.*<\/a:OrderReference>/, ''), /OrderReference/],
    ['no code', good.replace(/<b:OrderResponseCode>.*<\/b:OrderResponseCode>/, ''), /OrderResponseCode/],
    ['a line without a code', good.replace(/<b:LineStatusCode>.*<\/b:LineStatusCode>/, ''), /LineStatusCode/],
    ['an order’s name that is too long', good.replace('>PO1<', `>${'P'.repeat(101)}<`), /longer/],
    ['another transaction', good.replace('order_response:3', 'order_response_advanced:3'), /CustomizationID/],
    [
      'an older version',
      good.replace(/urn:fdc:peppol.eu:poacc:trns:order_response:3/, 'urn:www.cenbii.eu:transaction:biitrns076:ver2.0'),
      /Custom/,
    ],
    ['a delivery in boxes', despatch.replace('C62', 'XBX'), /no units/],
    ['a delivery without a quantity', despatch.replace(/<b:DeliveredQuantity.*<\/b:DeliveredQuantity>/, ''), /no units/],
    ['a delivery of nothing', despatch_paper(), /nothing is delivered/],
  ] as const)
    test(name, () => assert.match(fault_of(text) ?? 'no fault', fault));
  test('an extension of the transaction is not', () =>
    assert.equal(fault_of(good.replace('order_response:3', 'order_response:3:extended:urn:x')), undefined));
  for (const [name, text] of [
    ['no XML', 'ISA*00*'],
    ['nothing', ''],
    ['a document that is cut', good.slice(0, -20)],
    ['a document type', good.replace('<u:', '<!DOCTYPE u:OrderResponse><u:')],
    ['an invoice', good.replaceAll('OrderResponse', 'Invoice')],
    ['another namespace', good.replace('xsd:OrderResponse-2', 'xsd:Order-2')],
    ['a name from JavaScript', '<constructor/>'],
    ['no id', good.replace('<b:ID>R-1</b:ID>', '')],
    ['no sender', good.replace('schemeID="9930"', '')],
    ['a sender that is no id', good.replace('DE123456789', 'DE 123')],
    ['too many bytes', good + ' '.repeat(document_bytes_max)],
  ] as const)
    test(`and named by nobody: ${name}`, () => assert.ok('unreadable' in read(text)));
});

test('a thousand lines are read, one more is refused', () => {
  const paper = (count: number) =>
    response_paper('CA', {
      lines: Array.from({ length: count }, (_, place) => response_line(place + 1, { code: '3', quantity: '1', later: '1' })),
    });
  assert.equal(response_in(paper(1_000)).lines.length, 1_000);
  assert.match(fault_of(paper(1_001)) ?? '', /more than 1000 lines/);
});

test('xmllint: the papers of these tests are valid', { skip: no_judge }, t =>
  judge(
    t,
    ...['AB', 'AP', 'RE'].map(code => response_paper(code)),
    ...lines.map(([, told]) => response_paper('CA', { lines: told.map(one => response_line(1, one)) })),
    despatch_paper({ lines: [despatch_line(1, '6'), despatch_line(2, '1', { order: 'PO2' })] }),
  ),
);

describe('whatever the bytes are, there is an answer', () => {
  const papers = [
    response_paper('CA', { lines: lines.flatMap(([, told]) => told.map(one => response_line(1, one))) }),
    despatch_paper({ lines: [despatch_line(1, '6'), despatch_line(2, '1', { order: 'PO2' })] }),
  ];
  /** And what it says can be decided: no number is none, no units are lost or made. */
  const survives = (bytes: Uint8Array) => {
    const found = read_document(bytes);
    if ('unreadable' in found) return;
    assert.ok(found.fault === undefined || found.documents.length === 0);
    for (const document of found.documents) {
      if (document.kind === 'receipt') continue;
      const { fact } = meaning_of(order, document, at);
      if (fact?.kind !== 'acknowledgment') continue;
      for (const { confirmed, backordered, rejected } of fact.lines)
        for (const units of [confirmed, backordered, rejected]) assert.ok(Number.isSafeInteger(units) && units >= 0);
    }
  };
  const fragments = [
    '<',
    '>',
    '</',
    '/>',
    '"',
    '&',
    '&#0;',
    ']]>',
    '<!--',
    '-',
    '.',
    '0',
    '9'.repeat(20),
    '1e9',
    'XBX',
    '42',
    '7',
    ' ',
    '\0',
    '\uD83D',
    '2026-02-30',
    '<b:ID>',
    '</b:ID>',
    '#1',
  ];
  const change = fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    remove: fc.nat({ max: 60 }),
    insert: fc.oneof(fc.constantFrom(...fragments), fc.string({ unit: 'binary', maxLength: 5 })),
  });
  test('arbitrary bytes', () => fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), survives), runs));
  test('a good document, changed in some places', () =>
    fc.assert(
      fc.property(fc.constantFrom(...papers), fc.array(change, { minLength: 1, maxLength: 4 }), (paper, changes) => {
        const text = changes.reduce((now, { at: share, remove, insert }) => {
          const place = Math.floor(share * now.length);
          return now.slice(0, place) + insert + now.slice(place + remove);
        }, paper);
        survives(Buffer.from(text));
      }),
      runs,
    ));
  test('a good document with other words in it', () =>
    fc.assert(
      fc.property(
        fc.constantFrom(...papers),
        fc.array(
          fc.tuple(
            fc.nat({ max: 400 }),
            fc.oneof(fc.constantFrom(...fragments.filter(one => !/[<&>]/.test(one))), fc.string({ maxLength: 12 })),
          ),
          { minLength: 1, maxLength: 4 },
        ),
        (paper, words) => {
          const places = [...paper.matchAll(/>([^<>]+)</g)];
          const text = words.reduce((now, [place, word]) => {
            const match = places[place % places.length];
            const quoted = word.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
            return match === undefined ? now : now.replace(`>${match[1]}<`, () => `>${quoted}<`);
          }, paper);
          survives(Buffer.from(text));
        },
      ),
      runs,
    ));
});

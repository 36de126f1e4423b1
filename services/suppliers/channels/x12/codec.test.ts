/** The codec against itself, against mutated and arbitrary bytes, and against files of others. FUZZ_SECONDS=120 runs the properties for two minutes. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { decimal_of, money_in, units_in } from '../amounts.ts';
import { instant_in, with_implied_decimals } from './numbers.ts';
import { element, read_transmission, type Transmission, transmission_bytes_max } from './read.ts';
import { type Envelope, is_writable, words, write_interchange } from './write.ts';

const fuzz_seconds = Number(process.env['FUZZ_SECONDS'] ?? '0');
const runs: fc.Parameters<unknown> =
  fuzz_seconds > 0 ? { numRuns: Number.POSITIVE_INFINITY, interruptAfterTimeLimit: (fuzz_seconds * 1_000) / 3 } : { numRuns: 300 };

const envelope: Envelope = {
  sender: { qualifier: 'ZZ', id: 'CARTWRIGHT' },
  receiver: { qualifier: '01', id: '123456789' },
  control_number: 7,
  at: '2026-03-01T10:05:00.000Z',
  usage: 'T',
};
const lines = [
  ['BEG', '00', 'NE', 'PO1', '', '20260301'],
  ['CUR', 'BY', 'GBP'],
  ['PO1', '1', '10', 'EA', '1.05', '', 'VN', 'A-1', 'SK', 'TEA'],
];
const bytes = (text: string) => Buffer.from(text, 'utf8');
const written = () => write_interchange(envelope, 'PO', [{ code: '850', segments: lines }]);
const faults = ({ fault, interchanges }: Transmission) =>
  [fault?.code, ...interchanges.map(interchange => interchange.fault?.code)].filter(code => code !== undefined);
/** The only interchange, whole. */
function only(text: string | Uint8Array) {
  const read = read_transmission(typeof text === 'string' ? bytes(text) : text);
  assert.deepEqual(faults(read), []);
  const [interchange] = read.interchanges;
  assert.ok(interchange !== undefined && read.interchanges.length === 1);
  return interchange;
}

test('what is written is read, and stands as the standard has it', () => {
  const text = written();
  assert.equal(
    text.split('\n')[0],
    'ISA*00*          *00*          *ZZ*CARTWRIGHT     *01*123456789      *260301*1005*U*00401*000000007*0*T*>~',
  );
  assert.equal(text.split('\n')[1], 'GS*PO*CARTWRIGHT*123456789*20260301*1005*7*X*004010~');
  const { sender, receiver, control, groups } = only(text);
  assert.deepEqual([sender, receiver, control], [envelope.sender, envelope.receiver, '000000007']);
  assert.deepEqual(
    groups.flatMap(group => group.sets.flatMap(set => set.segments.map(({ id, elements }) => [id, ...elements]))),
    lines,
  );
});

const delimited = (element_by: string, component: string, segment: string) =>
  written().replaceAll('\n', '').replaceAll('>', component).replaceAll('*', element_by).replaceAll('~', segment);
for (const [name, text] of [
  ['bars and line feeds', delimited('|', ':', '\n')],
  ['a line end of two characters', delimited('*', '>', '\r\n')],
  ['the separators of ASCII', delimited('\u001d', '\u001f', '\u001c')],
  ['a byte order mark', `\ufeff${written()}`],
  ['line ends of Windows behind the terminators', written().replaceAll('\n', '\r\n')],
  ['empty lines before and behind', `\r\n\n${written()}\r\n\u001a`],
] as const)
  test(`delimiters are those of the interchange: ${name}`, () => {
    assert.equal(only(text).groups[0]?.sets[0]?.segments.length, 3);
  });

test('bytes that are not UTF-8 are Latin-1', () => {
  const text = written().replace('\nPO1*', '\nN1*ST*Caf\u00e9~\nPO1*').replace('SE*5', 'SE*6');
  const name = only(Buffer.from(text, 'latin1')).groups[0]?.sets[0]?.segments.find(({ id }) => id === 'N1');
  assert.equal(name && element(name, 2), 'Café');
});

test('several interchanges, groups and sets in one transmission', () => {
  const other = write_interchange({ ...envelope, control_number: 8 }, 'PO', [
    { code: '850', segments: lines },
    { code: '850', segments: lines },
  ]);
  const { interchanges } = read_transmission(bytes(written() + other));
  assert.deepEqual(
    interchanges.map(({ control, groups }) => [control, groups.map(group => group.sets.map(set => set.control))]),
    [
      ['000000007', [['0001']]],
      ['000000008', [['0001', '0002']]],
    ],
  );
});

describe('what does not add up is refused whole', () => {
  const broken: readonly (readonly [string, (text: string) => string, string])[] = [
    ['SE counts too many', text => text.replace('SE*5', 'SE*6'), 'set'],
    ['SE has another number', text => text.replace('SE*5*0001', 'SE*5*0002'), 'set'],
    ['no SE', text => text.replace(/SE\*.*\n/, ''), 'set'],
    ['GE counts another', text => text.replace('GE*1*', 'GE*2*'), 'group'],
    ['GE has another number', text => text.replace('GE*1*7', 'GE*1*8'), 'group'],
    ['no GE', text => text.replace(/GE\*.*\n/, ''), 'group'],
    ['IEA counts another', text => text.replace('IEA*1', 'IEA*2'), 'count'],
    ['IEA has another number', text => text.replace('IEA*1*000000007', 'IEA*1*000000008'), 'control_number'],
    ['cut in the middle', text => text.slice(0, text.length / 2), 'truncated'],
    ['cut before its last terminator', text => text.trimEnd().slice(0, -1), 'truncated'],
    ['an ISA within', text => text.replace('GE*', `${text.split('\n')[0]}\nGE*`), 'truncated'],
    ['a control character', text => text.replace('A-1', 'A\u0000-1'), 'control_character'],
    ['a segment without a name', text => text.replace('CUR*', '*'), 'structure'],
    ['a segment outside of a group', text => text.replace('IEA*', 'N1*ST~\nIEA*'), 'structure'],
    ['a letter in ISA13', text => text.replaceAll('000000007', '00000000A'), 'control_number'],
    ['an ISA of another width', text => text.replace('CARTWRIGHT     ', 'CARTWRIGHT'), 'no_interchange'],
    ['a delimiter that is a letter', text => text.replace('*>~', '*A~'), 'no_interchange'],
    ['something else', () => '<xml/>', 'no_interchange'],
    ['nothing', () => ' \n', 'no_interchange'],
    ['too much', text => text + ' '.repeat(transmission_bytes_max), 'too_large'],
  ];
  for (const [name, spoil, code] of broken)
    test(name, () => {
      assert.deepEqual(faults(read_transmission(bytes(spoil(written())))), [code]);
    });
  test('a set number that stands twice in a group', () => {
    const two = write_interchange(envelope, 'PO', [
      { code: '850', segments: lines },
      { code: '850', segments: lines },
    ]);
    assert.deepEqual(faults(read_transmission(bytes(two.replaceAll('0002~', '0001~')))), ['set']);
  });
});

test('delimiters in data: words lose them, codes with them cannot be written', () => {
  assert.equal(words('Tom*Jerry~ Ltd>\u0007 Co', 60), 'Tom Jerry  Ltd   Co');
  assert.equal(words('é'.repeat(70), 60).length, 60);
  for (const code of ['A*1', 'A~1', 'A>1', 'A\n1', 'A\ud8001']) assert.equal(is_writable(code), false, code);
  for (const code of ['A-1', 'Ä.1', 'A 1']) assert.equal(is_writable(code), true, code);
  assert.throws(() => write_interchange(envelope, 'PO', [{ code: '850', segments: [['PO1', 'A*1']] }]), /delimiter/);
});

test('numbers become whole units and minor units, or nothing', () => {
  for (const [text, units] of [
    ['12', 12],
    ['12.00', 12],
    ['+3', 3],
    ['0', 0],
    ['1.5', undefined],
    ['-1', undefined],
    ['1e3', undefined],
    ['', undefined],
    ['99999999999', undefined],
  ] as const)
    assert.equal(units_in(text), units, text);
  for (const [text, currency, amount] of [
    ['4.5', 'GBP', 450],
    ['.05', 'GBP', 5],
    ['7', 'JPY', 7],
    ['7.0', 'JPY', 7],
    ['1.234', 'KWD', 1_234],
    ['4.50000', 'GBP', 450],
    ['4.125', 'GBP', undefined],
    ['-1', 'GBP', undefined],
    ['.', 'GBP', undefined],
    ['', 'GBP', undefined],
    ['99999999999999999', 'GBP', undefined],
  ] as const)
    assert.equal(money_in(text, currency), amount, text);
  for (const [text, currency, amount] of [
    ['10500', 'GBP', 10_500],
    ['5', 'GBP', 5],
    ['10500', 'JPY', 105],
    ['10501', 'JPY', undefined],
    ['10500', 'KWD', 105_000],
    ['-1', 'GBP', undefined],
    ['x', 'GBP', undefined],
  ] as const)
    assert.equal(money_in(with_implied_decimals(text), currency), amount, text);
  assert.deepEqual(
    [decimal_of(5, 'GBP'), decimal_of(450, 'GBP'), decimal_of(7, 'JPY'), decimal_of(1, 'KWD')],
    ['0.05', '4.50', '7', '0.001'],
  );
  assert.deepEqual(
    [instant_in('20260301'), instant_in('260301', '1005'), instant_in('20260631'), instant_in('2026031'), instant_in('20260301', '2561')],
    ['2026-03-01T00:00:00.000Z', '2026-03-01T10:05:00.000Z', undefined, undefined, undefined],
  );
});

describe('properties', () => {
  test('arbitrary bytes are read or refused, never thrown at', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2_000 }), some => {
        assert.ok(faults(read_transmission(some)).length > 0);
      }),
      runs,
    );
  });
  test('a mutated interchange is read or refused, and never read as more than was written', () => {
    const original = bytes(written());
    const edit = fc.record({ at: fc.nat(original.length), cut: fc.nat(40), put: fc.uint8Array({ maxLength: 20 }) });
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 4 }), edits => {
        let some: Buffer = original;
        for (const { at, cut, put } of edits) some = Buffer.concat([some.subarray(0, at), put, some.subarray(at + cut)]);
        const { interchanges, fault } = read_transmission(some);
        assert.ok(fault !== undefined || interchanges.length > 0);
        for (const one of interchanges) if (one.fault === undefined) assert.ok(one.groups.length <= 3);
      }),
      runs,
    );
  });
  test('whatever can be written is read as it was written', () => {
    const text = fc.string({ unit: 'binary', maxLength: 40 }).filter(one => is_writable(one) && one === one.trimEnd());
    const segment = fc.array(text, { minLength: 1, maxLength: 8 }).map(elements => ['N1', ...elements, 'X']);
    fc.assert(
      fc.property(
        fc.array(fc.array(segment, { maxLength: 5 }), { minLength: 1, maxLength: 4 }),
        fc.integer({ min: 1, max: 999_999_999 }),
        (sets, control_number) => {
          const { groups, control } = only(
            write_interchange(
              { ...envelope, control_number },
              'PO',
              sets.map(segments => ({ code: '850', segments })),
            ),
          );
          assert.equal(Number(control), control_number);
          assert.deepEqual(
            groups[0]?.sets.map(set => set.segments.map(({ id, elements }) => [id, ...elements])),
            sets,
          );
        },
      ),
      runs,
    );
  });
});

describe('files of others', () => {
  const folder = join(import.meta.dirname, '../../../../../shared/third-party/x12');
  const found = existsSync(folder) ? readdirSync(folder).filter(name => name.endsWith('.edi')) : [];
  if (found.length === 0) test('sample interchanges', { skip: 'shared/third-party/x12 is not here' }, () => undefined);
  const codes: Readonly<Record<string, string>> = { 'node-x12-850.edi': '850', 'node-x12-855.edi': '855', 'node-x12-856.edi': '856' };
  for (const name of found)
    test(name, () => {
      const sets = only(readFileSync(join(folder, name))).groups.flatMap(group => group.sets);
      assert.deepEqual(
        sets.map(set => set.code),
        [codes[name]],
      );
    });
});

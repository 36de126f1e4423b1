/**
 * Whatever the bytes are, the parser answers with a tree or an XmlError, and in time. A short run with every test; minutes with
 * `FUZZ_SECONDS=300 node --test platform/xml/fuzz.test.ts`.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parse_xml, type XmlElement, XmlError, xml_bytes_max } from './parse.ts';
import { read_soap } from './soap.ts';

const seconds = Number(process.env['FUZZ_SECONDS'] ?? 0);
const budget =
  seconds > 0 ? { numRuns: 100_000_000, interruptAfterTimeLimit: (seconds * 1_000) / 3, markInterruptAsFailure: false } : { numRuns: 500 };
/** Measured for the worst of 256 KiB: about 150 ms on two slow cores; a hundred times the usual is what this looks for. */
const time_max_ms = 2_000;

function survives(bytes: Uint8Array): void {
  const begun_ms = performance.now();
  try {
    count(parse_xml(bytes));
  } catch (error) {
    if (!(error instanceof XmlError)) throw error;
  }
  assert.ok(['reply', 'fault', 'unreadable'].includes(read_soap(bytes).soap));
  const took_ms = performance.now() - begun_ms;
  assert.ok(took_ms < time_max_ms, `${bytes.length} bytes took ${Math.round(took_ms)} ms`);
}
function count(root: XmlElement): number {
  return root.children.reduce((sum, one) => sum + count(one), 1);
}

const seed = `<?xml version="1.0" encoding="UTF-8"?>
<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/" xmlns:x="http://www.w3.org/2001/XMLSchema-instance"><soap:Header><w:Security
 xmlns:w="urn:w" soap:mustUnderstand="1"><w:Token Id='t'>QUJD</w:Token></w:Security></soap:Header><soap:Body><c:reply xmlns:c="urn:c" xmlns="urn:d">
<c:id>0072345678901234567890</c:id><c:amount>1e3</c:amount><none x:nil="true"/><text>&lt;&amp;&#65;&#x42;</text><![CDATA[<raw> & ]]><!-- said --><?ask now?>
</c:reply></soap:Body></soap:Envelope>`;

const fragments = [
  ...[
    '<',
    '>',
    '</',
    '/>',
    '<!--',
    '-->',
    '<![CDATA[',
    ']]>',
    '<?',
    '?>',
    '&',
    ';',
    '&#x',
    '&lt;',
    '"',
    "'",
    '=',
    'xmlns',
    'xmlns:a="',
    ':',
    ' ',
  ],
  ...[
    '<!DOCTYPE',
    '<!ENTITY',
    'SYSTEM',
    '\0',
    '\uFEFF',
    '\uFFFD',
    '\r',
    '<a>',
    '</a>',
    '<a:b>',
    '__proto__',
    'xml:',
    'encoding="UTF-16"',
    '\u2028',
  ],
];
const change = fc.record({
  at: fc.nat({ max: seed.length }),
  remove: fc.nat({ max: 40 }),
  insert: fc.oneof(fc.constantFrom(...fragments), fc.string({ unit: 'binary', maxLength: 5 })),
  times: fc.oneof({ weight: 9, arbitrary: fc.constant(1) }, { weight: 1, arbitrary: fc.nat({ max: 5_000 }) }),
});

test('arbitrary bytes', () => fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), survives), budget));

test('arbitrary sequences of markup', () =>
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...fragments), { maxLength: 60 }), parts => survives(Buffer.from(parts.join('')))),
    budget,
  ));

test('a good document, changed in some places', () =>
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 6 }), changes => {
      const text = changes.reduce(
        (now, { at, remove, insert, times }) => now.slice(0, at) + insert.repeat(times) + now.slice(at + remove),
        seed,
      );
      survives(Buffer.from(text).subarray(0, xml_bytes_max));
    }),
    budget,
  ));

test('the worst of each kind at the size that is let in', () => {
  const filled = (unit: string) => unit.repeat(Math.floor((xml_bytes_max - 20) / unit.length));
  const worst = [
    ...['<a>', '<a/>', '&#65;', '&lt;', '<![CDATA[]]>', '<!---->', '<?a?>', '\r', '<', '&', 'é'].map(unit => `<a>${filled(unit)}</a>`),
    `<a ${filled('b="" ')}/>`,
    `<a b="${filled('&#65;')}"/>`,
    `<a ${Array.from({ length: 12_000 }, (_, index) => `xmlns:n${index}="u"`).join(' ')}/>`.slice(0, xml_bytes_max),
    `<${filled('a')}/>`,
    filled('<!-- '),
    filled(' '),
  ];
  for (const text of worst) survives(Buffer.from(text));
});

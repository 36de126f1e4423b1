import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  child,
  children,
  parse_xml,
  text_at,
  XmlError,
  type XmlRefusal,
  xml_attributes_max,
  xml_bytes_max,
  xml_depth_max,
  xml_nodes_max,
  xml_text_characters_max,
} from './parse.ts';

const parsed = (text: string, bytes_max?: number) => parse_xml(Buffer.from(text), bytes_max);
const refused = (bytes: Uint8Array | string, code: XmlRefusal) =>
  assert.throws(
    () => parse_xml(Buffer.from(bytes)),
    error => error instanceof XmlError && error.code === code,
    `not refused as ${code}: ${String(bytes).slice(0, 80)}`,
  );

describe('what is read', () => {
  test('text stays text: leading zeros, exponents, hexadecimal, spaces', () => {
    const root = parsed('<a><b>007</b><b>1e3</b><b>0x10</b><b> 1.10 </b><b>12345678901234567890123</b></a>');
    assert.deepEqual(
      children(root, 'b').map(one => one.text),
      ['007', '1e3', '0x10', ' 1.10 ', '12345678901234567890123'],
    );
    assert.equal(text_at(parsed('<a><b> 1.10 </b></a>'), 'b'), '1.10');
  });

  test('names lose their prefix and keep their namespace, also the one inherited and the one undone', () => {
    const root = parsed('<p:a xmlns:p="urn:1" xmlns="urn:2"><b p:c="1" d="2"/><e xmlns=""/></p:a>');
    assert.deepEqual([root.name, root.namespace], ['a', 'urn:1']);
    assert.deepEqual(
      root.children.map(one => [one.name, one.namespace, { ...one.attributes }]),
      [
        ['b', 'urn:2', { '{urn:1}c': '1', d: '2' }],
        ['e', '', {}],
      ],
    );
  });

  test('the same prefix may mean another namespace further down', () => {
    const root = parsed('<p:a xmlns:p="urn:1"><p:b xmlns:p="urn:2"/><p:c/></p:a>');
    assert.deepEqual(
      root.children.map(one => one.namespace),
      ['urn:2', 'urn:1'],
    );
  });

  test('an attribute named __proto__ is an attribute and changes no object', () => {
    const root = parsed('<a __proto__="x" constructor="y"><__proto__>z</__proto__></a>');
    assert.deepEqual(Object.entries(root.attributes), [
      ['__proto__', 'x'],
      ['constructor', 'y'],
    ]);
    assert.equal(text_at(root, '__proto__'), 'z');
    assert.equal(Object.getPrototypeOf({}), Object.prototype);
    assert.equal(root.attributes['toString'], undefined);
  });

  test('the five entities and character references, CDATA and text around elements', () => {
    const root = parsed('<a>&lt;&amp;&gt;&quot;&apos;&#65;&#x42;<b/><![CDATA[<not> &amp; markup]]> end</a>');
    assert.equal(root.text, '<&>"\'AB<not> &amp; markup end');
  });

  test('comments and processing instructions are no text', () => assert.equal(parsed('<a>1<!-- 2 --><?p 3?>4</a>').text, '14'));
  test('a byte order mark and a declaration of UTF-8, in any case, are read', () =>
    assert.equal(parsed('\uFEFF<?xml version="1.0" encoding="utf-8"?><a>é</a>').text, 'é'));
  test('line ends are normalized as XML says', () => assert.equal(parsed('<a>1\r\n2\r3</a>').text, '1\n2\n3'));
  test('what is nil, empty or absent is undefined', () => {
    const root = parsed(
      '<a xmlns:i="http://www.w3.org/2001/XMLSchema-instance"><b i:nil="true">1</b><c/><d> </d><e i:nil="false">1</e></a>',
    );
    assert.deepEqual(
      ['b', 'c', 'd', 'e', 'f'].map(name => text_at(root, name)),
      [undefined, undefined, undefined, '1', undefined],
    );
    assert.equal(child(root, 'c', 'x'), undefined);
    assert.equal(child(undefined, 'c'), undefined);
  });
  test('the path goes by local name, whatever the namespace', () =>
    assert.equal(text_at(parsed('<a xmlns:x="urn:x"><x:b><c>1</c></x:b></a>'), 'b', 'c'), '1'));
});

describe('what is refused', () => {
  for (const [name, text] of [
    ['a document type', '<!DOCTYPE a><a/>'],
    ['one in small letters', '<!doctype a><a/>'],
    ['an internal entity', '<!DOCTYPE a [<!ENTITY e "x">]><a>&e;</a>'],
    ['an external entity', '<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]><a>&e;</a>'],
    ['a parameter entity', '<!DOCTYPE a [<!ENTITY % e SYSTEM "http://127.0.0.1/x.dtd"> %e;]><a/>'],
    ['an external subset', '<!DOCTYPE a SYSTEM "http://127.0.0.1/x.dtd"><a/>'],
    ['nested entities', `<!DOCTYPE a [<!ENTITY a "x"><!ENTITY b "${'&a;'.repeat(50)}">]><a>&b;</a>`],
    ['a declaration in a comment', '<a><!-- <!ENTITY e "x"> --></a>'],
    ['a declaration in CDATA', '<a><![CDATA[<!DOCTYPE a>]]></a>'],
  ] as const)
    test(name, () => refused(text, 'forbidden_markup'));

  test('an entity that nobody declared', () => refused('<a>&e;</a>', 'not_well_formed'));

  const utf16 = (text: string, order: 'le' | 'be') => {
    const bytes = Buffer.from(text, 'utf16le');
    return order === 'le' ? bytes : bytes.swap16();
  };
  for (const [name, bytes] of [
    ['UTF-16, little end first', Buffer.concat([Buffer.from([0xff, 0xfe]), utf16('<a/>', 'le')])],
    ['UTF-16, big end first', Buffer.concat([Buffer.from([0xfe, 0xff]), utf16('<a/>', 'be')])],
    ['UTF-16 without its mark', utf16('<!DOCTYPE a><a/>', 'le')],
    ['UTF-32', Buffer.from('3c000000610000002f0000003e000000', 'hex')],
    ['a declared UTF-7', Buffer.from('<?xml version="1.0" encoding="UTF-7"?>+ADw-a/+AD4-<a/>')],
    ['a declared Latin-1', Buffer.from('<?xml version="1.0" encoding="ISO-8859-1"?><a/>')],
    ['bytes of Latin-1', Buffer.from('<a>\xe9</a>', 'latin1')],
    ['an overlong <', Buffer.from([0xc0, 0xbc, 0x61, 0x2f, 0x3e])],
    ['half of a pair of surrogates', Buffer.from([0x3c, 0x61, 0x3e, 0xed, 0xa0, 0x80, 0x3c, 0x2f, 0x61, 0x3e])],
    ['a NUL', Buffer.from('<a>\0</a>')],
  ] as const)
    test(name, () => refused(bytes, 'wrong_encoding'));

  for (const [name, text] of [
    ['nothing', ''],
    ['spaces only', ' \n'],
    ['text only', 'hello'],
    ['JSON', '{"a":1}'],
    ['an HTML page', '<html><body><br></body></html>'],
    ['a missing end', '<a><b></b>'],
    ['a crossed end', '<a><b></a></b>'],
    ['two roots', '<a/><b/>'],
    ['text after the root', '<a/>b'],
    ['an attribute twice', '<a b="1" b="2"/>'],
    ['an attribute twice by namespace', '<a xmlns:p="urn:1" xmlns:q="urn:1" p:b="1" q:b="2"/>'],
    ['an undeclared prefix', '<p:a/>'],
    ['an unquoted attribute', '<a b=1/>'],
    ['a control character', '<a>\u0001</a>'],
    ['a control character by reference', '<a>&#1;</a>'],
    ['a NUL by reference', '<a>&#0;</a>'],
    ['U+FFFF', '<a>\uFFFF</a>'],
    ['a reference out of Unicode', '<a>&#x110000;</a>'],
    ['version 1.1', '<?xml version="1.1"?><a/>'],
    ['a declaration after spaces', ' <?xml version="1.0"?><a/>'],
    [']]> in text', '<a>]]></a>'],
    ['-- in a comment', '<a><!-- -- --></a>'],
    ['a name that begins with a digit', '<1a/>'],
  ] as const)
    test(name, () => refused(text, 'not_well_formed'));
});

describe('caps', () => {
  const nested = (depth: number) => `${'<a>'.repeat(depth)}${'</a>'.repeat(depth)}`;
  const with_attributes = (count: number) => `<a ${Array.from({ length: count }, (_, index) => `b${index}=""`).join(' ')}/>`;

  test('as many as the cap are read, one more is not', () => {
    const bytes_of = (length: number) => `<a>${'<b/>'.repeat(10)}${' '.repeat(length)}</a>`;
    for (const [fits, over, code] of [
      [nested(xml_depth_max), nested(xml_depth_max + 1), 'too_complex'],
      [with_attributes(xml_attributes_max), with_attributes(xml_attributes_max + 1), 'too_complex'],
      [`<a>${'<b/>'.repeat(xml_nodes_max - 1)}</a>`, `<a>${'<b/>'.repeat(xml_nodes_max)}</a>`, 'too_complex'],
      [`<a>${'x'.repeat(xml_text_characters_max)}</a>`, `<a>${'x'.repeat(xml_text_characters_max + 1)}</a>`, 'too_large'],
    ] as const) {
      assert.equal(parsed(fits).name, 'a');
      refused(over, code);
    }
    refused(bytes_of(xml_bytes_max), 'too_large');
  });
  test('a document of many lines is read to the nodes it is allowed', () => {
    const lines = Buffer.from(`<a>${'<b/>'.repeat(xml_nodes_max)}</a>`);
    assert.equal(parse_xml(lines, xml_bytes_max, xml_nodes_max + 1).children.length, xml_nodes_max);
    assert.throws(() => parse_xml(lines, xml_bytes_max, xml_nodes_max), { code: 'too_complex' });
  });
  test('comments, CDATA and processing instructions count as nodes', () => {
    for (const node of ['<!---->', '<![CDATA[x]]>', '<?p?>']) refused(`<a>${node.repeat(xml_nodes_max)}</a>`, 'too_complex');
  });
  test('references and CDATA do not hide a long text', () => {
    refused(`<a>${'&#65;'.repeat(xml_bytes_max / 5 - 10)}${'x'.repeat(30)}</a>`.replaceAll('&#65;', 'xxxxx'), 'too_large');
    refused(`<a><![CDATA[${'x'.repeat(xml_text_characters_max + 1)}]]></a>`, 'too_large');
  });
  test('a document that may carry a file is read to the bytes it is allowed', () => {
    const label = `<a><b>${'QUJD'.repeat(100_000)}</b></a>`;
    refused(label, 'too_large');
    assert.equal(text_at(parsed(label, 1_000_000), 'b')?.length, 400_000);
    assert.throws(() => parsed(label, 300_000), { code: 'too_large' });
  });
  test('what is refused names no more than 200 characters of a stranger', () => {
    assert.throws(
      () => parsed(`<a><${'b'.repeat(10_000)}></a>`),
      (error: Error) => error.message.length < 260,
    );
  });
});

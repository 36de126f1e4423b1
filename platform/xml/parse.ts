/**
 * XML from strangers, as a small tree of ours (reliability.md 6.4). The bytes are scanned before any parser sees them; then saxes, strict, with caps.
 * Nothing is fetched, nothing is expanded but the five entities of XML and character references, and text stays text: `007` and `1e3` are no numbers.
 */
import { isUtf8 } from 'node:buffer';
import { type SaxesAttributeNS, SaxesParser, type SaxesTagNS } from 'saxes';

export const xml_bytes_max = 256 * 1_024;
export const xml_depth_max = 64;
export const xml_attributes_max = 64;
/** Elements, texts, comments and processing instructions together. */
export const xml_nodes_max = 20_000;
export const xml_text_characters_max = 64 * 1_024;

export interface XmlElement {
  /** Without prefix. */
  readonly name: string;
  /** Empty outside of every namespace. */
  readonly namespace: string;
  /** By name without prefix; attributes of a namespace by `{namespace}name`. Namespace declarations are not among them. */
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly XmlElement[];
  /** Its own text, CDATA included, as it stands there. */
  readonly text: string;
}

export type XmlRefusal = 'too_large' | 'forbidden_markup' | 'wrong_encoding' | 'too_complex' | 'not_well_formed';
export class XmlError extends Error {
  readonly code: XmlRefusal;
  constructor(code: XmlRefusal, detail: string) {
    super(`XML is refused (${code}): ${detail}`);
    this.code = code;
  }
}

/**
 * The root element. Throws `XmlError`. `bytes_max` for the rare document that carries a file (a label in base64); its text may then be as long.
 * `nodes_max` for one of a thousand lines.
 */
export function parse_xml(bytes: Uint8Array, bytes_max: number = xml_bytes_max, nodes_max: number = xml_nodes_max): XmlElement {
  const text = scanned(bytes, bytes_max);
  const tree = create_tree(bytes_max > xml_bytes_max ? bytes_max : xml_text_characters_max, nodes_max);
  const parser = new SaxesParser({ xmlns: true });
  parser.on('error', error => refuse('not_well_formed', error.message));
  parser.on('xmldecl', ({ encoding, version }) => {
    if (version !== undefined && version !== '1.0') refuse('not_well_formed', `version ${version.slice(0, 10)}`);
    if (encoding !== undefined && !/^utf-8$/i.test(encoding)) refuse('wrong_encoding', 'only UTF-8 is read');
  });
  // The scan has seen it already, unless it hides where the scan cannot look.
  parser.on('doctype', () => refuse('forbidden_markup', 'a document type'));
  parser.on('opentagstart', tree.starts);
  parser.on('attribute', tree.attribute);
  parser.on('opentag', tag => tree.opens(tag));
  parser.on('text', tree.text);
  parser.on('cdata', tree.text);
  parser.on('comment', tree.counts);
  parser.on('processinginstruction', tree.counts);
  parser.on('closetag', tree.closes);
  parser.write(text).close();
  return tree.root();
}

function refuse(code: XmlRefusal, detail: string): never {
  throw new XmlError(code, detail.slice(0, 200));
}

function scanned(bytes: Uint8Array, bytes_max: number): string {
  if (bytes.length > bytes_max) refuse('too_large', `more than ${bytes_max} bytes`);
  if (!isUtf8(bytes)) refuse('wrong_encoding', 'the bytes are not UTF-8');
  const given = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (given.includes(0)) refuse('wrong_encoding', 'a NUL: UTF-16, or no text');
  const text = given.toString('utf8').replace(/^\uFEFF/, '');
  // In any case of the letters, also inside comments and CDATA: who needs to write it there can do without us.
  if (/<!(?:doctype|entity|element|attlist|notation)/i.test(text)) refuse('forbidden_markup', 'a document type or entity declaration');
  return text;
}

type Building = { -readonly [K in keyof XmlElement]: XmlElement[K] } & { readonly below: XmlElement[]; readonly texts: string[] };

function create_tree(text_characters_max: number, nodes_max: number) {
  const open: Building[] = [];
  let root: XmlElement | undefined;
  let nodes = 0;
  let attributes = 0;
  const counts = () => {
    if (++nodes > nodes_max) refuse('too_complex', `more than ${nodes_max} nodes`);
  };
  return {
    counts,
    starts() {
      counts();
      attributes = 0;
      if (open.length >= xml_depth_max) refuse('too_complex', `deeper than ${xml_depth_max}`);
    },
    attribute() {
      if (++attributes > xml_attributes_max) refuse('too_complex', `more than ${xml_attributes_max} attributes`);
    },
    opens({ local, uri, attributes: given }: SaxesTagNS) {
      const below: XmlElement[] = [];
      open.push({ name: local, namespace: uri, attributes: attributes_of(given), children: below, below, text: '', texts: [] });
    },
    text(text: string) {
      counts();
      if (text.length > text_characters_max) refuse('too_large', `a text of more than ${text_characters_max} characters`);
      open.at(-1)?.texts.push(text);
    },
    closes() {
      const done = open.pop();
      if (done === undefined) return;
      const { name, namespace, attributes: own, below, texts } = done;
      const element = { name, namespace, attributes: own, children: below, text: texts.join('') };
      const parent = open.at(-1);
      if (parent === undefined) root = element;
      else parent.below.push(element);
    },
    root(): XmlElement {
      return root ?? refuse('not_well_formed', 'no element');
    },
  };
}

function attributes_of(given: Readonly<Record<string, SaxesAttributeNS>>): Record<string, string> {
  const kept = Object.values(given).filter(({ prefix, name }) => prefix !== 'xmlns' && name !== 'xmlns');
  // Without a prototype: `__proto__` is a name like any other.
  return Object.assign(
    Object.create(null),
    Object.fromEntries(kept.map(({ local, uri, value }) => [uri === '' ? local : `{${uri}}${local}`, value])),
  );
}

// --- reading by local name, never by position: a provider answers in the namespace of another version

export function child(element: XmlElement | undefined, ...path: readonly string[]): XmlElement | undefined {
  return path.reduce<XmlElement | undefined>((found, name) => found?.children.find(one => one.name === name), element);
}

export function children(element: XmlElement | undefined, name: string): readonly XmlElement[] {
  return element?.children.filter(one => one.name === name) ?? [];
}

/** The trimmed text at the end of the path; undefined when it is absent, empty, or nil. */
export function text_at(element: XmlElement | undefined, ...path: readonly string[]): string | undefined {
  const found = child(element, ...path);
  const text = found === undefined || found.attributes[nil] === 'true' ? '' : found.text.trim();
  return text === '' ? undefined : text;
}
const nil = '{http://www.w3.org/2001/XMLSchema-instance}nil';

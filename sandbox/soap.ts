/**
 * SOAP 1.1 as a third party's server has it: what stand-ins with SOAP share. Read with another XML library than the adapters use, so that a mistake in one
 * is seen by the other. A request is refused with a fault when it has a document type, two bodies, or a header that must be understood and is not.
 */
import { DOMParser } from '@xmldom/xmldom';
import type { StandInReply } from './stand_in.ts';

export const soap_namespace = 'http://schemas.xmlsoap.org/soap/envelope/';
const depth_max = 64;

export interface Envelope {
  /** As parsed, for who verifies its signature. */
  readonly document: Document;
  readonly text: string;
  readonly header: Element | undefined;
  readonly body: Element;
  /** The one element in the body. */
  readonly content: Element;
}

/** `understood`: local names of the header blocks that this server processes. A text says why the request is refused: fault Client. */
export function read_envelope(bytes: Buffer, understood: readonly string[]): Envelope | string {
  const text = bytes.toString('utf8');
  if (text.includes('\uFFFD') || bytes.includes(0)) return 'The request is not UTF-8.';
  if (/<!(doctype|entity)/i.test(text)) return 'A document type declaration is not allowed.';
  const document = parse(text);
  if (typeof document === 'string') return document;
  const root = document.documentElement;
  if (root?.localName !== 'Envelope' || root.namespaceURI !== soap_namespace) return 'The request is no SOAP 1.1 envelope.';
  if (depth(root) > depth_max) return 'The request is nested too deep.';
  const [headers, bodies] = ['Header', 'Body'].map(name => elements(root, name).filter(one => one.namespaceURI === soap_namespace));
  const body = bodies?.[0];
  const content = body && elements(body)[0];
  if (bodies?.length !== 1 || body === undefined || content === undefined || elements(body).length !== 1)
    return 'The request does not have exactly one element in one body.';
  const header = headers?.[0];
  const foreign = header && elements(header).find(block => must_be_understood(block) && !understood.includes(block.localName ?? ''));
  if (foreign !== undefined) return `The header ${foreign.nodeName} must be understood and is not.`;
  return { document, text, header, body, content };
}

function parse(text: string): Document | string {
  let problem: string | undefined;
  const note = (message: string) => {
    problem ??= message;
  };
  try {
    const document = new DOMParser({ locator: {}, errorHandler: { warning: note, error: note, fatalError: note } }).parseFromString(
      text,
      'text/xml',
    );
    return problem === undefined ? document : 'The request is not well-formed XML.';
  } catch {
    return 'The request is not well-formed XML.';
  }
}

function must_be_understood(block: Element): boolean {
  return ['1', 'true'].includes(block.getAttributeNS(soap_namespace, 'mustUnderstand') ?? '');
}

function depth(root: Element): number {
  let deepest = 0;
  const open: [Element, number][] = [[root, 1]];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const [element, level] = next;
    deepest = Math.max(deepest, level);
    for (const one of elements(element)) open.push([one, level + 1]);
  }
  return deepest;
}

/** Child elements, of one local name if given. */
export function elements(parent: Element, name?: string): Element[] {
  const found: Element[] = [];
  for (let node = parent.firstChild; node !== null; node = node.nextSibling)
    if (node.nodeType === 1 && (name === undefined || (node as Element).localName === name)) found.push(node as Element);
  return found;
}

/** The element at the end of a path of local names. */
export function at(parent: Element | undefined, ...path: readonly string[]): Element | undefined {
  return path.reduce<Element | undefined>((found, name) => found && elements(found, name)[0], parent);
}

/** Its text, trimmed; undefined when it is absent or empty. */
export function text_at(parent: Element | undefined, ...path: readonly string[]): string | undefined {
  const text = at(parent, ...path)?.textContent?.trim();
  return text === '' ? undefined : text;
}

export function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

/** `content`, `header`: XML. */
export function soap_reply(content: string, header = ''): StandInReply {
  return xml_reply(200, header, content);
}

/** HTTP 500, as SOAP 1.1 says. `code`: `soap:Client`, or with a prefix that `detail` or the text declares. */
export function soap_fault(code: string, text: string, detail = '', namespaces = ''): StandInReply {
  const inside = `<faultcode>${code}</faultcode><faultstring>${escaped(text)}</faultstring>${detail === '' ? '' : `<detail>${detail}</detail>`}`;
  return xml_reply(500, '', `<soap:Fault${namespaces}>${inside}</soap:Fault>`);
}

function xml_reply(status: number, header: string, content: string): StandInReply {
  const head = header === '' ? '' : `<soap:Header>${header}</soap:Header>`;
  return {
    status,
    headers: { 'content-type': 'text/xml; charset=utf-8' },
    body: `<?xml version="1.0" encoding="utf-8"?>\n<soap:Envelope xmlns:soap="${soap_namespace}">${head}<soap:Body>${content}</soap:Body></soap:Envelope>`,
  };
}

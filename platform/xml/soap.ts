/** SOAP 1.1, document/literal: the envelope around what an adapter writes, and what is in the envelope that comes back. */
import { child, parse_xml, text_at, type XmlElement, XmlError } from './parse.ts';
import { element, type XmlNode } from './write.ts';

export const soap_namespace = 'http://schemas.xmlsoap.org/soap/envelope/';
/** Of the prefixes that `soap_envelope` uses. */
export const soap_namespaces = { soap: soap_namespace };

export function soap_envelope(header: readonly XmlNode[], body: XmlNode): XmlNode {
  return element('soap:Envelope', [header.length > 0 ? element('soap:Header', header) : undefined, body]);
}

export function soap_body(content: XmlNode, attributes: Readonly<Record<string, string>> = {}): XmlNode {
  return element('soap:Body', [content], attributes);
}

export type SoapReply =
  | { readonly soap: 'reply'; readonly header: XmlElement | undefined; readonly content: XmlElement }
  /** `code` without its prefix: Client, Server, FailedCheck. */
  | { readonly soap: 'fault'; readonly code: string; readonly text: string; readonly detail: XmlElement | undefined }
  /** Not XML that we read, no envelope, or not exactly one element in its body. */
  | { readonly soap: 'unreadable'; readonly detail: string };

export function read_soap(bytes: Uint8Array, bytes_max?: number): SoapReply {
  let root: XmlElement;
  try {
    root = parse_xml(bytes, bytes_max);
  } catch (error) {
    if (error instanceof XmlError) return { soap: 'unreadable', detail: error.message };
    throw error;
  }
  if (root.name !== 'Envelope' || root.namespace !== soap_namespace) return { soap: 'unreadable', detail: 'no SOAP 1.1 envelope' };
  const bodies = root.children.filter(one => one.name === 'Body' && one.namespace === soap_namespace);
  const content = bodies[0]?.children[0];
  if (bodies.length !== 1 || content === undefined || bodies[0]?.children.length !== 1)
    return { soap: 'unreadable', detail: 'not exactly one element in one body' };
  if (content.name !== 'Fault' || content.namespace !== soap_namespace) return { soap: 'reply', header: child(root, 'Header'), content };
  const code = (text_at(content, 'faultcode') ?? '').replace(/^.*:/, '');
  return { soap: 'fault', code, text: text_at(content, 'faultstring') ?? '', detail: child(content, 'detail') };
}

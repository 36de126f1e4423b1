/**
 * Purolator's E-Ship web services as the adapter calls them: SOAP 1.1, document/literal, Basic authentication; where each operation lives, and what a reply
 * proves. Success and refusal are both HTTP 200, told apart by `Errors`; replies are read by local name, for calls of version 2 have been answered in the
 * namespace of version 1.
 */
import { call, outcome_of } from '../../../platform/adapters/call.ts';
import { child, children, text_at, type XmlElement } from '../../../platform/xml/parse.ts';
import { read_soap, soap_body, soap_envelope, soap_namespaces } from '../../../platform/xml/soap.ts';
import { element, optional, write_xml, type XmlNode } from '../../../platform/xml/write.ts';
import type { Stop } from './stop.ts';

export const reply_bytes_max = 256 * 1024;
/** One with a label in base64. */
export const document_bytes_max = 4 * 1024 * 1024;
const detail_length_max = 500;

export type PurolatorVersion = 'v1' | 'v2';
export const versions_default = { availability: 'v2', estimating: 'v2', shipping: 'v2', documents: 'v1', tracking: 'v1' } as const;
export type PurolatorService = keyof typeof versions_default;
export type PurolatorVersions = Readonly<Partial<Record<PurolatorService, PurolatorVersion>>>;

const names: Readonly<Record<PurolatorService, string>> = {
  availability: 'ServiceAvailability',
  estimating: 'Estimating',
  shipping: 'Shipping',
  documents: 'ShippingDocuments',
  tracking: 'Tracking',
};
const service_of = {
  ValidateCityPostalCodeZip: 'availability',
  GetFullEstimate: 'estimating',
  ValidateShipment: 'shipping',
  CreateShipment: 'shipping',
  VoidShipment: 'shipping',
  GetDocuments: 'documents',
  TrackPackagesByPin: 'tracking',
  TrackPackagesByReference: 'tracking',
} as const satisfies Readonly<Record<string, PurolatorService>>;
export type PurolatorOperation = keyof typeof service_of;

/** Of replies of 2xx: what Purolator says is wrong. */
export interface PurolatorError {
  readonly code: string;
  readonly description: string;
}
export type Answered =
  | { readonly ok: true; readonly value: XmlElement }
  | { readonly ok: false; readonly stop: Stop; readonly errors?: readonly PurolatorError[] };

export interface PurolatorApi {
  readonly account: string;
  /** `content`: what is in the operation's request element, in the order of the schema. */
  ask(operation: PurolatorOperation, content: readonly XmlNode[], signal: AbortSignal, bytes_max?: number): Promise<Answered>;
  /** A document, from where a reply says it is; never with our password. */
  file(url: string, signal: AbortSignal): Promise<Uint8Array | undefined>;
}

export interface PurolatorApiSettings {
  readonly base_url: string;
  readonly key: string;
  readonly password: string;
  readonly account: string;
  readonly versions?: PurolatorVersions;
  readonly language?: 'en' | 'fr';
}

export function purolator_api(settings: PurolatorApiSettings): PurolatorApi {
  const base = new URL(settings.base_url);
  const authorization = `Basic ${Buffer.from(`${settings.key}:${settings.password}`).toString('base64')}`;
  return {
    account: settings.account,
    async ask(operation, content, signal, bytes_max = reply_bytes_max) {
      const service = service_of[operation];
      const version = settings.versions?.[service] ?? versions_default[service];
      const path = `/EWS/${version.toUpperCase()}/${names[service]}/${names[service]}Service.asmx`;
      const answer = await call(
        {
          method: 'POST',
          url: new URL(path, base).href,
          headers: { authorization, soapaction: `"http://purolator.com/pws/service/${version}/${operation}"` },
          body: { content_type: 'text/xml; charset=utf-8', content: envelope(operation, version, settings.language ?? 'en', content) },
          reply_bytes_max: bytes_max,
        },
        signal,
      );
      if (answer.answer !== 'reply') return { ok: false, stop: outcome_of(answer) };
      if (answer.status === 429)
        return { ok: false, stop: { outcome: 'retryable', after_ms: answer.retry_after_ms, detail: 'rate limit' } };
      return read(operation, answer.status, answer.bytes, bytes_max);
    },
    async file(url, signal) {
      if (!URL.canParse(url)) return undefined;
      const target = new URL(url);
      if (target.protocol !== 'https:' && target.origin !== base.origin) return undefined;
      const answer = await call({ method: 'GET', url: target.href, headers: {}, reply_bytes_max: document_bytes_max }, signal);
      return answer.answer === 'reply' && answer.status === 200 ? answer.bytes : undefined;
    },
  };
}

function envelope(operation: PurolatorOperation, version: PurolatorVersion, language: string, content: readonly XmlNode[]): string {
  const context = element('p:RequestContext', [
    element('p:Version', version === 'v1' ? '1.0' : '2.0'),
    element('p:Language', language),
    element('p:GroupID', 'cartwright'),
    element('p:RequestReference', operation),
  ]);
  const namespaces = {
    ...soap_namespaces,
    p: `http://purolator.com/pws/datatypes/${version}`,
    i: 'http://www.w3.org/2001/XMLSchema-instance',
  };
  const tree = soap_envelope([context], soap_body(element(`p:${operation}Request`, content)));
  return `<?xml version="1.0" encoding="utf-8"?>${write_xml(tree, namespaces)}`;
}

function read(operation: PurolatorOperation, status: number, bytes: Uint8Array, bytes_max: number): Answered {
  const stop = (outcome: Stop): Answered => ({ ok: false, stop: outcome });
  if (status === 401 || status === 403) return stop({ outcome: 'permanent_error', code: 'credentials_refused', detail: String(status) });
  const soap = read_soap(bytes, bytes_max);
  if (soap.soap === 'fault') return stop(fault(soap));
  if (status >= 400 && status < 500 && status !== 408)
    return stop({ outcome: 'permanent_error', code: 'invalid_request', detail: String(status) });
  if (status !== 200) return stop({ outcome: 'unknown', detail: `status ${status}` });
  if (soap.soap === 'unreadable') return stop({ outcome: 'unknown', detail: soap.detail.slice(0, detail_length_max) });
  const information = child(soap.content, 'ResponseInformation');
  if (soap.content.name !== `${operation}Response` || information === undefined)
    return stop({ outcome: 'unknown', detail: `a reply that is no ${operation}Response: ${soap.content.name.slice(0, 60)}` });
  const errors = errors_in(information);
  if (errors.length === 0) return { ok: true, value: soap.content };
  return { ok: false, errors, stop: { outcome: 'permanent_error', code: 'refused', detail: described(errors) } };
}

/** The schema's refusal has a detail of its own, whatever its code: nothing was done. A server's fault may come after the effect. */
function fault({ code, text, detail }: { readonly code: string; readonly text: string; readonly detail: XmlElement | undefined }): Stop {
  const violations = children(child(detail, 'ValidationFault', 'Details'), 'ValidationDetail').map(one =>
    ['Key', 'Message', 'Tag'].map(part => text_at(one, part) ?? '').join(' '),
  );
  const told = `${code}: ${text} ${violations.join('; ')}`.slice(0, detail_length_max);
  if (violations.length > 0 || code === 'Client') return { outcome: 'permanent_error', code: 'invalid_request', detail: told };
  return { outcome: 'unknown', detail: told };
}

export function errors_in(information: XmlElement | undefined): PurolatorError[] {
  return children(child(information, 'Errors'), 'Error').map(error => ({
    code: text_at(error, 'Code') ?? '',
    description: [text_at(error, 'Description'), text_at(error, 'AdditionalInformation')].filter(Boolean).join(' '),
  }));
}
export function described(errors: readonly PurolatorError[]): string {
  return errors
    .map(({ code, description }) => `${code}: ${description}`)
    .join('; ')
    .slice(0, detail_length_max);
}

// --- elements of the data types' namespace

export function p(name: string, content: Parameters<typeof element>[1] = []): XmlNode {
  return element(`p:${name}`, content);
}
export function p_if(name: string, text: string | null | undefined): XmlNode | undefined {
  return optional(`p:${name}`, text);
}
/** What the schema wants to be there and nobody has. */
export function p_nil(name: string): XmlNode {
  return element(`p:${name}`, [], { 'i:nil': 'true' });
}

/**
 * Purolator's stand-in: E-Ship web services in SOAP on 127.0.0.1, strict about its schema (purolator.wsdl, served at `?wsdl`), with a ledger
 * (`label_purchased`, `label_voided`) and the faults of ../stand_in.ts, whose `match.type` is the operation's name here.
 *
 * A label is scanned to its delivery within `deliver_after_ms`; there are no webhooks. Magic: the receiver's postal code V0V0V0 (a ValidationFault), a
 * ShipmentDate in the past (1100759), Reference1 DROP-AFTER-… (shipped, then the line is cut), NO-VOID-… or any PIN ending 0000 (never voided, 1100429), the
 * city Not A City, and PurolatorExpress9AM, which rural codes do not have.
 */
import { at, read_envelope, soap_fault, text_at } from '../soap.ts';
import { type StandIn, type StandInReply, type StandInRequest, type StandInRoute, start_stand_in, type ThirdParty } from '../stand_in.ts';
import { document_file, get_documents } from './documents.ts';
import { get_full_estimate, magic_postal_code } from './estimates.ts';
import { type Asked, data_namespace, type Purolator, validation_fault } from './objects.ts';
import { type Version, violations_of, wsdl_of } from './schema.ts';
import { create_shipment, validate_city, validate_shipment, void_shipment } from './shipments.ts';
import { by_pin, by_reference } from './tracking.ts';

export interface PurolatorOptions {
  /** 0 or absent: a free one. */
  readonly port?: number;
  readonly deliver_after_ms?: number;
  /** Absent: any is taken, none is not. */
  readonly credentials?: { readonly key: string; readonly password: string };
  readonly documents?: 'data' | 'url';
  /** Version 2 has been seen to answer in the namespace of version 1. */
  readonly answers_in_v1?: true;
  readonly ledger_file?: string;
  readonly seed?: number;
  now_ms?(): number;
}
export const deliver_after_default_ms = 3_000;
const shipments_max = 200_000;

type Handle = (purolator: Purolator, asked: Asked) => StandInReply | Promise<StandInReply>;
const services: Readonly<Record<string, Readonly<Record<string, Handle>>>> = {
  ServiceAvailability: { ValidateCityPostalCodeZip: validate_city },
  Estimating: { GetFullEstimate: get_full_estimate },
  Shipping: { ValidateShipment: validate_shipment, CreateShipment: create_shipment, VoidShipment: void_shipment },
  ShippingDocuments: { GetDocuments: get_documents },
  Tracking: { TrackPackagesByPin: by_pin, TrackPackagesByReference: by_reference },
};

export function start_purolator(options: PurolatorOptions = {}): Promise<StandIn> {
  return start_stand_in({
    name: 'purolator',
    port: options.port,
    ledger_file: options.ledger_file,
    seed: options.seed,
    ...(options.now_ms && { now_ms: options.now_ms }),
    request_type: action_of,
    lie: lie_about_prices,
    not_found: () => ({ status: 404, headers: { 'content-type': 'text/plain' }, body: 'no such service' }),
    open: sim => {
      const kept = { size_max: shipments_max, when_full: 'refuse' } as const;
      const deliver_after_ms = options.deliver_after_ms ?? deliver_after_default_ms;
      const documents = options.documents ?? 'url';
      return third_party({ sim, deliver_after_ms, documents, shipments: sim.collection('shipments', kept) }, options);
    },
  });
}

/** What is wrong with a request is said before anything happens. */
const action_of = ({ headers }: StandInRequest): string | undefined =>
  typeof headers['soapaction'] === 'string' ? headers['soapaction'].replace(/^.*\/|"/g, '') : undefined;

function lie_about_prices(body: string): string {
  return body.replace(/<(TotalPrice|BasePrice|Amount)>(\d)/g, '<$1>1$2');
}

function third_party(purolator: Purolator, options: PurolatorOptions): ThirdParty {
  const routes = (['v1', 'v2'] as const).flatMap(version =>
    Object.entries(services).flatMap(([name, operations]): StandInRoute[] => {
      const path = `/EWS/${version.toUpperCase()}/${name}/${name}Service.asmx`;
      return [
        { method: 'POST', path, handle: request => answer(purolator, options, { version, operations }, request) },
        { method: 'GET', path, handle: request => wsdl(purolator, version, request) },
      ];
    }),
  );
  return { routes: [...routes, { method: 'GET', path: '/documents/:file', handle: request => document_file(purolator, request) }] };
}

function wsdl({ sim }: Purolator, version: Version, { query }: StandInRequest): StandInReply {
  if (!query.has('wsdl') && !query.has('WSDL'))
    return { status: 400, headers: { 'content-type': 'text/plain' }, body: 'a service is asked by POST' };
  return { status: 200, headers: { 'content-type': 'text/xml; charset=utf-8' }, body: wsdl_of(version, sim.url()) };
}

async function answer(
  purolator: Purolator,
  options: PurolatorOptions,
  { version, operations }: { readonly version: Version; readonly operations: Readonly<Record<string, Handle>> },
  request: StandInRequest,
): Promise<StandInReply> {
  if (!is_authorized(request, options.credentials)) return { status: 401, headers: { 'content-type': 'text/plain' }, body: 'Unauthorized' };
  const envelope = read_envelope(request.body, ['RequestContext']);
  if (typeof envelope === 'string') return soap_fault('soap:Client', envelope);
  const { content, header } = envelope;
  const operation = (content.localName ?? '').replace(/Request$/, '');
  const handle = Object.hasOwn(operations, operation) ? operations[operation] : undefined;
  if (
    handle === undefined ||
    request.headers['soapaction']?.toString().replaceAll('"', '') !== `http://purolator.com/pws/service/${version}/${operation}`
  )
    return soap_fault('soap:Client', 'The message with this action cannot be processed at the receiver.');
  const context = at(header, 'RequestContext');
  if (context === undefined) return soap_fault('soap:Client', 'The RequestContext header is missing.');
  const violations = [...violations_of(context, version), ...violations_of(content, version)];
  if (text_at(content, 'Shipment', 'ReceiverInformation', 'Address', 'PostalCode') === magic_postal_code)
    violations.push({ key: 'PostalCode', message: 'PostalCode is invalid', tag: 'PostalCode' });
  if (violations.length > 0) return validation_fault(violations);
  const namespace = data_namespace(options.answers_in_v1 ? 'v1' : version);
  return handle(purolator, { operation, version, content, namespace });
}

function is_authorized({ headers }: StandInRequest, credentials: PurolatorOptions['credentials']): boolean {
  const [scheme = '', encoded = ''] = (headers.authorization ?? '').split(' ');
  const given = Buffer.from(scheme.toLowerCase() === 'basic' ? encoded : '', 'base64').toString('utf8');
  return credentials === undefined ? given.length > 1 : given === `${credentials.key}:${credentials.password}`;
}

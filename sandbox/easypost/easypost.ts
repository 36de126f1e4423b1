/**
 * EasyPost's stand-in: API v2 as its official client speaks it, on 127.0.0.1, with a ledger (`label_purchased`,
 * `label_refunded`) and the faults of ../stand_in.ts. The base URL is `{url}/v2/`.
 *
 * A label bought is scanned to `delivered` within `deliver_after_ms`, a refund answered within `refund_after_ms`, each by a
 * signed webhook. Magic: the codes EZ1000000001 to EZ7000000007, the weight 99999 (no rates), the receiver's cities `Not A City`
 * (not found), `Return To Sender`, `Nobody Home` and `Lost In Transit` (where the label's way ends), `Refund Rejected` (asked for,
 * and refused later, without an event), and references that begin with SLOW- (the reply to buy is late), DROP-AFTER- (bought, then
 * the line is cut), RATE-EXPIRED-.
 */
import {
  type Sim,
  type StandIn,
  type StandInReply,
  type StandInRequest,
  type StandInRoute,
  start_stand_in,
  type ThirdParty,
  type WebhookTarget,
} from '../stand_in.ts';
import {
  create_address,
  create_and_verify_address,
  create_parcel,
  retrieve_address,
  retrieve_parcel,
  verify_address,
} from './addresses.ts';
import {
  create_endpoint,
  delete_endpoint,
  list_endpoints,
  list_events,
  retrieve_endpoint,
  retrieve_event,
  sign,
  update_endpoint,
} from './events.ts';
import { label_file } from './labels.ts';
import { type EasyPost, type Endpoint, error_reply, not_found } from './objects.ts';
import {
  await_refund,
  buy_shipment,
  convert_label,
  create_shipment,
  list_shipments,
  refund_shipment,
  reject_refund,
  rerate_shipment,
  retrieve_shipment,
} from './shipments.ts';
import { create_tracker, delete_tracker, list_trackers, retrieve_tracker, schedule } from './trackers.ts';

export interface EasyPostOptions {
  /** 0 or absent: a free one. */
  readonly port?: number;
  /** From buying to delivered, in four equal steps. */
  readonly deliver_after_ms?: number;
  readonly refund_after_ms?: number;
  /** How late the reply to a SLOW- purchase is. */
  readonly slow_ms?: number;
  /** Absent: any key is taken, none is not. */
  readonly api_key?: string;
  readonly webhook?: WebhookTarget;
  readonly ledger_file?: string;
  readonly seed?: number;
  readonly profile?: unknown;
  now_ms?(): number;
}
export const deliver_after_default_ms = 1_500;
export const refund_after_default_ms = 500;
export const slow_default_ms = 5_000;

const objects_max = 200_000;
const forgotten_after = 10_000;
const endpoints_max = 30;

export function start_easypost(options: EasyPostOptions = {}): Promise<StandIn> {
  let endpoints: () => Iterable<Endpoint> = () => [];
  return start_stand_in({
    name: 'easypost',
    port: options.port,
    webhook: options.webhook,
    ledger_file: options.ledger_file,
    seed: options.seed,
    ...(options.now_ms && { now_ms: options.now_ms }),
    sign: sign(() => endpoints()),
    not_found,
    ...(options.profile !== undefined && { profile: options.profile }),
    open: sim => {
      const easypost = open(sim, options);
      endpoints = () => easypost.endpoints.values();
      return third_party(easypost, options.api_key);
    },
  });
}

function open(sim: Sim, options: EasyPostOptions): EasyPost {
  const kept = { size_max: objects_max, when_full: 'refuse' } as const;
  const forgotten = { size_max: forgotten_after, when_full: 'drop_oldest' } as const;
  return {
    sim,
    deliver_after_ms: options.deliver_after_ms ?? deliver_after_default_ms,
    refund_after_ms: options.refund_after_ms ?? refund_after_default_ms,
    slow_ms: options.slow_ms ?? slow_default_ms,
    addresses: sim.collection('addresses', forgotten),
    parcels: sim.collection('parcels', forgotten),
    shipments: sim.collection('shipments', kept),
    trackers: sim.collection('trackers', kept),
    tracker_ids: sim.collection('tracker_ids', kept),
    endpoints: sim.collection('endpoints', { size_max: endpoints_max, when_full: 'drop_oldest' }),
    events: sim.collection('events', forgotten),
    muted: false,
  };
}

type Handle = (easypost: EasyPost, request: StandInRequest) => StandInReply | Promise<StandInReply>;

function third_party(easypost: EasyPost, api_key: string | undefined): ThirdParty {
  const route = (method: StandInRoute['method'], path: string, handle: Handle): StandInRoute => ({
    method,
    path: `/v2/${path}`,
    handle: request => refused(request, api_key) ?? handle(easypost, request),
  });
  return {
    deeds: { reject_refund: id => reject_refund(easypost, id) },
    routes: [
      route('POST', 'addresses', create_address),
      route('POST', 'addresses/create_and_verify', create_and_verify_address),
      route('GET', 'addresses/:id', retrieve_address),
      route('GET', 'addresses/:id/verify', verify_address),
      route('POST', 'parcels', create_parcel),
      route('GET', 'parcels/:id', retrieve_parcel),
      route('POST', 'shipments', create_shipment),
      route('GET', 'shipments', list_shipments),
      route('GET', 'shipments/:id', retrieve_shipment),
      route('POST', 'shipments/:id/buy', buy_shipment),
      route('POST', 'shipments/:id/rerate', rerate_shipment),
      route('POST', 'shipments/:id/refund', refund_shipment),
      route('GET', 'shipments/:id/label', convert_label),
      route('POST', 'trackers', create_tracker),
      route('GET', 'trackers', list_trackers),
      route('GET', 'trackers/:id', retrieve_tracker),
      route('DELETE', 'trackers/:id', delete_tracker),
      route('POST', 'webhooks', create_endpoint),
      route('GET', 'webhooks', list_endpoints),
      route('GET', 'webhooks/:id', retrieve_endpoint),
      route('PATCH', 'webhooks/:id', update_endpoint),
      route('DELETE', 'webhooks/:id', delete_endpoint),
      route('GET', 'events', list_events),
      route('GET', 'events/:id', retrieve_event),
      { method: 'GET', path: '/files/postage_label/:file', handle: request => label_file(easypost, request) },
    ],
    resume: () => {
      for (const tracker of easypost.trackers.values()) schedule(easypost, tracker);
      for (const shipment of easypost.shipments.values()) await_refund(easypost, shipment);
    },
  };
}

/** Basic authentication: the key is the user, the password is empty. */
function refused(request: StandInRequest, api_key: string | undefined): StandInReply | undefined {
  const [scheme = '', credentials = ''] = (request.headers.authorization ?? '').split(' ');
  const [key = ''] = Buffer.from(scheme.toLowerCase() === 'basic' ? credentials : '', 'base64')
    .toString('utf8')
    .split(':');
  if (key !== '' && (api_key === undefined || key === api_key)) return undefined;
  return error_reply(401, 'APIKEY.INACTIVE', 'This API key is no longer active. Please use a different API key or reactivate this key.');
}

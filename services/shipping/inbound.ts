/** Carriers' webhooks: verified over their exact bytes, then each fact goes the way of every fact. */
import Type from 'typebox';
import { not_found, raw_body } from '../../platform/http.ts';
import { Problem, type Reply, type Route, type RouteRequest } from '../../platform/route.ts';
import type { Carrier, LabelFact, TrackingFact, VerifiedWebhook } from './carriers/port.ts';
import type { ShippingDesk, ShippingRoutesGiven } from './routes.ts';
import { find_parcels } from './views.ts';

const received = Type.Object({ received: Type.Boolean() });

export function inbound_routes(desk: ShippingDesk, { settings, webhook_secrets }: ShippingRoutesGiven): Route[] {
  return Object.values(settings.carriers).flatMap((carrier): Route[] => {
    const secret = webhook_secrets[carrier.name];
    if (secret === undefined) return [];
    return [
      {
        method: 'POST',
        path: `/inbound/${carrier.name}`,
        summary: `Webhooks of ${carrier.name}`,
        scope: 'public',
        body: raw_body,
        not_idempotent: true,
        replies: { 200: received },
        rejections: ['invalid_signature'],
        handle: request => receive(desk, carrier, secret, request),
      },
    ];
  });
}

/** 200 when all of it is stored, or is about nothing of ours. A failure is not: the carrier sends it again. */
async function receive(desk: ShippingDesk, carrier: Carrier, secret: string, request: RouteRequest): Promise<Reply> {
  // The door gives bytes to a route whose body is `raw_body`.
  const webhook = carrier.parse_webhook(request.body as Uint8Array, request.headers, secret);
  if ('invalid' in webhook) throw refusal(webhook.invalid);
  for (const [shipment_id, { facts, label_facts }] of await by_shipment(desk, webhook))
    await desk.submit({ type: 'record_carrier_facts', shipment_id, facts, label_facts }, { request });
  return { status: 200, body: { received: true } };
}

function refusal(reason: 'invalid_signature' | 'malformed' | 'not_supported'): Problem {
  if (reason === 'invalid_signature') return new Problem(401, 'invalid_signature', 'The signature does not match these bytes.');
  return reason === 'malformed' ? new Problem(400, 'malformed_request', 'The body is not what its type says.') : not_found();
}

interface Told {
  readonly facts: TrackingFact[];
  readonly label_facts: LabelFact[];
}

/** The account may have parcels that are not ours: nothing is known of them, and nothing is said. */
async function by_shipment(desk: ShippingDesk, { facts, label_facts }: VerifiedWebhook): Promise<Map<string, Told>> {
  const told = new Map<string, Told>();
  const all = [...facts, ...label_facts];
  if (all.length === 0) return told;
  const refs = all.flatMap(fact => fact.provider_shipment_ref ?? []);
  const parcels = await find_parcels(desk, [...new Set(all.map(fact => fact.tracking_number))], [...new Set(refs)]);
  const of = (fact: TrackingFact | LabelFact): Told | undefined => {
    const parcel =
      parcels.find(each => each.label_ref === fact.provider_shipment_ref) ??
      parcels.find(each => each.tracking_number === fact.tracking_number);
    if (parcel === undefined) return undefined;
    const known = told.get(parcel.shipment_id) ?? { facts: [], label_facts: [] };
    told.set(parcel.shipment_id, known);
    return known;
  };
  for (const fact of facts) of(fact)?.facts.push(fact);
  for (const fact of label_facts) of(fact)?.label_facts.push(fact);
  return told;
}

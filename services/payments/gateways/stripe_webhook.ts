/** Stripe's webhooks and its list of events: verified, read, turned into facts (integrations.md 4). */
import { createHmac, timingSafeEqual } from 'node:crypto';
import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/compile';
import { json_in } from '../../../platform/adapters/call.ts';
import { CursorLost, type GatewayFact, type Headers, type ParsedWebhook, type RecentEvents } from './port.ts';
import type { Fields, StripeApi } from './stripe_api.ts';
import {
  facts_of_charge,
  facts_of_dispute,
  facts_of_intent,
  facts_of_refund,
  read_charge,
  read_dispute,
  read_intent,
  read_refund,
} from './stripe_facts.ts';

export const tolerance_s = 300;
export const signatures_max = 10;
export const events_page = 100;
export const first_pages_max = 20;

export const handled_types: readonly string[] = [
  ...['amount_capturable_updated', 'succeeded', 'payment_failed', 'canceled', 'requires_action', 'processing'].map(
    each => `payment_intent.${each}`,
  ),
  ...['captured', 'refunded', 'expired', 'refund.updated'].map(each => `charge.${each}`),
  ...['created', 'updated', 'failed'].map(each => `refund.${each}`),
  ...['created', 'updated', 'closed', 'funds_withdrawn', 'funds_reinstated'].map(each => `charge.dispute.${each}`),
];

const EventSchema = Type.Object({
  id: Type.String({ minLength: 1, maxLength: 200 }),
  object: Type.Literal('event'),
  type: Type.String(),
  livemode: Type.Boolean(),
  data: Type.Object({ object: Type.Unknown() }),
});
type StripeEvent = Static<typeof EventSchema>;
const event_check = Compile(EventSchema);
const ListSchema = Type.Object({ object: Type.Literal('list'), data: Type.Array(EventSchema), has_more: Type.Boolean() });
const list_check = Compile(ListSchema);

/** `Stripe-Signature: t=<unix>,v1=<hex>[,v1=…]`: any v1 may match, compared in constant time, over the raw bytes. */
export function parse_webhook(raw: Uint8Array, headers: Headers, now_ms: number, secret: string, live: boolean): ParsedWebhook {
  const header = headers['stripe-signature'];
  if (header === undefined || header === '') return { invalid: 'missing_signature' };
  const { at, signatures } = read_signature(header);
  if (at === undefined || signatures.length === 0 || secret === '') return { invalid: 'invalid_signature' };
  const expected = createHmac('sha256', secret).update(`${at}.`).update(raw).digest();
  if (!signatures.some(each => timingSafeEqual(each, expected))) return { invalid: 'invalid_signature' };
  if (Math.abs(now_ms / 1_000 - Number(at)) > tolerance_s) return { invalid: 'stale_signature' };
  const event = json_in(raw);
  if (!event_check.Check(event)) return { invalid: 'malformed_body' };
  if (event.livemode !== live) return { invalid: 'wrong_mode' };
  return { facts: facts_of_event(event), event_ref: event.id, type: event.type };
}

function read_signature(header: string): { at: string | undefined; signatures: Buffer[] } {
  const pairs = header.split(',').map(each => each.trim().split('='));
  const at = pairs.find(([name]) => name === 't')?.[1];
  const signatures = pairs
    .filter(([name, value]) => name === 'v1' && /^[0-9a-f]{64}$/.test(value ?? ''))
    .map(([, value]) => Buffer.from(value ?? '', 'hex'));
  return { at: at !== undefined && /^\d{1,12}$/.test(at) ? at : undefined, signatures: signatures.slice(0, signatures_max) };
}

/** Types we do not handle, and objects of API versions we cannot read, prove nothing: the polls find out. */
export function facts_of_event(event: StripeEvent): GatewayFact[] {
  if (!handled_types.includes(event.type)) return [];
  const { object } = event.data;
  const [intent, refund, dispute, charge] = [read_intent(object), read_refund(object), read_dispute(object), read_charge(object)];
  if (intent !== undefined) return facts_of_intent(intent, event.id);
  if (refund !== undefined) return facts_of_refund(refund, event.id);
  if (dispute !== undefined) return facts_of_dispute(dispute, event.id);
  return charge === undefined ? [] : facts_of_charge(charge, event.type, event.id);
}

/** From a cursor the next newer page; from a time (to start with, before there is a cursor) the newest pages since then. Oldest first. */
export async function list_recent(
  api: StripeApi,
  since: { readonly cursor: string } | { readonly from: string },
  signal: AbortSignal,
): Promise<RecentEvents> {
  if ('cursor' in since) {
    const page = await events_of(api, [['ending_before', since.cursor]], signal);
    return recent(page.data, since.cursor, page.has_more);
  }
  const newest_first: StripeEvent[] = [];
  for (let pages = 0; pages < first_pages_max; pages += 1) {
    const page = await events_of(
      api,
      [
        ['created[gte]', Math.floor(Date.parse(since.from) / 1_000)],
        ['starting_after', newest_first.at(-1)?.id],
      ],
      signal,
    );
    newest_first.push(...page.data);
    if (!page.has_more) break;
  }
  return recent(newest_first, undefined, false);
}

async function events_of(api: StripeApi, place: Fields, signal: AbortSignal): Promise<Static<typeof ListSchema>> {
  const types = handled_types.map((type, index) => [`types[${index}]`, type] as const);
  const told = await api.get(
    '/v1/events',
    [['limit', events_page], ...place, ...types],
    value => (list_check.Check(value) ? value : undefined),
    signal,
  );
  if ('object' in told) return told.object;
  if ('error' in told && told.error.code === 'resource_missing')
    throw new CursorLost('Stripe keeps events for 30 days: start from a time', { cause: told });
  throw new Error('Stripe did not list its events: try again later', { cause: told });
}
function recent(newest_first: readonly StripeEvent[], before: string | undefined, more: boolean): RecentEvents {
  const cursor = newest_first[0]?.id ?? before;
  const events = newest_first.toReversed().map(event => ({ event_ref: event.id, type: event.type, facts: facts_of_event(event) }));
  return { events, ...(cursor !== undefined && { cursor }), more };
}

/** Bodies and replies of /v1/webhook-endpoints. */
import Type from 'typebox';
import { event_contracts, is_event_type, source_of } from '../../contracts/index.ts';
import type { Row } from '../../platform/service.ts';
import { url_characters_max } from './guard.ts';
import { type DeliveryRow, delivery_states, type EndpointRow } from './store.ts';

export const description_characters_max = 500;
/** Of one shop. */
export const endpoints_max = 50;

const event_types = Object.keys(event_contracts);
const time = () => Type.Union([Type.String(), Type.Null()]);

export const endpoint_body = Type.Object({
  url: Type.String({ minLength: 1, maxLength: url_characters_max, description: 'https, to a public address' }),
  events: Type.Array(Type.Union([Type.Literal('*'), ...event_types.map(type => Type.Literal(type))]), {
    minItems: 1,
    maxItems: event_types.length,
    uniqueItems: true,
    description: 'Types as in /asyncapi.json, or "*" alone: every one, those of the future too',
  }),
  description: Type.Optional(Type.String({ maxLength: description_characters_max })),
});

export const endpoint_schema = Type.Object({
  id: Type.String(),
  url: Type.String(),
  events: Type.Array(Type.String()),
  description: Type.String(),
  state: Type.String({ description: 'enabled or disabled' }),
  disabled_reason: Type.Union([Type.String(), Type.Null()], {
    description: 'gone: it answered 410; failing: it took nothing for 72 hours',
  }),
  disabled_at: time(),
  failing_since: Type.Union([Type.String(), Type.Null()], { description: 'The first failure after the last success' }),
  paused_until: Type.Union([Type.String(), Type.Null()], { description: 'It asked for less: 429, 502 or 504' }),
  previous_secret_until: Type.Union([Type.String(), Type.Null()], {
    description: 'Until then the secret before the last rotation signs, too',
  }),
  created_at: Type.String(),
  created_by: Type.String(),
  secret: Type.Optional(Type.String({ description: 'Only in the reply that made it: whsec_…' })),
});

export const delivery_schema = Type.Object({
  id: Type.String(),
  endpoint_id: Type.String(),
  event_id: Type.String({ description: 'The webhook-id of every attempt' }),
  type: Type.String(),
  source: Type.String(),
  subject: Type.String(),
  state: Type.String({ description: delivery_states.join(', ') }),
  redelivery: Type.Boolean({ description: 'Sent once more because somebody asked' }),
  attempts: Type.Integer(),
  next_attempt_at: Type.Union([Type.String(), Type.Null()], { description: 'null while an earlier event of the subject is under way' }),
  last_attempt_at: time(),
  last_status: Type.Union([Type.Integer(), Type.Null()]),
  last_error: time(),
  last_reply: Type.Union([Type.String(), Type.Null()], { description: 'Its beginning, without what looks like a secret or a person' }),
  created_at: Type.String(),
  ended_at: time(),
});

export function shown_endpoint({ previous_until, ...row }: EndpointRow, now: string): Row & { readonly id: string } {
  const rotating = previous_until !== null && previous_until > now ? previous_until : null;
  const paused_until = row.paused_until !== null && row.paused_until > now ? row.paused_until : null;
  return { ...row, paused_until, previous_secret_until: rotating };
}

export function shown_delivery({ next_at, type, source, ...row }: DeliveryRow): Row & { readonly id: string } {
  return {
    ...row,
    type,
    source: is_event_type(type) ? source_of(type, source) : source,
    next_attempt_at: row.state === 'waiting' ? next_at : null,
  };
}

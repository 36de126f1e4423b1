/** GET /v1/payments, and the doors through which gateways tell us things. Capture, void and refund are commands of orders. */
import Type from 'typebox';
import { PaymentState, type PaymentsEvent } from '../../contracts/index.ts';
import { not_found, raw_body } from '../../platform/http.ts';
import { type Desk, Problem, type Reply, type Route, type RouteRequest } from '../../platform/route.ts';
import type { Json } from '../../platform/service.ts';
import type { PaymentsCommand } from './commands.ts';
import type { Gateway, ParsedWebhook } from './gateways/port.ts';
import type { PaymentsStates } from './model.ts';
import { payer_routes } from './payer_routes.ts';
import type { PaymentsRejection } from './rejections.ts';
import { PaymentDetail, type PaymentDetailRow, PaymentList, type PaymentRow, payment_detail_sql, payment_list } from './views.ts';

export type PaymentsDesk = Desk<PaymentsStates, PaymentsCommand, PaymentsEvent, PaymentsRejection>;

export interface PaymentsRoutesSettings {
  readonly gateways: Readonly<Record<string, Gateway>>;
  /** By gateway. Without one its webhooks are refused. */
  readonly webhook_secrets: Readonly<Record<string, string | undefined>>;
}

const list_default = 50;
const list_max = 200;

export function payments_routes(desk: PaymentsDesk, settings: PaymentsRoutesSettings): Route[] {
  const called = Object.values(settings.gateways).filter(gateway => !gateway.immediate);
  return [
    list_route(desk),
    detail_route(desk),
    ...called.flatMap(gateway => {
      const { parse_webhook } = gateway;
      return parse_webhook === undefined
        ? []
        : [inbound_route(desk, gateway.name, parse_webhook, settings.webhook_secrets[gateway.name] ?? '')];
    }),
    ...called.flatMap(({ name, payer_page }) => (payer_page === undefined ? [] : payer_routes(desk, name, payer_page))),
  ];
}

function list_route(desk: PaymentsDesk): Route {
  return {
    method: 'GET',
    path: '/v1/payments',
    summary: 'Payments, newest first',
    scope: 'payments:read',
    query: Type.Object({
      status: Type.Optional(PaymentState),
      gateway: Type.Optional(Type.String({ maxLength: 64 })),
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: list_max })),
      cursor: Type.Optional(Type.String({ maxLength: 200 })),
    }),
    replies: { 200: PaymentList },
    rejections: [],
    async handle({ query }) {
      const limit = Number(query['limit'] ?? list_default);
      const { name, text, values } = payment_list(query, limit + 1);
      const rows = await desk.query<PaymentRow>(name, text, values);
      const data = rows.slice(0, limit);
      return ok({ data, next_cursor: rows.length > limit ? (data.at(-1)?.id ?? null) : null });
    },
  };
}

function detail_route(desk: PaymentsDesk): Route {
  return {
    method: 'GET',
    path: '/v1/payments/:id',
    summary: 'One payment with its operations and the facts learned from the gateway',
    scope: 'payments:read',
    replies: { 200: PaymentDetail },
    rejections: ['not_found'],
    async handle({ params }) {
      const [payment] = await desk.query<PaymentDetailRow>('payments.detail', payment_detail_sql, [params['id'] ?? '']);
      if (payment === undefined) throw not_found();
      return ok(payment);
    },
  };
}

function ok(body: object): Reply {
  // Rows of our own queries: JSON by construction.
  return { status: 200, body: body as Json };
}

/**
 * Verified over the raw bytes, recorded in one transaction, then answered: what we said 2xx to is durable. A second delivery changes nothing;
 * what we cannot use is 2xx, too, or the gateway would send it for days.
 */
function inbound_route(desk: PaymentsDesk, provider: string, parse_webhook: ParseWebhook, secret: string): Route {
  return {
    method: 'POST',
    path: `/inbound/${provider}`,
    summary: `Webhooks of ${provider}`,
    scope: 'public',
    body: raw_body,
    not_idempotent: true,
    replies: { 200: Type.Object({ received: Type.Boolean() }) },
    rejections: ['invalid_signature', 'malformed_json'],
    async handle(request) {
      const { event_ref, type, facts } = verified(parse_webhook, request, Date.parse(desk.now()), secret);
      if (facts.length > 0) {
        const id = `${provider}/${event_ref}`;
        await desk.submit({ type: 'record_webhook', id, provider, event_ref, event_type: type, facts }, { request });
      }
      return { status: 200, body: { received: true } };
    },
  };
}

type ParseWebhook = NonNullable<Gateway['parse_webhook']>;

function verified(
  parse_webhook: ParseWebhook,
  { body, headers }: RouteRequest,
  now_ms: number,
  secret: string,
): Exclude<ParsedWebhook, { invalid: string }> {
  // The door hands routes with `raw_body` the bytes as they came.
  const parsed = parse_webhook(body as Uint8Array, headers, now_ms, secret);
  if (!('invalid' in parsed)) return parsed;
  if (parsed.invalid === 'malformed_body') throw new Problem(400, 'malformed_json', 'The body is signed, but no event.');
  throw new Problem(401, 'invalid_signature', 'The signature is missing, old, or not of this endpoint.');
}

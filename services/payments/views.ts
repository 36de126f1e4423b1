/** What people read of payments (api.md 4): never the requests, which hold persons, and of the gateway's words only what the adapters let through. */
import Type, { type Static } from 'typebox';
import { Amount, Id, MethodKind, PaymentIntent, PaymentState, Text } from '../../contracts/index.ts';
import { listed_as } from './store.ts';

const nullable = <T extends Type.TSchema>(schema: T) => Type.Union([schema, Type.Null()]);
const payment_fields = {
  id: Id(),
  order_id: Id(),
  version: Type.Integer(),
  tender_no: Type.Integer(),
  attempt_no: Type.Integer(),
  gateway: Id(),
  method_kind: MethodKind,
  intent: PaymentIntent,
  status: PaymentState,
  currency: Type.String(),
  amount: Amount(),
  authorized: Amount(),
  captured: Amount(),
  voided: Amount(),
  refunded: Amount(),
  capture_pending: Amount(),
  void_pending: Amount(),
  refund_pending: Amount(),
  decline_code: nullable(Text(64)),
  deadline: Text(40),
  authorization_expires_at: nullable(Text(40)),
  gateway_ref: nullable(Text(200)),
  release_requested: Type.Boolean(),
  exceptions: Type.Array(Type.Object({ exception_id: Id(), reason: Text(), owner: Text(200), deadline: Text(40), detail: Text() })),
};
export const PaymentView = Type.Object(payment_fields);
const OperationView = Type.Object({
  id: Id(),
  kind: Text(40),
  state: Type.Enum(['requested', 'sent', 'succeeded', 'failed', 'unknown']),
  amount: Amount(),
  capture_nos: nullable(Type.Array(Type.Integer())),
  refund_id: nullable(Id()),
  code: nullable(Text(64)),
  evidence: nullable(Text()),
  attempts: Type.Integer(),
  requested_at: Text(40),
  sent_at: nullable(Text(40)),
  ended_at: nullable(Text(40)),
});
const FactView = Type.Object({
  fact: Text(40),
  object_ref: Id(),
  amount: Amount(),
  currency: Type.String(),
  refund_id: nullable(Id()),
  decline_code: nullable(Text(64)),
  drift: nullable(Text(100)),
  provider_event_ref: nullable(Id()),
  received_at: Text(40),
  raw: Type.Object({}),
});
export const PaymentDetail = Type.Object({ ...payment_fields, operations: Type.Array(OperationView), facts: Type.Array(FactView) });
export const PaymentList = Type.Object({ data: Type.Array(PaymentView), next_cursor: nullable(Type.String()) });
export type PaymentRow = Static<typeof PaymentView>;
export type PaymentDetailRow = Static<typeof PaymentDetail>;

const columns = Object.keys(payment_fields)
  .map(column => `p.${column}`)
  .join(', ');

export interface PaymentFilters {
  /** The last id of the page before. */
  readonly cursor?: string;
  readonly status?: string;
  readonly gateway?: string;
}

/** Newest first: ids begin with their time. Each set of filters is a statement of its own: one for all of them would begin every page at the newest payment. */
export function payment_list(
  { cursor, status, gateway }: PaymentFilters,
  limit: number,
): { name: string; text: string; values: unknown[] } {
  const listed = status === undefined ? undefined : (listed_as(status) ?? undefined);
  const asked = [
    { name: 'after', condition: 'p.id < ', value: cursor },
    { name: 'listed', condition: 'p.listed_as = ', value: listed },
    { name: 'status', condition: 'p.status = ', value: listed === status ? undefined : status },
    // Of what is open there is little: no index of the many of a gateway.
    { name: 'gateway', condition: listed === 'open' ? 'p.gateway is not distinct from ' : 'p.gateway = ', value: gateway },
  ].filter(({ value }) => value !== undefined);
  const where = asked.map(({ condition }, place) => `${condition}$${place + 2}`).join(' and ');
  return {
    name: ['payments.list', ...asked.map(({ name }) => name)].join('.'),
    text: `select ${columns} from payments.payment p ${where === '' ? '' : `where ${where}`} order by p.id desc limit $1`,
    values: [limit, ...asked.map(({ value }) => value)],
  };
}

/** $1 id. Our operations, and how the runner's rows of them stand; those of the gateway `manual` have none: nobody was called. What has ended
 * is as we know it: a refund may fail days after the gateway's reply, where the runner's row ends. */
export const payment_detail_sql = `
  select ${columns},
         (select coalesce(json_agg(json_build_object(
                   'id', own.op_id, 'kind', own.kind,
                   'state', case when own.state in ('succeeded', 'failed') then own.state
                                 else coalesce(o.state, case own.state when 'waiting' then 'requested' when 'open' then 'sent' else own.state end) end,
                   'amount', own.amount,
                   'capture_nos', (select json_agg(part.capture_no) from json_to_recordset(own.parts) as part(capture_no integer)),
                   'refund_id', own.refund_id, 'code', own.code, 'evidence', own.evidence,
                   'attempts', coalesce(o.attempts, 0), 'requested_at', ${utc('coalesce(o.requested_at, own.requested_at)')},
                   'sent_at', ${utc('o.sent_at')}, 'ended_at', ${utc('o.ended_at')}) order by own.ordinal), '[]')
            from rows from (json_to_recordset(p.operations) as (op_id text, kind text, state text, amount bigint, requested_at timestamptz, parts json, refund_id text, code text, evidence text))
                 with ordinality as own(op_id, kind, state, amount, requested_at, parts, refund_id, code, evidence, ordinal)
            left join payments.operations o on o.op_id = own.op_id) as operations,
         (select coalesce(json_agg(json_build_object(
                   'fact', f.fact, 'object_ref', f.object_ref, 'amount', f.amount, 'currency', f.currency, 'refund_id', f.refund_id,
                   'decline_code', f.decline_code, 'drift', nullif(f.drift, ''), 'provider_event_ref', f.provider_event_ref,
                   'received_at', ${utc('f.received_at')}, 'raw', f.raw) order by f.received_at, f.object_ref, f.fact, f.amount), '[]')
            from payments.gateway_fact f where f.payment_id = p.id) as facts
    from payments.payment p
   where p.id = $1`;

/** RFC 3339 with milliseconds, as everywhere. */
function utc(expression: string): string {
  return `to_char(${expression} at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
}

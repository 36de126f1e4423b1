/** All SQL that writes, and the one parsed boundary of each row. */
import { instant, instant_or_null, type ReferenceRows, type Row, type Rows } from '../../platform/service.ts';
import type { GatewayFact } from './gateways/port.ts';
import type { GatewayObject, MadePayments, OpenException, Payment, StoredFact, Watch, Webhook } from './model.ts';

const payment_columns = [
  ...['order_id', 'tender_no', 'attempt_no', 'gateway', 'method_kind', 'intent', 'currency', 'amount'],
  ...[
    'authorized',
    'captured',
    'voided',
    'refunded',
    'capture_pending',
    'void_pending',
    'refund_pending',
    'status',
    'listed_as',
    'decline_code',
  ],
  ...['deadline', 'authorization_expires_at', 'gateway_ref', 'multi_capture', 'release_requested', 'exceptions', 'operations'],
] as const;
/** What never changes after the first event. */
const fixed_columns: readonly string[] = ['order_id', 'tender_no', 'attempt_no', 'gateway', 'method_kind', 'intent', 'currency', 'amount'];
/** Kept by notes: the auditor's fold of the events does not have them. */
export const bookkeeping_columns: readonly string[] = [
  ...['deadline', 'authorization_expires_at', 'multi_capture', 'release_requested'],
  ...['capture_pending', 'void_pending', 'refund_pending', 'operations'],
];
const changing_columns = payment_columns.filter(column => !fixed_columns.includes(column));

/** Facts without `raw`: decisions do not need it, and it is most of the bytes. */
const fact_columns = [
  ...['gateway', 'object_ref', 'fact', 'amount', 'currency', 'gateway_ref', 'refund_id', 'operation_id', 'decline_code', 'retryable'],
  ...['authorization_expires_at', 'provider_event_ref', 'received_at', 'drift'],
];

/** Insert-only, beside the payment. The same object claimed for two payments is a lie about one of them: the first keeps it. */
export const records = {
  gateway_fact: `insert into payments.gateway_fact (payment_id, ${fact_columns.join(', ')}, raw)
                 select payment_id, ${fact_columns.join(', ')}, raw from json_populate_recordset(null::payments.gateway_fact, $1)
                 on conflict do nothing`,
  /** Rows { order_id }. */
  erased_order: 'select payments.erase_persons($1)',
  /** Rows { op_id, learned }. */
  payer_returned: 'select payments.payer_returned($1)',
};

export const payment_rows: Rows<Payment> = {
  load: `select coalesce(json_agg(r), '[]'::json) as rows from (
           select p.*, (select json_agg(json_build_object(${fact_columns.map(column => `'${column}', f.${column}`).join(', ')}))
                          from payments.gateway_fact f where f.payment_id = p.id) as facts
             from payments.payment p where p.id = any($1) order by p.id for update of p) r`,
  insert: `insert into payments.payment (id, version, ${payment_columns.join(', ')})
           select id, version, ${payment_columns.join(', ')} from json_populate_recordset(null::payments.payment, $1)`,
  update: `update payments.payment t set version = r.version, ${changing_columns.map(column => `${column} = r.${column}`).join(', ')}
             from json_populate_recordset(null::payments.payment, $1) r where t.id = r.id`,
  from_row: payment_of_row,
  to_row: payment_row,
};

interface Beside {
  readonly id: string;
  readonly version: number;
  readonly listed_as: string | null;
}

/** `load` gives the columns of payments.payment, which its constraints keep as the type says, and facts as they were stored. */
function payment_of_row(row: Row): Payment {
  const { id: _id, version: _version, listed_as: _listed_as, facts, ...columns } = row as unknown as Payment & Beside;
  return {
    ...columns,
    deadline: instant(row['deadline']),
    authorization_expires_at: instant_or_null(row['authorization_expires_at']),
    facts: facts === null ? [] : facts.map(fact_of_row),
  };
}

function payment_row(payment: Payment): Row {
  const { facts: _facts, exceptions, operations, ...columns } = payment;
  // JSON columns take what the state holds: rows of plain data.
  const lists = { exceptions: exceptions as unknown as Row[], operations: operations as unknown as Row[] };
  return { ...columns, listed_as: listed_as(payment.status), ...lists };
}

const open: ReadonlySet<string> = new Set(['processing', 'action_required', 'pending', 'unknown', 'authorized', 'partially_captured']);
/** What lists find a payment by, as the constraint of migration 008 says it: under way, or its end; null for captured, the end that most have. */
export function listed_as(status: string): string | null {
  if (open.has(status)) return 'open';
  return status === 'captured' ? null : status;
}

function fact_of_row(fact: StoredFact): StoredFact {
  const ends_at = instant_or_null(fact.authorization_expires_at);
  const told = {
    ...fact,
    authorization_expires_at: ends_at,
    received_at: instant(fact.received_at),
    drift: fact.drift === '' ? null : fact.drift,
  };
  // Absent and null are one; `drift` alone is null when there is none.
  return Object.fromEntries(Object.entries(told).filter(([name, value]) => value !== null || name === 'drift')) as unknown as StoredFact;
}

// --- whose a gateway's object is

export const gateway_object_rows: ReferenceRows<GatewayObject> = {
  load: `select coalesce(json_agg(r), '[]'::json) as rows from (
           select distinct on (k.id) k.id, f.payment_id
             from unnest($1::text[]) as k(id) join payments.gateway_fact f
               on f.gateway = split_part(k.id, '/', 1) and f.object_ref = substr(k.id, strpos(k.id, '/') + 1) and f.drift = ''
            order by k.id) r`,
  from_row: row => ({ payment_id: typeof row['payment_id'] === 'string' ? row['payment_id'] : null }),
};

// --- the watch

/** Ids begin with their time. */
export const made_payments_rows: ReferenceRows<MadePayments> = {
  load: `select coalesce(json_agg(r), '[]'::json) as rows from (
           select k.id, coalesce(json_agg(json_build_object('id', p.id, 'gateway_ref', p.gateway_ref)) filter (where p.id is not null), '[]') as payments
             from unnest($1::text[]) as k(id) left join payments.payment p
               on p.id >= split_part(k.id, ' ', 2) and p.id < split_part(k.id, ' ', 3) and p.gateway = split_part(k.id, ' ', 1) and p.gateway_ref is not null
            group by k.id order by k.id) r`,
  // The columns of the statement above.
  from_row: ({ payments }) => ({ payments: payments as unknown as MadePayments['payments'] }),
};

const watch_columns = 'cursor, listed_until, pause_ms, compared_until, span_ms';
export const watch_rows: Rows<Watch> = {
  load: `select coalesce(json_agg(r), '[]'::json) as rows from (select * from payments.watch where id = any($1) order by id for update) r`,
  insert: `insert into payments.watch (id, version, ${watch_columns}) select id, version, ${watch_columns} from json_populate_recordset(null::payments.watch, $1)`,
  update: `update payments.watch t set version = r.version, cursor = r.cursor, listed_until = r.listed_until, pause_ms = r.pause_ms,
                  compared_until = r.compared_until, span_ms = r.span_ms from json_populate_recordset(null::payments.watch, $1) r where t.id = r.id`,
  from_row({ id: _id, version: _version, ...row }) {
    const { listed_until, compared_until, ...columns } = row as unknown as Watch;
    return { ...columns, listed_until: instant(listed_until), compared_until: instant(compared_until) };
  },
  to_row: watch => ({ ...watch }),
};

// --- the inbox

const webhook_columns = 'provider, event_ref, event_type, received_at, state, facts, exception';

export const webhook_rows: Rows<Webhook> = {
  load: `select coalesce(json_agg(r), '[]'::json) as rows from (
           select w.* from payments.webhook_inbox w where w.id = any($1) order by w.id for update of w) r`,
  insert: `insert into payments.webhook_inbox (id, version, ${webhook_columns})
           select id, version, ${webhook_columns} from json_populate_recordset(null::payments.webhook_inbox, $1)`,
  update: `update payments.webhook_inbox t set version = r.version, state = r.state, facts = r.facts, exception = r.exception
             from json_populate_recordset(null::payments.webhook_inbox, $1) r where t.id = r.id`,
  from_row: webhook_of_row,
  to_row: webhook_row,
};

function webhook_of_row(row: Row): Webhook {
  const { id: _id, version: _version, ...columns } = row as unknown as Webhook & { id: string; version: number };
  return { ...columns, received_at: instant(row['received_at']) };
}
function webhook_row({ facts, exception, ...columns }: Webhook): Row {
  return { ...columns, facts: facts as readonly GatewayFact[], exception: exception as (OpenException & Row) | null };
}

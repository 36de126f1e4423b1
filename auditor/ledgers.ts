/**
 * What third parties really did, from their own ledgers, against what we believe (reliability.md 1, P3 to P5, P14, O10). Payments and labels
 * with a call that has not ended are left out: what became of it is still to be learned.
 */
import { from_stripe_amount } from '../services/payments/gateways/currencies.ts';
import { type AuditGiven, entries_of, type Finding, type Invariant, type LedgerEntry, open_states, text } from './auditor.ts';
import { cybersource_holds, cybersource_money } from './cybersource.ts';
import { label_invariants } from './labels.ts';
import { purchase_invariants } from './purchases.ts';
import { findings_of } from './sql.ts';

/** What we wrote on the payment or refund there. */
function metadata_of({ metadata }: LedgerEntry): Readonly<Record<string, unknown>> {
  // A stand-in's entry is JSON: an object or not.
  return typeof metadata === 'object' && metadata !== null ? (metadata as Record<string, unknown>) : {};
}

async function compare(given: AuditGiven, service: string, invariant: string, sql: string, rows: readonly object[]): Promise<Finding[]> {
  return findings_of(invariant, await given.pool_of(service).query(sql, [JSON.stringify(rows)]));
}

interface Held {
  readonly payment_id: string;
  readonly payment_intent: string;
  readonly order_id: string;
  readonly currency: string;
  authorized: number;
  captured: number;
  let_go: number;
  refunded: number;
}

/** Per payment of ours: the sums of all that moved. Disputes move money between the bank and us, not between us and the payer. */
function held_at_stripe(entries: readonly LedgerEntry[]): Held[] {
  const payments = new Map<string, Held>();
  for (const entry of entries) {
    const { kind, reference, amount: theirs = 0, currency = '' } = entry;
    const payment_intent = text(entry['payment_intent']);
    const payment_id = text(metadata_of(entry)['payment_id']) || payments.get(payment_intent)?.payment_id || payment_intent;
    const known = payments.get(payment_intent) ?? {
      payment_id,
      payment_intent,
      order_id: reference ?? '',
      currency,
      authorized: 0,
      captured: 0,
      let_go: 0,
      refunded: 0,
    };
    const amount = from_stripe_amount(theirs, currency);
    if (kind === 'authorized') known.authorized += amount;
    else if (kind === 'captured') known.captured += amount;
    else if (kind === 'voided' || kind === 'lapsed') known.let_go += amount;
    else if (kind === 'refunded') known.refunded += amount;
    else if (kind === 'refund_failed') known.refunded -= amount;
    payments.set(payment_intent, known);
  }
  return [...payments.values()];
}

const same_money: Invariant = {
  name: 'P3',
  says: "Stripe's own ledger is ours, per payment, kind, amount and currency, both ways",
  only_at_rest: true,
  ledger: 'stripe',
  check: given =>
    compare(
      given,
      'payments',
      'P3',
      `with theirs as (
         select payment_id, string_agg(payment_intent, ', ') as refs, max(currency) as currency, count(distinct currency) as currencies,
                sum(authorized) as authorized, sum(captured) as captured, sum(let_go) as let_go, sum(refunded) as refunded
           from json_to_recordset($1) as l(payment_id text, payment_intent text, currency text, authorized bigint, captured bigint, let_go bigint, refunded bigint)
          group by payment_id)
       select array_remove(array[coalesce(p.id, t.payment_id), p.order_id, t.refs], null) as ids,
              format('%s authorized, captured, voided, refunded: ours %s, %s, %s, %s, Stripe''s %s, %s, %s, %s %s', coalesce(p.currency, 'unknown here,'),
                     p.authorized, p.captured, p.voided, p.refunded, t.authorized, t.captured, t.let_go, t.refunded, t.currency) as detail
         from (select * from payments.payment where gateway = 'stripe') p full join theirs t on t.payment_id = p.id
        where ((coalesce(p.authorized, 0), coalesce(p.captured, 0), coalesce(p.voided, 0), coalesce(p.refunded, 0))
               <> (coalesce(t.authorized, 0), coalesce(t.captured, 0), coalesce(t.let_go, 0), coalesce(t.refunded, 0))
               or t.currency <> p.currency or t.currencies > 1 or p.id is null)
          and not exists (select 1 from payments.operations o where o.subject = p.id and o.state in ${open_states})`,
      held_at_stripe(entries_of(given, 'stripe')),
    ),
};

/** One authorization, capture or refund there under one key of ours; a capture may let the rest go with it. */
const done_once: Invariant = {
  name: 'P4',
  says: 'no operation succeeded twice at Stripe, no payment was authorized twice',
  ledger: 'stripe',
  async check(given) {
    const done = Map.groupBy(
      entries_of(given, 'stripe').filter(({ kind }) => kind === 'authorized' || kind === 'captured' || kind === 'refunded'),
      entry => {
        const { payment_id, operation_id } = metadata_of(entry);
        if (entry.kind === 'authorized') return `authorized ${text(payment_id) || entry.id}`;
        return `${entry.kind} ${(entry.kind === 'refunded' ? text(operation_id) : '') || entry.idempotency_key || `${entry.id} ${entry.at}`}`;
      },
    );
    return [...done].flatMap(([what, entries]): Finding[] =>
      entries.length < 2
        ? []
        : [
            {
              invariant: 'P4',
              detail: `${entries.length} times ${what}`,
              ids: entries.map(entry => text(entry['payment_intent']) || entry.id),
            },
          ],
    );
  },
};

const held_for_open_orders: Invariant = {
  name: 'P5',
  says: 'what Stripe still holds is of an open order, or on its way back',
  only_at_rest: true,
  ledger: 'stripe',
  async check(given) {
    const held = held_at_stripe(entries_of(given, 'stripe')).filter(one => one.authorized - one.captured - one.let_go > 0);
    const { rows } = await given
      .pool_of('payments')
      .query<{ subject: string }>(`select distinct subject from payments.operations where state in ${open_states} and subject = any($1)`, [
        held.map(one => one.payment_id),
      ]);
    const at_work = new Set(rows.map(row => row.subject));
    return compare(
      given,
      'orders',
      'P5',
      `select array[h.payment_id, h.order_id] as ids, format('Stripe holds %s %s, the order is %s', h.authorized - h.captured - h.let_go, h.currency, coalesce(o.status, 'unknown')) as detail
         from json_to_recordset($1) as h(payment_id text, order_id text, currency text, authorized bigint, captured bigint, let_go bigint)
              left join orders.orders o on o.id = h.order_id
        where o.id is null or o.closed_at is not null`,
      held.filter(one => !at_work.has(one.payment_id)),
    );
  },
};

const one_key: Invariant = {
  name: 'P14',
  says: 'each key that Stripe saw is one operation of ours, of that kind, for one payment',
  ledger: 'stripe',
  check(given) {
    const keyed = entries_of(given, 'stripe').flatMap(entry => {
      const { idempotency_key: key, kind, payment_intent } = entry;
      // A void of what is left after captures is a capture of nothing there, under a key of its own.
      return key === undefined ? [] : [{ op_id: key.replace(/_release$/, ''), key, kind, payment_intent: text(payment_intent) }];
    });
    return compare(
      given,
      'payments',
      'P14',
      `with keyed as (select * from json_to_recordset($1) as k(op_id text, key text, kind text, payment_intent text))
       select array[k.key, k.payment_intent] as ids, format('%s under a key that is no operation of ours', k.kind) as detail
         from keyed k left join payments.operations o on o.op_id = k.op_id where o.op_id is null
       union all
       select array[k.key], format('one key for %s payments: %s', count(distinct payment_intent), string_agg(distinct payment_intent, ', '))
         from keyed k group by k.key having count(distinct payment_intent) > 1
       union all
       select array[k.key, k.payment_intent], format('%s is an operation to %s', k.kind, o.kind) from keyed k join payments.operations o on o.op_id = k.op_id
        where (o.kind, k.kind) not in (('authorize', 'authorized'), ('authorize', 'captured'), ('capture', 'captured'), ('capture', 'voided'), ('void', 'voided'),
                                       ('abandon', 'voided'), ('refund', 'refunded'))`,
      keyed,
    );
  },
};

export const ledger_invariants: readonly Invariant[] = [
  same_money,
  done_once,
  held_for_open_orders,
  one_key,
  cybersource_money,
  cybersource_holds,
  ...label_invariants,
  ...purchase_invariants,
];

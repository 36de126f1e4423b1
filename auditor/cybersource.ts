/**
 * What CyberSource's own ledger says against what we believe (P3, P5). An authorization that nobody answered is reversed there and asked for again under
 * a new name, so what is compared is what stayed: held, taken, given back. Whose a movement is, its key says: the operation and its round.
 */
import type { AuditGiven, Invariant } from './auditor.ts';
import { findings_of } from './sql.ts';

interface Moved {
  readonly op_id: string;
  readonly order_id: string;
  readonly currency: string;
  readonly authorized: number;
  readonly captured: number;
  readonly let_go: number;
  readonly refunded: number;
}

function moved_at_cybersource({ ledgers }: AuditGiven): Moved[] {
  return (ledgers.get('cybersource') ?? []).map(({ kind, amount = 0, currency = '', reference, idempotency_key = '' }) => {
    const of = (...kinds: readonly string[]) => (kinds.includes(kind) ? amount : 0);
    return {
      op_id: idempotency_key.replace(/-\d+$/, ''),
      order_id: reference ?? '',
      currency,
      authorized: of('authorized'),
      captured: of('captured') - of('capture_voided'),
      let_go: of('voided'),
      refunded: of('refunded'),
    };
  });
}

/** $1: movements. Of each payment: what is held, was taken and given back there. */
const theirs = `
  moved as (select * from json_to_recordset($1) as m(op_id text, order_id text, currency text, authorized bigint, captured bigint, let_go bigint, refunded bigint)),
  theirs as (
    select coalesce(o.subject, m.op_id) as payment_id, max(m.order_id) as order_id, max(m.currency) as currency, count(distinct m.currency) as currencies,
           sum(m.authorized - m.captured - m.let_go) as held, sum(m.captured) as captured, sum(m.refunded) as refunded
      from moved m left join payments.operations o on o.op_id = m.op_id
     group by 1)`;
const at_work = `exists (select 1 from payments.operations o where o.subject = coalesce(p.id, t.payment_id) and o.state in ('requested', 'sent', 'unknown'))`;

export const cybersource_money: Invariant = {
  name: 'P3',
  says: "CyberSource's own ledger is ours, per payment: what is held, taken and given back, both ways",
  only_at_rest: true,
  ledger: 'cybersource',
  check: async given =>
    findings_of(
      'P3',
      await given.pool_of('payments').query(
        `with ${theirs}
         select array_remove(array[coalesce(p.id, t.payment_id), p.order_id], null) as ids,
                format('%s held, captured, refunded: ours %s, %s, %s, CyberSource''s %s, %s, %s %s', coalesce(p.currency, 'unknown here,'),
                       p.authorized - p.captured - p.voided, p.captured, p.refunded, t.held, t.captured, t.refunded, t.currency) as detail
           from (select * from payments.payment where gateway = 'cybersource') p full join theirs t on t.payment_id = p.id
          where ((coalesce(p.authorized - p.captured - p.voided, 0), coalesce(p.captured, 0), coalesce(p.refunded, 0))
                 <> (coalesce(t.held, 0), coalesce(t.captured, 0), coalesce(t.refunded, 0))
                 or t.currency <> p.currency or t.currencies > 1 or p.id is null)
            and not ${at_work}`,
        [JSON.stringify(moved_at_cybersource(given))],
      ),
    ),
};

export const cybersource_holds: Invariant = {
  name: 'P5',
  says: 'what CyberSource still holds is of an open order, or on its way back',
  only_at_rest: true,
  ledger: 'cybersource',
  async check(given) {
    const { rows } = await given.pool_of('payments').query<{ payment_id: string; order_id: string; held: string; currency: string }>(
      `with ${theirs} select t.payment_id, t.order_id, t.held, t.currency from theirs t left join payments.payment p on p.id = t.payment_id
        where t.held > 0 and not ${at_work}`,
      [JSON.stringify(moved_at_cybersource(given))],
    );
    return findings_of(
      'P5',
      await given.pool_of('orders').query(
        `select array[h.payment_id, h.order_id] as ids, format('CyberSource holds %s %s, the order is %s', h.held, h.currency, coalesce(o.status, 'unknown')) as detail
           from json_to_recordset($1) as h(payment_id text, order_id text, held bigint, currency text) left join orders.orders o on o.id = h.order_id
          where o.id is null or o.closed_at is not null`,
        [JSON.stringify(rows)],
      ),
    );
  },
};

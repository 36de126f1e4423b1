/** Calls to the outside: somebody runs each, asks what became of it, or a person decides; and every state that waits owns what ends its wait. */
import type { Invariant } from './auditor.ts';
import { runs_for, type SqlCheck, sql_invariant } from './sql.ts';

const open_states = `('requested', 'sent', 'unknown')`;
/** The aggregates that wait for operations, and their exceptions. */
const waiting: readonly { readonly service: string; readonly table: string }[] = [
  { service: 'payments', table: 'payments.payment' },
  { service: 'shipping', table: 'shipping.shipment' },
  { service: 'suppliers', table: 'suppliers.purchase_order' },
];

/** After the last question the runner asks no more: then it is on a person's list. */
const unknowns_end = sql_invariant(
  { name: 'P13', says: 'an operation without outcome is run, asked about, or waits for a person' },
  ...waiting.map(
    ({ service, table }): SqlCheck => ({
      service,
      sql: `select array[o.op_id, o.subject] as ids, format('%s at %s is %s since %s, next look at %s', o.kind, o.provider, o.state, o.requested_at, o.next_at) as detail
              from ${service}.operations o
             where o.state in ${open_states}
               and (o.next_at < {now} - interval '15 minutes' and ${runs_for(service, 900)}
                    or o.next_at > {now} + interval '1 year'
                       and not exists (select 1 from ${table} a where a.id = o.subject and json_array_length(a.exceptions) > 0)
                       and not exists (select 1 from ${service}.timers t where t.id = o.subject or t.id like o.subject || '/%'))`,
    }),
  ),
  {
    service: 'payments',
    sql: `select array[p.id, p.order_id] as ids, format('the payment is %s, its operations are %s', p.status, coalesce((select string_agg(o.kind || ' ' || o.state, ', ') from payments.operations o where o.subject = p.id), 'none')) as detail
            from payments.payment p
           where p.status = 'unknown' and not exists (select 1 from payments.operations o where o.subject = p.id and o.state in ${open_states})`,
  },
);

/** architecture.md 4.5. Of orders: O1. */
const waits_have_timers = sql_invariant(
  { name: 'O1', says: 'open reservations, payments, money held, shipments, purchase orders have a timer or an operation' },
  ...[
    { service: 'inventory', table: 'inventory.reservation', waits: `a.status = 'held'`, timer: 'reservation' },
    {
      service: 'payments',
      table: 'payments.payment',
      waits: `a.status in ('processing', 'action_required', 'pending')`,
      timer: 'payment_deadline',
    },
    // Money that somebody else keeps for us. Nobody keeps what the shop takes itself.
    {
      service: 'payments',
      table: 'payments.payment',
      waits: `a.gateway <> 'manual' and a.authorized > a.captured + a.voided`,
      timer: 'authorization_expiry',
    },
    {
      service: 'shipping',
      table: 'shipping.shipment',
      waits: `a.status in ('planned', 'labeling', 'labeled', 'dispatched')`,
      timer: 'shipment',
    },
    {
      service: 'suppliers',
      table: 'suppliers.purchase_order',
      waits: `a.status not in ('received', 'rejected', 'closed', 'cancelled')`,
      timer: 'purchase_order',
    },
  ].map(
    ({ service, table, waits, timer }): SqlCheck => ({
      service,
      sql: `select array[a.id] as ids, format('%s, and nobody waits for it', a.status) as detail from ${table} a
             where ${waits} and not exists (select 1 from ${service}.timers t where t.kind = '${timer}' and t.id = a.id)
               and not exists (select 1 from ${service}.operations o where o.subject = a.id and o.state in ${open_states})`,
    }),
  ),
);

export const operation_invariants: readonly Invariant[] = [unknowns_end, waits_have_timers];

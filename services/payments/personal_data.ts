/** What payments holds of a person: with what he paid, and where the receipt went. */

/** Of the payments of these orders; found by the log's key index, or where it is noted that their events are in the archive. $1: order ids. */
export const payments_held_sql = `
  select p.id, p.order_id, p.gateway, p.method_kind, p.status, p.currency, p.amount, p.gateway_ref,
         o.request->>'method' as method, o.request->>'receipt_email' as receipt_email, o.request->'billing' as billing
    from payments.payment p left join payments.operations o on o.subject = p.id and o.kind = 'authorize'
   where p.id in (select e.subject from payments.events e where e.key = any($1)
                  union select unnest(d.subjects) from payments.dropped_key d where d.key = any($1)) order by p.id`;

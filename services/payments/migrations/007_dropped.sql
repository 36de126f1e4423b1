-- rows: [{ order_id }]. As before; the payments of an order whose events are in the archive alone (docs/decisions/0020) are named where that is noted.
create or replace function payments.erase_persons(erased json) returns void language plpgsql as $$
declare
  ids text[] := array(select e.order_id from json_to_recordset(erased) as e(order_id text));
  subjects text[] := array(select e.subject from payments.events e where e.key = any(ids)
                           union select unnest(d.subjects) from payments.dropped_key d where d.key = any(ids));
begin
  update payments.operations o
     set request = (o.request::jsonb || '{"receipt_email": null, "billing": null}'
                    || case when o.state in ('succeeded', 'failed') then '{"method": null}'::jsonb else '{}'::jsonb end)::json,
         learned = case when o.state in ('succeeded', 'failed') then (o.learned::jsonb - 'authentication' - 'returned')::json else o.learned end
   where o.kind = 'authorize' and o.subject = any(subjects);
  perform payments.clear_parked(ids);
end $$;

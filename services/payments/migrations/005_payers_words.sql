-- rows: [{ order_id }]. As before; of a call that has ended also what the payer was sent with to his bank, and what he brought back.
create or replace function payments.erase_persons(erased json) returns void language plpgsql as $$
declare
  ids text[] := array(select e.order_id from json_to_recordset(erased) as e(order_id text));
begin
  update payments.operations o
     set request = (o.request::jsonb || '{"receipt_email": null, "billing": null}'
                    || case when o.state in ('succeeded', 'failed') then '{"method": null}'::jsonb else '{}'::jsonb end)::json,
         learned = case when o.state in ('succeeded', 'failed') then (o.learned::jsonb - 'authentication' - 'returned')::json else o.learned end
   where o.kind = 'authorize' and o.subject in (select e.subject from payments.events e where e.key = any(ids));
  perform payments.clear_parked(ids);
end $$;

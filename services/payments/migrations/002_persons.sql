-- rows: [{ order_id }]. The requests of authorizations alone hold a person. A call that is still under way keeps its token (opaque), so that asking the gateway about it works.
create function payments.erase_persons(erased json) returns void language plpgsql as $$
declare
  ids text[] := array(select e.order_id from json_to_recordset(erased) as e(order_id text));
begin
  update payments.operations o
     set request = (o.request::jsonb || '{"receipt_email": null}'
                    || case when o.state in ('succeeded', 'failed') then '{"method": null}'::jsonb else '{}'::jsonb end)::json
   where o.kind = 'authorize' and o.subject in (select e.subject from payments.events e where e.key = any(ids));
  perform payments.clear_parked(ids);
end $$;

-- rows: [{ order_id }]. Requests for rates hold the address, what tracking answered who signed.
create function shipping.erase_persons(erased json) returns void language plpgsql as $$
declare
  ids text[] := array(select e.order_id from json_to_recordset(erased) as e(order_id text));
begin
  update shipping.operations o
     set request      = case when o.kind = 'quote_rates' then (o.request::jsonb || '{"ship_to": null}')::json else o.request end,
         learned      = case when o.kind = 'track' then '{}'::json else o.learned end,
         last_outcome = case when o.kind = 'track' then null else o.last_outcome end
   where o.kind in ('quote_rates', 'track') and o.subject in (select e.subject from shipping.events e where e.key = any(ids));
  perform shipping.clear_parked(ids);
end $$;

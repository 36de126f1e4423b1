-- rows: [{ order_id }]. As before; the shipments of an order whose events are in the archive alone (docs/decisions/0020) are named where that is noted.
create or replace function shipping.erase_persons(erased json) returns void language plpgsql as $$
declare
  ids text[] := array(select e.order_id from json_to_recordset(erased) as e(order_id text));
  subjects text[] := array(select e.subject from shipping.events e where e.key = any(ids)
                           union select unnest(d.subjects) from shipping.dropped_key d where d.key = any(ids));
begin
  update shipping.operations o
     set request      = case o.kind when 'verify_address' then (o.request::jsonb || '{"address": null}')::json
                                    when 'track' then o.request
                                    else (o.request::jsonb || '{"ship_to": null}')::json end,
         learned      = case when o.kind in ('track', 'verify_address') then '{}'::json else o.learned end,
         last_outcome = case when o.kind in ('track', 'verify_address') then null else o.last_outcome end
   where o.kind in ('quote_rates', 'buy_label', 'verify_address', 'track') and o.subject = any(subjects);
  update shipping.shipment s
     set address_check = (s.address_check::jsonb || '{"suggestion": null, "detail": null}')::json
   where s.address_check is not null and s.id = any(subjects);
  perform shipping.clear_parked(ids);
end $$;

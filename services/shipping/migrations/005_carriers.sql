-- Several carriers are asked before a label is bought, and one of them what it thinks of the address. What a choice waits for, and what it was made
-- from, stands in the row; no event tells it.
alter table shipping.shipment
  add column asked         json not null default '[]',
  add column address_check json,
  add column considered    json;
update shipping.shipment s
   set asked = json_build_array(json_build_object('op_id', o.op_id, 'provider', o.provider, 'about', 'rates', 'answer', null))
  from shipping.operations o where o.op_id = s.quote_op_id;
alter table shipping.shipment drop column quote_op_id;

-- Requests for rates and labels hold the address, what was learned of an address is one, too; what tracking answered says who signed.
create or replace function shipping.erase_persons(erased json) returns void language plpgsql as $$
declare
  ids text[] := array(select e.order_id from json_to_recordset(erased) as e(order_id text));
begin
  update shipping.operations o
     set request      = case o.kind when 'verify_address' then (o.request::jsonb || '{"address": null}')::json
                                    when 'track' then o.request
                                    else (o.request::jsonb || '{"ship_to": null}')::json end,
         learned      = case when o.kind in ('track', 'verify_address') then '{}'::json else o.learned end,
         last_outcome = case when o.kind in ('track', 'verify_address') then null else o.last_outcome end
   where o.kind in ('quote_rates', 'buy_label', 'verify_address', 'track')
     and o.subject in (select e.subject from shipping.events e where e.key = any(ids));
  update shipping.shipment s
     set address_check = (s.address_check::jsonb || '{"suggestion": null, "detail": null}')::json
   where s.address_check is not null and s.id in (select e.subject from shipping.events e where e.key = any(ids));
  perform shipping.clear_parked(ids);
end $$;

-- Per seller: what the daily comparison of its list of labels with ours found.
create table shipping.watch (
  id         text collate "C" not null primary key,
  version    integer          not null check (version >= 0),
  exceptions json             not null
);
-- The timers begin it, and each re-arms itself: there is nothing to start. A seller that is not asked for rates is looked at and left.
insert into shipping.timers (kind, id, due_at, partition)
values ('watch', 'easypost', now() + interval '1 day', 0), ('watch', 'purolator', now() + interval '1 day', 0)
    on conflict do nothing;

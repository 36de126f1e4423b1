-- rows: [{ order_id }]. As before, and the address of who pays, which authorizations now hold, too.
create or replace function payments.erase_persons(erased json) returns void language plpgsql as $$
declare
  ids text[] := array(select e.order_id from json_to_recordset(erased) as e(order_id text));
begin
  update payments.operations o
     set request = (o.request::jsonb || '{"receipt_email": null, "billing": null}'
                    || case when o.state in ('succeeded', 'failed') then '{"method": null}'::jsonb else '{}'::jsonb end)::json
   where o.kind = 'authorize' and o.subject in (select e.subject from payments.events e where e.key = any(ids));
  perform payments.clear_parked(ids);
end $$;

-- rows: [{ op_id, learned }]. The payer is back from his bank: what he brought is learned, and the runner asks about his authorization now.
create function payments.payer_returned(returned json) returns void language sql as $$
  update payments.operations o
     set learned = (o.learned::jsonb || r.learned)::json, next_at = o.requested_at
    from json_to_recordset(returned) as r(op_id text, learned jsonb)
   where o.op_id = r.op_id and o.kind = 'authorize' and o.state = 'sent' and o.waiting
$$;

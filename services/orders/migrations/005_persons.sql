-- Who was forgotten. `subject`: a customer_ref, or the order of a guest.
create table orders.erasure (
  id        text           not null primary key,
  version   integer        not null,
  subject   text           not null unique,
  erased_at timestamptz(3) not null
);

-- A person's orders: a customer's, or the one of a guest.
create function orders.orders_of(subject text) returns setof orders.orders language sql stable as $$
  select * from orders.orders where customer_ref = subject
  union all
  select * from orders.orders where id = subject and customer_ref is null
$$;

-- Why an order still needs its person; null: it does not.
create function orders.needs_person(o orders.orders) returns text language sql stable as $$
  select case when o.closed_at is null then 'open_order'
              when exists (select 1 from json_array_elements(o.exceptions) e where e->>'reason' = 'payment_disputed') then 'open_dispute' end
$$;

-- rows: [{ subject, order_ids }]. What the decision could not see is an order that was placed, or disputed, in its own batch: then the batch runs again, in halves.
create function orders.erase_persons(erased json) returns void language plpgsql as $$
declare
  subjects text[] := array(select e.subject from json_to_recordset(erased) as e(subject text));
  ids      text[] := array(select i from json_to_recordset(erased) as e(order_ids json), json_array_elements_text(e.order_ids) i);
begin
  if exists (select 1 from unnest(subjects) s, orders.orders_of(s) o where orders.needs_person(o) is not null) then
    raise exception 'a person who is being forgotten has an open order' using errcode = '40001';
  end if;
  delete from orders.customer where customer_ref = any(subjects);
  delete from orders.order_contact where id = any(ids);
  update orders.idempotency set body = (body::jsonb || '{"customer": null, "shipping_address": null}')::text
   where about = any(ids) and body::jsonb ? 'customer';
  perform orders.clear_parked(ids);
end $$;

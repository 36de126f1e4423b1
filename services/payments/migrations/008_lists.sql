-- Every filter of the list of payments walks an index from its newest end. `listed_as` is 'open' from a payment's start to its end and null for captured,
-- the end that most have. It changes once on the way of a payment that ends well, so all updates but the last stay on their page (003), and what is few is
-- found without reading the many; an index on the status itself would take every step off its page. The service writes it: a generated column would compute
-- it in every update and rewrite the table now.
alter table payments.payment add column listed_as text;
update payments.payment
   set listed_as = case when status in ('processing', 'action_required', 'pending', 'unknown', 'authorized', 'partially_captured') then 'open' else status end
 where status <> 'captured';
alter table payments.payment add constraint listed_as_its_status check (
  listed_as is not distinct from
    case when status in ('processing', 'action_required', 'pending', 'unknown', 'authorized', 'partially_captured') then 'open' when status <> 'captured' then status end);
create index payment_listed on payments.payment (listed_as, id) where listed_as is not null;
create index payment_gateway on payments.payment (gateway, id);

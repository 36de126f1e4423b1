-- Lists of what few orders are: without these, page one of a year's refused orders read a million rows. No column here changes on the way of an
-- order that ends well, so its updates stay where they are on their pages (006).
create index orders_ended_otherwise on orders.orders (id) where end_reason is not null or rejection is not null;
create index orders_refunded on orders.orders (id) where refunded > 0;
create index orders_with_returns on orders.orders (id) where return_count > 0;

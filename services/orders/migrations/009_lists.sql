-- Every filter of the list of orders, and those a person puts together, walk an index from its newest end. Nothing here changes on the way of an order
-- that ends well, so its updates stay where they are on their pages (006); only the last one, which sets closed_at, writes every index anew, as before.

-- How few orders end: null while an order is open, and for the end that most have. So these few are found without reading the many, and an index over
-- them costs an order that ends well nothing. (Indexes on the three statuses themselves would take every update of an order off its page.)
alter table orders.orders
  add column unusual_status             text generated always as (case when closed_at is not null and status <> 'completed' then status end) stored,
  add column unusual_payment_status     text generated always as (case when closed_at is not null and payment_status <> 'captured' then payment_status end) stored,
  add column unusual_fulfillment_status text generated always as (case when closed_at is not null and fulfillment_status <> 'delivered' then fulfillment_status end) stored;
-- What stands beside the id lets two statuses, or a status and days, be asked for without the orders themselves being read.
create index orders_unusual on orders.orders (unusual_status, id)
  include (unusual_payment_status, unusual_fulfillment_status, placed_at) where unusual_status is not null;
create index orders_unusually_paid on orders.orders (unusual_payment_status, id)
  include (unusual_status, unusual_fulfillment_status, placed_at) where unusual_payment_status is not null;
create index orders_unusually_fulfilled on orders.orders (unusual_fulfillment_status, id)
  include (unusual_status, unusual_payment_status, placed_at) where unusual_fulfillment_status is not null;
-- What they were before (008).
drop index orders.orders_ended_otherwise, orders.orders_refunded, orders.orders_with_returns;

-- The open ones, the newest first.
create index orders_open_newest on orders.orders (id) where closed_at is null;
-- Between two days, the newest first. It grows at its end; 003's found the days, and then a month of rows was read and sorted.
create index orders_placed_newest on orders.orders (placed_at, id);
drop index orders.orders_placed;
-- A SKU's orders, the newest first: written once per line.
create index order_line_sku on orders.order_line (sku, order_id);

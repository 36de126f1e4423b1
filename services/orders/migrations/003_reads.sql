-- What the API's reads look for, beside what decisions do. Each costs on the write path: a filter by SKU has none and scans.

-- Capture, void and refund name the payment alone. Ids rise with time: the index grows at its end.
create unique index order_payment_id on orders.order_payment (payment_id);
-- Most orders have no reference, and are not in it.
create index orders_by_reference on orders.orders (reference) where reference is not null;
-- One entry for many pages.
create index orders_placed on orders.orders using brin (placed_at);

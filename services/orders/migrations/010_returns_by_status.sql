-- The list of returns by a status that few have.
create index order_return_status on orders.order_return (status, id);

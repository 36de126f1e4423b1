-- The carrier that who placed the order would like; shipping decides.
alter table orders.orders add column shipping_carrier text;

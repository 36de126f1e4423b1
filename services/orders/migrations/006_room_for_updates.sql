-- The orders of a page are placed together and go on together: all its rows want a new version in the same transactions. At 70 % a third of the updates
-- found no room on their page and wrote every index anew.
alter table orders.orders set (fillfactor = 45, autovacuum_vacuum_scale_factor = 0.05);
alter table orders.order_line set (fillfactor = 45, autovacuum_vacuum_scale_factor = 0.05);
alter table orders.order_payment set (fillfactor = 45, autovacuum_vacuum_scale_factor = 0.05);
alter table orders.order_shipment set (fillfactor = 45);
alter table orders.order_parcel set (fillfactor = 45);

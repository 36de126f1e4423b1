-- The shipments of a page go on together: room for a new version of each of its rows.
alter table shipping.shipment set (fillfactor = 48);
alter table shipping.parcel set (fillfactor = 48);

-- The carrier that who placed the order would like.
alter table shipping.shipment add column wanted_carrier text;

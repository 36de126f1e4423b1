-- Every filter of the list of shipments walks an index from its newest end. Each step of a shipment wrote every index already, for shipment_open had the status;
-- what few are `dispatched`, or leave from one place, was found by reading all.
create index shipment_listed on shipping.shipment (status, id) include (location_id);
create index shipment_location on shipping.shipment (location_id, id);
-- What these two had, the first has.
drop index shipping.shipment_open, shipping.shipment_ended_otherwise;

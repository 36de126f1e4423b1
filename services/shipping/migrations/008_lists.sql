-- Lists of the few that ended otherwise: page one of a year's cancelled shipments read them all. The status stands in shipment_open's condition already,
-- so that nothing is written more often for it; a shipment that arrives is never in it.
create index shipment_ended_otherwise on shipping.shipment (status, id) where status in ('cancelled', 'closed');

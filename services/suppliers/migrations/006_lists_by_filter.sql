-- Every filter of the lists of purchasing walks an index, however few rows it leaves. None of these columns changes but a proposal's status, once.
create index purchase_order_supplier on suppliers.purchase_order (supplier_id, created_at, id);
create index purchase_order_location on suppliers.purchase_order (location_id, created_at, id);
create index proposal_status on suppliers.proposal (status, created_at, id);
create index proposal_supplier on suppliers.proposal (supplier_id, created_at, id);
create index proposal_location on suppliers.proposal (location_id, created_at, id);
create index proposal_sku on suppliers.proposal (sku, created_at, id);
create index interchange_partner on suppliers.interchange (partner, received_at, id);
create index interchange_quarantined on suppliers.interchange (received_at, id) where status = 'quarantined';
-- The whole queue, in its order.
create index backorder_line_first on suppliers.backorder_line (priority, requested_at, order_id, line_no) where quantity > 0;

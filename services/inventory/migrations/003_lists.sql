-- What lies in one location, and what is short of its reorder point, without reading all that is stocked. The service writes it with the counters it
-- is made of: it changes when the reorder point is crossed, and only then a counter's update leaves its page.
alter table inventory.stock_item add column below_reorder_point boolean not null default false;
update inventory.stock_item set below_reorder_point = true where on_hand - damaged - quality_control - safety - held - allocated <= reorder_point;
alter table inventory.stock_item alter column below_reorder_point drop default;
alter table inventory.stock_item add constraint below_as_counted check (
  below_reorder_point = coalesce(on_hand - damaged - quality_control - safety - held - allocated <= reorder_point, false));
create index stock_item_below on inventory.stock_item (id) where below_reorder_point;
create index stock_item_location on inventory.stock_item (location_id, id);

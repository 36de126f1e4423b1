-- Inventory's own tables. An order's rows are written three times in their life (reserved, allocated, consumed): room on the page
-- keeps the later writes from touching the indexes.

-- Reference data: decisions read it and never change it. The id is the code that people gave.
create table inventory.location (
  id       text collate "C" not null primary key check (id ~ '^[A-Za-z0-9._-]{1,64}$'),
  version  integer          not null check (version > 0),
  name     text             not null,
  address  json             not null,
  priority integer          not null check (priority between 0 and 1000000),
  active   boolean          not null
);

-- One per order; the id is the order's.
create table inventory.reservation (
  id             text        not null primary key,
  version        integer     not null check (version > 0),
  reservation_id text        not null,
  status         text        not null check (status in ('held', 'failed', 'expired', 'allocated', 'released', 'closed')),
  reservation_no integer     not null check (reservation_no > 0),
  expires_at     timestamptz,
  country        text,
  region         text,
  priority       smallint    not null check (priority between 0 and 9),
  requested_at   timestamptz not null,
  -- Shipments and events that were worked off: heard again they change nothing.
  answered       text[]      not null,
  -- What a failed reservation was asked for; of every other its lines tell.
  wanted         json,
  check (status <> 'held' or expires_at is not null),
  check (status <> 'failed' or wanted is not null)
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02);

-- One per order line, attempt and location. Every unit ever kept is in exactly one counter.
create table inventory.reservation_line (
  order_id         text             not null,
  reservation_no   integer          not null check (reservation_no > 0),
  line_no          integer          not null check (line_no > 0),
  location_id      text collate "C" not null,
  sku              text collate "C" not null,
  accept_backorder boolean          not null,
  priority         smallint         not null check (priority between 0 and 9),
  requested_at     timestamptz      not null,
  quantity         bigint           not null check (quantity between 0 and 2147483647),
  held             bigint           not null check (held >= 0),
  backorder_held   bigint           not null check (backorder_held >= 0),
  allocated        bigint           not null check (allocated >= 0),
  backordered      bigint           not null check (backordered >= 0),
  consumed         bigint           not null check (consumed >= 0),
  released         bigint           not null check (released >= 0),
  primary key (order_id, reservation_no, line_no, location_id),
  check (quantity = held + backorder_held + allocated + backordered + consumed + released)
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02);
-- The queue of a stock item, in its order. Lines that never waited are not in it.
create index reservation_line_queue on inventory.reservation_line (sku, location_id, priority, requested_at, order_id, line_no) where backordered > 0;

-- Locks reservations in the order of their ids, then reads them with their lines. Two statements, because a statement that waits for a row's
-- lock gets the row as it is then, but everything else it selects, the lines, as of when it began: a lost update. Within a volatile function
-- each statement sees what is committed when it starts.
create function inventory.locked_reservations(ids text[]) returns json language plpgsql as $$
begin
  perform 1 from inventory.reservation where id = any(ids) order by id for update;
  return (select coalesce(json_agg(r), '[]'::json)
            from (select o.*, (select coalesce(json_agg(l order by l.reservation_no, l.line_no, l.location_id), '[]'::json)
                                 from inventory.reservation_line l where l.order_id = o.id) as lines
                    from inventory.reservation o where o.id = any(ids)) r);
end $$;

-- The id is sku@location. Units are whole; every counter fits the events' 31 bits.
create table inventory.stock_item (
  id              text collate "C" not null primary key,
  version         integer          not null check (version > 0),
  sku             text collate "C" not null,
  location_id     text collate "C" not null,
  on_hand         bigint           not null check (on_hand between 0 and 2147483647),
  damaged         bigint           not null check (damaged >= 0),
  quality_control bigint           not null check (quality_control >= 0),
  held            bigint           not null check (held >= 0),
  allocated       bigint           not null check (allocated >= 0),
  backorder_held  bigint           not null check (backorder_held >= 0),
  backordered     bigint           not null check (backordered >= 0),
  safety          bigint           not null check (safety between 0 and 2147483647),
  backorder_limit bigint           not null check (backorder_limit between 0 and 2147483647),
  low_threshold   bigint           not null check (low_threshold between 0 and 2147483647),
  reorder_point   bigint           check (reorder_point between 0 and 2147483647),
  check (id = sku || '@' || location_id),
  -- No unit is promised twice, and no promise is more than is there.
  constraint promises_are_units check (held + allocated <= on_hand - damaged - quality_control),
  constraint backorders_within_limit check (backorder_held + backordered <= backorder_limit)
) with (fillfactor = 40, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);

-- The ledger of physical moves between accounts. Nobody changes a row; the same cause moves the same units once.
create table inventory.stock_movement (
  no           bigint           not null generated always as identity,
  kind         text             not null check (kind in ('received', 'adjusted', 'counted', 'damaged', 'inspected', 'shipped', 'sent_back', 'returned')),
  sku          text collate "C" not null,
  location_id  text collate "C" not null,
  from_account text             not null check (from_account in ('supplier', 'sellable', 'quality_control', 'damaged', 'customer', 'loss', 'found')),
  to_account   text             not null check (to_account in ('supplier', 'sellable', 'quality_control', 'damaged', 'customer', 'loss', 'found')),
  quantity     bigint           not null check (quantity between 1 and 2147483647),
  cause_type   text             not null check (cause_type in ('receipt', 'parcel', 'return', 'adjustment', 'short_pick')),
  cause_id     text             not null,
  reason       text,
  actor        text             not null,
  moved_at     timestamptz      not null,
  primary key (sku, no),
  check (from_account <> to_account),
  constraint movement_once unique (cause_type, cause_id, kind, to_account, sku, location_id)
);

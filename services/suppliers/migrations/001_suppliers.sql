-- Suppliers' own tables. Ids that people gave (codes of suppliers and locations, SKUs) compare byte by byte.

-- Reference data: decisions read it and never change it.
create table suppliers.supplier (
  id                  text collate "C" not null primary key check (id ~ '^[A-Za-z0-9._-]{1,64}$'),
  version             integer          not null check (version > 0),
  name                text             not null,
  channel             text             not null check (channel in ('rest', 'manual')),
  currency            text             not null check (currency ~ '^[A-Z]{3}$'),
  over_receipt_ppm    integer          not null check (over_receipt_ppm between 0 and 1000000),
  price_tolerance_ppm integer          not null check (price_tolerance_ppm between 0 and 1000000)
);
create table suppliers.supplier_item (
  supplier_id      text collate "C" not null references suppliers.supplier,
  sku              text collate "C" not null check (sku ~ '^[A-Za-z0-9._-]{1,64}$'),
  version          integer          not null check (version > 0),
  supplier_sku     text             not null,
  cost             bigint           not null check (cost between 0 and 9007199254740991),
  minimum_quantity bigint           not null check (minimum_quantity between 1 and 2147483647),
  pack_size        bigint           not null check (pack_size between 1 and 2147483647),
  lead_time_days   integer          not null check (lead_time_days between 0 and 3650),
  preferred        boolean          not null,
  inspect          boolean          not null,
  primary key (sku, supplier_id)
);

-- The id is sku@location. Only items that somebody has a policy for, or that were ordered, have a row. A row that purchase orders alone
-- made has version 0: no event was about it yet.
create table suppliers.supply_item (
  id              text collate "C" not null primary key,
  version         integer          not null check (version >= 0),
  sku             text collate "C" not null,
  location_id     text collate "C" not null,
  policy          boolean          not null,
  method          text             not null check (method in ('fixed', 'demand')),
  reorder_point   bigint           not null check (reorder_point between 0 and 2147483647),
  target          bigint           not null check (target between 0 and 2147483647),
  review_days     integer          not null check (review_days >= 0),
  safety_days     integer          not null check (safety_days >= 0),
  supplier_id     text collate "C",
  auto            boolean          not null,
  -- Inventory's counters, as of its version; 0: never heard.
  stock_version   bigint           not null check (stock_version >= 0),
  on_hand         bigint           not null check (on_hand between 0 and 2147483647),
  damaged         bigint           not null check (damaged >= 0),
  allocated       bigint           not null check (allocated >= 0),
  backordered     bigint           not null check (backordered >= 0),
  -- Sums of open_lines and receipts, for whoever reads without them.
  on_order        bigint           not null check (on_order >= 0),
  in_transit      bigint           not null check (in_transit >= 0),
  receiving       bigint           not null check (receiving >= 0),
  open_lines      json             not null,
  receipts        json             not null,
  proposals_made  integer          not null check (proposals_made >= 0),
  proposal_id     text,
  proposed        bigint           not null check (proposed >= 0),
  proposed_need   bigint           not null,
  dismissed_until timestamptz,
  queued          bigint           not null check (queued >= 0),
  demand_milli    bigint           not null check (demand_milli between 0 and 9007199254740991),
  demand          json             not null,
  lost            json             not null,
  review_at       timestamptz,
  reviewed_day    integer          not null check (reviewed_day >= 0),
  exceptions      json             not null,
  check (id = sku || '@' || location_id),
  check ((proposal_id is null) = (proposed = 0))
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);
create index supply_item_planned on suppliers.supply_item (sku, location_id) where policy;

create table suppliers.proposal (
  id              text             not null primary key,
  version         integer          not null check (version > 0),
  sku             text collate "C" not null,
  location_id     text collate "C" not null,
  supplier_id     text collate "C" not null,
  quantity        bigint           not null check (quantity between 1 and 2147483647),
  position        bigint           not null check (position between -9007199254740991 and 9007199254740991),
  reorder_point   bigint           not null check (reorder_point between 0 and 2147483647),
  target          bigint           not null check (target between 0 and 2147483647),
  status          text             not null check (status in ('proposed', 'superseded', 'accepted', 'dismissed')),
  reasons         json             not null,
  po_id           text,
  actor           text,
  dismissed_until timestamptz,
  created_at      timestamptz      not null,
  check ((status = 'accepted') = (po_id is not null)),
  check ((status = 'dismissed') = (dismissed_until is not null))
) with (fillfactor = 80);
-- O11: one open proposal per item.
create unique index proposal_open on suppliers.proposal (sku, location_id) where status = 'proposed';
create index proposal_acceptable on suppliers.proposal (supplier_id, location_id) where status = 'proposed';
create index proposal_newest on suppliers.proposal (created_at, id);

create table suppliers.purchase_order (
  id                     text             not null primary key,
  version                integer          not null check (version > 0),
  supplier_id            text collate "C" not null,
  location_id            text collate "C" not null,
  currency               text             not null check (currency ~ '^[A-Z]{3}$'),
  status                 text             not null check (status in ('draft', 'approved', 'sent', 'acknowledged', 'rejected', 'partially_received', 'received', 'cancelling', 'closed', 'cancelled')),
  expected_at            timestamptz,
  sending                text             not null check (sending in ('none', 'open', 'unknown', 'failed', 'done')),
  cancelling             text             not null check (cancelling in ('none', 'open', 'unknown', 'failed', 'done')),
  ack_no                 integer          not null check (ack_no >= 0),
  exceptions             json             not null,
  channel                text,
  lead_time_days         integer          not null check (lead_time_days >= 0),
  send_op_id             text,
  cancel_op_id           text,
  pending_acknowledgment json,
  held                   json             not null,
  documents              text[]           not null,
  created_at             timestamptz      not null,
  sent_at                timestamptz,
  closed_at              timestamptz,
  check (status in ('draft', 'approved', 'cancelled') or sent_at is not null)
) with (fillfactor = 70);
create index purchase_order_newest on suppliers.purchase_order (created_at, id);
create index purchase_order_status on suppliers.purchase_order (status, created_at, id);

-- O11: ordered = received + rejected + cancelled + outstanding.
create table suppliers.purchase_order_line (
  po_id             text             not null,
  line_no           integer          not null check (line_no > 0),
  sku               text collate "C" not null,
  supplier_sku      text             not null,
  cost              bigint           not null check (cost between 0 and 9007199254740991),
  quantity          bigint           not null check (quantity between 1 and 2147483647),
  confirmed         bigint           not null check (confirmed between 0 and 2147483647),
  in_transit        bigint           not null check (in_transit >= 0),
  received          bigint           not null check (received >= 0),
  rejected          bigint           not null check (rejected >= 0),
  refused           bigint           not null check (refused between 0 and rejected),
  cancelled         bigint           not null check (cancelled >= 0),
  over              bigint           not null check (over between 0 and 9007199254740991),
  invoiced          bigint           not null check (invoiced between 0 and 9007199254740991),
  promised_at       timestamptz,
  first_promised_at timestamptz,
  inspect           boolean          not null,
  primary key (po_id, line_no),
  unique (po_id, sku),
  constraint units_add_up check (quantity - received - rejected - cancelled >= in_transit)
) with (fillfactor = 60);
create index purchase_order_line_sku on suppliers.purchase_order_line (sku, po_id);

-- What was announced and what came: insert-only.
create table suppliers.ship_notice (
  id              text        not null primary key,
  po_id           text        not null,
  notice_ref      text        not null,
  expected_at     timestamptz not null,
  tracking_number text,
  lines           json        not null,
  noticed_at      timestamptz not null,
  unique (po_id, notice_ref)
);
create table suppliers.receipt (
  id        text        not null primary key,
  po_id     text        not null,
  lines     json        not null,
  posted_at timestamptz not null,
  actor     text        not null
);
create index receipt_order on suppliers.receipt (po_id, posted_at);

-- Who waits, as inventory says it.
create table suppliers.backorder (
  id      text    not null primary key,
  version integer not null check (version > 0),
  heard   integer not null check (heard >= 0)
);
create table suppliers.backorder_line (
  order_id     text             not null,
  line_no      integer          not null check (line_no > 0),
  location_id  text collate "C" not null,
  place        integer          not null check (place >= 0),
  sku          text collate "C" not null,
  quantity     bigint           not null check (quantity between 0 and 2147483647),
  priority     smallint         not null check (priority between 0 and 9),
  requested_at timestamptz      not null,
  primary key (order_id, line_no, location_id)
);
-- The queue of an item, in its order (domain.md 5.6).
create index backorder_line_queue on suppliers.backorder_line (sku, location_id, priority, requested_at, order_id, line_no) where quantity > 0;

create table suppliers.peg_book (
  id       text    not null primary key,
  version  integer not null check (version > 0),
  pegs     json    not null,
  -- The supply items of its pegs.
  item_ids text[]  not null
);
create index peg_book_items on suppliers.peg_book using gin (item_ids);

create table suppliers.stray_document (
  id           text    not null primary key,
  version      integer not null check (version > 0),
  document_ref text    not null,
  po_id        text    not null,
  kind         text    not null,
  exceptions   json    not null
);

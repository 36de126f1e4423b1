-- Shipping's own tables. With the carrier `manual` an order's rows are written twice (planned and dispatched, delivered): the room on
-- the page keeps the second writing from touching the indexes.

-- One per order; the id is the order's. `ship_to` is personal: it is cleared when the customer is erased.
create table shipping.fulfillment (
  id           text    not null primary key,
  version      integer not null check (version >= 0),
  hold_ids     text[]  not null,
  service      text,
  ship_to      json,
  shipment_ids text[]  not null,
  answers      json    not null
) with (fillfactor = 90, autovacuum_vacuum_scale_factor = 0.05);

-- Ids are made of time, so their order is that of the shipments; collate "C" keeps it on every server.
create table shipping.shipment (
  id             text collate "C" not null primary key,
  version        integer          not null check (version > 0),
  order_id       text             not null,
  fulfillment_no integer          not null check (fulfillment_no > 0),
  revision_no    integer          not null check (revision_no > 0),
  location_id    text collate "C" not null,
  status         text             not null check (status in ('planned', 'labeling', 'labeled', 'dispatched', 'delivered', 'closed', 'cancelled')),
  held           boolean          not null,
  carrier        text,
  service        text,
  cost           bigint           check (cost between 0 and 9007199254740991),
  currency       text             check (currency ~ '^[A-Z]{3}$'),
  reasons        json             not null,
  promise_at     timestamptz(3),
  label_error    text,
  choices        smallint         not null check (choices >= 0),
  quote_op_id    text,
  dispatched_at  timestamptz(3),
  lines          json             not null,
  exceptions     json             not null,
  -- A shipment that left says when; one that is still here, or was cancelled, never left.
  constraint left_when_dispatched check ((status in ('dispatched', 'delivered', 'closed')) = (dispatched_at is not null)),
  constraint labels_have_a_seller check (status in ('planned', 'cancelled') or carrier is not null),
  constraint cost_has_a_currency check (cost is null or currency is not null)
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02);
-- What is still here. Shipments that leave in the transaction that plans them are never in it.
create index shipment_open on shipping.shipment (id) where status in ('planned', 'labeling', 'labeled');

create table shipping.parcel (
  id              text collate "C" not null primary key,
  shipment_id     text collate "C" not null,
  place           smallint         not null check (place >= 0),
  revision_no     integer          not null check (revision_no > 0),
  weight_grams    bigint           not null check (weight_grams between 1 and 2147483647),
  dimensions_mm   integer[]        not null check (array_length(dimensions_mm, 1) = 3),
  lines           json             not null,
  label_status    text             not null
    check (label_status in ('none', 'requested', 'purchased', 'failed', 'unknown', 'void_requested', 'voided', 'void_refused')),
  provider        text,
  label_carrier   text,
  label_ref       text,
  label_op_id     text,
  label_cost      bigint           check (label_cost between 0 and 9007199254740991),
  tracking_number text,
  tracking_url    text,
  carrier_status  text             not null
    check (carrier_status in ('unknown', 'label_created', 'picked_up', 'in_transit', 'delayed', 'out_for_delivery', 'awaiting_pickup',
                              'delivery_failed', 'returning', 'lost', 'delivered', 'sent_back')),
  eta_at          timestamptz(3),
  delivered_at    timestamptz(3),
  ended           text             check (ended in ('delivered', 'lost', 'sent_back')),
  constraint bought_labels_have_numbers
    check (label_status not in ('purchased', 'void_requested', 'voided', 'void_refused') or (tracking_number is not null and provider is not null)),
  constraint delivered_when check (ended is distinct from 'delivered' or delivered_at is not null)
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02);
create index parcel_shipment on shipping.parcel (shipment_id);
-- What webhooks name. Labels of the carrier `manual` are named by none.
create index parcel_tracking on shipping.parcel (tracking_number) where label_ref is not null;
create unique index parcel_label on shipping.parcel (label_ref) where label_ref is not null;

-- Everything a carrier ever said of a parcel, each once, whichever way it came.
create table shipping.tracking_fact (
  carrier         text           not null,
  tracking_number text           not null,
  carrier_at      timestamptz(3) not null,
  status          text           not null,
  parcel_id       text collate "C" not null,
  place           integer        not null check (place >= 0),
  primary key (carrier, tracking_number, carrier_at, status)
);
create index tracking_fact_parcel on shipping.tracking_fact (parcel_id, place);

-- Orders and what belongs to them. An order's row, lines, payments, refunds and returns are the fold of its events (evolve.ts): nothing else writes them.

create sequence orders.order_number as bigint start 10001;

create table orders.orders (
  id                     text        not null primary key,
  version                integer     not null check (version > 0),
  number                 bigint      not null unique check (number between 1 and 9007199254740991),
  -- Whose object it is; `reference` is unique for it.
  principal              text,
  reference              text,
  quote_id               text        unique,
  customer_ref           text,
  currency               text        not null check (currency ~ '^[A-Z]{3}$'),
  tax_mode               text        not null check (tax_mode in ('exclusive', 'inclusive')),
  country                text,
  region                 text,
  status                 text        not null check (status in ('placed', 'awaiting_payment', 'confirmed', 'in_fulfillment', 'completed', 'rejected', 'expired', 'cancelling', 'cancelled')),
  payment_status         text        not null,
  fulfillment_status     text        not null,
  subtotal               bigint      not null check (subtotal between 0 and 9007199254740991),
  discount_total         bigint      not null check (discount_total between 0 and 9007199254740991),
  shipping_total         bigint      not null check (shipping_total between 0 and 9007199254740991),
  shipping_tax           bigint      not null check (shipping_tax between 0 and shipping_total),
  tax_total              bigint      not null check (tax_total between 0 and grand_total),
  grand_total            bigint      not null check (grand_total between 0 and 9007199254740991),
  discount_code          text,
  shipping_cancelled     bigint      not null check (shipping_cancelled between 0 and shipping_total),
  shipping_tax_cancelled bigint      not null check (shipping_tax_cancelled between 0 and shipping_tax),
  cancelled_value        bigint      not null check (cancelled_value >= 0),
  credited_value         bigint      not null check (credited_value >= 0),
  -- Sums over the order's payments.
  authorized             bigint      not null check (authorized between 0 and 9007199254740991),
  captured               bigint      not null check (captured between 0 and 9007199254740991),
  voided                 bigint      not null check (voided between 0 and 9007199254740991),
  refunded               bigint      not null check (refunded >= 0),
  capture_pending        bigint      not null check (capture_pending >= 0),
  refund_pending         bigint      not null check (refund_pending >= 0),
  capture_policy         text        not null check (capture_policy in ('on_shipment', 'on_confirm', 'manual')),
  ship_policy            text        not null check (ship_policy in ('split', 'complete')),
  priority               smallint    not null check (priority between 0 and 9),
  shipping_service       text        not null,
  metadata               json        not null,
  -- Asked, not yet a payment.
  tender                 json,
  reservation_state      text        not null check (reservation_state in ('none', 'held', 'lapsed', 'asked', 'allocated', 'failed')),
  attempts               integer     not null check (attempts >= 0),
  rejection              json,
  end_reason             text,
  replaces_order_id      text,
  placed_at              timestamptz not null,
  confirmed_at           timestamptz,
  closed_at              timestamptz,
  expires_at             timestamptz not null,
  fulfillment_no         integer     not null check (fulfillment_no >= 0),
  cancellation_no        integer     not null check (cancellation_no >= 0),
  releases_open          integer     not null check (releases_open >= 0),
  cancellations          json        not null,
  holds                  json        not null,
  exceptions             json        not null,
  -- How many refunds and returns there are: most orders have none, and are loaded without looking.
  refund_count           integer     not null,
  return_count           integer     not null,
  heard                  json        not null,
  -- P2: what an order is worth to us is never negative.
  check (cancelled_value + credited_value <= grand_total),
  check (refunded + refund_pending <= captured),
  check ((closed_at is not null) = (status in ('completed', 'rejected', 'expired', 'cancelled')))
) with (fillfactor = 70);

-- Unique per principal, and how a decision finds the reference taken.
create unique index orders_reference on orders.orders ((principal || chr(10) || reference)) where reference is not null;
-- A customer's orders, the newest first: ids rise with time.
create index orders_customer on orders.orders (customer_ref, id) where customer_ref is not null;
-- Few of many: what is not at its end (auditor, unpaid orders of a customer, lists by open status).
create index orders_open on orders.orders (customer_ref, id) where closed_at is null;

create table orders.order_line (
  order_id               text        not null,
  line_no                integer     not null check (line_no > 0),
  sku                    text        not null,
  name                   text        not null,
  stocked                boolean     not null,
  tax_class              text        not null,
  weight_grams           integer     not null check (weight_grams >= 0),
  quantity               integer     not null check (quantity > 0),
  unit_price             bigint      not null check (unit_price between 0 and 9007199254740991),
  line_subtotal          bigint      not null check (line_subtotal between 0 and 9007199254740991),
  line_discount          bigint      not null check (line_discount between 0 and line_subtotal),
  line_tax               bigint      not null check (line_tax between 0 and line_total),
  line_total             bigint      not null check (line_total between 0 and 9007199254740991),
  taxes                  json        not null,
  accept_backorder       boolean     not null,
  first_promise_at       timestamptz,
  promise_at             timestamptz,
  quantity_cancelled     integer     not null check (quantity_cancelled >= 0),
  quantity_backordered   integer     not null check (quantity_backordered >= 0),
  quantity_allocated     integer     not null check (quantity_allocated >= 0),
  quantity_in_fulfillment integer    not null check (quantity_in_fulfillment between 0 and quantity_allocated),
  quantity_shipped       integer     not null check (quantity_shipped >= 0),
  quantity_delivered     integer     not null check (quantity_delivered >= 0),
  quantity_lost          integer     not null check (quantity_lost >= 0),
  quantity_sent_back     integer     not null check (quantity_sent_back >= 0),
  quantity_returned      integer     not null check (quantity_returned between 0 and quantity_delivered),
  quantity_credited      integer     not null check (quantity_credited between 0 and quantity_shipped),
  shipped_value          bigint      not null check (shipped_value >= 0),
  cancelled_value        bigint      not null check (cancelled_value >= 0),
  credited_value         bigint      not null check (credited_value between 0 and shipped_value),
  shipped_tax            bigint      not null check (shipped_tax >= 0),
  cancelled_tax          bigint      not null check (cancelled_tax >= 0),
  credited_tax           bigint      not null check (credited_tax between 0 and shipped_tax),
  -- Where inventory keeps its units: [{ location_id, quantity, in_fulfillment, backordered }].
  allocations            json        not null,
  primary key (order_id, line_no),
  -- O7, O8, P9.
  check (quantity_cancelled + quantity_backordered + quantity_allocated + quantity_shipped <= quantity),
  check (quantity_delivered + quantity_lost + quantity_sent_back <= quantity_shipped),
  check (shipped_value + cancelled_value <= line_total),
  check (shipped_tax + cancelled_tax <= line_tax)
) with (fillfactor = 70);

create table orders.order_payment (
  order_id          text    not null,
  payment_id        text    not null,
  tender_no         integer not null check (tender_no > 0),
  gateway           text    not null,
  method_kind       text    not null check (method_kind in ('card', 'wallet', 'bank', 'voucher', 'manual')),
  status            text    not null,
  action            json,
  amount            bigint  not null check (amount between 0 and 9007199254740991),
  authorized        bigint  not null check (authorized between 0 and 9007199254740991),
  captured          bigint  not null check (captured between 0 and authorized),
  voided            bigint  not null check (voided >= 0),
  refunded          bigint  not null check (refunded >= 0),
  capture_pending   bigint  not null check (capture_pending >= 0),
  refund_pending    bigint  not null check (refund_pending >= 0),
  late              boolean not null,
  captures          integer not null,
  final_requested   boolean not null,
  release_requested boolean not null,
  blocked           boolean not null,
  primary key (order_id, payment_id),
  -- P1.
  check (refunded + refund_pending <= captured),
  check (captured + voided <= authorized)
) with (fillfactor = 80);

create table orders.refund (
  id         text    not null primary key,
  order_id   text    not null,
  place      integer not null,
  payment_id text    not null,
  amount     bigint  not null check (amount between 1 and 9007199254740991),
  tax        bigint  not null check (tax between 0 and amount),
  reason     text    not null check (reason in ('cancelled', 'shortfall', 'overpaid', 'late_payment', 'lost', 'sent_back', 'goodwill', 'return')),
  lines      json    not null,
  status     text    not null check (status in ('requested', 'succeeded', 'failed')),
  unique (order_id, place)
);

create table orders.order_return (
  id       text        not null primary key,
  order_id text        not null,
  place    integer     not null,
  status   text        not null check (status in ('requested', 'partially_received', 'received', 'cancelled')),
  lines    json        not null,
  receipts integer     not null check (receipts >= 0),
  deadline timestamptz,
  unique (order_id, place)
);

-- Personal, erasable, outside the fold: who gets it, who pays, the token of the tender that waits, the hash of the order's token.
create table orders.order_contact (
  id               text not null primary key,
  customer         text,
  name             text,
  email            text,
  phone            text,
  shipping_address json,
  billing_address  json,
  method_token     text,
  token_hash       text
);

-- The caller's own id of a customer, and the random one that events know.
create table orders.customer (
  id           text    not null primary key,
  version      integer not null,
  customer_ref text    not null unique,
  -- Orders ever placed with a publishable key: tells a decision which of them its unlocked count of unpaid ones has not seen.
  placed       integer not null check (placed >= 0)
);

create table orders.quote (
  id               text        not null primary key,
  version          integer     not null,
  principal        text,
  customer_ref     text,
  currency         text        not null check (currency ~ '^[A-Z]{3}$'),
  tax_mode         text        not null check (tax_mode in ('exclusive', 'inclusive')),
  destination      json,
  lines            json        not null,
  discount         json,
  shipping_options json        not null,
  totals           json        not null,
  expires_at       timestamptz not null,
  -- The order that used it.
  order_id         text
);

-- A projection of shipping's events, for replies alone (projections.ts). A shipment planned anew has a higher revision; parcels of earlier ones are not shown.
create table orders.order_shipment (
  order_id    text    not null,
  shipment_id text    not null,
  revision_no integer not null,
  location_id text,
  status      text    not null,
  carrier     text,
  primary key (order_id, shipment_id)
);
create table orders.order_parcel (
  order_id        text    not null,
  parcel_id       text    not null,
  shipment_id     text    not null,
  revision_no     integer,
  tracking_number text,
  tracking_url    text,
  status          text    not null,
  primary key (order_id, parcel_id)
);

-- Live redemptions of discount codes: of orders that did not come to nothing.
create view orders.redemption as
  select discount_code as code, id as order_id, customer_ref
    from orders.orders
   where discount_code is not null and status not in ('rejected', 'expired', 'cancelled');

-- What is sold, and what it costs with taxes, carriage and discounts. Written as whole rows by the catalog's routes (catalog.ts), read by decisions without a lock.

create table orders.product (
  sku          text        not null primary key check (sku ~ '^[A-Za-z0-9._-]{1,64}$'),
  name         text        not null,
  -- Minor units by currency: {"GBP": 255}.
  prices       jsonb       not null check (jsonb_typeof(prices) = 'object'),
  stocked      boolean     not null,
  tax_class    text        not null,
  weight_grams integer     not null check (weight_grams >= 0),
  active       boolean     not null,
  created_at   timestamptz not null,
  updated_at   timestamptz not null
);
create index product_newest on orders.product (created_at desc, sku desc);

create table orders.tax_rate (
  country       text        not null check (country ~ '^[A-Z]{2}$'),
  region        text,
  -- Without spaces, in upper case.
  postal_prefix text        check (postal_prefix = upper(replace(postal_prefix, ' ', ''))),
  tax_class     text        not null,
  jurisdiction  text        not null,
  rate_ppm      integer     not null check (rate_ppm between 0 and 1000000),
  valid_from_at timestamptz not null,
  valid_until   timestamptz,
  row_no        integer     not null,
  unique nulls not distinct (country, region, postal_prefix, tax_class, jurisdiction, valid_from_at)
);

create table orders.shipping_rate (
  service       text    not null,
  carrier       text,
  -- null: anywhere.
  country       text    check (country ~ '^[A-Z]{2}$'),
  region        text,
  postal_prefix text    check (postal_prefix = upper(replace(postal_prefix, ' ', ''))),
  currency      text    not null check (currency ~ '^[A-Z]{3}$'),
  amount        bigint  not null check (amount between 0 and 9007199254740991),
  banded_by     text    check (banded_by in ('weight', 'subtotal')),
  bands         jsonb   not null check (jsonb_typeof(bands) = 'array'),
  free_from     bigint  check (free_from between 0 and 9007199254740991),
  transit_days  integer check (transit_days between 0 and 365),
  row_no        integer not null,
  unique nulls not distinct (service, country, region, postal_prefix, currency)
);

-- A table is replaced as a whole: whoever reads meanwhile sees the old one, two writers stand in line.
create function orders.replace_tax_rates(rows json) returns void language plpgsql as $$
begin
  lock table orders.tax_rate in share row exclusive mode;
  delete from orders.tax_rate;
  insert into orders.tax_rate select * from json_populate_recordset(null::orders.tax_rate, rows);
end $$;

create function orders.replace_shipping_rates(rows json) returns void language plpgsql as $$
begin
  lock table orders.shipping_rate in share row exclusive mode;
  delete from orders.shipping_rate;
  insert into orders.shipping_rate select * from json_populate_recordset(null::orders.shipping_rate, rows);
end $$;

-- The rule is written by PUT /v1/discounts, the uses by the orders that redeem the code (an aggregate: store.ts).
create table orders.discount (
  -- The canonical code: upper case, no spaces.
  id                text        not null primary key check (id ~ '^[A-Z0-9][A-Z0-9._-]{0,63}$'),
  version           integer     not null,
  kind              text        not null check (kind in ('percent', 'amount', 'free_shipping')),
  rate_ppm          integer     check (rate_ppm between 0 and 1000000),
  amount            bigint      check (amount between 0 and 9007199254740991),
  -- Of amount and minimum_subtotal.
  currency          text        check (currency ~ '^[A-Z]{3}$'),
  minimum_subtotal  bigint      not null check (minimum_subtotal between 0 and 9007199254740991),
  valid_from_at     timestamptz not null,
  valid_until       timestamptz not null,
  uses              integer     not null check (uses >= 0),
  uses_max          integer     check (uses <= uses_max),
  uses_per_customer integer     check (uses_per_customer > 0),
  created_at        timestamptz not null,
  check ((kind = 'percent') = (rate_ppm is not null)),
  check ((kind = 'amount') = (amount is not null)),
  check (currency is not null or (amount is null and minimum_subtotal = 0))
);

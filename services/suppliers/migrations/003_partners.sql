-- docs/decisions/0013: suppliers that are reached by documents between numbered partners (X12).
alter table suppliers.supplier drop constraint supplier_channel_check;
alter table suppliers.supplier
  add constraint supplier_channel_check check (channel in ('rest', 'manual', 'x12_http', 'x12_files')),
  -- Who it is in envelopes, `qualifier/id`. One supplier per partner: documents are believed by their sender.
  add column partner text collate "C" check (partner ~ '^[A-Za-z0-9]{2,4}/[A-Za-z0-9._-]{1,64}$'),
  add constraint partner_of_channel check ((partner is not null) = (channel in ('x12_http', 'x12_files')));
create unique index supplier_partner on suppliers.supplier (partner) where partner is not null;

alter table suppliers.purchase_order
  -- As its supplier knows it, and the number under which it was transmitted; null: by its id, or not sent.
  add column reference      text collate "C",
  add column control_number integer,
  -- Whether its supplier could read it (997).
  add column receipt        text not null default 'none' check (receipt in ('none', 'awaited', 'accepted', 'rejected')),
  add column invoices       json not null default '[]';
alter table suppliers.purchase_order alter column receipt drop default, alter column invoices drop default;
create unique index purchase_order_reference on suppliers.purchase_order (reference) where reference is not null;
create index purchase_order_control_number on suppliers.purchase_order (supplier_id, control_number) where control_number is not null;

-- The last number of an interchange to a partner (ISA13, GS06), by supplier.
create table suppliers.control_number (
  id      text collate "C" not null primary key,
  version integer          not null check (version > 0),
  last    integer          not null check (last between 0 and 999999999)
);

-- What partners sent, as it came.
create table suppliers.interchange (
  id          text        not null primary key,
  version     integer     not null check (version > 0),
  channel     text        not null,
  partner     text        not null,
  control     text        not null,
  -- SHA-256 of raw, in hex.
  digest      text        not null,
  -- In base64.
  raw         text        not null,
  -- quarantined: nothing of it counted.
  status      text        not null check (status in ('taken', 'quarantined')),
  reply       text,
  received_at timestamptz not null,
  exceptions  json        not null
);

-- A folder that is looked at, by channel.
create table suppliers.watch (
  id      text    not null primary key,
  version integer not null check (version > 0),
  op_id   text,
  settle  json    not null
);

-- What `archive --drop` took out of the log: whole stories that are at their end, and that the archive holds (docs/decisions/0020). Written by the owner of
-- the database alone, in the transaction that deletes (platform/migrate.ts).
create table {schema}.log_drop (
  drop_no  integer        not null generated always as identity primary key,
  before   timestamptz(3) not null,
  -- Nothing above this position was taken: who reads from below it reads the archive.
  upto     bigint         not null check (upto > 0),
  keys     integer        not null,
  events   bigint         not null,
  began_at timestamptz(3) not null,
  -- null: it was interrupted.
  ended_at timestamptz(3)
);

create table {schema}.dropped_key (
  key        text           not null primary key,
  -- What its events were about: rows are still found by their order.
  subjects   text[]         not null,
  -- Where they stood: no other position of the log may be empty.
  positions  bigint[]       not null check (cardinality(positions) > 0),
  first_at   timestamptz(3) not null,
  last_at    timestamptz(3) not null,
  dropped_at timestamptz(3) not null
);

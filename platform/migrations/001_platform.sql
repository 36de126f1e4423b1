-- What every service's schema has. {schema} is the service's name.

-- The service's own log. Position order is commit order (platform/log.ts); nobody may update or delete.
create table {schema}.events (
  position  bigint      not null primary key check (position > 0),
  partition smallint    not null check (partition between 0 and 15),
  key       text        not null,
  type      text        not null,
  id        text        not null,
  subject   text        not null,
  sequence  integer,
  time      timestamptz(3) not null,
  cause     text        not null,
  data      json        not null
);
-- Gapless versions per aggregate, and an order's whole story by its key.
create unique index events_key on {schema}.events (key, subject, sequence);
-- What waits for a person, without reading the whole log.
create index events_exceptions on {schema}.events (position) where type in ('exception.raised', 'exception.resolved');

-- Marks of the cluster the log lives in. After a failover or a restore they no longer agree and appends and reads stop.
create table {schema}.log_epoch (
  epoch             integer not null primary key,
  system_identifier text    not null,
  timeline          text    not null,
  floor             bigint  not null
);

-- How far this service has read the logs of the others; moved in the transaction of the effects.
create table {schema}.positions (
  source            text     not null,
  partition         smallint not null,
  position          bigint   not null,
  system_identifier text     not null,
  timeline          text     not null,
  primary key (source, partition)
) with (fillfactor = 20, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);

-- First handling of a batch after a start, counted before it runs: an event that kills the process is recognised.
create table {schema}.attempts (
  source   text    not null,
  position bigint  not null,
  starts   integer not null,
  primary key (source, position)
);

-- A poisoned event parks its key: it and the key's later events of that log wait in order.
create table {schema}.blocked (
  source         text        not null,
  key            text        not null,
  first_position bigint      not null,
  attempts       integer     not null,
  next_at        timestamptz(3) not null,
  since          timestamptz(3) not null,
  quarantined    boolean     not null default false,
  reason         text        not null,
  redrives       integer     not null default 0,
  primary key (source, key)
);
create table {schema}.parked (
  source   text   not null,
  position bigint not null,
  key      text   not null,
  event    json   not null,
  primary key (source, position)
);
create index parked_key on {schema}.parked (source, key, position);
create table {schema}.discarded (
  source       text        not null,
  position     bigint      not null,
  key          text        not null,
  event        json        not null,
  reason       text        not null,
  actor        text        not null,
  discarded_at timestamptz(3) not null,
  primary key (source, position)
);

create table {schema}.timers (
  kind      text        not null,
  id        text        not null,
  due_at    timestamptz(3) not null,
  partition smallint    not null,
  primary key (kind, id)
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02);
create index timers_due on {schema}.timers (due_at);

-- One call to the outside and what became of it.
create table {schema}.operations (
  op_id        text        not null primary key,
  kind         text        not null,
  provider     text        not null,
  subject      text        not null,
  key          text        not null,
  request      json        not null,
  state        text        not null check (state in ('requested', 'sent', 'succeeded', 'failed', 'unknown')),
  attempts     integer     not null default 0,
  queries      integer     not null default 0,
  -- requested: not before; sent: the deadline after which it is unknown; unknown and waiting: the next query.
  next_at      timestamptz(3) not null,
  waiting      boolean     not null default false,
  learned      json        not null default '{}',
  last_outcome json,
  requested_at timestamptz(3) not null,
  sent_at      timestamptz(3),
  ended_at     timestamptz(3)
) with (fillfactor = 80);
create index operations_open on {schema}.operations (next_at) where state in ('requested', 'sent', 'unknown');
create index operations_subject on {schema}.operations (subject);

-- The first reply of a request; written by the transaction that decided it.
create table {schema}.idempotency (
  principal  text        not null,
  route      text        not null,
  key        text        not null,
  body_hash  text        not null,
  status     integer     not null,
  body       text        not null,
  headers    json,
  waiting    boolean     not null default false,
  created_at timestamptz(3) not null,
  primary key (principal, route, key)
);
create index idempotency_created on {schema}.idempotency using brin (created_at);

-- Processes that run this service; partitions are shared among those seen lately.
create table {schema}.members (
  process_id text        not null primary key,
  started_at timestamptz(3) not null,
  seen_at    timestamptz(3) not null
);

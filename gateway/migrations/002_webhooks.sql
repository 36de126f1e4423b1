-- Outgoing webhooks (docs/decisions/0014): who wants to hear, what was heard, and what became of each delivery.

create table gateway.webhook_endpoints (
  id              text        not null primary key,
  url             text        not null,
  description     text        not null,
  -- Event types, or '*' alone.
  events          text[]      not null check (cardinality(events) > 0),
  state           text        not null check (state in ('enabled', 'disabled')),
  disabled_reason text        check (disabled_reason in ('gone', 'failing')),
  disabled_at     timestamptz,
  -- Sealed: AES-256-GCM under a key of the master key, bound to the endpoint.
  secret          text        not null,
  previous_secret text,
  previous_until  timestamptz,
  -- By log: events up to this position are older than the endpoint, or than its last being enabled.
  since           json        not null,
  -- Of the first failure after the last success.
  failing_since   timestamptz,
  -- It asked for less (429, 502, 504).
  paused_until    timestamptz,
  created_at      timestamptz not null,
  created_by      text        not null,
  check ((state = 'disabled') = (disabled_at is not null and disabled_reason is not null)),
  check ((previous_secret is null) = (previous_until is null))
);

-- Where the hearing stands in each log. `generation` changes with the endpoints: a batch that was read for others is not written.
create table gateway.webhook_positions (
  source            text    not null primary key,
  position          bigint  not null,
  generation        integer not null default 0,
  system_identifier text    not null,
  timeline          text    not null
);

-- What is sent, once per event however many endpoints hear it. Nothing personal: that never leaves the log unsealed.
create table gateway.webhook_messages (
  event_id   text        not null primary key,
  body       text        not null,
  created_at timestamptz not null
);
create index webhook_messages_age on gateway.webhook_messages (created_at);

create table gateway.webhook_deliveries (
  id              text        not null primary key,
  endpoint_id     text        not null,
  event_id        text        not null,
  type            text        not null,
  source          text        not null,
  position        bigint      not null,
  subject         text        not null,
  state           text        not null check (state in ('waiting', 'sending', 'delivered', 'given_up')),
  -- Sent once more because somebody asked: it waits for nobody and nobody waits for it.
  redelivery      boolean     not null default false,
  attempts        integer     not null default 0,
  -- waiting: when it is due, null while an earlier event of its subject is under way. sending: when its claim lapses.
  next_at         timestamptz,
  created_at      timestamptz not null,
  last_attempt_at timestamptz,
  last_status     integer,
  last_error      text,
  last_reply      text,
  ended_at        timestamptz,
  unique (endpoint_id, event_id),
  check ((ended_at is not null) = (state in ('delivered', 'given_up')))
);
create index webhook_deliveries_due on gateway.webhook_deliveries (endpoint_id, next_at) where state in ('waiting', 'sending');
create index webhook_deliveries_order on gateway.webhook_deliveries (endpoint_id, source, subject, position) where state in ('waiting', 'sending');
create index webhook_deliveries_newest on gateway.webhook_deliveries (endpoint_id, id);
create index webhook_deliveries_given_up on gateway.webhook_deliveries (endpoint_id, id) where state = 'given_up';
create index webhook_deliveries_ended on gateway.webhook_deliveries (ended_at) where ended_at is not null;

-- One payment: a tender of an order at a gateway. Sums are in minor units of its currency.
create table payments.payment (
  id                       text        not null primary key,
  version                  integer     not null check (version > 0),
  order_id                 text        not null,
  tender_no                integer     not null check (tender_no > 0),
  attempt_no               integer     not null check (attempt_no > 0),
  gateway                  text        not null,
  method_kind              text        not null check (method_kind in ('card', 'wallet', 'bank', 'voucher', 'manual')),
  intent                   text        not null check (intent in ('authorize', 'charge')),
  currency                 text        not null check (currency ~ '^[A-Z]{3}$'),
  amount                   bigint      not null check (amount between 1 and 9007199254740991),
  authorized               bigint      not null check (authorized between 0 and amount),
  captured                 bigint      not null check (captured >= 0),
  voided                   bigint      not null check (voided >= 0),
  refunded                 bigint      not null check (refunded >= 0),
  capture_pending          bigint      not null check (capture_pending >= 0),
  void_pending             bigint      not null check (void_pending >= 0),
  refund_pending           bigint      not null check (refund_pending >= 0),
  status                   text        not null check (status in ('processing', 'action_required', 'pending', 'unknown', 'authorized', 'partially_captured', 'captured',
                                                        'declined', 'failed', 'abandoned', 'voided', 'lapsed', 'partially_refunded', 'refunded')),
  decline_code             text,
  deadline                 timestamptz(3) not null,
  authorization_expires_at timestamptz(3),
  gateway_ref              text,
  multi_capture            boolean,
  release_requested        boolean     not null,
  -- Open ones: [{ exception_id, reason, owner, deadline, detail }].
  exceptions               json        not null,
  -- What we asked of the gateway, and what became of it; a charge has no other memory of its captures and refunds.
  operations               json        not null,
  -- P1: nothing is taken twice, nor given back twice; what is under way counts already.
  constraint money_taken check (captured + capture_pending + voided + void_pending <= authorized),
  constraint money_given_back check (refunded + refund_pending <= captured)
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05);

-- The set of facts the gateway told, by reply, webhook or poll alike: each counts once. Payments of the gateway `manual` have none.
create table payments.gateway_fact (
  payment_id               text        not null,
  gateway                  text        not null,
  object_ref               text        not null,
  fact                     text        not null check (fact in ('authorized', 'captured', 'voided', 'refunded', 'refund_failed', 'declined', 'action_required', 'pending', 'lapsed', 'disputed')),
  amount                   bigint      not null check (amount between 0 and 9007199254740991),
  currency                 text        not null,
  gateway_ref              text        not null,
  refund_id                text,
  operation_id             text,
  decline_code             text,
  retryable                boolean,
  authorization_expires_at timestamptz(3),
  provider_event_ref       text,
  received_at              timestamptz(3) not null,
  -- What of it contradicts what we asked: kept, never applied. Empty: nothing.
  drift                    text        not null,
  -- What the gateway said, without persons and secrets.
  raw                      json        not null,
  primary key (gateway, object_ref, fact, amount, drift)
);
create index gateway_fact_payment on payments.gateway_fact (payment_id);

-- Verified webhooks: a second delivery has the same id and changes nothing.
create table payments.webhook_inbox (
  id          text        not null primary key,
  version     integer     not null check (version > 0),
  provider    text        not null,
  event_ref   text        not null,
  event_type  text        not null,
  received_at timestamptz(3) not null,
  state       text        not null check (state in ('applied', 'waiting', 'unclaimed', 'given_up')),
  -- Those about payments that nobody here knows (yet).
  facts       json        not null,
  exception   json,
  constraint once check (id = provider || '/' || event_ref)
);

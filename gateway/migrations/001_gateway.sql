-- Who may come in. Secrets are 256 random bits, so a plain SHA-256 of them is enough; passwords are argon2id.

create table gateway.keys (
  id         text        not null primary key,
  type       text        not null check (type in ('secret', 'publishable')),
  name       text        not null,
  hash       bytea       not null unique check (length(hash) = 32),
  last4      text        not null,
  -- null: all of them.
  scopes     text[],
  created_at timestamptz not null,
  created_by text        not null,
  revoked_at timestamptz
);

create table gateway.staff (
  id            text        not null primary key,
  username      text        not null,
  role          text        not null check (role in ('admin', 'operator', 'support', 'analyst')),
  password_hash text        not null,
  active        boolean     not null default true,
  version       integer     not null default 1,
  created_at    timestamptz not null
);
create unique index staff_username on gateway.staff (lower(username));

create table gateway.sessions (
  hash         bytea       not null primary key check (length(hash) = 32),
  staff_id     text        not null references gateway.staff,
  created_at   timestamptz not null,
  expires_at   timestamptz not null,
  last_seen_at timestamptz not null
);
create index sessions_staff on gateway.sessions (staff_id);

-- The first reply of a POST that the gateway itself decided; secrets are left out and made again.
create table gateway.replies (
  principal  text        not null,
  route      text        not null,
  key        text        not null,
  body_hash  text        not null,
  status     integer     not null,
  body       text        not null,
  created_at timestamptz not null,
  primary key (principal, route, key)
);

-- Who did what, chained by hashes: a row that is changed or taken out breaks the chain after it.
create table gateway.audit_log (
  seq         bigint      not null primary key check (seq > 0),
  at          timestamptz not null,
  actor       text        not null,
  actor_type  text        not null,
  action      text        not null,
  object      text        not null,
  reason      text,
  request_id  text        not null,
  before_hash text,
  after_hash  text,
  prev_hash   text        not null,
  hash        text        not null unique
);

create function gateway.refuse_change() returns trigger language plpgsql as $$
begin
  raise exception 'the audit log is insert-only' using errcode = 'insufficient_privilege';
end $$;
create trigger audit_log_insert_only before update or delete or truncate on gateway.audit_log
  for each statement execute function gateway.refuse_change();

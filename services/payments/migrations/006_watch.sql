-- How far we have read what a gateway lists: its events, which fill the gaps of its webhooks, and what was made there, which is compared with ours.
create table payments.watch (
  id             text        not null primary key,
  version        integer     not null check (version > 0),
  cursor         text,
  listed_until   timestamptz(3) not null,
  pause_ms       integer     not null check (pause_ms > 0),
  compared_until timestamptz(3) not null,
  span_ms        integer     not null check (span_ms > 0)
);

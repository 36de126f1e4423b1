-- What cannot be asked again under a key is written before it is done (`attempted`) and once more when it has ended: `done`, or `unchanged` when it was refused
-- or changed nothing. An attempt that no entry ends is a deed whose outcome nobody told.
alter table gateway.audit_log
  add column outcome text   not null default 'done' check (outcome in ('attempted', 'done', 'unchanged')),
  -- The entry that this one ends.
  add column attempt bigint references gateway.audit_log,
  add check (attempt < seq),
  add check (outcome <> 'attempted' or attempt is null),
  add check (outcome <> 'unchanged' or attempt is not null);
create unique index audit_log_attempt on gateway.audit_log (attempt) where attempt is not null;

-- Keys of persons' data, each wrapped by the master key, which is in no database (docs/decisions/0008). In a schema of its own, so that its backups can be
-- kept shorter than the rest's: a restored key un-erases. Roles: platform/migrate.ts.

create table vault.data_key (
  -- A customer_ref, or an order's id.
  subject      text        not null primary key,
  -- null: destroyed. The row stays, so that what comes late is not sealed with a new key.
  wrapped      text,
  destroyed_at timestamptz(3),
  check ((wrapped is null) = (destroyed_at is not null))
);

-- The only way to destroy a key, and nobody may change one: roles have no update and no delete.
create function vault.destroy_keys(erased json) returns void language sql security definer set search_path = '' as $$
  insert into vault.data_key as k (subject, wrapped, destroyed_at)
  select distinct e.subject, null, now() from json_to_recordset(erased) as e(subject text) order by e.subject
      on conflict (subject) do update set wrapped = null, destroyed_at = now() where k.wrapped is not null
$$;
revoke execute on function vault.destroy_keys(json) from public;

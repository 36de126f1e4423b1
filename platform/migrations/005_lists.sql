-- Cases for people, open or not: what is open is found without reading all that ever were. Kept by the log itself, whoever writes it; a case that was taken out
-- of the log with its story (003) leaves its row, which then leads nowhere.
create table {schema}.exceptions (
  exception_id text   not null,
  key          text   not null,
  -- Positions in the log.
  raised       bigint not null,
  resolved     bigint,
  primary key (exception_id, key)
);
create function {schema}.note_exception() returns trigger language plpgsql as $$
begin
  if new.type = 'exception.raised' then
    insert into {schema}.exceptions (exception_id, key, raised) values (new.data->>'exception_id', new.key, new.position)
        on conflict (exception_id, key) do update set raised = excluded.raised, resolved = null;
  else
    update {schema}.exceptions set resolved = new.position where exception_id = new.data->>'exception_id' and key = new.key;
  end if;
  return null;
end $$;
create trigger note_exception after insert on {schema}.events
  for each row when (new.type in ('exception.raised', 'exception.resolved') and new.data->>'exception_id' is not null) execute function {schema}.note_exception();
insert into {schema}.exceptions (exception_id, key, raised, resolved)
select exception_id, key, raised, case when resolved > raised then resolved end
  from (select data->>'exception_id' as exception_id, key, max(position) filter (where type = 'exception.raised') as raised,
               max(position) filter (where type = 'exception.resolved') as resolved
          from {schema}.events where type in ('exception.raised', 'exception.resolved') group by 1, 2) e
 where raised is not null and exception_id is not null;
create index exceptions_open on {schema}.exceptions (raised) where resolved is null;
drop index {schema}.events_exceptions;

-- Calls to the outside by what they are asked for, alone and together: of a few kinds, providers and states each, the newest. Every update of an operation
-- writes its indexes anyway, for `operations_open` has the state.
create index operations_listed on {schema}.operations (provider, kind, state, op_id);

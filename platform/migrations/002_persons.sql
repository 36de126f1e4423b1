-- Whose object a stored reply shows: when a person is forgotten, the replies that show one of his orders are found by this.
alter table {schema}.idempotency add column about text;
create index idempotency_about on {schema}.idempotency (about) where about is not null;

-- What waits or was given up under these keys keeps nothing personal, not even sealed.
create function {schema}.clear_parked(keys text[]) returns void language sql as $$
  update {schema}.parked set event = (event::jsonb #- '{data,personal}')::json where key = any(keys);
  update {schema}.discarded set event = (event::jsonb #- '{data,personal}')::json where key = any(keys);
$$;

-- Cases for people that were told under a key which was taken out of the log: the desk is asked for them by their own id. null: none, or taken out before this
-- was noted.
alter table {schema}.dropped_key add column exceptions text[];
create index dropped_key_exceptions on {schema}.dropped_key using gin (exceptions) where exceptions is not null;

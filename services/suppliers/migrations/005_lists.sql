-- Lists that people page through, newest first.
create index interchange_newest on suppliers.interchange (received_at, id);

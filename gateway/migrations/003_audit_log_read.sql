-- What one person did, what was done to one object.
create index audit_log_actor on gateway.audit_log (actor, seq);
create index audit_log_object on gateway.audit_log (object, seq);

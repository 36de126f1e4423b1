-- Who ever did such a thing.
create index audit_log_action on gateway.audit_log (action, seq);

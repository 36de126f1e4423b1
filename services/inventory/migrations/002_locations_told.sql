-- Locations change by commands now, and each change is told (location.changed). Those stored before were never told: each is once, by a timer
-- of its own, through the write path like everything that is said. Their versions begin anew, for an event is numbered by its subject's
-- version, without a gap; the first number stands for what was stored untold. The partition only says who fires a timer.
update inventory.location set version = 1;
insert into inventory.timers (kind, id, due_at, partition) select 'location', id, now(), 0 from inventory.location;

-- The payments of a page go on together: room for a new version of each of its rows.
alter table payments.payment set (fillfactor = 48);

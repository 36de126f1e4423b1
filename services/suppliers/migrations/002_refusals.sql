-- docs/decisions/0010: who refused it lately is not asked by itself for a while.
alter table suppliers.supply_item
  add column refusals      json not null default '[]',
  add column refused_until timestamptz;

-- Where locations are, as inventory told it last: parcels are labeled from there. No event of shipping tells it, so its version stays.
create table shipping.location (
  id       text collate "C" not null primary key,
  version  integer          not null check (version > 0),
  -- The number of the event that told it.
  sequence integer          not null check (sequence >= 0),
  name     text             not null,
  address  json             not null
);

-- How often a code was ever redeemed: tells a decision which redemptions its unlocked count of a customer's uses has not seen.
alter table orders.discount add column redeemed bigint not null default 0 check (redeemed >= 0);

-- Refunds of deeds that are done wait where a bank contests the money: `waits`. `waiting`: of the amount, what a bank had when it was last asked
-- for; `lost`: what banks took of it meanwhile.
alter table orders_refunds add column waits boolean not null default false;
alter table orders_refunds add column waiting bigint not null default 0;
alter table orders_refunds add column lost bigint not null default 0;

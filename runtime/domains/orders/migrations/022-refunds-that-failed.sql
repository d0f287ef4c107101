-- What was sent back and failed later: it is with the shop again. `refunded` is what stayed back.
alter table orders_orders add column bounced bigint not null default 0;
alter table orders_surcharges add column bounced bigint not null default 0;

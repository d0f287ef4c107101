-- Of a return for which goods go out: which, on what terms, and, once it was agreed, what everything comes to.
alter table orders_returns add column exchange jsonb;
alter table orders_returns drop constraint orders_returns_state_check;
alter table orders_returns add constraint orders_returns_state_check check (
  state = any ('{requested, authorised, declined, withdrawn, received, inspected, refunded, exchanged, closed}')) not valid;

-- Of what came back, what pays for goods that went out instead of going back as money.
alter table orders_refunds add column credit_amount bigint not null default 0;

-- What goods that came back have paid of the order: total + lowered = gift + outside + credited + captured + owed.
alter table orders_orders add column credited bigint not null default 0;
alter table orders_orders drop constraint orders_orders_refunds_within_capture;
alter table orders_orders add constraint orders_orders_refunds_within_capture check (
  refunded <= captured and gift + outside + credited + captured <= total + lowered and lowered >= 0 and credited >= 0) not valid;

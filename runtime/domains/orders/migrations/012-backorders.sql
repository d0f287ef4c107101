-- How many units of a variant may be promised beyond what is on the shelf, and when more are expected.
alter table orders_stock add column backorder_limit integer not null default 0;
alter table orders_stock add column expected_at timestamptz;
-- What was promised beyond the shelf when the limit was last set: a limit may be lowered below that.
alter table orders_stock add column backorder_floor integer not null default 0;
alter table orders_stock drop constraint orders_stock_never_oversold;
alter table orders_stock add constraint orders_stock_never_oversold check (
  on_hand >= 0 and held >= 0 and sold >= 0 and backorder_limit >= 0
  and (not tracked or held + sold <= on_hand + backorder_limit or held + sold <= on_hand + backorder_floor)
) not valid;

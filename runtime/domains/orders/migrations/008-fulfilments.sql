-- Of a promise's units: how many have left, and how many were given up before they did. The rest waits to be shipped.
alter table orders_holds add column shipped integer not null default 0;
alter table orders_holds add column cancelled integer not null default 0;
alter table orders_holds add constraint orders_holds_within
  check (shipped >= 0 and cancelled >= 0 and shipped + cancelled <= quantity) not valid;

-- A parcel that has left, with what is in it.
create table orders_fulfilments (
  tenant_id text not null,
  order_id text not null,
  id text not null,
  sequence integer not null,
  -- [{"variantId": "…", "quantity": 2}]
  lines jsonb not null,
  carrier text,
  tracking_number text,
  tracking_url text,
  shipped_at timestamptz not null,
  delivered_at timestamptz,
  primary key (tenant_id, order_id, id)
);

alter table orders_orders drop constraint orders_orders_status_check;
alter table orders_orders add constraint orders_orders_status_check check (status = any (
  '{pending_payment, authorized, confirmed, partially_fulfilled, fulfilled, delivered, partially_refunded, refunded, cancelled, expired}'
)) not valid;
alter table orders_orders drop constraint orders_orders_stock_check;
alter table orders_orders add constraint orders_orders_stock_check
  check (stock = any ('{held, committed, partly_shipped, shipped, released}')) not valid;

-- Orders whose goods have gone out or arrived, and whose customer is to be asked for a review, once. A row that was asked or dropped stays,
-- so that nothing that is told of the order later begins it anew.
create table catalog_review_asks (
  tenant_id text not null,
  order_id text not null,
  customer_id text not null,
  number text not null,
  products text[] not null,
  state text not null check (state in ('waiting', 'asked', 'dropped')),
  -- when it went out, or arrived
  since timestamptz not null,
  primary key (tenant_id, order_id)
);
create index catalog_review_asks_waiting on catalog_review_asks (tenant_id, since, order_id) where state = 'waiting';

-- Days after which buyers are asked; null: nobody is.
alter table catalog_review_settings add column ask_after_days integer;

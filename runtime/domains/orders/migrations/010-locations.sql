-- Where a shop keeps its stock beside its main location, which has what the others have not.
create table orders_locations (
  tenant_id text not null,
  id text not null,
  name text not null,
  address jsonb,
  -- The lowest is asked first.
  priority integer not null,
  enabled boolean not null,
  updated_at timestamptz not null,
  primary key (tenant_id, id)
);

-- What of a variant lies at a location other than the main one. Who changes a row has the lock of the variant's row in orders_stock.
create table orders_levels (
  tenant_id text not null,
  variant_id text not null,
  location_id text not null,
  on_hand integer not null,
  -- Held and sold.
  promised integer not null default 0,
  updated_at timestamptz not null,
  primary key (tenant_id, variant_id, location_id),
  constraint orders_levels_never_oversold check (promised >= 0 and promised <= on_hand)
);
create index orders_levels_by_location on orders_levels (tenant_id, location_id) where on_hand > 0;

-- From which of these locations an order gets units; the rest of them comes from the main one.
create table orders_allocations (
  tenant_id text not null,
  order_id text not null,
  variant_id text not null,
  location_id text not null,
  quantity integer not null check (quantity > 0),
  primary key (tenant_id, order_id, variant_id, location_id)
);

-- Whether any of it lies elsewhere than at the main location. Shops with one location are never asked for more than this.
alter table orders_stock add column spread boolean not null default false;
alter table orders_fulfilments add column location_id text;

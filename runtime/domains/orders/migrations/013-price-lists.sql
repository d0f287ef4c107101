-- What orders knows of the catalogue's price lists: read along with every cart.
create table orders_price_lists (
  tenant_id text not null,
  list_id text not null,
  version integer not null,
  currency text not null,
  -- ids of groups of customers; empty: for everybody
  groups text[] not null,
  starts_at timestamptz,
  ends_at timestamptz,
  off_basis_points integer not null,
  enabled boolean not null,
  primary key (tenant_id, list_id)
);

create table orders_list_prices (
  tenant_id text not null,
  variant_id text not null,
  list_id text not null,
  -- [[1, 1999], [10, 1799]]: from so many units, each costs so much
  steps jsonb not null,
  primary key (tenant_id, variant_id, list_id)
);
create index orders_list_prices_by_list on orders_list_prices (tenant_id, list_id);

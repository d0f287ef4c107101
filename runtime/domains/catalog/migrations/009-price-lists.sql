-- Prices beside those of the catalogue: for everybody or for groups of customers, always or for a time, from so many units on.
create table price_lists (
  tenant_id text not null,
  id text not null,
  version integer not null,
  title text not null,
  currency text not null,
  -- ids of groups of customers; empty: for everybody
  groups text[] not null,
  starts_at timestamptz,
  ends_at timestamptz,
  -- off the price of every variant
  off_basis_points integer not null,
  enabled boolean not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (tenant_id, id)
);

-- No foreign key to variants: they are written anew with their product. What is of a variant that is gone goes with it.
create table price_list_prices (
  tenant_id text not null,
  variant_id text not null,
  list_id text not null,
  -- [[1, 1999], [10, 1799]]: from so many units, each costs so much; fewer units first, and the price falls
  steps jsonb not null,
  primary key (tenant_id, variant_id, list_id),
  foreign key (tenant_id, list_id) references price_lists (tenant_id, id) on delete cascade
);
create index price_list_prices_by_list on price_list_prices (tenant_id, list_id, variant_id);

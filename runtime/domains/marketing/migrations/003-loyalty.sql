-- How many points a customer has: the sum of the entries, always. Below nothing where points were spent whose order was sent back.
create table marketing_point_accounts (
  tenant_id text not null,
  customer_id text not null,
  balance bigint not null,
  -- Grows with every entry.
  version integer not null,
  primary key (tenant_id, customer_id)
);

create table marketing_point_entries (
  tenant_id text not null,
  customer_id text not null,
  sequence integer not null,
  kind text not null check (kind in ('earned', 'taken', 'spent', 'granted')),
  points bigint not null,
  balance bigint not null,
  -- Why: the same is entered once.
  source text not null,
  order_id text,
  note text,
  at timestamptz not null,
  primary key (tenant_id, customer_id, sequence),
  unique (tenant_id, customer_id, source)
);
create index marketing_point_entries_by_order on marketing_point_entries (tenant_id, customer_id, order_id) where order_id is not null;

-- Points that became a gift card; its code is orders' secret.
create table marketing_redemptions (
  tenant_id text not null,
  -- Of the gift card, too.
  id text collate "C" not null,
  customer_id text not null,
  points bigint not null,
  amount bigint not null check (amount > 0),
  currency text not null,
  at timestamptz not null,
  primary key (tenant_id, id)
);
create index marketing_redemptions_by_customer on marketing_redemptions (tenant_id, customer_id, at);

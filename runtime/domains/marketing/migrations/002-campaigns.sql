-- Customers, as far as messages go by them.
create table marketing_people (
  tenant_id text not null,
  customer_id text collate "C" not null,
  email text not null,
  locale text,
  since timestamptz not null,
  primary key (tenant_id, customer_id)
);

-- What they bought; a row an order, so that an event that comes twice changes nothing.
create table marketing_purchases (
  tenant_id text not null,
  order_id text not null,
  customer_id text not null,
  currency text not null,
  -- Less what was refunded; nothing for an order that was called off.
  amount bigint not null,
  at timestamptz not null,
  primary key (tenant_id, order_id)
);
create index marketing_purchases_by_customer on marketing_purchases (tenant_id, customer_id, at);

create table marketing_campaigns (
  tenant_id text not null,
  id text collate "C" not null,
  state text not null check (state in ('scheduled', 'sending', 'sent', 'cancelled')),
  campaign jsonb not null,
  send_at timestamptz not null,
  -- How far it is: the last customer of whom it was told, and how many before.
  reached_id text collate "C" not null default '',
  reached integer not null default 0,
  created_at timestamptz not null,
  ended_at timestamptz,
  primary key (tenant_id, id)
);

create table marketing_settings (
  tenant_id text not null,
  settings jsonb not null,
  -- Carts touched before it were looked at.
  carts_until timestamptz not null,
  carts_until_id text not null default '',
  primary key (tenant_id)
);

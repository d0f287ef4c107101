-- Groups that merchants put customers in: trade, press, friends.
create table customer_groups (
  tenant_id text not null,
  id text not null,
  name text not null,
  created_at timestamptz not null,
  primary key (tenant_id, id),
  unique (tenant_id, name)
);

create table customer_group_members (
  tenant_id text not null,
  group_id text not null,
  customer_id text not null,
  primary key (tenant_id, group_id, customer_id),
  foreign key (tenant_id, group_id) references customer_groups (tenant_id, id) on delete cascade,
  foreign key (tenant_id, customer_id) references customers (tenant_id, id) on delete cascade
);
create index customer_group_members_by_customer on customer_group_members (tenant_id, customer_id);

-- What customers agreed to and took back, when, and where they said so: whoever relies on a consent has to show it.
create table customer_consents (
  tenant_id text not null,
  id text not null,
  customer_id text not null,
  purpose text not null,
  granted boolean not null,
  source text not null,
  at timestamptz not null,
  primary key (tenant_id, id),
  foreign key (tenant_id, customer_id) references customers (tenant_id, id) on delete cascade
);
create index customer_consents_by_customer on customer_consents (tenant_id, customer_id);

-- Companies that buy here: asked for by a customer, or entered by the merchant, who decides.
create table companies (
  tenant_id text not null,
  id text not null,
  version integer not null,
  name text not null,
  country text not null,
  tax_id text,
  state text not null check (state in ('requested', 'approved', 'blocked')),
  -- days until what they buy is to be paid; without: at once
  net_days integer check (net_days between 1 and 180),
  -- what whoever asked wrote
  message text not null,
  -- id of the customer who asked
  requested_by text,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (tenant_id, id)
);
create index companies_by_state on companies (tenant_id, state, id);

create table company_addresses (
  tenant_id text not null,
  id text not null,
  company_id text not null,
  address jsonb not null,
  is_default boolean not null,
  created_at timestamptz not null,
  primary key (tenant_id, id),
  foreign key (tenant_id, company_id) references companies (tenant_id, id) on delete cascade
);
create index company_addresses_by_company on company_addresses (tenant_id, company_id);

-- Groups of customers that every member belongs to by the company.
create table company_groups (
  tenant_id text not null,
  company_id text not null,
  group_id text not null,
  primary key (tenant_id, company_id, group_id),
  foreign key (tenant_id, company_id) references companies (tenant_id, id) on delete cascade,
  foreign key (tenant_id, group_id) references customer_groups (tenant_id, id) on delete cascade
);
create index company_groups_by_group on company_groups (tenant_id, group_id);

-- A customer buys for one company; so whoever knows the session knows which.
create table company_members (
  tenant_id text not null,
  customer_id text not null,
  company_id text not null,
  role text not null check (role in ('admin', 'approver', 'buyer')),
  -- {"currency": "EUR", "perOrder": 10000, "perPeriod": 50000, "period": "month"}: minor units; without: no limit
  limits jsonb,
  joined_at timestamptz not null,
  primary key (tenant_id, customer_id),
  foreign key (tenant_id, company_id) references companies (tenant_id, id) on delete cascade,
  foreign key (tenant_id, customer_id) references customers (tenant_id, id) on delete cascade
);
create index company_members_by_company on company_members (tenant_id, company_id);

create table company_invitations (
  tenant_id text not null,
  id text not null,
  company_id text not null,
  email text not null,
  email_key text not null,
  role text not null check (role in ('admin', 'approver', 'buyer')),
  limits jsonb,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  primary key (tenant_id, id),
  unique (tenant_id, company_id, email_key),
  foreign key (tenant_id, company_id) references companies (tenant_id, id) on delete cascade
);
create index company_invitations_by_end on company_invitations (tenant_id, expires_at);

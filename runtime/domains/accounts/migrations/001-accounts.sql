create table customers (
  tenant_id text not null,
  id text not null,
  version integer not null,
  email text not null,
  -- lower-case: one account per address, however it is written
  email_key text not null,
  password_hash text not null,
  first_name text not null,
  last_name text not null,
  accepts_marketing boolean not null,
  locale text,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (tenant_id, id),
  unique (tenant_id, email_key)
);

-- The token itself is nowhere: who reads this table cannot log in with it.
create table customer_sessions (
  tenant_id text not null,
  token_hash text not null,
  customer_id text not null,
  created_at timestamptz not null,
  seen_at timestamptz not null,
  expires_at timestamptz not null,
  primary key (tenant_id, token_hash),
  foreign key (tenant_id, customer_id) references customers (tenant_id, id) on delete cascade
);
create index customer_sessions_by_customer on customer_sessions (tenant_id, customer_id);
create index customer_sessions_by_end on customer_sessions (tenant_id, expires_at);

create table customer_addresses (
  tenant_id text not null,
  id text not null,
  customer_id text not null,
  address jsonb not null,
  is_default boolean not null,
  created_at timestamptz not null,
  primary key (tenant_id, id),
  foreign key (tenant_id, customer_id) references customers (tenant_id, id) on delete cascade
);
create index customer_addresses_by_customer on customer_addresses (tenant_id, customer_id);

create table login_attempts (
  tenant_id text not null,
  subject text not null,
  attempts integer not null,
  since timestamptz not null,
  primary key (tenant_id, subject)
);
create index login_attempts_by_age on login_attempts (tenant_id, since);

-- The people who run the shop. Whoever was invited has no password yet.
create table staff_members (
  tenant_id text not null,
  id text not null,
  version integer not null,
  email text not null,
  -- lower-case: one member per address, however it is written
  email_key text not null,
  name text not null,
  password_hash text,
  -- ids of presets and of the shop's own roles
  roles text[] not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (tenant_id, id),
  unique (tenant_id, email_key)
);

-- Roles of the shop's own making; the presets are in the program.
create table staff_roles (
  tenant_id text not null,
  id text not null,
  name text not null,
  scopes text[] not null,
  created_at timestamptz not null,
  primary key (tenant_id, id)
);

-- Which state of members and roles it is: changed with them, in their transaction, which its lock puts in order.
create table staff_policies (
  tenant_id text not null,
  stamp text not null,
  primary key (tenant_id)
);

create table staff_sessions (
  tenant_id text not null,
  id text not null,
  staff_id text not null,
  token_hash text not null,
  -- of the token before it: whoever comes with that one later has stolen it, or was stolen from
  previous_hash text,
  created_at timestamptz not null,
  rotated_at timestamptz not null,
  expires_at timestamptz not null,
  primary key (tenant_id, id),
  unique (tenant_id, token_hash),
  unique (tenant_id, previous_hash),
  foreign key (tenant_id, staff_id) references staff_members (tenant_id, id) on delete cascade
);
create index staff_sessions_by_member on staff_sessions (tenant_id, staff_id);
create index staff_sessions_by_end on staff_sessions (tenant_id, expires_at);

-- Links that were sent by mail: each is good for one thing, once, and is kept as a hash.
create table account_links (
  tenant_id text not null,
  token_hash text not null,
  purpose text not null,
  -- id of the customer or the member it was sent to
  account_id text not null,
  expires_at timestamptz not null,
  primary key (tenant_id, token_hash)
);
create index account_links_by_account on account_links (tenant_id, account_id);
create index account_links_by_end on account_links (tenant_id, expires_at);

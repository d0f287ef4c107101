-- By which accounts elsewhere customers may sign in. The secret is sealed: who reads the table cannot speak for the shop.
create table sign_in_providers (
  tenant_id text not null,
  id text not null,
  name text not null,
  issuer text not null,
  client_id text not null,
  client_secret bytea,
  enabled boolean not null,
  updated_at timestamptz not null,
  primary key (tenant_id, id)
);

-- Who is who there. The provider's word for a person is theirs alone for ever; a mail address is not.
create table customer_identities (
  tenant_id text not null,
  provider_id text not null,
  subject text not null,
  id text not null,
  customer_id text not null,
  email text not null,
  created_at timestamptz not null,
  used_at timestamptz not null,
  primary key (tenant_id, provider_id, subject),
  foreign key (tenant_id, customer_id) references customers (tenant_id, id) on delete cascade,
  foreign key (tenant_id, provider_id) references sign_in_providers (tenant_id, id) on delete cascade
);
create index customer_identities_by_customer on customer_identities (tenant_id, customer_id, id);

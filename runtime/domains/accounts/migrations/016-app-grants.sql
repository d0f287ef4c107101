-- What a customer has agreed that an app learns.
create table app_consents (
  tenant_id text not null,
  customer_id text not null,
  app_id text not null,
  scopes text[] not null,
  granted_at timestamptz not null,
  primary key (tenant_id, customer_id, app_id),
  foreign key (tenant_id, customer_id) references customers (tenant_id, id) on delete cascade,
  foreign key (tenant_id, app_id) references apps (tenant_id, id) on delete cascade
);
create index app_consents_by_app on app_consents (tenant_id, app_id);

-- One sign-in to an app, from its code to the last token that comes of it: who removes the row ends all of them.
create table app_grants (
  tenant_id text not null,
  id text not null,
  app_id text not null,
  customer_id text not null,
  scopes text[] not null,
  redirect_uri text not null,
  nonce text,
  signed_in_at timestamptz not null,
  code_hash text not null,
  code_challenge text not null,
  exchanged_at timestamptz,
  access_hash text,
  access_scopes text[],
  access_expires_at timestamptz,
  refresh_hash text,
  previous_hash text,
  rotated_at timestamptz,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  primary key (tenant_id, id),
  foreign key (tenant_id, customer_id) references customers (tenant_id, id) on delete cascade,
  foreign key (tenant_id, app_id) references apps (tenant_id, id) on delete cascade
);
create index app_grants_by_customer on app_grants (tenant_id, customer_id, app_id, id);
create index app_grants_by_app on app_grants (tenant_id, app_id);
create index app_grants_by_end on app_grants (tenant_id, expires_at);

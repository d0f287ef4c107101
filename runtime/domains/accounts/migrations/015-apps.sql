-- Apps of others that shoppers sign in to with their account here. A secret is kept as its hash: it is shown once.
create table apps (
  tenant_id text not null,
  id text not null,
  name text not null,
  kind text not null check (kind in ('public', 'confidential')),
  secret_hash text,
  redirect_uris text[] not null,
  logout_uris text[] not null,
  scopes text[] not null,
  enabled boolean not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (tenant_id, id)
);

-- What the shop says of who somebody is is signed by these, one generation after the other. The private half is sealed.
create table signing_keys (
  tenant_id text not null,
  generation integer not null,
  id text not null,
  public_key jsonb not null,
  private_key bytea not null,
  made_at timestamptz not null,
  primary key (tenant_id, generation)
);

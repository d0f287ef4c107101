-- Keys by which merchants' programs enter: the key itself is known to whoever made it, here is its SHA-256.
create table api_keys (
  tenant_id text not null,
  id text not null,
  name text not null,
  hash bytea not null,
  -- its last letters, by which people know it again
  hint text not null,
  scopes text[] not null,
  created_at timestamptz not null,
  expires_at timestamptz,
  used_at timestamptz,
  revoked_at timestamptz,
  primary key (tenant_id, id),
  unique (tenant_id, hash)
);

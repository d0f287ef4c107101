-- Keys by which customers and staff sign in without a password: the public half.
create table account_passkeys (
  tenant_id text not null,
  id text not null,
  -- whose it is: customer or staff
  kind text not null,
  account_id text not null,
  -- as the authenticator names it, in base64url
  credential_id text not null,
  public_key bytea not null,
  -- how often it has signed, where the authenticator counts
  counter bigint not null,
  transports text[] not null,
  name text not null,
  created_at timestamptz not null,
  used_at timestamptz,
  primary key (tenant_id, id),
  unique (tenant_id, credential_id)
);
create index account_passkeys_by_account on account_passkeys (tenant_id, account_id);

-- What an authenticator is to sign: each is good once, for a few minutes.
create table account_challenges (
  tenant_id text not null,
  challenge text not null,
  -- what it is for, and, to add a key, to whose account
  purpose text not null,
  expires_at timestamptz not null,
  primary key (tenant_id, challenge)
);
create index account_challenges_by_end on account_challenges (tenant_id, expires_at);

-- An authenticator app of a member of the staff. Without `confirmed_at` it was shown and not proven: it is not asked for.
create table staff_factors (
  tenant_id text not null,
  staff_id text not null,
  -- sealed: whoever reads this table cannot make codes
  secret bytea not null,
  confirmed_at timestamptz,
  -- the half minute whose code was last accepted: each is good once
  last_step bigint not null,
  primary key (tenant_id, staff_id),
  foreign key (tenant_id, staff_id) references staff_members (tenant_id, id) on delete cascade
);

-- For who has lost the app: each is good once.
create table staff_recovery_codes (
  tenant_id text not null,
  staff_id text not null,
  code_hash text not null,
  primary key (tenant_id, staff_id, code_hash),
  foreign key (tenant_id, staff_id) references staff_members (tenant_id, id) on delete cascade
);

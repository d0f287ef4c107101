-- Who asked for an account and has not shown yet that the mailbox is theirs. An address may ask several times: each link makes what was asked with it.
create table customer_registrations (
  tenant_id text not null,
  id text not null,
  email text not null,
  email_key text not null,
  first_name text not null,
  last_name text not null,
  accepts_marketing boolean not null,
  locale text,
  expires_at timestamptz not null,
  primary key (tenant_id, id)
);
create index customer_registrations_by_email on customer_registrations (tenant_id, email_key);
create index customer_registrations_by_end on customer_registrations (tenant_id, expires_at);

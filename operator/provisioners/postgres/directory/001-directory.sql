-- Schema platform: the directory of tenants and their sealed secrets. Written by the operator, read by runtimes.
-- Run with search_path set to platform. Every change of tenants is followed by NOTIFY tenants, '<tenant id>'.
create table tenants (
  id text primary key,
  display_name text not null,
  plan text not null,
  placement text not null check (placement in ('pooled', 'dedicated')),
  -- Schema that holds the tenant's rows; for a dedicated tenant also the name of its login role.
  schema_name text not null,
  hosts text[] not null,
  locales text[] not null,
  currencies text[] not null,
  branding jsonb not null default '{}',
  domains text[] not null,
  quotas jsonb not null default '{}',
  suspended boolean not null default false,
  updated_at timestamptz not null default now()
);
create index tenants_by_host on tenants using gin (hosts);

-- value: 12 bytes nonce, AES-256-GCM ciphertext, 16 bytes tag; additional data is '<tenant_id>/<name>'.
create table tenant_secrets (
  tenant_id text not null references tenants (id) on delete cascade,
  name text not null,
  value bytea not null,
  primary key (tenant_id, name)
);

alter table tenants enable row level security;
alter table tenant_secrets enable row level security;

-- The pool sees pooled tenants, a dedicated tenant's role sees itself; a transaction of one tenant sees only its secrets.
-- No runtime writes here.
create policy own on tenants for select to public
  using (schema_name = case current_user when 'shop_runtime' then 'shop' else current_user end);
create policy own on tenant_secrets for select to public
  using (coalesce(nullif(current_setting('app.tenant', true), ''), tenant_id) = tenant_id
    and exists (select from tenants t where t.id = tenant_id));

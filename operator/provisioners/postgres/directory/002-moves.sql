-- Moving a tenant's rows from one schema to another. Run with search_path set to platform.

-- True while nobody may write the tenant's rows, wherever they are.
alter table tenants add column frozen boolean not null default false;

-- The other side of a move, until it has ended: runtimes there see the tenant too, and say that it is elsewhere instead of
-- that there is no such shop.
alter table tenants add column other_schema text;
drop policy own on tenants;
create policy own on tenants for select to public
  using (case current_user when 'shop_runtime' then 'shop' else current_user end in (schema_name, other_schema));

-- The move a tenant is in; no row when it is in none. Written by the operator only, which changes a row of the tenant in either
-- schema only in a transaction that holds this row in the state it expects: an operator that was thought dead changes nothing.
create table moves (
  tenant_id text primary key,
  from_schema text not null,
  to_schema text not null,
  -- Rows live in from_schema until `switched`, in to_schema from then on.
  state text not null check (state in ('copying', 'frozen', 'switched', 'cleaning', 'aborting')),
  rows bigint not null default 0,
  -- What was in from_schema when it was switched: counts and checksums by table.
  digest text,
  started_at timestamptz not null default now(),
  frozen_at timestamptz,
  switched_at timestamptz
);

-- Every transaction of a runtime that may write asks here first, after SET LOCAL app.tenant. Where the tenant's rows are elsewhere,
-- frozen or gone, the transaction is read-only from here on. The lock, shared among writers, is
-- what the operator waits for after it has frozen the tenant: whoever saw it open before has then ended.
-- Each statement of a plpgsql function sees what was committed before it began, in read committed; so the look comes after the lock.
create function enter(tenant text) returns void language plpgsql as $$
begin
  perform pg_advisory_xact_lock_shared(7220, hashtext(tenant));
  if not exists (
    select from platform.tenants where id = tenant and not frozen
      and schema_name = case current_user when 'shop_runtime' then 'shop' else current_user end) then
    perform set_config('transaction_read_only', 'on', true);
  end if;
end
$$;

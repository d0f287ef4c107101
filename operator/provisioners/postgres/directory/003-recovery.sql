-- Backups and recoveries. Run with search_path set to platform. Written by the archiver and by operations, read by people's tools.

-- How far the cluster's archive reaches, one row a cluster. The archiver writes it every few seconds, which is also what
-- makes a moment without any change one that can be restored to.
create table archive (
  system text primary key,
  location text not null,
  timeline integer not null,
  -- Everything committed up to here is in the store.
  through timestamptz,
  base text,
  base_at timestamptz,
  base_bytes bigint,
  beat_at timestamptz not null
);

-- What somebody asked for and how far it came. A step is written down before it is done, and every transaction that changes a
-- tenant's rows holds this row: an operation that was thought dead changes nothing once another one has taken it on.
create table operations (
  id text primary key,
  kind text not null check (kind in ('restore', 'export', 'erase', 'drill', 'failover')),
  tenant_id text,
  arguments jsonb not null,
  state text not null check (state in ('Running', 'Succeeded', 'Failed')),
  step text not null,
  message text not null default '',
  -- What is known so far, and in the end what came of it.
  result jsonb not null default '{}',
  started_at timestamptz not null default now(),
  frozen_at timestamptz,
  updated_at timestamptz not null default now(),
  ended_at timestamptz
);
create unique index operations_one_at_a_time on operations (tenant_id) where state = 'Running' and kind in ('restore', 'erase');
create index operations_by_tenant on operations (tenant_id, started_at);

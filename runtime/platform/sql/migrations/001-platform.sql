-- Events a transaction promised. A relay moves them into event_log and gives them their position.
-- clock_timestamp(), not now(): an event whose key was locked by an earlier transaction must sort after that one's.
create table outbox (
  tenant_id text not null,
  id text not null,
  topic text not null,
  type text not null,
  key text not null,
  payload jsonb not null,
  trace text,
  created_at timestamptz not null default clock_timestamp(),
  primary key (tenant_id, id)
);
create index outbox_in_order on outbox (tenant_id, created_at, id);

-- The log. Positions come from event_heads under its row lock, so they become visible in order and without gaps
-- (a sequence's values would not: a reader could pass one that commits later).
create table event_log (
  tenant_id text not null,
  position bigint not null,
  id text not null,
  topic text not null,
  type text not null,
  key text not null,
  payload jsonb not null,
  trace text,
  occurred_at timestamptz not null,
  primary key (tenant_id, position)
);
create index event_log_by_age on event_log (tenant_id, occurred_at);

create table event_heads (
  tenant_id text not null primary key,
  position bigint not null
);

create table consumer_positions (
  tenant_id text not null,
  consumer text not null,
  position bigint not null,
  primary key (tenant_id, consumer)
);

-- Events whose handler failed, and later events of the same key, which must wait for them.
create table parked_events (
  tenant_id text not null,
  consumer text not null,
  position bigint not null,
  key text not null,
  attempts integer not null,
  run_at timestamptz not null,
  error text,
  primary key (tenant_id, consumer, position)
);
create index parked_events_by_key on parked_events (tenant_id, consumer, key, position);

create table inbox (
  tenant_id text not null,
  consumer text not null,
  event_id text not null,
  handled_at timestamptz not null,
  primary key (tenant_id, consumer, event_id)
);
create index inbox_by_age on inbox (tenant_id, handled_at);

create table dead_letters (
  tenant_id text not null,
  consumer text not null,
  event_id text not null,
  topic text not null,
  type text not null,
  key text not null,
  payload jsonb not null,
  attempts integer not null,
  error text not null,
  died_at timestamptz not null,
  primary key (tenant_id, consumer, event_id)
);

create table tasks (
  tenant_id text not null,
  id text not null,
  name text not null,
  key text,
  payload jsonb not null,
  state text not null default 'waiting' check (state in ('waiting', 'running', 'dead')),
  run_at timestamptz not null,
  attempts integer not null default 0,
  fence bigint not null default 0,
  lease_until timestamptz,
  last_error text,
  trace text,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (tenant_id, id)
);
create unique index tasks_waiting_once on tasks (tenant_id, name, key) where state = 'waiting' and key is not null;
create index tasks_due on tasks (tenant_id, run_at) where state = 'waiting';
create index tasks_leased on tasks (tenant_id, lease_until) where state = 'running';

create table idempotency_keys (
  tenant_id text not null,
  scope text not null,
  key text not null,
  request_hash text not null,
  holder text not null,
  locked_until timestamptz not null,
  status integer,
  headers jsonb,
  body bytea,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  primary key (tenant_id, scope, key)
);
create index idempotency_keys_by_age on idempotency_keys (tenant_id, expires_at);

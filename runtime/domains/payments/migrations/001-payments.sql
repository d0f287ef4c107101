-- One payment per order. `intent_id` is missing only where an order was given up before its intent was made.
create table payments_payments (
  tenant_id text not null,
  order_id text not null,
  intent_id text,
  status text not null check (status in ('pending', 'authorized', 'captured', 'cancelled')),
  amount bigint not null,
  currency text not null,
  captured bigint not null default 0,
  refunded bigint not null default 0,
  disputed boolean not null default false,
  problem text,
  token_hash text,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  -- When the processor was last asked.
  synced_at timestamptz,
  primary key (tenant_id, order_id),
  check (refunded <= captured and captured <= amount)
) with (fillfactor = 70);
create index payments_payments_unsettled on payments_payments (tenant_id, updated_at) where status in ('pending', 'authorized');

create table payments_refunds (
  tenant_id text not null,
  order_id text not null,
  key text not null,
  amount bigint not null check (amount > 0),
  state text not null check (state in ('requested', 'done')),
  requested_at timestamptz not null,
  primary key (tenant_id, order_id, key)
);

-- The processor's messages by their id, each counted once.
create table payments_webhooks (
  tenant_id text not null,
  event_id text not null,
  type text not null,
  order_id text,
  received_at timestamptz not null,
  primary key (tenant_id, event_id)
);
create index payments_webhooks_by_age on payments_webhooks (tenant_id, received_at);

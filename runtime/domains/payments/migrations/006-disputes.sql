-- Cardholders who want their money back, each by what its provider calls it.
create table payments_disputes (
  tenant_id text not null,
  id text not null,
  -- The provider's id.
  reference text not null,
  payment_id text not null,
  order_id text not null,
  status text not null check (status in ('needs_response', 'under_review', 'won', 'lost')),
  reason text not null,
  amount bigint not null,
  currency text not null,
  opened_at timestamptz not null,
  due_at timestamptz,
  updated_at timestamptz not null,
  -- What the shop answered.
  evidence text,
  answered_at timestamptz,
  primary key (tenant_id, id),
  unique (tenant_id, reference)
);
create index payments_disputes_by_order on payments_disputes (tenant_id, order_id);

-- Of what was returned: what banks took back for good.
alter table payments_payments add column lost bigint not null default 0;

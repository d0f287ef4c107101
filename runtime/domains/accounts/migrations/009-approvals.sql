-- What a member wanted to buy beyond their limits, as it was when they asked: what is approved is this and nothing else.
create table company_approvals (
  tenant_id text not null,
  id text not null,
  company_id text not null,
  -- ids of customers
  requested_by text not null,
  decided_by text,
  -- of the cart or the offer that it is about
  purchase_id text not null,
  -- of what is bought and where it goes
  digest text not null,
  lines jsonb not null,
  total bigint not null,
  currency text not null,
  purchase_order text,
  message text not null,
  answer text,
  state text not null check (state in ('waiting', 'approved', 'declined', 'withdrawn')),
  created_at timestamptz not null,
  decided_at timestamptz,
  expires_at timestamptz not null,
  primary key (tenant_id, id),
  foreign key (tenant_id, company_id) references companies (tenant_id, id) on delete cascade
);
-- One at a time that somebody could buy by.
create unique index company_approvals_by_purchase on company_approvals (tenant_id, purchase_id) where state in ('waiting', 'approved');
create index company_approvals_by_company on company_approvals (tenant_id, company_id, id);
create index company_approvals_by_requester on company_approvals (tenant_id, requested_by, id);

-- What members spend: reserved before there is an order, spent while there is one, released when nothing came of it.
create table company_spending (
  tenant_id text not null,
  id text not null,
  company_id text not null,
  customer_id text not null,
  purchase_id text not null,
  amount bigint not null,
  currency text not null,
  -- by which it was let pass: then it counts against no limit
  approval_id text,
  state text not null check (state in ('reserved', 'spent', 'released')),
  -- of the order, once it was heard of; what was heard of an earlier version comes too late
  order_id text,
  order_version integer not null default 0,
  -- in whose period it counts
  at timestamptz not null,
  -- when it is asked for what became of it
  settle_at timestamptz not null,
  primary key (tenant_id, id),
  foreign key (tenant_id, company_id) references companies (tenant_id, id) on delete cascade
);
-- Whoever asks again for the same purchase has the same reservation.
create unique index company_spending_reserved on company_spending (tenant_id, purchase_id) where state = 'reserved';
-- An approval is good for one order at a time.
create unique index company_spending_by_approval on company_spending (tenant_id, approval_id)
  where approval_id is not null and state <> 'released';
create index company_spending_by_member on company_spending (tenant_id, customer_id, at);

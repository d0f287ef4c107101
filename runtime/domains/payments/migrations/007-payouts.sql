-- What providers paid out, compared with our payments entry by entry. `cursor`: how far a comparison has come.
create table payments_payouts (
  tenant_id text not null,
  -- The provider's id.
  id text not null,
  state text not null check (state in ('open', 'compared')),
  amount bigint not null,
  currency text not null,
  created_at timestamptz not null,
  arrives_at timestamptz not null,
  cursor text,
  entries integer not null default 0,
  charges bigint not null default 0,
  refunds bigint not null default 0,
  disputes bigint not null default 0,
  fees bigint not null default 0,
  others bigint not null default 0,
  compared_at timestamptz,
  primary key (tenant_id, id)
);
create index payments_payouts_by_age on payments_payouts (tenant_id, created_at);

create table payments_differences (
  tenant_id text not null,
  -- What it is about: the payout's entry, or the payment that none has; found again it is the same difference.
  id text not null,
  payout_id text,
  kind text not null check (kind in ('missing_here', 'missing_there', 'amount_differs')),
  what text not null check (what in ('charge', 'refund', 'dispute', 'payout')),
  payment_id text,
  order_id text,
  intent_id text,
  -- Minor units: ours, and the provider's.
  here bigint not null,
  there bigint not null,
  currency text not null,
  healed boolean not null,
  found_at timestamptz not null,
  primary key (tenant_id, id)
);
create index payments_differences_open on payments_differences (tenant_id, found_at) where not healed;

-- In which payout its charge was; absent: in none that was compared.
alter table payments_payments add column payout_id text;

-- A change of a paid order that a merchant works out, until it is made or given up.
create table orders_edits (
  tenant_id text not null,
  order_id text not null,
  id text not null,
  state text not null check (state = any ('{open, committed, withdrawn}')),
  -- Grows with every change.
  version integer not null,
  -- The order's version that it was worked out on: one that has moved on is not changed by it.
  order_version integer not null,
  -- [{"variantId": "…", "quantity": 2, "discount": {"amount": 500, "reason": "…"}}]: lines that change, and as what.
  changes jsonb not null,
  reason text,
  -- What it came to, once it was made: totals before and after, and what of the difference was refunded or is owed.
  outcome jsonb,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (tenant_id, order_id, id)
);
create unique index orders_edits_open on orders_edits (tenant_id, order_id) where state = 'open';

-- Payments of an order beside the checkout's: what edits made it dearer by. What wanted ones took is in the sums of orders_orders.
create table orders_surcharges (
  tenant_id text not null,
  order_id text not null,
  id text not null,
  amount bigint not null check (amount > 0),
  -- False once another edit has done without it.
  wanted boolean not null,
  payment text not null check (payment = any ('{none, pending, authorized, captured, cancelled}')),
  captured bigint not null default 0,
  refunded bigint not null default 0,
  intent_id text,
  problem text,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (tenant_id, order_id, id),
  constraint orders_surcharges_within check (refunded >= 0 and refunded <= captured and captured <= amount)
);

-- Whether it has rows in these.
alter table orders_orders add column edited boolean not null default false;
-- By how much edits made it cheaper after it was paid.
alter table orders_orders add column lowered bigint not null default 0;
alter table orders_orders drop constraint orders_orders_refunds_within_capture;
alter table orders_orders add constraint orders_orders_refunds_within_capture
  check (refunded <= captured and gift + outside + captured <= total + lowered and lowered >= 0) not valid;
alter table orders_orders drop constraint orders_orders_gift_within;
alter table orders_orders add constraint orders_orders_gift_within
  check (gift >= 0 and gift <= total + lowered and gift_refunded >= 0 and gift_refunded <= gift) not valid;
alter table orders_orders drop constraint orders_orders_outside_within;
alter table orders_orders add constraint orders_orders_outside_within
  check (outside >= 0 and gift + outside <= total + lowered and outside_refunded >= 0 and outside_refunded <= outside) not valid;
-- Of the quantity, the units that the discount is off; null: all. Units that an edit adds get none of it.
alter table orders_order_lines add column discounted integer;

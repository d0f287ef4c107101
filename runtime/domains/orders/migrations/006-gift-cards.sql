-- A gift card. Its code is nowhere: who reads this table cannot spend it.
create table orders_gift_cards (
  tenant_id text not null,
  id text not null,
  code_hash text not null,
  -- The last letters of the code, for people to tell cards apart.
  ending text not null,
  currency text not null,
  initial bigint not null check (initial > 0),
  balance bigint not null check (balance >= 0),
  -- Grows with every entry.
  version integer not null,
  enabled boolean not null default true,
  expires_at timestamptz,
  note text,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (tenant_id, id)
);
create unique index orders_gift_cards_code on orders_gift_cards (tenant_id, code_hash);

-- Everything that ever happened to a balance: Σ amount = balance, always.
create table orders_gift_card_entries (
  tenant_id text not null,
  card_id text not null,
  sequence integer not null,
  kind text not null check (kind in ('issued', 'spent', 'returned')),
  amount bigint not null,
  balance bigint not null check (balance >= 0),
  order_id text,
  at timestamptz not null,
  primary key (tenant_id, card_id, sequence)
);

-- What an order was paid with: `returned` of it went back, all of it once the order came to nothing.
create table orders_gift_uses (
  tenant_id text not null,
  order_id text not null,
  card_id text not null,
  amount bigint not null check (amount > 0),
  returned bigint not null default 0,
  primary key (tenant_id, order_id, card_id),
  constraint orders_gift_uses_within check (returned >= 0 and returned <= amount)
);

alter table orders_carts add column gift_cards text[] not null default '{}';
alter table orders_orders add column gift bigint not null default 0;
alter table orders_orders add column gift_refunded bigint not null default 0;
alter table orders_orders add constraint orders_orders_gift_within
  check (gift >= 0 and gift <= total and gift_refunded >= 0 and gift_refunded <= gift) not valid;
-- A refund may go to gift cards alone.
alter table orders_refunds add column gift_amount bigint not null default 0;
alter table orders_refunds drop constraint orders_refunds_amount_check;
alter table orders_refunds add constraint orders_refunds_amount_check
  check (amount >= 0 and gift_amount >= 0 and amount + gift_amount > 0) not valid;

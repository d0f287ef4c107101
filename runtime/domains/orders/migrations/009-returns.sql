-- What a refund is for: [{"variantId": "…", "quantity": 1, "amount": 1999}], and what of it is for the shipping.
alter table orders_refunds add column lines jsonb not null default '[]';
alter table orders_refunds add column shipping bigint not null default 0;
-- Units that cost nothing are returned for nothing.
alter table orders_refunds drop constraint orders_refunds_amount_check;
alter table orders_refunds add constraint orders_refunds_amount_check
  check (amount >= 0 and gift_amount >= 0 and (amount + gift_amount > 0 or lines <> '[]'::jsonb)) not valid;

-- Goods on their way back, from the wish to the money.
create table orders_returns (
  tenant_id text not null,
  order_id text not null,
  id text not null,
  state text not null check (state = any ('{requested, authorised, declined, withdrawn, received, inspected, refunded, closed}')),
  asked_by text not null,
  -- [{"variantId": "…", "quantity": 2, "reason": "damaged", "accepted": 2, "restock": 1}]
  lines jsonb not null,
  note text,
  answer text,
  refund_id text,
  asked_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (tenant_id, order_id, id)
);
create index orders_returns_by_state on orders_returns (tenant_id, state, id);

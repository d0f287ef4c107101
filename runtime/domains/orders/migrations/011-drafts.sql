-- What a merchant puts together for a customer, or a customer asks a quote for, until it becomes an order.
create table orders_drafts (
  tenant_id text not null,
  id text not null,
  number text not null,
  state text not null check (state = any ('{requested, open, offered, ordered, declined, cancelled, expired}')),
  -- Grows with every change and every word; the last entry of its history has it as its sequence.
  version integer not null,
  -- Who began it: a shopper asks for a quote.
  asked_by text not null check (asked_by = any ('{shopper, merchant}')),
  customer_id text,
  email text,
  currency text not null,
  shipping_address jsonb,
  -- {"method": "standard"}, or {"title": "By lorry", "amount": 9900}.
  shipping jsonb not null,
  -- [{"variantId": "…", "quantity": 2, "unitPrice": 900, "reason": "agreed on the telephone"}]
  lines jsonb not null,
  -- {"basisPoints": 1000, "reason": "…"} or {"amount": 500, "reason": "…"}: off the goods.
  discount jsonb,
  note text,
  -- What it comes to, once it was offered: that is what is paid, whatever prices and rates become.
  terms jsonb,
  -- SHA-256 of the secret tokens that open it.
  token_hashes text[] not null default '{}',
  valid_until timestamptz,
  -- Units are held for it until then, under its own id.
  hold_until timestamptz,
  order_id text,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (tenant_id, id)
);
create unique index orders_drafts_number on orders_drafts (tenant_id, number);
create index orders_drafts_by_state on orders_drafts (tenant_id, state, id);
create index orders_drafts_by_customer on orders_drafts (tenant_id, customer_id, id) where customer_id is not null;

-- Everything that happened to it, and everything that was said about it.
create table orders_draft_entries (
  tenant_id text not null,
  draft_id text not null,
  sequence integer not null,
  actor text not null,
  from_state text,
  to_state text not null,
  message text,
  at timestamptz not null,
  primary key (tenant_id, draft_id, sequence)
);

-- What was paid by other means than through us, and what of that went back so.
alter table orders_orders add column outside bigint not null default 0;
alter table orders_orders add column outside_refunded bigint not null default 0;
alter table orders_orders add constraint orders_orders_outside_within
  check (outside >= 0 and gift + outside <= total and outside_refunded >= 0 and outside_refunded <= outside) not valid;
alter table orders_refunds add column outside_amount bigint not null default 0;
alter table orders_refunds drop constraint orders_refunds_amount_check;
alter table orders_refunds add constraint orders_refunds_amount_check check (
  amount >= 0 and gift_amount >= 0 and outside_amount >= 0
  and (amount + gift_amount + outside_amount > 0 or lines <> '[]'::jsonb)) not valid;

-- What promotions choose goods by; known from a product's next event on.
alter table orders_variants add column product_type text not null default '';
alter table orders_variants add column vendor text not null default '';
alter table orders_variants add column taxable boolean not null default true;
alter table orders_variants add column weight_grams integer;

create table orders_promotions (
  tenant_id text not null,
  id text not null,
  version integer not null,
  -- Upper-case; without one it applies by itself.
  code text,
  enabled boolean not null,
  starts_at timestamptz,
  ends_at timestamptz,
  usage_limit integer,
  per_customer_limit integer,
  -- Orders that use it; counted for those with a code.
  used integer not null default 0 check (used >= 0),
  -- Title, benefit, conditions, combinesWith, priority.
  rule jsonb not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (tenant_id, id)
);
create unique index orders_promotions_code on orders_promotions (tenant_id, code) where code is not null;
create index orders_promotions_automatic on orders_promotions (tenant_id) where code is null and enabled;

-- How often one customer uses a promotion that limits that. Whose it is, is the customer's id or a digest of the e-mail address.
create table orders_promotion_buyers (
  tenant_id text not null,
  promotion_id text not null,
  buyer text not null,
  used integer not null check (used >= 0),
  primary key (tenant_id, promotion_id, buyer)
);

-- One row for each order and promotion; `released` once the order has come to nothing.
create table orders_redemptions (
  tenant_id text not null,
  order_id text not null,
  promotion_id text not null,
  buyer text not null,
  amount bigint not null,
  state text not null check (state in ('taken', 'released')),
  -- Whether it is counted in `used`, and how often this buyer may at most.
  counted boolean not null,
  most integer,
  at timestamptz not null,
  primary key (tenant_id, order_id, promotion_id)
);
create index orders_redemptions_by_promotion on orders_redemptions (tenant_id, promotion_id, state);

alter table orders_carts add column codes text[] not null default '{}';
-- Off the goods; `shipping` is what was paid for it. `discounts` says what each promotion took.
alter table orders_orders add column discount bigint not null default 0;
alter table orders_orders add column discounts jsonb not null default '[]';
alter table orders_order_lines add column discount bigint not null default 0;
-- An order may cost nothing when promotions take it all.
alter table orders_orders drop constraint orders_orders_total_check;
alter table orders_orders add constraint orders_orders_total_check check (total >= 0) not valid;

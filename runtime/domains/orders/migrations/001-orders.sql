-- What orders knows of the catalogue: as much of each variant as a cart and an order show.
create table orders_variants (
  tenant_id text not null,
  variant_id text not null,
  product_id text not null,
  product_version bigint not null,
  handle text,
  title text not null,
  variant_title text,
  sku text,
  image text,
  options jsonb not null,
  -- {"EUR": 1999, "USD": 2199}: minor units by currency.
  prices jsonb not null,
  requires_shipping boolean not null,
  published boolean not null,
  primary key (tenant_id, variant_id)
);
create index orders_variants_by_product on orders_variants (tenant_id, product_id);

-- on_hand: units on the shelf. held: promised to orders that wait for their payment. sold: paid, not yet shipped.
-- The check is the law of the house; every statement that changes a row also asks for it, so that it never fires.
create table orders_stock (
  tenant_id text not null,
  variant_id text not null,
  on_hand integer not null,
  held integer not null default 0,
  sold integer not null default 0,
  tracked boolean not null default true,
  updated_at timestamptz not null,
  primary key (tenant_id, variant_id),
  constraint orders_stock_never_oversold check (
    on_hand >= 0 and held >= 0 and sold >= 0 and (not tracked or held + sold <= on_hand)
  )
) with (fillfactor = 50);

create table orders_carts (
  tenant_id text not null,
  id text not null,
  status text not null check (status in ('open', 'ordered')),
  order_id text,
  customer_id text,
  currency text not null,
  email text,
  shipping_address jsonb,
  shipping_method text not null,
  -- Grows with every change, so that a checkout sells exactly the cart it priced.
  version integer not null default 1,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (tenant_id, id)
);
create index orders_carts_by_age on orders_carts (tenant_id, updated_at);

create table orders_cart_lines (
  tenant_id text not null,
  cart_id text not null,
  variant_id text not null,
  quantity integer not null check (quantity > 0),
  -- What the shopper saw; a checkout at another price is refused.
  unit_price bigint not null,
  added_at timestamptz not null,
  primary key (tenant_id, cart_id, variant_id)
);

create table orders_orders (
  tenant_id text not null,
  id text not null,
  number text not null,
  status text not null check (status in (
    'pending_payment', 'authorized', 'confirmed', 'fulfilled', 'partially_refunded', 'refunded', 'cancelled', 'expired')),
  version integer not null,
  cart_id text not null,
  customer_id text,
  email text not null,
  -- SHA-256 of the secret tokens that open this order.
  token_hashes text[] not null,
  shipping_address jsonb not null,
  shipping_method text not null,
  currency text not null,
  subtotal bigint not null,
  shipping bigint not null,
  tax bigint not null,
  tax_rate integer not null,
  total bigint not null check (total > 0),
  stock text not null check (stock in ('held', 'committed', 'shipped', 'released')),
  payment text not null check (payment in ('none', 'pending', 'authorized', 'captured', 'cancelled')),
  intent_id text,
  payment_problem text,
  disputed boolean not null default false,
  captured bigint not null default 0,
  refunded bigint not null default 0,
  -- Set once somebody wants the order gone; the saga does the rest.
  cancel_actor text,
  reason text,
  tracking text,
  fulfilled_at timestamptz,
  hold_expires_at timestamptz not null,
  placed_at timestamptz not null,
  updated_at timestamptz not null,
  -- False while the saga still has something to do.
  settled boolean not null default false,
  primary key (tenant_id, id),
  constraint orders_orders_refunds_within_capture check (refunded <= captured and captured <= total)
) with (fillfactor = 70);
create unique index orders_orders_number on orders_orders (tenant_id, number);
create index orders_orders_by_customer on orders_orders (tenant_id, customer_id, id) where customer_id is not null;
create index orders_orders_by_status on orders_orders (tenant_id, status, id);
create index orders_orders_unsettled on orders_orders (tenant_id, updated_at) where not settled;

create table orders_order_lines (
  tenant_id text not null,
  order_id text not null,
  position integer not null,
  variant_id text not null,
  product_id text not null,
  handle text,
  title text not null,
  variant_title text,
  sku text,
  image text,
  options jsonb not null,
  quantity integer not null check (quantity > 0),
  unit_price bigint not null,
  primary key (tenant_id, order_id, position)
);

-- One row per order and variant; its state follows the order's `stock`.
create table orders_holds (
  tenant_id text not null,
  order_id text not null,
  variant_id text not null,
  quantity integer not null check (quantity > 0),
  state text not null check (state in ('held', 'committed', 'shipped', 'released')),
  primary key (tenant_id, order_id, variant_id)
);
create index orders_holds_by_variant on orders_holds (tenant_id, variant_id) where state in ('held', 'committed');

create table orders_refunds (
  tenant_id text not null,
  order_id text not null,
  id text not null,
  amount bigint not null check (amount > 0),
  state text not null check (state in ('requested', 'done', 'refused')),
  actor text not null,
  reason text,
  problem text,
  requested_at timestamptz not null,
  primary key (tenant_id, order_id, id)
);
create index orders_refunds_requested on orders_refunds (tenant_id, order_id) where state = 'requested';

create table orders_history (
  tenant_id text not null,
  order_id text not null,
  sequence integer not null,
  from_status text,
  to_status text not null,
  actor text not null,
  reason text,
  at timestamptz not null,
  primary key (tenant_id, order_id, sequence)
);

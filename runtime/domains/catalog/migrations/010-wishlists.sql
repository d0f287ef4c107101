-- What shoppers want to remember: lists of variants. A guest's is opened by its id, as a cart is; a customer's by nobody else.
create table catalog_wishlists (
  tenant_id text not null,
  id text not null,
  -- null: a guest's
  customer_id text,
  -- empty: the one that needs no name
  name text not null,
  -- of a customer's lists, what the heart beside a product stands for
  is_default boolean not null,
  -- opens it for reading, to whoever was sent the link; null: it is not shared
  token text,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (tenant_id, id)
);
create unique index catalog_wishlists_default on catalog_wishlists (tenant_id, customer_id) where is_default and customer_id is not null;
create unique index catalog_wishlists_by_token on catalog_wishlists (tenant_id, token) where token is not null;
create index catalog_wishlists_by_customer on catalog_wishlists (tenant_id, customer_id, id) where customer_id is not null;
create index catalog_wishlists_of_guests on catalog_wishlists (tenant_id, updated_at) where customer_id is null;

-- No foreign key to variants: a product that is saved has its variants written anew, and what is gone is not shown.
create table catalog_wishlist_items (
  tenant_id text not null,
  wishlist_id text not null,
  variant_id text not null,
  -- what it cost when it was put there, in the currency it was looked at in; null: it had no price
  price_amount bigint,
  price_currency text,
  added_at timestamptz not null,
  primary key (tenant_id, wishlist_id, variant_id),
  foreign key (tenant_id, wishlist_id) references catalog_wishlists (tenant_id, id) on delete cascade
);
create index catalog_wishlist_items_by_variant on catalog_wishlist_items (tenant_id, variant_id);

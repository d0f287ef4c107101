-- What is known of a product: what the catalogue said last, and how much it is looked at and bought. One row for each of the catalogue.
create table recommendations_products (
  tenant_id text not null,
  product_id text collate "C" not null,
  -- 0: it was sold before the catalogue was heard to say anything of it.
  version bigint not null default 0,
  published boolean not null default false,
  variants text[] not null default '{}',
  -- When the catalogue said that it is gone.
  gone_at timestamptz,
  views bigint not null default 0,
  carts bigint not null default 0,
  -- Units, and the orders they were in.
  sold bigint not null default 0,
  orders bigint not null default 0,
  -- All of that, each worth less the longer ago it was: counted forward from a fixed day, so that it never has to be counted again.
  score double precision not null default 0,
  primary key (tenant_id, product_id)
);
create index recommendations_products_popular on recommendations_products (tenant_id, score desc) where published and score > 0;

create table recommendations_sold_out (
  tenant_id text not null,
  variant_id text not null,
  primary key (tenant_id, variant_id)
);

-- In how many paid orders two products were together, under each of them.
create table recommendations_pairs (
  tenant_id text not null,
  product_id text collate "C" not null,
  other_id text collate "C" not null,
  orders bigint not null,
  last_at timestamptz not null,
  primary key (tenant_id, product_id, other_id)
);

-- Visits of those who agreed to be known again, and what they looked at.
create table recommendations_visits (
  tenant_id text not null,
  visit text not null,
  customer_id text,
  seen_at timestamptz not null,
  primary key (tenant_id, visit)
);
create index recommendations_visits_recent on recommendations_visits (tenant_id, seen_at);
create index recommendations_visits_by_customer on recommendations_visits (tenant_id, customer_id, seen_at) where customer_id is not null;

create table recommendations_seen (
  tenant_id text not null,
  visit text not null,
  product_id text collate "C" not null,
  seen_at timestamptz not null,
  primary key (tenant_id, visit, product_id)
);
create index recommendations_seen_by_product on recommendations_seen (tenant_id, product_id, seen_at);

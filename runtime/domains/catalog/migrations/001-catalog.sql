-- A product is written and read as a whole: `document` holds it all (variants, prices in every currency, pictures);
-- `card` is what a list shows. Variants and price ranges are projections, for look-up, filters and sorting.
create table products (
  tenant_id text not null,
  id text not null,
  handle text not null,
  version integer not null,
  title text not null,
  vendor text not null,
  type text not null,
  tags text[] not null,
  status text not null check (status in ('active', 'draft', 'archived')),
  -- active and published: shoppers may see it
  visible boolean not null,
  -- the merchant's order
  position bigint not null,
  document jsonb not null,
  card jsonb not null,
  search tsvector not null,
  search_text text not null,
  -- what it was imported from; null once it was edited
  import_hash text,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  published_at timestamptz,
  primary key (tenant_id, id),
  unique (tenant_id, handle)
);
create index products_in_order on products (tenant_id, visible, position, id);
create index products_newest on products (tenant_id, visible, published_at, id);
create index products_by_title on products (tenant_id, visible, lower(title), id);
create index products_by_type on products (tenant_id, type);
create index products_search on products using gin (search);

do $$
begin
  if exists (select 1 from pg_extension where extname = 'pg_trgm') then
    create index products_search_text on products using gin (search_text gin_trgm_ops);
  end if;
end
$$;

create table variants (
  tenant_id text not null,
  id text not null,
  product_id text not null,
  sku text,
  position integer not null,
  primary key (tenant_id, id),
  foreign key (tenant_id, product_id) references products (tenant_id, id) on delete cascade
);
create index variants_by_product on variants (tenant_id, product_id);
create index variants_by_sku on variants (tenant_id, sku);

create table product_prices (
  tenant_id text not null,
  product_id text not null,
  currency text not null,
  min_amount bigint not null,
  max_amount bigint not null,
  primary key (tenant_id, product_id, currency),
  foreign key (tenant_id, product_id) references products (tenant_id, id) on delete cascade
);
create index product_prices_by_amount on product_prices (tenant_id, currency, min_amount, product_id);

create table media (
  tenant_id text not null,
  -- names the content: its bytes never change
  id text not null,
  content_type text not null,
  size integer not null,
  width integer,
  height integer,
  created_at timestamptz not null,
  primary key (tenant_id, id)
);

create table collections (
  tenant_id text not null,
  id text not null,
  handle text not null,
  version integer not null,
  title text not null,
  description_html text not null,
  image jsonb,
  published boolean not null,
  position bigint not null,
  seo_title text,
  seo_description text,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (tenant_id, id),
  unique (tenant_id, handle)
);

create table collection_products (
  tenant_id text not null,
  collection_id text not null,
  product_id text not null,
  position bigint not null,
  primary key (tenant_id, collection_id, product_id),
  foreign key (tenant_id, collection_id) references collections (tenant_id, id) on delete cascade,
  foreign key (tenant_id, product_id) references products (tenant_id, id) on delete cascade
);
create index collection_products_in_order on collection_products (tenant_id, collection_id, position, product_id);
create index collection_products_by_product on collection_products (tenant_id, product_id);

create table catalog_imports (
  tenant_id text not null,
  id text not null,
  state text not null check (state in ('waiting', 'running', 'succeeded', 'failed')),
  -- where the CSV lies; null: it was sent, and lies in the bucket `imports`
  source text,
  content_hash text,
  force boolean not null,
  report jsonb not null,
  error text,
  created_at timestamptz not null,
  finished_at timestamptz,
  primary key (tenant_id, id)
);
create index catalog_imports_by_content on catalog_imports (tenant_id, content_hash);

-- What the search index has to be told of each product. A product that is gone stays here until the index has been told.
create table product_index (
  tenant_id text not null,
  product_id text not null,
  -- of what the index is told; grows with each change of the product, its stock or its collections
  version bigint not null,
  pending boolean not null,
  primary key (tenant_id, product_id)
);
create index product_index_pending on product_index (tenant_id, product_id) where pending;

-- What the index has been built from nothing for, and when.
create table product_index_builds (
  tenant_id text not null,
  -- as the search port names it: where it is another, the index is not this one
  origin text,
  built_at timestamptz,
  documents integer,
  -- a merchant has asked for it to be built anew
  wanted boolean not null,
  -- somebody builds it
  building_until timestamptz,
  primary key (tenant_id)
);

-- Searches ask the index. Pods of the release before still write this column; one that follows takes it away with its index.
alter table products alter column search drop not null;

-- What customers say of products. Stars of those that are published are counted on the product itself, so that lists show and sort by
-- them without looking here. Of one who was erased the stars stay, and the words go.
create table catalog_reviews (
  tenant_id text not null,
  id text not null,
  product_id text not null,
  -- null: whoever wrote it was erased
  customer_id text,
  -- of the words
  version integer not null,
  state text not null check (state in ('pending', 'published', 'refused')),
  -- why it waits
  held text,
  -- why it was refused
  reason text,
  rating smallint not null check (rating between 1 and 5),
  title text not null,
  body text not null,
  shown_name text not null,
  -- had bought it when this was written
  verified boolean not null,
  helpful integer not null,
  -- open reports of it
  reports integer not null,
  answer text,
  answered_at timestamptz,
  created_at timestamptz not null,
  edited_at timestamptz,
  published_at timestamptz,
  primary key (tenant_id, id),
  unique (tenant_id, product_id, customer_id),
  foreign key (tenant_id, product_id) references products (tenant_id, id) on delete cascade
);
create index catalog_reviews_shown on catalog_reviews (tenant_id, product_id, published_at, id) where state = 'published';
create index catalog_reviews_by_state on catalog_reviews (tenant_id, state, id);
create index catalog_reviews_reported on catalog_reviews (tenant_id, id) where reports > 0;
create index catalog_reviews_by_customer on catalog_reviews (tenant_id, customer_id, id);

-- Whoever found one helpful.
create table catalog_review_votes (
  tenant_id text not null,
  review_id text not null,
  customer_id text not null,
  primary key (tenant_id, review_id, customer_id),
  foreign key (tenant_id, review_id) references catalog_reviews (tenant_id, id) on delete cascade
);

create table catalog_review_reports (
  tenant_id text not null,
  review_id text not null,
  customer_id text not null,
  reason text not null,
  at timestamptz not null,
  primary key (tenant_id, review_id, customer_id),
  foreign key (tenant_id, review_id) references catalog_reviews (tenant_id, id) on delete cascade
);

-- How a shop's merchant wants reviews. A shop without a row has never said anything.
create table catalog_review_settings (
  tenant_id text not null,
  version bigint not null,
  writers text not null check (writers in ('buyers', 'customers')),
  publication text not null check (publication in ('checked', 'at_once')),
  held_words text[] not null,
  primary key (tenant_id)
);

-- What orders have told: who bought what. No foreign key: the product may be gone already.
create table catalog_purchases (
  tenant_id text not null,
  customer_id text not null,
  product_id text not null,
  bought_at timestamptz not null,
  primary key (tenant_id, customer_id, product_id)
);

-- How many published reviews give 1, 2, 3, 4 and 5 stars; thousandths of a star on average, 0 without any; and what lists are sorted by.
alter table products add column ratings integer[] not null default '{0,0,0,0,0}';
alter table products add column rating_average integer not null default 0;
alter table products add column rating_rank integer not null default 3500;

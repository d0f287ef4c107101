-- What a merchant wants searches and collections to show first, last or not at all.
create table catalog_ranking_rules (
  tenant_id text not null,
  id text not null,
  version bigint not null,
  rule jsonb not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (tenant_id, id)
);

-- Grows with every change of a rule: who pages through a list notices that its order has become another.
alter table catalog_search_settings add column rules_version bigint not null default 0;

-- How a shop's merchant wants it to be searched. A shop without a row has never said anything.
create table catalog_search_settings (
  tenant_id text not null,
  version bigint not null,
  synonyms jsonb not null,
  updated_at timestamptz not null,
  primary key (tenant_id)
);

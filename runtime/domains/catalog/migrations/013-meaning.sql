-- What words mean in a shop, as learned from its catalogue (`meaning/model.ts`). A shop that is too large for it has no row.
create table catalog_meaning_models (
  tenant_id text not null,
  -- grows with each learning; vectors of another version cannot be compared
  version bigint not null,
  -- grows with each change of a vector: who keeps them reads them again
  changes bigint not null,
  -- it was learned from
  products integer not null,
  -- [word, rarity], in the order of their contexts
  words jsonb not null,
  contexts bytea not null,
  learned_at timestamptz not null,
  primary key (tenant_id)
);

create table catalog_meanings (
  tenant_id text not null,
  product_id text not null,
  model_version bigint not null,
  -- of what it says: nothing is worked out anew because stock has come or gone
  text_hash text not null,
  vector bytea not null,
  primary key (tenant_id, product_id)
);

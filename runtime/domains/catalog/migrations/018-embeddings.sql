-- What texts mean by the configured model (`meaning/embed.ts`), by a hash of what they say: a text is paid for once.
create table catalog_embeddings (
  tenant_id text not null,
  -- the model and its dimensions; vectors of another one cannot be compared
  space text not null,
  text_hash text not null,
  -- a byte for each number; empty: the model refuses the text; null: it is being asked
  vector bytea,
  -- until then nobody else asks
  claimed_until timestamptz not null,
  made_at timestamptz not null,
  primary key (tenant_id, space, text_hash)
);

-- What a day has cost so far.
create table catalog_embedding_uses (
  tenant_id text not null,
  day date not null,
  texts integer not null,
  primary key (tenant_id)
);

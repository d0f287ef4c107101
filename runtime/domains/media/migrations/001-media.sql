-- What a merchant has brought: pictures by their content, whoever shows them.
create table media_assets (
  tenant_id text not null,
  -- names the content: its bytes never change
  id text not null,
  -- `leaving`: taken out of the library; its bytes go when nothing shows it
  state text not null check (state in ('ready', 'leaving')),
  name text not null,
  content_type text not null,
  size bigint not null,
  -- as it is shown; null: an SVG that does not say
  width integer,
  height integer,
  pages integer not null,
  -- key in bucket `originals`: <upload that brought it>/<id>
  object text not null,
  -- null: nothing was there to scan it
  scanned_by text,
  created_at timestamptz not null,
  primary key (tenant_id, id)
);
create index media_assets_newest on media_assets (tenant_id, created_at desc, id desc);

-- What is said of it to who does not see it.
create table media_texts (
  tenant_id text not null,
  asset_id text not null,
  locale text not null,
  alt text not null,
  primary key (tenant_id, asset_id, locale),
  foreign key (tenant_id, asset_id) references media_assets (tenant_id, id) on delete cascade
);

create table media_uploads (
  tenant_id text not null,
  id text not null,
  state text not null check (state in ('pending', 'ready', 'refused', 'expired')),
  name text not null,
  -- as announced
  content_type text not null,
  size bigint not null,
  alt text not null,
  -- of the ticket in its address, SHA-256 in hex; null: the store's own address
  ticket text,
  expires_at timestamptz not null,
  -- why it was refused: a word for programs and a sentence for people
  reason text,
  explanation text,
  -- id of what came, once it has been examined: it may lie in bucket `originals` from then on
  content text,
  asset_id text,
  created_at timestamptz not null,
  primary key (tenant_id, id)
);
create index media_uploads_old on media_uploads (tenant_id, created_at);

-- One row a tenant, changed in the transaction that changes what it counts.
create table media_usage (
  tenant_id text not null,
  -- of media_assets
  bytes bigint not null check (bytes >= 0),
  -- announced by uploads that are pending
  reserved bigint not null check (reserved >= 0),
  primary key (tenant_id)
);

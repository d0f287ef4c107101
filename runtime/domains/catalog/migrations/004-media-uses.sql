-- Which products and collections show a picture of the media library: it is not deleted while one does.
create table catalog_media_uses (
  tenant_id text not null,
  media_id text not null,
  kind text not null check (kind in ('product', 'collection')),
  -- of the product or collection
  used_by text not null,
  primary key (tenant_id, kind, used_by, media_id)
);
create index catalog_media_uses_by_picture on catalog_media_uses (tenant_id, media_id);

-- Renditions of pictures that are kept in the blob store: what there is, how much, and when it was last asked for.
create table picture_renditions (
  tenant_id text not null,
  -- of its object in bucket `renditions`: <bucket>/<id of the original>/<size, cut, quality>.<format>
  key text not null,
  size bigint not null,
  used_on date not null,
  primary key (tenant_id, key)
);
create index picture_renditions_unused on picture_renditions (tenant_id, used_on, key);

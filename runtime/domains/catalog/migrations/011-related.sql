-- What the merchant says goes with a product. One that is mutual stands for both of the two, in one row.
create table catalog_related (
  tenant_id text not null,
  product_id text not null,
  kind text not null check (kind in ('cross_sell', 'up_sell', 'accessory')),
  related_id text not null,
  -- the merchant's order
  place smallint not null,
  mutual boolean not null,
  primary key (tenant_id, product_id, kind, related_id),
  foreign key (tenant_id, product_id) references products (tenant_id, id) on delete cascade,
  foreign key (tenant_id, related_id) references products (tenant_id, id) on delete cascade
);
create index catalog_related_by_other on catalog_related (tenant_id, related_id, kind);

-- Grows with each change of what goes with it.
alter table products add column related_version integer not null default 0;

-- What bundles are made of, as the catalogue says: they have no stock of their own.
create table orders_bundle_parts (
  tenant_id text not null,
  bundle_id text not null,
  part_id text not null,
  position smallint not null,
  -- Units of it in one bundle.
  quantity integer not null check (quantity > 0),
  primary key (tenant_id, bundle_id, part_id)
);
create index orders_bundle_parts_by_part on orders_bundle_parts (tenant_id, part_id);

alter table orders_variants add column bundle boolean not null default false;
-- Of a bundle: the availability that others were told last.
alter table orders_variants add column told text;
-- Whether bundles are made of it: who changes how many are free tells of them too. Others are never asked for more than this.
alter table orders_stock add column bundled boolean not null default false;
-- Of a bundle: what is in one of it, as it was sold, with the units that have left or were given up.
-- [{"variantId": "…", "productId": "…", "title": "…", "quantity": 2, "price": 1999, "shipped": 0, "cancelled": 0}]
alter table orders_order_lines add column parts jsonb;

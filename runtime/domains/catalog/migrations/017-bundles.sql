-- What variants are made of that are bundles, as their products' documents say it: for looking it up from the other side.
create table catalog_bundle_parts (
  tenant_id text not null,
  bundle_id text not null,
  product_id text not null,
  component_id text not null,
  -- It costs what these cost together, less a share.
  priced_by_parts boolean not null,
  primary key (tenant_id, bundle_id, component_id),
  foreign key (tenant_id, product_id) references products (tenant_id, id) on delete cascade
);
create index catalog_bundle_parts_by_component on catalog_bundle_parts (tenant_id, component_id);
create index catalog_bundle_parts_by_product on catalog_bundle_parts (tenant_id, product_id);

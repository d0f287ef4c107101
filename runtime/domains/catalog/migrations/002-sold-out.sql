-- What orders have told of stock, for the filter `available` only. No foreign key: the variant may be gone already.
create table sold_out_variants (
  tenant_id text not null,
  variant_id text not null,
  primary key (tenant_id, variant_id)
);

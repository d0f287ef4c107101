-- of the product, as the index knows it: of two tasks that tell what changed, the later one to write may be the one that read earlier
alter table catalog_meanings add column version bigint not null default 0;

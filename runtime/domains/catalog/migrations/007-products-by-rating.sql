-- The list that begins with what is rated best.
create index concurrently if not exists products_by_rating on products (tenant_id, visible, rating_rank, id);

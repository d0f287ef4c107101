-- Whether a guest has ordered before.
create index concurrently if not exists orders_orders_by_email on orders_orders (tenant_id, lower(email));

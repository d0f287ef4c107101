-- The cart that a customer left elsewhere.
create index concurrently if not exists orders_carts_by_customer on orders_carts (tenant_id, customer_id) where customer_id is not null;

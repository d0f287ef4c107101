-- What the members of a company see of its orders.
create index concurrently if not exists orders_orders_by_company on orders_orders (tenant_id, (company ->> 'id'), id)
  where company is not null;

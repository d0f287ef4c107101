-- The order that a company's money was set aside for.
create index concurrently if not exists orders_orders_by_spending on orders_orders (tenant_id, (company ->> 'spendingId'))
  where company is not null;

-- All payments of an order.
create index concurrently if not exists payments_payments_by_order on payments_payments (tenant_id, order_id);

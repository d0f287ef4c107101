-- One task a tenant looks for holds that are over; it must find them, and the next one, without reading every open order.
create index orders_orders_due on orders_orders (tenant_id, hold_expires_at) where status = 'pending_payment';

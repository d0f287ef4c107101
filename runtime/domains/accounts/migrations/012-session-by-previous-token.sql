-- Whose token it was before.
create index concurrently if not exists customer_sessions_by_previous on customer_sessions (tenant_id, previous_hash) where previous_hash is not null;

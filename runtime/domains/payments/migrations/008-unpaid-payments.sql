-- Payments that no payout has had yet.
create index concurrently if not exists payments_payments_unpaid on payments_payments (tenant_id, created_at)
  where status = 'captured' and payout_id is null;

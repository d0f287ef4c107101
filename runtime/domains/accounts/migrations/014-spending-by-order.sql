-- What edits of one order took of a limit.
create index concurrently if not exists company_spending_by_order on company_spending (tenant_id, of_spending)
  where of_spending is not null;

-- For whom an order was bought: {"id", "name", "spendingId", "purchaseOrder", "dueAt"}; without: for nobody but its customer.
alter table orders_orders add column company jsonb;
alter table orders_orders add column company_id text generated always as (company ->> 'id') stored;
create index orders_orders_by_company on orders_orders (tenant_id, company_id, id) where company_id is not null;
create index orders_orders_by_spending on orders_orders (tenant_id, (company ->> 'spendingId')) where company_id is not null;

-- Whose company asked for a quote: it is for its members to take.
alter table orders_drafts add column company_id text;

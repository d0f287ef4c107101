-- For whom an order was bought: {"id", "name", "spendingId", "purchaseOrder", "dueAt"}; without: for nobody but its customer.
alter table orders_orders add column company jsonb;

-- Whose company asked for a quote: it is for its members to take.
alter table orders_drafts add column company_id text;

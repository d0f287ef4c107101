-- Customers who want to be forgotten. The row goes with them; what was removed where is on the receipt of the erasure.
create table customer_erasure_requests (
  tenant_id text not null,
  customer_id text not null,
  asked_at timestamptz not null,
  primary key (tenant_id, customer_id)
);
create index customer_erasure_requests_in_order on customer_erasure_requests (tenant_id, asked_at, customer_id);

-- contracts: nothing was released that writes a payment under its order alone.
-- A payment has an id of its own: an order may have several. The first, the checkout's, is called as the order is. (A change of type
-- computes the column for every tenant's rows; an UPDATE would see none under their row-level security.)
alter table payments_payments add column id text;
alter table payments_payments alter column id type text using 'pay_' || substr(order_id, 5);
alter table payments_payments alter column id set not null;
alter table payments_payments drop constraint payments_payments_pkey;
alter table payments_payments add constraint payments_payments_pkey primary key (tenant_id, id);

-- A refund may be taken from several of an order's payments: a row for each.
alter table payments_refunds add column payment_id text;
alter table payments_refunds alter column payment_id type text using 'pay_' || substr(order_id, 5);
alter table payments_refunds alter column payment_id set not null;
alter table payments_refunds drop constraint payments_refunds_pkey;
alter table payments_refunds add constraint payments_refunds_pkey primary key (tenant_id, order_id, key, payment_id);

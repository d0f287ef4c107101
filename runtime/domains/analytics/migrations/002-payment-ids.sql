-- contracts: nothing was released that counts a payment under its order alone.
-- An order may have several payments. (A change of type computes the column for every tenant's rows.)
alter table analytics_payments add column payment_id text;
alter table analytics_payments alter column payment_id type text using 'pay_' || substr(order_id, 5);
alter table analytics_payments alter column payment_id set not null;
alter table analytics_payments drop constraint analytics_payments_pkey;
alter table analytics_payments add constraint analytics_payments_pkey primary key (tenant_id, payment_id);

-- A shopper who pays otherwise leaves the intent for another: how many were left.
alter table payments_payments add column attempt integer not null default 0;

-- Of a provider that makes no payouts the closed days of its ledger are compared. A day comes to what its entries come to.
alter table payments_payouts add column kind text not null default 'payout';

-- A refund of what a bank contests waits until it has decided. `lost`: of its amount, what the bank took back meanwhile, so that nobody pays it again.
alter table payments_refunds drop constraint payments_refunds_state_check;
alter table payments_refunds add constraint payments_refunds_state_check check (state = any ('{waiting, requested, done}')) not valid;
alter table payments_refunds add column lost bigint not null default 0;
alter table payments_refunds add constraint payments_refunds_lost_within check (lost >= 0 and lost <= amount) not valid;

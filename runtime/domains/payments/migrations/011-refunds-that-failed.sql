-- What was sent back and failed later, as when the card is closed: it is with the shop again. `refunded` is what stayed back.
alter table payments_payments add column bounced bigint not null default 0;

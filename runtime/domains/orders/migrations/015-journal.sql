-- What each change made of an order: with it the history is a journal, and the order's row what its entries come to. Null in entries from
-- before.
alter table orders_history add column change jsonb;
-- Worth telling although the status stayed.
alter table orders_history add column noted boolean not null default false;

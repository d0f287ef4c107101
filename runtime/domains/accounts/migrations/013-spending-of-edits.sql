-- What an edit makes an order dearer by is set aside beside what the order was made with: by that row's id.
alter table company_spending add column of_spending text;

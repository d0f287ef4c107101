-- What a product is and who makes it: of what was heard before, as soon as the catalogue says something of it again.
alter table recommendations_products add column type text not null default '', add column vendor text not null default '';

-- Titles, descriptions and what search engines read, by locale; those of products are in their document.
alter table collections add column translations jsonb not null default '{}';

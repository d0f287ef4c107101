create table shelves (
  tenant_id text not null,
  id text not null,
  label text not null,
  primary key (tenant_id, id)
);
create table books (
  tenant_id text not null,
  id text not null,
  shelf_id text not null,
  title text not null,
  primary key (tenant_id, id),
  foreign key (tenant_id, shelf_id) references shelves (tenant_id, id)
);
create index books_by_title on books using gin (title gin_trgm_ops);
create table journal (
  tenant_id text not null,
  id text not null,
  primary key (tenant_id, id)
);
create table units (
  code text primary key
);
insert into units values ('cm'), ('in');

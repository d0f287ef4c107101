-- JSON documents, where no document store is configured.
create table documents (
  tenant_id text not null,
  collection text not null,
  id text collate "C" not null,
  version text not null,
  body jsonb not null,
  primary key (tenant_id, collection, id)
);

-- What documents can be found by. An index on the body itself would not be used: below row-level security PostgreSQL gives the server's
-- rows to leakproof operators only, and jsonb's containment is none; equality of text is.
create table document_fields (
  tenant_id text not null,
  collection text not null,
  field text not null,
  -- As JSON, so that 1 and "1" differ.
  value text not null,
  id text collate "C" not null,
  primary key (tenant_id, collection, id, field)
);
create index document_fields_by_value on document_fields (tenant_id, collection, field, value, id);

-- The search port's own documents, for what has no table that could be searched itself.
create table search_documents (
  tenant_id text not null,
  index_name text not null,
  id text not null,
  version bigint not null,
  -- stays for a while, so that an older version does not bring it back
  gone boolean not null,
  search tsvector not null,
  search_text text not null,
  keywords jsonb not null,
  numbers jsonb not null,
  -- of the last write, or of the last rebuilding that found it
  seen_at timestamptz not null,
  primary key (tenant_id, index_name, id)
);
create index search_documents_search on search_documents using gin (search);
create index search_documents_by_age on search_documents (tenant_id, index_name, seen_at);

do $$
begin
  if exists (select 1 from pg_extension where extname = 'pg_trgm') then
    create index search_documents_text on search_documents using gin (search_text gin_trgm_ops);
  end if;
end
$$;

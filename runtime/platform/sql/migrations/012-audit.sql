-- What merchants and their programs changed. Each entry's hash is SHA-256 of the hash before it, its number (8 bytes, the highest
-- first) and its text: whoever changes, takes out or puts in an entry has to change all that came after it, and the head.
create table audit_entries (
  tenant_id text not null,
  seq bigint not null,
  entry text not null,
  hash bytea not null,
  primary key (tenant_id, seq)
);
create table audit_heads (
  tenant_id text not null,
  seq bigint not null,
  hash bytea not null,
  primary key (tenant_id)
);

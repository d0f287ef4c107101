-- The base backups in the archive, oldest first: name, endedAt, bytes. Run with search_path set to platform.
alter table archive add column bases jsonb not null default '[]';

-- Backups that somebody asked for, and what is known of the archive. Run with search_path set to platform.
alter table operations drop constraint operations_kind_check;
alter table operations add constraint operations_kind_check
  check (kind = any ('{backup,restore,export,erase,drill,failover}'::text[])) not valid;

-- What keeps the archive from going on, in a sentence; null while nothing does.
alter table archive add column problem text;
-- The youngest hole: no moment after gap_from and before gap_to can be restored to.
alter table archive add column gap_from timestamptz;
alter table archive add column gap_to timestamptz;
-- The oldest moment that can be restored to.
alter table archive add column since timestamptz;

-- What happened, where no store for analytics is configured.
create table facts (
  tenant_id text not null,
  -- The writer's; the same batch twice counts once.
  batch text collate "C" not null,
  place integer not null,
  kind text not null,
  at timestamptz not null,
  -- Pseudonyms; empty: nobody's.
  subject text not null,
  session text not null,
  unit text not null,
  dimensions jsonb not null,
  value_0 bigint not null,
  value_1 bigint not null,
  primary key (tenant_id, batch, place)
);
create index facts_by_time on facts (tenant_id, kind, at);

-- Counts and sums by quarters of an hour: of each kind as a whole (dimension '') and of each value of its dimensions.
create table fact_rollups (
  tenant_id text not null,
  kind text not null,
  unit text not null,
  dimension text not null,
  slot timestamptz not null,
  value text collate "C" not null,
  count bigint not null,
  sum_0 bigint not null,
  sum_1 bigint not null,
  primary key (tenant_id, kind, unit, dimension, slot, value)
) with (fillfactor = 80);

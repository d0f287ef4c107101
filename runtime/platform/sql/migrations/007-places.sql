-- contracts: nothing was released before; whoever tried it keeps what waits, and Pods that still run the former tables fail until they are replaced.

-- What transactions promised: the outbox, with a row for each run of one topic. A row an event cost more than everything else that
-- happens to it. It lies in the page itself, where it is not compressed either: it is gone in a moment.
create table promised_events (
  tenant_id text not null,
  -- Microseconds since 1970. clock_timestamp(), not now(): an event whose key was locked by an earlier transaction must sort after that one's.
  at bigint not null default (extract(epoch from clock_timestamp()) * 1000000)::bigint,
  -- Of its first event.
  id text not null,
  topic text not null,
  -- [[id, type, key, payload, trace?], …], in their order; as they were written, which jsonb would not keep.
  events json not null,
  size integer not null,
  -- Of its first event, the others follow. Given once, before it is sent for the first time; whoever sends it again, sends it with these.
  place bigint,
  -- Of the topic in Kafka, when the place was given: whatever is sent again goes to the partition where it may be already.
  partitions integer,
  primary key (tenant_id, at, id)
) with (toast_tuple_target = 8160);
alter table outbox no force row level security;
insert into promised_events (tenant_id, at, id, topic, events, size)
  select tenant_id, (extract(epoch from created_at) * 1000000)::bigint, id, topic, json_build_array(json_build_array(id, type, key, payload, trace)), 1
  from outbox;
drop table outbox;

-- The last place a relay gave an event of the tenant. Places grow, also over a restore of the tenant to an earlier time: they are not
-- below the clock's microseconds.
alter table event_heads add column placed bigint not null default 0;

-- How far a consumer has handled what came to it of one partition of Kafka: events of lower places are repetitions.
-- Little is written again and again: the room is for the next version of the row in the same page.
create table consumer_marks (
  tenant_id text not null,
  consumer text not null,
  source text not null,
  place bigint not null,
  -- What it was until the last transaction.
  before bigint not null,
  primary key (tenant_id, consumer, source)
) with (fillfactor = 50);
drop table inbox;

-- One form of a parked event, whoever carries events.
alter table parked_events no force row level security;
alter table event_log no force row level security;
insert into parked_messages (tenant_id, consumer, event_id, topic, type, key, payload, trace, occurred_at, place, attempts, run_at, error)
  select p.tenant_id, p.consumer, e.id, e.topic, e.type, e.key, e.payload, e.trace, e.occurred_at, p.position, p.attempts, p.run_at, p.error
  from parked_events p join event_log e on e.tenant_id = p.tenant_id and e.position = p.position;
alter table event_log force row level security;
drop table parked_events;

-- contracts: nothing was released before; whoever tried it keeps what waits, and Pods that still run the former tables fail until they are replaced.

-- Which rows of the outbox have places, and which: they are, or will soon be, on their way to Kafka. One short row is written again for a
-- batch of them; a place in each row itself wrote the whole row twice.
alter table event_heads
  add column flight_at bigint[] not null default '{}',
  add column flight_id text[] not null default '{}',
  add column flight_place bigint[] not null default '{}',
  add column flight_partitions integer[] not null default '{}';
-- It is written again and again: the room is for the next version in the same page.
alter table event_heads set (fillfactor = 50);

alter table event_heads no force row level security;
alter table promised_events no force row level security;
update event_heads h set flight_at = f.at, flight_id = f.id, flight_place = f.place, flight_partitions = f.partitions
  from (
    select tenant_id, array_agg(at order by place) as at, array_agg(id order by place) as id,
      array_agg(place order by place) as place, array_agg(partitions order by place) as partitions
    from promised_events where place is not null and partitions is not null group by tenant_id
  ) f where f.tenant_id = h.tenant_id;
alter table promised_events drop column place, drop column partitions;

-- [{"key", "id", "type", "data", "trace"?}, …], each on a line of its own: a relay hands them on without reading them.
update promised_events p set events = (
  select ('[' || chr(10) || string_agg(
      '{"key":' || (e.event -> 2)::text || ',"id":' || (e.event -> 0)::text || ',"type":' || (e.event -> 1)::text || ',"data":' || (e.event -> 3)::text
      || case when e.event ->> 4 is null then '' else ',"trace":' || (e.event -> 4)::text end || '}',
      ',' || chr(10) order by e.nth) || chr(10) || ']')::json
  from json_array_elements(p.events) with ordinality as e (event, nth));
alter table promised_events force row level security;
alter table event_heads force row level security;

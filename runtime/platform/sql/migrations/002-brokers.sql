-- Where Kafka carries the events, one process at a time hands a tenant's outbox over; two would publish the same rows twice,
-- which consumers notice by the events' ids, but which costs. Whoever was killed loses its turn when the time is over.
alter table event_heads add column relay text, add column relay_until timestamptz;

-- As parked_events, for events that live in a broker and not in event_log: the consumer's place moves on, they wait here.
create table parked_messages (
  tenant_id text not null,
  consumer text not null,
  event_id text not null,
  topic text not null,
  type text not null,
  key text not null,
  payload jsonb not null,
  trace text,
  occurred_at timestamptz not null,
  -- Place in the broker's log: tells two events of a key apart that happened in the same millisecond.
  place bigint not null,
  attempts integer not null,
  run_at timestamptz not null,
  error text,
  primary key (tenant_id, consumer, event_id)
);
create index parked_messages_by_key on parked_messages (tenant_id, consumer, topic, key, occurred_at, place);

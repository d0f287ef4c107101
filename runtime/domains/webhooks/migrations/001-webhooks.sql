-- Where a merchant's servers are told of what happens.
create table webhooks_subscriptions (
  tenant_id text not null,
  id text collate "C" not null,
  url text not null,
  description text not null,
  -- Types of events, or how they begin: orders.order.placed, orders.*, *.
  events text[] not null,
  enabled boolean not null,
  -- Who switched it off: the merchant, its own answer (gone), or days without success (failing).
  disabled_because text check (disabled_because in ('merchant', 'gone', 'failing')),
  disabled_at timestamptz,
  -- Sealed, bound to tenant and id.
  secret bytea not null,
  -- The one before it, which signs as well until then.
  former_secret bytea,
  former_until timestamptz,
  -- Attempts without success since the last one that had any, and when the first of them was.
  failures integer not null default 0,
  failing_since timestamptz,
  -- From when on it hears, by the server's clock, as events have their time; to the millisecond, as that is read.
  since timestamptz not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (tenant_id, id)
);

-- What is told: once for each event that anybody wants to hear of, however many do.
create table webhooks_messages (
  tenant_id text not null,
  id text collate "C" not null,
  -- The event's id, or the ping's.
  source text not null,
  type text not null,
  -- The body as it is signed and sent, to the letter: json keeps it.
  body json not null,
  created_at timestamptz not null,
  primary key (tenant_id, id),
  unique (tenant_id, source)
);
create index webhooks_messages_by_age on webhooks_messages (tenant_id, created_at);

-- A message on its way to a subscription.
create table webhooks_deliveries (
  tenant_id text not null,
  id text collate "C" not null,
  message_id text collate "C" not null,
  subscription_id text collate "C" not null,
  -- Of the event: what is first sent of one key is sent in order.
  key text not null,
  state text not null check (state in ('waiting', 'delivered', 'failed')),
  -- Begun, since it was made or replayed.
  attempts integer not null default 0,
  -- When it may be taken; of one that is being sent, when whoever took it is given up.
  next_at timestamptz not null,
  sending boolean not null default false,
  -- Grows with each taking: who was given up writes nothing any more.
  fence bigint not null default 0,
  -- How the last attempts ended.
  history jsonb not null default '[]',
  created_at timestamptz not null,
  ended_at timestamptz,
  primary key (tenant_id, id),
  unique (tenant_id, message_id, subscription_id),
  foreign key (tenant_id, message_id) references webhooks_messages (tenant_id, id) on delete cascade
);
create index webhooks_deliveries_due on webhooks_deliveries (tenant_id, subscription_id, next_at, id) where state = 'waiting';
create index webhooks_deliveries_by_key on webhooks_deliveries (tenant_id, subscription_id, key, id) where state = 'waiting';
create index webhooks_deliveries_sending on webhooks_deliveries (tenant_id, subscription_id) where sending;
create index webhooks_deliveries_of_subscription on webhooks_deliveries (tenant_id, subscription_id, id);

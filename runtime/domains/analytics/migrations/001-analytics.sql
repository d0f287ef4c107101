-- What was heard of and is not in the analytics store yet. A row is what came at once: an event, or a page's message.
create table analytics_intake (
  tenant_id text not null,
  -- The event's id, or the message's: what comes twice is taken in once, for as long as the row is kept.
  id text collate "C" not null,
  facts jsonb not null,
  received_at timestamptz not null,
  -- The batch it went into; never changed, so that a batch that is sent again is the same.
  batch text,
  shipped_at timestamptz,
  primary key (tenant_id, id)
);
create index analytics_intake_waiting on analytics_intake (tenant_id, received_at) where shipped_at is null;
create index analytics_intake_shipped on analytics_intake (tenant_id, shipped_at) where shipped_at is not null;

-- Whose a pseudonym is. Chance made it, so that with its row goes the only way back from facts to a person.
create table analytics_people (
  tenant_id text not null,
  -- A customer's id, or a guest's e-mail address.
  person text not null,
  subject text not null,
  primary key (tenant_id, person)
);

-- What products are called, as the catalogue said last.
create table analytics_products (
  tenant_id text not null,
  product_id text not null,
  version bigint not null,
  title text not null,
  vendor text not null,
  type text not null,
  primary key (tenant_id, product_id)
);

-- How much was paid and returned for an order as far as it was counted: events tell totals, facts tell what was added.
create table analytics_payments (
  tenant_id text not null,
  order_id text not null,
  captured bigint not null,
  refunded bigint not null,
  primary key (tenant_id, order_id)
);

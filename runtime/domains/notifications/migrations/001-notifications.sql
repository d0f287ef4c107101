-- Where somebody can be reached, and what they want to hear there.
create table notifications_contacts (
  tenant_id text not null,
  id text collate "C" not null,
  channel text not null check (channel in ('mail', 'sms', 'push')),
  -- Lower-case e-mail address, E.164 number, or endpoint of a browser.
  address text not null,
  customer_id text,
  name text not null,
  locale text,
  -- By category: on, off, daily. What is absent was never chosen.
  preferences jsonb not null,
  -- Of a browser its keys; of a telephone the code it has to confirm.
  details jsonb not null,
  state text not null check (state in ('active', 'pending', 'suppressed')),
  -- Of a suppressed one: bounced, complained, gone, merchant.
  reason text,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (tenant_id, id),
  unique (tenant_id, channel, address)
);
create index notifications_contacts_by_customer on notifications_contacts (tenant_id, customer_id) where customer_id is not null;

-- What was to be told to whom, and what became of it.
create table notifications_deliveries (
  tenant_id text not null,
  id text collate "C" not null,
  -- What it is about: an event's id, or the key of whoever asked for it. Told once to each contact.
  source text not null,
  kind text not null,
  channel text not null,
  contact_id text not null,
  variables jsonb not null,
  state text not null check (state in ('waiting', 'gathered', 'digested', 'sent', 'declined', 'suppressed', 'bounced', 'failed')),
  -- Failed tries so far, and what the last one said.
  attempts integer not null,
  problem text,
  locale text,
  subject text,
  provider text,
  reference text,
  digest_id text,
  created_at timestamptz not null,
  ended_at timestamptz,
  primary key (tenant_id, id),
  unique (tenant_id, source, kind, contact_id),
  foreign key (tenant_id, contact_id) references notifications_contacts (tenant_id, id) on delete cascade
);
create index notifications_deliveries_by_contact on notifications_deliveries (tenant_id, contact_id, ended_at);
create index notifications_deliveries_gathered on notifications_deliveries (tenant_id, contact_id) where state = 'gathered';

-- Templates of the merchant's own, in place of the built-in ones.
create table notifications_templates (
  tenant_id text not null,
  kind text not null,
  channel text not null,
  locale text not null,
  version integer not null,
  subject text,
  html text,
  body text not null,
  updated_at timestamptz not null,
  primary key (tenant_id, kind, channel, locale)
);

create table notifications_settings (
  tenant_id text not null,
  settings jsonb not null,
  -- Signs the links in messages.
  key bytea not null,
  primary key (tenant_id)
);

-- Whom an order is to be talked about with: payments know its number only.
create table notifications_orders (
  tenant_id text not null,
  order_id text not null,
  number text,
  email text,
  customer_id text,
  -- A payment that was heard of before its order.
  paid jsonb,
  primary key (tenant_id, order_id)
);

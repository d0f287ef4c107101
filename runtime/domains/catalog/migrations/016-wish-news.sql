-- What has become of things that somebody waits for and is to be told: a row for each variant that has come back or costs less.
create table catalog_wish_news (
  tenant_id text not null,
  kind text not null check (kind in ('back', 'cheaper')),
  variant_id text not null,
  -- empty: it is not being told yet, and what happens of it meanwhile is the same news
  round text not null,
  -- by currency what it cost before, where it costs less
  before jsonb,
  at timestamptz not null,
  primary key (tenant_id, round, kind, variant_id)
);

-- Who wants to be told, once, when one thing is back: a customer, or whoever has the mailbox.
create table catalog_stock_alerts (
  tenant_id text not null,
  id text not null,
  variant_id text not null,
  customer_id text,
  -- in lower case
  email text,
  locale text,
  -- of the link in the mails to the mailbox
  token text,
  asked_at timestamptz not null,
  -- of a mailbox: which of the few questions that wait for its answer at a time
  slot integer,
  -- how often the mailbox was asked whether it wants this, and when last
  mails integer not null,
  mailed_at timestamptz,
  -- null: the mailbox has not answered yet
  confirmed_at timestamptz,
  -- the round that tells of it, from when on it cannot be taken back
  round text,
  primary key (tenant_id, id),
  check ((customer_id is null) <> (email is null))
);
create unique index catalog_stock_alerts_of_customers on catalog_stock_alerts (tenant_id, customer_id, variant_id) where customer_id is not null;
create unique index catalog_stock_alerts_of_mailboxes on catalog_stock_alerts (tenant_id, email, variant_id) where email is not null;
create unique index catalog_stock_alerts_by_token on catalog_stock_alerts (tenant_id, token) where token is not null;
create unique index catalog_stock_alerts_slots on catalog_stock_alerts (tenant_id, email, slot) where confirmed_at is null;
create index catalog_stock_alerts_by_variant on catalog_stock_alerts (tenant_id, variant_id, id) where confirmed_at is not null;
create index catalog_stock_alerts_unanswered on catalog_stock_alerts (tenant_id, asked_at) where confirmed_at is null;

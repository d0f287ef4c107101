-- Feature flags, whole as the merchant wrote them.
create table marketing_flags (
  tenant_id text not null,
  key text not null,
  version integer not null,
  flag jsonb not null,
  updated_at timestamptz not null,
  primary key (tenant_id, key)
);

create table marketing_experiments (
  tenant_id text not null,
  id text collate "C" not null,
  flag_key text not null,
  state text not null check (state in ('draft', 'running', 'ended')),
  plan jsonb not null,
  -- Evidence of those who were counted.
  seen jsonb not null,
  created_at timestamptz not null,
  started_at timestamptz,
  ended_at timestamptz,
  ended_by text check (ended_by in ('merchant', 'guard', 'mismatch')),
  primary key (tenant_id, id)
);
-- One experiment gives a flag out at a time.
create unique index marketing_experiments_running on marketing_experiments (tenant_id, flag_key) where state = 'running';

-- Who saw which variant first, and when.
create table marketing_exposures (
  tenant_id text not null,
  experiment_id text not null,
  -- A digest: whose it is, only whoever knows the person can tell.
  subject text not null,
  variant text not null,
  at timestamptz not null,
  -- Their time was over, and they are in the evidence.
  counted boolean not null,
  primary key (tenant_id, experiment_id, subject)
);
create index marketing_exposures_due on marketing_exposures (tenant_id, experiment_id, at) where not counted;
create index marketing_exposures_by_subject on marketing_exposures (tenant_id, subject);

-- What they did in their time, each thing once.
create table marketing_goals (
  tenant_id text not null,
  experiment_id text not null,
  subject text not null,
  goal text not null,
  at timestamptz not null,
  primary key (tenant_id, experiment_id, subject, goal)
);

-- Orders that a page said were its visitor's, and what became of orders of which nobody has said so yet.
create table marketing_orders (
  tenant_id text not null,
  order_id text not null,
  subject text,
  goals text[] not null,
  at timestamptz not null,
  primary key (tenant_id, order_id)
);
create index marketing_orders_by_age on marketing_orders (tenant_id, at);

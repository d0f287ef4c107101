-- What a merchant has said of shipping and of taxes; without a row, the usual holds.
create table orders_rules (
  tenant_id text not null,
  kind text not null check (kind in ('shipping', 'taxes')),
  version integer not null,
  rules jsonb not null,
  updated_at timestamptz not null,
  primary key (tenant_id, kind)
);

alter table orders_orders add column shipping_title text;
alter table orders_orders add column shipping_tax bigint not null default 0;
alter table orders_orders add column tax_included boolean not null default true;
-- By rate; empty for orders of one rate that were placed before there were more.
alter table orders_orders add column tax_parts jsonb not null default '[]';
alter table orders_order_lines add column tax bigint not null default 0;
alter table orders_order_lines add column tax_rate integer not null default 0;

-- What mail, SMS and push have taken where no provider is set up: to be looked at, sent to nobody.
create table sent_messages (
  tenant_id text not null,
  -- The sender's: sent again it is the same message.
  id text collate "C" not null,
  channel text not null check (channel in ('mail', 'sms', 'push')),
  recipient text not null,
  message jsonb not null,
  at timestamptz not null,
  primary key (tenant_id, id)
);
create index sent_messages_by_time on sent_messages (tenant_id, at desc, id desc);

-- A room and how far its messages go. Whoever writes into it locks its row first: sequences have no gap, and their order is the order
-- of commits.
create table chat_rooms (
  tenant_id text not null,
  id text not null,
  kind text not null check (kind in ('support', 'group', 'assistant')),
  -- Whether customers come in by themselves, or only whom a member has let in.
  access text not null check (access in ('members', 'open')),
  title text not null,
  -- Null: erased.
  created_by text,
  -- What its creator calls it: asked for twice, it is made once. Of support and assistant there is one that is open.
  key text not null,
  created_at timestamptz not null,
  -- In steps of minutes, so that most messages leave the index alone (and the update stays in its page).
  active_at timestamptz not null,
  closed_at timestamptz,
  last_seq bigint not null default 0,
  -- Grows with each change of who may write: what a process has read before is read again.
  rules bigint not null default 0,
  primary key (tenant_id, id)
) with (fillfactor = 60);
create unique index chat_rooms_keys on chat_rooms (tenant_id, created_by, key) where closed_at is null;
create index chat_rooms_active on chat_rooms (tenant_id, active_at desc, id);

-- Who is in it. The merchant's people are in every room, and have a row here once they have read or were muted.
create table chat_members (
  tenant_id text not null,
  room_id text not null,
  -- A customer's id; `gst_` and a digest of a guest's token; `merchant`; `assistant`.
  person text not null,
  role text not null check (role in ('owner', 'member')),
  joined_at timestamptz not null,
  read_seq bigint not null default 0,
  muted_until timestamptz,
  banned boolean not null default false,
  primary key (tenant_id, room_id, person)
) with (fillfactor = 80);
create index chat_members_person on chat_members (tenant_id, person, room_id);

create table chat_messages (
  tenant_id text not null,
  room_id text not null,
  seq bigint not null,
  sender text not null,
  -- The sender's own name for it: sent again, it is there once. Null: erased.
  client_id text,
  -- `text`; `removal`: the message of `ref` was taken down, and shows nothing any more; `notice`: something happened, `body` says what.
  kind text not null check (kind in ('text', 'removal', 'notice')),
  body text not null,
  attachments jsonb not null,
  ref bigint,
  at timestamptz not null,
  primary key (tenant_id, room_id, seq)
);
create unique index chat_messages_once on chat_messages (tenant_id, room_id, sender, client_id);

-- Files that were sent into a room, and may be shown to who is in it.
create table chat_attachments (
  tenant_id text not null,
  room_id text not null,
  id text not null,
  sender text not null,
  name text not null,
  content_type text not null,
  size bigint not null,
  at timestamptz not null,
  primary key (tenant_id, room_id, id)
);

create table chat_reports (
  tenant_id text not null,
  room_id text not null,
  seq bigint not null,
  reporter text not null,
  reason text not null,
  at timestamptz not null,
  settled_at timestamptz,
  primary key (tenant_id, room_id, seq, reporter)
);
create index chat_reports_open on chat_reports (tenant_id, at) where settled_at is null;

-- One row a tenant.
create table chat_settings (
  tenant_id text not null,
  blocked_words text[] not null,
  assistant boolean not null,
  greeting text not null,
  primary key (tenant_id)
);

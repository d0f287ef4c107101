-- What shoppers have brought, for something of another domain that shows it: painted anew, so that nothing of the file itself is kept.
create table media_shopper_pictures (
  tenant_id text not null,
  id text not null,
  -- null: whoever brought it was erased
  customer_id text,
  -- `leaving`: nobody shows it any more, and its bytes go; `erased`: so do they, as soon as the shop is told
  state text not null check (state in ('pending', 'ready', 'refused', 'leaving', 'erased')),
  -- as announced
  content_type text not null,
  -- as announced, and what is kept afterwards: counted in media_usage
  size bigint not null,
  -- of the ticket in its address, SHA-256 in hex
  ticket text not null,
  expires_at timestamptz not null,
  -- why it was refused: a word for programs and a sentence for people
  reason text,
  explanation text,
  width integer,
  height integer,
  -- key in bucket `shoppers`: <folder of whoever brought it>/<id>
  object text not null,
  -- null: nothing was there to scan it
  scanned_by text,
  created_at timestamptz not null,
  primary key (tenant_id, id)
);
create index media_shopper_pictures_of on media_shopper_pictures (tenant_id, customer_id);
create index media_shopper_pictures_erased on media_shopper_pictures (tenant_id, id) where state = 'erased';

-- Bytes of shoppers' pictures, those announced included.
alter table media_usage add column shoppers bigint not null default 0;

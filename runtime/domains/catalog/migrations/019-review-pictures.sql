-- Pictures of reviews. What they are lies in the media domain; here is which review shows them, and since when everybody may look.
create table catalog_review_pictures (
  tenant_id text not null,
  -- of the media domain
  id text not null,
  review_id text not null,
  position smallint not null,
  -- `waiting`: the merchant has not looked; `dropped`: given up, and nobody may claim it until the media domain has heard of that. No
  -- foreign key to the review: what it leaves behind has to be found when it is gone
  state text not null check (state in ('waiting', 'approved', 'dropped')),
  alt text not null,
  width integer not null,
  height integer not null,
  primary key (tenant_id, id)
);
create index catalog_review_pictures_of on catalog_review_pictures (tenant_id, review_id, position);
create index catalog_review_pictures_waiting on catalog_review_pictures (tenant_id, review_id) where state = 'waiting';

-- How many of its pictures everybody may see, once the review is published.
alter table catalog_reviews add column pictures smallint not null default 0;
-- How many a review may have; 0: none.
alter table catalog_review_settings add column most_pictures smallint not null default 5;

-- Which of somebody's sessions it is, however often its token is exchanged, and what it was begun with, as far as browsers say.
alter table customer_sessions add column id text, add column browser text, add column system text;
alter table staff_sessions add column browser text, add column system text;

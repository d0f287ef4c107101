-- A session's token is exchanged for the next one; by the one before it is seen that somebody else has it, too.
alter table customer_sessions add column previous_hash text;
alter table customer_sessions add column rotated_at timestamptz;

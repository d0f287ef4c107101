-- Where RabbitMQ carries the tasks, a waiting one has been handed to it, and is handed to it again after this time: a broker that
-- lost its memory, or a process that was killed in between, costs a delay and no task.
alter table tasks add column sent_until timestamptz;
create index tasks_unsent on tasks (tenant_id, run_at) where state = 'waiting' and sent_until is null;

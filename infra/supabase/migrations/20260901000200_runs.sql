-- The run log: one row per run of a task (`scheduler_logs`), one per finished sync, report or backup for the
-- old dashboards (`sync_logs`), the pause flags, and the domain events that wait for EventBridge.

create table if not exists public.scheduler_logs (
  id uuid primary key default gen_random_uuid(),
  task_name text not null,
  task_label text not null,
  started_at timestamptz not null default now(),
  completed_at timestamptz,
  duration_seconds integer,
  status text not null,
  message text,
  stats jsonb default '{}',
  triggered_by text default 'scheduler',
  triggered_by_user text,
  created_at timestamptz default now()
);

alter table public.scheduler_logs
  add column if not exists run_key text,
  add column if not exists correlation_id uuid,
  add column if not exists parent_run_id uuid,
  add column if not exists attempt integer not null default 1,
  add column if not exists part integer not null default 0,
  add column if not exists request_id text,
  add column if not exists lease_token uuid,
  add column if not exists lease_expires_at timestamptz,
  add column if not exists exclusion_group text,
  add column if not exists scheduled_for timestamptz,
  add column if not exists parameters jsonb not null default '{}',
  add column if not exists failure_event text,
  add column if not exists failure_fingerprint text,
  add column if not exists error_kind text,
  add column if not exists errors jsonb not null default '[]',
  add column if not exists progress jsonb not null default '{}',
  add column if not exists duration_ms bigint,
  add column if not exists log_url text,
  add column if not exists claim_key text,
  add column if not exists handed_over_by uuid,
  add column if not exists cleaned jsonb not null default '{}',
  add column if not exists waits boolean not null default false;
comment on column public.scheduler_logs.waits is 'Queued because its group was busy: it is asked for when the holder ends.';
comment on column public.scheduler_logs.run_key is 'What makes a delivery a duplicate: task@trigger. Null for rows of the predecessor.';
comment on column public.scheduler_logs.part is 'The continuation that is, or was last, at work: 0 = the first.';
comment on column public.scheduler_logs.claim_key is 'The claim that holds the run: asked again, because the answer was lost, it is the same claim.';
comment on column public.scheduler_logs.handed_over_by is 'The lease that handed the run over to its next part: asked again, it is the same hand-over.';
comment on column public.scheduler_logs.cleaned is 'Rows that the clean-up deleted, by kind, counted in the transactions that deleted them: {"ai_events": 60}.';
comment on column public.scheduler_logs.lease_token is 'Fences a process that lost its lease: every write of the run carries the token.';

-- The predecessor knew three states.
select internal.drop_checks('public.scheduler_logs', 'status', 'scheduler_logs_status_known');

do $$
begin
  if not exists (select from pg_constraint where conname = 'scheduler_logs_status_known') then
    alter table public.scheduler_logs add constraint scheduler_logs_status_known
      check (status in ('queued', 'running', 'success', 'warning', 'error'));
  end if;
end
$$;
create unique index if not exists scheduler_logs_run_key_key on public.scheduler_logs (run_key);
create index if not exists idx_scheduler_logs_started_at on public.scheduler_logs (started_at desc);
create index if not exists idx_scheduler_logs_task_name on public.scheduler_logs (task_name, started_at desc);
create index if not exists idx_scheduler_logs_live on public.scheduler_logs (exclusion_group)
  where status in ('queued', 'running');
create index if not exists idx_scheduler_logs_parent on public.scheduler_logs (parent_run_id);

create table if not exists public.sync_logs (
  id uuid primary key default gen_random_uuid(),
  script_name text not null,
  task_type text not null default 'sync',
  status text not null,
  message text,
  stats jsonb default '{}',
  error_details text,
  triggered_by text default 'scheduler',
  triggered_by_user text,
  created_at timestamptz default now()
);

alter table public.sync_logs
  add column if not exists started_at timestamptz,
  add column if not exists completed_at timestamptz,
  add column if not exists execution_time_seconds integer,
  add column if not exists run_id uuid;
create index if not exists idx_sync_logs_created_at on public.sync_logs (created_at desc);
create unique index if not exists sync_logs_run_id_key on public.sync_logs (run_id, task_type, script_name);

create table if not exists public.task_states (
  task_name text primary key,
  paused boolean not null default false,
  paused_by text,
  paused_at timestamptz,
  resumed_at timestamptz,
  reason text
);
comment on table public.task_states is 'Pause flags: a paused task ends its scheduled and chained runs at once; a manual request runs.';

create table if not exists public.event_outbox (
  id uuid primary key default gen_random_uuid(),
  run_id uuid not null,
  source text not null,
  detail_type text not null,
  detail jsonb not null,
  part integer not null default 0,
  created_at timestamptz not null default now(),
  published_at timestamptz,
  attempts integer not null default 0,
  next_attempt_at timestamptz not null default now(),
  last_error text
);
comment on table public.event_outbox is 'Domain events, written in the transaction that finishes the run, published after it.';
create unique index if not exists event_outbox_once on public.event_outbox (run_id, detail_type, part);
create index if not exists idx_event_outbox_due on public.event_outbox (next_attempt_at) where published_at is null;

select internal.protect_table(t) from unnest(array[
  'public.scheduler_logs', 'public.sync_logs', 'public.task_states', 'public.event_outbox'
]::regclass[]) t;

-- Incidents: a problem that lasts, from whoever found it: a service that is down, a task that did not run, an alarm
-- of CloudWatch, a channel that gives no answers. One is open per subject; opening, closing and telling are one transaction.

create table if not exists public.incidents (
  id uuid primary key default gen_random_uuid(),
  kind text not null check (kind in ('availability', 'missed_run', 'slow_run', 'alarm', 'channel')),
  subject text not null,
  label text not null,
  severity text not null,
  fingerprint text not null unique,
  opened_at timestamptz not null,
  closed_at timestamptz,
  closed_reason text,
  explained_by_run_id uuid,
  acknowledged_at timestamptz,
  acknowledged_by text,
  data jsonb not null default '{}'
);
comment on column public.incidents.opened_at is 'When the problem began, not when it was enough to be called one: the first failure.';
comment on column public.incidents.subject is 'Target, task, alarm or channel, by its technical name.';
comment on column public.incidents.fingerprint is 'Also that of the notice that reported it.';
comment on column public.incidents.explained_by_run_id is
  'A run whose own notice has reported this problem already: the incident sends nothing.';
create unique index if not exists incidents_one_open on public.incidents (kind, subject) where closed_at is null;
create index if not exists idx_incidents_opened on public.incidents (opened_at desc);

create table if not exists public.alarm_events (
  alarm_name text not null,
  state text not null check (state in ('OK', 'ALARM', 'INSUFFICIENT_DATA')),
  changed_at timestamptz not null,
  reason text,
  received_at timestamptz not null,
  primary key (alarm_name, changed_at, state)
);
comment on table public.alarm_events is 'Every change of a CloudWatch alarm, reported or not.';

insert into public.notification_rules (event_type, channel, recipients, min_severity)
select t, 'slack', array['louise', 'nicolas'], 'warning'
from unnest(array['availability.down', 'heartbeat.missed', 'run.slow', 'alarm.raised']) t
on conflict (event_type, channel) do nothing;

-- A tick that fails again and again is said once a day.
insert into public.notification_rules (event_type, channel, recipients, min_severity, cooldown_minutes) values
  ('availability.failed', 'slack', array['louise', 'nicolas'], 'error', 1440)
on conflict (event_type, channel) do nothing;

insert into public.notification_rules (event_type, channel, recipients, min_severity)
select t, 'email', array['allan'], 'critical'
from unnest(array['availability.down', 'heartbeat.missed', 'alarm.raised']) t
on conflict (event_type, channel) do nothing;

select internal.protect_table(t) from unnest(array['public.incidents', 'public.alarm_events']::regclass[]) t;

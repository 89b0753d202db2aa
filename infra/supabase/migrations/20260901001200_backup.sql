-- Copies of the data: their record, reading any table page by page in key order, and the drill that loads a copy
-- beside the originals.

create table if not exists public.backups (
  id uuid primary key default gen_random_uuid(),
  run_id uuid not null,
  kind text not null check (kind in ('supabase', 'sqlite')),
  location text not null unique,
  status text not null check (status in ('verified', 'failed', 'inconclusive', 'reduced', 'damaged')),
  encrypted boolean not null default false,
  parts integer not null default 0,
  row_count bigint not null default 0,
  byte_count bigint not null default 0,
  moving text[] not null default '{}',
  schema_version text,
  detail text,
  started_at timestamptz not null,
  created_at timestamptz not null default now(),
  removed_at timestamptz
);
comment on table public.backups is
  'One row per copy that was attempted. status: verified is a good copy; reduced (it holds much less than the good ones) and damaged (its source is) are kept beside those, and make none of them superfluous. moving: tables that were written during every reading. removed_at: its objects were deleted by the retention.';
create index if not exists idx_backups_created_at on public.backups (created_at desc);

create table if not exists public.restore_drills (
  id uuid primary key default gen_random_uuid(),
  run_id uuid not null unique,
  location text not null,
  status text not null check (status in ('passed', 'failed')),
  tables integer not null default 0,
  row_count bigint not null default 0,
  rto_seconds numeric,
  copy_age_seconds bigint,
  rpo_seconds bigint,
  detail text,
  created_at timestamptz not null default now()
);
comment on table public.restore_drills is
  'Proofs that a copy restores. rto_seconds: how long loading and comparing took; copy_age_seconds: age of that copy; rpo_seconds: age of the newest verified copy, which is what a loss now would cost.';

insert into public.notification_rules (event_type, channel, recipients, min_severity) values
  ('backup.failed', 'slack', array['louise', 'nicolas'], 'info'),
  ('backup.warning', 'slack', array['louise', 'nicolas'], 'info')
on conflict (event_type, channel) do nothing;

select internal.protect_table(t) from unnest(array['public.backups', 'public.restore_drills']::regclass[]) t;

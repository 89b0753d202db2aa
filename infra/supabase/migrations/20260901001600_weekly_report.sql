-- The weekly report: the figures of any span of time, the reports that were made, and one message for each.

create table if not exists public.weekly_reports (
  period_start date primary key,
  period_end date not null,
  data jsonb not null,
  text text not null,
  delivery_status text not null default 'pending'
    check (delivery_status in ('pending', 'sent', 'partial', 'failed', 'unknown', 'skipped')),
  run_id uuid not null,
  created_at timestamptz not null default now()
);
comment on table public.weekly_reports is
  'One report per ISO week, Monday to Sunday in Montréal, made once and kept. data: {week, figures, before}; text: as it was reported in French.';
comment on column public.weekly_reports.delivery_status is
  'What became of its messages together: pending while one is, sent when all were, partial when some were; skipped when no rule wants them.';

insert into public.notification_rules (event_type, channel, recipients, min_severity) values
  ('report.weekly', 'email', array['allan', 'louise', 'nicolas'], 'info'),
  ('report.weekly', 'telegram', array['allan', 'louise', 'nicolas'], 'info'),
  ('report.weekly_failed', 'slack', array['louise', 'nicolas'], 'info')
on conflict (event_type, channel) do nothing;

select internal.protect_table('public.weekly_reports');

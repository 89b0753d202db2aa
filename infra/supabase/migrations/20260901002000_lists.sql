-- What the lists of the console are ordered by, page by page.

create index if not exists idx_scheduler_logs_page on public.scheduler_logs (started_at desc, id desc);
create index if not exists idx_scheduler_logs_task_page on public.scheduler_logs (task_name, started_at desc, id desc);
create index if not exists idx_scheduler_logs_success on public.scheduler_logs (started_at desc) where status = 'success';
create index if not exists idx_sync_logs_page on public.sync_logs (created_at desc, id desc);
create index if not exists idx_notices_run on public.notices (run_id);
create index if not exists idx_deliveries_sent on public.notification_deliveries (sent_at) where status = 'sent';

-- Without a due date last, in an order that one comparison can continue.
create index if not exists idx_alerts_page on public.alerts
  (internal.priority_rank(priority), (coalesce(due_date, 'infinity'::date)), id)
  where is_active and not is_dismissed;

create index if not exists idx_assets_page on public.assets (name, id);
create index if not exists idx_maintenances_page on public.maintenances ((coalesce(scheduled_date, 'infinity'::date)) desc, id desc);

create index if not exists idx_humidity_alerts_page on public.humidity_alerts (observed_at desc, id desc);

create index if not exists idx_alert_logs_page on public.alert_logs (created_at desc nulls last, (id::text) desc);

create index if not exists idx_deliveries_page on public.notification_deliveries (seq desc);
create index if not exists idx_notices_page on public.notices (last_seen_at desc, fingerprint desc);

create index if not exists idx_incidents_page on public.incidents (opened_at desc, id desc);
create index if not exists idx_recommendations_page on public.recommendations (last_seen_at desc, id desc);
create index if not exists idx_backups_page on public.backups (created_at desc, id desc);
create index if not exists idx_cash_sessions_page on public.cash_sessions (opened_at desc, id desc);

create index if not exists idx_sync_quarantine_page on public.sync_quarantine (last_seen_at desc, collection desc, external_id desc);

create index if not exists idx_audit_log_seq on public.audit_log (seq desc);

-- Retention: what may go, how old it must be, and its deletion in bounded batches.

create or replace function internal.retention_rules()
returns table (name text, default_days integer, least_days integer, table_name text, condition text)
language sql immutable as $$
  -- In a condition $1 is the instant before which a row is old, $2 the tasks that run every few minutes.
  -- Nothing here touches what is open or unacknowledged, or a good copy. Fewer days than the least would take what others need: the
  -- watcher the last success of a weekly task, the weekly report what it counts of last week on Monday after the clean-up.
  values
    ('runs_frequent', 9, 9, 'scheduler_logs', 'status = ''success'' and task_name = any ($2) and completed_at < $1'),
    ('runs', 400, 15, 'scheduler_logs', 'status in (''success'', ''warning'', ''error'') and coalesce(completed_at, started_at) < $1'),
    ('sync_logs', 400, 1, 'sync_logs', 'status <> ''running'' and created_at < $1'),
    ('deliveries', 90, 9, 'notification_deliveries', 
     'status in (''sent'', ''failed'', ''skipped'', ''unknown'') and created_at < $1 and not internal.is_open_problem(fingerprint)'),
    ('notices', 90, 9, 'notices', 'last_seen_at < $1 and not internal.is_open_problem(fingerprint)'),
    ('monitor_checks', 14, 1, 'monitor_checks', 'checked_at < $1'),
    ('incidents', 400, 9, 'incidents', 'closed_at < $1'),
    ('alarm_events', 90, 1, 'alarm_events', 'changed_at < $1'),
    ('events', 30, 1, 'event_outbox', 'published_at < $1'),
    ('quarantine', 90, 1, 'sync_quarantine', 'resolved_at < $1'),
    ('maintenance_alerts', 180, 1, 'alerts',
     'not is_active and (is_read and resolved_at < $1
        -- A dismissal holds as long as its maintenance is open.
        or is_dismissed and updated_at < $1 and maintenance_id is not null and not exists (
             select from maintenances m where m.id = maintenance_id and m.status in (''planifiée'', ''en_cours'')))'),
    ('appointment_alerts', 400, 1, 'alert_logs', 'kind is not null and acknowledged and updated_at < $1'),
    ('humidity_alerts', 730, 1, 'humidity_alerts', '(is_resolved or archived) and updated_at < $1 and observed_at < $1'),
    ('ai_events', 90, 9, 'ai_events', 'created_at < $1'),
    ('backups', 400, 1, 'backups', '(removed_at is not null or status in (''failed'', ''inconclusive'')) and created_at < $1'),
    ('restore_drills', 400, 1, 'restore_drills', 'created_at < $1'),
    -- Cash sessions are never deleted: they are books.
    ('anomalies', 400, 9, 'anomalies', 'status = ''resolved'' and resolved_at < $1'),
    ('recommendations', 400, 1, 'recommendations', 'status in (''done'', ''ignored'') and decided_at < $1'),
    ('login_history', 180, 1, 'login_history', 'created_at < $1'),
    -- Anybody can make these, by typing a wrong password; the detection of attacks looks back a day.
    ('login_failures', 7, 1, 'login_history', 'not success and created_at < $1'),
    ('console_sessions', 7, 1, 'console_sessions', 'expires_at < $1'),
    ('rate_limits', 1, 1, 'rate_limits', 'window_ends_at < $1'),
    ('audit_log', 730, 1, 'audit_log', 'at < $1')
$$;

create or replace function internal.is_open_problem(p_fingerprint text) returns boolean
language sql stable set search_path = public, pg_temp as $$
  select exists (select from incidents i where i.fingerprint = p_fingerprint and i.closed_at is null)
      or exists (select from anomalies a where a.fingerprint = p_fingerprint and a.status = 'open')
$$;
comment on function internal.is_open_problem is
  'Whether what a notice speaks of is not over: then it is remembered who was notified, however long ago.';

create or replace function public.retention_plan() returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select jsonb_agg(jsonb_build_object('name', r.name, 'days', greatest(
           internal.setting_number('retention.' || r.name),
           r.least_days,
           -- A row that the scan would find again must not go.
           case r.name when 'humidity_alerts' then 60 + internal.setting_number('humidity.window_days') end)) order by r.name)
  from internal.retention_rules() r
$$;
comment on function public.retention_plan is 'Days per kind of row, from the settings retention.*.';

create or replace function public.cleanup_batch(
  p_run_id uuid, p_lease uuid, p_lease_seconds integer, p_name text, p_days integer, p_frequent text[],
  p_limit integer, p_dry_run boolean, p_now timestamptz
) returns jsonb language plpgsql set search_path = public, pg_temp as $$
declare
  v_rule record;
  v_count bigint;
  v_total bigint;
begin
  perform internal.hold_lease(p_run_id, p_lease, p_lease_seconds, p_now);
  select * into v_rule from internal.retention_rules() r where r.name = p_name;
  if not found then
    raise exception using errcode = 'GT004', message = format('there is no retention %L', p_name);
  end if;
  if p_dry_run then
    execute format('select count(*) from %I where %s', v_rule.table_name, v_rule.condition)
    into v_count using p_now - make_interval(days => p_days), p_frequent;
    return jsonb_build_object('batch', v_count, 'total', v_count);
  end if;
  execute format('delete from %1$I where ctid = any (array(select ctid from %1$I where %2$s limit $3))',
                 v_rule.table_name, v_rule.condition)
  using p_now - make_interval(days => p_days), p_frequent, p_limit;
  get diagnostics v_count = row_count;
  -- Counted where it is deleted: an answer that is lost, or a second attempt, loses no figure.
  update scheduler_logs
  set cleaned = cleaned || jsonb_build_object(p_name, coalesce((cleaned ->> p_name)::bigint, 0) + v_count)
  where id = p_run_id
  returning (cleaned ->> p_name)::bigint into v_total;
  return jsonb_build_object('batch', v_count, 'total', v_total);
end
$$;
comment on function public.cleanup_batch is
  'Deletes at most p_limit rows of one kind that are older than p_days; a dry run counts them all. Answers what it deleted, and what the run deleted of that kind: {batch, total}.';

create or replace function public.backup_cleaned(p_since timestamptz) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select coalesce(jsonb_agg(jsonb_build_object('at', cleaned.at, 'table', cleaned.table_name, 'rows', cleaned.rows)), '[]')
  from (
    -- A run that did not come to its end held its lease when it deleted.
    select coalesce(run.completed_at, run.lease_expires_at, run.started_at) as at, r.table_name,
           (deleted.value)::bigint as rows
    from scheduler_logs run
    cross join lateral jsonb_each(run.cleaned) deleted
    join internal.retention_rules() r on r.name = deleted.key
    where run.task_name = 'cleanup' and run.started_at > p_since - interval '1 day' and deleted.value > '0'
  ) cleaned
$$;
comment on function public.backup_cleaned is
  'What the clean-up deleted since an instant, by run: [{at, table, rows}]. Without it a copy after the clean-up would look as if rows had been lost.';

-- The weekly report: the figures of any span of time, the reports that were made, and one message for each.

-- Runs. A run that was paused did no work and proves nothing.

create or replace function internal.ended_runs(p_from timestamptz, p_until timestamptz)
returns table (task text, label text, status text, started_at timestamptz, completed_at timestamptz, duration_ms bigint, failed_at timestamptz)
language sql stable set search_path = public, pg_temp as $$
  select r.task_name, r.task_label, r.status, r.started_at, coalesce(r.completed_at, r.started_at),
         -- The predecessor counted seconds.
         coalesce(r.duration_ms, r.duration_seconds * 1000::bigint),
         case when r.status = 'error' then greatest(p_from, internal.first_failure(r.started_at, r.errors)) end
  from scheduler_logs r
  where r.started_at >= p_from and r.started_at < p_until
    and r.status in ('success', 'warning', 'error')
    and not coalesce(r.stats @> '{"paused": true}', false)
$$;
comment on function internal.ended_runs is 'Runs that started in a span and have ended, without those that were paused. failed_at: of a failed run, its first failure.';

create or replace function internal.weekly_runs(p_from timestamptz, p_until timestamptz) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select coalesce(jsonb_agg(to_jsonb(t) order by t.task), '[]')
  from (
    select r.task, max(r.label) as label,
           count(*) as finished,
           count(*) filter (where r.status = 'success') as success,
           count(*) filter (where r.status = 'warning') as warning,
           count(*) filter (where r.status = 'error') as error,
           percentile_disc(0.5) within group (order by r.duration_ms) as median_ms,
           max(r.duration_ms) as max_ms
    from internal.ended_runs(p_from, p_until) r
    group by r.task
  ) t
$$;
comment on function internal.weekly_runs is
  'Per task {task, label, finished, success, warning, error, median_ms, max_ms}; durations are null when no run has one.';

create or replace function internal.weekly_failing(p_from timestamptz, p_until timestamptz) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  -- A new span begins with every run that did not fail.
  with counted as (
    select r.*, count(*) filter (where r.status <> 'error') over (partition by r.task order by r.started_at, r.completed_at) as span
    from internal.ended_runs(p_from, p_until) r
  ), spans as (
    select task, span, max(label) as label, count(*) filter (where status = 'error') as runs,
           min(failed_at) as since
    from counted
    group by task, span
  ), ended as (
    -- It lasts until the task works again; at the latest, until the end of the week.
    select s.*, coalesce((select min(n.completed_at) from counted n where n.task = s.task and n.span > s.span), p_until) as works_at
    from spans s
    where s.runs > 0
  )
  select jsonb_build_object('task', task, 'label', label, 'runs', runs,
                            'seconds', floor(extract(epoch from least(works_at, p_until) - since))::bigint,
                            'is_over', works_at < p_until)
  from ended
  order by least(works_at, p_until) - since desc, runs desc, task
  limit 1
$$;
comment on function internal.weekly_failing is
  'The task that failed for the longest time in a row {task, label, runs, seconds, is_over}, from its first failed run until a run worked; null when none failed.';

create or replace function internal.weekly_synced(p_from timestamptz, p_until timestamptz) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select coalesce(jsonb_agg(to_jsonb(t) order by t.collection), '[]')
  from (
    select c.key as collection,
           coalesce(sum((c.value ->> 'inserted')::bigint), 0) as inserted,
           coalesce(sum((c.value ->> 'updated')::bigint), 0) as updated,
           coalesce(sum((c.value ->> 'unchanged')::bigint), 0) as unchanged,
           coalesce(sum((c.value ->> 'deleted')::bigint), 0) as deleted
    from scheduler_logs r
    cross join lateral jsonb_each(case when jsonb_typeof(r.stats -> 'collections') = 'object'
                                       then r.stats -> 'collections' else '{}' end) c
    where r.task_name = 'sync_gazelle' and r.status in ('success', 'warning', 'error')
      and r.started_at >= p_from and r.started_at < p_until
    group by c.key
  ) t
$$;
comment on function internal.weekly_synced is
  'Rows of the nightly syncs per collection [{collection, inserted, updated, unchanged, deleted}].';

-- The company's affairs.

create or replace function internal.weekly_activity(p_from timestamptz, p_until timestamptz) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  with days as (
    select (p_from at time zone 'America/Toronto')::date as first, (p_until at time zone 'America/Toronto')::date as after
  )
  select jsonb_build_object(
    'appointments', (
      select count(*) from gazelle_appointments a, days d
      where a.deleted_at is null and a.appointment_date >= d.first and a.appointment_date < d.after
        and coalesce(a.event_type, 'APPOINTMENT') = 'APPOINTMENT'
        -- Gazelle writes one l, the predecessor two.
        and coalesce(upper(a.status), '') not in ('CANCELED', 'CANCELLED')),
    'pianos', (
      -- A piano that moved to another client left a copy of its history behind: it is one piano.
      select count(distinct coalesce(
        (select min(n.external_id) from gazelle_pianos n
         where internal.is_gone(p.status, p.total_loss, p.deleted_at) and btrim(p.serial_number) <> ''
           and btrim(n.serial_number) = btrim(p.serial_number) and n.make is not distinct from p.make
           and not internal.is_gone(n.status, n.total_loss, n.deleted_at)),
        e.piano_id))
      from gazelle_timeline_entries e cross join days d left join gazelle_pianos p on p.external_id = e.piano_id
      where e.deleted_at is null and (e.entry_type like 'SERVICE\_ENTRY\_%' or e.entry_type = 'APPOINTMENT_COMPLETION')
        and coalesce((e.occurred_at at time zone 'America/Toronto')::date, e.entry_date) >= d.first
        and coalesce((e.occurred_at at time zone 'America/Toronto')::date, e.entry_date) < d.after),
    'humidity', (
      select jsonb_build_object(
        'opened', count(*) filter (where observed_at >= p_from and observed_at < p_until),
        'closed', count(*) filter (where coalesce(resolved_at, archived_at) >= p_from
                                     and coalesce(resolved_at, archived_at) < p_until))
      from humidity_alerts),
    'maintenance', (
      select jsonb_build_object(
        'opened', count(*) filter (where created_at >= p_from and created_at < p_until),
        'closed', count(*) filter (where resolved_at >= p_from and resolved_at < p_until))
      from alerts),
    'cash', (
      select jsonb_build_object('sessions', count(*), 'sales_cents', coalesce(sum(total_sales), 0),
                                'items', coalesce(sum(total_items), 0))
      from cash_sessions where opened_at >= p_from and opened_at < p_until),
    'users', jsonb_build_object(
      'total', (select count(*) from staff where active),
      'active', (select count(distinct user_hash) from login_history
                 where success and created_at >= p_from and created_at < p_until)))
$$;
comment on function internal.weekly_activity is
  'Appointments that were not cancelled, distinct pianos serviced, alerts opened and closed by their own instants, cash sessions by opening, people: active staff as of now, and who signed in.';

-- How the product itself fared.

create or replace function internal.weekly_operations(p_from timestamptz, p_until timestamptz) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select jsonb_build_object(
    'incidents', (
      select jsonb_build_object(
        'outages', count(*) filter (where kind = 'availability'),
        'others', count(*) filter (where kind <> 'availability' and opened_at >= p_from),
        -- Two services that are down at the same time are one time without service.
        'down_seconds', coalesce((
          select floor(sum(extract(epoch from upper(span) - lower(span))))::bigint
          from unnest(range_agg(tstzrange(greatest(opened_at, p_from), least(coalesce(closed_at, p_until), p_until)))
                        filter (where kind = 'availability')) span), 0))
      from incidents
      where opened_at < p_until and coalesce(closed_at, p_until) > p_from and coalesce(closed_at, p_until) >= opened_at),
    'anomalies', (
      select coalesce(jsonb_agg(to_jsonb(t) order by t.severity), '[]')
      from (select severity,
                   count(*) filter (where first_seen_at >= p_from and first_seen_at < p_until) as opened,
                   count(*) filter (where resolved_at >= p_from and resolved_at < p_until) as resolved
            from anomalies group by severity) t
      where t.opened + t.resolved > 0),
    'notifications', (
      select coalesce(jsonb_agg(to_jsonb(t) order by t.channel), '[]')
      from (select channel,
                   count(*) filter (where status = 'sent') as sent,
                   count(*) filter (where status = 'failed') as failed,
                   count(*) filter (where status = 'unknown') as unknown,
                   count(*) filter (where status in ('pending', 'skipped')) as unsent
            from notification_deliveries where created_at >= p_from and created_at < p_until group by channel) t),
    'ai', (
      select jsonb_build_object('calls', count(*), 'errors', count(*) filter (where not success),
                                'confidence', avg(confidence) filter (where success))
      from ai_events where created_at >= p_from and created_at < p_until),
    'backup', jsonb_build_object(
      'age_seconds', (
        select floor(extract(epoch from p_until - max(started_at)))::bigint from backups
        where status = 'verified' and kind = 'supabase' and created_at < p_until),
      'drill', (
        select jsonb_build_object('age_seconds', floor(extract(epoch from p_until - created_at))::bigint,
                                  'passed', status = 'passed', 'duration_seconds', rto_seconds)
        from restore_drills where created_at < p_until order by created_at desc limit 1)))
$$;
comment on function internal.weekly_operations is
  'Outages that touch the span and the time without service within it, anomalies per severity, deliveries per channel, calls of the language model, the age of the newest verified copy at the end of the span (null: there is none) and the last drill before it.';

create or replace function public.weekly_figures(p_from timestamptz, p_until timestamptz) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select jsonb_build_object('runs', internal.weekly_runs(p_from, p_until), 'failing', internal.weekly_failing(p_from, p_until),
                            'synced', internal.weekly_synced(p_from, p_until))
         || internal.weekly_activity(p_from, p_until) || internal.weekly_operations(p_from, p_until)
$$;
comment on function public.weekly_figures is
  'The figures of one week: {runs, failing, synced, appointments, pianos, humidity, maintenance, cash, users, incidents, anomalies, notifications, ai, backup}. Counts are 0 where nothing happened, null is what nobody knows. Money in cents, times in seconds.';

-- Storing and telling.

create or replace function public.store_weekly_report(
  p_run_id uuid, p_lease uuid, p_lease_seconds integer, p_report jsonb, p_now timestamptz
) returns jsonb language plpgsql set search_path = public, pg_temp as $$
declare
  v_notices integer;
begin
  perform internal.hold_lease(p_run_id, p_lease, p_lease_seconds, p_now);
  insert into weekly_reports (period_start, period_end, data, text, run_id, created_at)
  select r.period_start, r.period_end, r.data, r.text, p_run_id, p_now
  from jsonb_to_record(p_report) as r (period_start date, period_end date, data jsonb, text text)
  on conflict (period_start) do nothing;
  if not found then
    return jsonb_build_object('stored', false, 'notices', 0);
  end if;
  v_notices := internal.enqueue_notice(jsonb_build_object(
    'event_type', 'report.weekly', 'severity', 'info', 'fingerprint', 'report.weekly@' || (p_report ->> 'period_start'),
    'data', (p_report -> 'message') || jsonb_build_object('run_id', p_run_id)), p_run_id, p_now);
  if v_notices = 0 then
    update weekly_reports set delivery_status = 'skipped' where period_start = (p_report ->> 'period_start')::date;
  end if;
  return jsonb_build_object('stored', true, 'notices', v_notices);
end
$$;
comment on function public.store_weekly_report is
  'Stores the report of a week and queues its messages, or neither: a week that has a report keeps it. p_report: {period_start, period_end, data, text, message}. Answers {stored, notices}.';

create or replace function internal.follow_weekly_delivery() returns trigger
language plpgsql set search_path = public, pg_temp as $$
begin
  update weekly_reports w
  set delivery_status = d.status
  from (select case when bool_or(status = 'pending') then 'pending'
                    when bool_and(status = 'sent') then 'sent'
                    when bool_or(status = 'sent') then 'partial'
                    when bool_or(status = 'unknown') then 'unknown'
                    when bool_or(status = 'failed') then 'failed'
                    else 'skipped' end as status
        from notification_deliveries where fingerprint = new.fingerprint) d
  where 'report.weekly@' || to_char(w.period_start, 'YYYY-MM-DD') = new.fingerprint and w.delivery_status <> d.status;
  return null;
end
$$;
comment on function internal.follow_weekly_delivery is 'A report carries the outcome of its messages.';

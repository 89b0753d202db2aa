-- The health of the whole, from stored results only: nothing here detects or probes.

create or replace function internal.anomaly_rank(p_severity text) returns integer
language sql immutable as $$
  select case p_severity when 'critical' then 0 when 'high' then 1 when 'medium' then 2 else 3 end
$$;

create or replace function internal.health_anomalies() returns jsonb
language sql stable set search_path = public, pg_temp as $$
  with named (name, categories) as (
    values ('cash_anomalies', array['cash']), ('sync_anomalies', array['sync']), ('auth_anomalies', array['auth']),
           ('classification_anomalies', array['ai']), ('data_anomalies', array['data', 'humidity', 'unusual']),
           ('detection_anomalies', array['detection'])
  )
  select jsonb_object_agg(n.name, (
    select coalesce(jsonb_agg(internal.anomaly_json(a) order by internal.anomaly_rank(a.severity), a.opened_at desc, a.id), '[]')
    from (select * from anomalies
          where status = 'open' and category = any (n.categories)
          order by internal.anomaly_rank(severity), opened_at desc, id limit 100) a))
  from named n
$$;
comment on function internal.health_anomalies is
  'The open anomalies as arrays, the four documented ones and those of the mirror and of the detectors; the gravest first, at most 100 each.';

create or replace function internal.anomaly_counts() returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select jsonb_build_object(
    'total', count(*), 'critical', count(*) filter (where severity = 'critical'), 'high', count(*) filter (where severity = 'high'),
    'medium', count(*) filter (where severity = 'medium'), 'low', count(*) filter (where severity = 'low'))
  from anomalies where status = 'open'
$$;
comment on function internal.anomaly_counts is 'Open anomalies: records by severity, not categories.';

create or replace function internal.overall_status() returns text
language sql stable set search_path = public, pg_temp as $$
  select case
    when exists (select from anomalies where status = 'open' and severity = 'critical')
      or exists (select from incidents i join monitor_targets t on t.name = i.subject
                 where i.kind = 'availability' and i.closed_at is null and t.required) then 'critical'
    when exists (select from anomalies where status = 'open' and severity = 'high') then 'degraded'
    else 'healthy' end
$$;
comment on function internal.overall_status is
  'critical: a critical anomaly, or an open incident on a required target; degraded: a high anomaly; else healthy.';

create or replace function internal.scheduler_is_running(p_now timestamptz) returns boolean
language sql stable set search_path = public, pg_temp as $$
  -- Tasks of five minutes: three of their starts missed are no coincidence.
  select exists (select from scheduler_logs
                 where started_at > p_now - interval '15 minutes' and started_at <= p_now and triggered_by = 'scheduler')
$$;
comment on function internal.scheduler_is_running is 'Whether a schedule started something in the last 15 minutes.';

create or replace function internal.task_states(p_tasks text[], p_now timestamptz) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  -- The few that are at work, once: per task, the whole log would be read to find none.
  with live as materialized (
    select distinct on (task_name) * from scheduler_logs
    where status in ('queued', 'running')
      -- A lease that ended is a process that is gone.
      and (lease_expires_at is null or lease_expires_at >= p_now)
    order by task_name, started_at desc
  )
  select coalesce(jsonb_agg(jsonb_build_object(
           'name', task.name, 'label', last.task_label, 'enabled', not coalesce(st.paused, false),
           'paused_by', case when st.paused then st.paused_by end,
           'paused_at', case when st.paused then internal.instant(st.paused_at) end,
           'pause_reason', case when st.paused then st.reason end,
           'last_run', internal.instant(last.started_at), 'last_status', last.status, 'last_run_id', last.id,
           'last_message', last.message, 'last_error_kind', last.error_kind,
           'last_duration_ms', coalesce(last.duration_ms, last.duration_seconds * 1000::bigint),
           'last_success', internal.instant(good.started_at),
           'running', live.id is not null,
           'live_run', case when live.id is not null then jsonb_build_object(
             'id', live.id, 'status', live.status, 'started_at', internal.instant(live.started_at), 'progress', live.progress,
             'triggered_by', live.triggered_by, 'triggered_by_user', live.triggered_by_user) end) order by task.position), '[]')
  from unnest(p_tasks) with ordinality task (name, position)
  left join task_states st on st.task_name = task.name
  left join lateral (select * from scheduler_logs r where r.task_name = task.name
                     order by r.started_at desc, r.id desc limit 1) last on true
  left join lateral (select r.started_at from scheduler_logs r
                     where r.task_name = task.name and r.status in ('success', 'warning')
                       and not coalesce(r.stats @> '{"paused": true}', false)
                     order by r.started_at desc, r.id desc limit 1) good on true
  left join live on live.task_name = task.name
$$;
comment on function internal.task_states is
  'Per task, in the order given: pause, last run, last success and the live run. next_run and interval_minutes are the caller''s, who knows the schedules.';

create or replace function internal.ai_figures(p_from timestamptz, p_until timestamptz) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select jsonb_build_object(
    'calls', count(*), 'errors', count(*) filter (where not success),
    'error_percent', internal.percent(count(*) filter (where not success), count(*)),
    'mean_confidence', round(avg(confidence)::numeric, 3), 'mean_latency_ms', round(avg(latency_ms))::bigint)
  from ai_events where created_at > p_from and created_at <= p_until
$$;
comment on function internal.ai_figures is 'Calls of language models in a span; the means are null without calls.';

create or replace function internal.error_rate(p_from timestamptz, p_until timestamptz) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select jsonb_build_object(
    'runs', coalesce(sum(success + warning + error), 0), 'errors', coalesce(sum(error), 0),
    'percent', internal.percent(sum(error)::bigint, sum(success + warning + error)::bigint))
  from internal.run_figures(p_from, p_until)
$$;
comment on function internal.error_rate is 'Ended runs of a span and how many of them failed.';

create or replace function internal.usage_figures(p_from timestamptz, p_until timestamptz) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select jsonb_build_object(
    'runs_by_trigger', (select coalesce(jsonb_object_agg(by, n), '{}') from (
      select coalesce(triggered_by, 'scheduler') as by, count(*) as n from scheduler_logs
      where started_at > p_from and started_at <= p_until group by 1) t),
    'notifications_sent', internal.notifications_sent(p_from, p_until),
    'people', (select count(distinct user_hash) from login_history where success and created_at > p_from and created_at <= p_until),
    'cash_sessions', (select count(*) from cash_sessions where opened_at > p_from and opened_at <= p_until),
    -- As the detectors counted them last: counting takes longer than a page may.
    'rows', coalesce((select stats -> 'live' from scheduler_logs
                      where task_name = 'anomalies' and status in ('success', 'warning') and jsonb_typeof(stats -> 'live') = 'object'
                      order by started_at desc limit 1), '{}'))
$$;
comment on function internal.usage_figures is
  'What was used in a span: {runs_by_trigger, notifications_sent, people, cash_sessions, rows}.';

create or replace function internal.computed_at() returns text
language sql stable set search_path = public, pg_temp as $$
  select internal.instant(completed_at) from scheduler_logs
  where task_name = 'anomalies' and status in ('success', 'warning') order by started_at desc limit 1
$$;
comment on function internal.computed_at is 'When the detectors last finished; null before their first run.';

create or replace function internal.recommendation_json(p_row public.recommendations) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select internal.row_json(to_jsonb(p_row), 'evidence_key')
$$;
comment on function internal.recommendation_json is 'A recommendation as the API shows it: {type, priority, title, description, actions} and its life.';

create or replace function internal.open_recommendations(p_limit integer) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select coalesce(jsonb_agg(internal.recommendation_json(r) order by array_position(array['high', 'medium', 'low'], r.priority), r.due_date, r.id), '[]')
  from (select * from recommendations where status = 'open'
        order by array_position(array['high', 'medium', 'low'], priority), due_date, id limit p_limit) r
$$;
comment on function internal.open_recommendations is 'Open recommendations, the most pressing first.';

create or replace function public.health_summary(p_tasks text[], p_now timestamptz) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  with counts as (select internal.anomaly_counts() as c), span as (select p_now - interval '24 hours' as since)
  select jsonb_build_object(
    'status', 'success',
    'system_health', jsonb_build_object(
      'overall_status', internal.overall_status(), 'anomalies_detected', c -> 'total', 'critical_anomalies', c -> 'critical',
      'scheduler_running', internal.scheduler_is_running(p_now), 'active_tasks', cardinality(p_tasks),
      'timestamp', internal.instant(p_now), 'computed_at', internal.computed_at()),
    'anomalies', internal.health_anomalies(),
    'recommendations', internal.open_recommendations(100),
    'scheduler_status', jsonb_build_object('running', internal.scheduler_is_running(p_now),
      'tasks', internal.task_states(p_tasks, p_now), 'total_tasks', cardinality(p_tasks)),
    'ai', internal.ai_figures(since, p_now) || '{"period_hours": 24}',
    'error_rate', internal.error_rate(since, p_now) || '{"period_hours": 24}',
    'usage', internal.usage_figures(since, p_now) || '{"period_hours": 24}')
  from counts, span
$$;
comment on function public.health_summary is
  'GET /admin/health: {status, system_health, anomalies (arrays only), recommendations, scheduler_status, ai, error_rate, usage}. p_tasks: the registered tasks. system_health.computed_at says how old the anomalies are.';

create or replace function public.health_anomalies(p_now timestamptz) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select jsonb_build_object(
    'status', 'success', 'anomalies', internal.health_anomalies(),
    'summary', jsonb_build_object('total_anomalies', c -> 'total', 'critical_anomalies', c -> 'critical'),
    'timestamp', internal.instant(p_now))
  from (select internal.anomaly_counts() as c) counts
$$;
comment on function public.health_anomalies is 'GET /admin/health/anomalies: the stored anomalies; nothing is detected again.';

create or replace function public.health_scheduler(p_tasks text[], p_now timestamptz) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select jsonb_build_object('status', 'success', 'scheduler', jsonb_build_object(
    'running', internal.scheduler_is_running(p_now), 'tasks', internal.task_states(p_tasks, p_now),
    'total_tasks', cardinality(p_tasks)))
$$;
comment on function public.health_scheduler is
  'GET /admin/health/scheduler: {status, scheduler: {running, tasks[], total_tasks}}; next_run is the caller''s.';

create or replace function public.health_database(p_now timestamptz) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  -- A query that reads a table: an answer from memory would prove nothing.
  select jsonb_build_object('status', 'healthy', 'database', 'connected', 'timestamp', internal.instant(p_now))
  from (select count(*) from (select from scheduler_logs limit 1) one) reads
$$;
comment on function public.health_database is 'GET /admin/health/database, when the database answers.';

create or replace function public.anomalies_page(
  p_limit integer default 50, p_cursor text default null, p_status text default null, p_category text default null,
  p_severity text default null
) returns jsonb language plpgsql stable set search_path = public, pg_temp set plan_cache_mode = force_custom_plan as $$
declare
  v_limit integer := internal.page_limit(p_limit, 50, 200);
  v_key text[] := internal.read_cursor(p_cursor, 'timestamptz', 'uuid');
begin
  return (
    select internal.paged(
        array_agg(internal.anomaly_json(a) order by a.last_seen_at desc, a.id desc),
        array_agg(jsonb_build_array(a.last_seen_at, a.id) order by a.last_seen_at desc, a.id desc),
        v_limit)
    from (
      select * from anomalies
      where (v_key is null or (last_seen_at, id) < (v_key[1]::timestamptz, v_key[2]::uuid))
        and (p_status is null or status = p_status) and (p_category is null or category = p_category)
        and (p_severity is null or severity = p_severity)
      order by last_seen_at desc, id desc limit v_limit + 1) a);
end
$$;
comment on function public.anomalies_page is 'Anomalies, those seen last first; limit 50, at most 200.';

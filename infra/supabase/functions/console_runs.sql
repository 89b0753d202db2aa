-- What the console reads of runs: the journal, the figures of a day, and one run with all that belongs to it.

create or replace function internal.run_log(p_run public.scheduler_logs) returns jsonb
language sql stable as $$
  select jsonb_build_object(
    'id', p_run.id, 'task_name', p_run.task_name, 'task_label', p_run.task_label,
    'started_at', internal.instant(p_run.started_at), 'completed_at', internal.instant(p_run.completed_at),
    'duration_seconds', p_run.duration_seconds,
    -- The old clients know no queue.
    'status', case p_run.status when 'queued' then 'running' else p_run.status end,
    'message', p_run.message, 'stats', coalesce(p_run.stats, '{}'), 'triggered_by', p_run.triggered_by,
    'triggered_by_user', p_run.triggered_by_user, 'created_at', internal.instant(p_run.created_at))
$$;
comment on function internal.run_log is 'A run in the shape of the log endpoints. Without search_path, so that it is inlined.';

create or replace function internal.run_brief(p_run public.scheduler_logs) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select internal.run_log(p_run) || jsonb_build_object(
    'status', p_run.status, 'duration_ms', coalesce(p_run.duration_ms, p_run.duration_seconds * 1000::bigint),
    'scheduled_for', internal.instant(p_run.scheduled_for), 'correlation_id', p_run.correlation_id,
    'parent_run_id', p_run.parent_run_id, 'attempt', p_run.attempt, 'part', p_run.part,
    'error_kind', p_run.error_kind, 'progress', p_run.progress)
$$;
comment on function internal.run_brief is 'A run as the pages of the console show it: also queued, in milliseconds, with its place in the chain.';

create or replace function internal.run_list(
  p_limit integer, p_cursor text, p_frequent_tasks text[], p_include_frequent boolean, p_tasks text[], p_status text,
  p_triggered_by text, p_user text, p_from timestamptz, p_until timestamptz, p_search text
) returns setof public.scheduler_logs language plpgsql stable set search_path = public, pg_temp rows 100
-- Filters that are absent leave the plan, those that are present choose its index.
set plan_cache_mode = force_custom_plan set jit = off as $$
declare
  v_key text[] := internal.read_cursor(p_cursor, 'timestamptz', 'uuid');
  v_at timestamptz := v_key[1]::timestamptz;
  v_id uuid := v_key[2]::uuid;
  v_search text := nullif(lower(btrim(left(p_search, 200))), '');
begin
  return query
  select r.* from scheduler_logs r
  where (v_key is null or (r.started_at, r.id) < (v_at, v_id))
    and (coalesce(p_include_frequent, false)
         or not (r.status = 'success' and r.triggered_by = 'scheduler' and r.task_name = any (coalesce(p_frequent_tasks, '{}'))))
    and (p_tasks is null or r.task_name = any (p_tasks))
    and (p_status is null or r.status = p_status or (p_status = 'running' and r.status = 'queued'))
    and (p_triggered_by is null or r.triggered_by = p_triggered_by)
    and (p_user is null or lower(r.triggered_by_user) = lower(p_user))
    and (p_from is null or r.started_at >= p_from)
    and (p_until is null or r.started_at < p_until)
    and (v_search is null or strpos(lower(concat_ws(' ', r.task_label, r.task_name, r.message, r.triggered_by_user, r.error_kind)), v_search) > 0)
  order by r.started_at desc, r.id desc
  limit p_limit;
end
$$;
comment on function internal.run_list is
  'Runs that pass the filters, newest first, after the cursor. Successful scheduled runs of frequent tasks are left out unless included. A search is literal text.';

create or replace function public.scheduler_logs_page(
  p_limit integer default 20, p_cursor text default null, p_include_frequent boolean default false,
  p_frequent_tasks text[] default '{}', p_tasks text[] default null, p_status text default null,
  p_triggered_by text default null, p_user text default null, p_from timestamptz default null,
  p_until timestamptz default null, p_search text default null
) returns jsonb language sql stable set search_path = public, pg_temp as $$
  select internal.paged(
      array_agg(internal.run_log(r) order by r.started_at desc, r.id desc),
      array_agg(jsonb_build_array(r.started_at, r.id) order by r.started_at desc, r.id desc),
      internal.page_limit(p_limit, 20, 200))
  from internal.run_list(internal.page_limit(p_limit, 20, 200) + 1, p_cursor, p_frequent_tasks, p_include_frequent, p_tasks,
                         p_status, p_triggered_by, p_user, p_from, p_until, p_search) r
$$;
comment on function public.scheduler_logs_page is
  'GET /scheduler/logs: a page of runs, newest first, in the documented shape; limit 20, at most 200. queued is shown as running.';

create or replace function public.runs_page(
  p_limit integer default 20, p_cursor text default null, p_include_frequent boolean default false,
  p_frequent_tasks text[] default '{}', p_tasks text[] default null, p_status text default null,
  p_triggered_by text default null, p_user text default null, p_from timestamptz default null,
  p_until timestamptz default null, p_search text default null
) returns jsonb language sql stable set search_path = public, pg_temp as $$
  select internal.paged(
      array_agg(internal.run_brief(r) order by r.started_at desc, r.id desc),
      array_agg(jsonb_build_array(r.started_at, r.id) order by r.started_at desc, r.id desc),
      internal.page_limit(p_limit, 20, 200))
  from internal.run_list(internal.page_limit(p_limit, 20, 200) + 1, p_cursor, p_frequent_tasks, p_include_frequent, p_tasks,
                         p_status, p_triggered_by, p_user, p_from, p_until, p_search) r
$$;
comment on function public.runs_page is
  'The journal of the console: as scheduler_logs_page, with real states, milliseconds and the place in the chain.';

create or replace function public.task_overview(p_tasks text[], p_now timestamptz) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select coalesce(jsonb_object_agg(t.name, jsonb_build_object(
    'paused', coalesce(s.paused, false), 'paused_by', s.paused_by, 'paused_at', internal.instant(s.paused_at),
    'reason', s.reason,
    'last_run', l.run,
    'last_success_at', (select internal.instant(r.completed_at) from scheduler_logs r
                        where r.task_name = t.name and r.status in ('success', 'warning')
                        order by r.started_at desc limit 1),
    'live_run_id', (select r.id from scheduler_logs r
                    where r.task_name = t.name and r.status in ('queued', 'running') and r.lease_expires_at >= p_now
                    order by r.status desc, r.started_at limit 1))), '{}')
  from unnest(p_tasks) t (name)
  left join task_states s on s.task_name = t.name
  left join lateral (select internal.run_brief(r) as run from scheduler_logs r where r.task_name = t.name
                     order by r.started_at desc limit 1) l on true
$$;
comment on function public.task_overview is 'Pause, last run, last success and live run of each task.';

create or replace function public.scheduler_logs_recent(p_limit integer default 30) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  with page as (
    select r as run from scheduler_logs r order by r.started_at desc, r.id desc limit internal.page_limit(p_limit, 30, 100)
  )
  select jsonb_build_object(
    'logs', coalesce(jsonb_agg(internal.run_log(run) order by (run).started_at desc, (run).id desc), '[]'),
    'count', count(*),
    'last_success', (select internal.instant(started_at) from scheduler_logs where status = 'success'
                     order by started_at desc limit 1))
  from page
$$;
comment on function public.scheduler_logs_recent is
  'GET /scheduler-logs/recent: {logs, count, last_success}; limit 30, at most 100. last_success is looked for in the whole log.';

create or replace function internal.run_figures(p_from timestamptz, p_until timestamptz)
returns table (name text, label text, total bigint, success bigint, warning bigint, error bigint, live bigint,
               seconds numeric, last_at timestamptz, last_status text)
language sql stable set search_path = public, pg_temp as $$
  select r.task_name, (array_agg(r.task_label order by r.started_at desc))[1], count(*),
         count(*) filter (where r.status = 'success'), count(*) filter (where r.status = 'warning'),
         count(*) filter (where r.status = 'error'), count(*) filter (where r.status in ('queued', 'running')),
         sum(coalesce(r.duration_ms / 1000.0, r.duration_seconds)) filter (where r.status in ('success', 'warning', 'error')),
         max(r.started_at), (array_agg(r.status order by r.started_at desc))[1]
  from scheduler_logs r
  where r.started_at > p_from and r.started_at <= p_until
    -- A run that was paused did no work and proves nothing.
    and not coalesce(r.stats @> '{"paused": true}', false)
  group by r.task_name
$$;
comment on function internal.run_figures is 'Runs that started in a span, per task; seconds is the sum over those that ended.';

create or replace function internal.notifications_sent(p_from timestamptz, p_until timestamptz) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select coalesce(jsonb_object_agg(event_type, n), '{}') from (
    select event_type, count(*) as n from notification_deliveries
    where status = 'sent' and sent_at > p_from and sent_at <= p_until group by event_type) t
$$;
comment on function internal.notifications_sent is 'Messages delivered in a span, {event type: count}.';

create or replace function public.scheduler_logs_stats(p_now timestamptz, p_hours integer default 24) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  with span as (
    select p_now - make_interval(hours => least(greatest(coalesce(p_hours, 24), 1), 9600)) as since,
           least(greatest(coalesce(p_hours, 24), 1), 9600) as hours
  ), figures as materialized (
    select f.* from span, internal.run_figures(span.since, p_now) f
  )
  select jsonb_build_object(
    'total_tasks', coalesce(sum(total), 0), 'success_count', coalesce(sum(success), 0), 'error_count', coalesce(sum(error), 0),
    'running_count', coalesce(sum(live), 0), 'last_execution', internal.instant(max(last_at)),
    'avg_execution_time', round(sum(seconds) / nullif(sum(success + warning + error), 0), 2),
    'period_hours', (select hours from span),
    'warning_count', coalesce(sum(warning), 0),
    'success_rate', internal.percent(sum(success + warning)::bigint, sum(success + warning + error)::bigint),
    'tasks', coalesce(jsonb_agg(jsonb_build_object(
      'task_name', name, 'task_label', label, 'total', total, 'success_count', success, 'warning_count', warning,
      'error_count', error, 'running_count', live, 'avg_execution_time', round(seconds / nullif(success + warning + error, 0), 2),
      'success_rate', internal.percent(success + warning, success + warning + error),
      'last_execution', internal.instant(last_at), 'last_status', last_status) order by name), '[]'),
    'notifications_sent', (select internal.notifications_sent(since, p_now) from span))
  from figures
$$;
comment on function public.scheduler_logs_stats is
  'GET /scheduler-logs/stats: the documented figures, plus warning_count, success_rate (percent of the ended runs that did not fail; null when none ended), tasks[] and notifications_sent {type: count}. Times in seconds; paused runs do not count.';

create or replace function internal.sync_log(p_log public.sync_logs) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select jsonb_build_object(
    'id', p_log.id, 'script_name', p_log.script_name, 'task_type', p_log.task_type, 'status', p_log.status,
    'message', p_log.message, 'stats', coalesce(p_log.stats, '{}'), 'error_details', p_log.error_details,
    'triggered_by', p_log.triggered_by, 'triggered_by_user', p_log.triggered_by_user,
    'started_at', internal.instant(p_log.started_at), 'completed_at', internal.instant(p_log.completed_at),
    'execution_time_seconds', p_log.execution_time_seconds, 'created_at', internal.instant(p_log.created_at),
    'run_id', p_log.run_id)
$$;
comment on function internal.sync_log is 'A row of sync_logs in the shape of the log endpoints, without the columns of the predecessor that nobody fills.';

create or replace function public.sync_logs_recent(p_limit integer default 20) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  with page as (
    select l as log from sync_logs l order by l.created_at desc, l.id desc limit internal.page_limit(p_limit, 20, 100)
  )
  select jsonb_build_object(
    'logs', coalesce(jsonb_agg(internal.sync_log(log) order by (log).created_at desc, (log).id desc), '[]'),
    'count', count(*),
    'last_success', (select internal.instant(created_at) from sync_logs where status = 'success'
                     order by created_at desc limit 1))
  from page
$$;
comment on function public.sync_logs_recent is
  'GET /sync-logs/recent: {logs, count, last_success}; limit 20, at most 100. last_success is looked for in the whole log.';

create or replace function public.sync_logs_page(
  p_limit integer default 20, p_cursor text default null, p_status text default null, p_task_type text default null,
  p_from timestamptz default null, p_until timestamptz default null
) returns jsonb language plpgsql stable set search_path = public, pg_temp set plan_cache_mode = force_custom_plan as $$
declare
  v_limit integer := internal.page_limit(p_limit, 20, 200);
  v_key text[] := internal.read_cursor(p_cursor, 'timestamptz', 'uuid');
begin
  return (
    select internal.paged(
        array_agg(internal.sync_log(l) order by l.created_at desc, l.id desc),
        array_agg(jsonb_build_array(l.created_at, l.id) order by l.created_at desc, l.id desc),
        v_limit)
    from (
      select * from sync_logs
      where (v_key is null or (created_at, id) < (v_key[1]::timestamptz, v_key[2]::uuid))
        and (p_status is null or status = p_status) and (p_task_type is null or task_type = p_task_type)
        and (p_from is null or created_at >= p_from) and (p_until is null or created_at < p_until)
      order by created_at desc, id desc limit v_limit + 1) l);
end
$$;
comment on function public.sync_logs_page is 'The sync log, newest first; limit 20, at most 200.';

create or replace function public.sync_logs_stats(p_now timestamptz, p_hours integer default 24) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  with span as (
    select p_now - make_interval(hours => least(greatest(coalesce(p_hours, 24), 1), 9600)) as since,
           least(greatest(coalesce(p_hours, 24), 1), 9600) as hours
  ), figures as materialized (
    select l.script_name, l.task_type, count(*) as total, count(*) filter (where l.status = 'success') as success,
           count(*) filter (where l.status = 'warning') as warning, count(*) filter (where l.status = 'error') as error,
           sum(l.execution_time_seconds) as seconds, count(l.execution_time_seconds) as timed, max(l.created_at) as last_at
    from sync_logs l, span
    where l.created_at > span.since and l.created_at <= p_now
      -- The row of a chain sums up runs that have rows of their own: a run counts once.
      and l.task_type <> 'chain'
    group by l.script_name, l.task_type
  )
  select jsonb_build_object(
    'total_syncs', coalesce(sum(total), 0), 'success_count', coalesce(sum(success), 0), 'error_count', coalesce(sum(error), 0),
    'warning_count', coalesce(sum(warning), 0), 'last_sync', internal.instant(max(last_at)),
    'avg_execution_time', round(sum(seconds)::numeric / nullif(sum(timed), 0), 2), 'period_hours', (select hours from span),
    'success_rate', internal.percent(sum(success + warning)::bigint, sum(success + warning + error)::bigint),
    'tasks', coalesce(jsonb_agg(jsonb_build_object(
      'script_name', script_name, 'task_type', task_type, 'total', total, 'success_count', success, 'warning_count', warning,
      'error_count', error, 'avg_execution_time', round(seconds::numeric / nullif(timed, 0), 2),
      'success_rate', internal.percent(success + warning, success + warning + error),
      'last_execution', internal.instant(last_at)) order by script_name, task_type), '[]'))
  from figures
$$;
comment on function public.sync_logs_stats is
  'GET /sync-logs/stats: the documented figures, plus success_rate and tasks[]. Times in seconds. Each run counts once: rows of a chain do not.';

create or replace function public.system_status() returns jsonb
language sql stable set search_path = public, pg_temp as $$
  -- Before the first sync the shape is the same.
  select jsonb_build_object(
    'last_sync_date', internal.instant(coalesce(l.completed_at, l.created_at)), 'last_sync_status', l.status,
    'last_sync_items', internal.run_volume(l.figures), 'last_sync_job', l.script_name, 'last_sync_error', l.error_details,
    'execution_time', l.execution_time_seconds,
    'tables_updated', coalesce((
      select jsonb_object_agg(c.key, coalesce((c.value ->> 'inserted')::bigint, 0) + coalesce((c.value ->> 'updated')::bigint, 0)
                                     + coalesce((c.value ->> 'deleted')::bigint, 0))
      from jsonb_each(case when jsonb_typeof(l.figures -> 'collections') = 'object' then l.figures -> 'collections' else '{}' end) c
      where jsonb_typeof(c.value) = 'object'), '{}'))
  from (select) always
  left join lateral (
    -- The afternoon's sync is a part of its task, and so are its figures.
    select *, coalesce(stats -> 'sync', stats) as figures
    from sync_logs where task_type = 'sync' order by created_at desc, id desc limit 1) l on true
$$;
comment on function public.system_status is
  'GET /system/status: the last sync. last_sync_items: rows read; execution_time in seconds; tables_updated: {collection: rows changed}.';

-- The home page in one call: whether last night went well, what did not, and what waits for somebody.

create or replace function internal.chain_runs(p_root uuid) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  with recursive chain (id, depth) as (
    select p_root, 0
    union all
    select r.id, c.depth + 1 from scheduler_logs r join chain c on r.parent_run_id = c.id where c.depth < 5
  )
  select coalesce(jsonb_agg(internal.run_brief(r) order by c.depth, r.started_at, r.id), '[]')
  from (select id, min(depth) as depth from chain group by id order by min(depth), id limit 50) c join scheduler_logs r using (id)
$$;
comment on function internal.chain_runs is 'A run and those it started, itself first.';

create or replace function internal.night_runs(p_frequent_tasks text[], p_from timestamptz, p_until timestamptz) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select coalesce(jsonb_agg(internal.run_brief(r) order by r.started_at, r.id), '[]')
  from (select * from internal.run_list(100, null, p_frequent_tasks, false, null, null, null, null, p_from, p_until, null)) r
$$;
comment on function internal.night_runs is 'The runs of a span in order, without the successful ones of frequent tasks; the last 100.';

create or replace function internal.good_nights(p_now timestamptz) returns integer
language sql stable set search_path = public, pg_temp as $$
  with nights as (
    select (coalesce(scheduled_for, started_at) at time zone 'America/Toronto')::date as night,
           bool_or(task_name = 'sync_gazelle' and status = 'success') and not bool_or(status = 'error') as good
    from scheduler_logs
    where task_name in ('sync_gazelle', 'rapport_timeline', 'humidity_alerts', 'backup', 'restore_drill', 'cleanup')
      and status in ('success', 'warning', 'error') and triggered_by = 'scheduler'
      and started_at > p_now - interval '100 days' and started_at <= p_now
    group by 1
  ), counted as (
    -- In a row without a gap the date and its place move together.
    select night, good, night + (row_number() over (order by night desc))::integer as run
    from nights
  )
  select count(*)::integer from counted
  where run = (select run from counted order by night desc limit 1)
    and night > coalesce((select max(night) from counted where not good), '-infinity')
$$;
comment on function internal.good_nights is
  'How many nights in a row, the newest included, the sync succeeded and no nightly task failed; at most 100.';

create or replace function internal.newest_copies(p_now timestamptz) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select jsonb_build_object(
    'verified', (select jsonb_build_object('id', id, 'kind', kind, 'started_at', internal.instant(started_at), 'row_count', row_count,
                   'byte_count', byte_count, 'encrypted', encrypted, 'run_id', run_id,
                   'age_seconds', floor(extract(epoch from p_now - started_at))::bigint)
                 from backups where status = 'verified' and kind = 'supabase' and removed_at is null order by created_at desc limit 1),
    'newest', (select jsonb_build_object('id', id, 'kind', kind, 'status', status, 'started_at', internal.instant(started_at), 'run_id', run_id)
               from backups order by created_at desc limit 1),
    'drill', (select jsonb_build_object('id', id, 'status', status, 'created_at', internal.instant(created_at), 'rto_seconds', rto_seconds,
                'rpo_seconds', rpo_seconds, 'run_id', run_id, 'age_seconds', floor(extract(epoch from p_now - created_at))::bigint)
              from restore_drills order by created_at desc limit 1))
$$;
comment on function internal.newest_copies is 'The newest verified copy and its age, the newest attempt, and the last drill; each null when there is none.';

create or replace function internal.due_work(p_now timestamptz) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select jsonb_build_object(
    'maintenance', alert_stats() || (
      select jsonb_build_object('late', count(*) filter (where alert_type = 'MAINTENANCE_LATE'),
        'urgent', count(*) filter (where alert_type = 'MAINTENANCE_URGENT'),
        'asset_required', count(*) filter (where alert_type = 'ASSET_MAINTENANCE_REQUIRED'))
      from alerts where is_active and not is_dismissed),
    'humidity', (select count(*) from humidity_alerts where not coalesce(is_resolved, false) and not coalesce(archived, false)),
    'appointments', (select count(*) from alert_logs
                     where kind is not null and not coalesce(acknowledged, false)
                       and appointment_date >= (p_now at time zone 'America/Toronto')::date),
    'quarantine', (select count(*) from sync_quarantine where resolved_at is null))
$$;
comment on function internal.due_work is 'What waits for a person: alerts of maintenance, humidity and appointments, rows set aside.';

create or replace function internal.failed_deliveries(p_from timestamptz) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  with failed as (
    select * from notification_deliveries where status in ('failed', 'unknown') and created_at > p_from
  )
  select jsonb_build_object(
    'count', (select count(*) from failed),
    'items', (select coalesce(jsonb_agg(internal.delivery_json(d) order by d.seq desc), '[]')
              from (select * from failed order by seq desc limit 10) f
              join notification_deliveries d using (id)),
    'channels_off', (select coalesce(jsonb_agg(jsonb_build_object(
                       'channel', channel, 'recipient', nullif(recipient, ''),
                       'recipient_name', (select s.display_name from staff s where s.key = q.recipient), 'disabled_at', internal.instant(disabled_at),
                       'reason', disabled_reason) order by channel, recipient), '[]')
                     from notification_queues q where disabled_at is not null))
$$;
comment on function internal.failed_deliveries is 'Messages of a span that did not arrive, the last ten, and what is switched off.';

create or replace function public.home(p_tasks text[], p_frequent_tasks text[], p_now timestamptz) returns jsonb
language sql stable set search_path = public, pg_temp set jit = off as $$
  with span as (
    select today as night_date,
           ((today - 1) + time '20:00') at time zone 'America/Toronto' as night_from,
           least((today + time '08:00') at time zone 'America/Toronto', p_now + interval '1 microsecond') as night_until,
           p_now - interval '24 hours' as since
    from (select (p_now at time zone 'America/Toronto')::date as today) d
  ), last_sync as (
    select id from scheduler_logs
    where task_name = 'sync_gazelle' and triggered_by = 'scheduler' order by started_at desc, id desc limit 1
  )
  select jsonb_build_object(
    'timestamp', internal.instant(p_now), 'overall_status', internal.overall_status(),
    'good_nights', internal.good_nights(p_now),
    'chain', coalesce((select internal.chain_runs(id) from last_sync), '[]'),
    'night', jsonb_build_object('date', night_date, 'from', internal.instant(night_from), 'until', internal.instant(night_until),
      'runs', internal.night_runs(p_frequent_tasks, night_from, night_until)),
    'tasks', internal.task_states(p_tasks, p_now),
    'figures', public.scheduler_logs_stats(p_now),
    'syncs', public.sync_logs_stats(p_now),
    'incidents', (select coalesce(jsonb_agg(internal.incident_json(i, p_now) order by i.opened_at desc, i.id), '[]')
                  from (select * from incidents where closed_at is null order by opened_at desc, id limit 20) i),
    'anomalies', internal.anomaly_counts(), 'recommendations', internal.open_recommendations(5),
    'due', internal.due_work(p_now),
    'backup', internal.newest_copies(p_now),
    'deliveries', internal.failed_deliveries(since),
    'data', jsonb_build_object(
      'synced_at', (select internal.instant(min(watermark)) from sync_state where watermark is not null),
      'age_seconds', (select floor(extract(epoch from p_now - min(watermark)))::bigint from sync_state where watermark is not null)),
    'targets', (select coalesce(jsonb_agg(jsonb_build_object('name', t.name, 'label', t.label, 'required', t.required,
                  'state', s.state, 'since', internal.instant(s.since), 'checked_at', internal.instant(s.checked_at),
                  'latency_ms', s.latency_ms, 'error_kind', s.error_kind) order by t.name), '[]')
                from (select * from monitor_targets where enabled order by name limit 50) t left join monitor_states s on s.target = t.name),
    'ai', internal.ai_figures(since, p_now), 'error_rate', internal.error_rate(since, p_now),
    'usage', internal.usage_figures(since, p_now))
  from span
$$;
comment on function public.home is
  'Everything the home page shows, in one call. chain: the newest scheduled sync and what it started; night: from 20:00 to 08:00 in Montréal; figures and syncs: 24 hours, as in the stats endpoints; data: the age of the collection that is oldest.';

create or replace function public.task_nights(p_tasks text[], p_now timestamptz, p_days integer default 30) returns jsonb
language sql stable set search_path = public, pg_temp set jit = off as $$
  with days as (
    select (p_now at time zone 'America/Toronto')::date - internal.page_limit(p_days, 30, 92) + 1 as first
  ), nights as (
    select r.task_name, (coalesce(r.scheduled_for, r.started_at) at time zone 'America/Toronto')::date as night,
           count(*) as runs, count(*) filter (where r.status = 'error') as errors,
           count(*) filter (where r.status = 'warning') as warnings,
           count(*) filter (where r.status in ('queued', 'running')) as live,
           max(coalesce(r.duration_ms, r.duration_seconds * 1000::bigint)) as max_ms
    from scheduler_logs r, days
    where r.task_name = any (p_tasks) and r.started_at <= p_now
      and r.started_at >= (days.first::timestamp at time zone 'America/Toronto')
      and not coalesce(r.stats @> '{"paused": true}', false)
    group by 1, 2
  )
  select coalesce(jsonb_agg(jsonb_build_object('task_name', task.name, 'nights', (
           select coalesce(jsonb_agg(jsonb_build_object('date', n.night, 'runs', n.runs, 'errors', n.errors, 'warnings', n.warnings,
             'status', case when n.errors > 0 then 'error' when n.warnings > 0 then 'warning' when n.runs > n.live then 'success'
                            else 'running' end, 'max_ms', n.max_ms) order by n.night), '[]')
           from nights n, days where n.task_name = task.name and n.night >= days.first)) order by task.position), '[]')
  from unnest(p_tasks) with ordinality task (name, position)
$$;
comment on function public.task_nights is
  'The heat map: per task the dates in Montréal with runs, and the worst of each; 30 days, at most 92. A date that is absent had none.';

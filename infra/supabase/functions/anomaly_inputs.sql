-- What the detectors are given: aggregated here, so that a long log is not carried over the network.

create or replace function public.anomaly_run_inputs(p_hours integer, p_now timestamptz) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  with ends as (
    select task_name as name, task_label as label, status, id as run_id, coalesce(completed_at, started_at) as at,
           internal.first_failure(started_at, errors) as began_at
    from scheduler_logs
    where status in ('success', 'warning', 'error') and started_at > p_now - interval '30 days' and started_at <= p_now
    union all
    -- Rows without a run are those of the old writers.
    -- The row of a chain is no run: what it sums up is counted already.
    select script_name, script_name, status, null, created_at, coalesce(started_at, created_at) from sync_logs
    where run_id is null and task_type <> 'chain' and status in ('success', 'warning', 'error') and created_at > p_now - interval '30 days' and created_at <= p_now
  ), streaks as (
    select name, max(at) filter (where status <> 'error') as last_good_at from ends group by name
  ), tasks as (
    select e.name, max(e.label) as label,
           count(*) filter (where e.at > p_now - make_interval(hours => p_hours)) as recent_failures,
           count(*) filter (where s.last_good_at is null or e.at > s.last_good_at) as consecutive_failures,
           max(e.at) as last_failure_at,
           min(e.began_at) filter (where e.at > p_now - make_interval(hours => p_hours)) as recent_since,
           min(e.began_at) filter (where s.last_good_at is null or e.at > s.last_good_at) as consecutive_since,
           (array_agg(e.run_id order by e.at desc) filter (where e.run_id is not null))[1:50] as run_ids
    from ends e join streaks s using (name)
    where e.status = 'error'
    group by e.name
  )
  select jsonb_build_object(
    'tasks', (select coalesce(jsonb_agg(to_jsonb(t) order by t.name), '[]') from tasks t
              where recent_failures > 0 or consecutive_failures > 0),
    'running', (select coalesce(jsonb_agg(jsonb_build_object('run_id', id, 'name', task_name, 'label', task_label, 'started_at', started_at)
                                          order by started_at, id), '[]')
                from scheduler_logs
                where status = 'running' and started_at > p_now - interval '7 days' and started_at <= p_now))
$$;
comment on function public.anomaly_run_inputs is
  'Per task that failed: failures in the last p_hours, failures since the last success (30 days back), the failed runs, newest first; and what is running. {tasks[{name, label, recent_failures, consecutive_failures, last_failure_at, recent_since, consecutive_since, run_ids}], running[{run_id, name, label, started_at}]}.';

create or replace function internal.operator_hash(p_value text) returns text
language sql stable set search_path = public, pg_temp as $$
  select encode(sha256(convert_to('operator:' || (select value #>> '{}' from system_settings where key = 'sign_in_hash_key')
                                  || lower(btrim(coalesce(p_value, ''))), 'UTF8')), 'hex')
$$;
comment on function internal.operator_hash is
  'Who had a cash register, for fingerprints. The word before the key: no name typed at the sign-in, whose hash people may see, has the same.';

create or replace function public.anomaly_cash_inputs(p_now timestamptz) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select coalesce(jsonb_agg(to_jsonb(s) order by s.closed_at desc, s.session_id), '[]') from (
    select c.id as session_id, c.operator_id, internal.operator_hash(c.operator_id) as operator_hash, c.site_id, c.register_id, r.name as register_name, r.variance_limit,
           c.variance, c.closing_amount, c.actual_amount, c.closed_at
    from cash_sessions c left join cash_registers r on r.id = c.register_id
    -- Up to a cent is rounding: no comment is asked for either.
    where c.status = 'CLOSED' and abs(c.variance) > 1 and c.closed_at > p_now - interval '7 days' and c.closed_at <= p_now
    order by c.closed_at desc, c.id
    limit 1000) s
$$;
comment on function public.anomaly_cash_inputs is 'Sessions closed within seven days with a variance of more than a cent, newest first, at most 1000.';

create or replace function public.anomaly_access_inputs(p_hours integer, p_now timestamptz) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select coalesce(jsonb_agg(to_jsonb(g) order by g.failures desc, g.user_hash, g.address_hash), '[]') from (
    select user_hash, address_hash, coalesce(sum(attempts) filter (where not success), 0) as failures,
           sum(attempts) as attempts,
           max(created_at) filter (where not success) as last_failure_at
    from login_history
    where created_at > p_now - make_interval(hours => p_hours) and created_at <= p_now
      and error_type is distinct from 'logout'
    group by user_hash, address_hash
    having bool_or(not success)
    order by failures desc, user_hash, address_hash
    limit 200) g
$$;
comment on function public.anomaly_access_inputs is
  'Sign-ins of the last p_hours by person and place (both hashed), those with most failures first, at most 200 groups.';

create or replace function public.anomaly_ai_inputs(p_hours integer, p_now timestamptz) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select coalesce(jsonb_agg(to_jsonb(g) order by g.feature), '[]') from (
    select feature, count(*) as calls, count(*) filter (where not success) as failures,
           avg(confidence) filter (where success) as mean_confidence,
           array_agg(distinct error_kind) filter (where error_kind is not null) as error_kinds
    from ai_events
    where created_at > p_now - make_interval(hours => p_hours) and created_at <= p_now
    group by feature) g
$$;
comment on function public.anomaly_ai_inputs is 'Calls of language models in the last p_hours, by feature.';

create or replace function internal.live_rows() returns table (collection text, live bigint)
language sql stable set search_path = public, pg_temp as $$
  select 'users', count(*) from users where deleted_at is null
  union all select 'clients', count(*) from gazelle_clients where deleted_at is null
  union all select 'contacts', count(*) from gazelle_contacts where deleted_at is null
  union all select 'pianos', count(*) from gazelle_pianos where deleted_at is null
  union all select 'appointments', count(*) from gazelle_appointments where deleted_at is null
  union all select 'timeline', count(*) from gazelle_timeline_entries where deleted_at is null
$$;

create or replace function internal.orphan_rows() returns table (relation text, orphans bigint, total bigint, sample text[])
language sql stable set search_path = public, pg_temp as $$
  -- Upstream arrives in any order: a row is an orphan only if what it points to was read to its end since.
  with reading as (
    select max(watermark) filter (where collection = 'clients') as clients,
           max(watermark) filter (where collection = 'pianos') as pianos from sync_state
  ), totals as (
    select 'contacts.client' as relation, count(*) as total from gazelle_contacts where deleted_at is null and client_external_id is not null
    union all select 'pianos.client', count(*) from gazelle_pianos where deleted_at is null and client_external_id is not null
    union all select 'appointments.client', count(*) from gazelle_appointments where deleted_at is null and client_external_id is not null
    union all select 'timeline.client', count(*) from gazelle_timeline_entries where deleted_at is null and client_id is not null
    union all select 'timeline.piano', count(*) from gazelle_timeline_entries where deleted_at is null and piano_id is not null
  ), found as (
    select 'contacts.client' as relation, o.external_id from gazelle_contacts o left join gazelle_clients x on x.external_id = o.client_external_id
      where o.deleted_at is null and o.client_external_id is not null and x.external_id is null and o.synced_at <= (select clients from reading)
    union all select 'pianos.client', o.external_id from gazelle_pianos o left join gazelle_clients x on x.external_id = o.client_external_id
      where o.deleted_at is null and o.client_external_id is not null and x.external_id is null and o.synced_at <= (select clients from reading)
    union all select 'appointments.client', o.external_id from gazelle_appointments o left join gazelle_clients x on x.external_id = o.client_external_id
      where o.deleted_at is null and o.client_external_id is not null and x.external_id is null and o.synced_at <= (select clients from reading)
    union all select 'timeline.client', o.external_id from gazelle_timeline_entries o left join gazelle_clients x on x.external_id = o.client_id
      where o.deleted_at is null and o.client_id is not null and x.external_id is null and o.synced_at <= (select clients from reading)
    union all select 'timeline.piano', o.external_id from gazelle_timeline_entries o left join gazelle_pianos x on x.external_id = o.piano_id
      where o.deleted_at is null and o.piano_id is not null and x.external_id is null and o.synced_at <= (select pianos from reading)
  )
  select t.relation, count(f.external_id), t.total, (array_agg(f.external_id order by f.external_id))[1:20]
  from totals t join found f using (relation) group by t.relation, t.total
$$;
comment on function internal.orphan_rows is 'Mirrored rows that point to a client or a piano that the mirror does not have.';

create or replace function public.anomaly_mirror_inputs(p_now timestamptz) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  with samples as (
    select c as collection, (r.stats ->> c)::numeric as rows
    from scheduler_logs r, unnest(array['users', 'clients', 'contacts', 'pianos']) c
    where r.task_name = 'sync_gazelle' and r.status = 'success' and jsonb_typeof(r.stats -> c) = 'number'
      and r.started_at > p_now - interval '7 days' and r.started_at <= p_now
    union all
    -- The sync reads a part of these two; their whole size is in the figures of the detectors' own runs.
    select c, (r.stats -> 'live' ->> c)::numeric
    from scheduler_logs r, unnest(array['appointments', 'timeline']) c
    where r.task_name = 'anomalies' and r.status in ('success', 'warning') and jsonb_typeof(r.stats -> 'live' -> c) = 'number'
      and r.started_at > p_now - interval '7 days' and r.started_at <= p_now
  ), usual as (
    select collection, count(*) as samples, percentile_cont(0.5) within group (order by rows) as median
    from samples group by collection
  ), syncs as (
    select status, id, started_at from scheduler_logs
    where task_name = 'sync_gazelle' and status in ('success', 'warning', 'error')
      and started_at > p_now - interval '30 days' and completed_at <= p_now
  )
  select jsonb_build_object(
    'collections', (select coalesce(jsonb_agg(jsonb_build_object(
        'name', l.collection, 'live', l.live, 'samples', coalesce(u.samples, 0), 'median', u.median) order by l.collection), '[]')
      from internal.live_rows() l left join usual u using (collection)),
    'watermarks', (select coalesce(jsonb_agg(jsonb_build_object(
        -- A watermark is the start of the run that read the collection: only later runs came after it.
        'name', s.collection, 'watermark', s.watermark,
        'syncs_since', (select count(*) from syncs y where y.started_at > s.watermark),
        'failed_run_ids', (select coalesce(jsonb_agg(y.id order by y.started_at desc), '[]') from syncs y
                           where y.started_at > s.watermark and y.status = 'error')) order by s.collection), '[]')
      from sync_state s where s.watermark is not null),
    'orphans', (select coalesce(jsonb_agg(to_jsonb(o) order by o.relation), '[]') from internal.orphan_rows() o))
$$;
comment on function public.anomaly_mirror_inputs is
  'The mirror: rows per collection with the median of seven days, how far each was read and by which syncs it was not, orphans by relation.';

create or replace function public.anomaly_humidity_inputs(p_observed_before timestamptz) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select jsonb_build_object('late', count(*), 'oldest_at', min(observed_at))
  from humidity_alerts
  where not coalesce(is_resolved, false) and not coalesce(archived, false) and observed_at < p_observed_before
$$;
comment on function public.anomaly_humidity_inputs is 'Humidity alerts that are open since before an instant.';

create or replace function internal.run_volume(p_stats jsonb) returns numeric
language sql immutable as $$
  -- The report's and the backup's rows, the scan's notes, what a sync read.
  select coalesce(
    case when jsonb_typeof(p_stats -> 'rows') = 'number' then (p_stats ->> 'rows')::numeric end,
    case when jsonb_typeof(p_stats #> '{supabase,rows}') = 'number' then (p_stats #>> '{supabase,rows}')::numeric end,
    case when jsonb_typeof(p_stats -> 'scanned') = 'number' then (p_stats ->> 'scanned')::numeric end,
    case when jsonb_typeof(p_stats -> 'collections') = 'object' then
      (select sum((p_stats ->> c.name)::numeric) from jsonb_object_keys(p_stats -> 'collections') c (name)
       where jsonb_typeof(p_stats -> c.name) = 'number') end)
$$;
comment on function internal.run_volume is 'How much a run handled, from its figures; null when they do not say.';

create or replace function public.anomaly_duration_inputs(p_tasks text[], p_now timestamptz) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select coalesce(jsonb_agg(to_jsonb(t) order by t.name), '[]') from (
    select last.task_name as name, last.task_label as label, last.id as run_id, last.started_at,
           last.duration_ms, internal.run_volume(last.stats) as volume,
           (select coalesce(jsonb_agg(jsonb_build_object('duration_ms', past.duration_ms, 'volume', internal.run_volume(past.stats))), '[]')
            from (select p.duration_ms, p.stats from scheduler_logs p
                  where p.task_name = last.task_name and p.status = 'success' and p.duration_ms is not null and not p.stats ? 'paused'
                    and p.started_at < last.started_at and p.started_at > last.started_at - interval '120 days'
                    and extract(isodow from p.started_at at time zone 'America/Toronto')
                        = extract(isodow from last.started_at at time zone 'America/Toronto')
                  order by p.started_at desc limit 12) past) as same_weekday
    from unnest(p_tasks) task,
         lateral (select * from scheduler_logs r
                  where r.task_name = task and r.status = 'success' and r.duration_ms is not null and not r.stats ? 'paused'
                    and r.started_at > p_now - interval '7 days' and r.started_at <= p_now
                  order by r.started_at desc limit 1) last) t
$$;
comment on function public.anomaly_duration_inputs is
  'Per task the last success of the week, and the twelve successes before it on the same weekday in Montréal: durations and volumes.';

create or replace function public.recommendation_inputs(p_log_days integer, p_now timestamptz) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  with durations as (
    select task_name as name, max(task_label) as label,
           count(*) filter (where started_at > p_now - interval '28 days') as recent_runs,
           avg(duration_ms) filter (where started_at > p_now - interval '28 days') as recent_ms,
           count(*) filter (where started_at <= p_now - interval '28 days') as earlier_runs,
           avg(duration_ms) filter (where started_at <= p_now - interval '28 days') as earlier_ms
    from scheduler_logs
    where status = 'success' and duration_ms is not null and started_at > p_now - interval '56 days' and started_at <= p_now
    group by task_name
    having count(*) filter (where started_at <= p_now - interval '28 days') > 0
  ), kept as (
    -- What cleanup still keeps by its own setting is no reason to clean up.
    select greatest(p_log_days, internal.setting_number('retention.runs')::integer) as days
  )
  select jsonb_build_object(
    'cash', (select jsonb_build_object('sessions', count(*), 'gaps', count(*) filter (where abs(variance) > 100))
             from cash_sessions where status = 'CLOSED' and opened_at > p_now - interval '30 days' and opened_at <= p_now),
    'syncs', (select jsonb_build_object('runs', count(*), 'failures', count(*) filter (where status = 'error'))
              from sync_logs where created_at > p_now - interval '30 days' and created_at <= p_now),
    'old_logs', (select count(*) from scheduler_logs
                 where completed_at < p_now - make_interval(days => (select days from kept))),
    'installed_at', (select min(created_at) from scheduler_logs),
    'reviewed', (select coalesce(jsonb_object_agg(type, decided_at), '{}') from (
                   select type, max(decided_at) as decided_at from recommendations
                   where status <> 'open' group by type) r),
    'durations', (select coalesce(jsonb_agg(to_jsonb(d) order by d.name), '[]') from durations d))
$$;
comment on function public.recommendation_inputs is
  'What recommendations go by: cash gaps and failed syncs of 30 days, logs that outlived their retention, the age of the installation, the last decision per type, mean durations of the last four weeks and of the four before.';

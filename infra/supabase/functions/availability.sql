-- Availability: what is probed, in which state it is, and which task is expected when. The judgement is the
-- function's; here is what it reads, and how one tick is recorded as a whole.

create or replace function public.availability_plan(p_tasks text[], p_now timestamptz) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select jsonb_build_object(
    'targets', (
      select coalesce(jsonb_agg(to_jsonb(t) || jsonb_build_object(
               'version', coalesce(s.version, 0), 'standing', s.standing,
               'in_maintenance', exists (select from maintenance_windows w
                                         where (w.target is null or w.target = t.name)
                                           and w.starts_at <= p_now and p_now < w.ends_at)) order by t.name), '[]')
      from monitor_targets t left join monitor_states s on s.target = t.name),
    'tasks', (
      select coalesce(jsonb_agg(jsonb_build_object(
               'name', task, 'paused', coalesce(st.paused, false), 'resumed_at', st.resumed_at,
               'watched_since', h.watched_since, 'schedule', h.schedule, 'last_success_at', good.started_at,
               'last_success_ended_at', good.completed_at,
               'is_running', exists (select from scheduler_logs r where r.task_name = task and r.status = 'running'
                                                                   and r.lease_expires_at >= p_now),
               'missed_since', (select i.data ->> 'since' from incidents i
                                where i.kind = 'missed_run' and i.subject = task and i.closed_at is null
                                  and good.started_at is not distinct from (i.data ->> 'last_success_at')::timestamptz))), '[]')
      from unnest(p_tasks) task
      left join task_states st on st.task_name = task
      left join heartbeats h on h.name = task
      left join lateral (
        -- Of the newest, not the one that ended last: what is made up for later was planned earlier.
        select newest.planned_at as started_at, newest.completed_at
        from (select coalesce(r.scheduled_for, r.started_at) as planned_at, r.completed_at from scheduler_logs r
              where r.task_name = task and r.status in ('success', 'warning')
                -- A run that ended because of the pause did nothing.
                and not coalesce(r.stats @> '{"paused": true}', false)
              order by r.started_at desc limit 20) newest
        order by newest.planned_at desc limit 1) good on true))
$$;
comment on function public.availability_plan is
  'What a tick works on: targets with policy, standing and its version; tasks with their last success, pause and watch, and whether one is at work.';

create or replace function internal.record_target(p_check jsonb, p_run_id uuid, p_now timestamptz) returns text
language plpgsql set search_path = public, pg_temp as $$
declare
  v_effect text := p_check ->> 'effect';
begin
  insert into monitor_states (target, version, state, since, standing, checked_at, latency_ms, error_kind)
  select p_check ->> 'target', 1, p_check -> 'standing' ->> 'state', (p_check -> 'standing' ->> 'since')::timestamptz,
         p_check -> 'standing', (p_check ->> 'checked_at')::timestamptz, (p_check ->> 'latency_ms')::integer,
         p_check ->> 'error_kind'
  where (p_check ->> 'version')::bigint = 0
  on conflict (target) do nothing;
  if not found then
    update monitor_states
    set version = version + 1, state = p_check -> 'standing' ->> 'state',
        since = (p_check -> 'standing' ->> 'since')::timestamptz, standing = p_check -> 'standing',
        checked_at = coalesce((p_check ->> 'checked_at')::timestamptz, checked_at),
        latency_ms = (p_check ->> 'latency_ms')::integer, error_kind = p_check ->> 'error_kind'
    where target = p_check ->> 'target' and version = (p_check ->> 'version')::bigint
      and (p_check ->> 'version')::bigint > 0;
    if not found then
      return 'stale';
    end if;
  end if;
  if p_check ->> 'checked_at' is not null then
    insert into monitor_checks (target, ok, latency_ms, error_kind, checked_at)
    values (p_check ->> 'target', (p_check ->> 'ok')::boolean, (p_check ->> 'latency_ms')::integer,
            p_check ->> 'error_kind', (p_check ->> 'checked_at')::timestamptz);
  end if;
  return case
    when v_effect = 'open' then
      case when internal.open_incident('availability', p_check ->> 'target', 'availability.down',
             p_check ->> 'severity', p_check -> 'data', null, p_run_id, p_now) is not null then 'opened' else 'kept' end
    when v_effect = 'recover' then
      case when internal.close_incident('availability', p_check ->> 'target', 'availability.recovered', 'recovered',
             p_check -> 'data', p_run_id, p_now) is not null then 'closed' else 'kept' end
    when v_effect = 'pause' then
      case when internal.close_incident('availability', p_check ->> 'target', null, 'paused', '{}', p_run_id, p_now)
             is not null then 'closed' else 'kept' end
    else 'kept' end;
end
$$;
comment on function internal.record_target is 'One target''s check, new standing and what follows from it; nothing at all when the standing was another one.';

create or replace function internal.record_watch(p_task jsonb, p_run_id uuid, p_now timestamptz) returns text
language plpgsql set search_path = public, pg_temp as $$
declare
  v_task text := p_task ->> 'name';
  v_last timestamptz := (p_task ->> 'last_success_at')::timestamptz;
  v_failed uuid;
  v_schedule_changed boolean := coalesce(
    (select h.schedule is distinct from p_task ->> 'schedule' from heartbeats h where h.name = v_task), false);
begin
  insert into heartbeats as h (name, expected_every_seconds, grace_seconds, last_seen_at, state, schedule, watched_since)
  values (v_task, (p_task ->> 'expected_every_seconds')::bigint, (p_task ->> 'grace_seconds')::bigint, v_last,
          p_task ->> 'state', p_task ->> 'schedule', p_now)
  on conflict (name) do update
  set expected_every_seconds = excluded.expected_every_seconds, grace_seconds = excluded.grace_seconds,
      last_seen_at = excluded.last_seen_at, state = excluded.state,
      watched_since = case when h.schedule is distinct from excluded.schedule then p_now else h.watched_since end,
      schedule = excluded.schedule
  where (h.expected_every_seconds, h.grace_seconds, h.last_seen_at, h.state, h.schedule)
    is distinct from (excluded.expected_every_seconds, excluded.grace_seconds, excluded.last_seen_at, excluded.state, excluded.schedule);
  if p_task ->> 'state' = 'down' then
    v_failed := internal.explaining_run(array[v_task], coalesce(v_last, '-infinity'));
    return case when internal.open_incident('missed_run', v_task, 'heartbeat.missed', 'error',
      jsonb_strip_nulls(jsonb_build_object('subject', p_task ->> 'label', 'since', p_task ->> 'missing_since',
        'last_success_at', v_last,
        'run_id', (select r.id from scheduler_logs r where r.task_name = v_task order by r.started_at desc limit 1))),
      v_failed, p_run_id, p_now) is not null then 'opened' else 'kept' end;
  elsif p_task ->> 'state' = 'paused' or v_schedule_changed then
    return case when internal.close_incident('missed_run', v_task, null,
                       case when v_schedule_changed then 'schedule_changed' else 'paused' end, '{}', p_run_id, p_now)
             is not null then 'closed' else 'kept' end;
  end if;
  if exists (select from incidents i
             where i.kind = 'missed_run' and i.subject = v_task and i.closed_at is null
               and v_last is not distinct from (i.data ->> 'last_success_at')::timestamptz) then
    -- Not expected at this moment, but no success either: nothing has recovered.
    return 'kept';
  end if;
  return case when internal.close_incident('missed_run', v_task, 'heartbeat.recovered', 'recovered', '{}', p_run_id, p_now)
         is not null then 'closed' else 'kept' end;
end
$$;
comment on function internal.record_watch is 'One task''s heartbeat, and the incident of a task that did not succeed in time.';

create or replace function internal.record_speed(p_task jsonb, p_run_id uuid, p_now timestamptz) returns text
language plpgsql set search_path = public, pg_temp as $$
declare
  v_task text := p_task ->> 'name';
  v_run scheduler_logs;
  v_data jsonb;
  v_unknown text;
begin
  -- A run that was paused, or only tried, says nothing of its time.
  select * into v_run from scheduler_logs r
  where r.task_name = v_task and r.completed_at is not null and r.duration_ms is not null
    and not coalesce(r.stats @> '{"paused": true}', false) and not coalesce(r.parameters @> '{"dry_run": true}', false)
    and r.started_at >= p_now - interval '8 days'
  order by r.started_at desc limit 1;
  -- Where no run says anything, nobody knows whether it is still slow.
  v_unknown := case when p_task ->> 'state' = 'paused' then 'paused'
                    when v_run.id is null then 'no_run'
                    -- A run that was handed over used its time on purpose.
                    when v_run.part > 0 then 'in_parts' end;
  if v_unknown is not null then
    return case when internal.close_incident('slow_run', v_task, null, v_unknown, '{}', p_run_id, p_now)
           is not null then 'closed' else 'kept' end;
  end if;
  -- A run that failed says so itself, and why.
  if v_run.status not in ('success', 'warning') then
    return 'kept';
  end if;
  v_data := jsonb_build_object('subject', p_task ->> 'label', 'run_id', v_run.id, 'since', v_run.completed_at,
                               'duration_seconds', round(v_run.duration_ms / 1000.0));
  if v_run.duration_ms >= (p_task ->> 'slow_ms')::bigint
     -- A run that was reported before a pause is not reported again after it.
     and not exists (select from incidents i where i.kind = 'slow_run' and i.subject = v_task and i.closed_at is not null
                                               and i.data ->> 'run_id' = v_run.id::text) then
    return case when internal.open_incident('slow_run', v_task, 'run.slow', 'warning', v_data, null, p_run_id, p_now)
           is not null then 'opened' else 'kept' end;
  end if;
  if v_run.duration_ms >= (p_task ->> 'slow_ms')::bigint then
    return 'kept';
  end if;
  return case when internal.close_incident('slow_run', v_task, 'run.recovered', 'recovered',
           v_data - array['since', 'duration_seconds'], p_run_id, p_now)
         is not null then 'closed' else 'kept' end;
end
$$;
comment on function internal.record_speed is
  'One task''s newest run: an incident when it took almost all of its time, the end of it with a good run that did not.';

create or replace function public.record_tick(
  p_run_id uuid, p_lease uuid, p_lease_seconds integer, p_checks jsonb, p_tasks jsonb, p_now timestamptz
) returns jsonb language plpgsql set search_path = public, pg_temp as $$
declare
  v_opened integer;
  v_closed integer;
  v_stale integer;
begin
  perform internal.hold_lease(p_run_id, p_lease, p_lease_seconds, p_now);
  perform internal.close_expired_runs(null, p_now);
  perform internal.close_incident('availability', i.subject, null, 'target_removed', '{}', p_run_id, p_now)
  from incidents i
  where i.kind = 'availability' and i.closed_at is null
    and not exists (select from monitor_targets t where t.name = i.subject);
  -- A letter's alarm ends by itself within the hour, and says nothing then: also when its end could not be recorded.
  perform internal.close_incident(i.kind, i.subject, null, 'end_not_received', '{}', p_run_id, p_now)
  from incidents i
  where i.kind = 'alarm' and i.closed_at is null and i.subject like '%-depth' and i.opened_at < p_now - interval '1 hour';
  -- What another version watched, and this one does not.
  perform internal.close_incident(i.kind, i.subject, null, 'not_watched', '{}', p_run_id, p_now)
  from incidents i
  where i.kind in ('missed_run', 'slow_run') and i.closed_at is null
    and not exists (select from jsonb_array_elements(p_tasks) t where t ->> 'name' = i.subject);
  select count(*) filter (where outcome = 'opened'), count(*) filter (where outcome = 'closed'),
         count(*) filter (where outcome = 'stale')
  into v_opened, v_closed, v_stale
  from (select internal.record_target(c, p_run_id, p_now) as outcome from jsonb_array_elements(p_checks) c
        union all
        select internal.record_watch(t, p_run_id, p_now) from jsonb_array_elements(p_tasks) t
        union all
        select internal.record_speed(t, p_run_id, p_now) from jsonb_array_elements(p_tasks) t) outcomes;
  return jsonb_build_object('opened', v_opened, 'closed', v_closed, 'stale', v_stale);
end
$$;
comment on function public.record_tick is
  'One tick in one transaction: lost runs closed, checks and standings stored, incidents opened and closed with their notices.';

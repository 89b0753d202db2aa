-- One run, as state changes: claim, keep alive, go on later, finish. Each is one transaction; the lease token
-- fences every process that lost its run.

create or replace function internal.first_failure(p_started_at timestamptz, p_errors jsonb) returns timestamptz
language sql stable as $$
  -- A run that is tried again starts anew, on the same row; what its first attempt said stays.
  select least(p_started_at,
    case when p_errors #>> '{0,at}' ~ '^[12]\d{3}-[01]\d-[0-3]\dT[0-2]\d:[0-5]\d:[0-5]\d(\.\d+)?(Z|[+-]\d\d:\d\d)$'
         then (p_errors #>> '{0,at}')::timestamptz end)
$$;
comment on function internal.first_failure is 'When a failed run began to fail: the start of its only attempt, or the end of its first.';

create or replace function internal.failing_since(p_task text, p_until timestamptz) returns timestamptz
language sql stable set search_path = public, pg_temp as $$
  -- The first run that failed after the last one that did not.
  select internal.first_failure(r.started_at, r.errors)
  from scheduler_logs r
  where r.task_name = p_task and r.status = 'error' and r.started_at <= p_until
    and r.started_at > coalesce((
      select g.started_at from scheduler_logs g
      where g.task_name = p_task and g.status in ('success', 'warning') and g.started_at <= p_until
        -- A run that ended because of the pause proves nothing.
        and not coalesce(g.stats @> '{"paused": true}', false)
      order by g.started_at desc limit 1), '-infinity')
  order by r.started_at limit 1
$$;
comment on function internal.failing_since is
  'Since when a task has only failed, as of an instant: the first failure after its last success. Null when it does not fail.';

create or replace function internal.start_waiting(p_group text, p_now timestamptz) returns uuid
language plpgsql set search_path = public, pg_temp as $$
declare
  -- The dispatcher publishes what could not be published at once, every five minutes.
  c_start constant interval := '30 minutes';
  v_run scheduler_logs;
begin
  update scheduler_logs
  set waits = false, message = null, lease_expires_at = p_now + c_start
  where id = (select id from scheduler_logs where exclusion_group = p_group and status = 'queued' and waits
                -- One that waited too long is said not to have started.
                and lease_expires_at >= p_now
              order by scheduled_for, id limit 1 for update skip locked)
  returning * into v_run;
  if not found then
    return null;
  end if;
  insert into event_outbox (run_id, source, detail_type, detail, created_at, next_attempt_at)
  values (v_run.id, 'gazelle.tasks', 'Task Requested', jsonb_build_object(
    'task', v_run.task_name, 'run_id', v_run.id, 'requested_by', v_run.triggered_by_user, 'parameters', v_run.parameters), p_now, p_now)
  on conflict (run_id, detail_type, part) do update set published_at = null, next_attempt_at = excluded.next_attempt_at;
  return v_run.id;
end
$$;
comment on function internal.start_waiting is
  'The oldest run that waits for its group is asked for, now that nobody holds it: its id, or null. It starts by its event, as every requested run.';

create or replace function internal.close_expired_runs(p_except_key text, p_now timestamptz) returns void
language plpgsql set search_path = public, pg_temp as $$
declare
  v_run scheduler_logs;
begin
  for v_run in
    select * from scheduler_logs
    where (status = 'running' and lease_expires_at < p_now)
       or (status = 'queued' and lease_expires_at < p_now)
    for update skip locked
  loop
    update scheduler_logs
    set status = 'error', completed_at = p_now,
        duration_seconds = extract(epoch from p_now - v_run.started_at)::integer,
        error_kind = case v_run.status when 'queued' then 'not_started' else 'lost' end,
        message = case v_run.status when 'queued' then 'Demandée, jamais démarrée'
                                    else 'Exécution perdue: le processus a disparu' end,
        errors = v_run.errors || jsonb_build_object('attempt', v_run.attempt, 'at', p_now,
          'kind', case v_run.status when 'queued' then 'not_started' else 'lost' end)
    where id = v_run.id;
    if v_run.status = 'running' then
      perform internal.start_waiting(v_run.exclusion_group, p_now);
    end if;
    -- The run that is being started again speaks for itself.
    if v_run.failure_event is not null and (v_run.run_key is distinct from p_except_key or v_run.status = 'queued') then
      perform internal.enqueue_notice(jsonb_build_object(
        'event_type', v_run.failure_event, 'severity', 'error',
        'fingerprint', coalesce(v_run.failure_fingerprint, v_run.failure_event || '@' || v_run.run_key),
        'data', jsonb_build_object('task_label', v_run.task_label, 'run_id', v_run.id,
                                   'error_kind', case v_run.status when 'queued' then 'not_started' else 'lost' end,
                                   'since', coalesce(internal.failing_since(v_run.task_name, v_run.started_at), v_run.started_at))),
        v_run.id, p_now);
    end if;
  end loop;
end
$$;
comment on function internal.close_expired_runs is
  'Runs whose lease ended become errors ("lost"), requests nobody took "not started"; each is reported by its task''s failure notice.';

create or replace function internal.start_run(p_id uuid, p_request jsonb, p_now timestamptz) returns jsonb
language plpgsql set search_path = public, pg_temp as $$
declare
  v_run scheduler_logs;
begin
  update scheduler_logs
  set status = 'running',
      -- A run without a holder was handed over by its part before: it goes on, it does not start again.
      attempt = attempt + case when status = 'queued' or (status = 'running' and lease_token is null) then 0 else 1 end,
      -- A process that vanished without a trace leaves one here.
      errors = errors || case when status = 'running' and lease_token is not null
        then jsonb_build_array(jsonb_build_object('attempt', attempt, 'at', p_now, 'kind', 'lost')) else '[]' end,
      part = (p_request ->> 'part')::integer,
      started_at = case when status = 'running' and lease_token is null then started_at else p_now end,
      completed_at = null, duration_seconds = null, duration_ms = null,
      message = null, error_kind = null, progress = '{}', waits = false,
      request_id = p_request ->> 'request_id',
      claim_key = p_request ->> 'claim_key',
      log_url = p_request ->> 'log_url',
      exclusion_group = p_request ->> 'exclusion_group',
      failure_event = p_request ->> 'failure_event',
      failure_fingerprint = p_request ->> 'failure_fingerprint',
      lease_token = gen_random_uuid(),
      lease_expires_at = p_now + make_interval(secs => (p_request ->> 'lease_seconds')::integer)
  where id = p_id
  returning * into v_run;
  return jsonb_build_object('outcome', 'claimed', 'run', to_jsonb(v_run));
end
$$;

create or replace function public.claim_run(p_request jsonb, p_now timestamptz) returns jsonb
language plpgsql set search_path = public, pg_temp as $$
declare
  v_kind text := p_request ->> 'kind';
  v_group text := p_request ->> 'exclusion_group';
  v_part integer := (p_request ->> 'part')::integer;
  v_run scheduler_logs;
  v_other uuid;
  v_found boolean;
  v_paused boolean := v_kind in ('scheduled', 'chained')
    and exists (select from task_states where task_name = p_request ->> 'task_name' and paused);
  v_parent scheduler_logs;
begin
  perform pg_advisory_xact_lock(hashtextextended('claim_run:' || v_group, 0));
  -- A dead run of this group may have a page that is committing just now: the next run begins after it.
  perform from scheduler_logs
  where exclusion_group = v_group and status = 'running' and lease_expires_at < p_now for update;
  perform internal.close_expired_runs(p_request ->> 'run_key', p_now);

  select * into v_run from scheduler_logs
  where case when p_request ->> 'run_id' is not null then id = (p_request ->> 'run_id')::uuid
             else run_key = p_request ->> 'run_key' end
  for update;
  v_found := found;

  if v_found and v_run.task_name <> p_request ->> 'task_name' then
    return jsonb_build_object('outcome', 'unknown_run');
  end if;
  -- This very claim was granted, and the answer was lost on the way.
  if v_found and v_run.status = 'running' and v_run.lease_token is not null
     and v_run.claim_key = p_request ->> 'claim_key' then
    return jsonb_build_object('outcome', 'claimed', 'run', to_jsonb(v_run));
  end if;
  if v_found and v_kind = 'continued' then
    if v_run.status in ('success', 'warning') or v_run.part > v_part then
      return jsonb_build_object('outcome', 'duplicate', 'run', to_jsonb(v_run) - 'lease_token');
    end if;
    -- The part before has handed over (its lease waits without a holder), or this part was lost. A run that a
    -- process holds is not taken from it, whatever old event comes by.
    if v_run.status = 'running' and v_run.lease_token is not null and v_run.request_id is distinct from p_request ->> 'request_id' then
      return jsonb_build_object('outcome', 'duplicate', 'run', to_jsonb(v_run) - 'lease_token');
    end if;
  elsif v_found then
    -- A live run is a duplicate, unless the platform retries the very invocation that holds it: that
    -- process is dead, and its token stops being valid here.
    if v_run.status in ('success', 'warning')
       or (v_run.status = 'running' and v_run.request_id is distinct from p_request ->> 'request_id')
       -- People were told that it did not start, and may have asked again: what comes late starts nothing.
       or (v_kind in ('requested', 'scheduled') and v_run.error_kind = 'not_started') then
      return jsonb_build_object('outcome', 'duplicate', 'run', to_jsonb(v_run) - 'lease_token');
    end if;
  elsif v_kind = 'continued' then
    return jsonb_build_object('outcome', 'unknown_run');
  end if;

  select id into v_other from scheduler_logs
  where exclusion_group = v_group and status = 'running' and lease_expires_at >= p_now
    and (not v_found or id <> v_run.id)
  limit 1;
  if v_other is not null and not v_paused and not coalesce((p_request ->> 'may_wait')::boolean, false) then
    return jsonb_build_object('outcome', 'busy', 'live_run_id', v_other);
  end if;

  if not v_found then
    select * into v_parent from scheduler_logs where id = (p_request ->> 'parent_run_id')::uuid;
    insert into scheduler_logs (
      id, task_name, task_label, started_at, status, run_key, correlation_id, parent_run_id, attempt,
      triggered_by, triggered_by_user, scheduled_for, parameters)
    values (
      coalesce((p_request ->> 'run_id')::uuid, gen_random_uuid()),
      p_request ->> 'task_name', p_request ->> 'task_label', p_now, 'queued', p_request ->> 'run_key',
      coalesce((p_request ->> 'correlation_id')::uuid, gen_random_uuid()), (p_request ->> 'parent_run_id')::uuid, 1,
      -- A chained run inherits who started the chain.
      coalesce(v_parent.triggered_by, p_request ->> 'triggered_by'),
      coalesce(v_parent.triggered_by_user, p_request ->> 'triggered_by_user'),
      coalesce((p_request ->> 'scheduled_for')::timestamptz, v_parent.scheduled_for, p_now),
      coalesce(p_request -> 'parameters', '{}'))
    returning * into v_run;
  end if;

  if v_paused then
    update scheduler_logs
    set status = 'success', message = 'En pause', completed_at = p_now, duration_seconds = 0, duration_ms = 0,
        stats = '{"paused": true}'
    where id = v_run.id returning * into v_run;
    return jsonb_build_object('outcome', 'paused', 'run', to_jsonb(v_run));
  end if;
  if v_other is not null then
    -- What started later than this would be another day's.
    update scheduler_logs
    set status = 'queued', waits = true, message = 'Attend la fin de l''exécution en cours', exclusion_group = v_group,
        attempt = attempt + case when status = 'error' then 1 else 0 end, completed_at = null, error_kind = null,
        failure_event = p_request ->> 'failure_event', failure_fingerprint = p_request ->> 'failure_fingerprint',
        lease_expires_at = case when waits then lease_expires_at else p_now + interval '3 hours' end
    where id = v_run.id returning * into v_run;
    return jsonb_build_object('outcome', 'queued', 'run', to_jsonb(v_run));
  end if;
  return internal.start_run(v_run.id, p_request, p_now);
end
$$;
comment on function public.claim_run is
  'Takes a run for this process. p_request: run_key, task_name, task_label, exclusion_group, kind (scheduled|chained|requested|continued|manual), part, request_id, claim_key?, run_id?, parent_run_id?, correlation_id?, triggered_by, triggered_by_user?, scheduled_for?, parameters?, failure_event?, failure_fingerprint?, log_url?, lease_seconds, may_wait?. Answers {outcome: claimed|duplicate|busy|queued|paused|unknown_run, run?, live_run_id?}: with may_wait a run that finds its group busy is queued, and asked for when the holder ends or is lost. The same claim_key again is the same claim: it is granted once and answered as often as asked.';

create or replace function internal.hold_lease(
  p_run_id uuid, p_lease uuid, p_lease_seconds integer, p_now timestamptz, p_writes boolean default false
) returns void language plpgsql set search_path = public, pg_temp as $$
declare
  v_expires timestamptz;
  v_renewed timestamptz := p_now + make_interval(secs => p_lease_seconds);
begin
  select lease_expires_at into v_expires from scheduler_logs
  where id = p_run_id and lease_token = p_lease and status = 'running';
  -- The row stays locked until the caller's commit: whoever takes the run over waits for it. Parallel pages of one
  -- run share the lock; the one that renews, when a quarter of the lease is spent, takes the stronger lock first,
  -- because two that hold the weaker one and want the stronger would wait for each other.
  if p_writes or v_expires < v_renewed - make_interval(secs => p_lease_seconds / 4) then
    update scheduler_logs set lease_expires_at = greatest(lease_expires_at, v_renewed)
    where id = p_run_id and lease_token = p_lease and status = 'running';
  else
    perform from scheduler_logs
    where id = p_run_id and lease_token = p_lease and status = 'running' for share;
  end if;
  if not found then
    raise exception using errcode = 'GT001', message = 'lease lost', detail = 'another process holds or has ended this run';
  end if;
end
$$;
comment on function internal.hold_lease is 'Raises GT001 when the run is not held with this token; nobody takes the run over before the caller has committed. Renews the lease when a quarter of it is spent. p_writes: the caller changes the row of the run itself.';

create or replace function public.report_progress(
  p_run_id uuid, p_lease uuid, p_progress jsonb, p_lease_seconds integer, p_now timestamptz
) returns void language plpgsql set search_path = public, pg_temp as $$
begin
  perform internal.hold_lease(p_run_id, p_lease, p_lease_seconds, p_now, p_writes => true);
  update scheduler_logs set progress = p_progress where id = p_run_id and progress is distinct from p_progress;
end
$$;
comment on function public.report_progress is 'Keeps the lease and shows how far the run has come.';

create or replace function public.continue_run(
  p_run_id uuid, p_lease uuid, p_event jsonb, p_stats jsonb, p_wait_seconds integer, p_now timestamptz,
  p_not_before timestamptz default null
) returns jsonb language plpgsql set search_path = public, pg_temp as $$
declare
  v_part integer := (p_event -> 'detail' ->> 'part')::integer;
  v_due timestamptz := greatest(p_now, p_not_before);
  v_event event_outbox;
begin
  update scheduler_logs
  set lease_token = null, request_id = null, stats = p_stats, handed_over_by = p_lease,
      progress = case when v_due > p_now then progress || jsonb_build_object('waits_until', v_due) else progress end,
      lease_expires_at = v_due + make_interval(secs => p_wait_seconds)
  where id = p_run_id and lease_token = p_lease and status = 'running';
  if found then
    insert into event_outbox (run_id, source, detail_type, detail, part, created_at, next_attempt_at)
    values (p_run_id, p_event ->> 'source', p_event ->> 'detail_type', p_event -> 'detail', v_part, p_now, v_due)
    on conflict (run_id, detail_type, part) do update set published_at = null, next_attempt_at = v_due
    returning * into v_event;
  else
    -- The same hand-over again, because its answer was lost on the way: the event is queued already.
    select e.* into v_event
    from event_outbox e join scheduler_logs l on l.id = e.run_id
    where l.id = p_run_id and l.handed_over_by = p_lease
      and e.detail_type = p_event ->> 'detail_type' and e.part = v_part;
    if not found then
      raise exception using errcode = 'GT001', message = 'lease lost';
    end if;
  end if;
  return jsonb_build_object('id', v_event.id, 'source', v_event.source, 'detail_type', v_event.detail_type,
                            'detail', v_event.detail, 'due', v_event.next_attempt_at <= p_now);
end
$$;
comment on function public.continue_run is
  'Hands the run over to its next part: the lease waits without a holder, the Task Continued event is queued and returned. With p_not_before the event is published then, and due is false. The same hand-over again answers the same event.';

create or replace function internal.unpublished_events(p_run_id uuid) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select coalesce(jsonb_agg(jsonb_build_object('id', id, 'source', source, 'detail_type', detail_type, 'detail', detail)), '[]')
  from event_outbox where run_id = p_run_id and published_at is null
$$;

create or replace function public.finish_run(p_run_id uuid, p_lease uuid, p_result jsonb, p_now timestamptz)
returns jsonb language plpgsql set search_path = public, pg_temp as $$
declare
  v_run scheduler_logs;
  v_status text := p_result ->> 'status';
  v_event jsonb;
  v_notice jsonb;
  v_log jsonb;
  v_waiting uuid;
  v_parent_status text;
begin
  update scheduler_logs
  set status = v_status,
      completed_at = p_now,
      duration_seconds = round(case when part = 0 then (p_result ->> 'duration_ms')::numeric / 1000
                                    else extract(epoch from p_now - started_at) end),
      duration_ms = case when part = 0 then (p_result ->> 'duration_ms')::bigint
                         else (extract(epoch from p_now - started_at) * 1000)::bigint end,
      message = left(p_result ->> 'message', 1000),
      stats = coalesce(p_result -> 'stats', '{}'),
      error_kind = p_result ->> 'error_kind',
      errors = errors || coalesce(p_result -> 'errors', '[]'),
      lease_expires_at = null
  where id = p_run_id and lease_token = p_lease and status = 'running'
  returning * into v_run;
  if not found then
    -- The same end reported twice, because the first answer was lost on the way, is an end.
    select * into v_run from scheduler_logs where id = p_run_id;
    return jsonb_build_object(
      'finished', v_run.lease_token is not distinct from p_lease and v_run.status = v_status,
      'run', to_jsonb(v_run) - 'lease_token', 'notices', 0, 'events', internal.unpublished_events(p_run_id));
  end if;

  for v_log in select * from jsonb_array_elements(coalesce(p_result -> 'sync_logs', '[]')) loop
    v_parent_status := null;
    if (v_log ->> 'with_parent')::boolean then
      select status into v_parent_status from scheduler_logs where id = v_run.parent_run_id;
    end if;
    insert into sync_logs (script_name, task_type, status, message, stats, error_details, triggered_by,
                           triggered_by_user, created_at, started_at, completed_at, execution_time_seconds, run_id)
    values (v_log ->> 'script_name', v_log ->> 'task_type',
            case when 'error' in (v_status, v_parent_status) then 'error'
                 when 'warning' in (v_status, v_parent_status) then 'warning' else v_status end,
            v_run.message, v_run.stats, p_result ->> 'error_kind', v_run.triggered_by, v_run.triggered_by_user,
            p_now, v_run.started_at, p_now, v_run.duration_seconds, v_run.id)
    on conflict (run_id, task_type, script_name) do update
    set status = excluded.status, message = excluded.message, stats = excluded.stats,
        error_details = excluded.error_details, completed_at = excluded.completed_at,
        execution_time_seconds = excluded.execution_time_seconds;
  end loop;

  for v_event in select * from jsonb_array_elements(coalesce(p_result -> 'events', '[]')) loop
    insert into event_outbox (run_id, source, detail_type, detail, created_at, next_attempt_at)
    values (v_run.id, v_event ->> 'source', v_event ->> 'detail_type', v_event -> 'detail', p_now, p_now)
    on conflict (run_id, detail_type, part) do nothing;
  end loop;
  for v_notice in select * from jsonb_array_elements(coalesce(p_result -> 'notices', '[]')) loop
    if v_status = 'error' and v_notice -> 'data' ? 'since' then
      -- The run knows when it started, the log since when the task fails.
      v_notice := jsonb_set(v_notice, '{data,since}',
                            coalesce(to_jsonb(internal.failing_since(v_run.task_name, v_run.started_at)), v_notice -> 'data' -> 'since'));
    end if;
    perform internal.enqueue_notice(v_notice, v_run.id, p_now);
  end loop;

  v_waiting := internal.start_waiting(v_run.exclusion_group, p_now);
  return jsonb_build_object('finished', true, 'run', to_jsonb(v_run),
    -- Those of this end, and those that the task queued together with its own rows.
    'notices', (select count(*) from notification_deliveries where run_id = v_run.id and status = 'pending'),
    -- Its own, and that of the run that waited for it.
    'events', internal.unpublished_events(p_run_id)
              || internal.unpublished_events(v_waiting));
end
$$;
comment on function public.finish_run is
  'Ends a run in one transaction: state, sync_logs rows, domain events, notices. p_result: status, duration_ms, message, stats, error_kind?, errors?, sync_logs[{script_name, task_type, with_parent}], events[{source, detail_type, detail}], notices[{event_type, severity, fingerprint, data}]. {finished: false} when the token is not valid any more.';

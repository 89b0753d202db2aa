-- Runs as the console and the API ask for them; and the pause of a task.

create or replace function internal.live_run(p_exclusion_group text, p_now timestamptz) returns uuid
language sql stable set search_path = public, pg_temp as $$
  select id from scheduler_logs
  where exclusion_group = p_exclusion_group and status in ('queued', 'running') and lease_expires_at >= p_now
  order by status desc, started_at limit 1
$$;
comment on function internal.live_run is 'The run that keeps others of its exclusion group waiting: at work, or requested.';

create or replace function internal.queue_run(p_request jsonb, p_now timestamptz) returns jsonb
language plpgsql set search_path = public, pg_temp as $$
declare
  c_wait constant interval := '10 minutes';
  v_id uuid := (p_request ->> 'run_id')::uuid;
  v_actor jsonb := p_request -> 'actor';
  v_group text := p_request ->> 'exclusion_group';
  v_run scheduler_logs;
  v_live uuid;
begin
  -- The lock of claim_run: a run cannot start while this looks.
  perform pg_advisory_xact_lock(hashtextextended('claim_run:' || v_group, 0));
  perform internal.close_expired_runs(null, p_now);
  -- The same request again, because its answer was lost on the way, is one request.
  select * into v_run from scheduler_logs where id = v_id;
  if not found then
    v_live := internal.live_run(v_group, p_now);
    if v_live is not null then
      return jsonb_build_object('outcome', 'live', 'live_run_id', v_live);
    end if;
    insert into scheduler_logs (
      id, task_name, task_label, started_at, created_at, status, run_key, correlation_id, triggered_by,
      triggered_by_user, scheduled_for, parameters, exclusion_group, lease_expires_at, failure_event)
    values (
      v_id, p_request ->> 'task', p_request ->> 'label', p_now, p_now, 'queued', (p_request ->> 'task') || '@' || v_id,
      gen_random_uuid(), p_request ->> 'triggered_by', v_actor ->> 'email', p_now,
      coalesce(p_request -> 'parameters', '{}'), v_group, p_now + c_wait, p_request ->> 'failure_event')
    returning * into v_run;
    perform internal.audit(v_actor, 'run.requested', v_run.task_name, null, jsonb_strip_nulls(jsonb_build_object(
      'run_id', v_id, 'parameters', v_run.parameters, 'reason', p_request ->> 'reason')), p_now);
  end if;
  return jsonb_build_object('outcome', 'queued', 'run', to_jsonb(v_run));
end
$$;
comment on function internal.queue_run is
  'Records that a run is wanted, once per run_id. p_request: run_id, task, label, exclusion_group, triggered_by (manual|api), actor {user_id, email, address}, parameters?, reason?, failure_event?. Answers {outcome: queued, run} or, when one of the group is live, {outcome: live, live_run_id}.';

create or replace function public.request_run(p_request jsonb, p_now timestamptz) returns jsonb
language plpgsql set search_path = public, pg_temp as $$
declare
  v_queued jsonb := internal.queue_run(p_request, p_now);
  v_run jsonb := v_queued -> 'run';
begin
  if v_queued ->> 'outcome' = 'live' then
    return v_queued;
  end if;
  insert into event_outbox (run_id, source, detail_type, detail, created_at, next_attempt_at)
  values ((v_run ->> 'id')::uuid, 'gazelle.tasks', 'Task Requested', jsonb_build_object(
    'task', v_run ->> 'task_name', 'run_id', v_run ->> 'id', 'requested_by', v_run ->> 'triggered_by_user',
    'parameters', v_run -> 'parameters'), p_now, p_now)
  on conflict (run_id, detail_type, part) do nothing;
  return jsonb_build_object('outcome', 'queued', 'started_at', v_run -> 'started_at',
                            'events', internal.unpublished_events((v_run ->> 'id')::uuid));
end
$$;
comment on function public.request_run is
  'Queues a run and its event, recorded. p_request as of internal.queue_run. Answers {outcome: queued, started_at, events} or, when one of the group is live, {outcome: live, live_run_id}.';

create or replace function public.generate_maintenance_alerts(
  p_request jsonb, p_lease_seconds integer, p_today date, p_message text, p_now timestamptz
) returns jsonb language plpgsql set search_path = public, pg_temp as $$
declare
  v_queued jsonb := internal.queue_run(p_request, p_now);
  v_id uuid := (p_request ->> 'run_id')::uuid;
  v_run jsonb := v_queued -> 'run';
  v_lease uuid;
  v_stats jsonb;
begin
  if v_queued ->> 'outcome' = 'live' then
    return v_queued;
  end if;
  -- Asked again, because the answer was lost on the way.
  if v_run ->> 'status' <> 'queued' then
    return jsonb_build_object('outcome', v_run ->> 'status', 'stats', v_run -> 'stats');
  end if;
  v_run := internal.start_run(v_id, p_request || jsonb_build_object(
    'part', 0, 'request_id', v_id, 'lease_seconds', p_lease_seconds), p_now) -> 'run';
  v_lease := (v_run ->> 'lease_token')::uuid;
  v_stats := public.refresh_maintenance_alerts(v_id, v_lease, p_lease_seconds, p_today, p_now);
  perform public.finish_run(v_id, v_lease, jsonb_build_object(
    'status', 'success', 'duration_ms', internal.statement_ms(), 'message', p_message, 'stats', v_stats), p_now);
  return jsonb_build_object('outcome', 'success', 'stats', v_stats);
end
$$;
comment on function public.generate_maintenance_alerts is
  'A whole run of maintenance_alerts in one transaction, for whoever waits for its figures: recorded, locked and ended as every run. p_request as of internal.queue_run. Answers {outcome: success|live, stats?, live_run_id?}; repeated with the same run_id it is one run. What it raises leaves nothing: record_failed_run says so.';

create or replace function public.record_failed_run(p_request jsonb, p_error jsonb, p_now timestamptz) returns void
language plpgsql set search_path = public, pg_temp as $$
declare
  v_run jsonb := internal.queue_run(p_request, p_now) -> 'run';
begin
  if v_run ->> 'status' = 'queued' then
    v_run := internal.start_run((v_run ->> 'id')::uuid, p_request || jsonb_build_object(
      'part', 0, 'request_id', v_run ->> 'id', 'lease_seconds', 60), p_now) -> 'run';
    perform public.finish_run((v_run ->> 'id')::uuid, (v_run ->> 'lease_token')::uuid, jsonb_build_object(
      'status', 'error', 'duration_ms', 0, 'message', p_error ->> 'message', 'error_kind', p_error ->> 'kind',
      'errors', jsonb_build_array(p_error)), p_now);
  end if;
end
$$;
comment on function public.record_failed_run is
  'A run that left nothing, because its one transaction was undone. p_request as of internal.queue_run, p_error {at, kind, message}.';

create or replace function internal.statement_ms() returns bigint
language sql volatile as $$
  select (extract(epoch from clock_timestamp() - statement_timestamp()) * 1000)::bigint
$$;
comment on function internal.statement_ms is 'Milliseconds that the statement has taken so far, whatever day is being played.';

create or replace function public.set_task_paused(
  p_task text, p_paused boolean, p_actor jsonb, p_now timestamptz, p_reason text default null
) returns jsonb language plpgsql set search_path = public, pg_temp as $$
declare
  v_before task_states;
  v_after task_states;
begin
  insert into task_states (task_name) values (p_task) on conflict (task_name) do nothing;
  select * into v_before from task_states where task_name = p_task for update;
  -- What is so already stays as it is, with who did it first.
  if v_before.paused = p_paused then
    return to_jsonb(v_before);
  end if;
  update task_states
  set paused = p_paused,
      paused_by = case when p_paused then p_actor ->> 'email' else paused_by end,
      paused_at = case when p_paused then p_now else paused_at end,
      resumed_at = case when p_paused then resumed_at else p_now end,
      reason = case when p_paused then p_reason end
  where task_name = p_task returning * into v_after;
  perform internal.audit(p_actor, case when p_paused then 'task.paused' else 'task.resumed' end, p_task,
                         to_jsonb(v_before), to_jsonb(v_after) || jsonb_build_object('reason', p_reason), p_now);
  return to_jsonb(v_after);
end
$$;
comment on function public.set_task_paused is 'Pauses or resumes a task, recorded; returns its state. p_actor: user_id, email, address.';

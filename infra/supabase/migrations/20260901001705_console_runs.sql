-- Runs as the console and the API ask for them and show them; and the pause of a task.

create index if not exists idx_scheduler_logs_page on public.scheduler_logs (started_at desc, id desc);

create or replace function internal.live_run(p_exclusion_group text, p_now timestamptz) returns uuid
language sql stable set search_path = public, pg_temp as $$
  select id from scheduler_logs
  where exclusion_group = p_exclusion_group and status in ('queued', 'running') and lease_expires_at >= p_now
  order by status desc, started_at limit 1
$$;
comment on function internal.live_run is 'The run that keeps others of its exclusion group waiting: at work, or requested.';

create or replace function public.request_run(p_request jsonb, p_now timestamptz) returns jsonb
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
    insert into event_outbox (run_id, source, detail_type, detail, created_at, next_attempt_at)
    values (v_id, 'gazelle.tasks', 'Task Requested', jsonb_build_object(
      'task', v_run.task_name, 'run_id', v_id, 'requested_by', v_actor ->> 'email', 'parameters', v_run.parameters),
      p_now, p_now);
    perform internal.audit(v_actor, 'run.requested', v_run.task_name, null, jsonb_strip_nulls(jsonb_build_object(
      'run_id', v_id, 'parameters', v_run.parameters, 'reason', p_request ->> 'reason')), p_now);
  end if;
  return jsonb_build_object('outcome', 'queued', 'started_at', v_run.started_at,
                            'events', internal.unpublished_events(v_id));
end
$$;
comment on function public.request_run is
  'Queues a run and its event, recorded. p_request: run_id, task, label, exclusion_group, triggered_by (manual|api), actor {user_id, email, address}, parameters?, reason?, failure_event?. Answers {outcome: queued, started_at, events} or, when one of the group is live, {outcome: live, live_run_id}.';

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

create or replace function internal.run_json(p_run public.scheduler_logs) returns jsonb
language sql immutable set search_path = public, pg_temp as $$
  select jsonb_build_object(
    'id', p_run.id, 'task_name', p_run.task_name, 'task_label', p_run.task_label, 'started_at', p_run.started_at,
    'completed_at', p_run.completed_at, 'duration_seconds', p_run.duration_seconds, 'duration_ms', p_run.duration_ms,
    'status', p_run.status, 'message', p_run.message, 'stats', coalesce(p_run.stats, '{}'),
    'triggered_by', p_run.triggered_by, 'triggered_by_user', p_run.triggered_by_user, 'created_at', p_run.created_at,
    'scheduled_for', p_run.scheduled_for, 'attempt', p_run.attempt, 'part', p_run.part,
    'parent_run_id', p_run.parent_run_id, 'correlation_id', p_run.correlation_id, 'error_kind', p_run.error_kind,
    'progress', p_run.progress, 'log_url', p_run.log_url)
$$;
comment on function internal.run_json is 'A run as the API shows it: nothing by which it could be taken over.';

create or replace function public.list_runs(p_filter jsonb) returns jsonb
language plpgsql stable set search_path = public, pg_temp as $$
declare
  v_before timestamptz := coalesce((p_filter ->> 'before_at')::timestamptz, 'infinity');
  v_before_id uuid := coalesce((p_filter ->> 'before_id')::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff');
  v_frequent text[] := array(select jsonb_array_elements_text(coalesce(p_filter -> 'without_frequent', '[]')));
begin
  return (
    select coalesce(jsonb_agg(internal.run_json(r) order by r.started_at desc, r.id desc), '[]')
    from (
      select * from scheduler_logs l
      where (l.started_at, l.id) < (v_before, v_before_id)
        and (p_filter ->> 'task' is null or l.task_name = p_filter ->> 'task')
        and (p_filter ->> 'status' is null or l.status = p_filter ->> 'status')
        and (p_filter ->> 'triggered_by' is null or l.triggered_by = p_filter ->> 'triggered_by')
        and (p_filter ->> 'from' is null or l.started_at >= (p_filter ->> 'from')::timestamptz)
        and (p_filter ->> 'to' is null or l.started_at < (p_filter ->> 'to')::timestamptz)
        and not (l.status = 'success' and l.triggered_by = 'scheduler' and l.task_name = any (v_frequent))
      order by l.started_at desc, l.id desc
      limit (p_filter ->> 'limit')::integer
    ) r);
end
$$;
comment on function public.list_runs is
  'Runs, newest first. p_filter: limit, before_at and before_id (the last row of the page before), task?, status?, triggered_by?, from?, to?, without_frequent? (tasks whose successful scheduled runs are left out).';

create or replace function public.run_detail(p_id uuid) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select internal.run_json(r) || jsonb_build_object(
    'parameters', r.parameters, 'errors', r.errors,
    'parent', (select internal.run_json(p) from scheduler_logs p where p.id = r.parent_run_id),
    'children', (select coalesce(jsonb_agg(internal.run_json(c) order by c.started_at, c.id), '[]')
                 from scheduler_logs c where c.parent_run_id = r.id),
    'notices', (select coalesce(jsonb_agg(jsonb_build_object(
                  'id', d.id, 'event_type', d.event_type, 'severity', d.severity, 'channel', d.channel,
                  'recipient', d.recipient, 'status', d.status, 'created_at', d.created_at, 'sent_at', d.sent_at,
                  'error_kind', d.error_kind) order by d.seq), '[]')
                from notification_deliveries d where d.run_id = r.id))
  from scheduler_logs r where r.id = p_id
$$;
comment on function public.run_detail is 'A run with its parameters, errors, parent, children and notices; null when there is none.';

create or replace function public.task_overview(p_tasks text[], p_now timestamptz) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select coalesce(jsonb_object_agg(t.name, jsonb_build_object(
    'paused', coalesce(s.paused, false), 'paused_by', s.paused_by, 'paused_at', s.paused_at, 'reason', s.reason,
    'last_run', l.run,
    'last_success_at', (select r.completed_at from scheduler_logs r
                        where r.task_name = t.name and r.status in ('success', 'warning')
                        order by r.started_at desc limit 1),
    'live_run_id', (select r.id from scheduler_logs r
                    where r.task_name = t.name and r.status in ('queued', 'running') and r.lease_expires_at >= p_now
                    order by r.status desc, r.started_at limit 1))), '{}')
  from unnest(p_tasks) t (name)
  left join task_states s on s.task_name = t.name
  left join lateral (select internal.run_json(r) as run from scheduler_logs r where r.task_name = t.name
                     order by r.started_at desc limit 1) l on true
$$;
comment on function public.task_overview is 'Pause, last run, last success and live run of each task.';

select internal.protect_functions();

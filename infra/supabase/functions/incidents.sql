-- Incidents: a problem that lasts, from whoever found it: a service that is down, a task that did not run, an alarm
-- of CloudWatch, a channel that gives no answers. One is open per subject; opening, closing and telling are one transaction.

create or replace function internal.open_incident(
  p_kind text, p_subject text, p_event_type text, p_severity text, p_data jsonb, p_explained_by uuid, p_run_id uuid,
  p_now timestamptz, p_is_notified boolean default false
) returns integer language plpgsql set search_path = public, pg_temp as $$
declare
  v_incident incidents;
  v_since timestamptz := least(coalesce((p_data ->> 'since')::timestamptz, p_now), p_now);
begin
  insert into incidents (kind, subject, label, severity, fingerprint, opened_at, explained_by_run_id, data)
  values (p_kind, p_subject, coalesce(p_data ->> 'subject', p_subject), p_severity,
          p_event_type || ':' || p_subject || '@' || extract(epoch from p_now), v_since, p_explained_by, p_data)
  on conflict do nothing
  returning * into v_incident;
  if not found then
    return null;
  end if;
  if p_explained_by is null and not p_is_notified then
    return internal.enqueue_notice(jsonb_build_object(
      'event_type', p_event_type, 'severity', p_severity, 'fingerprint', v_incident.fingerprint,
      'data', p_data || jsonb_build_object('since', v_since) || jsonb_build_object('incident_id', v_incident.id)),
      p_run_id, p_now);
  end if;
  return 0;
end
$$;
comment on function internal.open_incident is
  'Opens an incident and notifies, unless one is open for the subject. p_data: subject (what people call it), since? (the first failure), and what the text needs. p_explained_by, p_is_notified: somebody has reported already. How many messages were queued; null: nothing was opened.';

create or replace function internal.close_incident(
  p_kind text, p_subject text, p_event_type text, p_reason text, p_data jsonb, p_run_id uuid, p_now timestamptz
) returns integer language plpgsql set search_path = public, pg_temp as $$
declare
  v_incident incidents;
begin
  update incidents set closed_at = p_now, closed_reason = p_reason
  where kind = p_kind and subject = p_subject and closed_at is null
  returning * into v_incident;
  if not found then
    return null;
  end if;
  if p_event_type is null then
    -- Nobody is notified, and nobody is reminded any more.
    update notices set resolved_at = p_now where fingerprint = v_incident.fingerprint and resolved_at is null;
    return 0;
  end if;
  return internal.enqueue_notice(jsonb_build_object(
    'event_type', p_event_type, 'severity', 'info', 'fingerprint', p_event_type || '@' || v_incident.id,
    'recovers', v_incident.fingerprint,
    'data', jsonb_build_object('subject', v_incident.label) || p_data || jsonb_build_object('incident_id', v_incident.id)),
    p_run_id, p_now);
end
$$;
comment on function internal.close_incident is
  'Closes the open incident of a subject and tells those who were notified of it; without an event type in silence. How many messages were queued; null: none was open.';

create or replace function public.acknowledge_incident(p_id uuid, p_by text, p_now timestamptz) returns boolean
language plpgsql set search_path = public, pg_temp as $$
declare
  v_fingerprint text;
begin
  update incidents set acknowledged_at = coalesce(acknowledged_at, p_now), acknowledged_by = coalesce(acknowledged_by, p_by)
  where id = p_id
  returning fingerprint into v_fingerprint;
  if not found then
    return false;
  end if;
  perform public.acknowledge_notice(v_fingerprint, p_by, p_now);
  return true;
end
$$;
comment on function public.acknowledge_incident is 'Somebody takes care of it: no escalation, no reminder. False: there is no such incident.';

create or replace function internal.explaining_run(p_tasks text[], p_from timestamptz) returns uuid
language sql stable set search_path = public, pg_temp as $$
  select r.id from scheduler_logs r
  where r.task_name = any (p_tasks) and r.status = 'error' and r.completed_at >= p_from
    and exists (select from notification_deliveries d
                where d.run_id = r.id and d.status in ('pending', 'sent')
                  and d.event_type = r.failure_event)
  order by r.completed_at desc limit 1
$$;
comment on function internal.explaining_run is
  'The newest failed run of these tasks since an instant whose own failure notice reached somebody, or is about to.';

create or replace function public.relay_alarm(p_alarm jsonb, p_tasks text[], p_now timestamptz) returns jsonb
language plpgsql set search_path = public, pg_temp as $$
declare
  v_name text := p_alarm ->> 'name';
  v_state text := p_alarm ->> 'state';
  v_at timestamptz := (p_alarm ->> 'changed_at')::timestamptz;
  v_explained uuid;
  v_is_notified boolean := false;
  v_previous text;
  v_queued integer;
begin
  perform pg_advisory_xact_lock(hashtextextended('alarm:' || v_name, 0));
  insert into alarm_events (alarm_name, state, changed_at, reason, received_at)
  values (v_name, v_state, v_at, left(p_alarm ->> 'reason', 1000), p_now)
  on conflict do nothing;
  if not found then
    return jsonb_build_object('outcome', 'duplicate');
  end if;
  -- An old change that arrives late is history.
  if exists (select from alarm_events where alarm_name = v_name and changed_at > v_at and state <> 'INSUFFICIENT_DATA') then
    return jsonb_build_object('outcome', 'stale');
  end if;
  select state into v_previous from alarm_events
  where alarm_name = v_name and changed_at < v_at and state <> 'INSUFFICIENT_DATA'
  order by changed_at desc limit 1;
  if v_state = 'ALARM' then
    if v_previous = 'ALARM' then
      -- An end that never arrived here: what begins now is another problem.
      perform internal.close_incident('alarm', v_name, null, 'end_not_received', '{}', null, p_now);
    end if;
    -- An alarm that may be about any task is explained by none of their runs.
    if coalesce((p_alarm ->> 'is_of_one_function')::boolean, true) then
      v_explained := internal.explaining_run(p_tasks, v_at - interval '1 hour');
    end if;
    -- A task that is missed is missed by the watcher already, from inside.
    v_is_notified := v_explained is not null or exists (
      select from incidents i where i.kind = 'missed_run' and i.subject = any (p_tasks) and i.closed_at is null);
    v_queued := internal.open_incident('alarm', v_name, 'alarm.raised', coalesce(p_alarm ->> 'severity', 'error'),
      p_alarm -> 'data' || jsonb_build_object('since', v_at), v_explained, null, p_now, v_is_notified);
  elsif v_state = 'OK' then
    v_queued := internal.close_incident('alarm', v_name,
      case when not coalesce((p_alarm ->> 'ends_in_silence')::boolean, false) then 'alarm.recovered' end,
      'recovered', p_alarm -> 'data', null, p_now);
  end if;
  return jsonb_build_object('outcome', case when v_is_notified then 'explained'
                                            when v_queued > 0 then 'told'
                                            -- Its beginning was reported without the database, or never came.
                                            when v_state = 'OK' and v_previous is distinct from 'ALARM' then 'unmatched'
                                            else 'stored' end,
                            'explained_by_run_id', v_explained);
end
$$;
comment on function public.relay_alarm is
  'One change of an alarm {name, state, changed_at, reason, severity?, data, ends_in_silence?}: ALARM opens an incident, OK closes it, INSUFFICIENT_DATA is stored. p_tasks: the tasks it speaks of. The same change twice is one.';

-- A run of the detectors as one state change: rows opened, reopened, updated, resolved, and whom to notify.

-- The writers.

create or replace function public.open_cash_session(
  p_operator_id text, p_initial_amount bigint, p_now timestamptz, p_site_id text default null, p_register_id uuid default null
) returns jsonb language sql set search_path = public, pg_temp as $$
  insert into cash_sessions
    (operator_id, site_id, register_id, initial_amount, current_amount, opened_at, last_activity, step_start_time)
  select p_operator_id, coalesce(p_site_id, (select site_id from cash_registers where id = p_register_id)), p_register_id,
         p_initial_amount, p_initial_amount, p_now, p_now, p_now
  returning to_jsonb(cash_sessions)
$$;
comment on function public.open_cash_session is 'Opens a session with its initial amount in cents; answers the row.';

create or replace function public.close_cash_session(
  p_id uuid, p_total_sales bigint, p_total_items integer, p_actual_amount bigint, p_now timestamptz, p_comment text default null
) returns jsonb language plpgsql set search_path = public, pg_temp as $$
declare
  v_session cash_sessions;
  v_closing bigint;
begin
  select * into v_session from cash_sessions where id = p_id for update;
  if not found then
    raise exception using errcode = 'GT005', message = 'there is no such cash session';
  end if;
  if v_session.status = 'CLOSED' then
    -- The same closing reported twice is one closing; another one is refused.
    if (v_session.total_sales, v_session.actual_amount) is distinct from (p_total_sales, p_actual_amount) then
      raise exception using errcode = 'GT006', message = 'this cash session is closed';
    end if;
    return to_jsonb(v_session);
  end if;
  v_closing := v_session.initial_amount + p_total_sales;
  if abs(p_actual_amount - v_closing) > 1 and coalesce(btrim(p_comment), '') = '' then
    raise exception using errcode = 'GT007', message = 'a variance of more than one cent needs a comment';
  end if;
  update cash_sessions
  set status = 'CLOSED', current_step = 'EXIT', closed_at = p_now, last_activity = p_now, step_start_time = p_now,
      total_sales = p_total_sales, total_items = p_total_items, current_amount = p_actual_amount,
      closing_amount = v_closing, actual_amount = p_actual_amount, variance = p_actual_amount - v_closing,
      variance_comment = nullif(btrim(p_comment), '')
  where id = p_id
  returning * into v_session;
  return to_jsonb(v_session);
end
$$;
comment on function public.close_cash_session is
  'Closes a session: closing_amount = initial + sales, variance = actual - closing, in cents. GT005: no such session; GT006: closed with other figures; GT007: a variance of more than one cent without a comment. Answers the row.';

create or replace function internal.sign_in_hash(p_value text) returns text
language sql stable set search_path = public, pg_temp as $$
  select encode(sha256(convert_to((select value #>> '{}' from system_settings where key = 'sign_in_hash_key')
                                  || lower(btrim(coalesce(p_value, ''))), 'UTF8')), 'hex')
$$;
comment on function internal.sign_in_hash is 'A user name or an address as login_history keeps it: whatever its case and outer spaces.';

create or replace function public.record_sign_in(
  p_user_name text, p_address text, p_success boolean, p_now timestamptz, p_error_type text default null, p_user_id text default null
) returns void language sql set search_path = public, pg_temp as $$
  insert into login_history (user_id, user_hash, address_hash, success, error_type, created_at)
  select p_user_id, internal.sign_in_hash(p_user_name), internal.sign_in_hash(p_address), p_success, p_error_type, p_now
$$;
comment on function public.record_sign_in is
  'A sign-in, or an attempt. error_type: invalid_user_or_inactive, invalid_password or logout. Name and address are hashed before they are stored.';

create or replace function public.decide_recommendation(p_id uuid, p_status text, p_by text, p_now timestamptz) returns jsonb
language plpgsql set search_path = public, pg_temp as $$
begin
  if p_status not in ('done', 'ignored') then
    raise exception using errcode = 'GT008', message = 'a recommendation is done or ignored';
  end if;
  update recommendations set status = p_status, decided_by = p_by, decided_at = p_now where id = p_id and status = 'open';
  return (select to_jsonb(r) from recommendations r where id = p_id);
end
$$;
comment on function public.decide_recommendation is
  'A person did it, or decided not to: status done or ignored (else GT008). Decided twice is decided once. Null when there is none.';

create or replace function internal.failure_notified(p_run_ids uuid[], out run_id uuid, out is_pending boolean)
language sql stable set search_path = public, pg_temp as $$
  -- A run's own failure notice, by its run or, for a task that fails at every tick, by the one notice of the day.
  with notified as (
    select r.id, r.started_at, d.status
    from scheduler_logs r join notification_deliveries d on d.run_id = r.id and d.data ? 'error_kind'
    where r.id = any (p_run_ids)
    union all
    select r.id, r.started_at, d.status
    from scheduler_logs r join notification_deliveries d
      on d.fingerprint = r.failure_fingerprint and d.created_at > r.started_at - interval '1 day'
    where r.id = any (p_run_ids)
  )
  select (select id from notified where status = 'sent' order by started_at desc, id limit 1),
         exists (select from notified where status = 'pending')
$$;
comment on function internal.failure_notified is
  'Of runs that failed: the newest whose own notice was delivered, and whether one is still on its way.';

create or replace function internal.tell_anomaly(p_anomaly public.anomalies, p_run_ids uuid[], p_run_id uuid, p_now timestamptz) returns void
language plpgsql set search_path = public, pg_temp as $$
declare
  v_explained record;
  v_queued integer;
begin
  if p_anomaly.covered_by is not null or p_anomaly.explained_by_run_id is not null then
    return;
  end if;
  if cardinality(p_run_ids) > 0 and p_anomaly.last_notified_at is null then
    select * into v_explained from internal.failure_notified(p_run_ids);
    if v_explained.run_id is not null then
      update anomalies set explained_by_run_id = v_explained.run_id where id = p_anomaly.id;
      return;
    end if;
    -- The next run of the detectors knows whether it arrived.
    if v_explained.is_pending then
      return;
    end if;
  end if;
  -- The same fingerprint at every run: who was notified is not reported again; who is to hear of it only now, because it
  -- became worse, is.
  v_queued := internal.enqueue_notice(jsonb_build_object(
    'event_type', internal.anomaly_event(p_anomaly.category),
    'severity', internal.notice_severity(p_anomaly.severity),
    'fingerprint', internal.anomaly_notice(p_anomaly),
    -- Where the detector knows when it began, that is when; else when it was first seen.
    'data', jsonb_build_object('since', p_anomaly.opened_at) || p_anomaly.notice || jsonb_build_object(
      'anomaly_type', p_anomaly.type, 'anomaly_severity', p_anomaly.severity,
      'run_id', p_run_ids[1])),
    p_run_id, p_now);
  if v_queued > 0 then
    update anomalies set last_notified_at = p_now where id = p_anomaly.id;
  end if;
end
$$;
comment on function internal.tell_anomaly is
  'Queues the notice of an open anomaly, unless another voice tells it: another anomaly, or a failed run''s own notice.';

create or replace function internal.anomaly_event(p_category text) returns text
language sql immutable as $$
  select case when p_category in ('sync', 'cash', 'auth', 'ai', 'detection') then 'anomaly.' || p_category else 'anomaly.data' end
$$;

create or replace function internal.notice_severity(p_severity text) returns text
language sql immutable as $$
  select case p_severity when 'critical' then 'critical' when 'high' then 'error' when 'medium' then 'warning' else 'info' end
$$;

create or replace function internal.anomaly_notice(p_anomaly public.anomalies) returns text
language sql immutable as $$
  select 'anomaly:' || p_anomaly.fingerprint || '@' || to_char(p_anomaly.opened_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
$$;
comment on function internal.anomaly_notice is 'Fingerprint of the notice about this opening of an anomaly.';

create or replace function internal.store_anomaly(
  p_found jsonb, p_run_id uuid, p_now timestamptz, out anomaly public.anomalies, out is_opened boolean
) language plpgsql set search_path = public, pg_temp as $$
begin
  select * into anomaly from anomalies where fingerprint = p_found ->> 'fingerprint' for update;
  is_opened := anomaly.id is null or anomaly.status = 'resolved';
  insert into anomalies as a (category, type, severity, fingerprint, details, description, notice, covered_by,
                              first_seen_at, last_seen_at, opened_at, last_run_id)
  values (p_found ->> 'category', p_found ->> 'type', p_found ->> 'severity', p_found ->> 'fingerprint',
          coalesce(p_found -> 'details', '{}'), p_found ->> 'description', coalesce(p_found -> 'notice', '{}'),
          p_found ->> 'covered_by', p_now, p_now, p_now, p_run_id)
  on conflict (fingerprint) do update
  set severity = excluded.severity, details = excluded.details, description = excluded.description, notice = excluded.notice,
      last_seen_at = p_now, last_run_id = p_run_id, status = 'open', resolved_at = null,
      -- The same run again, because its process died: it saw it once.
      occurrences = a.occurrences + case when a.last_run_id is distinct from p_run_id then 1 else 0 end,
      opened_at = case when is_opened then p_now else a.opened_at end,
      reopened_count = a.reopened_count + case when is_opened then 1 else 0 end,
      last_notified_at = case when is_opened then null else a.last_notified_at end,
      -- Who spoke for it goes on doing so while it lasts.
      explained_by_run_id = case when is_opened then null else a.explained_by_run_id end,
      -- What nobody speaks for any more speaks for itself.
      covered_by = excluded.covered_by
  returning * into anomaly;
end
$$;
comment on function internal.store_anomaly is 'One finding: a new row, the same once more, or one that came back.';

create or replace function public.record_anomalies(
  p_run_id uuid, p_lease uuid, p_lease_seconds integer, p_found jsonb, p_checked text[], p_now timestamptz
) returns jsonb language plpgsql set search_path = public, pg_temp as $$
declare
  v_found jsonb;
  v_stored record;
  v_anomaly anomalies;
  v_opened integer := 0;
  v_updated integer := 0;
  v_resolved integer := 0;
begin
  perform internal.hold_lease(p_run_id, p_lease, p_lease_seconds, p_now);
  for v_found in select * from jsonb_array_elements(p_found) loop
    select * into v_stored from internal.store_anomaly(v_found, p_run_id, p_now);
    if v_stored.is_opened then
      v_opened := v_opened + 1;
    else
      v_updated := v_updated + 1;
    end if;
    perform internal.tell_anomaly(v_stored.anomaly, array(
      select e::uuid from jsonb_array_elements_text(coalesce(v_found -> 'run_ids', '[]')) e), p_run_id, p_now);
  end loop;

  for v_anomaly in
    update anomalies set status = 'resolved', resolved_at = p_now, last_run_id = p_run_id
    where status = 'open' and category = any (p_checked)
      and not exists (select from jsonb_array_elements(p_found) f where f ->> 'fingerprint' = anomalies.fingerprint)
    returning *
  loop
    v_resolved := v_resolved + 1;
    -- Those who were notified hear that it is over; where nobody was, this only ends the notice.
    perform internal.enqueue_notice(jsonb_build_object(
      'event_type', 'anomaly.resolved', 'severity', 'info',
      'fingerprint', 'anomaly.resolved:' || internal.anomaly_notice(v_anomaly),
      'recovers', internal.anomaly_notice(v_anomaly),
      'data', v_anomaly.notice || jsonb_build_object(
        'anomaly_type', v_anomaly.type, 'since', v_anomaly.opened_at, 'resolved_at', p_now)),
      p_run_id, p_now);
  end loop;
  return jsonb_build_object('opened', v_opened, 'updated', v_updated, 'resolved', v_resolved,
    'explained', (select count(*) from anomalies
                  where last_run_id = p_run_id and status = 'open' and (explained_by_run_id is not null or covered_by is not null)));
end
$$;
comment on function public.record_anomalies is
  'One run of the detectors in one transaction. p_found: [{category, type, severity, fingerprint, details, description, notice, run_ids?, covered_by?}]; p_checked: the categories that were really evaluated, whose other open anomalies are over. Answers {opened, updated, resolved, explained}.';

create or replace function public.record_recommendations(
  p_run_id uuid, p_lease uuid, p_lease_seconds integer, p_found jsonb, p_now timestamptz
) returns jsonb language plpgsql set search_path = public, pg_temp as $$
declare
  v_found record;
  v_decided recommendations;
  v_opened integer := 0;
begin
  perform internal.hold_lease(p_run_id, p_lease, p_lease_seconds, p_now);
  for v_found in
    select * from jsonb_to_recordset(p_found) as f (type text, subject text, priority text, title text, description text,
      actions text[], evidence jsonb, evidence_key text, period_days integer, due_date date)
  loop
    update recommendations
    set priority = v_found.priority, title = v_found.title, description = v_found.description, actions = v_found.actions,
        evidence = v_found.evidence, evidence_key = v_found.evidence_key, last_seen_at = p_now
    where type = v_found.type and subject = v_found.subject and status = 'open';
    continue when found;
    select * into v_decided from recommendations
    where type = v_found.type and subject = v_found.subject order by decided_at desc limit 1;
    continue when v_decided.id is not null and (v_decided.evidence_key = v_found.evidence_key
      or v_decided.decided_at > p_now - make_interval(days => v_decided.period_days));
    insert into recommendations (type, subject, priority, title, description, actions, evidence, evidence_key, period_days,
                                 first_seen_at, last_seen_at, due_date)
    values (v_found.type, v_found.subject, v_found.priority, v_found.title, v_found.description, v_found.actions,
            v_found.evidence, v_found.evidence_key, v_found.period_days, p_now, p_now, v_found.due_date);
    v_opened := v_opened + 1;
  end loop;
  return jsonb_build_object('opened', v_opened,
                            'open', (select count(*) from recommendations where status = 'open'));
end
$$;
comment on function public.record_recommendations is
  'What the run recommends: new rows, or the open ones with fresh evidence. What was decided does not come back with the same evidence_key, nor within its period. Answers {opened, open}.';

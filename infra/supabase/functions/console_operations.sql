-- Incidents, recommendations, weekly reports, copies, cash, language models: what the console lists, and what people decide.

create or replace function public.incidents_page(
  p_now timestamptz, p_limit integer default 50, p_cursor text default null, p_open boolean default null, p_kind text default null,
  p_subject text default null
) returns jsonb language plpgsql stable set search_path = public, pg_temp set plan_cache_mode = force_custom_plan as $$
declare
  v_limit integer := internal.page_limit(p_limit, 50, 200);
  v_key text[] := internal.read_cursor(p_cursor, 'timestamptz', 'uuid');
begin
  return (
    select internal.paged(
        array_agg(internal.incident_json(i, p_now) order by i.opened_at desc, i.id desc),
        array_agg(jsonb_build_array(i.opened_at, i.id) order by i.opened_at desc, i.id desc),
        v_limit)
    from (
      select * from incidents
      where (v_key is null or (opened_at, id) < (v_key[1]::timestamptz, v_key[2]::uuid))
        and (p_open is null or (closed_at is null) = p_open)
        and (p_kind is null or kind = p_kind) and (p_subject is null or subject = p_subject)
      order by opened_at desc, id desc limit v_limit + 1) i);
end
$$;
comment on function public.incidents_page is 'Incidents, the newest first; limit 50, at most 200.';

create or replace function public.console_acknowledge_incident(p_id uuid, p_actor jsonb, p_now timestamptz) returns jsonb
language plpgsql set search_path = public, pg_temp as $$
declare
  v_before timestamptz := (select acknowledged_at from incidents where id = p_id);
begin
  if not public.acknowledge_incident(p_id, left((p_actor ->> 'email'), 200), p_now) then
    return null;
  end if;
  perform internal.audit(p_actor, 'incident.acknowledge', 'incident:' || p_id, jsonb_build_object('acknowledged', v_before is not null),
                         '{"acknowledged": true}', p_now);
  return (select internal.incident_json(i, p_now) from incidents i where id = p_id);
end
$$;
comment on function public.console_acknowledge_incident is 'Somebody takes care: the incident, null when there is none.';

create or replace function public.recommendations_page(p_limit integer default 50, p_cursor text default null, p_status text default null)
returns jsonb language plpgsql stable set search_path = public, pg_temp set plan_cache_mode = force_custom_plan as $$
declare
  v_limit integer := internal.page_limit(p_limit, 50, 200);
  v_key text[] := internal.read_cursor(p_cursor, 'timestamptz', 'uuid');
begin
  return (
    select internal.paged(
        array_agg(internal.recommendation_json(r) order by r.last_seen_at desc, r.id desc),
        array_agg(jsonb_build_array(r.last_seen_at, r.id) order by r.last_seen_at desc, r.id desc),
        v_limit)
    from (
      select * from recommendations
      where (v_key is null or (last_seen_at, id) < (v_key[1]::timestamptz, v_key[2]::uuid)) and (p_status is null or status = p_status)
      order by last_seen_at desc, id desc limit v_limit + 1) r);
end
$$;
comment on function public.recommendations_page is 'Recommendations, those seen last first; limit 50, at most 200.';

create or replace function public.console_decide_recommendation(p_id uuid, p_actor jsonb, p_now timestamptz, p_status text default null) returns jsonb
language plpgsql set search_path = public, pg_temp as $$
declare
  v_before text := (select status from recommendations where id = p_id);
begin
  if v_before is null then
    return null;
  end if;
  if coalesce(p_status, '') not in ('done', 'ignored', 'open') then
    perform internal.refuse('status', 'expects-decision');
  end if;
  if p_status = 'open' then
    if exists (select from recommendations r join recommendations o using (type, subject)
               where r.id = p_id and o.id <> r.id and o.status = 'open') then
      perform internal.refuse('status', 'newer-recommendation');
    end if;
    update recommendations set status = 'open', decided_by = null, decided_at = null where id = p_id and status <> 'open';
  else
    perform public.decide_recommendation(p_id, p_status, left((p_actor ->> 'email'), 200), p_now);
  end if;
  perform internal.audit(p_actor, 'recommendation.decide', 'recommendation:' || p_id, jsonb_build_object('status', v_before),
                         (select jsonb_build_object('status', status) from recommendations where id = p_id), p_now);
  return (select internal.recommendation_json(r) from recommendations r where id = p_id);
end
$$;
comment on function public.console_decide_recommendation is
  'A person did it, decided not to, or takes that back (open): the recommendation, null when there is none. GT010: another word, or another one is open on the subject.';

create or replace function public.weekly_reports_page(p_limit integer default 26, p_cursor text default null) returns jsonb
language plpgsql stable set search_path = public, pg_temp as $$
declare
  v_limit integer := internal.page_limit(p_limit, 26, 104);
  v_key text[] := internal.read_cursor(p_cursor, 'date');
begin
  return (
    select internal.paged(
        array_agg(jsonb_build_object('period_start', w.period_start, 'period_end', w.period_end, 'delivery_status', w.delivery_status,
                       'run_id', w.run_id, 'created_at', internal.instant(w.created_at)) order by w.period_start desc),
        array_agg(jsonb_build_array(w.period_start) order by w.period_start desc),
        v_limit)
    from (select * from weekly_reports where v_key is null or period_start < v_key[1]::date
          order by period_start desc limit v_limit + 1) w);
end
$$;
comment on function public.weekly_reports_page is 'Weekly reports without their contents, the newest first; limit 26, at most 104.';

create or replace function public.weekly_report(p_period_start date) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select internal.row_json(to_jsonb(w)) from weekly_reports w where period_start = p_period_start
$$;
comment on function public.weekly_report is 'One weekly report with its figures and its text; null when there is none.';

create or replace function public.backups_page(p_now timestamptz, p_limit integer default 30, p_cursor text default null, p_kind text default null)
returns jsonb language plpgsql stable set search_path = public, pg_temp set plan_cache_mode = force_custom_plan as $$
declare
  v_limit integer := internal.page_limit(p_limit, 30, 200);
  v_key text[] := internal.read_cursor(p_cursor, 'timestamptz', 'uuid');
begin
  return (
    select internal.paged(
        array_agg(internal.row_json(to_jsonb(b)) order by b.created_at desc, b.id desc),
        array_agg(jsonb_build_array(b.created_at, b.id) order by b.created_at desc, b.id desc),
        v_limit)
           || jsonb_build_object('newest', internal.newest_copies(p_now),
                'drills', (select coalesce(jsonb_agg(internal.row_json(to_jsonb(d)) order by d.created_at desc, d.id), '[]')
                           from (select * from restore_drills order by created_at desc, id limit 12) d))
    from (
      select * from backups
      where (v_key is null or (created_at, id) < (v_key[1]::timestamptz, v_key[2]::uuid)) and (p_kind is null or kind = p_kind)
      order by created_at desc, id desc limit v_limit + 1) b);
end
$$;
comment on function public.backups_page is
  'Copies, the newest first {items, next, newest, drills}: newest is the age of what a loss would fall back on, drills the last twelve proofs.';

-- Cash.

create or replace function public.cash_registers_list() returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select coalesce(jsonb_agg(to_jsonb(r) || jsonb_build_object(
           'open_sessions', (select count(*) from cash_sessions s where s.register_id = r.id and s.status = 'OPEN')) order by r.name, r.id), '[]')
  from (select * from cash_registers order by name, id limit 500) r
$$;
comment on function public.cash_registers_list is 'The cash registers with the number of their open sessions.';

create or replace function public.save_cash_register(
  p_values jsonb, p_actor jsonb, p_now timestamptz, p_id uuid default null
) returns jsonb
language plpgsql set search_path = public, pg_temp as $$
declare
  v_row cash_registers;
  v_before jsonb;
begin
  if p_id is not null then
    select * into v_row from cash_registers where id = p_id for update;
    if not found then
      return null;
    end if;
    v_before := to_jsonb(v_row);
  end if;
  v_row := jsonb_populate_record(v_row, p_values);
  v_row.is_active := coalesce(v_row.is_active, true);
  perform internal.required('name', v_row.name);
  insert into cash_registers (id, name, location, site_id, is_active, variance_limit)
  values (coalesce(p_id, gen_random_uuid()), v_row.name, v_row.location, v_row.site_id, v_row.is_active, v_row.variance_limit)
  on conflict (id) do update set name = excluded.name, location = excluded.location, site_id = excluded.site_id,
    is_active = excluded.is_active, variance_limit = excluded.variance_limit
  returning * into v_row;
  perform internal.audit(p_actor, case when p_id is null then 'cash_register.create' else 'cash_register.update' end,
                         'cash_register:' || v_row.id, v_before, to_jsonb(v_row), p_now);
  return to_jsonb(v_row);
end
$$;
comment on function public.save_cash_register is
  'Creates (p_id null) or changes a register; variance_limit in cents. Answers the row, null when there is none to change. GT010 names the field.';

create or replace function public.delete_cash_register(p_id uuid, p_actor jsonb, p_now timestamptz) returns jsonb
language plpgsql set search_path = public, pg_temp as $$
declare
  v_row cash_registers;
begin
  if exists (select from cash_sessions where register_id = p_id) then
    -- Sessions are books.
    perform internal.refuse('id', 'register-has-sessions');
  end if;
  delete from cash_registers where id = p_id returning * into v_row;
  if not found then
    return null;
  end if;
  perform internal.audit(p_actor, 'cash_register.delete', 'cash_register:' || p_id, to_jsonb(v_row), null, p_now);
  return to_jsonb(v_row);
end
$$;
comment on function public.delete_cash_register is 'Deletes a register that was never used; answers the row, null when there is none.';

create or replace function public.cash_sessions_page(
  p_limit integer default 50, p_cursor text default null, p_status text default null, p_register_id uuid default null
) returns jsonb language plpgsql stable set search_path = public, pg_temp set plan_cache_mode = force_custom_plan as $$
declare
  v_limit integer := internal.page_limit(p_limit, 50, 200);
  v_key text[] := internal.read_cursor(p_cursor, 'timestamptz', 'uuid');
begin
  return (
    select internal.paged(
        array_agg(internal.row_json(to_jsonb(s)) || jsonb_build_object(
               'last_activity', internal.instant(s.last_activity), 'step_start_time', internal.instant(s.step_start_time)) order by s.opened_at desc, s.id desc),
        array_agg(jsonb_build_array(s.opened_at, s.id) order by s.opened_at desc, s.id desc),
        v_limit)
    from (
      select * from cash_sessions
      where (v_key is null or (opened_at, id) < (v_key[1]::timestamptz, v_key[2]::uuid))
        and (p_status is null or status = upper(p_status)) and (p_register_id is null or register_id = p_register_id)
      order by opened_at desc, id desc limit v_limit + 1) s);
end
$$;
comment on function public.cash_sessions_page is 'Cash sessions, the newest first, amounts in cents; limit 50, at most 200.';

create or replace function public.console_open_cash_session(p_values jsonb, p_actor jsonb, p_now timestamptz) returns jsonb
language plpgsql set search_path = public, pg_temp as $$
declare
  v_operator text;
  v_amount bigint;
  v_register uuid;
  v_session jsonb;
begin
  v_operator := coalesce(p_values ->> 'operator_id', left((p_actor ->> 'email'), 200));
  v_amount := case when p_values ? 'initial_amount' then (p_values ->> 'initial_amount')::bigint else 0 end;
  perform internal.required('initial_amount', v_amount);
  select id into v_register from cash_registers where id::text = p_values ->> 'register_id' and is_active;
  if not found and p_values ->> 'register_id' is not null then
    perform internal.refuse('register_id', 'no-such-register');
  end if;
  v_session := internal.row_json(public.open_cash_session(v_operator, v_amount, p_now, p_values ->> 'site_id', v_register));
  perform internal.audit(p_actor, 'cash_session.open', 'cash_session:' || (v_session ->> 'id'), null, v_session, p_now);
  return v_session;
end
$$;
comment on function public.console_open_cash_session is
  'Opens a session from a form {operator_id?, initial_amount?, site_id?, register_id?}, amounts in cents; answers the row. GT010 names the field.';

create or replace function public.console_close_cash_session(p_id uuid, p_values jsonb, p_actor jsonb, p_now timestamptz) returns jsonb
language plpgsql set search_path = public, pg_temp as $$
declare
  v_before jsonb;
  v_sales bigint;
  v_items bigint;
  v_actual bigint;
  v_comment text;
  v_session jsonb;
begin
  select internal.row_json(to_jsonb(s)) into v_before from cash_sessions s where id = p_id for update;
  if not found then
    return null;
  end if;
  v_sales := (p_values ->> 'total_sales')::bigint;
  v_items := (p_values ->> 'total_items')::bigint;
  v_actual := (p_values ->> 'actual_amount')::bigint;
  v_comment := p_values ->> 'comment';
  -- What close_cash_session refuses, in words for the person.
  if v_before ->> 'status' = 'CLOSED' then
    if ((v_before ->> 'total_sales')::bigint, (v_before ->> 'actual_amount')::bigint) is distinct from (v_sales, v_actual) then
      perform internal.refuse('id', 'session-closed-otherwise');
    end if;
  elsif abs(v_actual - (v_before ->> 'initial_amount')::bigint - v_sales) > 1 and v_comment is null then
    perform internal.refuse('comment', 'gap-needs-comment');
  end if;
  v_session := internal.row_json(public.close_cash_session(p_id, v_sales, coalesce(v_items, 0)::integer, v_actual, p_now, v_comment));
  perform internal.audit(p_actor, 'cash_session.close', 'cash_session:' || p_id, v_before, v_session, p_now);
  return v_session;
end
$$;
comment on function public.console_close_cash_session is
  'Closes a session from a form {total_sales, total_items?, actual_amount, comment?}, amounts in cents; the row, null when there is none. GT010 names the field: a closed session closes again only with the same figures, and a gap needs a comment.';

-- Language models.

create or replace function public.insert_ai_event(p_values jsonb, p_now timestamptz) returns jsonb
language plpgsql set search_path = public, pg_temp as $$
declare
  v_row ai_events;
begin
  v_row := jsonb_populate_record(v_row, p_values);
  insert into ai_events (feature, model, success, error_kind, confidence, latency_ms, created_at)
  values (v_row.feature, v_row.model, v_row.success, v_row.error_kind, v_row.confidence, v_row.latency_ms, p_now)
  returning * into v_row;
  return internal.row_json(to_jsonb(v_row));
end
$$;
comment on function public.insert_ai_event is 'POST /ai-events: one call of a language model; answers the row. GT010 names the field.';

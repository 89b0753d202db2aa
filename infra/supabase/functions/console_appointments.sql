-- The appointment alerts of the page: who has not confirmed, what was sent to whom, and what waits.

create or replace function public.appointment_check(p_target_date date, p_now timestamptz, p_exclude_types text[] default '{}')
returns jsonb language sql stable set search_path = public, pg_temp as $$
  with found as (
    select a.*, g.event_type, g.status, g.created_at, c.email as client_email
    from (select * from unconfirmed_appointments
          where appointment_date = p_target_date
          order by appointment_time nulls first, external_id limit 500) a
    join gazelle_appointments g on g.external_id = a.external_id
    left join gazelle_clients c on c.external_id = a.client_external_id
    where coalesce(g.event_type, '') <> all (coalesce(p_exclude_types, '{}'))
  ), technicians as (
    select f.technician_id as id, coalesce(max(s.display_name), nullif(max(concat_ws(' ', u.first_name, u.last_name)), '')) as name,
           coalesce(max(s.email), max(u.email)) as email, count(*) as unconfirmed,
           jsonb_agg(jsonb_build_object(
             'appointment_id', f.appointment_id, 'external_id', f.external_id, 'appointment_date', f.appointment_date,
             'appointment_time', f.appointment_time, 'title', f.title, 'description', f.notes, 'service_type', f.event_type,
             'client_id', f.client_external_id, 'client_name', f.client_name, 'client_email', f.client_email,
             'client_phone', f.client_phone, 'status', f.status, 'created_at', internal.instant(f.created_at))
             order by f.appointment_time nulls first, f.external_id) as appointments
    from found f
    -- A person is who they are, also after they left.
    left join staff s on s.gazelle_id = f.technician_id
    left join users u on u.id = f.technician_id
    group by f.technician_id
  )
  select jsonb_build_object(
    'target_date', p_target_date, 'checked_at', internal.instant(p_now),
    'technicians', coalesce(jsonb_agg(jsonb_build_object('id', id, 'name', name, 'email', email, 'unconfirmed_count', unconfirmed,
                     'appointments', appointments) order by id nulls last), '[]'),
    'total_technicians', count(*), 'total_appointments', coalesce(sum(unconfirmed), 0))
  from technicians
$$;
comment on function public.appointment_check is
  'GET /alertes-rv/check: the unconfirmed appointments of a date by technician, at most 500. The only list with e-mail addresses and telephone numbers of clients, because the office calls them.';

create or replace function internal.appointment_alert_json(p_alert public.alert_logs) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select jsonb_build_object(
    'id', p_alert.id, 'appointment_id', p_alert.appointment_id, 'appointment_external_id', p_alert.appointment_external_id,
    'technician_id', p_alert.technician_id, 'technician_name', p_alert.technician_name,
    'appointment_date', p_alert.appointment_date, 'appointment_time', p_alert.appointment_time, 'client_name', p_alert.client_name,
    'service_type', p_alert.service_type, 'title', p_alert.title, 'description', p_alert.description, 'status', p_alert.status,
    'acknowledged', coalesce(p_alert.acknowledged, false), 'acknowledged_at', internal.instant(p_alert.acknowledged_at),
    'acknowledged_by', p_alert.acknowledged_by, 'sent_at', internal.instant(p_alert.sent_at), 'triggered_by', p_alert.triggered_by,
    'appointment_count', p_alert.appointment_count, 'run_id', p_alert.run_id,
    'created_at', internal.instant(p_alert.created_at), 'updated_at', internal.instant(p_alert.updated_at))
$$;
comment on function internal.appointment_alert_json is 'An appointment alert as lists show it: without addresses and telephone numbers.';

create or replace function internal.appointment_alert_list(p_limit integer, p_cursor text, p_offset integer, p_pending boolean, p_technician_id text)
returns jsonb language plpgsql stable set search_path = public, pg_temp set plan_cache_mode = force_custom_plan as $$
declare
  v_key text[] := internal.read_cursor(p_cursor, 'timestamptz', 'text');
begin
  return (
    select internal.paged(
        array_agg(internal.appointment_alert_json(l) order by l.created_at desc nulls last, l.id::text desc),
        array_agg(jsonb_build_array(coalesce(l.created_at, '-infinity'), l.id::text) order by l.created_at desc nulls last, l.id::text desc),
        p_limit)
    from (
      select * from alert_logs l
      where (v_key is null or (l.created_at, l.id::text) < (v_key[1]::timestamptz, v_key[2]))
        and (p_technician_id is null or l.technician_id = p_technician_id)
        and (not p_pending or not coalesce(l.acknowledged, false))
      order by l.created_at desc nulls last, l.id::text desc
      offset least(greatest(coalesce(p_offset, 0), 0), 10000) limit p_limit + 1) l);
end
$$;
comment on function internal.appointment_alert_list is 'Appointment alerts, the newest first: one page. The keys of the predecessor may be of any type.';

create or replace function internal.appointment_groups(p_by text) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select coalesce(jsonb_object_agg(name, n), '{}') from (
    select case p_by when 'technician' then coalesce(technician_name, technician_id, '?') else coalesce(triggered_by, '?') end as name,
           count(*) as n
    from alert_logs group by 1 order by 2 desc, 1 limit 100) t
$$;
comment on function internal.appointment_groups is 'Alerts counted by technician, or by who started them; the 100 largest groups.';

create or replace function public.appointment_history(p_limit integer default 50, p_offset integer default 0, p_cursor text default null)
returns jsonb language sql stable set search_path = public, pg_temp as $$
  select jsonb_build_object(
    'alerts', l -> 'items', 'count', jsonb_array_length(l -> 'items'),
    'total_appointments_alerted', (select coalesce(sum(coalesce(appointment_count, 1)), 0) from alert_logs),
    'stats_by_user', internal.appointment_groups('user'), 'stats_by_technician', internal.appointment_groups('technician'),
    'next', l -> 'next')
  from (select internal.appointment_alert_list(internal.page_limit(p_limit, 50, 200), p_cursor, p_offset, false, null) as l) t
$$;
comment on function public.appointment_history is
  'GET /alertes-rv/history: {alerts, count, total_appointments_alerted, stats_by_user, stats_by_technician, next}; limit 50, at most 200.';

create or replace function public.appointment_pending(
  p_technician_id text default null, p_limit integer default 50, p_cursor text default null
) returns jsonb language sql stable set search_path = public, pg_temp as $$
  select jsonb_build_object('alerts', l -> 'items', 'count', jsonb_array_length(l -> 'items'), 'next', l -> 'next')
  from (select internal.appointment_alert_list(internal.page_limit(p_limit, 50, 200), p_cursor, 0, true, p_technician_id) as l) t
$$;
comment on function public.appointment_pending is 'GET /alertes-rv/pending: what nobody took note of {alerts, count, next}.';

create or replace function internal.is_late_alert(p_alert public.alert_logs) returns boolean
language sql stable as $$
  select exists (select from public.gazelle_appointments a
                 where a.external_id = p_alert.appointment_external_id
                   and a.created_at > p_alert.created_at - interval '24 hours')
$$;
comment on function internal.is_late_alert is 'Whether the appointment was made within the day before its alert. Without search_path, so that it is inlined.';

create or replace function public.appointment_late(p_limit integer default 50, p_cursor text default null) returns jsonb
language plpgsql stable set search_path = public, pg_temp set plan_cache_mode = force_custom_plan as $$
declare
  v_limit integer := internal.page_limit(p_limit, 50, 200);
  v_key text[] := internal.read_cursor(p_cursor, 'timestamptz', 'text');
  v_page jsonb;
begin
  select internal.paged(
      array_agg(internal.appointment_alert_json(l) order by l.created_at desc nulls last, l.id::text desc),
      array_agg(jsonb_build_array(coalesce(l.created_at, '-infinity'), l.id::text) order by l.created_at desc nulls last, l.id::text desc),
      v_limit)
  into v_page
  from (
    select * from alert_logs l
    where (v_key is null or (l.created_at, l.id::text) < (v_key[1]::timestamptz, v_key[2])) and internal.is_late_alert(l)
    order by l.created_at desc nulls last, l.id::text desc limit v_limit + 1) l;
  return (
    select jsonb_build_object('alerts', v_page -> 'items', 'count', jsonb_array_length(v_page -> 'items'),
      'pending', count(*) filter (where status = 'pending'), 'sent', count(*) filter (where status = 'sent'),
      'failed', count(*) filter (where status = 'failed'), 'next', v_page -> 'next')
    from alert_logs l where internal.is_late_alert(l));
end
$$;
comment on function public.appointment_late is
  'GET /alertes-rv/late-assignment: alerts about appointments made within a day before {alerts, count, pending, sent, failed, next}. The three counts are of all of them: a failure is shown.';

create or replace function public.appointment_stats(p_now timestamptz) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select jsonb_build_object(
    'total_alerts_sent', count(*) filter (where status = 'sent'),
    'alerts_last_7_days', count(*) filter (where status = 'sent' and at > p_now - interval '7 days' and at <= p_now),
    'alerts_last_30_days', count(*) filter (where status = 'sent' and at > p_now - interval '30 days' and at <= p_now),
    'by_user', internal.appointment_groups('user'),
    'by_status', jsonb_build_object('sent', 0, 'failed', 0, 'pending', 0, 'skipped', 0, 'unknown', 0)
                 || coalesce((select jsonb_object_agg(status, n) from (
                      select status, count(*) as n from alert_logs where status is not null group by 1) s), '{}'),
    'total_appointments_alerted', coalesce(sum(coalesce(appointment_count, 1)), 0))
  from (select status, appointment_count, coalesce(sent_at, created_at) as at from alert_logs) l
$$;
comment on function public.appointment_stats is
  'GET /alertes-rv/stats: {total_alerts_sent, alerts_last_7_days, alerts_last_30_days, by_user, by_status, total_appointments_alerted}. Failures are shown.';

create or replace function public.console_acknowledge_appointment(p_id text, p_actor jsonb, p_now timestamptz) returns jsonb
language plpgsql set search_path = public, pg_temp as $$
declare
  v_before jsonb;
begin
  select jsonb_build_object('acknowledged', coalesce(acknowledged, false), 'acknowledged_by', acknowledged_by) into v_before
  from alert_logs where id::text = p_id for update;
  if not found then
    return null;
  end if;
  -- Who took note first stays.
  if not (v_before -> 'acknowledged')::boolean then
    perform public.acknowledge_appointment_alert(p_id, (p_actor ->> 'email'), p_now);
    perform internal.audit(p_actor, 'appointment.acknowledge', 'appointment_alert:' || p_id, v_before,
                           jsonb_build_object('acknowledged', true, 'acknowledged_by', left((p_actor ->> 'email'), 200)), p_now);
  end if;
  return jsonb_build_object('success', true, 'id', p_id);
end
$$;
comment on function public.console_acknowledge_appointment is 'POST /alertes-rv/resolve/{id}: {success, id}; null when there is none.';

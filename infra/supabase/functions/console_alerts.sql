-- The maintenance alerts of the page: the most urgent first, page by page, and what people do to them.

create or replace function internal.alert_json(p_alert public.alerts) returns jsonb
language sql stable as $$
  select jsonb_build_object(
    'id', p_alert.id, 'asset_id', p_alert.asset_id, 'maintenance_id', p_alert.maintenance_id, 'alert_type', p_alert.alert_type,
    'priority', p_alert.priority, 'message', p_alert.message, 'due_date', p_alert.due_date, 'days_count', p_alert.days_count,
    'is_read', p_alert.is_read, 'is_active', p_alert.is_active, 'is_dismissed', p_alert.is_dismissed,
    'created_at', internal.instant(p_alert.created_at), 'updated_at', internal.instant(p_alert.updated_at))
$$;
comment on function internal.alert_json is 'A maintenance alert in the documented shape. Without search_path, so that it is inlined.';

create or replace function internal.client_name(p_external_id text) returns text
language sql stable set search_path = public, pg_temp as $$
  select coalesce(company_name, nullif(concat_ws(' ', first_name, last_name), '')) from gazelle_clients where external_id = p_external_id
$$;
comment on function internal.client_name is 'A client by its Gazelle id, as people call it.';

create or replace function public.alerts_page(
  p_limit integer default 200, p_cursor text default null, p_priority text default null, p_alert_type text default null,
  p_is_read boolean default null, p_search text default null, p_details boolean default false
) returns jsonb language plpgsql stable set search_path = public, pg_temp set plan_cache_mode = force_custom_plan set jit = off as $$
declare
  v_limit integer := internal.page_limit(p_limit, 200, 500);
  v_key text[] := internal.read_cursor(p_cursor, 'bigint', 'date', 'bigint');
  v_rank integer := v_key[1]::integer;
  v_due date := v_key[2]::date;
  v_id bigint := v_key[3]::bigint;
  v_search text := nullif(lower(btrim(left(p_search, 200))), '');
begin
  return (
    with page as (
      select a as alert, internal.priority_rank(a.priority) as rank, coalesce(a.due_date, 'infinity'::date) as due, a.id, a.asset_id,
             a.reopened_count
      from alerts a
      where a.is_active and not a.is_dismissed
        and (v_key is null
             or (internal.priority_rank(a.priority), coalesce(a.due_date, 'infinity'::date), a.id) > (v_rank, v_due, v_id))
        and (p_priority is null or a.priority = p_priority)
        and (p_alert_type is null or a.alert_type = p_alert_type)
        and (p_is_read is null or a.is_read = p_is_read)
        and (v_search is null or strpos(lower(a.message), v_search) > 0)
      order by internal.priority_rank(a.priority), coalesce(a.due_date, 'infinity'::date), a.id
      limit v_limit + 1
    )
    select internal.paged(
        array_agg(case when p_details then internal.alert_json(p.alert) || jsonb_build_object(
                  'asset_name', s.name, 'location', s.location, 'client_name', internal.client_name(s.client_external_id),
                  'reopened_count', p.reopened_count) else internal.alert_json(p.alert) end order by p.rank, p.due, p.id),
        array_agg(jsonb_build_array(p.rank, p.due, p.id) order by p.rank, p.due, p.id),
        v_limit)
    from page p left join assets s on p_details and s.id = p.asset_id);
end
$$;
comment on function public.alerts_page is
  'GET /alerts: the active alerts by rank, then due date (without one last); limit 200, at most 500. p_details adds asset_name, location, client_name and reopened_count.';

create or replace function public.maintenance_alerts_list(p_limit integer default 200, p_cursor text default null) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select jsonb_build_object('alerts', page -> 'items', 'count', (public.alert_stats() -> 'total'), 'next', page -> 'next')
  from (select public.alerts_page(p_limit, p_cursor) as page) p
$$;
comment on function public.maintenance_alerts_list is
  'GET /alertes/maintenance: {alerts, count, next}; count is that of all active alerts, also of those on the next pages.';

create or replace function public.console_read_alert(p_id bigint, p_actor jsonb, p_now timestamptz) returns jsonb
language plpgsql set search_path = public, pg_temp as $$
declare
  v_before jsonb := (select internal.alert_json(a) from alerts a where id = p_id);
begin
  perform public.mark_alert_read(p_id, p_now);
  perform internal.audit(p_actor, 'alert.read', 'alert:' || p_id, v_before, (select internal.alert_json(a) from alerts a where id = p_id), p_now);
  return (select internal.alert_json(a) from alerts a where id = p_id);
end
$$;
comment on function public.console_read_alert is 'PUT /alerts/{id}/read: the alert in the documented shape; null when there is none.';

create or replace function public.console_dismiss_alert(p_id bigint, p_actor jsonb, p_now timestamptz) returns jsonb
language plpgsql set search_path = public, pg_temp as $$
declare
  v_before jsonb := (select internal.alert_json(a) from alerts a where id = p_id);
begin
  perform public.dismiss_alert(p_id, (p_actor ->> 'email'), p_now);
  perform internal.audit(p_actor, 'alert.dismiss', 'alert:' || p_id, v_before, (select internal.alert_json(a) from alerts a where id = p_id), p_now);
  return (select internal.alert_json(a) from alerts a where id = p_id);
end
$$;
comment on function public.console_dismiss_alert is 'DELETE /alerts/{id}: the alert, dismissed; null when there is none.';

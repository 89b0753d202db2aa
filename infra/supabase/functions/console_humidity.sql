-- The humidity alerts of the page, in the predecessor's shapes, from the one table.

create or replace function internal.humidity_list(
  p_limit integer, p_cursor text, p_resolved boolean, p_archived boolean, p_institutional boolean, p_piano_id text
) returns jsonb language plpgsql stable set search_path = public, pg_temp set plan_cache_mode = force_custom_plan set jit = off as $$
declare
  v_key text[] := internal.read_cursor(p_cursor, 'timestamptz', 'uuid');
begin
  return (
    with page as (
      select h.* from humidity_alerts h
      where (v_key is null or (h.observed_at, h.id) < (v_key[1]::timestamptz, v_key[2]::uuid))
        and (p_resolved is null or coalesce(h.is_resolved, false) = p_resolved)
        and (p_archived is null or coalesce(h.archived, false) = p_archived)
        and (p_piano_id is null or h.piano_id = p_piano_id)
        and (not p_institutional or exists (select from institutions i where i.active and i.gazelle_client_id = h.client_id))
      order by h.observed_at desc, h.id desc limit p_limit + 1
    )
    select internal.paged(
        array_agg(jsonb_build_object(
        'id', h.id, 'timeline_entry_id', h.timeline_entry_id, 'client_id', h.client_id, 'piano_id', h.piano_id,
        'alert_type', h.alert_type, 'description', h.description, 'is_resolved', coalesce(h.is_resolved, false),
        'observed_at', internal.instant(h.observed_at), 'archived', coalesce(h.archived, false),
        'resolved_at', internal.instant(h.resolved_at), 'resolution_notes', h.resolution_notes,
        'created_at', internal.instant(h.created_at), 'updated_at', internal.instant(h.updated_at),
        'source', h.source, 'value', h.value, 'resolved_by', h.resolved_by, 'archived_at', internal.instant(h.archived_at),
        'client_name', coalesce(c.company_name, nullif(concat_ws(' ', c.first_name, c.last_name), '')),
        'piano_make', p.make, 'piano_model', p.model, 'room_number', p.location,
        'technician_note', nullif(concat_ws(E'\n', e.title, e.description), '')) order by h.observed_at desc, h.id desc),
        array_agg(jsonb_build_array(h.observed_at, h.id) order by h.observed_at desc, h.id desc),
        p_limit)
    from page h
    left join gazelle_timeline_entries e on e.external_id = h.timeline_entry_id
    left join gazelle_pianos p on p.external_id = h.piano_id
    left join gazelle_clients c on c.external_id = h.client_id);
end
$$;
comment on function internal.humidity_list is
  'Humidity alerts with client, piano, room and note, the newest observation first: one page.';

create or replace function internal.humidity_counts(p_institutional boolean) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select jsonb_build_object('total', count(*), 'unresolved', count(*) filter (where not coalesce(is_resolved, false)),
                            'resolved', count(*) filter (where is_resolved))
  from humidity_alerts h
  where not coalesce(h.archived, false)
    and (not p_institutional or exists (select from institutions i where i.active and i.gazelle_client_id = h.client_id))
$$;
comment on function internal.humidity_counts is '{total, unresolved, resolved} of the alerts that are not archived.';

create or replace function public.humidity_institutional(p_limit integer default 100, p_cursor text default null) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select jsonb_build_object('alerts', l -> 'items', 'stats', internal.humidity_counts(true), 'next', l -> 'next')
  from (select internal.humidity_list(internal.page_limit(p_limit, 100, 500), p_cursor, false, false, true, null) as l) t
$$;
comment on function public.humidity_institutional is
  'GET /humidity-alerts/institutional: the unresolved alerts of the active institutions {alerts, stats, next}.';

create or replace function public.humidity_all(
  p_limit integer default 100, p_cursor text default null, p_resolved boolean default null, p_piano_id text default null
) returns jsonb language sql stable set search_path = public, pg_temp as $$
  select jsonb_build_object('alerts', l -> 'items', 'count', jsonb_array_length(l -> 'items'),
                            'stats', internal.humidity_counts(false), 'next', l -> 'next')
  from (select internal.humidity_list(internal.page_limit(p_limit, 100, 500), p_cursor, p_resolved, false, false, p_piano_id) as l) t
$$;
comment on function public.humidity_all is 'GET /humidity-alerts/all: {alerts, count, stats, next}, without the archived; count is that of the page.';

create or replace function public.humidity_unresolved(p_limit integer default 100, p_cursor text default null) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select jsonb_build_object('alerts', l -> 'items', 'count', jsonb_array_length(l -> 'items'), 'next', l -> 'next')
  from (select internal.humidity_list(internal.page_limit(p_limit, 100, 500), p_cursor, false, false, false, null) as l) t
$$;
comment on function public.humidity_unresolved is 'GET /humidity-alerts/unresolved: {alerts, count, next}.';

create or replace function public.humidity_resolved(p_limit integer default 100, p_cursor text default null) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select jsonb_build_object('alerts', l -> 'items', 'count', jsonb_array_length(l -> 'items'), 'next', l -> 'next')
  from (select internal.humidity_list(internal.page_limit(p_limit, 100, 500), p_cursor, true, false, false, null) as l) t
$$;
comment on function public.humidity_resolved is 'GET /humidity-alerts/resolved: {alerts, count, next}.';

create or replace function public.humidity_archived(p_limit integer default 100, p_cursor text default null) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select jsonb_build_object('alerts', l -> 'items', 'count', jsonb_array_length(l -> 'items'), 'next', l -> 'next')
  from (select internal.humidity_list(internal.page_limit(p_limit, 100, 500), p_cursor, null, true, false, null) as l) t
$$;
comment on function public.humidity_archived is 'GET /humidity-alerts/archived: {alerts, count, next}, resolved or not.';

create or replace function public.humidity_stats() returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select jsonb_build_object(
    'total_alerts', count(*), 'unresolved', count(*) filter (where not coalesce(is_resolved, false)),
    'resolved', count(*) filter (where is_resolved),
    'by_type', coalesce((select jsonb_object_agg(alert_type, n) from (
      select alert_type, count(*) as n from humidity_alerts where not coalesce(archived, false) group by 1) t), '{}'),
    'institutional_unresolved', (internal.humidity_counts(true) -> 'unresolved'))
  from humidity_alerts where not coalesce(archived, false)
$$;
comment on function public.humidity_stats is
  'GET /humidity-alerts/stats: {total_alerts, unresolved, resolved, by_type, institutional_unresolved}, without the archived.';

create or replace function public.humidity_notes(p_piano_id text, p_limit integer default 200) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select coalesce(jsonb_agg(jsonb_build_object('external_id', external_id, 'occurred_at', internal.instant(occurred_at), 'title', title,
           'description', description) order by occurred_at, external_id), '[]')
  from (select * from humidity_scan_entries where piano_id = p_piano_id
        order by occurred_at desc, external_id desc limit internal.page_limit(p_limit, 200, 1000)) e
$$;
comment on function public.humidity_notes is
  'What people wrote about a piano, oldest first: the caller reads the measurements in it, by the rules of the scan.';

create or replace function internal.humidity_limit(p_client_id text, p_option text, p_setting text) returns numeric
language sql stable set search_path = public, pg_temp as $$
  select coalesce(
    (select case when jsonb_typeof(options -> p_option) = 'number' then (options ->> p_option)::numeric end
     from institutions where active and gazelle_client_id = p_client_id order by slug limit 1),
    internal.setting_number(p_setting))
$$;
comment on function internal.humidity_limit is 'A limit of humidity in percent: the institution''s own, else everybody''s.';

create or replace function public.humidity_piano(p_piano_id text) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  with piano as (
    select p.external_id as id, nullif(concat_ws(' ', p.make, p.model, '#' || p.serial_number), '') as name, p.location,
           p.client_external_id as client_id
    from gazelle_pianos p where p.external_id = p_piano_id
    union all
    -- A piano that the mirror has lost keeps its alerts.
    select p_piano_id, null, null, (select h.client_id from humidity_alerts h where h.piano_id = p_piano_id order by observed_at desc limit 1)
    where not exists (select from gazelle_pianos where external_id = p_piano_id)
      and exists (select from humidity_alerts where piano_id = p_piano_id)
  )
  select jsonb_build_object(
    'piano_id', p.id, 'name', p.name, 'location', p.location, 'client_name', internal.client_name(p.client_id),
    'low', internal.humidity_limit(p.client_id, 'humidity_low', 'humidity.low'),
    'high', internal.humidity_limit(p.client_id, 'humidity_high', 'humidity.high'),
    'notes', public.humidity_notes(p.id), 'alerts', internal.humidity_list(100, null, null, null, false, p.id) -> 'items')
  from piano p
$$;
comment on function public.humidity_piano is
  'GET /humidity-alerts/pianos/{piano_id}: {piano_id, name, location, client_name, low, high, notes[], alerts[]}, low and high as the scan has them (percent), archived alerts too; null for an unknown piano.';

create or replace function public.console_resolve_humidity(p_id uuid, p_actor jsonb, p_now timestamptz, p_notes text default null) returns jsonb
language plpgsql set search_path = public, pg_temp as $$
declare
  v_before humidity_alerts;
  v_after humidity_alerts;
begin
  select * into v_before from humidity_alerts where id = p_id for update;
  if not found then
    return null;
  end if;
  perform public.resolve_humidity_alert(p_id, p_notes, p_now);
  select * into v_after from humidity_alerts where id = p_id;
  perform internal.audit(p_actor, 'humidity.resolve', 'humidity:' || p_id,
    jsonb_build_object('is_resolved', v_before.is_resolved, 'resolution_notes', v_before.resolution_notes),
    jsonb_build_object('is_resolved', v_after.is_resolved, 'resolution_notes', v_after.resolution_notes), p_now);
  return jsonb_build_object('success', true, 'id', p_id);
end
$$;
comment on function public.console_resolve_humidity is 'POST /humidity-alerts/resolve/{id}: {success, id}; null when there is none.';

create or replace function public.console_archive_humidity(p_id uuid, p_actor jsonb, p_now timestamptz) returns jsonb
language plpgsql set search_path = public, pg_temp as $$
declare
  v_archived boolean;
begin
  select coalesce(archived, false) into v_archived from humidity_alerts where id = p_id for update;
  if not found then
    return null;
  end if;
  perform public.archive_humidity_alert(p_id, p_now);
  perform internal.audit(p_actor, 'humidity.archive', 'humidity:' || p_id, jsonb_build_object('archived', v_archived),
                         '{"archived": true}', p_now);
  return jsonb_build_object('success', true, 'id', p_id);
end
$$;
comment on function public.console_archive_humidity is 'POST /humidity-alerts/archive/{id}: {success, id}; null when there is none.';

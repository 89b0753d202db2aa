-- Humidity alerts: one table for the console, Slack and e-mail alike. A row is what one note or measurement said.

create or replace function internal.alert_before_move(p_entry text, p_alert_type text) returns setof public.humidity_alerts
language sql stable set search_path = public, pg_temp as $$
  select h.*
  from gazelle_timeline_entries e
  join gazelle_pianos p on p.external_id = e.piano_id and btrim(p.serial_number) <> ''
  join gazelle_timeline_entries o
    on o.occurred_at = e.occurred_at and o.entry_type = e.entry_type and o.piano_id <> e.piano_id
   and o.title is not distinct from e.title and o.description is not distinct from e.description
  join gazelle_pianos f on f.external_id = o.piano_id and btrim(f.serial_number) = btrim(p.serial_number)
   and internal.is_gone(f.status, f.total_loss, f.deleted_at)
  join humidity_alerts h on h.timeline_entry_id = o.external_id and h.alert_type = p_alert_type
  where e.external_id = p_entry
  order by h.created_at desc, h.id limit 1
$$;
comment on function internal.alert_before_move is
  'The alert that the original of a copied note had: a piano that moves to another client takes a copy of its history along. None for a note that is no copy.';

create or replace function public.record_humidity_alerts(
  p_run_id uuid, p_lease uuid, p_lease_seconds integer, p_alerts jsonb, p_resolutions jsonb, p_now timestamptz
) returns jsonb language plpgsql set search_path = public, pg_temp as $$
declare
  v_new jsonb;
  v_inserted integer;
  v_reopened integer;
  v_updated integer;
  v_resolved integer;
  v_gone integer;
  v_notices integer := 0;
  v_alert jsonb;
begin
  perform internal.hold_lease(p_run_id, p_lease, p_lease_seconds, p_now);

  -- Only a row that is really new is reported.
  with given as (
    select a.*, g.detail
    from jsonb_array_elements(p_alerts) g (detail),
         jsonb_to_record(g.detail) as a (
           timeline_entry_id text, client_id text, piano_id text, alert_type text, description text,
           is_resolved boolean, observed_at timestamptz, resolved_at timestamptz, resolution_notes text,
           source text, words text, value double precision)
  ), inserted as (
    insert into humidity_alerts (
      timeline_entry_id, client_id, piano_id, alert_type, description, is_resolved, observed_at, resolved_at,
      resolution_notes, source, words, value, resolved_by, archived, archived_at, created_at, updated_at)
    -- What a person ended before the piano moved stays ended.
    select g.timeline_entry_id, g.client_id, g.piano_id, g.alert_type, g.description, g.is_resolved or b.by_person,
           g.observed_at, coalesce(g.resolved_at, b.resolved_at), coalesce(g.resolution_notes, b.resolution_notes), g.source,
           g.words, g.value, case when b.by_person then 'person' when g.is_resolved then 'scan' end, b.archived, b.archived_at,
           p_now, p_now
    from given g
    cross join lateral (
      select coalesce(bool_or(h.is_resolved and h.resolved_by = 'person'), false) as by_person,
             max(h.resolved_at) filter (where h.resolved_by = 'person') as resolved_at,
             max(h.resolution_notes) filter (where h.resolved_by = 'person') as resolution_notes,
             coalesce(bool_or(h.archived), false) as archived, max(h.archived_at) as archived_at
      from internal.alert_before_move(g.timeline_entry_id, g.alert_type) h) b
    on conflict (timeline_entry_id, alert_type) do nothing
    returning id, timeline_entry_id, alert_type, is_resolved, observed_at, true as is_new
  ), reopened as (
    -- The note that ended it was corrected, or its own words came back.
    update humidity_alerts h
    set is_resolved = false, resolved_at = null, resolution_notes = null, resolved_by = null, updated_at = p_now
    from given g
    where h.timeline_entry_id = g.timeline_entry_id and h.alert_type = g.alert_type and not g.is_resolved
      and h.is_resolved and h.resolved_by = 'scan' and not coalesce(h.archived, false)
    returning h.id, h.timeline_entry_id, h.alert_type, h.is_resolved, h.observed_at, false as is_new
  ), changed as (
    select * from inserted union all select * from reopened
  )
  select count(*) filter (where i.is_new), count(*) filter (where not i.is_new),
         coalesce(jsonb_agg(g.detail || jsonb_build_object('id', i.id) order by i.observed_at, i.id)
                    filter (where not i.is_resolved
                              -- It was reported when the piano stood elsewhere.
                              and not (i.is_new and exists (select from internal.alert_before_move(i.timeline_entry_id, i.alert_type)))),
                    '[]')
  into v_inserted, v_reopened, v_new
  from changed i join given g using (timeline_entry_id, alert_type);

  -- A note that was edited keeps its alert, with the new words.
  update humidity_alerts h
  set description = a.description, words = a.words, value = a.value, updated_at = p_now
  from jsonb_to_recordset(p_alerts) as a (timeline_entry_id text, alert_type text, description text, words text, value double precision)
  where h.timeline_entry_id = a.timeline_entry_id and h.alert_type = a.alert_type
    and not coalesce(h.is_resolved, false)
    and (h.words is distinct from a.words or h.value is distinct from a.value);
  get diagnostics v_updated = row_count;

  update humidity_alerts h
  set is_resolved = true, resolved_at = r.resolved_at, resolution_notes = r.notes, resolved_by = 'scan', updated_at = p_now
  from jsonb_to_recordset(p_resolutions) as r (id uuid, notes text, resolved_at timestamptz)
  where h.id = r.id and not coalesce(h.is_resolved, false);
  get diagnostics v_resolved = row_count;

  -- A piano that is gone concerns nobody. Should it come back, its notes are read again.
  update humidity_alerts h
  set is_resolved = true, resolved_at = p_now, resolution_notes = 'le piano n''est plus là', resolved_by = 'scan', updated_at = p_now
  from gazelle_pianos p
  where p.external_id = h.piano_id and internal.is_gone(p.status, p.total_loss, p.deleted_at)
    and not coalesce(h.is_resolved, false) and not coalesce(h.archived, false);
  get diagnostics v_gone = row_count;
  v_resolved := v_resolved + v_gone;

  if jsonb_array_length(v_new) > 5 then
    v_notices := internal.enqueue_notice(jsonb_build_object(
      'event_type', 'humidity.alert', 'severity', 'warning', 'fingerprint', 'humidity.alert@' || p_run_id || ':' || v_inserted,
      'data', jsonb_build_object('run_id', p_run_id, 'count', jsonb_array_length(v_new),
                                 'alerts', (select jsonb_agg(a) from (select a from jsonb_array_elements(v_new) a limit 100) first_ones))),
      p_run_id, p_now);
  else
    for v_alert in select * from jsonb_array_elements(v_new) loop
      v_notices := v_notices + internal.enqueue_notice(jsonb_build_object(
        'event_type', 'humidity.alert', 'severity', 'warning', 'fingerprint', 'humidity.alert@' || (v_alert ->> 'id'),
        'data', jsonb_build_object('run_id', p_run_id, 'alerts', jsonb_build_array(v_alert))), p_run_id, p_now);
    end loop;
  end if;
  return jsonb_build_object('inserted', v_inserted, 'reopened', v_reopened, 'updated', v_updated, 'resolved', v_resolved,
                            'told', least(jsonb_array_length(v_new), 100), 'notices', v_notices);
end
$$;
comment on function public.record_humidity_alerts is
  'Stores what a scan found, ends what it saw ended and what is about a piano that is gone, and queues the notices about really new, unresolved rows: one each, or one digest for more than five.';

create or replace function public.record_model_reading(
  p_run_id uuid, p_lease uuid, p_lease_seconds integer, p_event jsonb, p_entry text, p_found boolean, p_now timestamptz
) returns void language plpgsql set search_path = public, pg_temp as $$
begin
  perform internal.hold_lease(p_run_id, p_lease, p_lease_seconds, p_now);
  insert into ai_events (feature, model, success, error_kind, confidence, latency_ms, created_at)
  select e.feature, e.model, e.success, e.error_kind, e.confidence, e.latency_ms, p_now
  from jsonb_to_record(p_event) as e (feature text, model text, success boolean, error_kind text, confidence double precision, latency_ms integer)
  -- Asked again because the answer was lost, it carries the same instant.
  where not exists (select from ai_events known where known.created_at = p_now and known.feature = e.feature
                      and known.latency_ms is not distinct from e.latency_ms);
  -- A note whose call failed is asked about again.
  if (p_event ->> 'success')::boolean then
    insert into humidity_alerts_history (timeline_entry_id, scanned_at, found_issues) values (p_entry, p_now, p_found)
    on conflict (timeline_entry_id) do update set scanned_at = excluded.scanned_at, found_issues = excluded.found_issues;
  end if;
end
$$;
comment on function public.record_model_reading is 'One call of the language model, and that its note was read.';

create or replace function public.resolve_humidity_alert(alert_id uuid, notes text, p_now timestamptz default now())
returns jsonb language sql set search_path = public, pg_temp as $$
  update humidity_alerts
  set is_resolved = true, resolved_at = coalesce(resolved_at, p_now), resolution_notes = left(notes, 2000),
      resolved_by = 'person', updated_at = p_now
  where id = alert_id
  returning to_jsonb(humidity_alerts)
$$;
comment on function public.resolve_humidity_alert is 'A person says that the problem is over. Null when there is no such alert.';

create or replace function public.archive_humidity_alert(alert_id uuid, p_now timestamptz default now())
returns jsonb language sql set search_path = public, pg_temp as $$
  update humidity_alerts set archived = true, archived_at = coalesce(archived_at, p_now), updated_at = p_now
  where id = alert_id
  returning to_jsonb(humidity_alerts)
$$;
comment on function public.archive_humidity_alert is 'Takes an alert off the lists. Null when there is no such alert.';

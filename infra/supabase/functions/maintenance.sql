-- A run of the maintenance alerts, as one function, so that nobody ever reads a list that is half built; it writes
-- the rows that changed and no others. Then what the page reads, and what people do.

-- Spelling. A screen that writes "planifiée" and a rule that looks for "planifié" never meet: one spelling is stored.

create or replace function internal.fold_word(p_word text) returns text
language sql immutable set search_path = public, pg_temp as $$
  select regexp_replace(regexp_replace(
    lower(regexp_replace(normalize(p_word, NFD), '[\u0300-\u036f\s_-]', '', 'g')),
    'ee$', 'e'), 'ive$', 'if')
$$;
comment on function internal.fold_word is
  'A word without accents, case, gender, spaces, underscores and hyphens: planifié, PLANIFIEE and "Planifie" are one.';

create or replace function internal.canonical_word(p_column text, p_value text, p_words text[]) returns text
language plpgsql immutable set search_path = public, pg_temp as $$
declare
  v_word text;
begin
  select w into v_word from unnest(p_words) w where internal.fold_word(w) = internal.fold_word(p_value);
  if not found then
    raise exception using errcode = '22023',
      message = format('unknown %s %L: accepted are %s', p_column, left(p_value, 60), array_to_string(p_words, ', '));
  end if;
  return v_word;
end
$$;
comment on function internal.canonical_word is
  'The accepted word that p_value spells, whatever its accents, case and gender; 22023 when there is none.';

-- Step 1: the pianos of the mirror as assets.

create or replace function internal.sync_assets(p_now timestamptz) returns jsonb
language plpgsql set search_path = public, pg_temp as $$
declare
  v_counts jsonb;
begin
  with pianos as (
    select p.external_id, p.deleted_at is not null as deleted, p.location, p.client_external_id,
           p.service_interval_months, l.last_service_date,
           -- Bounded: an index on the name takes no page of text, and one such piano would stop all the others.
           left(coalesce(nullif(concat_ws(' ', nullif(btrim(p.make), ''), nullif(btrim(p.model), '')), ''), 'Piano')
             || coalesce(' #' || nullif(btrim(p.serial_number), ''), ''), 200) as name,
           case when internal.is_gone(p.status, p.total_loss, p.deleted_at) then 'hors_service'
                when p.status in ('TEMPORARY_STORAGE', 'UNDER_RESTORATION') then 'maintenance'
                else 'actif' end as gazelle_status,
           coalesce(p.next_service_override, p.calculated_next_service,
             -- An interval that nobody can mean must not make the whole run fail on the calendar's end.
             case when p.service_interval_months between 1 and 1200
               then (l.last_service_date + make_interval(months => p.service_interval_months))::date end
           ) as next_service_date
    from gazelle_pianos p
    cross join lateral (
      select greatest(p.event_last_service, p.manual_last_service, p.calculated_last_service) as last_service_date) l
    where p.external_id is not null
  ), changed as materialized (
    select p.*, a.id
    from pianos p left join assets a on a.external_ref = p.external_id
    where case when a.id is null then not p.deleted
               else (a.name, a.location, a.client_external_id, a.service_interval_months, a.last_service_date,
                     a.next_service_date, a.gazelle_status)
                 is distinct from
                    (p.name, p.location, p.client_external_id, p.service_interval_months, p.last_service_date,
                     p.next_service_date, p.gazelle_status) end
  ), updated as (
    update assets a
    set name = c.name, location = c.location, client_external_id = c.client_external_id,
        service_interval_months = c.service_interval_months, last_service_date = c.last_service_date,
        next_service_date = c.next_service_date, gazelle_status = c.gazelle_status, updated_at = p_now,
        -- An asset that a person made before the mirror knew its piano counts as active until then.
        status = case when coalesce(a.gazelle_status, 'actif') <> c.gazelle_status then c.gazelle_status else a.status end
    from changed c where a.id = c.id
    returning 1
  ), inserted as (
    insert into assets (external_ref, name, category, status, gazelle_status, location, client_external_id,
                        service_interval_months, last_service_date, next_service_date, created_at, updated_at)
    select external_id, name, 'piano', gazelle_status, gazelle_status, location, client_external_id,
           service_interval_months, last_service_date, next_service_date, p_now, p_now
    from changed where id is null
    on conflict (external_ref) do nothing
    returning 1
  )
  select jsonb_build_object('inserted', (select count(*) from inserted), 'updated', (select count(*) from updated))
  into v_counts;
  return v_counts;
end
$$;
comment on function internal.sync_assets is 'Assets from gazelle_pianos: inserts the new, updates those that differ.';

-- Step 2: the services that Gazelle knows of, as maintenances.

create or replace function internal.follow_appointments(p_today date, p_now timestamptz) returns jsonb
language plpgsql set search_path = public, pg_temp as $$
declare
  v_counts jsonb;
begin
  with candidates as (
    select id from maintenances where source = 'appointment' and status in ('planifiée', 'en_cours')
    union
    -- Not by the maintenance's own date: an appointment that comes back may come back on another day.
    select m.id from gazelle_appointments a
    join maintenances m on m.source = 'appointment' and m.external_ref = a.external_id
    where a.appointment_date between p_today - 90 and p_today + 400
  ), known as (
    select m.id, m.status, m.scheduled_date, m.completed_date, m.closed_by_sync,
           case when l.piano_external_id is null or p.external_id is null or a.external_id is null then 'gone'
                when upper(a.status) in ('CANCELED', 'CANCELLED', 'NO_SHOW') then 'gone'
                when upper(a.status) = 'COMPLETE' then 'done'
                when upper(a.status) = 'ACTIVE' then 'booked' end as state,
           coalesce(a.appointment_date, m.scheduled_date) as appointment_date
    from candidates
    join maintenances m using (id)
    join assets s on s.id = m.asset_id
    left join gazelle_pianos p on p.external_id = s.external_ref and p.deleted_at is null
    left join gazelle_appointments a
      on a.external_id = m.external_ref and a.deleted_at is null and a.event_type = 'APPOINTMENT'
    left join gazelle_appointment_pianos l
      on l.appointment_external_id = m.external_ref and l.piano_external_id = s.external_ref
  ), decided as (
    select k.*, case
        when state = 'gone' and status in ('planifiée', 'en_cours') then 'annulée'
        when state = 'done' and status <> 'complétée' then 'complétée'
        when state = 'booked' and status = 'annulée' and closed_by_sync then 'planifiée'
        -- A service note had ended it; then the appointment moved too far away for that note.
        when state = 'booked' and status = 'complétée' and appointment_date is distinct from scheduled_date
             and completed_date < appointment_date - 7 then 'planifiée'
        else status end as new_status
    from known k
  ), updated as (
    update maintenances m
    set status = d.new_status, scheduled_date = d.appointment_date, updated_at = p_now,
        completed_date = case when d.new_status <> 'complétée' then null
                              when d.status <> 'complétée' then least(d.appointment_date, p_today)
                              else m.completed_date end,
        closed_by_sync = case when d.new_status = d.status then m.closed_by_sync else d.new_status = 'annulée' end
    from decided d
    -- What a person changed meanwhile is not overwritten: the next run looks at it again.
    where m.id = d.id and m.status = d.status
      and (d.new_status <> d.status or d.appointment_date is distinct from d.scheduled_date)
    returning 1
  ), missing as materialized (
    select s.id, a.appointment_date, a.external_id
    from gazelle_appointments a
    join gazelle_appointment_pianos l on l.appointment_external_id = a.external_id
    join gazelle_pianos p on p.external_id = l.piano_external_id and p.deleted_at is null
    join assets s on s.external_ref = p.external_id
    where a.appointment_date between p_today - 90 and p_today + 400
      and a.deleted_at is null and a.event_type = 'APPOINTMENT' and upper(a.status) = 'ACTIVE'
      and not exists (select from maintenances m where m.source = 'appointment' and m.external_ref = a.external_id
                        and m.asset_id = s.id)
    -- Sorted, so that the search ends before the insert begins: on an empty table it would read every new row.
    order by a.appointment_date, a.external_id, s.id
  ), inserted as (
    insert into maintenances (asset_id, scheduled_date, source, external_ref, created_at, updated_at)
    select id, appointment_date, 'appointment', external_id, p_now, p_now from missing
    on conflict (asset_id, source, external_ref) do nothing
    returning 1
  )
  select jsonb_build_object('inserted', (select count(*) from inserted), 'updated', (select count(*) from updated))
  into v_counts;
  return v_counts;
end
$$;
comment on function internal.follow_appointments is
  'Maintenances of source appointment: one per active appointment and piano, moved, completed and cancelled with it. A cancelled or completed appointment that was never here is not added.';

create or replace function internal.follow_intervals(p_today date, p_now timestamptz) returns jsonb
language plpgsql set search_path = public, pg_temp as $$
declare
  v_counts jsonb;
begin
  with booked as materialized (
    select distinct l.piano_external_id
    from gazelle_appointments a
    join gazelle_appointment_pianos l on l.appointment_external_id = a.external_id
    where a.appointment_date >= p_today and a.deleted_at is null and a.event_type = 'APPOINTMENT'
      and upper(a.status) = 'ACTIVE'
  ), wanted as (
    select s.id as asset_id, s.external_ref || ':' || s.next_service_date as external_ref, s.next_service_date
    from assets s
    where s.gazelle_status <> 'hors_service' and s.status in ('actif', 'maintenance_required')
      and s.next_service_date is not null
      and not exists (select from booked b where b.piano_external_id = s.external_ref)
  ), difference as materialized (
    select w.asset_id as wanted_for, w.external_ref, w.next_service_date, m.id, m.asset_id, m.scheduled_date
    from wanted w
    full join (select * from maintenances where source = 'gazelle_interval') m
      on m.asset_id = w.asset_id and m.external_ref = w.external_ref
    where m.id is null
       or (w.asset_id is null and m.status in ('planifiée', 'en_cours'))
       or (w.asset_id is not null and m.status = 'annulée' and m.closed_by_sync)
  ), inserted as (
    insert into maintenances (asset_id, scheduled_date, source, external_ref, created_at, updated_at)
    select wanted_for, next_service_date, 'gazelle_interval', external_ref, p_now, p_now
    from difference where id is null
    on conflict (asset_id, source, external_ref) do nothing
    returning 1
  ), reopened as (
    update maintenances m
    set status = 'planifiée', closed_by_sync = false, updated_at = p_now
    from difference d
    where d.wanted_for is not null and m.id = d.id and m.status = 'annulée' and m.closed_by_sync
    returning 1
  ), ended as (
    update maintenances m
    set status = case when e.service_date is null then 'annulée' else 'complétée' end,
        completed_date = e.service_date, closed_by_sync = e.service_date is null, updated_at = p_now
    from (
      select d.id, (select max(s.service_date) from internal.asset_services s
                    where s.asset_id = d.asset_id and s.service_date between d.scheduled_date - 7 and p_today) as service_date
      from difference d where d.wanted_for is null
    ) e
    where m.id = e.id and m.status in ('planifiée', 'en_cours')
    returning 1
  )
  select jsonb_build_object('inserted', (select count(*) from inserted),
                            'updated', (select count(*) from reopened) + (select count(*) from ended))
  into v_counts;
  return v_counts;
end
$$;
comment on function internal.follow_intervals is
  'Maintenances of source gazelle_interval: one open per active piano that has a next service date and no appointment. An open one that is not wanted any more ends: completed if the service was done, else cancelled.';

-- Step 3: what was done.

create or replace function internal.complete_maintenances(p_today date, p_now timestamptz) returns integer
language plpgsql set search_path = public, pg_temp as $$
declare
  v_count integer;
begin
  update maintenances m
  set status = 'complétée', completed_date = done.service_date, updated_at = p_now
  from (
    select o.id, s.service_date
    from maintenances o
    cross join lateral (
      select max(s.service_date) as service_date from internal.asset_services s
      where s.asset_id = o.asset_id
        and s.service_date between greatest(o.scheduled_date - 7,
              -- A service from before somebody planned this one is not this one.
              case when o.source = 'manual' then (o.created_at at time zone 'America/Toronto')::date end)
            and p_today
    ) s
    where o.status in ('planifiée', 'en_cours') and o.scheduled_date <= p_today + 7
      and (o.source <> 'manual' or o.maintenance_type = 'préventive')
      and s.service_date is not null
  ) done
  where m.id = done.id and m.status in ('planifiée', 'en_cours');
  get diagnostics v_count = row_count;
  return v_count;
end
$$;
comment on function internal.complete_maintenances is
  'Completes what a service from seven days before the due date until today has settled. Repairs and inspections that a person planned are ended by a person.';

-- Steps 4 and 5: the alerts that should exist, and the difference with those that do.

create or replace function internal.wanted_alerts(p_today date)
returns table (
  fingerprint text, asset_id bigint, maintenance_id bigint, alert_type text, priority text, message text,
  due_date date, days_count integer
) language plpgsql stable set search_path = public, pg_temp rows 10000 as $$
#variable_conflict use_column
begin
  return query
  with named as not materialized (
    select a.*, coalesce(nullif(left(btrim(translate(a.name, E'\n\r\t', '   ')), 120), ''), 'Équipement') as title
    from assets a where a.status not in ('hors_service', 'déclassé')
  ), due as (
    select m.id, m.asset_id, a.title, m.scheduled_date, m.scheduled_date < p_today as late,
           abs(m.scheduled_date - p_today) as days
    from maintenances m join named a on a.id = m.asset_id
    where m.status in ('planifiée', 'en_cours') and m.scheduled_date <= p_today + 7
      and (m.status = 'planifiée' or m.scheduled_date < p_today)
  ), causes (asset_id, position, cause) as (
    select a.id, 1, 'signalé' from assets a where a.status = 'maintenance_required'
    union all
    select a.id, 2, 'réparation ou remise en état'
    from gazelle_pianos p join assets a on a.external_ref = p.external_id
    where p.needs_repair_or_rebuilding and p.deleted_at is null
    union
    select a.id, 3, 'alerte d''humidité ouverte'
    from humidity_alerts h join assets a on a.external_ref = h.piano_id
    where not coalesce(h.is_resolved, false) and not coalesce(h.archived, false)
  )
  select case when late then 'MAINTENANCE_LATE' else 'MAINTENANCE_URGENT' end || ':m' || id || ':' || scheduled_date,
         asset_id, id,
         case when late then 'MAINTENANCE_LATE' else 'MAINTENANCE_URGENT' end,
         case when late then 'CRITICAL' else 'HIGH' end,
         title || case
           when late then format(': entretien en retard de %s (prévu le %s)', d.days_text, scheduled_date)
           when days = 0 then format(': entretien aujourd''hui (%s)', scheduled_date)
           else format(': entretien dans %s (%s)', d.days_text, scheduled_date) end,
         scheduled_date, days
  from due cross join lateral (select days || case when days > 1 then ' jours' else ' jour' end as days_text) d
  union all
  select 'ASSET_MAINTENANCE_REQUIRED:a' || a.id || ':', a.id, null, 'ASSET_MAINTENANCE_REQUIRED', 'MEDIUM',
         a.title || ' demande un entretien: ' || string_agg(c.cause, ', ' order by c.position), null, null
  from causes c join named a on a.id = c.asset_id
  group by a.id, a.title;
end
$$;
comment on function internal.wanted_alerts is
  'The alerts that should exist on p_today: late (planned or under way, before today), urgent (planned, today to seven days ahead), required (reported by a person, by Gazelle, or by an open humidity alert; one per asset). Nothing for an asset out of service, nothing without a date.';

create or replace function internal.apply_alerts(p_today date, p_now timestamptz) returns jsonb
language plpgsql set search_path = public, pg_temp as $$
declare
  v_counts jsonb;
begin
  with wanted as materialized (
    select * from internal.wanted_alerts(p_today)
  ), changed as materialized (
    select w.*, a.id
    from wanted w left join alerts a using (fingerprint)
    where case
      when a.id is null then true
      -- A dismissal is valid for a due date; without one, for as long as the problem lasts.
      when a.is_dismissed then a.due_date is null and a.resolved_at is not null
      when not a.is_active then true
      else (a.message, a.days_count, a.due_date, a.priority) is distinct from (w.message, w.days_count, w.due_date, w.priority)
    end
  ), updated as (
    update alerts a
    set message = c.message, days_count = c.days_count, due_date = c.due_date, priority = c.priority,
        is_active = true, is_dismissed = false, dismissed_by = null, resolved_at = null, updated_at = p_now,
        is_read = a.is_read and a.is_active,
        reopened_count = a.reopened_count + case when a.is_active then 0 else 1 end,
        notified_at = case when a.is_active then a.notified_at end
    from changed c
    -- Said again: somebody may dismiss it while this run is under way.
    where a.id = c.id and (not a.is_dismissed or (a.due_date is null and a.resolved_at is not null))
    returning 1
  ), previous as (
    select maintenance_id, max(p.id) as id
    from changed c join alerts p using (maintenance_id) where c.id is null
    group by maintenance_id
  ), inserted as (
    insert into alerts (fingerprint, asset_id, maintenance_id, alert_type, priority, message, due_date, days_count,
                        previous_alert_id, created_at, updated_at)
    select c.fingerprint, c.asset_id, c.maintenance_id, c.alert_type, c.priority, c.message, c.due_date, c.days_count,
           p.id, p_now, p_now
    from changed c left join previous p using (maintenance_id) where c.id is null
    on conflict (fingerprint) do nothing
    returning 1
  ), closed as (
    update alerts a
    set is_active = false, resolved_at = p_now, updated_at = p_now
    where (a.is_active or (a.is_dismissed and a.due_date is null and a.resolved_at is null))
      and not exists (select from wanted w where w.fingerprint = a.fingerprint)
    returning a.is_dismissed
  )
  select jsonb_build_object(
    'created', (select count(*) from inserted), 'updated', (select count(*) from updated),
    'resolved', (select count(*) from closed where not is_dismissed))
  into v_counts;
  return v_counts;
end
$$;
comment on function internal.apply_alerts is
  'Inserts, updates, reopens and closes alerts until they are the wanted ones. A row that is right already is not touched.';

-- Step 6: the notices. Alerts count as reported only when a rule queued the notice for somebody.

create or replace function internal.announce_late(p_run_id uuid, p_now timestamptz) returns integer
language plpgsql set search_path = public, pg_temp as $$
declare
  -- More than this at once are one notice: a hundred messages tell less than one.
  v_single_limit constant integer := 5;
  v_ids bigint[];
  v_alert record;
  v_queued integer;
  v_notices integer := 0;
begin
  v_ids := array(select id from alerts
                 where is_active and not is_dismissed and notified_at is null and alert_type = 'MAINTENANCE_LATE'
                 order by due_date, id);
  if cardinality(v_ids) > v_single_limit then
    return internal.announce_many('maintenance.late', 'error', p_run_id::text, v_ids, p_run_id, p_now);
  end if;
  for v_alert in
    select a.*, s.name, s.location from alerts a left join assets s on s.id = a.asset_id
    where a.id = any (v_ids) order by a.due_date, a.id
  loop
    v_queued := internal.enqueue_notice(jsonb_build_object(
      'event_type', 'maintenance.late', 'severity', 'error',
      'fingerprint', 'maintenance.late@' || v_alert.id || ':' || v_alert.reopened_count,
      'data', jsonb_build_object('run_id', p_run_id, 'asset', v_alert.name, 'message', v_alert.message, 'since', p_now,
        'due_date', v_alert.due_date, 'days_count', v_alert.days_count, 'location', v_alert.location)), p_run_id, p_now);
    if v_queued > 0 then
      update alerts set notified_at = p_now where id = v_alert.id;
    end if;
    v_notices := v_notices + v_queued;
  end loop;
  return v_notices;
end
$$;
comment on function internal.announce_late is 'Tells of late maintenances at once: one notice each, or one for all of them.';

create or replace function internal.announce_many(
  p_event_type text, p_severity text, p_key text, p_ids bigint[], p_run_id uuid, p_now timestamptz
) returns integer language plpgsql set search_path = public, pg_temp as $$
declare
  -- What one message can show. The others stay untold, and are in the next one.
  v_shown constant bigint[] := p_ids[1:20];
  v_queued integer;
begin
  v_queued := internal.enqueue_notice(jsonb_build_object(
    'event_type', p_event_type, 'severity', p_severity, 'fingerprint', p_event_type || '@' || p_key,
    'data', jsonb_build_object('run_id', p_run_id, 'count', cardinality(p_ids), 'since', p_now,
      'items', (select jsonb_agg(a.message order by a.due_date, a.id) from alerts a where a.id = any (v_shown)))),
    p_run_id, p_now);
  if v_queued > 0 then
    update alerts set notified_at = p_now where id = any (v_shown);
  end if;
  return v_queued;
end
$$;
comment on function internal.announce_many is
  'One notice for many alerts: their number, and the messages of the first 20, which alone count as reported. p_ids come in the order of the list.';

create or replace function internal.announce_digest(
  p_event_type text, p_alert_type text, p_run_id uuid, p_today date, p_now timestamptz
) returns integer language plpgsql set search_path = public, pg_temp as $$
declare
  v_ids bigint[];
begin
  if (p_now at time zone 'America/Toronto')::time < time '08:00'
     or exists (select from notification_deliveries where fingerprint = p_event_type || '@' || p_today) then
    return 0;
  end if;
  v_ids := array(select id from alerts
                 where is_active and not is_dismissed and notified_at is null and alert_type = p_alert_type
                 order by due_date, id);
  if cardinality(v_ids) = 0 then
    return 0;
  end if;
  return internal.announce_many(p_event_type, 'warning', p_today::text, v_ids, p_run_id, p_now);
end
$$;
comment on function internal.announce_digest is
  'What is not late is reported once a day, from 08:00 in Montréal; what comes after that waits until tomorrow.';

-- The run.

create or replace function public.refresh_maintenance_alerts(
  p_run_id uuid, p_lease uuid, p_lease_seconds integer, p_today date, p_now timestamptz
) returns jsonb language plpgsql
set search_path = public, pg_temp
-- Fingerprints hold dates as text; and each statement joins whole tables once, where compiling it or a plan made
-- for yesterday's sizes costs more than it gives.
set datestyle = 'ISO, YMD' set jit = off set work_mem = '64MB' set plan_cache_mode = force_custom_plan
as $$
declare
  v_assets jsonb;
  v_appointments jsonb;
  v_intervals jsonb;
  v_completed integer;
  v_alerts jsonb;
  v_notices integer;
begin
  perform internal.hold_lease(p_run_id, p_lease, p_lease_seconds, p_now);
  -- The second of two runs waits here, then sees what the first has done.
  perform pg_advisory_xact_lock(hashtextextended('refresh_maintenance_alerts', 0));
  -- A late run for yesterday must not undo what today's has found: it would be reported again.
  p_today := greatest(p_today, (p_now at time zone 'America/Toronto')::date);

  v_assets := internal.sync_assets(p_now);
  v_appointments := internal.follow_appointments(p_today, p_now);
  v_intervals := internal.follow_intervals(p_today, p_now);
  v_completed := internal.complete_maintenances(p_today, p_now);
  v_alerts := internal.apply_alerts(p_today, p_now);
  v_notices := internal.announce_late(p_run_id, p_now)
    + internal.announce_digest('maintenance.urgent', 'MAINTENANCE_URGENT', p_run_id, p_today, p_now)
    + internal.announce_digest('maintenance.asset_required', 'ASSET_MAINTENANCE_REQUIRED', p_run_id, p_today, p_now);

  return v_alerts || (
    select jsonb_build_object(
      'urgent', count(*) filter (where alert_type = 'MAINTENANCE_URGENT'),
      'late', count(*) filter (where alert_type = 'MAINTENANCE_LATE'),
      'asset_required', count(*) filter (where alert_type = 'ASSET_MAINTENANCE_REQUIRED'),
      'total', count(*), 'unread', count(*) filter (where not is_read))
    from alerts where is_active and not is_dismissed
  ) || jsonb_build_object(
    'assets', v_assets,
    'maintenances', jsonb_build_object(
      'inserted', (v_appointments ->> 'inserted')::integer + (v_intervals ->> 'inserted')::integer,
      'updated', (v_appointments ->> 'updated')::integer + (v_intervals ->> 'updated')::integer + v_completed),
    'notices', v_notices);
end
$$;
comment on function public.refresh_maintenance_alerts is
  'One whole run in one transaction: assets, maintenances, completions, alerts, notices. p_today is the date in Montréal. Answers {created, updated, resolved, urgent, late, asset_required, total, unread, assets{inserted, updated}, maintenances{inserted, updated}, notices}; the five in the middle are the active alerts now. A run that finds nothing new writes nothing.';

create or replace function public.mark_alert_read(p_id bigint, p_now timestamptz) returns jsonb
language plpgsql set search_path = public, pg_temp as $$
begin
  update alerts set is_read = true, updated_at = p_now where id = p_id and not is_read;
  return (select to_jsonb(a) from alerts a where id = p_id);
end
$$;
comment on function public.mark_alert_read is 'The alert, read from now on; null when there is none. Read twice is read once.';

create or replace function public.dismiss_alert(p_id bigint, p_by text, p_now timestamptz) returns jsonb
language plpgsql set search_path = public, pg_temp as $$
begin
  update alerts set is_active = false, is_dismissed = true, dismissed_by = p_by, updated_at = p_now
  where id = p_id and not is_dismissed;
  return (select to_jsonb(a) from alerts a where id = p_id);
end
$$;
comment on function public.dismiss_alert is
  'Takes the alert off the list for its due date, or, without one, until its problem is over; null when there is none.';

create or replace function public.alert_stats() returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select jsonb_build_object(
    'total', count(*), 'unread', count(*) filter (where not is_read),
    'critical', count(*) filter (where priority = 'CRITICAL'),
    'high', count(*) filter (where priority = 'HIGH'),
    'medium', count(*) filter (where priority = 'MEDIUM'))
  from alerts where is_active and not is_dismissed
$$;
comment on function public.alert_stats is 'Counts of the active alerts.';

-- The rules of maintenance alerts. Every section starts from empty tables and tells one behaviour.
-- Run by tests/maintenance.rs through psql as the superuser; the work itself is done as service_role.
\set ON_ERROR_STOP on
\set QUIET on
\pset format unaligned
\pset tuples_only on
set client_min_messages = warning;
set timezone = 'UTC';
drop schema if exists t cascade;
create schema t;
create table t.passed (name text);

create function t.ok(p_name text, p_true boolean) returns void language plpgsql as $$
begin
  if p_true is not true then raise exception 'FAILED: %', p_name; end if;
  insert into t.passed values (p_name);
end $$;
create function t.eq(p_name text, p_got text, p_want text) returns void language plpgsql as $$
begin
  if p_got is distinct from p_want then raise exception E'FAILED: %\n  got  %\n  want %', p_name, p_got, p_want; end if;
  insert into t.passed values (p_name);
end $$;
create function t.eq(p_name text, p_got jsonb, p_want jsonb) returns void language sql as $$
  select t.eq(p_name, p_got::text, p_want::text)
$$;
create function t.raises(p_name text, p_sql text, p_state text, p_like text default '%') returns void language plpgsql as $$
begin
  begin
    execute p_sql;
  exception when others then
    if sqlstate <> p_state or sqlerrm not like p_like then
      raise exception 'FAILED: % raised % %', p_name, sqlstate, sqlerrm;
    end if;
    insert into t.passed values (p_name);
    return;
  end;
  raise exception 'FAILED: % raised nothing', p_name;
end $$;
-- A run at 07:00 in Montréal, before the digest, by default otherwise.
create function t.refresh(p_today date, p_time time default '07:00') returns jsonb language plpgsql as $$
declare
  v_run scheduler_logs;
begin
  insert into scheduler_logs (task_name, task_label, status, lease_token, lease_expires_at)
  values ('maintenance-alerts', 'Alertes', 'running', gen_random_uuid(), '2100-01-01') returning * into v_run;
  return refresh_maintenance_alerts(v_run.id, v_run.lease_token, 60, p_today, (p_today + p_time) at time zone 'America/Toronto');
end $$;
create function t.clean() returns void language plpgsql as $$
begin
  delete from assets; delete from alerts; delete from gazelle_pianos; delete from gazelle_appointments;
  delete from gazelle_appointment_pianos; delete from gazelle_timeline_entries; delete from humidity_alerts;
  delete from notification_deliveries; delete from scheduler_logs;
end $$;
create function t.asset(p_name text, p_status text default 'actif', p_category text default 'équipement') returns bigint language sql as $$
  insert into assets (name, category, status) values (p_name, p_category, p_status) returning id
$$;
create function t.piano(p_id text, p_next date default null, p_status text default 'ACTIVE') returns text language sql as $$
  insert into gazelle_pianos (external_id, make, model, serial_number, status, next_service_override, location, client_external_id)
  values (p_id, 'Yamaha', 'U1', p_id, p_status, p_next, 'Salon', 'cli_1') returning external_id
$$;
create function t.appointment(p_id text, p_date date, p_pianos text[], p_status text default 'ACTIVE', p_type text default 'APPOINTMENT') returns void language sql as $$
  insert into gazelle_appointments (external_id, appointment_date, status, event_type) values (p_id, p_date, p_status, p_type);
  insert into gazelle_appointment_pianos (appointment_external_id, piano_external_id) select p_id, p from unnest(p_pianos) p;
$$;
create function t.entry(p_piano text, p_at timestamptz, p_type text default 'SERVICE_ENTRY_MANUAL') returns void language sql as $$
  insert into gazelle_timeline_entries (external_id, piano_id, entry_type, occurred_at) values (gen_random_uuid()::text, p_piano, p_type, p_at)
$$;
create function t.humid(p_piano text, p_resolved boolean default false, p_archived boolean default false) returns void language sql as $$
  insert into humidity_alerts (timeline_entry_id, piano_id, alert_type, description, is_resolved, observed_at, archived)
  values (gen_random_uuid()::text, p_piano, 'housse', 'x', p_resolved, '2026-01-10', p_archived)
$$;
-- Every row version of the three tables: equal before and after means that nothing at all was written or locked.
create function t.versions() returns text language sql as $$
  select md5(string_agg(v, ' ' order by v)) from (
    select 'a' || id || ctid || xmin || ' ' || xmax as v from assets union all
    select 'm' || id || ctid || xmin || ' ' || xmax from maintenances union all
    select 'l' || id || ctid || xmin || ' ' || xmax from alerts) x
$$;
create function t.state(p_ref text) returns text language sql as $$
  select string_agg(m.source || ' ' || m.scheduled_date || ' ' || m.status || coalesce(' ' || m.completed_date, ''), '; ' order by m.id)
  from maintenances m join assets a on a.id = m.asset_id where a.external_ref = p_ref
$$;
grant usage on schema t to service_role;
grant all on t.passed to service_role;
grant all on public.humidity_alerts to service_role;
set role service_role;

\echo '1. days -8, -1, 0, 7, 8 in every status, two spellings each'
select t.clean();
create temp table grid as
select d, w.canonical, w.spelling, t.asset(format('%s %s', w.spelling, d)) as asset_id
from unnest(array[-8, -1, 0, 7, 8]) d,
     (values ('planifiée', 'planifié'), ('planifiée', 'PLANIFIEE'), ('en_cours', 'en cours'), ('en_cours', 'EN_COURS'),
             ('complétée', 'Complété'), ('complétée', 'complete'), ('annulée', 'ANNULÉ'), ('annulée', 'annulee')) w (canonical, spelling);
insert into maintenances (asset_id, scheduled_date, status, maintenance_type)
select asset_id, date '2026-01-15' + d, spelling, 'corrective' from grid;
select t.eq('spellings stored canonically', count(*)::text, '40') from grid g join maintenances m using (asset_id) where m.status = g.canonical;
select t.eq('counters', t.refresh('2026-01-15') - 'notices',
  '{"late": 8, "total": 12, "assets": {"updated": 0, "inserted": 0}, "unread": 12, "urgent": 4, "created": 12, "updated": 0, "resolved": 0, "maintenances": {"updated": 0, "inserted": 0}, "asset_required": 0}');
select t.eq(format('alert of %s at %s', g.spelling, g.d), a.alert_type || '/' || a.priority || '/' || a.days_count || '/' || a.due_date,
  case when g.canonical in ('planifiée', 'en_cours') and g.d < 0 then 'MAINTENANCE_LATE/CRITICAL/' || -g.d || '/' || (date '2026-01-15' + g.d)
       when g.canonical = 'planifiée' and g.d <= 7 then 'MAINTENANCE_URGENT/HIGH/' || g.d || '/' || (date '2026-01-15' + g.d) end)
from grid g left join alerts a using (asset_id);
select t.eq('texts', string_agg(substr(message, strpos(message, ': ')), '' order by rank, due_date),
  ': entretien en retard de 8 jours (prévu le 2026-01-07): entretien en retard de 1 jour (prévu le 2026-01-14): entretien aujourd''hui (2026-01-15): entretien dans 7 jours (2026-01-22)')
from active_alerts where asset_name like 'planifié %';
select t.eq('due today is 0, not null', days_count::text, '0') from alerts where due_date = '2026-01-15' limit 1;
select t.clean();
insert into maintenances (asset_id, scheduled_date) values (t.asset(''), '2026-01-18'), (t.asset(repeat('é', 200)), '2026-01-18'), (t.asset('Sans date'), null);
select t.refresh('2026-01-15') \g /dev/null
select t.eq('generic and bounded names', string_agg(left(message, 12) || length(message), ',' order by message),
  'Équipement: ' || length('Équipement: entretien dans 3 jours (2026-01-18)') || ',éééééééééééé' || length(': entretien dans 3 jours (2026-01-18)') + 120) from alerts;

\echo '2. spelling of categories and statuses'
select t.clean();
select t.asset('a', 'ACTIVE', 'Batiment'), t.asset('b', 'déclassée', 'Véhicule'), t.asset('c', 'Hors-Service', 'Dampp Chaser'), t.asset('d', 'MAINTENANCE REQUIRED', 'EQUIPEMENT') \g /dev/null
select t.eq('assets', string_agg(category || ' ' || status, ', ' order by name),
  'bâtiment actif, véhicule déclassé, dampp_chaser hors_service, équipement maintenance_required') from assets;
insert into maintenances (asset_id, maintenance_type) select id, unnest(array['Préventif', 'preventive', 'CORRECTIF', 'inspection', normalize('préventive', NFD)]) from assets where name = 'a';
select t.eq('types', string_agg(maintenance_type, ' ' order by id), 'préventive préventive corrective inspection préventive') from maintenances;
update maintenances set status = 'En  Cours';
select t.ok('update is normalised', bool_and(status = 'en_cours')) from maintenances;
select t.raises('unknown status', $$select t.asset('x', 'cassé')$$, '22023', 'unknown status ''cassé'': accepted are actif, maintenance, %');
select t.raises('unknown category', $$select t.asset('x', 'actif', 'avion')$$, '22023', '%accepted are piano, dampp_chaser, bâtiment%');
select t.raises('unknown maintenance status', 'insert into maintenances (asset_id, status) select id, ''perdue'' from assets limit 1', '22023', '%planifiée, en_cours, complétée, annulée%');
select t.raises('null status', 'update assets set status = null', '23502');

\echo '3. two runs: same ids, read flag kept, nothing written'
select t.clean();
select t.piano('p' || i, date '2026-01-10' + i) from generate_series(1, 12) i \g /dev/null
select t.appointment('e1', '2026-01-16', array['p1', 'p2']);
select t.humid('p3'), t.humid('p3'), t.humid('unknown') \g /dev/null
select t.refresh('2026-01-15', '09:00') \g /dev/null
select mark_alert_read(min(id), '2026-01-15 14:30Z') is not null from alerts \g /dev/null
select t.versions() as before, (select string_agg(id || ' ' || is_read, ',' order by id) from alerts) as ids \gset
select t.eq('second run counts nothing', t.refresh('2026-01-15', '09:05') - array['late', 'urgent', 'asset_required', 'total', 'unread'],
  '{"assets": {"updated": 0, "inserted": 0}, "created": 0, "notices": 0, "updated": 0, "resolved": 0, "maintenances": {"updated": 0, "inserted": 0}}');
select t.eq('no row version changed', t.versions(), :'before');
select t.eq('same ids, read kept', string_agg(id || ' ' || is_read, ',' order by id), :'ids') from alerts;
select t.refresh('2026-01-16', '07:00') \g /dev/null
select t.ok('read kept when the day changes the text', is_read and updated_at = '2026-01-16 12:00Z' and created_at = '2026-01-15 14:00Z') from alerts where is_read;
select t.ok('one unread less', (s ->> 'unread')::int = (s ->> 'total')::int - 1) from alert_stats() s;
select t.ok('an alert without days is not touched by a new day', updated_at = '2026-01-15 14:00Z') from alerts where alert_type = 'ASSET_MAINTENANCE_REQUIRED';

\echo '4. dismissal holds for its due date'
select t.clean();
insert into maintenances (asset_id, scheduled_date, status) values (t.asset('Camion'), '2026-01-10', 'planifié');
select t.refresh('2026-01-15') \g /dev/null
select t.ok('dismissed', (dismiss_alert(id, 'louise', '2026-01-15 15:00Z') ->> 'is_dismissed')::boolean) from alerts;
select t.versions() as before \gset
select t.eq('dismissed stays away', (t.refresh('2026-01-16') ->> 'total'), '0');
select t.eq('and is not touched', t.versions(), :'before');
update maintenances set scheduled_date = '2026-01-17';
select t.eq('a new date alerts again', (t.refresh('2026-01-16') ->> 'urgent'), '1');
select t.eq('and again when late', (t.refresh('2026-01-20') ->> 'late'), '1');
select t.eq('three rows of history', string_agg(alert_type || ' ' || due_date || ' ' || is_active || ' ' || is_dismissed, ', ' order by id),
  'MAINTENANCE_LATE 2026-01-10 false true, MAINTENANCE_URGENT 2026-01-17 false false, MAINTENANCE_LATE 2026-01-17 true false') from alerts;
select t.ok('dismissed urgent becomes a new late one', (dismiss_alert((select max(id) from alerts), 'x', '2026-01-20 15:00Z') ->> 'is_active') = 'false');
update maintenances set scheduled_date = '2026-01-22';
select t.refresh('2026-01-20') \g /dev/null
select dismiss_alert(id, 'x', '2026-01-20 16:00Z') from alerts where is_active \g /dev/null
select t.eq('late after a dismissed urgent', (t.refresh('2026-01-23') ->> 'late'), '1');
update maintenances set scheduled_date = '2026-01-10';
select t.eq('back to the dismissed date: still dismissed', (t.refresh('2026-01-23') ->> 'total'), '0');

\echo '5. urgent becomes late: linked and unread'
select t.clean();
insert into maintenances (asset_id, scheduled_date) values (t.asset('Camion'), '2026-01-16');
select t.refresh('2026-01-15') \g /dev/null
select mark_alert_read(id, '2026-01-15 15:00Z') from alerts \g /dev/null
select t.eq('created and resolved', (r ->> 'created') || (r ->> 'resolved') || (r ->> 'unread'), '111') from t.refresh('2026-01-17') r;
select t.ok('link', l.previous_alert_id = u.id and not l.is_read and u.is_read and not u.is_active and u.resolved_at = '2026-01-17 12:00Z')
from alerts l, alerts u where l.alert_type = 'MAINTENANCE_LATE' and u.alert_type = 'MAINTENANCE_URGENT';

\echo '6. resolved, then reopened'
update maintenances set status = 'complétée';
select t.eq('resolved', t.refresh('2026-01-18') ->> 'resolved', '1');
update alerts set is_read = true;
update maintenances set status = 'planifiée';
select t.eq('reopened counts as updated', (r ->> 'created') || (r ->> 'updated'), '01') from t.refresh('2026-01-19') r;
select t.ok('reopened', is_active and resolved_at is null and reopened_count = 1 and not is_read and days_count = 3
  and created_at = '2026-01-17 12:00Z' and notified_at = '2026-01-19 12:00Z') from alerts where alert_type = 'MAINTENANCE_LATE';
select t.eq('told twice, once per opening', count(distinct fingerprint)::text, '2') from notification_deliveries where event_type = 'maintenance.late';
delete from maintenances;
select t.eq('a deleted maintenance takes its alerts', count(*)::text, '0') from alerts;

\echo '7. assets follow the mirror'
select t.clean();
insert into gazelle_pianos (external_id, make, model, serial_number, status, service_interval_months, event_last_service, manual_last_service, calculated_last_service, calculated_next_service, next_service_override, total_loss) values
  ('a', ' Yamaha ', 'U1', '123', 'ACTIVE', 12, '2025-01-31', '2024-01-01', null, null, null, false),
  ('b', null, '', null, null, null, null, null, null, '2026-06-01', '2026-07-01', null),
  ('c', null, null, '9', 'TEMPORARY_STORAGE', 1, '2026-01-31', null, null, '2026-06-01', null, null),
  ('d', 'Kawai', null, null, 'UNDER_RESTORATION', 2000000000, '2026-01-31', null, null, null, null, null),
  ('e', 'Kawai', null, null, 'INACTIVE', 0, '2026-01-31', null, null, null, null, null),
  ('f', 'Kawai', null, null, 'ACTIVE', 6, null, null, null, null, null, true);
insert into gazelle_pianos (external_id, deleted_at) values ('gone', now());
select t.eq('inserted', t.refresh('2026-01-15') -> 'assets' ->> 'inserted', '6');
select t.eq('assets', string_agg(concat_ws('|', external_ref, name, category, status, last_service_date, next_service_date), E'\n' order by external_ref), 'a|Yamaha U1 #123|piano|actif|2025-01-31|2026-01-31
b|Piano|piano|actif|2026-07-01
c|Piano #9|piano|maintenance|2026-01-31|2026-06-01
d|Kawai|piano|maintenance|2026-01-31
e|Kawai|piano|hors_service|2026-01-31
f|Kawai|piano|hors_service') from assets;
select t.eq('intervals for active pianos only', string_agg(external_ref, ' ' order by external_ref), 'a:2026-01-31 b:2026-07-01') from maintenances;
update assets set status = 'maintenance_required' where external_ref in ('a', 'c');
update gazelle_pianos set location = 'Cave' where external_id = 'a';
select t.eq('only what differs', t.refresh('2026-01-15') -> 'assets' ->> 'updated', '1');
select t.ok('a person''s status stays', bool_and(status = 'maintenance_required')) from assets where external_ref in ('a', 'c');
update gazelle_pianos set status = 'INACTIVE' where external_id = 'a';
select t.refresh('2026-01-15') \g /dev/null
select t.ok('until Gazelle''s changes', status = 'hors_service' and location = 'Cave') from assets where external_ref = 'a';
select t.eq('its open maintenance is cancelled', t.state('a'), 'gazelle_interval 2026-01-31 annulée');
update gazelle_pianos set status = 'ACTIVE' where external_id = 'a';
select t.refresh('2026-01-15') \g /dev/null
select t.eq('and comes back', t.state('a'), 'gazelle_interval 2026-01-31 planifiée');
select t.appointment('e1', '2026-01-20', array['b']);
select t.refresh('2026-01-15') \g /dev/null
update gazelle_pianos set deleted_at = '2026-01-15' where external_id in ('a', 'b');
select t.refresh('2026-01-15') \g /dev/null
select t.eq('a deleted piano', (select status from assets where external_ref = 'a') || ' ' || t.state('a') || ' ' || t.state('b'),
  'hors_service gazelle_interval 2026-01-31 annulée gazelle_interval 2026-07-01 annulée; appointment 2026-01-20 annulée');
insert into assets (external_ref, name, category, status) values ('z', 'à la main', 'piano', 'maintenance_required');
select t.piano('z') \g /dev/null
select t.refresh('2026-01-15') \g /dev/null
select t.ok('an asset made before its piano came', status = 'maintenance_required' and name = 'Yamaha U1 #z') from assets where external_ref = 'z';

\echo '8. appointments and intervals'
select t.clean();
select t.piano('p', '2026-02-01'), t.piano('q') \g /dev/null
select t.refresh('2026-01-15') \g /dev/null
select t.eq('nothing booked: the interval', t.state('p'), 'gazelle_interval 2026-02-01 planifiée');
select t.appointment('e1', '2026-01-20', array['p', 'q']), t.appointment('e2', '2026-01-19', array['p'], 'CANCELED'),
       t.appointment('e3', '2026-01-10', array['p'], 'COMPLETE'), t.appointment('e4', '2026-01-20', array['q'], 'ACTIVE', 'MEMO'),
       t.appointment('e5', '2027-06-20', array['q']), t.appointment('e6', '2025-10-01', array['q']) \g /dev/null
select t.eq('counted', t.refresh('2026-01-15') -> 'maintenances', '{"updated": 1, "inserted": 2}');
select t.eq('booked: the interval is cancelled', t.state('p') || ' / ' || t.state('q'),
  'gazelle_interval 2026-02-01 annulée; appointment 2026-01-20 planifiée / appointment 2026-01-20 planifiée');
update gazelle_appointments set appointment_date = '2026-01-21' where external_id = 'e1';
select t.refresh('2026-01-15') \g /dev/null
select t.eq('moved', t.state('q'), 'appointment 2026-01-21 planifiée');
update gazelle_appointments set appointment_date = '2028-01-21' where external_id = 'e1';
select t.refresh('2026-01-15') \g /dev/null
select t.eq('moved beyond the window', t.state('q'), 'appointment 2028-01-21 planifiée');
update gazelle_appointments set appointment_date = '2026-01-21', status = 'NO_SHOW' where external_id = 'e1';
select t.refresh('2026-01-15') \g /dev/null
select t.eq('no show, interval back', t.state('p') || ' / ' || t.state('q'),
  'gazelle_interval 2026-02-01 planifiée; appointment 2026-01-21 annulée / appointment 2026-01-21 annulée');
update gazelle_appointments set status = 'ACTIVE' where external_id = 'e1';
select t.refresh('2026-01-15') \g /dev/null
select t.eq('active again', t.state('q'), 'appointment 2026-01-21 planifiée');
delete from gazelle_appointment_pianos where piano_external_id = 'q';
select t.refresh('2026-01-15') \g /dev/null
select t.eq('the piano left the appointment', t.state('q'), 'appointment 2026-01-21 annulée');
update gazelle_appointments set deleted_at = '2026-01-15' where external_id = 'e1';
select t.refresh('2026-01-15') \g /dev/null
select t.eq('deleted', t.state('p'), 'gazelle_interval 2026-02-01 planifiée; appointment 2026-01-21 annulée');
update maintenances set status = 'annulé' where source = 'gazelle_interval';
select t.versions() as before \gset
select t.refresh('2026-01-15') \g /dev/null
select t.eq('what a person cancelled stays', t.versions(), :'before');
update gazelle_pianos set next_service_override = '2026-03-01' where external_id = 'p';
select t.refresh('2026-01-15') \g /dev/null
select t.eq('a new due date is a new maintenance', t.state('p'),
  'gazelle_interval 2026-02-01 annulée; appointment 2026-01-21 annulée; gazelle_interval 2026-03-01 planifiée');
select t.clean();
select t.piano('p', '2026-01-16') \g /dev/null
select t.appointment('e1', '2026-01-16', array['p']);
select t.refresh('2026-01-15') \g /dev/null
update maintenances set status = 'en cours' where source = 'appointment';
select t.refresh('2026-01-15') \g /dev/null
select t.eq('under way stays under way', t.state('p'), 'appointment 2026-01-16 en_cours');
update gazelle_appointments set status = 'COMPLETE' where external_id = 'e1';
select t.refresh('2026-01-17') \g /dev/null
select t.versions() as before, t.state('p') as done \gset
select t.refresh('2026-01-17') \g /dev/null
select t.eq('stable after completion', t.versions(), :'before');
select t.eq('completed by the appointment', :'done', 'appointment 2026-01-16 complétée 2026-01-16; gazelle_interval 2026-01-16 complétée 2026-01-16');
update gazelle_pianos set next_service_override = '2026-07-16' where external_id = 'p';
select t.refresh('2026-01-17') \g /dev/null
select t.eq('the next one', t.state('p'), :'done' || '; gazelle_interval 2026-07-16 planifiée');

\echo '9. completion by the timeline'
select t.clean();
select t.piano(p, d) from (values ('soon', date '2026-01-19'), ('edge', '2026-01-15'), ('early', '2026-01-16'), ('late', '2025-12-01'),
  ('future', '2026-01-14'), ('night', '2026-01-15'), ('other', '2026-01-15'), ('deleted', '2026-01-15'), ('far', '2026-02-01')) x (p, d) \g /dev/null
select t.entry('soon', '2026-01-12 15:00Z'), t.entry('edge', '2026-01-08 15:00Z', 'SERVICE_ENTRY_AUTOMATED'), t.entry('early', '2026-01-08 15:00Z'),
       t.entry('late', '2025-12-20 15:00Z', 'APPOINTMENT_COMPLETION'), t.entry('late', '2026-01-02 15:00Z'), t.entry('future', '2026-01-16 15:00Z'),
       t.entry('night', '2026-01-08 04:00Z'), t.entry('other', '2026-01-12 15:00Z', 'PIANO_MEASUREMENT'),
       t.entry('deleted', '2026-01-12 15:00Z'), t.entry('far', '2026-01-15 15:00Z') \g /dev/null
update gazelle_timeline_entries set deleted_at = now() where piano_id = 'deleted';
select t.refresh('2026-01-15') \g /dev/null
select t.eq('completed', string_agg(a.external_ref || ' ' || m.status || coalesce(' ' || m.completed_date, ''), ', ' order by a.external_ref),
  'deleted planifiée, early planifiée, edge complétée 2026-01-08, far planifiée, future planifiée, late complétée 2026-01-02, night planifiée, other planifiée, soon complétée 2026-01-12')
from assets a join maintenances m on m.asset_id = a.id;
select t.versions() as before \gset
select t.refresh('2026-01-15') \g /dev/null
select t.eq('stable', t.versions(), :'before');
update gazelle_pianos set next_service_override = '2026-08-01' where external_id = 'early';
select t.entry('early', '2026-01-14 15:00Z');
select t.refresh('2026-01-15') \g /dev/null
select t.eq('served and moved in one run', t.state('early'), 'gazelle_interval 2026-01-16 complétée 2026-01-14; gazelle_interval 2026-08-01 planifiée');
select t.clean();
select t.piano('p') \g /dev/null
select t.refresh('2026-01-15') \g /dev/null
insert into maintenances (asset_id, scheduled_date, maintenance_type, created_at, description)
select id, '2026-01-16', v.type, v.created::timestamptz, v.type || v.created from assets, (values ('préventif', '2026-01-11'), ('préventif', '2026-01-14'), ('corrective', '2026-01-11'), ('inspection', '2026-01-11')) v (type, created);
select t.entry('p', '2026-01-12 15:00Z');
select t.refresh('2026-01-15') \g /dev/null
select t.eq('manual ones', string_agg(description || ' ' || status, ', ' order by id),
  'préventif2026-01-11 complétée, préventif2026-01-14 planifiée, corrective2026-01-11 planifiée, inspection2026-01-11 planifiée') from maintenances;
select t.clean();
select t.piano('p') \g /dev/null
select t.appointment('e1', '2026-01-16', array['p']);
select t.entry('p', '2026-01-13 15:00Z');
select t.refresh('2026-01-15') \g /dev/null
select t.eq('an appointment by its note', t.state('p'), 'appointment 2026-01-16 complétée 2026-01-13');
update gazelle_appointments set appointment_date = '2026-03-16';
select t.refresh('2026-01-15') \g /dev/null
select t.eq('moved too far for the note', t.state('p'), 'appointment 2026-03-16 planifiée');

\echo '10. the third rule, in its three causes'
select t.clean();
select t.asset('Tracteur', 'maintenance_required') as tractor, t.asset('Vieux', 'déclassé') as old \gset
select t.piano('repair'), t.piano('humid'), t.piano('all'), t.piano('fine'), t.piano('stored', null, 'INACTIVE') \g /dev/null
update gazelle_pianos set needs_repair_or_rebuilding = external_id in ('repair', 'all', 'stored');
select t.humid('humid'), t.humid('all', null, null), t.humid('fine', true), t.humid('fine', false, true), t.humid('stored') \g /dev/null
select t.refresh('2026-01-15') \g /dev/null
update assets set status = 'maintenance_required' where external_ref = 'all';
select t.refresh('2026-01-15') \g /dev/null
select t.eq('messages', string_agg(message || ' ' || priority || coalesce(due_date::text, '') || coalesce(days_count::text, ''), E'\n' order by message collate "C"),
'Tracteur demande un entretien: signalé MEDIUM
Yamaha U1 #all demande un entretien: signalé, réparation ou remise en état, alerte d''humidité ouverte MEDIUM
Yamaha U1 #humid demande un entretien: alerte d''humidité ouverte MEDIUM
Yamaha U1 #repair demande un entretien: réparation ou remise en état MEDIUM') from active_alerts;
select t.eq('fingerprint', fingerprint, 'ASSET_MAINTENANCE_REQUIRED:a' || :tractor || ':') from alerts where asset_id = :tractor;
select dismiss_alert(id, 'nicolas', '2026-01-15 15:00Z') from alerts where asset_id = :tractor \g /dev/null
select t.eq('dismissed while it lasts', (t.refresh('2026-01-16') ->> 'asset_required'), '3');
update assets set status = 'actif' where id = :tractor;
select t.eq('its end is not counted as resolved', (t.refresh('2026-01-17') ->> 'resolved'), '0');
select t.eq('still off the list', (t.refresh('2026-01-18') ->> 'asset_required'), '3');
update assets set status = 'maintenance_required' where id = :tractor;
select t.eq('a new trouble alerts again', (t.refresh('2026-06-18') ->> 'asset_required'), '4');
update assets set status = 'hors service' where id = :tractor;
insert into maintenances (asset_id, scheduled_date) values (:tractor, '2026-06-01'), (:old, '2026-06-01'), (:old, '2026-06-19');
select t.eq('nothing for what is out of service', (r ->> 'asset_required') || (r ->> 'late') || (r ->> 'urgent') || (r ->> 'resolved'), '3001') from t.refresh('2026-06-18') r;

\echo '11. notices'
select t.clean();
insert into maintenances (asset_id, scheduled_date) select t.asset('Camion ' || i), date '2026-01-10' - i from generate_series(1, 5) i;
update assets set location = 'Garage';
select t.eq('five late: five notices to two people', t.refresh('2026-01-15') ->> 'notices', '10');
select t.eq('one notice', jsonb_pretty(data - 'run_id') || severity || channel, '{
    "asset": "Camion 1",
    "since": "2026-01-15T12:00:00+00:00",
    "message": "Camion 1: entretien en retard de 6 jours (prévu le 2026-01-09)",
    "due_date": "2026-01-09",
    "location": "Garage",
    "days_count": 6
}errorslack') from notification_deliveries where data ->> 'asset' = 'Camion 1' and recipient = 'louise';
select t.ok('fingerprints', bool_and(d.fingerprint = 'maintenance.late@' || a.id || ':0')) from notification_deliveries d join alerts a on a.message = d.data ->> 'message';
select t.ok('all marked', bool_and(notified_at = '2026-01-15 12:00Z')) from alerts;
select t.eq('not again', t.refresh('2026-01-16') ->> 'notices', '0');
insert into maintenances (asset_id, scheduled_date) select t.asset('Grue ' || i), date '2026-01-10' - i from generate_series(1, 25) i;
select t.eq('more than five: one notice', t.refresh('2026-01-16') ->> 'notices', '2');
select t.ok('its data', fingerprint = 'maintenance.late@' || run_id and data ->> 'count' = '25' and jsonb_array_length(data -> 'items') = 20
  and data -> 'items' ->> 0 like 'Grue 25: %' and data ->> 'run_id' = run_id::text and data ? 'since') from notification_deliveries where data ? 'count';
select t.clean();
insert into maintenances (asset_id, scheduled_date) select t.asset('Camion ' || i), date '2026-01-15' + i from generate_series(1, 2) i;
select t.asset('Tracteur', 'maintenance_required') \g /dev/null
select t.eq('before 08:00', t.refresh('2026-01-15', '07:59') ->> 'notices', '0');
select t.eq('from 08:00, one per type', t.refresh('2026-01-15', '08:00') ->> 'notices', '4');
select t.eq('digest', string_agg(event_type || ' ' || severity || ' ' || fingerprint || ' ' || (data ->> 'count') || ' ' || (data ->> 'items'), E'\n' order by event_type),
'maintenance.asset_required warning maintenance.asset_required@2026-01-15 1 ["Tracteur demande un entretien: signalé"]
maintenance.urgent warning maintenance.urgent@2026-01-15 2 ["Camion 1: entretien dans 1 jour (2026-01-16)", "Camion 2: entretien dans 2 jours (2026-01-17)"]') from notification_deliveries where recipient = 'nicolas';
insert into maintenances (asset_id, scheduled_date) values (t.asset('Camion 3'), '2026-01-18');
select t.eq('a new one the same day waits', t.refresh('2026-01-15', '15:00') ->> 'notices', '0');
select t.ok('and is not marked', notified_at is null) from alerts where message like 'Camion 3%';
select t.eq('not yet at 07:00 (only the late one)', t.refresh('2026-01-16', '07:00') ->> 'notices', '0');
select t.eq('the day after', t.refresh('2026-01-16', '08:05') ->> 'notices', '2');
select t.eq('alone', data ->> 'items', '["Camion 3: entretien dans 2 jours (2026-01-18)"]') from notification_deliveries where fingerprint = 'maintenance.urgent@2026-01-16' and recipient = 'louise';
select t.eq('three became late: at once, whatever the hour', t.refresh('2026-07-15', '07:59') ->> 'notices', '6');
update notification_rules set enabled = false where event_type = 'maintenance.late';
insert into maintenances (asset_id, scheduled_date) values (t.asset('Camion 4'), '2026-07-10');
select t.eq('no rule, no notice', t.refresh('2026-07-15') ->> 'notices', '0');
update notification_rules set enabled = true where event_type = 'maintenance.late';
select t.eq('told when the rule is back', t.refresh('2026-07-15') ->> 'notices', '2');

\echo '12. whatever happened, a second run finds nothing to do'
select t.clean();
create function pg_temp.pick(p text[]) returns text language sql volatile as $$ select p[1 + floor(random() * cardinality(p))::int] $$;
create function pg_temp.day(p date, p_spread int) returns date language sql volatile as $$ select p + floor(random() * p_spread * 2)::int - p_spread $$;
do $$
declare
  v_day date := '2026-01-15';
  v_before text;
begin
  perform setseed(0.42);
  perform t.piano('p' || i) from generate_series(1, 40) i;
  for round in 1..60 loop
    v_day := v_day + (random() * 3)::int;
    insert into gazelle_appointments (external_id, appointment_date, status, event_type)
    select 'e' || round || '_' || i, pg_temp.day(v_day, 30), pg_temp.pick('{ACTIVE,ACTIVE,COMPLETE,CANCELED}'), 'APPOINTMENT' from generate_series(1, 4) i;
    insert into gazelle_appointment_pianos select 'e' || round || '_' || i, 'p' || (1 + floor(random() * 40)::int) from generate_series(1, 4) i;
    insert into gazelle_appointment_pianos select 'e' || round || '_' || i, 'p' || (1 + floor(random() * 40)::int) from generate_series(1, 4) i on conflict do nothing;
    perform t.entry('p' || (1 + floor(random() * 40)::int), pg_temp.day(v_day, 10) + interval '4 hours', pg_temp.pick('{SERVICE_ENTRY_MANUAL,APPOINTMENT_COMPLETION,PIANO_MEASUREMENT}')) from generate_series(1, 2);
    update gazelle_appointments set appointment_date = pg_temp.day(v_day, 30) where random() < 0.05;
    update gazelle_appointments set status = pg_temp.pick('{ACTIVE,COMPLETE,CANCELLED,NO_SHOW}') where random() < 0.05;
    update gazelle_appointments set deleted_at = case when random() < 0.5 then now() end where random() < 0.03;
    update gazelle_timeline_entries set deleted_at = now() where random() < 0.03;
    update gazelle_pianos set next_service_override = pg_temp.day(v_day, 30) where random() < 0.1;
    update gazelle_pianos set status = pg_temp.pick('{ACTIVE,ACTIVE,INACTIVE,UNDER_RESTORATION}') where random() < 0.05;
    update gazelle_pianos set deleted_at = case when random() < 0.7 then null else now() end where random() < 0.05;
    update gazelle_pianos set needs_repair_or_rebuilding = random() < 0.3 where random() < 0.1;
    insert into maintenances (asset_id, scheduled_date, created_at) select id, pg_temp.day(v_day, 10), v_day from assets where random() < 0.02;
    update maintenances set status = pg_temp.pick('{planifié,en cours,annulé,complété}') where random() < 0.02;
    update assets set status = pg_temp.pick('{actif,maintenance_required,hors service}') where random() < 0.02;
    perform dismiss_alert(id, 'x', now()) from active_alerts where random() < 0.05;
    perform t.refresh(v_day, '09:00');
    v_before := t.versions();
    perform t.refresh(v_day, '09:05');
    perform t.eq('round ' || round, t.versions(), v_before);
    perform t.ok('open and dismissed never meet', not exists (select from alerts where is_active and is_dismissed));
    perform t.ok('one open interval per piano', not exists (
      select from maintenances where source = 'gazelle_interval' and status in ('planifiée', 'en_cours') group by asset_id having count(*) > 1));
    perform t.ok('at most one active alert per maintenance', not exists (
      select from alerts where is_active and maintenance_id is not null group by maintenance_id having count(*) > 1));
  end loop;
end $$;
select t.ok('the rounds did something', (select count(*) from alerts where reopened_count > 0) > 0 and (select count(*) from alerts) > 200
  and (select count(distinct status) from maintenances) = 4 and (select count(*) from alerts where previous_alert_id is not null) > 10);

\echo '13. reading, order, rights, lease'
select t.clean();
insert into maintenances (asset_id, scheduled_date) values (t.asset('a'), '2026-01-18'), (t.asset('b'), '2026-01-16'), (t.asset('c'), '2026-01-14'), (t.asset('d'), '2026-01-10');
select t.asset('e', 'maintenance_required') \g /dev/null
select t.refresh('2026-01-15') \g /dev/null
select t.eq('order', string_agg(rank || ' ' || coalesce(due_date::text, '-'), ', ' order by rank, due_date, id),
  '0 2026-01-10, 0 2026-01-14, 1 2026-01-16, 1 2026-01-18, 2 -') from active_alerts;
select t.eq('stats', alert_stats(), '{"high": 2, "total": 5, "medium": 1, "unread": 5, "critical": 2}');
select t.ok('no such alert', mark_alert_read(-1, now()) is null and dismiss_alert(-1, 'x', now()) is null);
select min(id) as one from active_alerts \gset
select t.ok('read', (mark_alert_read(:one, '2026-01-15 16:00Z') ->> 'is_read')::boolean and mark_alert_read(:one, '2026-01-15 17:00Z') ->> 'updated_at' like '%16:00%');
select t.raises('lease lost', 'select refresh_maintenance_alerts(gen_random_uuid(), gen_random_uuid(), 60, ''2026-01-15'', now())', 'GT001');
reset role;
select t.ok('closed to the public', not has_table_privilege(r, 'alerts', 'select') and not has_table_privilege(r, 'active_alerts', 'select')
  and not has_table_privilege(r, 'assets', 'insert') and not has_function_privilege(r, 'public.dismiss_alert(bigint,text,timestamptz)', 'execute')
  and not has_function_privilege(r, 'public.refresh_maintenance_alerts(uuid,uuid,integer,date,timestamptz)', 'execute')) from unnest(array['anon', 'authenticated']) r;
select t.ok('row-level security', bool_and(relrowsecurity)) from pg_class where oid in ('assets'::regclass, 'maintenances'::regclass, 'alerts'::regclass);
select t.clean();
select count(*) || ' checks passed' from t.passed;

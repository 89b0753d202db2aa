-- Views and triggers: what stands on tables and functions.

create or replace view internal.due_deliveries with (security_invoker = true) as
  select distinct on (d.channel, d.recipient) d.id, d.seq, d.channel, d.recipient, d.digest_key, d.next_attempt_at,
         greatest(d.next_attempt_at, own.next_slot_at, own.blocked_until, shared.next_slot_at, shared.blocked_until) as free_at
  from notification_deliveries d
  left join notification_queues own on own.channel = d.channel and own.recipient = d.recipient
  left join notification_queues shared on shared.channel = d.channel and shared.recipient = ''
  where d.status = 'pending'
    and own.disabled_at is null and shared.disabled_at is null
    -- One at a time per recipient, so that nothing overtakes what is being sent.
    and not exists (select from notification_deliveries flying
                    where flying.status = 'pending' and flying.claimed_until is not null
                      and flying.channel = d.channel and flying.recipient = d.recipient)
    and (d.after_id is null or exists (select from notification_deliveries problem
                                       where problem.id = d.after_id and problem.status = 'sent'))
  -- What quiet hours or a digest hold back is overtaken by what they do not.
  order by d.channel, d.recipient, d.next_attempt_at > d.created_at, d.next_attempt_at, d.seq;
comment on view internal.due_deliveries is 'The next message of each queue, and from when on it may be sent.';

select internal.protect_table('internal.due_deliveries'::regclass);

create or replace view public.timeline_report_entries with (security_invoker = true) as
select
  e.external_id,
  e.occurred_at,
  e.entry_type,
  e.title,
  e.description,
  e.piano_id,
  coalesce(e.client_id, p.client_external_id) as client_id,
  -- Of a known client at least an empty name: only what belongs to nobody we know may be recognised by its note.
  coalesce(c.company_name, case when c.external_id is not null then concat_ws(' ', c.first_name, c.last_name) end) as client_name,
  p.make,
  p.model,
  p.serial_number,
  p.type as piano_type,
  p.year as piano_year,
  p.location,
  nullif(concat_ws(' ', u.first_name, u.last_name), '') as technician,
  coalesce(internal.is_gone(p.status, p.total_loss, p.deleted_at), false) as piano_is_gone,
  p.gazelle_created_at as piano_since
from public.gazelle_timeline_entries e
left join public.gazelle_pianos p on p.external_id = e.piano_id
left join public.gazelle_clients c on c.external_id = coalesce(e.client_id, p.client_external_id)
left join public.users u on u.id = e.user_id
where e.deleted_at is null
  and e.occurred_at is not null
  and e.entry_type in ('SERVICE_ENTRY_MANUAL', 'PIANO_MEASUREMENT');
comment on view public.timeline_report_entries is
  'One row per service note or measurement. client_id: the entry''s own, else the piano''s; client_name is null only when no such client is known, and empty when it has no name. piano_is_gone: of a note and its copy at the piano''s new client the report shows the copy.';

select internal.protect_table('public.timeline_report_entries'::regclass);

drop view if exists public.humidity_alerts_active;

create view public.humidity_alerts_active with (security_invoker = true) as
select
  h.*,
  coalesce(c.company_name, nullif(concat_ws(' ', c.first_name, c.last_name), '')) as client_name,
  p.make as piano_make,
  p.model as piano_model,
  p.location as room_number,
  concat_ws(E'\n', e.title, e.description) as technician_note
from public.humidity_alerts h
left join public.gazelle_timeline_entries e on e.external_id = h.timeline_entry_id
left join public.gazelle_pianos p on p.external_id = h.piano_id
left join public.gazelle_clients c on c.external_id = h.client_id
where not coalesce(h.archived, false)
order by coalesce(h.is_resolved, false), h.observed_at desc;

drop view if exists public.humidity_alerts_stats;

create view public.humidity_alerts_stats with (security_invoker = true) as
select
  alert_type,
  count(*) as total,
  count(*) filter (where is_resolved) as resolved,
  count(*) filter (where not coalesce(is_resolved, false) and not coalesce(archived, false)) as active,
  max(observed_at) as last_occurrence
from public.humidity_alerts
group by alert_type;

create or replace view public.humidity_scan_entries with (security_invoker = true) as
select
  e.external_id,
  e.occurred_at,
  e.title,
  e.description,
  e.piano_id,
  coalesce(e.client_id, p.client_external_id) as client_id,
  coalesce(c.company_name, nullif(concat_ws(' ', c.first_name, c.last_name), '')) as client_name,
  nullif(concat_ws(' ', p.make, p.model, '#' || p.serial_number), '') as piano,
  p.location,
  coalesce(internal.is_gone(p.status, p.total_loss, p.deleted_at), false) as piano_is_gone
from public.gazelle_timeline_entries e
left join public.gazelle_pianos p on p.external_id = e.piano_id
left join public.gazelle_clients c on c.external_id = coalesce(e.client_id, p.client_external_id)
where e.deleted_at is null
  and e.occurred_at is not null
  and e.entry_type in ('SERVICE_ENTRY_MANUAL', 'PIANO_MEASUREMENT', 'USER_COMMENT', 'APPOINTMENT_COMPLETION', 'NOTE');
comment on view public.humidity_scan_entries is
  'What people wrote about pianos; messages that a system wrote are not notes. A scan leaves out what is about a piano that is gone.';

select internal.protect_table(t) from unnest(array[
  'public.institutions', 'public.humidity_alerts', 'public.ai_events', 'public.humidity_alerts_history',
  'public.humidity_alerts_active',
  'public.humidity_alerts_stats', 'public.humidity_scan_entries'
]::regclass[]) t;

create or replace view public.unconfirmed_appointments with (security_invoker = true) as
select
  a.external_id,
  a.id as appointment_id,
  a.appointment_date,
  -- A whole day has no time, whatever an older row says.
  case when not coalesce(a.is_all_day, false) then a.appointment_time end as appointment_time,
  a.is_all_day,
  a.title,
  a.description as notes,
  a.location,
  a.technicien as technician_id,
  a.client_external_id,
  coalesce(c.company_name, nullif(concat_ws(' ', c.first_name, c.last_name), '')) as client_name,
  c.phone as client_phone,
  c.city as client_city,
  (select string_agg(concat_ws(' ', p.make, p.model, '#' || p.serial_number), ', ' order by p.external_id)
   from public.gazelle_appointment_pianos l join public.gazelle_pianos p on p.external_id = l.piano_external_id
   where l.appointment_external_id = a.external_id) as pianos,
  (select nullif(concat_ws(' ', u.first_name, u.last_name), '') from public.users u where u.id = a.technicien) as technician_name
from public.gazelle_appointments a
left join public.gazelle_clients c on c.external_id = a.client_external_id
where a.deleted_at is null
  and a.status = 'ACTIVE'
  and a.event_type = 'APPOINTMENT'
  and a.client_external_id is not null
  -- Unknown is not confirmed.
  and a.confirmed_by_client is not true
  and a.confirmed_at is null
  and not exists (select from public.institutions i where i.active and i.gazelle_client_id = a.client_external_id);
comment on view public.unconfirmed_appointments is
  'ACTIVE appointments with a client that is no institution, confirmed neither by the client nor by the staff.';

drop trigger if exists alert_follows_delivery on public.notification_deliveries;

create trigger alert_follows_delivery after update of status on public.notification_deliveries
  for each row when (new.event_type like 'rv.%' and new.status <> 'pending')
  execute function internal.follow_delivery();

select internal.protect_table(t) from unnest(array[
  'public.alert_logs', 'public.unconfirmed_appointments'
]::regclass[]) t;

create or replace trigger normalize_asset before insert or update of category, status on public.assets
  for each row execute function internal.normalize_asset();

create or replace trigger normalize_maintenance before insert or update of maintenance_type, status on public.maintenances
  for each row execute function internal.normalize_maintenance();

create or replace view internal.asset_services with (security_invoker = true) as
select a.id as asset_id, coalesce((e.occurred_at at time zone 'America/Toronto')::date, e.entry_date) as service_date
from public.assets a
join public.gazelle_timeline_entries e on e.piano_id = a.external_ref
where e.deleted_at is null and (e.entry_type like 'SERVICE\_ENTRY\_%' or e.entry_type = 'APPOINTMENT_COMPLETION')
union all
select asset_id, completed_date from public.maintenances where source = 'appointment' and status = 'complétée';
comment on view internal.asset_services is
  'Days on which an asset was serviced: service notes of its piano, and completed appointments, which may have no note.';

-- Reading, and what people do.

create or replace view public.active_alerts with (security_invoker = true) as
select
  a.id,
  internal.priority_rank(a.priority) as rank,
  a.due_date,
  a.asset_id,
  a.maintenance_id,
  a.alert_type,
  a.priority,
  a.message,
  a.days_count,
  a.is_read,
  a.is_active,
  a.is_dismissed,
  a.reopened_count,
  a.previous_alert_id,
  a.created_at,
  a.updated_at,
  s.name as asset_name,
  s.location,
  s.client_external_id
from public.alerts a
left join public.assets s on s.id = a.asset_id
where a.is_active and not a.is_dismissed;
comment on view public.active_alerts is 'The alerts of the page. Its order is rank, due_date, id: the index has it.';

select internal.protect_table(t) from unnest(array['public.active_alerts', 'internal.asset_services']::regclass[]) t;

drop trigger if exists weekly_report_follows_delivery on public.notification_deliveries;

create trigger weekly_report_follows_delivery after update of status on public.notification_deliveries
  for each row when (new.event_type = 'report.weekly')
  execute function internal.follow_weekly_delivery();

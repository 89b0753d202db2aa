-- The rows of the timeline report: service notes and measurements with their piano, client and technician.

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

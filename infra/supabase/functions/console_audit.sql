-- The audit as administrators read it: who changed what, newest first.

create or replace function public.audit_page(
  p_limit integer default 50, p_cursor text default null, p_action text default null, p_subject text default null,
  p_email text default null, p_from timestamptz default null, p_until timestamptz default null
) returns jsonb language plpgsql stable set search_path = public, pg_temp set plan_cache_mode = force_custom_plan as $$
declare
  v_limit integer := internal.page_limit(p_limit, 50, 200);
  v_key text[] := internal.read_cursor(p_cursor, 'bigint');
begin
  return (
    select internal.paged(
        array_agg(jsonb_build_object('id', a.id, 'at', internal.instant(a.at), 'email', a.email, 'action', a.action,
                       'subject', a.subject, 'before', a.before, 'after', a.after) order by a.seq desc),
        array_agg(jsonb_build_array(a.seq) order by a.seq desc),
        v_limit)
    from (
      select * from audit_log
      where (v_key is null or seq < v_key[1]::bigint)
        -- A part of a name up to its sign is the whole group: incident, incident.acknowledge.
        and (p_action is null or action = p_action or starts_with(action, p_action || '.'))
        and (p_subject is null or subject = p_subject or starts_with(subject, p_subject || ':'))
        and (p_email is null or position(lower(p_email) in lower(email)) > 0)
        and (p_from is null or at >= p_from) and (p_until is null or at < p_until)
      order by seq desc limit v_limit + 1) a);
end
$$;
comment on function public.audit_page is
  'Changes that people made, the newest first {items, next}; limit 50, at most 200. The address stays in the table.';

-- People, what is probed, when it may be down, and the rows that the sync set aside.

create or replace function internal.staff_json(p_staff public.staff) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select to_jsonb(p_staff)
$$;

create or replace function public.staff_list() returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select coalesce(jsonb_agg(internal.staff_json(s) order by s.key), '[]') from (select * from staff order by key limit 500) s
$$;
comment on function public.staff_list is
  'The people who receive notices. slack_webhook_key is the name of a setting; its value is no row of this database.';

create or replace function public.save_staff(p_key text, p_values jsonb, p_actor jsonb, p_now timestamptz) returns jsonb
language plpgsql set search_path = public, pg_temp as $$
declare
  v_row staff;
  v_before jsonb;
begin
  if coalesce(p_key, '') !~ '^[a-z][a-z0-9-]{0,39}$' then
    perform internal.refuse('key', 'expects-slug');
  end if;
  select * into v_row from staff where key = p_key for update;
  if found then
    v_before := internal.staff_json(v_row);
  end if;
  v_row := jsonb_populate_record(v_row, p_values);
  v_row.display_name := coalesce(v_row.display_name, v_row.first_name);
  v_row.language := coalesce(v_row.language, 'fr');
  v_row.roles := coalesce(v_row.roles, '{}');
  v_row.active := coalesce(v_row.active, true);
  perform internal.required('first_name', v_row.first_name);
  if exists (select from staff where gazelle_id = v_row.gazelle_id and key <> p_key) then
    perform internal.refuse('gazelle_id', 'id-is-taken');
  end if;
  insert into staff (key, gazelle_id, first_name, display_name, email, slack_webhook_key, telegram_chat_id, language, roles, active)
  values (p_key, v_row.gazelle_id, v_row.first_name, v_row.display_name, v_row.email, v_row.slack_webhook_key, v_row.telegram_chat_id,
          v_row.language, v_row.roles, v_row.active)
  on conflict (key) do update set gazelle_id = excluded.gazelle_id, first_name = excluded.first_name, display_name = excluded.display_name,
    email = excluded.email, slack_webhook_key = excluded.slack_webhook_key, telegram_chat_id = excluded.telegram_chat_id,
    language = excluded.language, roles = excluded.roles, active = excluded.active
  returning * into v_row;
  perform internal.audit(p_actor, case when v_before is null then 'staff.create' else 'staff.update' end, 'staff:' || p_key, v_before,
                         internal.staff_json(v_row), p_now);
  return internal.staff_json(v_row);
end
$$;
comment on function public.save_staff is 'Creates or changes a person by key; fields that are absent stay. GT010 names the field.';

create or replace function public.delete_staff(p_key text, p_actor jsonb, p_now timestamptz) returns jsonb
language plpgsql set search_path = public, pg_temp as $$
declare
  v_row staff;
begin
  if exists (select from notification_rules r
             where p_key = any (r.recipients)
                or exists (select from jsonb_array_elements(r.escalation) step where step -> 'recipients' ? p_key)) then
    perform internal.refuse('key', 'person-is-in-rules');
  end if;
  delete from staff where key = p_key returning * into v_row;
  if not found then
    return null;
  end if;
  perform internal.audit(p_actor, 'staff.delete', 'staff:' || p_key, internal.staff_json(v_row), null, p_now);
  return internal.staff_json(v_row);
end
$$;
comment on function public.delete_staff is 'Deletes a person whom no rule names; answers the row, null when there is none.';

-- What is probed.

create or replace function public.monitor_targets_list() returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select coalesce(jsonb_agg(to_jsonb(t) || jsonb_build_object(
           'state', s.state, 'since', internal.instant(s.since), 'checked_at', internal.instant(s.checked_at),
           'latency_ms', s.latency_ms, 'error_kind', s.error_kind) order by t.name), '[]')
  from (select * from monitor_targets order by name limit 200) t left join monitor_states s on s.target = t.name
$$;
comment on function public.monitor_targets_list is 'What is probed, with its policy and its present state.';

create or replace function public.save_monitor_target(p_name text, p_values jsonb, p_actor jsonb, p_now timestamptz) returns jsonb
language plpgsql set search_path = public, pg_temp as $$
declare
  v_row monitor_targets;
  v_before jsonb;
begin
  if coalesce(p_name, '') !~ '^[a-z0-9][a-z0-9-]{0,59}$' then
    perform internal.refuse('name', 'expects-slug');
  end if;
  select * into v_row from monitor_targets where name = p_name for update;
  if found then
    v_before := to_jsonb(v_row);
  end if;
  if coalesce(p_values ->> 'kind', v_row.kind, 'http') <> coalesce(v_row.kind, 'http') then
    perform internal.refuse('kind', case when v_before is null then 'expects-http' else 'target-keeps-kind' end);
  end if;
  v_row := jsonb_populate_record(v_row, p_values - 'kind');
  v_row.kind := coalesce(v_row.kind, 'http');
  v_row.expected_status := coalesce(v_row.expected_status, '{}');
  v_row.latency_limit_ms := coalesce(v_row.latency_limit_ms, 5000);
  v_row.certificate_days := coalesce(v_row.certificate_days, 14);
  v_row.timeout_ms := coalesce(v_row.timeout_ms, 8000);
  v_row.failure_threshold := coalesce(v_row.failure_threshold, 3);
  v_row.success_threshold := coalesce(v_row.success_threshold, 2);
  v_row.required := coalesce(v_row.required, true);
  v_row.enabled := coalesce(v_row.enabled, true);
  perform internal.required('label', v_row.label);
  -- Never with a name and a password in it.
  if v_row.kind = 'http' and coalesce(v_row.url, '') !~ '^https?://[^/@\s?#]+([/?#][^\s]*)?$' then
    perform internal.refuse('url', 'expects-plain-address');
  end if;
  if v_row.kind <> 'http' and v_row.url is not null then
    perform internal.refuse('url', 'address-is-a-setting');
  end if;
  insert into monitor_targets (name, label, kind, url, expected_status, expected_body, latency_limit_ms, certificate_days, timeout_ms,
                               failure_threshold, success_threshold, required, enabled)
  values (p_name, v_row.label, v_row.kind, v_row.url, v_row.expected_status, v_row.expected_body, v_row.latency_limit_ms,
          v_row.certificate_days, v_row.timeout_ms, v_row.failure_threshold, v_row.success_threshold, v_row.required, v_row.enabled)
  on conflict (name) do update set label = excluded.label, url = excluded.url, expected_status = excluded.expected_status,
    expected_body = excluded.expected_body, latency_limit_ms = excluded.latency_limit_ms, certificate_days = excluded.certificate_days,
    timeout_ms = excluded.timeout_ms, failure_threshold = excluded.failure_threshold, success_threshold = excluded.success_threshold,
    required = excluded.required, enabled = excluded.enabled
  returning * into v_row;
  perform internal.audit(p_actor, case when v_before is null then 'target.create' else 'target.update' end, 'target:' || p_name, v_before,
                         to_jsonb(v_row), p_now);
  return to_jsonb(v_row);
end
$$;
comment on function public.save_monitor_target is
  'Creates a target of kind http, or changes any by its name; fields that are absent stay. GT010 names the field.';

create or replace function public.delete_monitor_target(p_name text, p_actor jsonb, p_now timestamptz) returns jsonb
language plpgsql set search_path = public, pg_temp as $$
declare
  v_row monitor_targets;
begin
  select * into v_row from monitor_targets where name = p_name for update;
  if not found then
    return null;
  end if;
  if v_row.kind <> 'http' then
    perform internal.refuse('name', 'service-stays');
  end if;
  -- Nobody would probe it any more: its problem ends with it.
  perform internal.close_incident('availability', p_name, null, 'removed', '{}', null, p_now);
  delete from monitor_targets where name = p_name;
  perform internal.audit(p_actor, 'target.delete', 'target:' || p_name, to_jsonb(v_row), null, p_now);
  return to_jsonb(v_row);
end
$$;
comment on function public.delete_monitor_target is 'Deletes a target of kind http and closes its incident; answers the row, null when there is none.';

create or replace function public.maintenance_windows_list(p_now timestamptz) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select coalesce(jsonb_agg(internal.row_json(to_jsonb(w)) || jsonb_build_object('is_active', w.starts_at <= p_now and p_now < w.ends_at)
                            order by w.starts_at desc, w.id desc), '[]')
  from (select * from maintenance_windows order by starts_at desc, id desc limit 200) w
$$;
comment on function public.maintenance_windows_list is 'Times in which a target may be down, the latest first, at most 200.';

create or replace function public.save_maintenance_window(
  p_values jsonb, p_actor jsonb, p_now timestamptz, p_id bigint default null
) returns jsonb
language plpgsql set search_path = public, pg_temp as $$
declare
  v_row maintenance_windows;
  v_before jsonb;
begin
  if p_id is not null then
    select * into v_row from maintenance_windows where id = p_id for update;
    if not found then
      return null;
    end if;
    v_before := internal.row_json(to_jsonb(v_row));
  end if;
  v_row := jsonb_populate_record(v_row, p_values);
  v_row.reason := coalesce(v_row.reason, '');
  perform internal.required('starts_at', v_row.starts_at);
  perform internal.required('ends_at', v_row.ends_at);
  if v_row.ends_at <= v_row.starts_at then
    perform internal.refuse('ends_at', 'end-after-start');
  end if;
  if v_row.ends_at > v_row.starts_at + interval '31 days' then
    perform internal.refuse('ends_at', 'at-most-31-days');
  end if;
  if v_row.target is not null and not exists (select from monitor_targets where name = v_row.target) then
    perform internal.refuse('target', 'no-such-target');
  end if;
  if p_id is null then
    insert into maintenance_windows (target, starts_at, ends_at, reason, created_by)
    values (v_row.target, v_row.starts_at, v_row.ends_at, v_row.reason, left((p_actor ->> 'email'), 200)) returning * into v_row;
  else
    update maintenance_windows set target = v_row.target, starts_at = v_row.starts_at, ends_at = v_row.ends_at, reason = v_row.reason
    where id = p_id returning * into v_row;
  end if;
  perform internal.audit(p_actor, case when p_id is null then 'window.create' else 'window.update' end, 'window:' || v_row.id, v_before,
                         internal.row_json(to_jsonb(v_row)), p_now);
  return internal.row_json(to_jsonb(v_row));
end
$$;
comment on function public.save_maintenance_window is
  'Creates (p_id null) or changes a window; target null means every one. Answers the row, null when there is none to change. GT010 names the field.';

create or replace function public.delete_maintenance_window(p_id bigint, p_actor jsonb, p_now timestamptz) returns jsonb
language plpgsql set search_path = public, pg_temp as $$
declare
  v_row maintenance_windows;
begin
  delete from maintenance_windows where id = p_id returning * into v_row;
  if not found then
    return null;
  end if;
  perform internal.audit(p_actor, 'window.delete', 'window:' || p_id, internal.row_json(to_jsonb(v_row)), null, p_now);
  return internal.row_json(to_jsonb(v_row));
end
$$;
comment on function public.delete_maintenance_window is 'Deletes a window; answers the row, null when there is none.';

create or replace function internal.quarantine_json(p_row public.sync_quarantine) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select internal.row_json(to_jsonb(p_row), 'payload')
$$;
comment on function internal.quarantine_json is 'A row set aside, with its reason; not what it held, which may be an address.';

create or replace function public.quarantine_page(
  p_limit integer default 50, p_cursor text default null, p_open boolean default null, p_collection text default null
) returns jsonb language plpgsql stable set search_path = public, pg_temp set plan_cache_mode = force_custom_plan as $$
declare
  v_limit integer := internal.page_limit(p_limit, 50, 200);
  v_key text[] := internal.read_cursor(p_cursor, 'timestamptz', 'text', 'text');
begin
  return (
    select internal.paged(
        array_agg(internal.quarantine_json(q) order by q.last_seen_at desc, q.collection desc, q.external_id desc),
        array_agg(jsonb_build_array(q.last_seen_at, q.collection, q.external_id) order by q.last_seen_at desc, q.collection desc, q.external_id desc),
        v_limit)
    from (
      select * from sync_quarantine
      where (v_key is null or (last_seen_at, collection, external_id) < (v_key[1]::timestamptz, v_key[2], v_key[3]))
        and (p_open is null or (resolved_at is null) = p_open) and (p_collection is null or collection = p_collection)
      order by last_seen_at desc, collection desc, external_id desc limit v_limit + 1) q);
end
$$;
comment on function public.quarantine_page is 'Rows of Gazelle that could not be stored, those seen last first; limit 50, at most 200.';

create or replace function public.resolve_quarantine(p_collection text, p_external_id text, p_actor jsonb, p_now timestamptz) returns jsonb
language plpgsql set search_path = public, pg_temp as $$
declare
  v_before jsonb;
  v_row sync_quarantine;
begin
  select * into v_row from sync_quarantine where collection = p_collection and external_id = p_external_id for update;
  if not found then
    return null;
  end if;
  v_before := internal.quarantine_json(v_row);
  update sync_quarantine set resolved_at = p_now
  where collection = p_collection and external_id = p_external_id and resolved_at is null;
  select * into v_row from sync_quarantine where collection = p_collection and external_id = p_external_id;
  perform internal.audit(p_actor, 'quarantine.resolve', concat_ws(':', 'quarantine', p_collection, p_external_id), v_before,
                         internal.quarantine_json(v_row), p_now);
  return internal.quarantine_json(v_row);
end
$$;
comment on function public.resolve_quarantine is
  'A person dealt with a row set aside: answers it, null when there is none. A sync that meets it again opens it again.';

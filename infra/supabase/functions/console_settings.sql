-- Company rules that people edit: what may be set, within which bounds, and who set it.

create or replace function internal.setting_rules()
returns table (key text, kind text, minimum numeric, maximum numeric, standard text) language sql immutable set search_path = public, pg_temp as $$
  values
    ('sync.appointment_past_days', 'whole', 1, 3650, '30'), ('sync.appointment_future_days', 'whole', 1, 3650, '90'),
    ('sync.timeline_overlap_days', 'whole', 1, 365, '7'), ('sync.concurrency', 'whole', 1, 20, '6'),
    ('humidity.low', 'number', 1, 99, '30'), ('humidity.high', 'number', 1, 99, '60'), ('humidity.margin', 'number', 0, 30, '2'),
    ('humidity.window_days', 'whole', 1, 365, '30'), ('humidity.all_clients', 'flag', null, null, 'false'),
    ('humidity.model_enabled', 'flag', null, null, 'false'),
    ('anomaly.cash_medium_cents', 'whole', 1, 100000000, '1000'), ('anomaly.cash_high_cents', 'whole', 1, 100000000, '5000'),
    ('anomaly.cash_repeated', 'whole', 1, 1000, '3'), ('anomaly.sync_failures_medium', 'whole', 1, 1000, '3'),
    ('anomaly.sync_failures_high', 'whole', 1, 1000, '5'), ('anomaly.consecutive_failures', 'whole', 1, 1000, '3'),
    ('anomaly.stuck_hours', 'number', 0.1, 168, '2'), ('anomaly.auth_failures_medium', 'whole', 1, 10000, '5'),
    ('anomaly.auth_failures_high', 'whole', 1, 10000, '10'), ('anomaly.ai_minimum_calls', 'whole', 1, 100000, '20'),
    ('anomaly.ai_error_percent_medium', 'number', 0, 100, '5'), ('anomaly.ai_error_percent_high', 'number', 0, 100, '20'),
    ('anomaly.ai_confidence', 'number', 0, 1, '0.6'), ('anomaly.stale_hours', 'number', 1, 8760, '26'),
    ('anomaly.row_drop_percent', 'number', 1, 100, '20'), ('anomaly.orphan_percent', 'number', 0, 100, '5'),
    ('anomaly.humidity_backlog_days', 'whole', 1, 3650, '14'), ('anomaly.unusual_spread', 'number', 1, 100, '5'),
    ('anomaly.unusual_minimum_percent', 'number', 0, 10000, '50'), ('anomaly.unusual_minimum_rows', 'whole', 0, 100000000, '50'),
    ('anomaly.unusual_minimum_runs', 'whole', 2, 12, '5'), ('anomaly.unusual_minimum_seconds', 'number', 0, 86400, '60'),
    ('recommendation.log_days', 'whole', 1, 36500, '90')
  union all
  select 'retention.' || r.name, 'whole', r.least_days, 36500, r.default_days::text from internal.retention_rules() r
$$;
comment on function internal.setting_rules is 'Every setting that may be edited, its kind (whole, number, flag), its bounds, and what it is unless somebody changes it.';

create or replace function public.settings_of(p_section text) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select jsonb_object_agg(substr(r.key, length(p_section) + 2), internal.setting(r.key))
  from internal.setting_rules() r where starts_with(r.key, p_section || '.')
$$;
comment on function public.settings_of is 'The settings of a section as a task obeys them, by key without the section: {"concurrency": 6, …}. Null when there is no such section.';

create or replace function internal.setting_json(p_setting public.settings) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select internal.row_json(to_jsonb(p_setting)) || jsonb_build_object('kind', r.kind, 'minimum', r.minimum, 'maximum', r.maximum, 'default', r.standard::jsonb)
  from (select) always left join internal.setting_rules() r on r.key = p_setting.key
$$;

create or replace function public.settings_list() returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select coalesce(jsonb_agg(internal.setting_json(s) order by s.key), '[]')
  from (select * from settings where key in (select r.key from internal.setting_rules() r) order by key limit 500) s
$$;
comment on function public.settings_list is
  'The settings of the console {key, value, description, kind, minimum, maximum, default, updated_at, updated_by}. Tokens are in another table, which nothing here reads.';

create or replace function internal.check_setting_pair(p_low text, p_high text, p_may_be_equal boolean, p_key text) returns void
language plpgsql stable set search_path = public, pg_temp as $$
declare
  v_low numeric := (select (value #>> '{}')::numeric from settings where key = p_low and jsonb_typeof(value) = 'number');
  v_high numeric := (select (value #>> '{}')::numeric from settings where key = p_high and jsonb_typeof(value) = 'number');
begin
  if p_key in (p_low, p_high) and (v_low > v_high or (v_low = v_high and not p_may_be_equal)) then
    perform internal.refuse(p_key, 'not-above', jsonb_build_object('low', p_low, 'low_value', v_low, 'high', p_high, 'high_value', v_high));
  end if;
end
$$;
comment on function internal.check_setting_pair is 'GT010 when the value just written turns two thresholds around.';

create or replace function public.save_setting(p_key text, p_actor jsonb, p_now timestamptz, p_value jsonb default null) returns jsonb
language plpgsql set search_path = public, pg_temp as $$
declare
  v_rule record;
  v_before settings;
  v_after settings;
begin
  select * into v_rule from internal.setting_rules() r where r.key = p_key;
  if not found then
    perform internal.refuse(left(coalesce(p_key, ''), 60), 'no-such-setting');
  end if;
  if coalesce(jsonb_typeof(p_value), 'null') = 'null' then
    perform internal.refuse(p_key, 'is-required');
  end if;
  if v_rule.kind = 'flag' then
    if jsonb_typeof(p_value) <> 'boolean' then
      perform internal.refuse(p_key, 'expects-flag');
    end if;
  elsif jsonb_typeof(p_value) <> 'number' then
    perform internal.refuse(p_key, 'expects-number');
  elsif not (p_value #>> '{}')::numeric between v_rule.minimum and v_rule.maximum then
    perform internal.refuse(p_key, 'expects-range', jsonb_build_object('least', v_rule.minimum, 'most', v_rule.maximum));
  elsif v_rule.kind = 'whole' and (p_value #>> '{}')::numeric % 1 <> 0 then
    perform internal.refuse(p_key, 'expects-whole');
  end if;
  select * into v_before from settings where key = p_key for update;
  insert into settings (key, value, updated_at, updated_by) values (p_key, p_value, p_now, left((p_actor ->> 'email'), 200))
  on conflict (key) do update set value = excluded.value, updated_at = excluded.updated_at, updated_by = excluded.updated_by
  returning * into v_after;
  perform internal.check_setting_pair('humidity.low', 'humidity.high', false, p_key);
  perform internal.check_setting_pair('anomaly.' || pair || '_medium' || unit, 'anomaly.' || pair || '_high' || unit, true, p_key)
  from (values ('cash', '_cents'), ('sync_failures', ''), ('auth_failures', ''), ('ai_error_percent', '')) pairs (pair, unit);
  perform internal.audit(p_actor, 'setting.update', 'setting:' || p_key, v_before.value, v_after.value, p_now);
  return internal.setting_json(v_after);
end
$$;
comment on function public.save_setting is
  'Sets one setting, checked by type and range; answers it. GT010, with the key as field: unknown, of another type, out of its range, or above its companion.';

-- Institutions.

create or replace function public.institutions_list() returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select coalesce(jsonb_agg(to_jsonb(i) || jsonb_build_object('client_name', internal.client_name(i.gazelle_client_id)) order by i.slug), '[]')
  from (select slug, name, gazelle_client_id, active, options from institutions order by slug limit 500) i
$$;
comment on function public.institutions_list is 'The institutions with the name that Gazelle gives their client; null when it knows none.';

create or replace function public.save_institution(p_slug text, p_values jsonb, p_actor jsonb, p_now timestamptz) returns jsonb
language plpgsql set search_path = public, pg_temp as $$
declare
  v_row institutions;
  v_before jsonb;
  v_low numeric;
  v_high numeric;
begin
  if coalesce(p_slug, '') !~ '^[a-z0-9][a-z0-9-]{0,59}$' then
    perform internal.refuse('slug', 'expects-slug');
  end if;
  select * into v_row from institutions where slug = p_slug for update;
  if found then
    v_before := to_jsonb(v_row);
  end if;
  v_row := jsonb_populate_record(v_row, p_values);
  v_row.active := coalesce(v_row.active, true);
  -- An empty bound is none.
  v_row.options := jsonb_strip_nulls(coalesce(v_row.options, '{}'));
  perform internal.required('name', v_row.name);
  v_low := (v_row.options ->> 'humidity_low')::numeric;
  v_high := (v_row.options ->> 'humidity_high')::numeric;
  if v_low >= v_high then
    perform internal.refuse('humidity_low', 'below-humidity-high');
  end if;
  if exists (select from institutions where gazelle_client_id = v_row.gazelle_client_id and slug <> p_slug) then
    perform internal.refuse('gazelle_client_id', 'client-has-institution');
  end if;
  insert into institutions (slug, name, gazelle_client_id, active, options)
  values (p_slug, v_row.name, v_row.gazelle_client_id, v_row.active, v_row.options)
  on conflict (slug) do update set name = excluded.name, gazelle_client_id = excluded.gazelle_client_id, active = excluded.active,
    options = excluded.options
  returning * into v_row;
  perform internal.audit(p_actor, case when v_before is null then 'institution.create' else 'institution.update' end,
                         'institution:' || p_slug, v_before, to_jsonb(v_row), p_now);
  return to_jsonb(v_row);
end
$$;
comment on function public.save_institution is 'Creates or changes an institution by its slug; fields that are absent stay. GT010 names the field.';

create or replace function public.delete_institution(p_slug text, p_actor jsonb, p_now timestamptz) returns jsonb
language plpgsql set search_path = public, pg_temp as $$
declare
  v_row institutions;
begin
  delete from institutions where slug = p_slug returning * into v_row;
  if not found then
    return null;
  end if;
  perform internal.audit(p_actor, 'institution.delete', 'institution:' || p_slug, to_jsonb(v_row), null, p_now);
  return to_jsonb(v_row);
end
$$;
comment on function public.delete_institution is 'Deletes an institution; answers the row, null when there is none.';

-- Tabs of the report.

create or replace function internal.sheet_title_key(p_title text) returns text
language sql immutable set search_path = public, pg_temp as $$
  -- Decomposed, so that capitals with accents are lowered whatever the database's own letters are.
  select lower(normalize(btrim(regexp_replace(p_title, '\s+', ' ', 'g')), NFD))
$$;
comment on function internal.sheet_title_key is
  'A title of a sheet as Google Sheets compares it: case does not matter. Nor do spaces around it and double ones, which nobody sees.';

create or replace function internal.check_report_title(p_key text, p_title text) returns void
language plpgsql stable set search_path = public, pg_temp as $$
begin
  -- The report fills hidden sheets of such names, and deletes them.
  if starts_with(internal.sheet_title_key(p_title), internal.sheet_title_key('~ en préparation:')) then
    perform internal.refuse('title', 'title-is-reserved');
  end if;
  if exists (select from report_tabs t cross join lateral unnest(t.title || t.former_titles) taken
             where t.key <> p_key and internal.sheet_title_key(taken) = internal.sheet_title_key(p_title)) then
    perform internal.refuse('title', 'title-is-taken');
  end if;
end
$$;
comment on function internal.check_report_title is
  'GT010 when a title is reserved, or is that of another tab or was: Google Sheets holds titles that differ by case only to be the same.';

create or replace function public.report_tabs_list() returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select coalesce(jsonb_agg(to_jsonb(t) order by t.position, t.key), '[]')
  from (select * from report_tabs order by position, key limit 200) t
$$;
comment on function public.report_tabs_list is 'The tabs of the timeline report in their order.';

create or replace function public.save_report_tab(p_key text, p_values jsonb, p_actor jsonb, p_now timestamptz) returns jsonb
language plpgsql set search_path = public, pg_temp as $$
declare
  v_row report_tabs;
  v_old_title text;
  v_before jsonb;
begin
  if coalesce(p_key, '') !~ '^[a-z0-9][a-z0-9-]{0,59}$' then
    perform internal.refuse('key', 'expects-slug');
  end if;
  select * into v_row from report_tabs where key = p_key for update;
  if found then
    v_before := to_jsonb(v_row);
    v_old_title := v_row.title;
  end if;
  v_row := jsonb_populate_record(v_row, p_values);
  v_row.kind := coalesce(v_row.kind, 'institution');
  v_row.position := coalesce(v_row.position, (select least(coalesce(max(position), 0) + 1, 1000) from report_tabs));
  v_row.client_ids := coalesce(v_row.client_ids, '{}');
  v_row.keywords := coalesce(v_row.keywords, '{}');
  v_row.enabled := coalesce(v_row.enabled, true);
  perform internal.required('title', v_row.title);
  if v_row.title is distinct from v_old_title then
    perform internal.check_report_title(p_key, v_row.title);
  end if;
  -- The sheet is renamed, not made a second time.
  v_row.former_titles := array(select t from unnest(coalesce(v_row.former_titles, '{}') || v_old_title) t
                               where t is not null and internal.sheet_title_key(t) <> internal.sheet_title_key(v_row.title)
                               group by t order by t);
  insert into report_tabs (key, title, kind, position, client_ids, keywords, former_titles, enabled)
  values (p_key, v_row.title, v_row.kind, v_row.position, v_row.client_ids, v_row.keywords, v_row.former_titles, v_row.enabled)
  on conflict (key) do update set title = excluded.title, kind = excluded.kind, position = excluded.position,
    client_ids = excluded.client_ids, keywords = excluded.keywords, former_titles = excluded.former_titles, enabled = excluded.enabled
  returning * into v_row;
  perform internal.audit(p_actor, case when v_before is null then 'report_tab.create' else 'report_tab.update' end,
                         'report_tab:' || p_key, v_before, to_jsonb(v_row), p_now);
  return to_jsonb(v_row);
end
$$;
comment on function public.save_report_tab is
  'Creates or changes a tab by its key; fields that are absent stay. A title that changes becomes a former title, by which the sheet is found and renamed. GT010 names the field.';

create or replace function public.delete_report_tab(p_key text, p_actor jsonb, p_now timestamptz) returns jsonb
language plpgsql set search_path = public, pg_temp as $$
declare
  v_row report_tabs;
begin
  delete from report_tabs where key = p_key returning * into v_row;
  if not found then
    return null;
  end if;
  perform internal.audit(p_actor, 'report_tab.delete', 'report_tab:' || p_key, to_jsonb(v_row), null, p_now);
  return to_jsonb(v_row);
end
$$;
comment on function public.delete_report_tab is 'Deletes a tab from the settings; answers the row, null when there is none. Its sheet stays where it is.';

-- Equipment and its planned services: lists, and what people add, change and delete.

-- The words, for the triggers and the forms alike. Without search_path, so that they are inlined.

create or replace function internal.asset_categories() returns text[] language sql immutable as $$
  select array['piano', 'dampp_chaser', 'bâtiment', 'véhicule', 'équipement', 'mobilier', 'terrain']
$$;

create or replace function internal.asset_statuses() returns text[] language sql immutable as $$
  select array['actif', 'maintenance', 'hors_service', 'déclassé', 'maintenance_required']
$$;

create or replace function internal.maintenance_types() returns text[] language sql immutable as $$
  select array['préventive', 'corrective', 'inspection']
$$;

create or replace function internal.maintenance_statuses() returns text[] language sql immutable as $$
  select array['planifiée', 'en_cours', 'complétée', 'annulée']
$$;

create or replace function internal.normalize_asset() returns trigger
language plpgsql set search_path = public, pg_temp as $$
begin
  if new.category <> all (internal.asset_categories()) then
    new.category := internal.canonical_word('category', new.category, internal.asset_categories());
  end if;
  if new.status <> all (internal.asset_statuses()) then
    new.status := internal.canonical_word('status', new.status, internal.asset_statuses());
  end if;
  return new;
end
$$;

create or replace function internal.normalize_maintenance() returns trigger
language plpgsql set search_path = public, pg_temp as $$
begin
  if new.maintenance_type <> all (internal.maintenance_types()) then
    new.maintenance_type := internal.canonical_word('maintenance_type', new.maintenance_type, internal.maintenance_types());
  end if;
  if new.status <> all (internal.maintenance_statuses()) then
    new.status := internal.canonical_word('status', new.status, internal.maintenance_statuses());
  end if;
  -- A status that somebody else writes over the sync's is a person's decision.
  if tg_op = 'UPDATE' and new.status <> old.status and old.closed_by_sync and new.closed_by_sync then
    new.closed_by_sync := false;
  end if;
  return new;
end
$$;

create or replace function internal.asset_json(p_asset public.assets) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select internal.row_json(to_jsonb(p_asset))
$$;

create or replace function internal.maintenance_json(p_maintenance public.maintenances) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select internal.row_json(to_jsonb(p_maintenance), 'closed_by_sync')
$$;

create or replace function public.assets_page(
  p_limit integer default 100, p_cursor text default null, p_category text default null, p_status text default null,
  p_search text default null
) returns jsonb language plpgsql stable set search_path = public, pg_temp set plan_cache_mode = force_custom_plan as $$
declare
  v_limit integer := internal.page_limit(p_limit, 100, 500);
  v_key text[] := internal.read_cursor(p_cursor, 'text', 'bigint');
  v_search text := nullif(lower(btrim(left(p_search, 200))), '');
  v_category text := internal.given_word('category', p_category, internal.asset_categories());
  v_status text := internal.given_word('status', p_status, internal.asset_statuses());
begin
  return (
    select internal.paged(
        array_agg(internal.asset_json(a) order by a.name, a.id),
        array_agg(jsonb_build_array(a.name, a.id) order by a.name, a.id),
        v_limit)
    from (
      select * from assets
      where (v_key is null or (name, id) > (v_key[1], v_key[2]::bigint))
        and (v_category is null or category = v_category)
        and (v_status is null or status = v_status)
        and (v_search is null or strpos(lower(concat_ws(' ', name, location, qr_code, description, assigned_to)), v_search) > 0)
      order by name, id limit v_limit + 1) a);
end
$$;
comment on function public.assets_page is 'GET /assets by name; limit 100, at most 500. GT010 for a category or a status that does not exist.';

create or replace function public.asset_detail(p_id bigint) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select jsonb_build_object(
    'asset', internal.asset_json(a), 'client_name', internal.client_name(a.client_external_id),
    'maintenances', (select coalesce(jsonb_agg(internal.maintenance_json(m) order by m.scheduled_date desc nulls first, m.id desc), '[]')
                     from (select * from maintenances where asset_id = a.id order by scheduled_date desc nulls first, id desc limit 100) m),
    'alerts', (select coalesce(jsonb_agg(internal.alert_json(l) order by l.updated_at desc, l.id), '[]')
               from (select * from alerts where asset_id = a.id order by updated_at desc, id limit 100) l))
  from assets a where a.id = p_id
$$;
comment on function public.asset_detail is 'GET /assets/{id}: {asset, client_name, maintenances[], alerts[]}, the newest 100 of each; null when there is none.';

create or replace function public.asset_statistics() returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select jsonb_build_object(
    'total_assets', count(*), 'active_assets', count(*) filter (where status = 'actif'), 'total_value', coalesce(sum(current_value), 0),
    'by_category', coalesce((select jsonb_agg(jsonb_build_object('category', category, 'count', n) order by category)
                             from (select category, count(*) as n from assets group by category) c), '[]'))
  from assets
$$;
comment on function public.asset_statistics is 'GET /statistics: {total_assets, active_assets, total_value, by_category[{category, count}]}.';

create or replace function public.save_asset(
  p_values jsonb, p_actor jsonb, p_now timestamptz, p_id bigint default null
) returns jsonb
language plpgsql set search_path = public, pg_temp as $$
declare
  v_row assets;
  v_before jsonb;
begin
  if p_id is not null then
    select * into v_row from assets where id = p_id for update;
    if not found then
      return null;
    end if;
    v_before := internal.asset_json(v_row);
  end if;
  v_row := jsonb_populate_record(v_row, p_values);
  v_row.category := internal.given_word('category', v_row.category, internal.asset_categories());
  v_row.status := coalesce(internal.given_word('status', v_row.status, internal.asset_statuses()), 'actif');
  perform internal.required('name', v_row.name);
  perform internal.required('category', v_row.category);
  if p_id is null then
    insert into assets (name, category, description, qr_code, acquisition_date, acquisition_value, current_value, location,
                        assigned_to, status, client_external_id, service_interval_months, next_service_date, created_at, updated_at)
    values (v_row.name, v_row.category, v_row.description, v_row.qr_code, v_row.acquisition_date, v_row.acquisition_value,
            v_row.current_value, v_row.location, v_row.assigned_to, v_row.status, v_row.client_external_id,
            v_row.service_interval_months, v_row.next_service_date, p_now, p_now)
    returning * into v_row;
    -- The label that is printed and stuck on it.
    update assets set qr_code = coalesce(qr_code, 'ASSET-' || id) where id = v_row.id returning * into v_row;
  else
    update assets set name = v_row.name, category = v_row.category, description = v_row.description, qr_code = v_row.qr_code,
      acquisition_date = v_row.acquisition_date, acquisition_value = v_row.acquisition_value, current_value = v_row.current_value,
      location = v_row.location, assigned_to = v_row.assigned_to, status = v_row.status,
      client_external_id = v_row.client_external_id, service_interval_months = v_row.service_interval_months,
      next_service_date = v_row.next_service_date, updated_at = p_now
    where id = p_id returning * into v_row;
  end if;
  perform internal.audit(p_actor, case when p_id is null then 'asset.create' else 'asset.update' end, 'asset:' || v_row.id,
                         v_before, internal.asset_json(v_row), p_now);
  return internal.asset_json(v_row);
end
$$;
comment on function public.save_asset is
  'Creates (p_id null) or changes an asset; fields that are absent stay. Answers the row, null when there is none to change. GT010 names the field.';

create or replace function public.delete_asset(p_id bigint, p_actor jsonb, p_now timestamptz) returns jsonb
language plpgsql set search_path = public, pg_temp as $$
declare
  v_row assets;
begin
  select * into v_row from assets where id = p_id for update;
  if not found then
    return null;
  end if;
  if v_row.external_ref is not null then
    -- The next run would make it again.
    perform internal.refuse('id', 'piano-is-gazelles');
  end if;
  delete from assets where id = p_id;
  perform internal.audit(p_actor, 'asset.delete', 'asset:' || p_id, internal.asset_json(v_row), null, p_now);
  return internal.asset_json(v_row);
end
$$;
comment on function public.delete_asset is
  'Deletes an asset with its maintenances and alerts; answers the row, null when there is none. GT010 for a piano of the mirror.';

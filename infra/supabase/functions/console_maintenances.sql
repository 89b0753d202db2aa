-- Planned services: the list, and what people add, change and delete.

create or replace function public.maintenances_page(
  p_limit integer default 100, p_cursor text default null, p_asset_id bigint default null, p_status text default null,
  p_source text default null
) returns jsonb language plpgsql stable set search_path = public, pg_temp set plan_cache_mode = force_custom_plan as $$
declare
  v_limit integer := internal.page_limit(p_limit, 100, 500);
  v_key text[] := internal.read_cursor(p_cursor, 'date', 'bigint');
  v_status text := internal.given_word('status', p_status, internal.maintenance_statuses());
begin
  return (
    select internal.paged(
        array_agg(internal.maintenance_json(m) || jsonb_build_object('asset_name', (select s.name from assets s where s.id = m.asset_id)) order by coalesce(m.scheduled_date, 'infinity'::date) desc, m.id desc),
        array_agg(jsonb_build_array(coalesce(m.scheduled_date, 'infinity'::date), m.id) order by coalesce(m.scheduled_date, 'infinity'::date) desc, m.id desc),
        v_limit)
    from (
      select * from maintenances
      where (v_key is null or (coalesce(scheduled_date, 'infinity'::date), id) < (v_key[1]::date, v_key[2]::bigint))
        and (p_asset_id is null or asset_id = p_asset_id)
        and (v_status is null or status = v_status)
        and (p_source is null or source = p_source)
      order by coalesce(scheduled_date, 'infinity'::date) desc, id desc limit v_limit + 1) m);
end
$$;
comment on function public.maintenances_page is 'GET /maintenances, those without a date first, then the latest; limit 100, at most 500. GT010 for a status that does not exist.';

create or replace function public.save_maintenance(
  p_values jsonb, p_actor jsonb, p_now timestamptz, p_id bigint default null
) returns jsonb
language plpgsql set search_path = public, pg_temp as $$
declare
  v_row maintenances;
  v_before jsonb;
begin
  if p_id is not null then
    select * into v_row from maintenances where id = p_id for update;
    if not found then
      return null;
    end if;
    v_before := internal.maintenance_json(v_row);
  end if;
  v_row := jsonb_populate_record(v_row, p_values);
  v_row.maintenance_type := coalesce(internal.given_word('maintenance_type', v_row.maintenance_type, internal.maintenance_types()), 'préventive');
  v_row.status := coalesce(internal.given_word('status', v_row.status, internal.maintenance_statuses()), 'planifiée');
  perform internal.required('asset_id', v_row.asset_id);
  if not exists (select from assets where id = v_row.asset_id) then
    perform internal.refuse('asset_id', 'no-such-asset');
  end if;
  if p_id is null then
    insert into maintenances (asset_id, maintenance_type, scheduled_date, completed_date, description, cost, status, created_at, updated_at)
    values (v_row.asset_id, v_row.maintenance_type, v_row.scheduled_date, v_row.completed_date, v_row.description, v_row.cost,
            v_row.status, p_now, p_now)
    returning * into v_row;
  else
    update maintenances set asset_id = v_row.asset_id, maintenance_type = v_row.maintenance_type, scheduled_date = v_row.scheduled_date,
      completed_date = v_row.completed_date, description = v_row.description, cost = v_row.cost, status = v_row.status, updated_at = p_now
    where id = p_id returning * into v_row;
  end if;
  -- Done without a date was done today, in Montréal; what is not done has no such date.
  update maintenances
  set completed_date = case when status = 'complétée' then coalesce(completed_date, (p_now at time zone 'America/Toronto')::date) end
  where id = v_row.id returning * into v_row;
  perform internal.audit(p_actor, case when p_id is null then 'maintenance.create' else 'maintenance.update' end,
                         'maintenance:' || v_row.id, v_before, internal.maintenance_json(v_row), p_now);
  return internal.maintenance_json(v_row);
end
$$;
comment on function public.save_maintenance is
  'Creates (p_id null) or changes a maintenance; fields that are absent stay. Answers the row, null when there is none to change. GT010 names the field.';

create or replace function public.delete_maintenance(p_id bigint, p_actor jsonb, p_now timestamptz) returns jsonb
language plpgsql set search_path = public, pg_temp as $$
declare
  v_row maintenances;
begin
  select * into v_row from maintenances where id = p_id for update;
  if not found then
    return null;
  end if;
  if v_row.source <> 'manual' then
    perform internal.refuse('id', 'maintenance-is-gazelles');
  end if;
  delete from maintenances where id = p_id;
  perform internal.audit(p_actor, 'maintenance.delete', 'maintenance:' || p_id, internal.maintenance_json(v_row), null, p_now);
  return internal.maintenance_json(v_row);
end
$$;
comment on function public.delete_maintenance is
  'Deletes a maintenance that a person planned, with its alerts; answers the row, null when there is none. GT010 for one that the mirror would make again.';

-- The mirror, as state changes: begin, apply a page with its cursor, finish a collection, delete what is gone.

create or replace function internal.is_gone(p_status text, p_total_loss boolean, p_deleted_at timestamptz) returns boolean
-- Without search_path, so that it is inlined.
language sql immutable as $$
  select p_deleted_at is not null or coalesce(p_total_loss, false) or upper(coalesce(p_status, '')) = 'INACTIVE'
$$;
comment on function internal.is_gone is
  'Whether a piano is not there any more: deleted, lost, or INACTIVE. A piano that moves to another client leaves an INACTIVE one behind, with a copy of its history. One in storage or under restoration is still there.';

create or replace function internal.mirror_table(p_collection text, out table_name text, out key_column text, out retained text[])
language plpgsql immutable as $$
begin
  -- `retained`: columns in which the predecessor kept local values; an absent value never erases them.
  select m.t, m.k, m.c into table_name, key_column, retained
  from (values
    ('users', 'users', 'id', array[]::text[]),
    ('clients', 'gazelle_clients', 'external_id', array['tags']),
    ('contacts', 'gazelle_contacts', 'external_id', array[]::text[]),
    ('pianos', 'gazelle_pianos', 'external_id', array['tags', 'notes', 'dampp_chaser_installed']),
    ('appointments', 'gazelle_appointments', 'external_id', array[]::text[]),
    ('timeline', 'gazelle_timeline_entries', 'external_id', array[]::text[])
  ) as m (name, t, k, c)
  where m.name = p_collection;
  if table_name is null then
    raise exception using errcode = 'GT002', message = format('unknown collection %L', p_collection);
  end if;
end
$$;

create or replace function internal.upsert_rows(
  p_collection text, p_rows jsonb, p_repeated text[], p_now timestamptz
) returns jsonb language plpgsql set search_path = public, pg_temp as $$
declare
  m record;
  v_columns text;
  v_assignments text;
  v_inserted text[];
  v_changed text[];
  v_counted integer;
begin
  if jsonb_array_length(p_rows) = 0 then
    return '{"inserted": 0, "updated": 0, "unchanged": 0}';
  end if;
  select * into m from internal.mirror_table(p_collection);
  select string_agg(format('%I', k), ', ' order by k),
         string_agg(case when k = any (m.retained) then format('%1$I = coalesce(excluded.%1$I, t.%1$I)', k)
                         else format('%1$I = excluded.%1$I', k) end, ', ' order by k)
           filter (where k <> m.key_column)
  into v_columns, v_assignments
  from jsonb_object_keys(p_rows -> 0) k;

  execute format($sql$
    with written as (
      insert into public.%1$I as t (%2$s, synced_at)
      select %2$s, $2 from jsonb_populate_recordset(null::public.%1$I, $1)
      on conflict (%3$I) do update
      set %4$s, synced_at = $2, deleted_at = null
      where (t.raw is distinct from excluded.raw or t.deleted_at is not null %5$s %6$s)
        and (t.gazelle_updated_at is null or excluded.gazelle_updated_at is null
             or excluded.gazelle_updated_at >= t.gazelle_updated_at
             -- The very same payload: what differs is how it is read, its date included.
             or t.raw = excluded.raw
             -- A date still to come is a mistake, and freezes no row.
             or t.gazelle_updated_at > $2 + interval '1 day')
      returning t.%3$I as key, t.xmax = 0 as inserted
    )
    select coalesce(array_agg(key) filter (where inserted), '{}'), coalesce(array_agg(key), '{}') from written
  $sql$, m.table_name, v_columns, m.key_column, v_assignments,
    -- A contact's client is where it was found, not in its own payload.
    case p_collection when 'contacts' then 'or t.client_external_id is distinct from excluded.client_external_id' else '' end,
    -- The same payload is another row when it is read in another way.
    case when p_rows -> 0 ? 'mapping' then 'or t.mapping is distinct from excluded.mapping' else '' end)
  into v_inserted, v_changed
  using p_rows, p_now;

  if p_collection = 'appointments' then
    perform internal.link_appointment_pianos(v_changed);
  end if;
  -- A row that this run has read before is written again, and counted once.
  v_counted := jsonb_array_length(p_rows);
  if cardinality(p_repeated) > 0 then
    select count(*) into v_counted from jsonb_array_elements(p_rows) r where r ->> m.key_column <> all (p_repeated);
  end if;
  v_inserted := array(select unnest(v_inserted) except select unnest(p_repeated));
  v_changed := array(select unnest(v_changed) except select unnest(p_repeated));
  return jsonb_build_object('inserted', cardinality(v_inserted), 'updated', cardinality(v_changed) - cardinality(v_inserted),
                            'unchanged', v_counted - cardinality(v_changed));
end
$$;
comment on function internal.upsert_rows is
  'Set-based upsert that writes only rows whose payload or mapping changed (or that come back), and never newer by older. Only the columns present in the rows are written. p_repeated: keys of rows that are counted already.';

create or replace function internal.upsert_batch(
  p_collection text, p_rows jsonb, p_repeated text[], p_now timestamptz
) returns jsonb language plpgsql set search_path = public, pg_temp as $$
declare
  v_alike jsonb;
  v_counts jsonb := '{"rows": {"inserted": 0, "updated": 0, "unchanged": 0}}';
begin
  for v_alike in
    select jsonb_agg(r.value) from jsonb_array_elements(p_rows) r
    group by array(select jsonb_object_keys(r.value))
  loop
    v_counts := internal.add_counts(v_counts,
      jsonb_build_object('rows', internal.upsert_rows(p_collection, v_alike, p_repeated, p_now)));
  end loop;
  return v_counts -> 'rows';
end
$$;
comment on function internal.upsert_batch is
  'upsert_rows for rows that do not all have the same columns: a column that is left out of a row keeps what it holds.';

create or replace function internal.link_appointment_pianos(p_appointments text[]) returns void
language plpgsql set search_path = public, pg_temp as $$
begin
  delete from gazelle_appointment_pianos l
  using gazelle_appointments a
  where a.external_id = any (p_appointments) and l.appointment_external_id = a.external_id
    -- Only a list that is there and whole says what is not in it.
    and jsonb_typeof(a.raw -> 'allEventPianos' -> 'nodes') = 'array'
    and coalesce((a.raw -> 'allEventPianos' ->> 'totalCount')::numeric, 0)
        <= jsonb_array_length(a.raw -> 'allEventPianos' -> 'nodes')
    and not exists (select from jsonb_array_elements(a.raw -> 'allEventPianos' -> 'nodes') n
                    where n -> 'piano' ->> 'id' = l.piano_external_id);
  insert into gazelle_appointment_pianos (appointment_external_id, piano_external_id, is_tuning)
  select distinct on (a.external_id, n -> 'piano' ->> 'id')
         a.external_id, n -> 'piano' ->> 'id',
         case when n ->> 'isTuning' in ('true', 'false') then (n ->> 'isTuning')::boolean end
  from gazelle_appointments a,
       jsonb_array_elements(case jsonb_typeof(a.raw -> 'allEventPianos' -> 'nodes')
                            when 'array' then a.raw -> 'allEventPianos' -> 'nodes' end) n
  where a.external_id = any (p_appointments) and n -> 'piano' ->> 'id' is not null
  on conflict (appointment_external_id, piano_external_id) do update set is_tuning = excluded.is_tuning
  where gazelle_appointment_pianos.is_tuning is distinct from excluded.is_tuning and excluded.is_tuning is not null;
end
$$;

create or replace function internal.add_counts(p_old jsonb, p_new jsonb) returns jsonb
language sql immutable as $$
  select p_old || coalesce(jsonb_object_agg(c.key, coalesce(p_old -> c.key, '{}') ||
    (select jsonb_object_agg(n.key, coalesce((p_old -> c.key ->> n.key)::bigint, 0) + n.value::bigint)
     from jsonb_each_text(c.value) n)), '{}')
  from jsonb_each(p_new) c
$$;
comment on function internal.add_counts is 'Adds {collection: {counter: n}} to the same shape.';

create or replace function public.begin_sync(
  p_run_id uuid, p_lease uuid, p_collections text[], p_resume boolean, p_lease_seconds integer, p_now timestamptz,
  p_mapping bigint default null
) returns jsonb language plpgsql set search_path = public, pg_temp as $$
begin
  perform internal.hold_lease(p_run_id, p_lease, p_lease_seconds, p_now);
  insert into sync_state (collection, run_id, updated_at, next_mapping)
  select c, p_run_id, p_now, p_mapping from unnest(p_collections) c
  on conflict (collection) do update
  set run_id = excluded.run_id, updated_at = excluded.updated_at, windows = '{}', complete = false, counts = '{}',
      refused = '[]', quarantined = '[]', next_mapping = coalesce(excluded.next_mapping, sync_state.mapping)
  where not (p_resume and sync_state.run_id = excluded.run_id);
  return (select jsonb_object_agg(collection, jsonb_build_object(
            'watermark', case when mapping is not distinct from next_mapping then watermark end, 'windows', windows, 'complete', complete, 'counts', counts,
            'refused', refused, 'quarantined', quarantined))
          from sync_state where collection = any (p_collections));
end
$$;
comment on function public.begin_sync is
  'Opens the collections for this run and answers their state. A resumed run keeps its windows, cursors and counters; any other starts over. What was written by another mapping than p_mapping has no watermark.';

create or replace function public.plan_windows(
  p_run_id uuid, p_lease uuid, p_collection text, p_windows jsonb, p_lease_seconds integer, p_now timestamptz
) returns void language plpgsql set search_path = public, pg_temp as $$
begin
  perform internal.hold_lease(p_run_id, p_lease, p_lease_seconds, p_now);
  update sync_state set windows = p_windows, updated_at = p_now where collection = p_collection and run_id = p_run_id;
  if not found then
    raise exception using errcode = 'GT001', message = 'lease lost', detail = 'another run reads this collection';
  end if;
end
$$;
comment on function public.plan_windows is
  'The parts in which a collection is read side by side, before the first row of any: a run that goes on later knows them all.';

create or replace function public.apply_page(
  p_run_id uuid, p_lease uuid, p_collection text, p_batches jsonb, p_lease_seconds integer, p_now timestamptz,
  p_windows jsonb default null, p_repeated jsonb default null
) returns jsonb language plpgsql set search_path = public, pg_temp as $$
declare
  v_batch record;
  v_counts jsonb := '{}';
begin
  perform internal.hold_lease(p_run_id, p_lease, p_lease_seconds, p_now);
  -- The answer to this very page was lost on the way: it is applied and counted already. The windows belong to the
  -- attempt: begin_sync empties them, and no page of the attempt before commits after that.
  if exists (select from sync_state where collection = p_collection and run_id = p_run_id and windows @> p_windows) then
    return '{}';
  end if;
  for v_batch in select key, value from jsonb_each(p_batches) loop
    v_counts := v_counts || jsonb_build_object(v_batch.key, internal.upsert_batch(
      v_batch.key, v_batch.value, array(select jsonb_array_elements_text(p_repeated -> v_batch.key)), p_now));
    -- What was set aside has arrived.
    update sync_quarantine q set resolved_at = p_now
    from jsonb_array_elements(v_batch.value) r
    where q.collection = v_batch.key and q.resolved_at is null and q.external_id = coalesce(r ->> 'external_id', r ->> 'id');
  end loop;
  update sync_state
  set windows = windows || coalesce(p_windows, '{}'), counts = internal.add_counts(counts, v_counts), updated_at = p_now
  where collection = p_collection and run_id = p_run_id;
  if not found then
    raise exception using errcode = 'GT001', message = 'lease lost', detail = 'another run reads this collection';
  end if;
  return v_counts;
end
$$;
comment on function public.apply_page is
  'One page, whole or not at all: rows per collection ({"clients": [...], "contacts": [...]}), the windows that they come from as they stand after it, the counters, the lease. p_repeated: keys per collection that this run has counted already. Answers inserted/updated/unchanged per collection.';

create or replace function public.quarantine_row(
  p_run_id uuid, p_collection text, p_external_id text, p_reason text, p_payload text, p_now timestamptz
) returns void language sql set search_path = public, pg_temp as $$
  update sync_state set quarantined = quarantined || to_jsonb(p_collection || '/' || p_external_id)
  where collection = case p_collection when 'contacts' then 'clients' else p_collection end and run_id = p_run_id
    and not quarantined ? (p_collection || '/' || p_external_id);
  insert into sync_quarantine (collection, external_id, reason, payload, run_id, first_seen_at, last_seen_at)
  values (p_collection, p_external_id, left(p_reason, 300), left(p_payload, 20000), p_run_id, p_now, p_now)
  on conflict (collection, external_id) do update
  set reason = excluded.reason, payload = excluded.payload, run_id = excluded.run_id,
      last_seen_at = excluded.last_seen_at, occurrences = sync_quarantine.occurrences + 1, resolved_at = null
$$;
comment on function public.quarantine_row is 'Sets a row aside that cannot be stored.';

create or replace function public.finish_collection(
  p_run_id uuid, p_lease uuid, p_collection text, p_counted text[], p_watermark timestamptz, p_lease_seconds integer,
  p_now timestamptz, p_exact boolean default true
) returns jsonb language plpgsql set search_path = public, pg_temp as $$
declare
  m record;
  v_name text;
  v_count bigint;
  v_live jsonb := '{}';
  v_counts jsonb;
begin
  perform internal.hold_lease(p_run_id, p_lease, p_lease_seconds, p_now);
  update sync_state
  set complete = true, watermark = greatest(watermark, p_watermark), mapping = next_mapping, updated_at = p_now,
      differences = case when p_exact then '{}' else differences end
  where collection = p_collection and run_id = p_run_id
  returning counts into v_counts;
  if not found then
    raise exception using errcode = 'GT001', message = 'lease lost';
  end if;
  foreach v_name in array p_counted loop
    select * into m from internal.mirror_table(v_name);
    execute format('select count(*) from public.%I where deleted_at is null', m.table_name) into v_count;
    v_live := v_live || jsonb_build_object(v_name, v_count);
  end loop;
  return jsonb_build_object('live', v_live, 'counts', v_counts);
end
$$;
comment on function public.finish_collection is
  'The collection was read to its end: its watermark moves (null: stays). Answers the run''s counters, and the live rows of the tables named in p_counted. p_exact: every row that Gazelle counts was read.';

create or replace function public.note_difference(
  p_run_id uuid, p_lease uuid, p_collection text, p_differences jsonb, p_date date, p_lease_seconds integer,
  p_now timestamptz
) returns integer language plpgsql set search_path = public, pg_temp as $$
declare
  v_noted jsonb;
begin
  perform internal.hold_lease(p_run_id, p_lease, p_lease_seconds, p_now);
  update sync_state s
  set differences = (
    select jsonb_object_agg(d.key, jsonb_build_object('difference', d.value, 'dates', (
      -- The dates of the same difference; another one begins anew. A date more than two weeks old says nothing.
      select jsonb_agg(distinct day)
      from (select to_jsonb(p_date) union all
            select e.value from jsonb_array_elements(s.differences -> d.key -> 'dates') e
            where s.differences -> d.key -> 'difference' = d.value and (e.value #>> '{}')::date >= p_date - 14) as known (day))))
    from jsonb_each(p_differences) d)
  where collection = p_collection and run_id = p_run_id
  returning differences into v_noted;
  if not found then
    raise exception using errcode = 'GT001', message = 'lease lost', detail = 'another run reads this collection';
  end if;
  return (select min(jsonb_array_length(d.value -> 'dates')) from jsonb_each(v_noted) d);
end
$$;
comment on function public.note_difference is
  'Remembers how many rows Gazelle counts beyond those that it lists ({"clients": 1}), and answers on how many dates that was so.';

create or replace function internal.deletion_limit(p_rows bigint) returns bigint
language sql immutable as $$
  select greatest(p_rows / 20, 1, least(10, p_rows / 3))
$$;
comment on function internal.deletion_limit is
  'How many of so many rows may vanish at once: 5 %, of a small collection a third, at most 10, at least 1.';

create or replace function public.delete_absent(
  p_run_id uuid, p_lease uuid, p_collection text, p_ids text[], p_considered bigint, p_seen bigint,
  p_lease_seconds integer, p_now timestamptz
) returns jsonb language plpgsql set search_path = public, pg_temp as $$
declare
  m record;
  v_live bigint;
  v_limit bigint;
  v_deleted bigint;
begin
  perform internal.hold_lease(p_run_id, p_lease, p_lease_seconds, p_now);
  select * into m from internal.mirror_table(p_collection);
  execute format('select count(*) from public.%I where deleted_at is null', m.table_name) into v_live;
  v_limit := internal.deletion_limit(least(v_live, p_considered));
  -- A collection that has rows does not vanish, however few they are.
  if cardinality(p_ids) > v_limit or p_seen = 0 then
    update sync_state
    set refused = refused || jsonb_build_object(
      'collection', p_collection, 'candidates', cardinality(p_ids), 'limit', v_limit, 'live', v_live,
      'sample', to_jsonb(p_ids[1:20]))
    where collection = case p_collection when 'contacts' then 'clients' else p_collection end and run_id = p_run_id;
    return jsonb_build_object('refused', true, 'candidates', cardinality(p_ids), 'limit', v_limit, 'live', v_live);
  end if;
  execute format('update public.%I set deleted_at = $2, synced_at = $2 where %I = any ($1) and deleted_at is null',
                 m.table_name, m.key_column)
  using p_ids, p_now;
  get diagnostics v_deleted = row_count;
  update sync_state
  set counts = internal.add_counts(counts, jsonb_build_object(p_collection, jsonb_build_object('deleted', v_deleted)))
  where collection = case p_collection when 'contacts' then 'clients' else p_collection end and run_id = p_run_id;
  return jsonb_build_object('refused', false, 'deleted', v_deleted);
end
$$;
comment on function public.delete_absent is
  'Soft-deletes rows that a complete enumeration did not contain, unless they are more than internal.deletion_limit of the rows considered, or p_seen, the rows that it did contain, are none: then nothing happens and refused is true.';

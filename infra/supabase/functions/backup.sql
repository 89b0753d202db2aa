-- Copies of the data: their record, reading any table page by page in key order, and the drill that loads a copy
-- beside the originals.

create or replace function public.record_backup(
  p_run_id uuid, p_lease uuid, p_lease_seconds integer, p_backup jsonb, p_removed text[], p_now timestamptz
) returns void language plpgsql set search_path = public, pg_temp as $$
declare
  v_notice jsonb;
begin
  perform internal.hold_lease(p_run_id, p_lease, p_lease_seconds, p_now);
  insert into backups (run_id, kind, location, status, encrypted, parts, row_count, byte_count, moving, schema_version,
                       detail, started_at, created_at)
  select p_run_id, b.kind, b.location, b.status, b.encrypted, b.parts, b.row_count, b.byte_count, b.moving,
         b.schema_version, left(b.detail, 500), b.started_at, p_now
  from jsonb_to_record(p_backup) as b (
    kind text, location text, status text, encrypted boolean, parts integer, row_count bigint, byte_count bigint,
    moving text[], schema_version text, detail text, started_at timestamptz)
  on conflict (location) do update
  set status = excluded.status, detail = excluded.detail, parts = excluded.parts, row_count = excluded.row_count,
      byte_count = excluded.byte_count, moving = excluded.moving;
  update backups set removed_at = p_now where location = any (p_removed) and removed_at is null;
  for v_notice in select * from jsonb_array_elements(coalesce(p_backup -> 'notices', '[]')) loop
    perform internal.enqueue_notice(v_notice, p_run_id, p_now);
  end loop;
  if p_backup ->> 'status' = 'verified' then
    -- What a good copy does not show any more is over.
    update notices n set resolved_at = p_now
    where n.event_type = 'backup.warning' and n.resolved_at is null
      and starts_with(n.fingerprint, 'backup.warning@' || (p_backup ->> 'kind') || ':')
      and not exists (select from jsonb_array_elements(coalesce(p_backup -> 'notices', '[]')) notified
                      where notified ->> 'fingerprint' = n.fingerprint);
  end if;
end
$$;
comment on function public.record_backup is
  'Records a copy {kind, location, status, …, notices?}, which older ones were removed after it, and what is to be reported. A good copy ends what was reported of those before it.';

create or replace function public.record_restore_drill(
  p_run_id uuid, p_lease uuid, p_lease_seconds integer, p_drill jsonb, p_now timestamptz
) returns void language plpgsql set search_path = public, pg_temp as $$
begin
  perform internal.hold_lease(p_run_id, p_lease, p_lease_seconds, p_now);
  insert into restore_drills (run_id, location, status, tables, row_count, rto_seconds, copy_age_seconds, rpo_seconds, detail, created_at)
  select p_run_id, d.location, d.status, d.tables, d.row_count, d.rto_seconds, d.copy_age_seconds, d.rpo_seconds, left(d.detail, 500), p_now
  from jsonb_to_record(p_drill) as d (
    location text, status text, tables integer, row_count bigint, rto_seconds numeric, copy_age_seconds bigint, rpo_seconds bigint, detail text)
  on conflict (run_id) do update
  set location = excluded.location, status = excluded.status, tables = excluded.tables, row_count = excluded.row_count,
      rto_seconds = excluded.rto_seconds, copy_age_seconds = excluded.copy_age_seconds, rpo_seconds = excluded.rpo_seconds,
      detail = excluded.detail, created_at = excluded.created_at;
end
$$;

-- The key that a table is read by: its primary key, else the place of its rows.
create or replace function internal.table_key(p_table regclass, out columns text[], out types text[])
language sql stable set search_path = pg_catalog, pg_temp as $$
  select coalesce(array_agg(quote_ident(a.attname) order by k.position), array['ctid']),
         coalesce(array_agg(format_type(a.atttypid, -1) order by k.position), array['tid'])
  from pg_index i
  cross join unnest(i.indkey::int2[]) with ordinality k (attnum, position)
  join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.attnum
  where i.indrelid = p_table and i.indisprimary
$$;

-- Secrets stay where they are: a copy is kept longer and read by more people than the database. What system_settings holds
-- is a secret until somebody writes its name here.
create or replace function internal.backup_filter(p_table text) returns text
language sql immutable as $$
  select case p_table
    when 'system_settings' then 'false'
    -- Whoever restores a copy signs in again.
    when 'console_sessions' then 'false'
    when 'rate_limits' then 'false'
    else 'true'
  end
$$;
comment on function internal.backup_filter is 'Which rows of a table belong into a copy.';

-- Rows of these come and go all the time, by the product's own work: that there are none says nothing.
create or replace function internal.backup_volatile(p_table text) returns boolean
language sql immutable as $$
  select p_table in ('event_outbox', 'sync_quarantine', 'maintenance_windows', 'task_states', 'notification_queues',
                     'monitor_states', 'heartbeats', 'console_sessions', 'rate_limits')
$$;
comment on function internal.backup_volatile is 'Whether a copy with fewer rows of a table is no reason to doubt it.';

-- Definer: a copy holds every table, also those that the API's role may not read.
create or replace function public.backup_tables() returns jsonb
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select coalesce(jsonb_agg(jsonb_build_object(
    'name', c.relname,
    'volatile', internal.backup_volatile(c.relname),
    'key', (select to_jsonb(k.columns) from internal.table_key(c.oid::regclass) k),
    'key_types', (select to_jsonb(k.types) from internal.table_key(c.oid::regclass) k),
    'columns', (select jsonb_agg(jsonb_build_object('name', a.attname, 'type', format_type(a.atttypid, -1),
                                                    'generated', a.attgenerated <> '') order by a.attnum)
                from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped)
  ) order by c.relname), '[]')
  from pg_class c
  where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
    -- Tables of an extension come with the extension.
    and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e')
$$;
comment on function public.backup_tables is 'Every table of the schema public with its columns and the key it is read by.';

create or replace function public.backup_mark(p_table text) returns text
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_mark text;
begin
  if to_regclass(format('public.%I', p_table)) is null then
    raise exception using errcode = 'GT003', message = format('there is no table %s', p_table);
  end if;
  execute format(
    'select count(*) || '':'' || coalesce(sum(hashtextextended(ctid::text || xmin::text, 0)::numeric), 0) from public.%I where %s',
    p_table, internal.backup_filter(p_table)) into v_mark;
  return v_mark;
end
$$;
comment on function public.backup_mark is 'Changes with every write to the table: the same mark before and after a reading means a consistent reading.';

create or replace function internal.read_page(p_schema text, p_table text, p_limit integer, p_after jsonb) returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
-- One spelling of every value, whatever the session says.
set timezone = 'UTC' set datestyle = 'ISO' set intervalstyle = 'postgres' set bytea_output = 'hex' set extra_float_digits = 1 as $$
declare
  v_table regclass := to_regclass(format('%I.%I', p_schema, p_table));
  v_key record;
  v_after text := 'true';
  v_columns text;
  v_page jsonb;
begin
  if v_table is null then
    raise exception using errcode = 'GT003', message = format('there is no table %s', p_table);
  end if;
  select * into v_key from internal.table_key(v_table);
  select string_agg('t.' || c, ', ') into v_columns from unnest(v_key.columns) c;
  if p_after is not null then
    select format('(%s) > (%s)', v_columns, string_agg(format('($1 ->> %s)::%s', n - 1, v_key.types[n]), ', ' order by n))
    into v_after from generate_subscripts(v_key.types, 1) n;
  end if;
  execute format($sql$
    select jsonb_build_object(
      'count', count(*),
      'last', (array_agg(place order by n desc))[1],
      'lines', coalesce(string_agg(line, E'\n' order by n), ''))
    from (
      select row_number() over (order by %1$s) as n, replace(row_to_json(t)::text, E'\n', ' ') as line, jsonb_build_array(%2$s) as place
      from %3$s t where %4$s and %5$s order by %1$s limit $2
    ) page
  $sql$, v_columns,
    (select string_agg('t.' || c || '::text', ', ') from unnest(v_key.columns) c),
    v_table,
    case p_schema when 'public' then internal.backup_filter(p_table) else 'true' end,
    v_after)
  into v_page using p_after, p_limit;
  return v_page;
end
$$;
comment on function internal.read_page is
  'The rows after a key, in its order: {count, last, lines}. lines: one JSON object per row, separated by line breaks; those inside a value of type json become spaces.';

create or replace function public.backup_page(p_table text, p_limit integer, p_after jsonb default null) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select internal.read_page('public', p_table, p_limit, p_after)
$$;

-- The drill. Its schema is not exposed by the API, and is gone when the drill ends.
create or replace function public.restore_drill_begin(p_tables jsonb) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_table jsonb;
begin
  for v_table in
    select c from jsonb_array_elements(p_tables) t, jsonb_array_elements(t -> 'columns') c
    where to_regtype(c ->> 'type') is null
  loop
    raise exception using errcode = '22023', message = format('there is no type %s here', v_table ->> 'type');
  end loop;
  drop schema if exists restore_drill cascade;
  create schema restore_drill;
  revoke all on schema restore_drill from public;
  for v_table in select * from jsonb_array_elements(p_tables) loop
    -- As the table was when it was copied.
    execute format('create table restore_drill.%I (%s%s)', v_table ->> 'name',
      (select string_agg(format('%I %s', c ->> 'name', c ->> 'type'), ', ')
       from jsonb_array_elements(v_table -> 'columns') c),
      case when v_table -> 'key' ->> 0 = 'ctid' then ''
           else (select ', primary key (' || string_agg(format('%I', trim(both '"' from k)), ', ') || ')'
                 from jsonb_array_elements_text(v_table -> 'key') k) end);
  end loop;
end
$$;
comment on function public.restore_drill_begin is 'Makes empty tables like those of a copy, from its manifest: [{name, key, columns: [{name, type}]}].';

create or replace function public.restore_drill_load(p_table text, p_lines text) returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
declare
  v_count integer;
begin
  execute format('insert into restore_drill.%1$I select * from json_populate_recordset(null::restore_drill.%1$I, $1)', p_table)
  using ('[' || replace(p_lines, E'\n', ',') || ']')::json;
  get diagnostics v_count = row_count;
  return v_count;
end
$$;
comment on function public.restore_drill_load is 'Loads a page of a copy. Returns its rows.';

create or replace function public.restore_drill_page(p_table text, p_limit integer, p_after jsonb default null) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select internal.read_page('restore_drill', p_table, p_limit, p_after)
$$;

create or replace function public.restore_drill_end() returns void
language sql security definer set search_path = pg_catalog, pg_temp as $$
  drop schema if exists restore_drill cascade
$$;

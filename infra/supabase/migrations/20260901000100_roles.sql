-- Roles and helper functions that a hosted Supabase project already has, for a plain Postgres; and the two
-- functions by which every later migration takes an object into ownership and closes it to the public roles.

do $$
begin
  if not exists (select from pg_roles where rolname = 'anon') then
    create role anon nologin noinherit;
  end if;
  if not exists (select from pg_roles where rolname = 'authenticated') then
    create role authenticated nologin noinherit;
  end if;
  if not exists (select from pg_roles where rolname = 'service_role') then
    create role service_role nologin noinherit bypassrls;
  end if;
  if not exists (select from pg_roles where rolname = 'authenticator') then
    create role authenticator noinherit login;
    grant anon, authenticated, service_role to authenticator;
  end if;
end
$$;

create schema if not exists auth;

do $$
begin
  if to_regprocedure('auth.jwt()') is null then
    create function auth.jwt() returns jsonb language sql stable as
      'select coalesce(nullif(current_setting(''request.jwt.claims'', true), ''''), ''{}'')::jsonb';
  end if;
  if to_regprocedure('auth.role()') is null then
    create function auth.role() returns text language sql stable as 'select auth.jwt() ->> ''role''';
  end if;
  if to_regprocedure('auth.uid()') is null then
    create function auth.uid() returns uuid language sql stable as 'select (auth.jwt() ->> ''sub'')::uuid';
  end if;
end
$$;

-- Helpers of the SQL functions. The API exposes `public` only, so nothing here can be called from outside.
create schema if not exists internal;

revoke all on schema internal from public;

grant usage on schema internal to service_role;

grant usage on schema public to service_role;

create or replace function internal.protect_table(p_table regclass) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  v_policy text;
begin
  for v_policy in select polname from pg_policy where polrelid = p_table loop
    execute format('drop policy %I on %s', v_policy, p_table);
  end loop;
  if (select relkind from pg_class where oid = p_table) in ('r', 'p') then
    execute format('alter table %s enable row level security', p_table);
  end if;
  execute format('revoke all on table %s from public, anon, authenticated', p_table);
  execute format('grant select, insert, update, delete on table %s to service_role', p_table);
end
$$;
comment on function internal.protect_table is
  'Row-level security without any policy, and grants to service_role alone. Existing policies are dropped.';

create or replace function internal.protect_functions() returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  v_function regprocedure;
begin
  -- Functions of extensions are theirs; every other one in these two schemas is closed.
  for v_function in
    select p.oid::regprocedure from pg_proc p
    where p.pronamespace in ('public'::regnamespace, 'internal'::regnamespace)
      and pg_has_role(current_user, p.proowner, 'USAGE')
      and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e')
  loop
    execute format('revoke all on function %s from public, anon, authenticated', v_function);
    execute format('grant execute on function %s to service_role', v_function);
  end loop;
end
$$;
comment on function internal.protect_functions is 'EXECUTE for service_role alone. The last line of what creates functions.';

create or replace function internal.protect_sequences() returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  v_sequence regclass;
begin
  for v_sequence in
    select c.oid::regclass from pg_class c where c.relkind = 'S' and c.relnamespace = 'public'::regnamespace
  loop
    execute format('revoke all on sequence %s from public, anon, authenticated', v_sequence);
    execute format('grant usage, select on sequence %s to service_role', v_sequence);
  end loop;
end
$$;
comment on function internal.protect_sequences is 'The sequences behind identity and serial columns, for service_role alone.';

create or replace function internal.drop_checks(p_table regclass, p_column text, p_except text default null) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  v_name text;
begin
  for v_name in
    select c.conname from pg_constraint c
    where c.contype = 'c' and c.conrelid = p_table and c.conname is distinct from p_except
      and c.conkey @> array[(select attnum from pg_attribute where attrelid = p_table and attname = p_column)]
  loop
    execute format('alter table %s drop constraint %I', p_table, v_name);
  end loop;
end
$$;
comment on function internal.drop_checks is 'Drops the CHECKs of a column, found by what they constrain, whatever their names.';

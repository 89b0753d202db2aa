-- What constraints and indexes are built with: part of the tables, and therefore before them.

create or replace function internal.is_quiet_hours(p_value jsonb) returns boolean
language plpgsql stable as $$
begin
  return p_value is null or (
    p_value ->> 'from' ~ '^([01][0-9]|2[0-3]):[0-5][0-9]$'
    and p_value ->> 'until' ~ '^([01][0-9]|2[0-3]):[0-5][0-9]$'
    and p_value ->> 'from' <> p_value ->> 'until'
    and exists (select from pg_timezone_names where name = p_value ->> 'time_zone'));
exception when others then
  return false;
end
$$;
comment on function internal.is_quiet_hours is 'Whether a value is {"from": "22:00", "until": "07:00", "time_zone": "America/Toronto"}, or none.';

create or replace function internal.is_escalation(p_value jsonb) returns boolean
language plpgsql immutable as $$
begin
  return jsonb_typeof(p_value) = 'array' and not exists (
    select from jsonb_array_elements(p_value) step
    where coalesce((step ->> 'after_minutes')::integer, 0) <= 0
       or coalesce(step ->> 'channel', '') not in ('slack', 'email', 'telegram')
       or coalesce(jsonb_typeof(step -> 'recipients'), '') <> 'array'
       or jsonb_array_length(step -> 'recipients') = 0
       or exists (select from jsonb_array_elements(step -> 'recipients') person
                  where jsonb_typeof(person) <> 'string' or person #>> '{}' = ''));
exception when others then
  return false;
end
$$;
comment on function internal.is_escalation is
  'Whether a value is a list of {"after_minutes": 30, "channel": "email", "recipients": ["allan"]}.';

create or replace function internal.priority_rank(p_priority text) returns integer
language sql immutable as $$
  select case p_priority when 'CRITICAL' then 0 when 'HIGH' then 1 when 'MEDIUM' then 2 end
$$;
comment on function internal.priority_rank is
  'The order of alerts: as text, MEDIUM would come first. Without search_path, because a function that has one is never inlined.';

create or replace function internal.limit_field(p_table regclass, p_field text, p_check text) returns void
language plpgsql set search_path = public, pg_temp as $$
declare
  v_name text := format('%s_%s_form', (select relname from pg_class where oid = p_table), p_field);
begin
  execute format('alter table %s drop constraint if exists %I', p_table, v_name);
  -- A row that the predecessor stored stays as it is until somebody changes it.
  execute format('alter table %s add constraint %I check (%s) not valid', p_table, v_name, p_check);
end
$$;
comment on function internal.limit_field is 'The limit of a field of a form as a constraint of its table.';

create or replace function internal.are_short(p_texts text[]) returns boolean language sql immutable as $$
  select coalesce(cardinality(p_texts) <= 200 and not exists (select from unnest(p_texts) t where t is null or length(t) > 200), true)
$$;
comment on function internal.are_short is 'Whether a list has at most 200 texts of at most 200 characters.';

create or replace function internal.is_percentage(p_value jsonb) returns boolean language sql immutable as $$
  select case when jsonb_typeof(p_value) = 'number' then (p_value #>> '{}')::numeric between 1 and 99 else p_value is null or jsonb_typeof(p_value) = 'null' end
$$;
comment on function internal.is_percentage is 'Whether a value is a number from 1 to 99, or none.';

-- Secrets that must change at run time, company rules, and the people.

-- plpgsql: internal.setting_rules is made later.
create or replace function internal.setting(p_key text) returns jsonb language plpgsql stable set search_path = public, pg_temp as $$
declare
  v_rule record;
  v_value jsonb := (select value from settings where key = p_key);
  v_number numeric := case when jsonb_typeof(v_value) = 'number' then (v_value #>> '{}')::numeric end;
begin
  select * into v_rule from internal.setting_rules() r where r.key = p_key;
  if not found then
    raise exception using errcode = 'GT004', message = format('there is no setting %L', p_key);
  end if;
  return case
    when v_rule.kind = 'flag' and jsonb_typeof(v_value) = 'boolean' then v_value
    when v_rule.kind = 'number' and v_number between v_rule.minimum and v_rule.maximum then v_value
    -- 6.0 is whole, and is written as such: a task reads it as a whole number.
    when v_rule.kind = 'whole' and v_number between v_rule.minimum and v_rule.maximum and v_number = trunc(v_number)
      then to_jsonb(trunc(v_number))
    else v_rule.standard::jsonb end;
end
$$;
comment on function internal.setting is 'What a setting is: the stored value, if the form would take it, else its default. GT004 for one that does not exist.';

create or replace function internal.setting_number(p_key text) returns numeric
language sql stable set search_path = public, pg_temp as $$
  select (internal.setting(p_key) #>> '{}')::numeric
$$;

-- One refresher wins: the token is replaced only where the refresh token is still the one that was used.
create or replace function public.replace_gazelle_token(p_token jsonb, p_now timestamptz, p_expected_refresh_token text default null)
returns boolean language plpgsql set search_path = public, pg_temp as $$
begin
  if p_expected_refresh_token is null then
    insert into system_settings (key, value, created_at, updated_at)
    values ('gazelle_oauth_token', p_token, p_now, p_now)
    on conflict (key) do update set value = excluded.value, updated_at = excluded.updated_at;
    return true;
  end if;
  update system_settings
  set value = p_token, updated_at = p_now
  where key = 'gazelle_oauth_token'
    -- The predecessor stored JSON inside a JSON string; both are read, one is written.
    and (case when jsonb_typeof(value) = 'string' then (value #>> '{}')::jsonb else value end)
        ->> 'refresh_token' = p_expected_refresh_token;
  return found;
end
$$;
comment on function public.replace_gazelle_token is
  'Compare-and-set of the Gazelle token on the old refresh token; null replaces unconditionally (first authorization). False: somebody else refreshed.';

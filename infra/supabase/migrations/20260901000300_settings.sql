-- Secrets that must change at run time, company rules, and the people.

create table if not exists public.system_settings (
  key text primary key,
  value jsonb not null,
  created_at timestamptz default now(),
  updated_at timestamptz default now()
);
comment on table public.system_settings is
  'The rotating Gazelle token (key gazelle_oauth_token) and markers of the predecessor. Never in a backup.';

create table if not exists public.settings (
  key text primary key,
  value jsonb not null,
  description text not null default '',
  updated_at timestamptz not null default now(),
  updated_by text
);
comment on table public.settings is 'Company rules edited in the console: windows, thresholds, retention. What each may be, and what it is unless somebody changes it, says internal.setting_rules alone; description is not read.';

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

create table if not exists public.report_tabs (
  key text primary key,
  title text not null unique,
  kind text not null default 'institution' check (kind in ('institution', 'alerts')),
  position integer not null,
  client_ids text[] not null default '{}',
  keywords text[] not null default '{}',
  former_titles text[] not null default '{}',
  enabled boolean not null default true
);
comment on table public.report_tabs is
  'Tabs of the timeline report. client_ids decide; keywords match only entries whose client cannot be found. A tab of kind alerts gathers the institutions'' entries that hold a maintenance keyword.';

insert into public.report_tabs (key, title, kind, position, keywords, former_titles) values
  ('uqam', 'UQAM', 'institution', 1, array['uqam'], '{}'),
  ('vincent-dindy', 'Vincent d''Indy', 'institution', 2, array['vincent d''indy', 'vincent-d''indy'], array['Vincent']),
  ('place-des-arts', 'Place des Arts', 'institution', 3, array['place des arts'], '{}'),
  ('alertes', 'Alertes Maintenance', 'alerts', 4, '{}', '{}')
on conflict (key) do nothing;

create table if not exists public.staff (
  key text primary key,
  gazelle_id text unique,
  first_name text not null,
  display_name text not null,
  email text,
  slack_webhook_key text,
  telegram_chat_id text,
  language text not null default 'fr' check (language in ('fr', 'en')),
  roles text[] not null default '{}',
  active boolean not null default true
);
comment on table public.staff is
  'People who receive notices, by key. An empty e-mail means the variable EMAIL_<FIRST NAME> (no accents, _ for spaces, hyphens and apostrophes: EMAIL_MARIE_EVE); slack_webhook_key names a SLACK_WEBHOOK_* setting.';

insert into public.staff (key, first_name, display_name, slack_webhook_key, roles) values
  ('allan', 'Allan', 'Allan', 'SLACK_WEBHOOK_ALLAN', array['admin', 'technician']),
  ('louise', 'Louise', 'Louise', 'SLACK_WEBHOOK_ADMIN_1', array['admin', 'assistant']),
  ('nicolas', 'Nicolas', 'Nick', 'SLACK_WEBHOOK_ADMIN_2', array['admin', 'technician'])
on conflict (key) do nothing;

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

select internal.protect_table(t) from unnest(array[
  'public.system_settings', 'public.settings', 'public.report_tabs', 'public.staff'
]::regclass[]) t;
select internal.protect_functions();

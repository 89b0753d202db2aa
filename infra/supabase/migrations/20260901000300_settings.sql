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

select internal.protect_table(t) from unnest(array[
  'public.system_settings', 'public.settings', 'public.report_tabs', 'public.staff'
]::regclass[]) t;

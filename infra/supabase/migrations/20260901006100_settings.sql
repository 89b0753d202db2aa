-- The rows of what may be set, from its rules.

insert into public.settings (key, value) select key, standard::jsonb from internal.setting_rules()
on conflict (key) do nothing;

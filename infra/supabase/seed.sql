-- A development project only: the institutions of the invented company (`cargo local --supabase-url`).
update public.report_tabs set client_ids = array['cli_local_000001'] where key = 'uqam';
update public.report_tabs set client_ids = array['cli_local_000002'] where key = 'vincent-dindy';
update public.report_tabs set client_ids = array['cli_local_000003', 'cli_local_000005'] where key = 'place-des-arts';
insert into public.institutions (slug, name, gazelle_client_id) values
  ('uqam', 'UQAM', 'cli_local_000001'), ('vincent-dindy', 'Vincent d''Indy', 'cli_local_000002'),
  ('place-des-arts', 'Place des Arts', 'cli_local_000003'),
  ('place-des-arts-2', 'Place des Arts, salle Wilfrid-Pelletier', 'cli_local_000005')
on conflict (slug) do nothing;

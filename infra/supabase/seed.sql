-- A development project only: the institutions of the invented company (`cargo local --supabase-url`).
update public.report_tabs set client_ids = array['cli_local_000001'] where key = 'uqam';
update public.report_tabs set client_ids = array['cli_local_000002'] where key = 'vincent-dindy';
update public.report_tabs set client_ids = array['cli_local_000003'] where key = 'place-des-arts';

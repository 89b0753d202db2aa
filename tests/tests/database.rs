//! The migrations on an empty database, on the predecessor's, and twice; and who may touch what.

use e2e::{Backend, Bed, empty_database, serve_database};
use gazelle_local::{migrations, postgrest::Database, schema, supabase};
use rstest::rstest;
use serde_json::Value;
use shared::{
    config::{Settings, SupabaseSettings},
    http::Http,
    notify::Channel,
    supabase::{Supabase, SupabaseError},
    task::TaskSpec,
};

/// Names of everything in `public` that a role could touch: kind, name.
const OBJECTS: &str = "
    select 'relation', c.oid::regclass::text from pg_class c
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'v', 'm', 'S', 'p')
    union all
    select 'function', p.oid::regprocedure::text from pg_proc p
    where p.pronamespace in ('public'::regnamespace, 'internal'::regnamespace)";

#[rstest]
#[case::as_new_projects_are("")]
#[case::as_old_projects_were(
    "alter default privileges in schema public grant all on tables to anon, authenticated;
     alter default privileges in schema public grant all on sequences to anon, authenticated;
     alter default privileges in schema public grant execute on functions to anon, authenticated;"
)]
#[tokio::test(flavor = "multi_thread")]
async fn the_public_roles_can_touch_nothing(#[case] grants: &str) -> anyhow::Result<()> {
    let url = empty_database().await?;
    let client = Database::connect(&url).await?;
    client.batch_execute(grants).await?;
    migrations::migrate(&url).await?;
    let objects = client.query(OBJECTS, &[]).await?;
    assert!(objects.len() > 40, "the test looks at {} objects", objects.len());
    for object in objects {
        let (kind, name): (String, String) = (object.get(0), object.get(1));
        for role in ["anon", "authenticated"] {
            let question = match kind.as_str() {
                "function" => "select has_function_privilege($1, $2::text, 'EXECUTE')",
                _ if name.contains("_seq") => {
                    "select has_sequence_privilege($1, $2::text, 'USAGE, SELECT, UPDATE')"
                }
                _ => {
                    "select has_table_privilege($1, $2::text, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')"
                }
            };
            let may: bool = client.query_one(question, &[&role, &name]).await?.get(0);
            assert!(!may, "{role} may touch {name}");
        }
    }
    let open: Vec<String> = client
        .query("select relname::text from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r' and not relrowsecurity", &[])
        .await?
        .iter()
        .map(|row| row.get(0))
        .collect();
    assert!(open.is_empty(), "without row-level security: {open:?}");
    let views: i64 = client
        .query_one("select count(*) from pg_class where relnamespace = 'public'::regnamespace and relkind = 'v' and not coalesce(reloptions::text, '') like '%security_invoker=true%'", &[])
        .await?
        .get(0);
    assert_eq!(views, 0, "views run with the rights of who asks");
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn the_api_refuses_the_public_roles(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
    #[values("anon", "authenticated")] role: &str,
) -> anyhow::Result<()> {
    let bed = Bed::start(backend).await?;
    let key = supabase::key(role);
    let mut settings = Settings::from_pairs([
        ("SUPABASE_URL", bed.stack.supabase_url.as_str()),
        ("SUPABASE_KEY", key.as_str()),
    ]);
    let outsider = Supabase::new(Http::new(), SupabaseSettings::read(&mut settings));
    for table in [
        "scheduler_logs",
        "system_settings",
        "staff",
        "gazelle_clients",
        "timeline_report_entries",
        "notification_deliveries",
    ] {
        let read = outsider.rows::<Value>(outsider.from(table).select("*")).await;
        assert!(matches!(read, Err(SupabaseError::Refused { status: 401 | 403, .. })), "{table}: {read:?}");
        let write = outsider.rows::<Value>(outsider.from(table).insert("{}")).await;
        assert!(write.is_err(), "{table}");
    }
    let call = outsider
        .rpc::<Value>(
            "claim_events",
            &serde_json::json!({"p_limit": 1, "p_lease_seconds": 1, "p_now": "2026-01-15T06:00:00Z"}),
        )
        .await;
    assert!(call.is_err(), "{call:?}");
    Ok(())
}

/// The predecessor's tables as far as they are known, with their defects.
const PREDECESSOR: &str = "
    create table users (id text primary key, external_id text, first_name text, last_name text, email text, phone text, role text, updated_at timestamptz);
    create table scheduler_logs (id uuid primary key default gen_random_uuid(), task_name text not null, task_label text not null,
      started_at timestamptz not null default now(), completed_at timestamptz, duration_seconds integer,
      status text not null check (status in ('success', 'error', 'running')), message text, stats jsonb default '{}',
      triggered_by text default 'scheduler', triggered_by_user text, created_at timestamptz default now());
    alter table scheduler_logs enable row level security;
    create policy read_all on scheduler_logs for select using (true);
    create table sync_logs (id uuid primary key default gen_random_uuid(), script_name text not null, task_type varchar(50) not null default 'sync',
      status text not null check (status in ('success', 'error', 'warning', 'running')), message text, stats jsonb default '{}',
      error_details text, triggered_by text default 'scheduler', triggered_by_user text, created_at timestamptz default now(),
      execution_time_seconds integer, tables_updated text, error_message text);
    create table system_settings (key text primary key, value jsonb not null, created_at timestamptz default now(), updated_at timestamptz default now());
    create policy everything on system_settings for all using (true);
    grant all on system_settings to anon;
    create table gazelle_clients (id serial primary key, external_id text unique, company_name text, first_name text, last_name text,
      status text default 'active' check (status in ('active', 'inactive')), tags text[], email text, phone text, city text, postal_code text,
      personal_notes text, preference_notes text, locale varchar(10), created_at timestamp, updated_at timestamp);
    create table gazelle_contacts (id serial primary key, external_id text unique, client_external_id text references gazelle_clients (external_id),
      first_name text, last_name text, email text, phone text, is_default bool, created_at timestamp, updated_at timestamp);
    create table gazelle_pianos (id serial primary key, external_id text unique, client_external_id text references gazelle_clients (external_id),
      make text, model text, serial_number text, type text, year int, location text, notes text, dampp_chaser_installed bool,
      dampp_chaser_humidistat_model text, dampp_chaser_mfg_date date, is_in_csv bool, updated_at timestamp);
    create table gazelle_appointments (id serial primary key, external_id text unique, client_external_id text references gazelle_clients (external_id),
      piano_external_id text, title text, description text, appointment_date date, appointment_time time, start_datetime timestamptz,
      duration_minutes int, status text, technicien text, location text, notes text, travel_mode text default '', event_type text,
      is_all_day bool, last_notified_tech_id varchar, created_at timestamp, updated_at timestamp);
    create table gazelle_timeline_entries (id serial primary key, external_id text unique, client_external_id text, client_id text,
      piano_id text references gazelle_pianos (external_id), user_id text references users (id) on delete set null, invoice_id text, estimate_id text,
      entry_type text check (entry_type in ('SERVICE_ENTRY_MANUAL', 'NOTE')), event_type text, title text, description text, entry_date date,
      occurred_at timestamptz, entity_type text, entity_id text, created_by text, metadata jsonb, created_at timestamptz, updated_at timestamptz);
    create table institutions (slug text primary key, name text, gazelle_client_id text, active boolean, options jsonb);
    create table humidity_alerts (id uuid primary key default gen_random_uuid(), timeline_entry_id text not null, client_id text, piano_id text,
      alert_type text not null check (alert_type in ('housse', 'alimentation', 'reservoir', 'autre')), description text not null,
      is_resolved boolean default false, observed_at timestamptz not null, archived boolean default false, resolved_at timestamptz,
      resolution_notes text, created_at timestamptz default now(), updated_at timestamptz default now(), unique (timeline_entry_id, alert_type));
    create view humidity_alerts_active as select id, alert_type, 'x'::text as client_name from humidity_alerts where archived = false;
    create view humidity_alerts_stats as select alert_type, count(*) as total from humidity_alerts group by 1;
    create function resolve_humidity_alert(alert_id uuid, notes text) returns void language sql as
      'update humidity_alerts set is_resolved = true, resolution_notes = notes where id = alert_id';
    create function archive_humidity_alert(alert_id uuid) returns void language sql as 'update humidity_alerts set archived = true where id = alert_id';
    create table humidity_alerts_history (timeline_entry_id text primary key, scanned_at timestamptz, found_issues bool);
    create table alert_logs (id uuid primary key default gen_random_uuid(), appointment_id int, technician_id text, technician_name text,
      technician_email text, appointment_date date, appointment_time time, client_name text, client_phone text, service_type text, title text,
      description text, status text check (status in ('sent', 'failed')), acknowledged boolean, acknowledged_at timestamptz, acknowledged_by text,
      sent_at timestamptz, triggered_by text, appointment_count int default 1, count int, created_at timestamptz, updated_at timestamptz);
    insert into institutions values ('uqam', 'UQAM', 'cli_local_000001', true, '{}');
    insert into humidity_alerts (timeline_entry_id, alert_type, description, observed_at, is_resolved) values ('tle_1', 'autre', 'x', now(), null);
    insert into alert_logs (appointment_id, status, appointment_date) values (1, 'sent', '2025-01-01'), (1, 'sent', '2025-01-01');
    insert into scheduler_logs (task_name, task_label, status) values ('backup_database', 'Backup', 'running');
    insert into system_settings (key, value) values ('gazelle_oauth_token', to_jsonb('{\"access_token\":\"a\",\"refresh_token\":\"r\",\"expires_in\":1}'::text));
    insert into gazelle_clients (external_id, company_name, tags) values ('cli_local_000001', 'UQAM', '{institutional}');
    insert into gazelle_appointments (external_id, client_external_id, piano_external_id, appointment_date, appointment_time, status)
      values ('evt_1', 'cli_local_000001', 'ins_1', '2026-07-15', '09:00', 'CANCELLED');
    insert into gazelle_timeline_entries (external_id, entry_type) values ('tme_1', 'NOTE'), ('tle_1', 'NOTE');
";

#[tokio::test(flavor = "multi_thread")]
async fn the_predecessors_database_keeps_every_row_and_column_and_loses_its_holes() -> anyhow::Result<()> {
    let url = empty_database().await?;
    let client = Database::connect(&url).await?;
    client.batch_execute(PREDECESSOR).await?;
    let columns = "select table_name::text, column_name::text from information_schema.columns where table_schema = 'public'";
    let before = client.query(columns, &[]).await?;
    migrations::migrate(&url).await?;
    migrations::migrate(&url).await?;

    let after: Vec<(String, String)> =
        client.query(columns, &[]).await?.iter().map(|row| (row.get(0), row.get(1))).collect();
    for column in &before {
        assert!(
            after.contains(&(column.get(0), column.get(1))),
            "lost {}.{}",
            column.get::<_, String>(0),
            column.get::<_, String>(1)
        );
    }
    let count = async |sql: &str| -> anyhow::Result<i64> { Ok(client.query_one(sql, &[]).await?.get(0)) };
    assert_eq!(count("select count(*) from gazelle_timeline_entries").await?, 2);
    assert_eq!(count("select count(*) from gazelle_timeline_entries where deleted_at is not null and external_id = 'tle_1'").await?, 1);
    assert_eq!(
        count("select count(*) from gazelle_appointments where start_datetime = '2026-07-15T13:00:00Z'")
            .await?,
        1
    );
    assert_eq!(
        count("select count(*) from gazelle_appointment_pianos where piano_external_id = 'ins_1'").await?,
        1
    );
    assert_eq!(count("select count(*) from pg_policies where schemaname = 'public'").await?, 0);
    // The old writers go on during the cut-over; new values of Gazelle and unknown parents arrive.
    client
        .batch_execute(
            "insert into scheduler_logs (task_name, task_label, status) values ('sync_gazelle', 'x', 'success');
             insert into gazelle_timeline_entries (external_id, entry_type, piano_id, user_id) values ('tme_2', 'BRAND_NEW', 'ins_unknown', 'usr_unknown');
             insert into gazelle_contacts (external_id, client_external_id) values ('con_1', 'cli_unknown');
             insert into gazelle_clients (external_id, status) values ('cli_2', 'PROSPECT');",
        )
        .await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_functions_migration_and_the_schema_are_what_the_sources_make() -> anyhow::Result<()> {
    let url = empty_database().await?;
    migrations::migrate(&url).await?;
    let client = Database::connect(&url).await?;
    let functions = schema::functions(&schema::signatures(&client).await?)?;
    let is_same = |file: std::path::PathBuf, made: String| anyhow::Ok(std::fs::read_to_string(file)? == made);
    assert!(is_same(schema::functions_file(), functions)?, "cargo xtask db");
    assert!(is_same(schema::schema_file(), schema::description(&client).await?)?, "cargo xtask db");
    // They were made without a look at their bodies.
    client
        .batch_execute(
            "do $check$
             declare
               v_function text;
             begin
               set local check_function_bodies = on;
               for v_function in select pg_get_functiondef(oid) from pg_proc
                                 where pronamespace in ('public'::regnamespace, 'internal'::regnamespace) loop
                 execute v_function;
               end loop;
             end
             $check$",
        )
        .await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_that_takes_or_answers_something_else_goes_when_the_functions_are_applied_again()
-> anyhow::Result<()> {
    let url = empty_database().await?;
    migrations::migrate(&url).await?;
    let client = Database::connect(&url).await?;
    let before = schema::signatures(&client).await?;
    client
        .batch_execute(
            "create function internal.deletion_limit(p_rows bigint, p_share numeric) returns bigint language sql as 'select 1::bigint';
             drop function internal.add_counts(jsonb, jsonb);
             create function internal.add_counts(p_before jsonb, p_new jsonb) returns jsonb language sql as 'select p_new';
             drop function internal.alert_before_move(text, text);
             create function internal.alert_before_move(p_entry text, p_alert_type text, out p_other text) language sql as $$ select '' $$;
             create function public.somebody_elses(p_rows bigint) returns bigint language sql as 'select 1::bigint'",
        )
        .await?;
    client.batch_execute(&std::fs::read_to_string(schema::functions_file())?).await?;
    let mut after = schema::signatures(&client).await?;
    after.retain(|signature| signature != "public.somebody_elses(p_rows bigint) returns bigint");
    assert_eq!(after, before);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_without_superuser_applies_the_migrations_twice() -> anyhow::Result<()> {
    let url = empty_database().await?;
    let client = Database::connect(&url).await?;
    let name = url.rsplit('/').next().unwrap_or_default();
    client
        .batch_execute(&format!(
            "do $$ begin create role hosted_owner login nosuperuser createrole createdb; exception when duplicate_object then null; end $$;
             alter database {name} owner to hosted_owner"
        ))
        .await?;
    let hosted = url.replacen("postgres@", "hosted_owner@", 1);
    migrations::migrate(&hosted).await?;
    migrations::migrate(&hosted).await?;
    let superuser: bool = Database::connect(&hosted)
        .await?
        .query_one("select rolsuper from pg_roles where rolname = current_user", &[])
        .await?
        .get(0);
    assert!(!superuser);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_supabase_cli_applies_them_by_the_readmes_own_command() -> anyhow::Result<()> {
    let root = tools::root();
    let readme = std::fs::read_to_string(root.join("README.md"))?;
    let begin = format!("npx supabase@{} ", tools::SUPABASE_CLI);
    let line = readme.lines().find_map(|line| line.strip_prefix(&begin)).expect("the README's command");
    let command = line.split('#').next().unwrap_or_default().trim();
    let deploy = std::fs::read_to_string(root.join("docs/DEPLOY.md"))?;
    assert!(deploy.contains(&format!("`{begin}{command}`")), "DEPLOY.md names the same command");
    let url = empty_database().await?;
    let home = tempfile::tempdir()?;
    let push = || {
        let arguments = command.split_whitespace().map(|word| word.replace("\"$DATABASE_URL\"", &url));
        let mut cli = std::process::Command::new(tools::supabase()?);
        // Nobody is there to say yes.
        cli.args(arguments).arg("--yes").current_dir(&root).env("HOME", home.path()).env("DO_NOT_TRACK", "1");
        let output = cli.output()?;
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        anyhow::ensure!(output.status.success(), "{said}");
        Ok(said)
    };
    let said = push()?;
    for (name, _) in migrations::migrations()? {
        assert!(said.contains(&name), "{name}: {said}");
    }
    assert!(push()?.contains("up to date"));
    let client = Database::connect(&url).await?;
    assert_eq!(schema::description(&client).await?, std::fs::read_to_string(schema::schema_file())?);
    Ok(())
}

#[test]
fn a_copy_names_the_newest_migration() {
    let (name, _) = migrations::migrations().unwrap().pop().unwrap();
    assert!(name.starts_with(backup::copy::SCHEMA_VERSION), "{name}: correct SCHEMA_VERSION");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tasks_work_on_the_predecessors_tables() -> anyhow::Result<()> {
    let url = empty_database().await?;
    let client = Database::connect(&url).await?;
    client.batch_execute(PREDECESSOR).await?;
    client.batch_execute("delete from gazelle_appointments; delete from gazelle_timeline_entries").await?;
    migrations::migrate(&url).await?;
    let database = serve_database(url).await?;
    let api = database.api.parse()?;
    let bed = Bed::start_with(Backend::Embedded, |options| {
        options.remote = Some((api, supabase::key("service_role")))
    })
    .await?;
    {
        let mut company = bed.stack.sandbox.company.write().unwrap();
        let change = serde_json::json!({
            "start": "2026-01-16T15:00:00Z", "type": "APPOINTMENT", "status": "ACTIVE", "confirmedAt": null,
            "confirmedByClient": false, "user": {"id": "usr_local_000002"}, "client": {"id": "cli_local_000020"},
        });
        for (field, value) in change.as_object().unwrap() {
            company.appointments[0][field] = value.clone();
        }
    }
    let run = bed.sync(e2e::NIGHT).await?;
    assert_eq!(run.answer.status, "success", "{:?}", run.answer);
    bed.assert_mirrored().await?;
    // Every task finds its way among the old columns and keys.
    for task in [
        "humidity_alerts",
        "maintenance_alerts",
        "backup",
        "restore_drill",
        "cleanup",
        "weekly_report",
        "anomalies",
        "availability",
    ] {
        let run = bed
            .stack
            .invoke(TaskSpec::named(task).unwrap().function, &serde_json::json!({"task": task}))
            .await?;
        assert_eq!(run.answer.status, "success", "{task}: {:?}", run.answer);
    }
    for alerted in [1, 0] {
        let run = bed.run("rv_alerts", &format!("2026-01-15T2{alerted}:00:00Z")).await?;
        assert_eq!(run.answer.stats["alerted"], alerted, "{:?}", run.answer);
    }
    let client_row = bed.stack.rows("gazelle_clients", "tags,company_name", "external_id").await?;
    assert_eq!(
        client_row[0]["tags"],
        serde_json::json!(["institution"]),
        "Gazelle's own tags win when it has some"
    );
    Ok(())
}

/// The run of a night, claimed by a process.
async fn claim(client: &tokio_postgres::Client, key: &str, request: &str) -> anyhow::Result<Value> {
    claim_run(client, "sync_gazelle@night", key, request, "2026-01-15T06:00:00Z").await
}

async fn claim_run(
    client: &tokio_postgres::Client,
    run_key: &str,
    key: &str,
    request: &str,
    now: &str,
) -> anyhow::Result<Value> {
    let request = serde_json::json!({
        "kind": "scheduled", "run_key": run_key, "task_name": "sync_gazelle", "task_label": "Sync",
        "exclusion_group": "sync", "part": 0, "request_id": request, "claim_key": key, "triggered_by": "scheduler",
        "lease_seconds": 120,
    });
    let row = client
        .query_one(
            "select claim_run($1::text::jsonb, $2::text::timestamptz)::text",
            &[&request.to_string(), &now],
        )
        .await?;
    Ok(serde_json::from_str(row.get(0))?)
}

#[tokio::test]
async fn an_answer_that_is_lost_after_its_effect_can_be_asked_for_again() -> anyhow::Result<()> {
    let url = empty_database().await?;
    migrations::migrate(&url).await?;
    let client = Database::connect(&url).await?;
    let first = claim(&client, "a", "request").await?;
    let again = claim(&client, "a", "request").await?;
    assert_eq!(first["outcome"], "claimed");
    assert_eq!(again, first, "the same claim is not a second attempt");
    // The platform's retry has the same request id: the process before is dead.
    let retry = claim(&client, "b", "request").await?;
    assert_eq!((&retry["run"]["attempt"], &retry["run"]["errors"][0]["kind"]), (&2.into(), &"lost".into()));
    assert_ne!(retry["run"]["lease_token"], first["run"]["lease_token"]);

    let hand_over = async |lease: &Value| -> anyhow::Result<Value> {
        let event = serde_json::json!({
            "source": "gazelle.tasks", "detail_type": "Task Continued", "detail": {"task": "sync_gazelle", "part": 1},
        });
        let row = client
            .query_one(
                "select continue_run($1::text::uuid, $2::text::uuid, $3::text::jsonb, '{}', 900, '2026-01-15T06:10:00Z')::text",
                &[&retry["run"]["id"].as_str(), &lease.as_str(), &event.to_string()],
            )
            .await?;
        Ok(serde_json::from_str(row.get(0))?)
    };
    let lease = &retry["run"]["lease_token"];
    let event = hand_over(lease).await?;
    assert_eq!(hand_over(lease).await?, event, "the same hand-over, the same event");
    assert!(
        hand_over(&first["run"]["lease_token"]).await.is_err(),
        "the attempt before has nothing to hand over"
    );
    Ok(())
}

#[tokio::test]
async fn nobody_takes_a_run_over_while_one_of_its_pages_commits() -> anyhow::Result<()> {
    let url = empty_database().await?;
    migrations::migrate(&url).await?;
    let (mut page, other) = (Database::connect(&url).await?, Database::connect(&url).await?);
    let run = claim(&other, "a", "request").await?["run"].clone();
    let (id, lease) = (run["id"].as_str().unwrap(), run["lease_token"].as_str().unwrap());
    let begin = "select begin_sync($1::text::uuid, $2::text::uuid, array['users'], false, 120, '2026-01-15T06:00:01Z')::text";
    other.query_one(begin, &[&id, &lease]).await?;
    let apply = "select apply_page($1::text::uuid, $2::text::uuid, 'users', '{\"users\": []}', 120, '2026-01-15T06:00:02Z', \
                 '{\"..\": {\"cursor\": \"1\"}}')::text";
    let transaction = page.transaction().await?;
    transaction.query_one(apply, &[&id, &lease]).await?;
    // The platform's retry: it would begin anew, and then find the late page's cursor as its own.
    other.batch_execute("set lock_timeout = '100ms'").await?;
    for refused in [
        claim(&other, "b", "request").await,
        // Another run of the group, after the lease of the dead one.
        claim_run(&other, "sync_gazelle@morning", "c", "another", "2026-01-15T06:10:00Z").await,
    ] {
        let refused = refused.unwrap_err();
        let code = refused.downcast_ref::<tokio_postgres::Error>().and_then(|error| error.code()).cloned();
        assert_eq!(code, Some(tokio_postgres::error::SqlState::LOCK_NOT_AVAILABLE));
    }
    transaction.commit().await?;
    let retry = claim(&other, "b", "request").await?["run"].clone();
    other.query_one(begin, &[&id, &retry["lease_token"].as_str()]).await?;
    let late = page.query_one(apply, &[&id, &lease]).await.unwrap_err();
    assert_eq!(late.code().map(|code| code.code()), Some("GT001"));
    page.query_one(apply, &[&id, &retry["lease_token"].as_str()]).await?;
    Ok(())
}

/// Neither an escalation nor a reminder comes after the end of a problem that ends while they are looked for.
#[tokio::test]
async fn what_is_resolved_just_now_is_not_escalated() -> anyhow::Result<()> {
    let url = empty_database().await?;
    migrations::migrate(&url).await?;
    let (mut resolving, looking) = (Database::connect(&url).await?, Database::connect(&url).await?);
    let watching = Database::connect(&url).await?;
    for (rule, advanced) in [
        (
            "escalation = '[{\"after_minutes\": 30, \"channel\": \"slack\", \"recipients\": [\"louise\"]}]', reminder_minutes = 0",
            1,
        ),
        ("escalation = '[]', reminder_minutes = 60", 1),
    ] {
        looking
            .batch_execute(&format!(
                "delete from notification_deliveries; delete from notices;
                 delete from notification_rules where event_type = 'backup.failed' and channel <> 'slack';
                 update notification_rules set {rule} where event_type = 'backup.failed' and channel = 'slack';
                 insert into notices (fingerprint, event_type, severity, opened_at, last_seen_at)
                 values ('a', 'backup.failed', 'error', '2026-01-15T08:00:00Z', '2026-01-15T08:00:00Z');
                 insert into notification_deliveries (event_type, severity, channel, recipient, fingerprint, status, created_at, sent_at)
                 values ('backup.failed', 'error', 'slack', 'nicolas', 'a', 'sent', '2026-01-15T08:00:00Z', '2026-01-15T08:00:00Z')"
            ))
            .await?;
        let advance = "select advance_notices('2026-01-15T12:00:00Z')";
        let transaction = resolving.transaction().await?;
        transaction.execute("update notices set resolved_at = '2026-01-15T12:00:00Z'", &[]).await?;
        looking.batch_execute("set lock_timeout = '100ms'").await?;
        let waits = looking.query_one(advance, &[]).await.unwrap_err();
        assert_eq!(waits.code(), Some(&tokio_postgres::error::SqlState::LOCK_NOT_AVAILABLE), "{rule}");
        // It waits, and then looks again.
        looking.batch_execute("set lock_timeout = 0").await?;
        let late = async {
            let waits = "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and query = $1
                                                                and datname = current_database()";
            while watching.query_one(waits, &[&advance]).await?.get::<_, i64>(0) == 0 {
                tokio::task::yield_now().await;
            }
            transaction.commit().await?;
            anyhow::Ok(())
        };
        let (late, after) = tokio::join!(late, looking.query_one(advance, &[]));
        late?;
        assert_eq!(after?.get::<_, i32>(0), 0, "{rule}");
        // Had it not been resolved, it would have been due.
        looking.batch_execute("update notices set resolved_at = null").await?;
        assert_eq!(looking.query_one(advance, &[]).await?.get::<_, i32>(0), advanced, "{rule}");
    }
    Ok(())
}

/// Whoever adds a channel in Rust learns where the database lists them.
#[tokio::test(flavor = "multi_thread")]
async fn every_list_of_channels_in_the_database_has_all_of_them() -> anyhow::Result<()> {
    let bed = Bed::start(Backend::PostgRest).await?;
    let client = Database::connect(&bed.database.as_ref().unwrap().url).await?;
    let sources = client
        .query(
            "select conrelid::regclass::text || ' ' || conname, pg_get_constraintdef(oid) from pg_constraint where contype = 'c'
             union all
             select oid::regprocedure::text, prosrc from pg_proc where pronamespace in ('public'::regnamespace, 'internal'::regnamespace)",
            &[],
        )
        .await?;
    let mut lists = 0;
    for source in sources {
        let (name, text): (String, String) = (source.get(0), source.get(1));
        let listed = text.lines().filter(|line| !line.contains("'http'"));
        for line in listed {
            let found = Channel::NAMES.map(|channel| line.contains(&format!("'{channel}'")));
            if found.iter().filter(|is_there| **is_there).count() > 1 {
                lists += 1;
                assert!(found.iter().all(|is_there| *is_there), "{name}: {line}");
            }
        }
    }
    assert!(lists > 5, "the test sees {lists} lists");
    Ok(())
}

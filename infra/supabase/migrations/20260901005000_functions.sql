-- Every function, from `infra/supabase/functions`: `cargo xtask db` writes this file. Change it there.

-- `create or replace` makes another function of one with other parameters, and refuses other names and another result: the
-- former goes.
do $$
declare
  v_signatures text[] := array[
    'internal.add_counts(p_old jsonb, p_new jsonb) returns jsonb',
    'internal.ai_figures(p_from timestamp with time zone, p_until timestamp with time zone) returns jsonb',
    'internal.alert_before_move(p_entry text, p_alert_type text) returns SETOF humidity_alerts',
    'internal.alert_json(p_alert alerts) returns jsonb',
    'internal.announce_digest(p_event_type text, p_alert_type text, p_run_id uuid, p_today date, p_now timestamp with time zone) returns integer',
    'internal.announce_late(p_run_id uuid, p_now timestamp with time zone) returns integer',
    'internal.announce_many(p_event_type text, p_severity text, p_key text, p_ids bigint[], p_run_id uuid, p_now timestamp with time zone) returns integer',
    'internal.anomaly_counts() returns jsonb',
    'internal.anomaly_event(p_category text) returns text',
    'internal.anomaly_json(p_anomaly anomalies) returns jsonb',
    'internal.anomaly_notice(p_anomaly anomalies) returns text',
    'internal.anomaly_rank(p_severity text) returns integer',
    'internal.apply_alerts(p_today date, p_now timestamp with time zone) returns jsonb',
    'internal.apply_rules(p_event_type text, p_severity text, p_concerned jsonb, p_now timestamp with time zone) returns TABLE(rule_id bigint, rule_channel text, recipient text, verdict text, channel text, due_at timestamp with time zone, digest_key text, cooldown_minutes integer, may_move boolean)',
    'internal.appointment_alert_json(p_alert alert_logs) returns jsonb',
    'internal.appointment_alert_list(p_limit integer, p_cursor text, p_offset integer, p_pending boolean, p_technician_id text) returns jsonb',
    'internal.appointment_groups(p_by text) returns jsonb',
    'internal.are_short(p_texts text[]) returns boolean',
    'internal.asset_categories() returns text[]',
    'internal.asset_json(p_asset assets) returns jsonb',
    'internal.asset_statuses() returns text[]',
    'internal.audit(p_actor jsonb, p_action text, p_subject text, p_before jsonb, p_after jsonb, p_now timestamp with time zone) returns void',
    'internal.backup_filter(p_table text) returns text',
    'internal.backup_volatile(p_table text) returns boolean',
    'internal.believe_channel(p_channel text, p_now timestamp with time zone) returns void',
    'internal.canonical_word(p_column text, p_value text, p_words text[]) returns text',
    'internal.chain_runs(p_root uuid) returns jsonb',
    'internal.channel_is_off(p_channel text, p_recipient text, p_now timestamp with time zone) returns boolean',
    'internal.check_escalation(p_steps jsonb) returns void',
    'internal.check_recipients(p_field text, p_recipients text[], p_concerned boolean) returns void',
    'internal.check_report_title(p_key text, p_title text) returns void',
    'internal.check_setting_pair(p_low text, p_high text, p_may_be_equal boolean, p_key text) returns void',
    'internal.client_name(p_external_id text) returns text',
    'internal.close_abandoned_deliveries(p_now timestamp with time zone) returns void',
    'internal.close_expired_runs(p_except_key text, p_now timestamp with time zone) returns void',
    'internal.close_incident(p_kind text, p_subject text, p_event_type text, p_reason text, p_data jsonb, p_run_id uuid, p_now timestamp with time zone) returns integer',
    'internal.complete_maintenances(p_today date, p_now timestamp with time zone) returns integer',
    'internal.computed_at() returns text',
    'internal.count_call(p_key text, p_limit integer, p_window_seconds integer, p_now timestamp with time zone) returns integer',
    'internal.deletion_limit(p_rows bigint) returns bigint',
    'internal.delivery_json(p_delivery notification_deliveries) returns jsonb',
    'internal.digest_place(p_claim text) returns jsonb',
    'internal.doubt_channel(p_channel text, p_now timestamp with time zone) returns void',
    'internal.doubts_in_a_row() returns integer',
    'internal.drop_checks(p_table regclass, p_column text, p_except text) returns void',
    'internal.due_work(p_now timestamp with time zone) returns jsonb',
    'internal.ended_runs(p_from timestamp with time zone, p_until timestamp with time zone) returns TABLE(task text, label text, status text, started_at timestamp with time zone, completed_at timestamp with time zone, duration_ms bigint, failed_at timestamp with time zone)',
    'internal.enqueue_notice(p_notice jsonb, p_run_id uuid, p_now timestamp with time zone) returns integer',
    'internal.enqueue_recovery(p_notice jsonb, p_run_id uuid, p_now timestamp with time zone) returns integer',
    'internal.error_rate(p_from timestamp with time zone, p_until timestamp with time zone) returns jsonb',
    'internal.explaining_run(p_tasks text[], p_from timestamp with time zone) returns uuid',
    'internal.failed_deliveries(p_from timestamp with time zone) returns jsonb',
    'internal.failing_since(p_task text, p_until timestamp with time zone) returns timestamp with time zone',
    'internal.failure_notified(p_run_ids uuid[], OUT run_id uuid, OUT is_pending boolean) returns record',
    'internal.first_failure(p_started_at timestamp with time zone, p_errors jsonb) returns timestamp with time zone',
    'internal.fold_word(p_word text) returns text',
    'internal.follow_appointments(p_today date, p_now timestamp with time zone) returns jsonb',
    'internal.follow_delivery() returns trigger',
    'internal.follow_intervals(p_today date, p_now timestamp with time zone) returns jsonb',
    'internal.follow_weekly_delivery() returns trigger',
    'internal.given_word(p_field text, p_given text, p_words text[]) returns text',
    'internal.good_nights(p_now timestamp with time zone) returns integer',
    'internal.health_anomalies() returns jsonb',
    'internal.hold_lease(p_run_id uuid, p_lease uuid, p_lease_seconds integer, p_now timestamp with time zone, p_writes boolean) returns void',
    'internal.humidity_counts(p_institutional boolean) returns jsonb',
    'internal.humidity_limit(p_client_id text, p_option text, p_setting text) returns numeric',
    'internal.humidity_list(p_limit integer, p_cursor text, p_resolved boolean, p_archived boolean, p_institutional boolean, p_piano_id text) returns jsonb',
    'internal.incident_json(p_incident incidents, p_now timestamp with time zone) returns jsonb',
    'internal.instant(p_at timestamp with time zone) returns text',
    'internal.is_escalation(p_value jsonb) returns boolean',
    'internal.is_gone(p_status text, p_total_loss boolean, p_deleted_at timestamp with time zone) returns boolean',
    'internal.is_late_alert(p_alert alert_logs) returns boolean',
    'internal.is_open_problem(p_fingerprint text) returns boolean',
    'internal.is_percentage(p_value jsonb) returns boolean',
    'internal.is_quiet_hours(p_value jsonb) returns boolean',
    'internal.limit_field(p_table regclass, p_field text, p_check text) returns void',
    'internal.link_appointment_pianos(p_appointments text[]) returns void',
    'internal.live_rows() returns TABLE(collection text, live bigint)',
    'internal.live_run(p_exclusion_group text, p_now timestamp with time zone) returns uuid',
    'internal.maintenance_json(p_maintenance maintenances) returns jsonb',
    'internal.maintenance_statuses() returns text[]',
    'internal.maintenance_types() returns text[]',
    'internal.mirror_table(p_collection text, OUT table_name text, OUT key_column text, OUT retained text[]) returns record',
    'internal.move_delivery(p_delivery notification_deliveries, p_now timestamp with time zone) returns void',
    'internal.newest_copies(p_now timestamp with time zone) returns jsonb',
    'internal.night_runs(p_frequent_tasks text[], p_from timestamp with time zone, p_until timestamp with time zone) returns jsonb',
    'internal.normalize_asset() returns trigger',
    'internal.normalize_maintenance() returns trigger',
    'internal.notice_json(p_notice notices) returns jsonb',
    'internal.notice_severity(p_severity text) returns text',
    'internal.notices_per_message() returns integer',
    'internal.notifications_sent(p_from timestamp with time zone, p_until timestamp with time zone) returns jsonb',
    'internal.open_channel(p_channel text, p_recipient text, p_now timestamp with time zone) returns text',
    'internal.open_incident(p_kind text, p_subject text, p_event_type text, p_severity text, p_data jsonb, p_explained_by uuid, p_run_id uuid, p_now timestamp with time zone, p_is_notified boolean) returns integer',
    'internal.open_recommendations(p_limit integer) returns jsonb',
    'internal.operator_hash(p_value text) returns text',
    'internal.orphan_rows() returns TABLE(relation text, orphans bigint, total bigint, sample text[])',
    'internal.other_channel(p_delivery notification_deliveries, p_now timestamp with time zone) returns text',
    'internal.overall_status() returns text',
    'internal.page_limit(p_limit integer, p_default integer, p_maximum integer) returns integer',
    'internal.paged(p_items jsonb[], p_keys jsonb[], p_limit integer) returns jsonb',
    'internal.percent(p_part bigint, p_whole bigint) returns numeric',
    'internal.priority_rank(p_priority text) returns integer',
    'internal.protect_functions() returns void',
    'internal.protect_sequences() returns void',
    'internal.protect_table(p_table regclass) returns void',
    'internal.quarantine_json(p_row sync_quarantine) returns jsonb',
    'internal.queue_run(p_request jsonb, p_now timestamp with time zone) returns jsonb',
    'internal.quiet_until(p_quiet jsonb, p_now timestamp with time zone) returns timestamp with time zone',
    'internal.read_cursor(p_cursor text, VARIADIC p_types text[]) returns text[]',
    'internal.read_page(p_schema text, p_table text, p_limit integer, p_after jsonb) returns jsonb',
    'internal.recommendation_json(p_row recommendations) returns jsonb',
    'internal.record_speed(p_task jsonb, p_run_id uuid, p_now timestamp with time zone) returns text',
    'internal.record_target(p_check jsonb, p_run_id uuid, p_now timestamp with time zone) returns text',
    'internal.record_watch(p_task jsonb, p_run_id uuid, p_now timestamp with time zone) returns text',
    'internal.redirect_doubtful(p_fingerprint text, p_window_key text, p_now timestamp with time zone) returns void',
    'internal.refuse(p_field text, p_reason text, p_values jsonb) returns void',
    'internal.required(p_field text, p_value anyelement) returns void',
    'internal.rest_channel(p_channel text, p_reason text, p_now timestamp with time zone) returns void',
    'internal.retention_rules() returns TABLE(name text, default_days integer, least_days integer, table_name text, condition text)',
    'internal.row_json(p_row jsonb, VARIADIC p_without text[]) returns jsonb',
    'internal.rule_json(p_rule notification_rules) returns jsonb',
    'internal.run_brief(p_run scheduler_logs) returns jsonb',
    'internal.run_figures(p_from timestamp with time zone, p_until timestamp with time zone) returns TABLE(name text, label text, total bigint, success bigint, warning bigint, error bigint, live bigint, seconds numeric, last_at timestamp with time zone, last_status text)',
    'internal.run_list(p_limit integer, p_cursor text, p_frequent_tasks text[], p_include_frequent boolean, p_tasks text[], p_status text, p_triggered_by text, p_user text, p_from timestamp with time zone, p_until timestamp with time zone, p_search text) returns SETOF scheduler_logs',
    'internal.run_log(p_run scheduler_logs) returns jsonb',
    'internal.run_volume(p_stats jsonb) returns numeric',
    'internal.scheduler_is_running(p_now timestamp with time zone) returns boolean',
    'internal.setting(p_key text) returns jsonb',
    'internal.setting_json(p_setting settings) returns jsonb',
    'internal.setting_number(p_key text) returns numeric',
    'internal.setting_rules() returns TABLE(key text, kind text, minimum numeric, maximum numeric, standard text)',
    'internal.severity_rank(p_severity text) returns integer',
    'internal.sheet_title_key(p_title text) returns text',
    'internal.sign_in_hash(p_value text) returns text',
    'internal.slot_seconds(p_channel text, p_recipient text) returns numeric',
    'internal.staff_json(p_staff staff) returns jsonb',
    'internal.start_run(p_id uuid, p_request jsonb, p_now timestamp with time zone) returns jsonb',
    'internal.start_waiting(p_group text, p_now timestamp with time zone) returns uuid',
    'internal.statement_ms() returns bigint',
    'internal.store_anomaly(p_found jsonb, p_run_id uuid, p_now timestamp with time zone, OUT anomaly anomalies, OUT is_opened boolean) returns record',
    'internal.switch_off(p_channel text, p_recipient text, p_reason text, p_now timestamp with time zone) returns void',
    'internal.sync_assets(p_now timestamp with time zone) returns jsonb',
    'internal.sync_log(p_log sync_logs) returns jsonb',
    'internal.table_key(p_table regclass, OUT columns text[], OUT types text[]) returns record',
    'internal.task_states(p_tasks text[], p_now timestamp with time zone) returns jsonb',
    'internal.tell_anomaly(p_anomaly anomalies, p_run_ids uuid[], p_run_id uuid, p_now timestamp with time zone) returns void',
    'internal.unpublished_events(p_run_id uuid) returns jsonb',
    'internal.upsert_batch(p_collection text, p_rows jsonb, p_repeated text[], p_now timestamp with time zone) returns jsonb',
    'internal.upsert_rows(p_collection text, p_rows jsonb, p_repeated text[], p_now timestamp with time zone) returns jsonb',
    'internal.usage_figures(p_from timestamp with time zone, p_until timestamp with time zone) returns jsonb',
    'internal.wanted_alerts(p_today date) returns TABLE(fingerprint text, asset_id bigint, maintenance_id bigint, alert_type text, priority text, message text, due_date date, days_count integer)',
    'internal.weekly_activity(p_from timestamp with time zone, p_until timestamp with time zone) returns jsonb',
    'internal.weekly_failing(p_from timestamp with time zone, p_until timestamp with time zone) returns jsonb',
    'internal.weekly_operations(p_from timestamp with time zone, p_until timestamp with time zone) returns jsonb',
    'internal.weekly_runs(p_from timestamp with time zone, p_until timestamp with time zone) returns jsonb',
    'internal.weekly_synced(p_from timestamp with time zone, p_until timestamp with time zone) returns jsonb',
    'internal.without_stamps(p_row jsonb) returns jsonb',
    'internal.write_cursor(p_key jsonb) returns text',
    'public.acknowledge_appointment_alert(p_id text, p_by text, p_now timestamp with time zone) returns jsonb',
    'public.acknowledge_incident(p_id uuid, p_by text, p_now timestamp with time zone) returns boolean',
    'public.acknowledge_notice(p_fingerprint text, p_by text, p_now timestamp with time zone) returns boolean',
    'public.advance_notices(p_now timestamp with time zone) returns integer',
    'public.alert_stats() returns jsonb',
    'public.alerts_page(p_limit integer, p_cursor text, p_priority text, p_alert_type text, p_is_read boolean, p_search text, p_details boolean) returns jsonb',
    'public.allow_channel_test(p_actor jsonb, p_limit integer, p_window_seconds integer, p_now timestamp with time zone) returns integer',
    'public.allow_sign_in(p_name text, p_address text, p_limit integer, p_window_seconds integer, p_now timestamp with time zone) returns integer',
    'public.anomalies_page(p_limit integer, p_cursor text, p_status text, p_category text, p_severity text) returns jsonb',
    'public.anomaly_access_inputs(p_hours integer, p_now timestamp with time zone) returns jsonb',
    'public.anomaly_ai_inputs(p_hours integer, p_now timestamp with time zone) returns jsonb',
    'public.anomaly_cash_inputs(p_now timestamp with time zone) returns jsonb',
    'public.anomaly_duration_inputs(p_tasks text[], p_now timestamp with time zone) returns jsonb',
    'public.anomaly_humidity_inputs(p_observed_before timestamp with time zone) returns jsonb',
    'public.anomaly_mirror_inputs(p_now timestamp with time zone) returns jsonb',
    'public.anomaly_run_inputs(p_hours integer, p_now timestamp with time zone) returns jsonb',
    'public.apply_page(p_run_id uuid, p_lease uuid, p_collection text, p_batches jsonb, p_lease_seconds integer, p_now timestamp with time zone, p_windows jsonb, p_repeated jsonb) returns jsonb',
    'public.appointment_check(p_target_date date, p_now timestamp with time zone, p_exclude_types text[]) returns jsonb',
    'public.appointment_history(p_limit integer, p_offset integer, p_cursor text) returns jsonb',
    'public.appointment_late(p_limit integer, p_cursor text) returns jsonb',
    'public.appointment_pending(p_technician_id text, p_limit integer, p_cursor text) returns jsonb',
    'public.appointment_stats(p_now timestamp with time zone) returns jsonb',
    'public.archive_humidity_alert(alert_id uuid, p_now timestamp with time zone) returns jsonb',
    'public.asset_detail(p_id bigint) returns jsonb',
    'public.asset_statistics() returns jsonb',
    'public.assets_page(p_limit integer, p_cursor text, p_category text, p_status text, p_search text) returns jsonb',
    'public.audit_page(p_limit integer, p_cursor text, p_action text, p_subject text, p_email text, p_from timestamp with time zone, p_until timestamp with time zone) returns jsonb',
    'public.authorize(p_request jsonb, p_now timestamp with time zone) returns jsonb',
    'public.availability_plan(p_tasks text[], p_now timestamp with time zone) returns jsonb',
    'public.backup_cleaned(p_since timestamp with time zone) returns jsonb',
    'public.backup_mark(p_table text) returns text',
    'public.backup_page(p_table text, p_limit integer, p_after jsonb) returns jsonb',
    'public.backup_tables() returns jsonb',
    'public.backups_page(p_now timestamp with time zone, p_limit integer, p_cursor text, p_kind text) returns jsonb',
    'public.begin_gazelle_authorization(p_state_hash text, p_actor jsonb, p_lifetime_seconds integer, p_now timestamp with time zone) returns void',
    'public.begin_sync(p_run_id uuid, p_lease uuid, p_collections text[], p_resume boolean, p_lease_seconds integer, p_now timestamp with time zone, p_mapping bigint) returns jsonb',
    'public.cash_registers_list() returns jsonb',
    'public.cash_sessions_page(p_limit integer, p_cursor text, p_status text, p_register_id uuid) returns jsonb',
    'public.channels_overview() returns jsonb',
    'public.claim_deliveries(p_lease_seconds integer, p_claim text, p_now timestamp with time zone, p_channel text, p_run_id uuid) returns jsonb',
    'public.claim_events(p_limit integer, p_lease_seconds integer, p_now timestamp with time zone) returns jsonb',
    'public.claim_run(p_request jsonb, p_now timestamp with time zone) returns jsonb',
    'public.cleanup_batch(p_run_id uuid, p_lease uuid, p_lease_seconds integer, p_name text, p_days integer, p_frequent text[], p_limit integer, p_dry_run boolean, p_now timestamp with time zone) returns jsonb',
    'public.close_cash_session(p_id uuid, p_total_sales bigint, p_total_items integer, p_actual_amount bigint, p_now timestamp with time zone, p_comment text) returns jsonb',
    'public.console_acknowledge_appointment(p_id text, p_actor jsonb, p_now timestamp with time zone) returns jsonb',
    'public.console_acknowledge_incident(p_id uuid, p_actor jsonb, p_now timestamp with time zone) returns jsonb',
    'public.console_acknowledge_notice(p_fingerprint text, p_actor jsonb, p_now timestamp with time zone) returns jsonb',
    'public.console_archive_humidity(p_id uuid, p_actor jsonb, p_now timestamp with time zone) returns jsonb',
    'public.console_close_cash_session(p_id uuid, p_values jsonb, p_actor jsonb, p_now timestamp with time zone) returns jsonb',
    'public.console_decide_recommendation(p_id uuid, p_actor jsonb, p_now timestamp with time zone, p_status text) returns jsonb',
    'public.console_dismiss_alert(p_id bigint, p_actor jsonb, p_now timestamp with time zone) returns jsonb',
    'public.console_open_cash_session(p_values jsonb, p_actor jsonb, p_now timestamp with time zone) returns jsonb',
    'public.console_read_alert(p_id bigint, p_actor jsonb, p_now timestamp with time zone) returns jsonb',
    'public.console_resolve_humidity(p_id uuid, p_actor jsonb, p_now timestamp with time zone, p_notes text) returns jsonb',
    'public.console_run_detail(p_id uuid, p_now timestamp with time zone) returns jsonb',
    'public.console_switch_on(p_channel text, p_actor jsonb, p_now timestamp with time zone, p_recipient text) returns jsonb',
    'public.continue_run(p_run_id uuid, p_lease uuid, p_event jsonb, p_stats jsonb, p_wait_seconds integer, p_now timestamp with time zone, p_not_before timestamp with time zone) returns jsonb',
    'public.create_console_session(p_session jsonb, p_address text, p_now timestamp with time zone) returns void',
    'public.decide_recommendation(p_id uuid, p_status text, p_by text, p_now timestamp with time zone) returns jsonb',
    'public.delete_absent(p_run_id uuid, p_lease uuid, p_collection text, p_ids text[], p_considered bigint, p_seen bigint, p_lease_seconds integer, p_now timestamp with time zone) returns jsonb',
    'public.delete_asset(p_id bigint, p_actor jsonb, p_now timestamp with time zone) returns jsonb',
    'public.delete_cash_register(p_id uuid, p_actor jsonb, p_now timestamp with time zone) returns jsonb',
    'public.delete_institution(p_slug text, p_actor jsonb, p_now timestamp with time zone) returns jsonb',
    'public.delete_maintenance(p_id bigint, p_actor jsonb, p_now timestamp with time zone) returns jsonb',
    'public.delete_maintenance_window(p_id bigint, p_actor jsonb, p_now timestamp with time zone) returns jsonb',
    'public.delete_monitor_target(p_name text, p_actor jsonb, p_now timestamp with time zone) returns jsonb',
    'public.delete_notification_rule(p_id bigint, p_actor jsonb, p_now timestamp with time zone) returns jsonb',
    'public.delete_report_tab(p_key text, p_actor jsonb, p_now timestamp with time zone) returns jsonb',
    'public.delete_staff(p_key text, p_actor jsonb, p_now timestamp with time zone) returns jsonb',
    'public.deliveries_page(p_limit integer, p_cursor text, p_status text, p_channel text, p_recipient text, p_event_type text, p_from timestamp with time zone, p_until timestamp with time zone) returns jsonb',
    'public.dismiss_alert(p_id bigint, p_by text, p_now timestamp with time zone) returns jsonb',
    'public.end_console_session(p_id_hash text, p_address text, p_now timestamp with time zone) returns text',
    'public.explain_rules(p_event_type text, p_severity text, p_now timestamp with time zone) returns jsonb',
    'public.finish_collection(p_run_id uuid, p_lease uuid, p_collection text, p_counted text[], p_watermark timestamp with time zone, p_lease_seconds integer, p_now timestamp with time zone, p_exact boolean) returns jsonb',
    'public.finish_run(p_run_id uuid, p_lease uuid, p_result jsonb, p_now timestamp with time zone) returns jsonb',
    'public.gazelle_connection(p_now timestamp with time zone) returns jsonb',
    'public.generate_maintenance_alerts(p_request jsonb, p_lease_seconds integer, p_today date, p_message text, p_now timestamp with time zone) returns jsonb',
    'public.health_anomalies(p_now timestamp with time zone) returns jsonb',
    'public.health_database(p_now timestamp with time zone) returns jsonb',
    'public.health_scheduler(p_tasks text[], p_now timestamp with time zone) returns jsonb',
    'public.health_summary(p_tasks text[], p_now timestamp with time zone) returns jsonb',
    'public.home(p_tasks text[], p_frequent_tasks text[], p_now timestamp with time zone) returns jsonb',
    'public.humidity_all(p_limit integer, p_cursor text, p_resolved boolean, p_piano_id text) returns jsonb',
    'public.humidity_archived(p_limit integer, p_cursor text) returns jsonb',
    'public.humidity_institutional(p_limit integer, p_cursor text) returns jsonb',
    'public.humidity_notes(p_piano_id text, p_limit integer) returns jsonb',
    'public.humidity_piano(p_piano_id text) returns jsonb',
    'public.humidity_resolved(p_limit integer, p_cursor text) returns jsonb',
    'public.humidity_stats() returns jsonb',
    'public.humidity_unresolved(p_limit integer, p_cursor text) returns jsonb',
    'public.incidents_page(p_now timestamp with time zone, p_limit integer, p_cursor text, p_open boolean, p_kind text, p_subject text) returns jsonb',
    'public.insert_ai_event(p_values jsonb, p_now timestamp with time zone) returns jsonb',
    'public.institutions_list() returns jsonb',
    'public.maintenance_alerts_list(p_limit integer, p_cursor text) returns jsonb',
    'public.maintenance_windows_list(p_now timestamp with time zone) returns jsonb',
    'public.maintenances_page(p_limit integer, p_cursor text, p_asset_id bigint, p_status text, p_source text) returns jsonb',
    'public.mark_alert_read(p_id bigint, p_now timestamp with time zone) returns jsonb',
    'public.monitor_targets_list() returns jsonb',
    'public.note_difference(p_run_id uuid, p_lease uuid, p_collection text, p_differences jsonb, p_date date, p_lease_seconds integer, p_now timestamp with time zone) returns integer',
    'public.notices_page(p_limit integer, p_cursor text, p_open boolean) returns jsonb',
    'public.notification_rules_list() returns jsonb',
    'public.open_cash_session(p_operator_id text, p_initial_amount bigint, p_now timestamp with time zone, p_site_id text, p_register_id uuid) returns jsonb',
    'public.plan_windows(p_run_id uuid, p_lease uuid, p_collection text, p_windows jsonb, p_lease_seconds integer, p_now timestamp with time zone) returns void',
    'public.quarantine_page(p_limit integer, p_cursor text, p_open boolean, p_collection text) returns jsonb',
    'public.quarantine_row(p_run_id uuid, p_collection text, p_external_id text, p_reason text, p_payload text, p_now timestamp with time zone) returns void',
    'public.recommendation_inputs(p_log_days integer, p_now timestamp with time zone) returns jsonb',
    'public.recommendations_page(p_limit integer, p_cursor text, p_status text) returns jsonb',
    'public.record_anomalies(p_run_id uuid, p_lease uuid, p_lease_seconds integer, p_found jsonb, p_checked text[], p_now timestamp with time zone) returns jsonb',
    'public.record_appointment_alerts(p_run_id uuid, p_lease uuid, p_lease_seconds integer, p_alerts jsonb, p_notices jsonb, p_now timestamp with time zone) returns jsonb',
    'public.record_backup(p_run_id uuid, p_lease uuid, p_lease_seconds integer, p_backup jsonb, p_removed text[], p_now timestamp with time zone) returns void',
    'public.record_channel_test(p_report jsonb, p_actor jsonb, p_now timestamp with time zone) returns void',
    'public.record_failed_run(p_request jsonb, p_error jsonb, p_now timestamp with time zone) returns void',
    'public.record_gazelle_authorization(p_before jsonb, p_actor jsonb, p_now timestamp with time zone) returns jsonb',
    'public.record_humidity_alerts(p_run_id uuid, p_lease uuid, p_lease_seconds integer, p_alerts jsonb, p_resolutions jsonb, p_now timestamp with time zone) returns jsonb',
    'public.record_model_reading(p_run_id uuid, p_lease uuid, p_lease_seconds integer, p_event jsonb, p_entry text, p_found boolean, p_now timestamp with time zone) returns void',
    'public.record_recommendations(p_run_id uuid, p_lease uuid, p_lease_seconds integer, p_found jsonb, p_now timestamp with time zone) returns jsonb',
    'public.record_restore_drill(p_run_id uuid, p_lease uuid, p_lease_seconds integer, p_drill jsonb, p_now timestamp with time zone) returns void',
    'public.record_sign_in(p_user_name text, p_address text, p_success boolean, p_now timestamp with time zone, p_error_type text, p_user_id text) returns void',
    'public.record_tick(p_run_id uuid, p_lease uuid, p_lease_seconds integer, p_checks jsonb, p_tasks jsonb, p_now timestamp with time zone) returns jsonb',
    'public.refresh_maintenance_alerts(p_run_id uuid, p_lease uuid, p_lease_seconds integer, p_today date, p_now timestamp with time zone) returns jsonb',
    'public.relay_alarm(p_alarm jsonb, p_tasks text[], p_now timestamp with time zone) returns jsonb',
    'public.renew_console_session(p_id_hash text, p_email text, p_role text, p_refresh_token text, p_now timestamp with time zone) returns void',
    'public.replace_gazelle_token(p_token jsonb, p_now timestamp with time zone, p_expected_refresh_token text) returns boolean',
    'public.report_progress(p_run_id uuid, p_lease uuid, p_progress jsonb, p_lease_seconds integer, p_now timestamp with time zone) returns void',
    'public.report_tabs_list() returns jsonb',
    'public.request_run(p_request jsonb, p_now timestamp with time zone) returns jsonb',
    'public.resolve_humidity_alert(alert_id uuid, notes text, p_now timestamp with time zone) returns jsonb',
    'public.resolve_quarantine(p_collection text, p_external_id text, p_actor jsonb, p_now timestamp with time zone) returns jsonb',
    'public.restore_drill_begin(p_tables jsonb) returns void',
    'public.restore_drill_end() returns void',
    'public.restore_drill_load(p_table text, p_lines text) returns integer',
    'public.restore_drill_page(p_table text, p_limit integer, p_after jsonb) returns jsonb',
    'public.retention_plan() returns jsonb',
    'public.runs_page(p_limit integer, p_cursor text, p_include_frequent boolean, p_frequent_tasks text[], p_tasks text[], p_status text, p_triggered_by text, p_user text, p_from timestamp with time zone, p_until timestamp with time zone, p_search text) returns jsonb',
    'public.save_asset(p_values jsonb, p_actor jsonb, p_now timestamp with time zone, p_id bigint) returns jsonb',
    'public.save_cash_register(p_values jsonb, p_actor jsonb, p_now timestamp with time zone, p_id uuid) returns jsonb',
    'public.save_institution(p_slug text, p_values jsonb, p_actor jsonb, p_now timestamp with time zone) returns jsonb',
    'public.save_maintenance(p_values jsonb, p_actor jsonb, p_now timestamp with time zone, p_id bigint) returns jsonb',
    'public.save_maintenance_window(p_values jsonb, p_actor jsonb, p_now timestamp with time zone, p_id bigint) returns jsonb',
    'public.save_monitor_target(p_name text, p_values jsonb, p_actor jsonb, p_now timestamp with time zone) returns jsonb',
    'public.save_notification_rule(p_values jsonb, p_actor jsonb, p_now timestamp with time zone, p_id bigint) returns jsonb',
    'public.save_report_tab(p_key text, p_values jsonb, p_actor jsonb, p_now timestamp with time zone) returns jsonb',
    'public.save_setting(p_key text, p_actor jsonb, p_now timestamp with time zone, p_value jsonb) returns jsonb',
    'public.save_staff(p_key text, p_values jsonb, p_actor jsonb, p_now timestamp with time zone) returns jsonb',
    'public.scheduler_logs_page(p_limit integer, p_cursor text, p_include_frequent boolean, p_frequent_tasks text[], p_tasks text[], p_status text, p_triggered_by text, p_user text, p_from timestamp with time zone, p_until timestamp with time zone, p_search text) returns jsonb',
    'public.scheduler_logs_recent(p_limit integer) returns jsonb',
    'public.scheduler_logs_stats(p_now timestamp with time zone, p_hours integer) returns jsonb',
    'public.set_task_paused(p_task text, p_paused boolean, p_actor jsonb, p_now timestamp with time zone, p_reason text) returns jsonb',
    'public.settings_list() returns jsonb',
    'public.settings_of(p_section text) returns jsonb',
    'public.settle_deliveries(p_results jsonb, p_claim text, p_now timestamp with time zone) returns integer',
    'public.settle_events(p_results jsonb, p_now timestamp with time zone) returns integer',
    'public.staff_list() returns jsonb',
    'public.staff_names() returns jsonb',
    'public.store_weekly_report(p_run_id uuid, p_lease uuid, p_lease_seconds integer, p_report jsonb, p_now timestamp with time zone) returns jsonb',
    'public.switch_on(p_channel text, p_recipient text) returns boolean',
    'public.sync_logs_page(p_limit integer, p_cursor text, p_status text, p_task_type text, p_from timestamp with time zone, p_until timestamp with time zone) returns jsonb',
    'public.sync_logs_recent(p_limit integer) returns jsonb',
    'public.sync_logs_stats(p_now timestamp with time zone, p_hours integer) returns jsonb',
    'public.system_status() returns jsonb',
    'public.take_gazelle_authorization(p_state_hash text, p_actor jsonb, p_now timestamp with time zone) returns boolean',
    'public.task_nights(p_tasks text[], p_now timestamp with time zone, p_days integer) returns jsonb',
    'public.task_overview(p_tasks text[], p_now timestamp with time zone) returns jsonb',
    'public.weekly_figures(p_from timestamp with time zone, p_until timestamp with time zone) returns jsonb',
    'public.weekly_report(p_period_start date) returns jsonb',
    'public.weekly_reports_page(p_limit integer, p_cursor text) returns jsonb'
  ]::text[];
  v_former regprocedure;
begin
  -- Types are written as they are seen from there.
  perform set_config('search_path', 'public', true);
  for v_former in
    select p.oid::regprocedure from pg_proc p
    where p.pronamespace in ('public'::regnamespace, 'internal'::regnamespace)
      and exists (select from unnest(v_signatures) s
                  where split_part(s, '(', 1) = format('%s.%s', p.pronamespace::regnamespace, p.proname))
      and format('%s.%s(%s) returns %s', p.pronamespace::regnamespace, p.proname,
                 pg_get_function_identity_arguments(p.oid), pg_get_function_result(p.oid)) <> all (v_signatures)
  loop
    execute format('drop function %s', v_former);
  end loop;
end
$$;

-- They stand in the order of their subjects, not of who calls whom.
set check_function_bodies = off;

-- A run of the detectors as one state change: rows opened, reopened, updated, resolved, and whom to notify.

-- The writers.

create or replace function public.open_cash_session(
  p_operator_id text, p_initial_amount bigint, p_now timestamptz, p_site_id text default null, p_register_id uuid default null
) returns jsonb language sql set search_path = public, pg_temp as $$
  insert into cash_sessions
    (operator_id, site_id, register_id, initial_amount, current_amount, opened_at, last_activity, step_start_time)
  select p_operator_id, coalesce(p_site_id, (select site_id from cash_registers where id = p_register_id)), p_register_id,
         p_initial_amount, p_initial_amount, p_now, p_now, p_now
  returning to_jsonb(cash_sessions)
$$;
comment on function public.open_cash_session is 'Opens a session with its initial amount in cents; answers the row.';

create or replace function public.close_cash_session(
  p_id uuid, p_total_sales bigint, p_total_items integer, p_actual_amount bigint, p_now timestamptz, p_comment text default null
) returns jsonb language plpgsql set search_path = public, pg_temp as $$
declare
  v_session cash_sessions;
  v_closing bigint;
begin
  select * into v_session from cash_sessions where id = p_id for update;
  if not found then
    raise exception using errcode = 'GT005', message = 'there is no such cash session';
  end if;
  if v_session.status = 'CLOSED' then
    -- The same closing reported twice is one closing; another one is refused.
    if (v_session.total_sales, v_session.actual_amount) is distinct from (p_total_sales, p_actual_amount) then
      raise exception using errcode = 'GT006', message = 'this cash session is closed';
    end if;
    return to_jsonb(v_session);
  end if;
  v_closing := v_session.initial_amount + p_total_sales;
  if abs(p_actual_amount - v_closing) > 1 and coalesce(btrim(p_comment), '') = '' then
    raise exception using errcode = 'GT007', message = 'a variance of more than one cent needs a comment';
  end if;
  update cash_sessions
  set status = 'CLOSED', current_step = 'EXIT', closed_at = p_now, last_activity = p_now, step_start_time = p_now,
      total_sales = p_total_sales, total_items = p_total_items, current_amount = p_actual_amount,
      closing_amount = v_closing, actual_amount = p_actual_amount, variance = p_actual_amount - v_closing,
      variance_comment = nullif(btrim(p_comment), '')
  where id = p_id
  returning * into v_session;
  return to_jsonb(v_session);
end
$$;
comment on function public.close_cash_session is
  'Closes a session: closing_amount = initial + sales, variance = actual - closing, in cents. GT005: no such session; GT006: closed with other figures; GT007: a variance of more than one cent without a comment. Answers the row.';

create or replace function internal.sign_in_hash(p_value text) returns text
language sql stable set search_path = public, pg_temp as $$
  select encode(sha256(convert_to((select value #>> '{}' from system_settings where key = 'sign_in_hash_key')
                                  || lower(btrim(coalesce(p_value, ''))), 'UTF8')), 'hex')
$$;
comment on function internal.sign_in_hash is 'A user name or an address as login_history keeps it: whatever its case and outer spaces.';

create or replace function public.record_sign_in(
  p_user_name text, p_address text, p_success boolean, p_now timestamptz, p_error_type text default null, p_user_id text default null
) returns void language sql set search_path = public, pg_temp as $$
  insert into login_history (user_id, user_hash, address_hash, success, error_type, created_at)
  select p_user_id, internal.sign_in_hash(p_user_name), internal.sign_in_hash(p_address), p_success, p_error_type, p_now
$$;
comment on function public.record_sign_in is
  'A sign-in, or an attempt. error_type: invalid_user_or_inactive, invalid_password or logout. Name and address are hashed before they are stored.';

create or replace function public.decide_recommendation(p_id uuid, p_status text, p_by text, p_now timestamptz) returns jsonb
language plpgsql set search_path = public, pg_temp as $$
begin
  if p_status not in ('done', 'ignored') then
    raise exception using errcode = 'GT008', message = 'a recommendation is done or ignored';
  end if;
  update recommendations set status = p_status, decided_by = p_by, decided_at = p_now where id = p_id and status = 'open';
  return (select to_jsonb(r) from recommendations r where id = p_id);
end
$$;
comment on function public.decide_recommendation is
  'A person did it, or decided not to: status done or ignored (else GT008). Decided twice is decided once. Null when there is none.';

create or replace function internal.failure_notified(p_run_ids uuid[], out run_id uuid, out is_pending boolean)
language sql stable set search_path = public, pg_temp as $$
  -- A run's own failure notice, by its run or, for a task that fails at every tick, by the one notice of the day.
  with notified as (
    select r.id, r.started_at, d.status
    from scheduler_logs r join notification_deliveries d on d.run_id = r.id and d.data ? 'error_kind'
    where r.id = any (p_run_ids)
    union all
    select r.id, r.started_at, d.status
    from scheduler_logs r join notification_deliveries d
      on d.fingerprint = r.failure_fingerprint and d.created_at > r.started_at - interval '1 day'
    where r.id = any (p_run_ids)
  )
  select (select id from notified where status = 'sent' order by started_at desc, id limit 1),
         exists (select from notified where status = 'pending')
$$;
comment on function internal.failure_notified is
  'Of runs that failed: the newest whose own notice was delivered, and whether one is still on its way.';

create or replace function internal.tell_anomaly(p_anomaly public.anomalies, p_run_ids uuid[], p_run_id uuid, p_now timestamptz) returns void
language plpgsql set search_path = public, pg_temp as $$
declare
  v_explained record;
  v_queued integer;
begin
  if p_anomaly.covered_by is not null or p_anomaly.explained_by_run_id is not null then
    return;
  end if;
  if cardinality(p_run_ids) > 0 and p_anomaly.last_notified_at is null then
    select * into v_explained from internal.failure_notified(p_run_ids);
    if v_explained.run_id is not null then
      update anomalies set explained_by_run_id = v_explained.run_id where id = p_anomaly.id;
      return;
    end if;
    -- The next run of the detectors knows whether it arrived.
    if v_explained.is_pending then
      return;
    end if;
  end if;
  -- The same fingerprint at every run: who was notified is not reported again; who is to hear of it only now, because it
  -- became worse, is.
  v_queued := internal.enqueue_notice(jsonb_build_object(
    'event_type', internal.anomaly_event(p_anomaly.category),
    'severity', internal.notice_severity(p_anomaly.severity),
    'fingerprint', internal.anomaly_notice(p_anomaly),
    -- Where the detector knows when it began, that is when; else when it was first seen.
    'data', jsonb_build_object('since', p_anomaly.opened_at) || p_anomaly.notice || jsonb_build_object(
      'anomaly_type', p_anomaly.type, 'anomaly_severity', p_anomaly.severity,
      'run_id', p_run_ids[1])),
    p_run_id, p_now);
  if v_queued > 0 then
    update anomalies set last_notified_at = p_now where id = p_anomaly.id;
  end if;
end
$$;
comment on function internal.tell_anomaly is
  'Queues the notice of an open anomaly, unless another voice tells it: another anomaly, or a failed run''s own notice.';

create or replace function internal.anomaly_event(p_category text) returns text
language sql immutable as $$
  select case when p_category in ('sync', 'cash', 'auth', 'ai', 'detection') then 'anomaly.' || p_category else 'anomaly.data' end
$$;

create or replace function internal.notice_severity(p_severity text) returns text
language sql immutable as $$
  select case p_severity when 'critical' then 'critical' when 'high' then 'error' when 'medium' then 'warning' else 'info' end
$$;

create or replace function internal.anomaly_notice(p_anomaly public.anomalies) returns text
language sql immutable as $$
  select 'anomaly:' || p_anomaly.fingerprint || '@' || to_char(p_anomaly.opened_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
$$;
comment on function internal.anomaly_notice is 'Fingerprint of the notice about this opening of an anomaly.';

create or replace function internal.store_anomaly(
  p_found jsonb, p_run_id uuid, p_now timestamptz, out anomaly public.anomalies, out is_opened boolean
) language plpgsql set search_path = public, pg_temp as $$
begin
  select * into anomaly from anomalies where fingerprint = p_found ->> 'fingerprint' for update;
  is_opened := anomaly.id is null or anomaly.status = 'resolved';
  insert into anomalies as a (category, type, severity, fingerprint, details, description, notice, covered_by,
                              first_seen_at, last_seen_at, opened_at, last_run_id)
  values (p_found ->> 'category', p_found ->> 'type', p_found ->> 'severity', p_found ->> 'fingerprint',
          coalesce(p_found -> 'details', '{}'), p_found ->> 'description', coalesce(p_found -> 'notice', '{}'),
          p_found ->> 'covered_by', p_now, p_now, p_now, p_run_id)
  on conflict (fingerprint) do update
  set severity = excluded.severity, details = excluded.details, description = excluded.description, notice = excluded.notice,
      last_seen_at = p_now, last_run_id = p_run_id, status = 'open', resolved_at = null,
      -- The same run again, because its process died: it saw it once.
      occurrences = a.occurrences + case when a.last_run_id is distinct from p_run_id then 1 else 0 end,
      opened_at = case when is_opened then p_now else a.opened_at end,
      reopened_count = a.reopened_count + case when is_opened then 1 else 0 end,
      last_notified_at = case when is_opened then null else a.last_notified_at end,
      -- Who spoke for it goes on doing so while it lasts.
      explained_by_run_id = case when is_opened then null else a.explained_by_run_id end,
      -- What nobody speaks for any more speaks for itself.
      covered_by = excluded.covered_by
  returning * into anomaly;
end
$$;
comment on function internal.store_anomaly is 'One finding: a new row, the same once more, or one that came back.';

create or replace function public.record_anomalies(
  p_run_id uuid, p_lease uuid, p_lease_seconds integer, p_found jsonb, p_checked text[], p_now timestamptz
) returns jsonb language plpgsql set search_path = public, pg_temp as $$
declare
  v_found jsonb;
  v_stored record;
  v_anomaly anomalies;
  v_opened integer := 0;
  v_updated integer := 0;
  v_resolved integer := 0;
begin
  perform internal.hold_lease(p_run_id, p_lease, p_lease_seconds, p_now);
  for v_found in select * from jsonb_array_elements(p_found) loop
    select * into v_stored from internal.store_anomaly(v_found, p_run_id, p_now);
    if v_stored.is_opened then
      v_opened := v_opened + 1;
    else
      v_updated := v_updated + 1;
    end if;
    perform internal.tell_anomaly(v_stored.anomaly, array(
      select e::uuid from jsonb_array_elements_text(coalesce(v_found -> 'run_ids', '[]')) e), p_run_id, p_now);
  end loop;

  for v_anomaly in
    update anomalies set status = 'resolved', resolved_at = p_now, last_run_id = p_run_id
    where status = 'open' and category = any (p_checked)
      and not exists (select from jsonb_array_elements(p_found) f where f ->> 'fingerprint' = anomalies.fingerprint)
    returning *
  loop
    v_resolved := v_resolved + 1;
    -- Those who were notified hear that it is over; where nobody was, this only ends the notice.
    perform internal.enqueue_notice(jsonb_build_object(
      'event_type', 'anomaly.resolved', 'severity', 'info',
      'fingerprint', 'anomaly.resolved:' || internal.anomaly_notice(v_anomaly),
      'recovers', internal.anomaly_notice(v_anomaly),
      'data', v_anomaly.notice || jsonb_build_object(
        'anomaly_type', v_anomaly.type, 'since', v_anomaly.opened_at, 'resolved_at', p_now)),
      p_run_id, p_now);
  end loop;
  return jsonb_build_object('opened', v_opened, 'updated', v_updated, 'resolved', v_resolved,
    'explained', (select count(*) from anomalies
                  where last_run_id = p_run_id and status = 'open' and (explained_by_run_id is not null or covered_by is not null)));
end
$$;
comment on function public.record_anomalies is
  'One run of the detectors in one transaction. p_found: [{category, type, severity, fingerprint, details, description, notice, run_ids?, covered_by?}]; p_checked: the categories that were really evaluated, whose other open anomalies are over. Answers {opened, updated, resolved, explained}.';

create or replace function public.record_recommendations(
  p_run_id uuid, p_lease uuid, p_lease_seconds integer, p_found jsonb, p_now timestamptz
) returns jsonb language plpgsql set search_path = public, pg_temp as $$
declare
  v_found record;
  v_decided recommendations;
  v_opened integer := 0;
begin
  perform internal.hold_lease(p_run_id, p_lease, p_lease_seconds, p_now);
  for v_found in
    select * from jsonb_to_recordset(p_found) as f (type text, subject text, priority text, title text, description text,
      actions text[], evidence jsonb, evidence_key text, period_days integer, due_date date)
  loop
    update recommendations
    set priority = v_found.priority, title = v_found.title, description = v_found.description, actions = v_found.actions,
        evidence = v_found.evidence, evidence_key = v_found.evidence_key, last_seen_at = p_now
    where type = v_found.type and subject = v_found.subject and status = 'open';
    continue when found;
    select * into v_decided from recommendations
    where type = v_found.type and subject = v_found.subject order by decided_at desc limit 1;
    continue when v_decided.id is not null and (v_decided.evidence_key = v_found.evidence_key
      or v_decided.decided_at > p_now - make_interval(days => v_decided.period_days));
    insert into recommendations (type, subject, priority, title, description, actions, evidence, evidence_key, period_days,
                                 first_seen_at, last_seen_at, due_date)
    values (v_found.type, v_found.subject, v_found.priority, v_found.title, v_found.description, v_found.actions,
            v_found.evidence, v_found.evidence_key, v_found.period_days, p_now, p_now, v_found.due_date);
    v_opened := v_opened + 1;
  end loop;
  return jsonb_build_object('opened', v_opened,
                            'open', (select count(*) from recommendations where status = 'open'));
end
$$;
comment on function public.record_recommendations is
  'What the run recommends: new rows, or the open ones with fresh evidence. What was decided does not come back with the same evidence_key, nor within its period. Answers {opened, open}.';

-- What the detectors are given: aggregated here, so that a long log is not carried over the network.

create or replace function public.anomaly_run_inputs(p_hours integer, p_now timestamptz) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  with ends as (
    select task_name as name, task_label as label, status, id as run_id, coalesce(completed_at, started_at) as at,
           internal.first_failure(started_at, errors) as began_at
    from scheduler_logs
    where status in ('success', 'warning', 'error') and started_at > p_now - interval '30 days' and started_at <= p_now
    union all
    -- Rows without a run are those of the old writers.
    -- The row of a chain is no run: what it sums up is counted already.
    select script_name, script_name, status, null, created_at, coalesce(started_at, created_at) from sync_logs
    where run_id is null and task_type <> 'chain' and status in ('success', 'warning', 'error') and created_at > p_now - interval '30 days' and created_at <= p_now
  ), streaks as (
    select name, max(at) filter (where status <> 'error') as last_good_at from ends group by name
  ), tasks as (
    select e.name, max(e.label) as label,
           count(*) filter (where e.at > p_now - make_interval(hours => p_hours)) as recent_failures,
           count(*) filter (where s.last_good_at is null or e.at > s.last_good_at) as consecutive_failures,
           max(e.at) as last_failure_at,
           min(e.began_at) filter (where e.at > p_now - make_interval(hours => p_hours)) as recent_since,
           min(e.began_at) filter (where s.last_good_at is null or e.at > s.last_good_at) as consecutive_since,
           (array_agg(e.run_id order by e.at desc) filter (where e.run_id is not null))[1:50] as run_ids
    from ends e join streaks s using (name)
    where e.status = 'error'
    group by e.name
  )
  select jsonb_build_object(
    'tasks', (select coalesce(jsonb_agg(to_jsonb(t) order by t.name), '[]') from tasks t
              where recent_failures > 0 or consecutive_failures > 0),
    'running', (select coalesce(jsonb_agg(jsonb_build_object('run_id', id, 'name', task_name, 'label', task_label, 'started_at', started_at)
                                          order by started_at, id), '[]')
                from scheduler_logs
                where status = 'running' and started_at > p_now - interval '7 days' and started_at <= p_now))
$$;
comment on function public.anomaly_run_inputs is
  'Per task that failed: failures in the last p_hours, failures since the last success (30 days back), the failed runs, newest first; and what is running. {tasks[{name, label, recent_failures, consecutive_failures, last_failure_at, recent_since, consecutive_since, run_ids}], running[{run_id, name, label, started_at}]}.';

create or replace function internal.operator_hash(p_value text) returns text
language sql stable set search_path = public, pg_temp as $$
  select encode(sha256(convert_to('operator:' || (select value #>> '{}' from system_settings where key = 'sign_in_hash_key')
                                  || lower(btrim(coalesce(p_value, ''))), 'UTF8')), 'hex')
$$;
comment on function internal.operator_hash is
  'Who had a cash register, for fingerprints. The word before the key: no name typed at the sign-in, whose hash people may see, has the same.';

create or replace function public.anomaly_cash_inputs(p_now timestamptz) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select coalesce(jsonb_agg(to_jsonb(s) order by s.closed_at desc, s.session_id), '[]') from (
    select c.id as session_id, c.operator_id, internal.operator_hash(c.operator_id) as operator_hash, c.site_id, c.register_id, r.name as register_name, r.variance_limit,
           c.variance, c.closing_amount, c.actual_amount, c.closed_at
    from cash_sessions c left join cash_registers r on r.id = c.register_id
    -- Up to a cent is rounding: no comment is asked for either.
    where c.status = 'CLOSED' and abs(c.variance) > 1 and c.closed_at > p_now - interval '7 days' and c.closed_at <= p_now
    order by c.closed_at desc, c.id
    limit 1000) s
$$;
comment on function public.anomaly_cash_inputs is 'Sessions closed within seven days with a variance of more than a cent, newest first, at most 1000.';

create or replace function public.anomaly_access_inputs(p_hours integer, p_now timestamptz) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select coalesce(jsonb_agg(to_jsonb(g) order by g.failures desc, g.user_hash, g.address_hash), '[]') from (
    select user_hash, address_hash, coalesce(sum(attempts) filter (where not success), 0) as failures,
           sum(attempts) as attempts,
           max(created_at) filter (where not success) as last_failure_at
    from login_history
    where created_at > p_now - make_interval(hours => p_hours) and created_at <= p_now
      and error_type is distinct from 'logout'
    group by user_hash, address_hash
    having bool_or(not success)
    order by failures desc, user_hash, address_hash
    limit 200) g
$$;
comment on function public.anomaly_access_inputs is
  'Sign-ins of the last p_hours by person and place (both hashed), those with most failures first, at most 200 groups.';

create or replace function public.anomaly_ai_inputs(p_hours integer, p_now timestamptz) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select coalesce(jsonb_agg(to_jsonb(g) order by g.feature), '[]') from (
    select feature, count(*) as calls, count(*) filter (where not success) as failures,
           avg(confidence) filter (where success) as mean_confidence,
           array_agg(distinct error_kind) filter (where error_kind is not null) as error_kinds
    from ai_events
    where created_at > p_now - make_interval(hours => p_hours) and created_at <= p_now
    group by feature) g
$$;
comment on function public.anomaly_ai_inputs is 'Calls of language models in the last p_hours, by feature.';

create or replace function internal.live_rows() returns table (collection text, live bigint)
language sql stable set search_path = public, pg_temp as $$
  select 'users', count(*) from users where deleted_at is null
  union all select 'clients', count(*) from gazelle_clients where deleted_at is null
  union all select 'contacts', count(*) from gazelle_contacts where deleted_at is null
  union all select 'pianos', count(*) from gazelle_pianos where deleted_at is null
  union all select 'appointments', count(*) from gazelle_appointments where deleted_at is null
  union all select 'timeline', count(*) from gazelle_timeline_entries where deleted_at is null
$$;

create or replace function internal.orphan_rows() returns table (relation text, orphans bigint, total bigint, sample text[])
language sql stable set search_path = public, pg_temp as $$
  -- Upstream arrives in any order: a row is an orphan only if what it points to was read to its end since.
  with reading as (
    select max(watermark) filter (where collection = 'clients') as clients,
           max(watermark) filter (where collection = 'pianos') as pianos from sync_state
  ), totals as (
    select 'contacts.client' as relation, count(*) as total from gazelle_contacts where deleted_at is null and client_external_id is not null
    union all select 'pianos.client', count(*) from gazelle_pianos where deleted_at is null and client_external_id is not null
    union all select 'appointments.client', count(*) from gazelle_appointments where deleted_at is null and client_external_id is not null
    union all select 'timeline.client', count(*) from gazelle_timeline_entries where deleted_at is null and client_id is not null
    union all select 'timeline.piano', count(*) from gazelle_timeline_entries where deleted_at is null and piano_id is not null
  ), found as (
    select 'contacts.client' as relation, o.external_id from gazelle_contacts o left join gazelle_clients x on x.external_id = o.client_external_id
      where o.deleted_at is null and o.client_external_id is not null and x.external_id is null and o.synced_at <= (select clients from reading)
    union all select 'pianos.client', o.external_id from gazelle_pianos o left join gazelle_clients x on x.external_id = o.client_external_id
      where o.deleted_at is null and o.client_external_id is not null and x.external_id is null and o.synced_at <= (select clients from reading)
    union all select 'appointments.client', o.external_id from gazelle_appointments o left join gazelle_clients x on x.external_id = o.client_external_id
      where o.deleted_at is null and o.client_external_id is not null and x.external_id is null and o.synced_at <= (select clients from reading)
    union all select 'timeline.client', o.external_id from gazelle_timeline_entries o left join gazelle_clients x on x.external_id = o.client_id
      where o.deleted_at is null and o.client_id is not null and x.external_id is null and o.synced_at <= (select clients from reading)
    union all select 'timeline.piano', o.external_id from gazelle_timeline_entries o left join gazelle_pianos x on x.external_id = o.piano_id
      where o.deleted_at is null and o.piano_id is not null and x.external_id is null and o.synced_at <= (select pianos from reading)
  )
  select t.relation, count(f.external_id), t.total, (array_agg(f.external_id order by f.external_id))[1:20]
  from totals t join found f using (relation) group by t.relation, t.total
$$;
comment on function internal.orphan_rows is 'Mirrored rows that point to a client or a piano that the mirror does not have.';

create or replace function public.anomaly_mirror_inputs(p_now timestamptz) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  with samples as (
    select c as collection, (r.stats ->> c)::numeric as rows
    from scheduler_logs r, unnest(array['users', 'clients', 'contacts', 'pianos']) c
    where r.task_name = 'sync_gazelle' and r.status = 'success' and jsonb_typeof(r.stats -> c) = 'number'
      and r.started_at > p_now - interval '7 days' and r.started_at <= p_now
    union all
    -- The sync reads a part of these two; their whole size is in the figures of the detectors' own runs.
    select c, (r.stats -> 'live' ->> c)::numeric
    from scheduler_logs r, unnest(array['appointments', 'timeline']) c
    where r.task_name = 'anomalies' and r.status in ('success', 'warning') and jsonb_typeof(r.stats -> 'live' -> c) = 'number'
      and r.started_at > p_now - interval '7 days' and r.started_at <= p_now
  ), usual as (
    select collection, count(*) as samples, percentile_cont(0.5) within group (order by rows) as median
    from samples group by collection
  ), syncs as (
    select status, id, started_at from scheduler_logs
    where task_name = 'sync_gazelle' and status in ('success', 'warning', 'error')
      and started_at > p_now - interval '30 days' and completed_at <= p_now
  )
  select jsonb_build_object(
    'collections', (select coalesce(jsonb_agg(jsonb_build_object(
        'name', l.collection, 'live', l.live, 'samples', coalesce(u.samples, 0), 'median', u.median) order by l.collection), '[]')
      from internal.live_rows() l left join usual u using (collection)),
    'watermarks', (select coalesce(jsonb_agg(jsonb_build_object(
        -- A watermark is the start of the run that read the collection: only later runs came after it.
        'name', s.collection, 'watermark', s.watermark,
        'syncs_since', (select count(*) from syncs y where y.started_at > s.watermark),
        'failed_run_ids', (select coalesce(jsonb_agg(y.id order by y.started_at desc), '[]') from syncs y
                           where y.started_at > s.watermark and y.status = 'error')) order by s.collection), '[]')
      from sync_state s where s.watermark is not null),
    'orphans', (select coalesce(jsonb_agg(to_jsonb(o) order by o.relation), '[]') from internal.orphan_rows() o))
$$;
comment on function public.anomaly_mirror_inputs is
  'The mirror: rows per collection with the median of seven days, how far each was read and by which syncs it was not, orphans by relation.';

create or replace function public.anomaly_humidity_inputs(p_observed_before timestamptz) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select jsonb_build_object('late', count(*), 'oldest_at', min(observed_at))
  from humidity_alerts
  where not coalesce(is_resolved, false) and not coalesce(archived, false) and observed_at < p_observed_before
$$;
comment on function public.anomaly_humidity_inputs is 'Humidity alerts that are open since before an instant.';

create or replace function internal.run_volume(p_stats jsonb) returns numeric
language sql immutable as $$
  -- The report's and the backup's rows, the scan's notes, what a sync read.
  select coalesce(
    case when jsonb_typeof(p_stats -> 'rows') = 'number' then (p_stats ->> 'rows')::numeric end,
    case when jsonb_typeof(p_stats #> '{supabase,rows}') = 'number' then (p_stats #>> '{supabase,rows}')::numeric end,
    case when jsonb_typeof(p_stats -> 'scanned') = 'number' then (p_stats ->> 'scanned')::numeric end,
    case when jsonb_typeof(p_stats -> 'collections') = 'object' then
      (select sum((p_stats ->> c.name)::numeric) from jsonb_object_keys(p_stats -> 'collections') c (name)
       where jsonb_typeof(p_stats -> c.name) = 'number') end)
$$;
comment on function internal.run_volume is 'How much a run handled, from its figures; null when they do not say.';

create or replace function public.anomaly_duration_inputs(p_tasks text[], p_now timestamptz) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select coalesce(jsonb_agg(to_jsonb(t) order by t.name), '[]') from (
    select last.task_name as name, last.task_label as label, last.id as run_id, last.started_at,
           last.duration_ms, internal.run_volume(last.stats) as volume,
           (select coalesce(jsonb_agg(jsonb_build_object('duration_ms', past.duration_ms, 'volume', internal.run_volume(past.stats))), '[]')
            from (select p.duration_ms, p.stats from scheduler_logs p
                  where p.task_name = last.task_name and p.status = 'success' and p.duration_ms is not null and not p.stats ? 'paused'
                    and p.started_at < last.started_at and p.started_at > last.started_at - interval '120 days'
                    and extract(isodow from p.started_at at time zone 'America/Toronto')
                        = extract(isodow from last.started_at at time zone 'America/Toronto')
                  order by p.started_at desc limit 12) past) as same_weekday
    from unnest(p_tasks) task,
         lateral (select * from scheduler_logs r
                  where r.task_name = task and r.status = 'success' and r.duration_ms is not null and not r.stats ? 'paused'
                    and r.started_at > p_now - interval '7 days' and r.started_at <= p_now
                  order by r.started_at desc limit 1) last) t
$$;
comment on function public.anomaly_duration_inputs is
  'Per task the last success of the week, and the twelve successes before it on the same weekday in Montréal: durations and volumes.';

create or replace function public.recommendation_inputs(p_log_days integer, p_now timestamptz) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  with durations as (
    select task_name as name, max(task_label) as label,
           count(*) filter (where started_at > p_now - interval '28 days') as recent_runs,
           avg(duration_ms) filter (where started_at > p_now - interval '28 days') as recent_ms,
           count(*) filter (where started_at <= p_now - interval '28 days') as earlier_runs,
           avg(duration_ms) filter (where started_at <= p_now - interval '28 days') as earlier_ms
    from scheduler_logs
    where status = 'success' and duration_ms is not null and started_at > p_now - interval '56 days' and started_at <= p_now
    group by task_name
    having count(*) filter (where started_at <= p_now - interval '28 days') > 0
  ), kept as (
    -- What cleanup still keeps by its own setting is no reason to clean up.
    select greatest(p_log_days, internal.setting_number('retention.runs')::integer) as days
  )
  select jsonb_build_object(
    'cash', (select jsonb_build_object('sessions', count(*), 'gaps', count(*) filter (where abs(variance) > 100))
             from cash_sessions where status = 'CLOSED' and opened_at > p_now - interval '30 days' and opened_at <= p_now),
    'syncs', (select jsonb_build_object('runs', count(*), 'failures', count(*) filter (where status = 'error'))
              from sync_logs where created_at > p_now - interval '30 days' and created_at <= p_now),
    'old_logs', (select count(*) from scheduler_logs
                 where completed_at < p_now - make_interval(days => (select days from kept))),
    'installed_at', (select min(created_at) from scheduler_logs),
    'reviewed', (select coalesce(jsonb_object_agg(type, decided_at), '{}') from (
                   select type, max(decided_at) as decided_at from recommendations
                   where status <> 'open' group by type) r),
    'durations', (select coalesce(jsonb_agg(to_jsonb(d) order by d.name), '[]') from durations d))
$$;
comment on function public.recommendation_inputs is
  'What recommendations go by: cash gaps and failed syncs of 30 days, logs that outlived their retention, the age of the installation, the last decision per type, mean durations of the last four weeks and of the four before.';

-- Warnings about tomorrow's unconfirmed appointments: one row per appointment and technician, written with the
-- notice that carries it, and kept up to date with what became of that notice.

create or replace function public.record_appointment_alerts(
  p_run_id uuid, p_lease uuid, p_lease_seconds integer, p_alerts jsonb, p_notices jsonb, p_now timestamptz
) returns jsonb language plpgsql set search_path = public, pg_temp as $$
declare
  v_recorded integer;
  v_notices integer := 0;
  v_queued integer;
  v_notice jsonb;
begin
  perform internal.hold_lease(p_run_id, p_lease, p_lease_seconds, p_now);
  insert into alert_logs (
    kind, appointment_external_id, appointment_id, technician_id, technician_name, appointment_date, appointment_time,
    client_name, client_phone, service_type, title, description, content, status, acknowledged, triggered_by,
    run_id, notice_fingerprint, created_at, updated_at)
  select 'unconfirmed', a.appointment_external_id, a.appointment_id, a.technician_id, a.technician_name,
         a.appointment_date, a.appointment_time, a.client_name, a.client_phone, 'APPOINTMENT', a.title, a.description,
         a.content, 'pending', false, 'rv_alerts', p_run_id, a.notice_fingerprint, p_now, p_now
  from jsonb_to_recordset(p_alerts) as a (
    appointment_external_id text, appointment_id bigint, technician_id text, technician_name text,
    appointment_date date, appointment_time time, client_name text, client_phone text, title text, description text,
    content jsonb, notice_fingerprint text)
  on conflict (kind, appointment_external_id, technician_id, appointment_date) do update
  set technician_name = excluded.technician_name, appointment_time = excluded.appointment_time,
      client_name = excluded.client_name, client_phone = excluded.client_phone, title = excluded.title,
      description = excluded.description, content = excluded.content, status = 'pending', sent_at = null,
      -- What has changed since somebody took note is news.
      acknowledged = false, acknowledged_at = null, acknowledged_by = null,
      run_id = excluded.run_id, notice_fingerprint = excluded.notice_fingerprint, updated_at = p_now
  where alert_logs.content is distinct from excluded.content or alert_logs.status in ('failed', 'skipped');
  get diagnostics v_recorded = row_count;
  for v_notice in select * from jsonb_array_elements(p_notices) loop
    v_queued := internal.enqueue_notice(v_notice, p_run_id, p_now);
    v_notices := v_notices + v_queued;
    if v_queued = 0 then
      -- No rule wants it: said so, and tried again by the next run. (Asked twice, it is on its way already.)
      update alert_logs set status = 'skipped'
      where notice_fingerprint = v_notice ->> 'fingerprint' and status = 'pending'
        and not exists (select from notification_deliveries d
                        where d.fingerprint = v_notice ->> 'fingerprint' and d.run_id = p_run_id);
    end if;
  end loop;
  return jsonb_build_object('recorded', v_recorded, 'notices', v_notices);
end
$$;
comment on function public.record_appointment_alerts is
  'Writes the alert rows and queues their notices, or neither. A row whose content is the same is left alone.';

create or replace function internal.follow_delivery() returns trigger
language plpgsql set search_path = public, pg_temp as $$
begin
  update alert_logs
  set status = new.status, sent_at = coalesce(new.sent_at, sent_at), updated_at = coalesce(new.sent_at, updated_at)
  where notice_fingerprint = new.fingerprint
    -- Sent to one of several people counts as sent.
    and status is distinct from 'sent' and status is distinct from new.status;
  return null;
end
$$;
comment on function internal.follow_delivery is 'An alert row carries the outcome of the message that reported it.';

create or replace function public.acknowledge_appointment_alert(p_id text, p_by text, p_now timestamptz)
returns jsonb language sql set search_path = public, pg_temp as $$
  update alert_logs set acknowledged = true, acknowledged_at = p_now, acknowledged_by = left(p_by, 200), updated_at = p_now
  -- The predecessor's key may be of any type.
  where id::text = p_id
  returning to_jsonb(alert_logs)
$$;
comment on function public.acknowledge_appointment_alert is 'Somebody took note. Null when there is no such alert.';

-- Availability: what is probed, in which state it is, and which task is expected when. The judgement is the
-- function's; here is what it reads, and how one tick is recorded as a whole.

create or replace function public.availability_plan(p_tasks text[], p_now timestamptz) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select jsonb_build_object(
    'targets', (
      select coalesce(jsonb_agg(to_jsonb(t) || jsonb_build_object(
               'version', coalesce(s.version, 0), 'standing', s.standing,
               'in_maintenance', exists (select from maintenance_windows w
                                         where (w.target is null or w.target = t.name)
                                           and w.starts_at <= p_now and p_now < w.ends_at)) order by t.name), '[]')
      from monitor_targets t left join monitor_states s on s.target = t.name),
    'tasks', (
      select coalesce(jsonb_agg(jsonb_build_object(
               'name', task, 'paused', coalesce(st.paused, false), 'resumed_at', st.resumed_at,
               'watched_since', h.watched_since, 'schedule', h.schedule, 'last_success_at', good.started_at,
               'last_success_ended_at', good.completed_at,
               'is_running', exists (select from scheduler_logs r where r.task_name = task and r.status = 'running'
                                                                   and r.lease_expires_at >= p_now),
               'missed_since', (select i.data ->> 'since' from incidents i
                                where i.kind = 'missed_run' and i.subject = task and i.closed_at is null
                                  and good.started_at is not distinct from (i.data ->> 'last_success_at')::timestamptz))), '[]')
      from unnest(p_tasks) task
      left join task_states st on st.task_name = task
      left join heartbeats h on h.name = task
      left join lateral (
        -- Of the newest, not the one that ended last: what is made up for later was planned earlier.
        select newest.planned_at as started_at, newest.completed_at
        from (select coalesce(r.scheduled_for, r.started_at) as planned_at, r.completed_at from scheduler_logs r
              where r.task_name = task and r.status in ('success', 'warning')
                -- A run that ended because of the pause did nothing.
                and not coalesce(r.stats @> '{"paused": true}', false)
              order by r.started_at desc limit 20) newest
        order by newest.planned_at desc limit 1) good on true))
$$;
comment on function public.availability_plan is
  'What a tick works on: targets with policy, standing and its version; tasks with their last success, pause and watch, and whether one is at work.';

create or replace function internal.record_target(p_check jsonb, p_run_id uuid, p_now timestamptz) returns text
language plpgsql set search_path = public, pg_temp as $$
declare
  v_effect text := p_check ->> 'effect';
begin
  insert into monitor_states (target, version, state, since, standing, checked_at, latency_ms, error_kind)
  select p_check ->> 'target', 1, p_check -> 'standing' ->> 'state', (p_check -> 'standing' ->> 'since')::timestamptz,
         p_check -> 'standing', (p_check ->> 'checked_at')::timestamptz, (p_check ->> 'latency_ms')::integer,
         p_check ->> 'error_kind'
  where (p_check ->> 'version')::bigint = 0
  on conflict (target) do nothing;
  if not found then
    update monitor_states
    set version = version + 1, state = p_check -> 'standing' ->> 'state',
        since = (p_check -> 'standing' ->> 'since')::timestamptz, standing = p_check -> 'standing',
        checked_at = coalesce((p_check ->> 'checked_at')::timestamptz, checked_at),
        latency_ms = (p_check ->> 'latency_ms')::integer, error_kind = p_check ->> 'error_kind'
    where target = p_check ->> 'target' and version = (p_check ->> 'version')::bigint
      and (p_check ->> 'version')::bigint > 0;
    if not found then
      return 'stale';
    end if;
  end if;
  if p_check ->> 'checked_at' is not null then
    insert into monitor_checks (target, ok, latency_ms, error_kind, checked_at)
    values (p_check ->> 'target', (p_check ->> 'ok')::boolean, (p_check ->> 'latency_ms')::integer,
            p_check ->> 'error_kind', (p_check ->> 'checked_at')::timestamptz);
  end if;
  return case
    when v_effect = 'open' then
      case when internal.open_incident('availability', p_check ->> 'target', 'availability.down',
             p_check ->> 'severity', p_check -> 'data', null, p_run_id, p_now) is not null then 'opened' else 'kept' end
    when v_effect = 'recover' then
      case when internal.close_incident('availability', p_check ->> 'target', 'availability.recovered', 'recovered',
             p_check -> 'data', p_run_id, p_now) is not null then 'closed' else 'kept' end
    when v_effect = 'pause' then
      case when internal.close_incident('availability', p_check ->> 'target', null, 'paused', '{}', p_run_id, p_now)
             is not null then 'closed' else 'kept' end
    else 'kept' end;
end
$$;
comment on function internal.record_target is 'One target''s check, new standing and what follows from it; nothing at all when the standing was another one.';

create or replace function internal.record_watch(p_task jsonb, p_run_id uuid, p_now timestamptz) returns text
language plpgsql set search_path = public, pg_temp as $$
declare
  v_task text := p_task ->> 'name';
  v_last timestamptz := (p_task ->> 'last_success_at')::timestamptz;
  v_failed uuid;
  v_schedule_changed boolean := coalesce(
    (select h.schedule is distinct from p_task ->> 'schedule' from heartbeats h where h.name = v_task), false);
begin
  insert into heartbeats as h (name, expected_every_seconds, grace_seconds, last_seen_at, state, schedule, watched_since)
  values (v_task, (p_task ->> 'expected_every_seconds')::bigint, (p_task ->> 'grace_seconds')::bigint, v_last,
          p_task ->> 'state', p_task ->> 'schedule', p_now)
  on conflict (name) do update
  set expected_every_seconds = excluded.expected_every_seconds, grace_seconds = excluded.grace_seconds,
      last_seen_at = excluded.last_seen_at, state = excluded.state,
      watched_since = case when h.schedule is distinct from excluded.schedule then p_now else h.watched_since end,
      schedule = excluded.schedule
  where (h.expected_every_seconds, h.grace_seconds, h.last_seen_at, h.state, h.schedule)
    is distinct from (excluded.expected_every_seconds, excluded.grace_seconds, excluded.last_seen_at, excluded.state, excluded.schedule);
  if p_task ->> 'state' = 'down' then
    v_failed := internal.explaining_run(array[v_task], coalesce(v_last, '-infinity'));
    return case when internal.open_incident('missed_run', v_task, 'heartbeat.missed', 'error',
      jsonb_strip_nulls(jsonb_build_object('subject', p_task ->> 'label', 'since', p_task ->> 'missing_since',
        'last_success_at', v_last,
        'run_id', (select r.id from scheduler_logs r where r.task_name = v_task order by r.started_at desc limit 1))),
      v_failed, p_run_id, p_now) is not null then 'opened' else 'kept' end;
  elsif p_task ->> 'state' = 'paused' or v_schedule_changed then
    return case when internal.close_incident('missed_run', v_task, null,
                       case when v_schedule_changed then 'schedule_changed' else 'paused' end, '{}', p_run_id, p_now)
             is not null then 'closed' else 'kept' end;
  end if;
  if exists (select from incidents i
             where i.kind = 'missed_run' and i.subject = v_task and i.closed_at is null
               and v_last is not distinct from (i.data ->> 'last_success_at')::timestamptz) then
    -- Not expected at this moment, but no success either: nothing has recovered.
    return 'kept';
  end if;
  return case when internal.close_incident('missed_run', v_task, 'heartbeat.recovered', 'recovered', '{}', p_run_id, p_now)
         is not null then 'closed' else 'kept' end;
end
$$;
comment on function internal.record_watch is 'One task''s heartbeat, and the incident of a task that did not succeed in time.';

create or replace function internal.record_speed(p_task jsonb, p_run_id uuid, p_now timestamptz) returns text
language plpgsql set search_path = public, pg_temp as $$
declare
  v_task text := p_task ->> 'name';
  v_run scheduler_logs;
  v_data jsonb;
  v_unknown text;
begin
  -- A run that was paused, or only tried, says nothing of its time.
  select * into v_run from scheduler_logs r
  where r.task_name = v_task and r.completed_at is not null and r.duration_ms is not null
    and not coalesce(r.stats @> '{"paused": true}', false) and not coalesce(r.parameters @> '{"dry_run": true}', false)
    and r.started_at >= p_now - interval '8 days'
  order by r.started_at desc limit 1;
  -- Where no run says anything, nobody knows whether it is still slow.
  v_unknown := case when p_task ->> 'state' = 'paused' then 'paused'
                    when v_run.id is null then 'no_run'
                    -- A run that was handed over used its time on purpose.
                    when v_run.part > 0 then 'in_parts' end;
  if v_unknown is not null then
    return case when internal.close_incident('slow_run', v_task, null, v_unknown, '{}', p_run_id, p_now)
           is not null then 'closed' else 'kept' end;
  end if;
  -- A run that failed says so itself, and why.
  if v_run.status not in ('success', 'warning') then
    return 'kept';
  end if;
  v_data := jsonb_build_object('subject', p_task ->> 'label', 'run_id', v_run.id, 'since', v_run.completed_at,
                               'duration_seconds', round(v_run.duration_ms / 1000.0));
  if v_run.duration_ms >= (p_task ->> 'slow_ms')::bigint
     -- A run that was reported before a pause is not reported again after it.
     and not exists (select from incidents i where i.kind = 'slow_run' and i.subject = v_task and i.closed_at is not null
                                               and i.data ->> 'run_id' = v_run.id::text) then
    return case when internal.open_incident('slow_run', v_task, 'run.slow', 'warning', v_data, null, p_run_id, p_now)
           is not null then 'opened' else 'kept' end;
  end if;
  if v_run.duration_ms >= (p_task ->> 'slow_ms')::bigint then
    return 'kept';
  end if;
  return case when internal.close_incident('slow_run', v_task, 'run.recovered', 'recovered',
           v_data - array['since', 'duration_seconds'], p_run_id, p_now)
         is not null then 'closed' else 'kept' end;
end
$$;
comment on function internal.record_speed is
  'One task''s newest run: an incident when it took almost all of its time, the end of it with a good run that did not.';

create or replace function public.record_tick(
  p_run_id uuid, p_lease uuid, p_lease_seconds integer, p_checks jsonb, p_tasks jsonb, p_now timestamptz
) returns jsonb language plpgsql set search_path = public, pg_temp as $$
declare
  v_opened integer;
  v_closed integer;
  v_stale integer;
begin
  perform internal.hold_lease(p_run_id, p_lease, p_lease_seconds, p_now);
  perform internal.close_expired_runs(null, p_now);
  perform internal.close_incident('availability', i.subject, null, 'target_removed', '{}', p_run_id, p_now)
  from incidents i
  where i.kind = 'availability' and i.closed_at is null
    and not exists (select from monitor_targets t where t.name = i.subject);
  -- A letter's alarm ends by itself within the hour, and says nothing then: also when its end could not be recorded.
  perform internal.close_incident(i.kind, i.subject, null, 'end_not_received', '{}', p_run_id, p_now)
  from incidents i
  where i.kind = 'alarm' and i.closed_at is null and i.subject like '%-depth' and i.opened_at < p_now - interval '1 hour';
  -- What another version watched, and this one does not.
  perform internal.close_incident(i.kind, i.subject, null, 'not_watched', '{}', p_run_id, p_now)
  from incidents i
  where i.kind in ('missed_run', 'slow_run') and i.closed_at is null
    and not exists (select from jsonb_array_elements(p_tasks) t where t ->> 'name' = i.subject);
  select count(*) filter (where outcome = 'opened'), count(*) filter (where outcome = 'closed'),
         count(*) filter (where outcome = 'stale')
  into v_opened, v_closed, v_stale
  from (select internal.record_target(c, p_run_id, p_now) as outcome from jsonb_array_elements(p_checks) c
        union all
        select internal.record_watch(t, p_run_id, p_now) from jsonb_array_elements(p_tasks) t
        union all
        select internal.record_speed(t, p_run_id, p_now) from jsonb_array_elements(p_tasks) t) outcomes;
  return jsonb_build_object('opened', v_opened, 'closed', v_closed, 'stale', v_stale);
end
$$;
comment on function public.record_tick is
  'One tick in one transaction: lost runs closed, checks and standings stored, incidents opened and closed with their notices.';

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

-- Retention: what may go, how old it must be, and its deletion in bounded batches.

create or replace function internal.retention_rules()
returns table (name text, default_days integer, least_days integer, table_name text, condition text)
language sql immutable as $$
  -- In a condition $1 is the instant before which a row is old, $2 the tasks that run every few minutes.
  -- Nothing here touches what is open or unacknowledged, or a good copy. Fewer days than the least would take what others need: the
  -- watcher the last success of a weekly task, the weekly report what it counts of last week on Monday after the clean-up.
  values
    ('runs_frequent', 9, 9, 'scheduler_logs', 'status = ''success'' and task_name = any ($2) and completed_at < $1'),
    ('runs', 400, 15, 'scheduler_logs', 'status in (''success'', ''warning'', ''error'') and coalesce(completed_at, started_at) < $1'),
    ('sync_logs', 400, 1, 'sync_logs', 'status <> ''running'' and created_at < $1'),
    ('deliveries', 90, 9, 'notification_deliveries', 
     'status in (''sent'', ''failed'', ''skipped'', ''unknown'') and created_at < $1 and not internal.is_open_problem(fingerprint)'),
    ('notices', 90, 9, 'notices', 'last_seen_at < $1 and not internal.is_open_problem(fingerprint)'),
    ('monitor_checks', 14, 1, 'monitor_checks', 'checked_at < $1'),
    ('incidents', 400, 9, 'incidents', 'closed_at < $1'),
    ('alarm_events', 90, 1, 'alarm_events', 'changed_at < $1'),
    ('events', 30, 1, 'event_outbox', 'published_at < $1'),
    ('quarantine', 90, 1, 'sync_quarantine', 'resolved_at < $1'),
    ('maintenance_alerts', 180, 1, 'alerts',
     'not is_active and (is_read and resolved_at < $1
        -- A dismissal holds as long as its maintenance is open.
        or is_dismissed and updated_at < $1 and maintenance_id is not null and not exists (
             select from maintenances m where m.id = maintenance_id and m.status in (''planifiée'', ''en_cours'')))'),
    ('appointment_alerts', 400, 1, 'alert_logs', 'kind is not null and acknowledged and updated_at < $1'),
    ('humidity_alerts', 730, 1, 'humidity_alerts', '(is_resolved or archived) and updated_at < $1 and observed_at < $1'),
    ('ai_events', 90, 9, 'ai_events', 'created_at < $1'),
    ('backups', 400, 1, 'backups', '(removed_at is not null or status in (''failed'', ''inconclusive'')) and created_at < $1'),
    ('restore_drills', 400, 1, 'restore_drills', 'created_at < $1'),
    -- Cash sessions are never deleted: they are books.
    ('anomalies', 400, 9, 'anomalies', 'status = ''resolved'' and resolved_at < $1'),
    ('recommendations', 400, 1, 'recommendations', 'status in (''done'', ''ignored'') and decided_at < $1'),
    ('login_history', 180, 1, 'login_history', 'created_at < $1'),
    -- Anybody can make these, by typing a wrong password; the detection of attacks looks back a day.
    ('login_failures', 7, 1, 'login_history', 'not success and created_at < $1'),
    ('console_sessions', 7, 1, 'console_sessions', 'expires_at < $1'),
    ('rate_limits', 1, 1, 'rate_limits', 'window_ends_at < $1'),
    ('audit_log', 730, 1, 'audit_log', 'at < $1')
$$;

create or replace function internal.is_open_problem(p_fingerprint text) returns boolean
language sql stable set search_path = public, pg_temp as $$
  select exists (select from incidents i where i.fingerprint = p_fingerprint and i.closed_at is null)
      or exists (select from anomalies a where a.fingerprint = p_fingerprint and a.status = 'open')
$$;
comment on function internal.is_open_problem is
  'Whether what a notice speaks of is not over: then it is remembered who was notified, however long ago.';

create or replace function public.retention_plan() returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select jsonb_agg(jsonb_build_object('name', r.name, 'days', greatest(
           internal.setting_number('retention.' || r.name),
           r.least_days,
           -- A row that the scan would find again must not go.
           case r.name when 'humidity_alerts' then 60 + internal.setting_number('humidity.window_days') end)) order by r.name)
  from internal.retention_rules() r
$$;
comment on function public.retention_plan is 'Days per kind of row, from the settings retention.*.';

create or replace function public.cleanup_batch(
  p_run_id uuid, p_lease uuid, p_lease_seconds integer, p_name text, p_days integer, p_frequent text[],
  p_limit integer, p_dry_run boolean, p_now timestamptz
) returns jsonb language plpgsql set search_path = public, pg_temp as $$
declare
  v_rule record;
  v_count bigint;
  v_total bigint;
begin
  perform internal.hold_lease(p_run_id, p_lease, p_lease_seconds, p_now);
  select * into v_rule from internal.retention_rules() r where r.name = p_name;
  if not found then
    raise exception using errcode = 'GT004', message = format('there is no retention %L', p_name);
  end if;
  if p_dry_run then
    execute format('select count(*) from %I where %s', v_rule.table_name, v_rule.condition)
    into v_count using p_now - make_interval(days => p_days), p_frequent;
    return jsonb_build_object('batch', v_count, 'total', v_count);
  end if;
  execute format('delete from %1$I where ctid = any (array(select ctid from %1$I where %2$s limit $3))',
                 v_rule.table_name, v_rule.condition)
  using p_now - make_interval(days => p_days), p_frequent, p_limit;
  get diagnostics v_count = row_count;
  -- Counted where it is deleted: an answer that is lost, or a second attempt, loses no figure.
  update scheduler_logs
  set cleaned = cleaned || jsonb_build_object(p_name, coalesce((cleaned ->> p_name)::bigint, 0) + v_count)
  where id = p_run_id
  returning (cleaned ->> p_name)::bigint into v_total;
  return jsonb_build_object('batch', v_count, 'total', v_total);
end
$$;
comment on function public.cleanup_batch is
  'Deletes at most p_limit rows of one kind that are older than p_days; a dry run counts them all. Answers what it deleted, and what the run deleted of that kind: {batch, total}.';

create or replace function public.backup_cleaned(p_since timestamptz) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select coalesce(jsonb_agg(jsonb_build_object('at', cleaned.at, 'table', cleaned.table_name, 'rows', cleaned.rows)), '[]')
  from (
    -- A run that did not come to its end held its lease when it deleted.
    select coalesce(run.completed_at, run.lease_expires_at, run.started_at) as at, r.table_name,
           (deleted.value)::bigint as rows
    from scheduler_logs run
    cross join lateral jsonb_each(run.cleaned) deleted
    join internal.retention_rules() r on r.name = deleted.key
    where run.task_name = 'cleanup' and run.started_at > p_since - interval '1 day' and deleted.value > '0'
  ) cleaned
$$;
comment on function public.backup_cleaned is
  'What the clean-up deleted since an instant, by run: [{at, table, rows}]. Without it a copy after the clean-up would look as if rows had been lost.';

-- Who may use the console and its API: sessions, roles, rate limits, sign-ins; and the record of every change that a
-- person makes. Functions share no memory, so all of it are rows.

create or replace function internal.without_stamps(p_row jsonb) returns jsonb
language sql immutable as $$
  select case when jsonb_typeof(p_row) = 'object' then p_row - array['updated_at', 'updated_by'] else p_row end
$$;
comment on function internal.without_stamps is 'A row without who saved it last, and when.';

create or replace function internal.audit(
  p_actor jsonb, p_action text, p_subject text, p_before jsonb, p_after jsonb, p_now timestamptz
) returns void language sql set search_path = public, pg_temp as $$
  insert into audit_log (at, user_id, email, action, subject, before, after, address_hash)
  select p_now, p_actor ->> 'user_id', p_actor ->> 'email', p_action, left(p_subject, 200), p_before, p_after,
         internal.sign_in_hash(p_actor ->> 'address')
  -- What changed nothing is no change, whoever saved it and when.
  where internal.without_stamps(p_before) is distinct from internal.without_stamps(p_after)
$$;
comment on function internal.audit is 'Records a change. p_actor: user_id, email, address (hashed before it is stored).';

create or replace function internal.count_call(p_key text, p_limit integer, p_window_seconds integer, p_now timestamptz)
returns integer language plpgsql set search_path = public, pg_temp as $$
declare
  v_start timestamptz := to_timestamp(floor(extract(epoch from p_now) / p_window_seconds) * p_window_seconds);
  v_end timestamptz := v_start + make_interval(secs => p_window_seconds);
  v_count integer;
begin
  insert into rate_limits as r (key, window_started_at, window_ends_at, count) values (p_key, v_start, v_end, 1)
  on conflict (key) do update
  set count = case when r.window_started_at = v_start then r.count + 1 else 1 end,
      window_started_at = v_start, window_ends_at = v_end
  returning r.count into v_count;
  return case when v_count > p_limit then greatest(ceil(extract(epoch from v_end - p_now)), 1)::integer else 0 end;
end
$$;
comment on function internal.count_call is 'Counts a call. Seconds to wait when it is beyond the limit of its window, else 0.';

create or replace function public.authorize(p_request jsonb, p_now timestamptz) returns jsonb
language plpgsql set search_path = public, pg_temp as $$
declare
  c_roles constant text[] := array['viewer', 'operator', 'admin'];
  v_window integer := (p_request ->> 'window_seconds')::integer;
  v_session console_sessions;
  v_user jsonb := p_request -> 'user';
  v_refresh boolean := false;
  v_unconfirmed boolean := false;
  v_wait integer;
begin
  v_wait := internal.count_call('address:' || internal.sign_in_hash(p_request ->> 'address'),
                                (p_request ->> 'address_limit')::integer, v_window, p_now);
  if v_wait > 0 then
    return jsonb_build_object('outcome', 'limited', 'retry_after_seconds', v_wait);
  end if;
  if p_request ->> 'session_hash' is not null then
    select * into v_session from console_sessions
    where id_hash = p_request ->> 'session_hash' and expires_at > p_now
    for update;
    if found then
      v_user := jsonb_build_object('id', v_session.user_id, 'email', v_session.email, 'role', v_session.role);
    end if;
  end if;
  if v_user ->> 'id' is null then
    return jsonb_build_object('outcome', 'unauthenticated');
  end if;
  v_wait := internal.count_call('user:' || (v_user ->> 'id'), (p_request ->> 'user_limit')::integer, v_window, p_now);
  if v_wait > 0 then
    return jsonb_build_object('outcome', 'limited', 'retry_after_seconds', v_wait);
  end if;
  if v_session.id_hash is not null then
    -- One call of many is asked to look after the user; the others need not wait for Supabase Auth. The look counts when it
    -- was had (renew_console_session): whoever asked and got no answer asks again soon. What nobody could confirm for long
    -- is not known any more: then every call asks.
    v_unconfirmed := v_session.checked_at < p_now - make_interval(secs => (p_request ->> 'unchecked_seconds')::integer);
    v_refresh := v_unconfirmed
      or v_session.checked_at < p_now - make_interval(secs => (p_request ->> 'check_seconds')::integer)
         and coalesce(v_session.asked_at < p_now - interval '15 seconds', true);
    if v_refresh or v_session.last_seen_at < p_now - interval '1 minute' then
      update console_sessions
      set last_seen_at = p_now, asked_at = case when v_refresh then p_now else asked_at end
      where id_hash = v_session.id_hash;
    end if;
  end if;
  return jsonb_strip_nulls(jsonb_build_object(
    'outcome', case when coalesce(array_position(c_roles, v_user ->> 'role')
                                  >= array_position(c_roles, p_request ->> 'needs'), false)
                    then 'ok' else 'forbidden' end,
    'user_id', v_user ->> 'id', 'email', v_user ->> 'email', 'role', v_user ->> 'role',
    'refresh_token', case when v_refresh then v_session.refresh_token end,
    'is_unconfirmed', case when v_unconfirmed then true end,
    'expires_at', v_session.expires_at));
end
$$;
comment on function public.authorize is
  'One round trip per request: session or bearer''s user, role, both rate limits. p_request: session_hash? | user? {id, email, role}, needs (viewer|operator|admin), address, address_limit, user_limit, window_seconds, check_seconds, unchecked_seconds. Answers {outcome: ok|unauthenticated|forbidden|limited, user_id?, email?, role?, expires_at?, refresh_token? (look after the user now), is_unconfirmed? (and without an answer nobody is let in), retry_after_seconds?}.';

create or replace function public.allow_sign_in(p_name text, p_address text, p_limit integer, p_window_seconds integer, p_now timestamptz)
returns integer language plpgsql set search_path = public, pg_temp as $$
declare
  c_rows constant integer := 50;
  v_name text := internal.sign_in_hash(p_name);
  v_address text := internal.sign_in_hash(p_address);
  v_window timestamptz := to_timestamp(floor(extract(epoch from p_now) / p_window_seconds) * p_window_seconds);
  v_wait integer;
begin
  -- The address first: one that has had enough spends nobody's attempts. People of one office share an address.
  v_wait := internal.count_call('sign-in-address:' || v_address, p_limit * 4, p_window_seconds, p_now);
  if v_wait > 0 then
    -- Whatever name comes from there now is nobody's.
    v_name := internal.sign_in_hash('');
  elsif exists (select from login_history
                where user_hash = v_name and address_hash = v_address and success and created_at > p_now - interval '180 days') then
    -- Where a person has signed in before, strangers elsewhere cannot spend their attempts.
    v_wait := internal.count_call('sign-in-known:' || v_name || ':' || v_address, p_limit, p_window_seconds, p_now);
  else
    -- Supabase Auth counts all attempts of the console together, because they come from one place. So strangers get a share
    -- of them, and one address a part of that share: those who have signed in before keep the rest.
    v_wait := internal.count_call('sign-in-new-at:' || v_address, p_limit * 2, p_window_seconds, p_now);
    if v_wait = 0 then
      v_wait := internal.count_call('sign-in-name:' || v_name, p_limit, p_window_seconds, p_now);
    end if;
    if v_wait = 0 then
      v_wait := internal.count_call('sign-in-new', p_limit * 6, p_window_seconds, p_now);
    end if;
  end if;
  if v_wait > 0 then
    -- A row per window for a name and a place, and one for all beyond so many: who posts in a loop fills no table, whatever
    -- the names, and is counted.
    if c_rows <= (select count(*) from login_history where created_at = v_window and error_type = 'rate_limited')
       and not exists (select from login_history where user_hash = v_name and address_hash = v_address
                         and created_at = v_window and error_type = 'rate_limited') then
      v_name := internal.sign_in_hash('');
      v_address := v_name;
    end if;
    update login_history set attempts = attempts + 1
    where user_hash = v_name and address_hash = v_address and created_at = v_window and error_type = 'rate_limited';
    if not found then
      insert into login_history (user_hash, address_hash, success, error_type, created_at)
      values (v_name, v_address, false, 'rate_limited', v_window);
    end if;
  end if;
  return v_wait;
end
$$;
comment on function public.allow_sign_in is
  'Counts an attempt to sign in: per address, then per name and address where that person has signed in before; else per address, per name and in all. Seconds to wait, or 0. Those that must wait are counted for the detection of attacks.';

create or replace function public.create_console_session(p_session jsonb, p_address text, p_now timestamptz) returns void
language plpgsql set search_path = public, pg_temp as $$
begin
  insert into console_sessions (id_hash, user_id, email, role, refresh_token, address_hash, created_at, expires_at,
                                last_seen_at, checked_at)
  values (p_session ->> 'id_hash', p_session ->> 'user_id', p_session ->> 'email', p_session ->> 'role',
          p_session ->> 'refresh_token', internal.sign_in_hash(p_address), p_now,
          p_now + make_interval(secs => (p_session ->> 'lifetime_seconds')::integer), p_now, p_now)
  on conflict (id_hash) do nothing;
  if found then
    perform record_sign_in(p_user_name => p_session ->> 'email', p_address => p_address, p_success => true,
                           p_now => p_now, p_user_id => p_session ->> 'user_id');
  end if;
end
$$;
comment on function public.create_console_session is
  'A session and its line in login_history. p_session: id_hash, user_id, email, role, refresh_token (encrypted), lifetime_seconds. Repeated it does nothing.';

create or replace function public.renew_console_session(
  p_id_hash text, p_email text, p_role text, p_refresh_token text, p_now timestamptz
) returns void language sql set search_path = public, pg_temp as $$
  update console_sessions set email = p_email, role = p_role, refresh_token = p_refresh_token, checked_at = p_now
  where id_hash = p_id_hash
$$;
comment on function public.renew_console_session is 'What Supabase Auth says of the user now.';

create or replace function public.end_console_session(p_id_hash text, p_address text, p_now timestamptz) returns text
language plpgsql set search_path = public, pg_temp as $$
declare
  v_session console_sessions;
begin
  delete from console_sessions where id_hash = p_id_hash returning * into v_session;
  if not found then
    return null;
  end if;
  perform record_sign_in(p_user_name => v_session.email, p_address => p_address, p_success => true, p_now => p_now,
                         p_error_type => 'logout', p_user_id => v_session.user_id);
  return v_session.refresh_token;
end
$$;
comment on function public.end_console_session is 'Ends a session; returns its encrypted refresh token, for Supabase Auth to forget. Null when there was none.';

-- The maintenance alerts of the page: the most urgent first, page by page, and what people do to them.

create or replace function internal.alert_json(p_alert public.alerts) returns jsonb
language sql stable as $$
  select jsonb_build_object(
    'id', p_alert.id, 'asset_id', p_alert.asset_id, 'maintenance_id', p_alert.maintenance_id, 'alert_type', p_alert.alert_type,
    'priority', p_alert.priority, 'message', p_alert.message, 'due_date', p_alert.due_date, 'days_count', p_alert.days_count,
    'is_read', p_alert.is_read, 'is_active', p_alert.is_active, 'is_dismissed', p_alert.is_dismissed,
    'created_at', internal.instant(p_alert.created_at), 'updated_at', internal.instant(p_alert.updated_at))
$$;
comment on function internal.alert_json is 'A maintenance alert in the documented shape. Without search_path, so that it is inlined.';

create or replace function internal.client_name(p_external_id text) returns text
language sql stable set search_path = public, pg_temp as $$
  select coalesce(company_name, nullif(concat_ws(' ', first_name, last_name), '')) from gazelle_clients where external_id = p_external_id
$$;
comment on function internal.client_name is 'A client by its Gazelle id, as people call it.';

create or replace function public.alerts_page(
  p_limit integer default 200, p_cursor text default null, p_priority text default null, p_alert_type text default null,
  p_is_read boolean default null, p_search text default null, p_details boolean default false
) returns jsonb language plpgsql stable set search_path = public, pg_temp set plan_cache_mode = force_custom_plan set jit = off as $$
declare
  v_limit integer := internal.page_limit(p_limit, 200, 500);
  v_key text[] := internal.read_cursor(p_cursor, 'bigint', 'date', 'bigint');
  v_rank integer := v_key[1]::integer;
  v_due date := v_key[2]::date;
  v_id bigint := v_key[3]::bigint;
  v_search text := nullif(lower(btrim(left(p_search, 200))), '');
begin
  return (
    with page as (
      select a as alert, internal.priority_rank(a.priority) as rank, coalesce(a.due_date, 'infinity'::date) as due, a.id, a.asset_id,
             a.reopened_count
      from alerts a
      where a.is_active and not a.is_dismissed
        and (v_key is null
             or (internal.priority_rank(a.priority), coalesce(a.due_date, 'infinity'::date), a.id) > (v_rank, v_due, v_id))
        and (p_priority is null or a.priority = p_priority)
        and (p_alert_type is null or a.alert_type = p_alert_type)
        and (p_is_read is null or a.is_read = p_is_read)
        and (v_search is null or strpos(lower(a.message), v_search) > 0)
      order by internal.priority_rank(a.priority), coalesce(a.due_date, 'infinity'::date), a.id
      limit v_limit + 1
    )
    select internal.paged(
        array_agg(case when p_details then internal.alert_json(p.alert) || jsonb_build_object(
                  'asset_name', s.name, 'location', s.location, 'client_name', internal.client_name(s.client_external_id),
                  'reopened_count', p.reopened_count) else internal.alert_json(p.alert) end order by p.rank, p.due, p.id),
        array_agg(jsonb_build_array(p.rank, p.due, p.id) order by p.rank, p.due, p.id),
        v_limit)
    from page p left join assets s on p_details and s.id = p.asset_id);
end
$$;
comment on function public.alerts_page is
  'GET /alerts: the active alerts by rank, then due date (without one last); limit 200, at most 500. p_details adds asset_name, location, client_name and reopened_count.';

create or replace function public.maintenance_alerts_list(p_limit integer default 200, p_cursor text default null) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select jsonb_build_object('alerts', page -> 'items', 'count', (public.alert_stats() -> 'total'), 'next', page -> 'next')
  from (select public.alerts_page(p_limit, p_cursor) as page) p
$$;
comment on function public.maintenance_alerts_list is
  'GET /alertes/maintenance: {alerts, count, next}; count is that of all active alerts, also of those on the next pages.';

create or replace function public.console_read_alert(p_id bigint, p_actor jsonb, p_now timestamptz) returns jsonb
language plpgsql set search_path = public, pg_temp as $$
declare
  v_before jsonb := (select internal.alert_json(a) from alerts a where id = p_id);
begin
  perform public.mark_alert_read(p_id, p_now);
  perform internal.audit(p_actor, 'alert.read', 'alert:' || p_id, v_before, (select internal.alert_json(a) from alerts a where id = p_id), p_now);
  return (select internal.alert_json(a) from alerts a where id = p_id);
end
$$;
comment on function public.console_read_alert is 'PUT /alerts/{id}/read: the alert in the documented shape; null when there is none.';

create or replace function public.console_dismiss_alert(p_id bigint, p_actor jsonb, p_now timestamptz) returns jsonb
language plpgsql set search_path = public, pg_temp as $$
declare
  v_before jsonb := (select internal.alert_json(a) from alerts a where id = p_id);
begin
  perform public.dismiss_alert(p_id, (p_actor ->> 'email'), p_now);
  perform internal.audit(p_actor, 'alert.dismiss', 'alert:' || p_id, v_before, (select internal.alert_json(a) from alerts a where id = p_id), p_now);
  return (select internal.alert_json(a) from alerts a where id = p_id);
end
$$;
comment on function public.console_dismiss_alert is 'DELETE /alerts/{id}: the alert, dismissed; null when there is none.';

-- The appointment alerts of the page: who has not confirmed, what was sent to whom, and what waits.

create or replace function public.appointment_check(p_target_date date, p_now timestamptz, p_exclude_types text[] default '{}')
returns jsonb language sql stable set search_path = public, pg_temp as $$
  with found as (
    select a.*, g.event_type, g.status, g.created_at, c.email as client_email
    from (select * from unconfirmed_appointments
          where appointment_date = p_target_date
          order by appointment_time nulls first, external_id limit 500) a
    join gazelle_appointments g on g.external_id = a.external_id
    left join gazelle_clients c on c.external_id = a.client_external_id
    where coalesce(g.event_type, '') <> all (coalesce(p_exclude_types, '{}'))
  ), technicians as (
    select f.technician_id as id, coalesce(max(s.display_name), nullif(max(concat_ws(' ', u.first_name, u.last_name)), '')) as name,
           coalesce(max(s.email), max(u.email)) as email, count(*) as unconfirmed,
           jsonb_agg(jsonb_build_object(
             'appointment_id', f.appointment_id, 'external_id', f.external_id, 'appointment_date', f.appointment_date,
             'appointment_time', f.appointment_time, 'title', f.title, 'description', f.notes, 'service_type', f.event_type,
             'client_id', f.client_external_id, 'client_name', f.client_name, 'client_email', f.client_email,
             'client_phone', f.client_phone, 'status', f.status, 'created_at', internal.instant(f.created_at))
             order by f.appointment_time nulls first, f.external_id) as appointments
    from found f
    -- A person is who they are, also after they left.
    left join staff s on s.gazelle_id = f.technician_id
    left join users u on u.id = f.technician_id
    group by f.technician_id
  )
  select jsonb_build_object(
    'target_date', p_target_date, 'checked_at', internal.instant(p_now),
    'technicians', coalesce(jsonb_agg(jsonb_build_object('id', id, 'name', name, 'email', email, 'unconfirmed_count', unconfirmed,
                     'appointments', appointments) order by id nulls last), '[]'),
    'total_technicians', count(*), 'total_appointments', coalesce(sum(unconfirmed), 0))
  from technicians
$$;
comment on function public.appointment_check is
  'GET /alertes-rv/check: the unconfirmed appointments of a date by technician, at most 500. The only list with e-mail addresses and telephone numbers of clients, because the office calls them.';

create or replace function internal.appointment_alert_json(p_alert public.alert_logs) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select jsonb_build_object(
    'id', p_alert.id, 'appointment_id', p_alert.appointment_id, 'appointment_external_id', p_alert.appointment_external_id,
    'technician_id', p_alert.technician_id, 'technician_name', p_alert.technician_name,
    'appointment_date', p_alert.appointment_date, 'appointment_time', p_alert.appointment_time, 'client_name', p_alert.client_name,
    'service_type', p_alert.service_type, 'title', p_alert.title, 'description', p_alert.description, 'status', p_alert.status,
    'acknowledged', coalesce(p_alert.acknowledged, false), 'acknowledged_at', internal.instant(p_alert.acknowledged_at),
    'acknowledged_by', p_alert.acknowledged_by, 'sent_at', internal.instant(p_alert.sent_at), 'triggered_by', p_alert.triggered_by,
    'appointment_count', p_alert.appointment_count, 'run_id', p_alert.run_id,
    'created_at', internal.instant(p_alert.created_at), 'updated_at', internal.instant(p_alert.updated_at))
$$;
comment on function internal.appointment_alert_json is 'An appointment alert as lists show it: without addresses and telephone numbers.';

create or replace function internal.appointment_alert_list(p_limit integer, p_cursor text, p_offset integer, p_pending boolean, p_technician_id text)
returns jsonb language plpgsql stable set search_path = public, pg_temp set plan_cache_mode = force_custom_plan as $$
declare
  v_key text[] := internal.read_cursor(p_cursor, 'timestamptz', 'text');
begin
  return (
    select internal.paged(
        array_agg(internal.appointment_alert_json(l) order by l.created_at desc nulls last, l.id::text desc),
        array_agg(jsonb_build_array(coalesce(l.created_at, '-infinity'), l.id::text) order by l.created_at desc nulls last, l.id::text desc),
        p_limit)
    from (
      select * from alert_logs l
      where (v_key is null or (l.created_at, l.id::text) < (v_key[1]::timestamptz, v_key[2]))
        and (p_technician_id is null or l.technician_id = p_technician_id)
        and (not p_pending or not coalesce(l.acknowledged, false))
      order by l.created_at desc nulls last, l.id::text desc
      offset least(greatest(coalesce(p_offset, 0), 0), 10000) limit p_limit + 1) l);
end
$$;
comment on function internal.appointment_alert_list is 'Appointment alerts, the newest first: one page. The keys of the predecessor may be of any type.';

create or replace function internal.appointment_groups(p_by text) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select coalesce(jsonb_object_agg(name, n), '{}') from (
    select case p_by when 'technician' then coalesce(technician_name, technician_id, '?') else coalesce(triggered_by, '?') end as name,
           count(*) as n
    from alert_logs group by 1 order by 2 desc, 1 limit 100) t
$$;
comment on function internal.appointment_groups is 'Alerts counted by technician, or by who started them; the 100 largest groups.';

create or replace function public.appointment_history(p_limit integer default 50, p_offset integer default 0, p_cursor text default null)
returns jsonb language sql stable set search_path = public, pg_temp as $$
  select jsonb_build_object(
    'alerts', l -> 'items', 'count', jsonb_array_length(l -> 'items'),
    'total_appointments_alerted', (select coalesce(sum(coalesce(appointment_count, 1)), 0) from alert_logs),
    'stats_by_user', internal.appointment_groups('user'), 'stats_by_technician', internal.appointment_groups('technician'),
    'next', l -> 'next')
  from (select internal.appointment_alert_list(internal.page_limit(p_limit, 50, 200), p_cursor, p_offset, false, null) as l) t
$$;
comment on function public.appointment_history is
  'GET /alertes-rv/history: {alerts, count, total_appointments_alerted, stats_by_user, stats_by_technician, next}; limit 50, at most 200.';

create or replace function public.appointment_pending(
  p_technician_id text default null, p_limit integer default 50, p_cursor text default null
) returns jsonb language sql stable set search_path = public, pg_temp as $$
  select jsonb_build_object('alerts', l -> 'items', 'count', jsonb_array_length(l -> 'items'), 'next', l -> 'next')
  from (select internal.appointment_alert_list(internal.page_limit(p_limit, 50, 200), p_cursor, 0, true, p_technician_id) as l) t
$$;
comment on function public.appointment_pending is 'GET /alertes-rv/pending: what nobody took note of {alerts, count, next}.';

create or replace function internal.is_late_alert(p_alert public.alert_logs) returns boolean
language sql stable as $$
  select exists (select from public.gazelle_appointments a
                 where a.external_id = p_alert.appointment_external_id
                   and a.created_at > p_alert.created_at - interval '24 hours')
$$;
comment on function internal.is_late_alert is 'Whether the appointment was made within the day before its alert. Without search_path, so that it is inlined.';

create or replace function public.appointment_late(p_limit integer default 50, p_cursor text default null) returns jsonb
language plpgsql stable set search_path = public, pg_temp set plan_cache_mode = force_custom_plan as $$
declare
  v_limit integer := internal.page_limit(p_limit, 50, 200);
  v_key text[] := internal.read_cursor(p_cursor, 'timestamptz', 'text');
  v_page jsonb;
begin
  select internal.paged(
      array_agg(internal.appointment_alert_json(l) order by l.created_at desc nulls last, l.id::text desc),
      array_agg(jsonb_build_array(coalesce(l.created_at, '-infinity'), l.id::text) order by l.created_at desc nulls last, l.id::text desc),
      v_limit)
  into v_page
  from (
    select * from alert_logs l
    where (v_key is null or (l.created_at, l.id::text) < (v_key[1]::timestamptz, v_key[2])) and internal.is_late_alert(l)
    order by l.created_at desc nulls last, l.id::text desc limit v_limit + 1) l;
  return (
    select jsonb_build_object('alerts', v_page -> 'items', 'count', jsonb_array_length(v_page -> 'items'),
      'pending', count(*) filter (where status = 'pending'), 'sent', count(*) filter (where status = 'sent'),
      'failed', count(*) filter (where status = 'failed'), 'next', v_page -> 'next')
    from alert_logs l where internal.is_late_alert(l));
end
$$;
comment on function public.appointment_late is
  'GET /alertes-rv/late-assignment: alerts about appointments made within a day before {alerts, count, pending, sent, failed, next}. The three counts are of all of them: a failure is shown.';

create or replace function public.appointment_stats(p_now timestamptz) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select jsonb_build_object(
    'total_alerts_sent', count(*) filter (where status = 'sent'),
    'alerts_last_7_days', count(*) filter (where status = 'sent' and at > p_now - interval '7 days' and at <= p_now),
    'alerts_last_30_days', count(*) filter (where status = 'sent' and at > p_now - interval '30 days' and at <= p_now),
    'by_user', internal.appointment_groups('user'),
    'by_status', jsonb_build_object('sent', 0, 'failed', 0, 'pending', 0, 'skipped', 0, 'unknown', 0)
                 || coalesce((select jsonb_object_agg(status, n) from (
                      select status, count(*) as n from alert_logs where status is not null group by 1) s), '{}'),
    'total_appointments_alerted', coalesce(sum(coalesce(appointment_count, 1)), 0))
  from (select status, appointment_count, coalesce(sent_at, created_at) as at from alert_logs) l
$$;
comment on function public.appointment_stats is
  'GET /alertes-rv/stats: {total_alerts_sent, alerts_last_7_days, alerts_last_30_days, by_user, by_status, total_appointments_alerted}. Failures are shown.';

create or replace function public.console_acknowledge_appointment(p_id text, p_actor jsonb, p_now timestamptz) returns jsonb
language plpgsql set search_path = public, pg_temp as $$
declare
  v_before jsonb;
begin
  select jsonb_build_object('acknowledged', coalesce(acknowledged, false), 'acknowledged_by', acknowledged_by) into v_before
  from alert_logs where id::text = p_id for update;
  if not found then
    return null;
  end if;
  -- Who took note first stays.
  if not (v_before -> 'acknowledged')::boolean then
    perform public.acknowledge_appointment_alert(p_id, (p_actor ->> 'email'), p_now);
    perform internal.audit(p_actor, 'appointment.acknowledge', 'appointment_alert:' || p_id, v_before,
                           jsonb_build_object('acknowledged', true, 'acknowledged_by', left((p_actor ->> 'email'), 200)), p_now);
  end if;
  return jsonb_build_object('success', true, 'id', p_id);
end
$$;
comment on function public.console_acknowledge_appointment is 'POST /alertes-rv/resolve/{id}: {success, id}; null when there is none.';

-- Equipment and its planned services: lists, and what people add, change and delete.

-- The words, for the triggers and the forms alike. Without search_path, so that they are inlined.

create or replace function internal.asset_categories() returns text[] language sql immutable as $$
  select array['piano', 'dampp_chaser', 'bâtiment', 'véhicule', 'équipement', 'mobilier', 'terrain']
$$;

create or replace function internal.asset_statuses() returns text[] language sql immutable as $$
  select array['actif', 'maintenance', 'hors_service', 'déclassé', 'maintenance_required']
$$;

create or replace function internal.maintenance_types() returns text[] language sql immutable as $$
  select array['préventive', 'corrective', 'inspection']
$$;

create or replace function internal.maintenance_statuses() returns text[] language sql immutable as $$
  select array['planifiée', 'en_cours', 'complétée', 'annulée']
$$;

create or replace function internal.normalize_asset() returns trigger
language plpgsql set search_path = public, pg_temp as $$
begin
  if new.category <> all (internal.asset_categories()) then
    new.category := internal.canonical_word('category', new.category, internal.asset_categories());
  end if;
  if new.status <> all (internal.asset_statuses()) then
    new.status := internal.canonical_word('status', new.status, internal.asset_statuses());
  end if;
  return new;
end
$$;

create or replace function internal.normalize_maintenance() returns trigger
language plpgsql set search_path = public, pg_temp as $$
begin
  if new.maintenance_type <> all (internal.maintenance_types()) then
    new.maintenance_type := internal.canonical_word('maintenance_type', new.maintenance_type, internal.maintenance_types());
  end if;
  if new.status <> all (internal.maintenance_statuses()) then
    new.status := internal.canonical_word('status', new.status, internal.maintenance_statuses());
  end if;
  -- A status that somebody else writes over the sync's is a person's decision.
  if tg_op = 'UPDATE' and new.status <> old.status and old.closed_by_sync and new.closed_by_sync then
    new.closed_by_sync := false;
  end if;
  return new;
end
$$;

create or replace function internal.asset_json(p_asset public.assets) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select internal.row_json(to_jsonb(p_asset))
$$;

create or replace function internal.maintenance_json(p_maintenance public.maintenances) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select internal.row_json(to_jsonb(p_maintenance), 'closed_by_sync')
$$;

create or replace function public.assets_page(
  p_limit integer default 100, p_cursor text default null, p_category text default null, p_status text default null,
  p_search text default null
) returns jsonb language plpgsql stable set search_path = public, pg_temp set plan_cache_mode = force_custom_plan as $$
declare
  v_limit integer := internal.page_limit(p_limit, 100, 500);
  v_key text[] := internal.read_cursor(p_cursor, 'text', 'bigint');
  v_search text := nullif(lower(btrim(left(p_search, 200))), '');
  v_category text := internal.given_word('category', p_category, internal.asset_categories());
  v_status text := internal.given_word('status', p_status, internal.asset_statuses());
begin
  return (
    select internal.paged(
        array_agg(internal.asset_json(a) order by a.name, a.id),
        array_agg(jsonb_build_array(a.name, a.id) order by a.name, a.id),
        v_limit)
    from (
      select * from assets
      where (v_key is null or (name, id) > (v_key[1], v_key[2]::bigint))
        and (v_category is null or category = v_category)
        and (v_status is null or status = v_status)
        and (v_search is null or strpos(lower(concat_ws(' ', name, location, qr_code, description, assigned_to)), v_search) > 0)
      order by name, id limit v_limit + 1) a);
end
$$;
comment on function public.assets_page is 'GET /assets by name; limit 100, at most 500. GT010 for a category or a status that does not exist.';

create or replace function public.asset_detail(p_id bigint) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select jsonb_build_object(
    'asset', internal.asset_json(a), 'client_name', internal.client_name(a.client_external_id),
    'maintenances', (select coalesce(jsonb_agg(internal.maintenance_json(m) order by m.scheduled_date desc nulls first, m.id desc), '[]')
                     from (select * from maintenances where asset_id = a.id order by scheduled_date desc nulls first, id desc limit 100) m),
    'alerts', (select coalesce(jsonb_agg(internal.alert_json(l) order by l.updated_at desc, l.id), '[]')
               from (select * from alerts where asset_id = a.id order by updated_at desc, id limit 100) l))
  from assets a where a.id = p_id
$$;
comment on function public.asset_detail is 'GET /assets/{id}: {asset, client_name, maintenances[], alerts[]}, the newest 100 of each; null when there is none.';

create or replace function public.asset_statistics() returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select jsonb_build_object(
    'total_assets', count(*), 'active_assets', count(*) filter (where status = 'actif'), 'total_value', coalesce(sum(current_value), 0),
    'by_category', coalesce((select jsonb_agg(jsonb_build_object('category', category, 'count', n) order by category)
                             from (select category, count(*) as n from assets group by category) c), '[]'))
  from assets
$$;
comment on function public.asset_statistics is 'GET /statistics: {total_assets, active_assets, total_value, by_category[{category, count}]}.';

create or replace function public.save_asset(
  p_values jsonb, p_actor jsonb, p_now timestamptz, p_id bigint default null
) returns jsonb
language plpgsql set search_path = public, pg_temp as $$
declare
  v_row assets;
  v_before jsonb;
begin
  if p_id is not null then
    select * into v_row from assets where id = p_id for update;
    if not found then
      return null;
    end if;
    v_before := internal.asset_json(v_row);
  end if;
  v_row := jsonb_populate_record(v_row, p_values);
  v_row.category := internal.given_word('category', v_row.category, internal.asset_categories());
  v_row.status := coalesce(internal.given_word('status', v_row.status, internal.asset_statuses()), 'actif');
  perform internal.required('name', v_row.name);
  perform internal.required('category', v_row.category);
  if p_id is null then
    insert into assets (name, category, description, qr_code, acquisition_date, acquisition_value, current_value, location,
                        assigned_to, status, client_external_id, service_interval_months, next_service_date, created_at, updated_at)
    values (v_row.name, v_row.category, v_row.description, v_row.qr_code, v_row.acquisition_date, v_row.acquisition_value,
            v_row.current_value, v_row.location, v_row.assigned_to, v_row.status, v_row.client_external_id,
            v_row.service_interval_months, v_row.next_service_date, p_now, p_now)
    returning * into v_row;
    -- The label that is printed and stuck on it.
    update assets set qr_code = coalesce(qr_code, 'ASSET-' || id) where id = v_row.id returning * into v_row;
  else
    update assets set name = v_row.name, category = v_row.category, description = v_row.description, qr_code = v_row.qr_code,
      acquisition_date = v_row.acquisition_date, acquisition_value = v_row.acquisition_value, current_value = v_row.current_value,
      location = v_row.location, assigned_to = v_row.assigned_to, status = v_row.status,
      client_external_id = v_row.client_external_id, service_interval_months = v_row.service_interval_months,
      next_service_date = v_row.next_service_date, updated_at = p_now
    where id = p_id returning * into v_row;
  end if;
  perform internal.audit(p_actor, case when p_id is null then 'asset.create' else 'asset.update' end, 'asset:' || v_row.id,
                         v_before, internal.asset_json(v_row), p_now);
  return internal.asset_json(v_row);
end
$$;
comment on function public.save_asset is
  'Creates (p_id null) or changes an asset; fields that are absent stay. Answers the row, null when there is none to change. GT010 names the field.';

create or replace function public.delete_asset(p_id bigint, p_actor jsonb, p_now timestamptz) returns jsonb
language plpgsql set search_path = public, pg_temp as $$
declare
  v_row assets;
begin
  select * into v_row from assets where id = p_id for update;
  if not found then
    return null;
  end if;
  if v_row.external_ref is not null then
    -- The next run would make it again.
    perform internal.refuse('id', 'piano-is-gazelles');
  end if;
  delete from assets where id = p_id;
  perform internal.audit(p_actor, 'asset.delete', 'asset:' || p_id, internal.asset_json(v_row), null, p_now);
  return internal.asset_json(v_row);
end
$$;
comment on function public.delete_asset is
  'Deletes an asset with its maintenances and alerts; answers the row, null when there is none. GT010 for a piano of the mirror.';

-- The audit as administrators read it: who changed what, newest first.

create or replace function public.audit_page(
  p_limit integer default 50, p_cursor text default null, p_action text default null, p_subject text default null,
  p_email text default null, p_from timestamptz default null, p_until timestamptz default null
) returns jsonb language plpgsql stable set search_path = public, pg_temp set plan_cache_mode = force_custom_plan as $$
declare
  v_limit integer := internal.page_limit(p_limit, 50, 200);
  v_key text[] := internal.read_cursor(p_cursor, 'bigint');
begin
  return (
    select internal.paged(
        array_agg(jsonb_build_object('id', a.id, 'at', internal.instant(a.at), 'email', a.email, 'action', a.action,
                       'subject', a.subject, 'before', a.before, 'after', a.after) order by a.seq desc),
        array_agg(jsonb_build_array(a.seq) order by a.seq desc),
        v_limit)
    from (
      select * from audit_log
      where (v_key is null or seq < v_key[1]::bigint)
        -- A part of a name up to its sign is the whole group: incident, incident.acknowledge.
        and (p_action is null or action = p_action or starts_with(action, p_action || '.'))
        and (p_subject is null or subject = p_subject or starts_with(subject, p_subject || ':'))
        and (p_email is null or position(lower(p_email) in lower(email)) > 0)
        and (p_from is null or at >= p_from) and (p_until is null or at < p_until)
      order by seq desc limit v_limit + 1) a);
end
$$;
comment on function public.audit_page is
  'Changes that people made, the newest first {items, next}; limit 50, at most 200. The address stays in the table.';

-- What a person typed. The console checks a form by itself (functions/admin-api/src/data/form.rs) before it comes here; here is
-- what depends on stored rows, and the same limits once more as constraints, for whoever writes past the console.

create or replace function internal.given_word(p_field text, p_given text, p_words text[]) returns text
language plpgsql stable set search_path = public, pg_temp as $$
declare
  v_given text := nullif(btrim(p_given), '');
  v_word text := (select w from unnest(p_words) w where internal.fold_word(w) = internal.fold_word(v_given));
begin
  if v_given is not null and v_word is null then
    perform internal.refuse(p_field, 'expects-one-of', jsonb_build_object('accepted', array_to_string(p_words, ', ')));
  end if;
  return v_word;
end
$$;
comment on function internal.given_word is
  'A word of a form in its one spelling, whatever its accents, case and gender; null when there is none. GT010 when it is none of them.';

create or replace function internal.required(p_field text, p_value anyelement) returns void
language plpgsql stable set search_path = public, pg_temp as $$
begin
  if p_value is null then
    perform internal.refuse(p_field, 'is-required');
  end if;
end
$$;
comment on function internal.required is 'GT010 when a field has no value.';

-- The connection to Gazelle as the console shows and renews it, and the record of a test of the channels.

create or replace function public.gazelle_connection(p_now timestamptz) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select jsonb_build_object(
    'authorized', coalesce(t.token ->> 'refresh_token', '') <> '',
    'expires_at', internal.instant(t.expires_at),
    'is_expired', t.expires_at <= p_now,
    'renewed_at', internal.instant(t.updated_at))
  from (select) always
  left join lateral (
    select s.token, s.updated_at,
           case when jsonb_typeof(s.token -> 'created_at') = 'number' and jsonb_typeof(s.token -> 'expires_in') = 'number'
                then to_timestamp((s.token ->> 'created_at')::numeric + (s.token ->> 'expires_in')::numeric) end as expires_at
    from (select updated_at, case when jsonb_typeof(value) = 'string' and value #>> '{}' like '{%' then (value #>> '{}')::jsonb
                                  else value end as token
          from system_settings where key = 'gazelle_oauth_token') s) t on true
$$;
comment on function public.gazelle_connection is
  'How things stand with Gazelle: {authorized, expires_at, is_expired, renewed_at}. Never a token.';

create or replace function public.begin_gazelle_authorization(
  p_state_hash text, p_actor jsonb, p_lifetime_seconds integer, p_now timestamptz
) returns void language plpgsql set search_path = public, pg_temp as $$
begin
  delete from system_settings
  where key like 'gazelle\_oauth\_state:%' and (value ->> 'expires_at')::timestamptz <= p_now;
  insert into system_settings (key, value, created_at, updated_at)
  values ('gazelle_oauth_state:' || p_state_hash,
          jsonb_build_object('user_id', p_actor ->> 'user_id', 'expires_at', p_now + make_interval(secs => p_lifetime_seconds)), p_now, p_now)
  on conflict (key) do nothing;
end
$$;
comment on function public.begin_gazelle_authorization is
  'Somebody goes to Gazelle: the SHA-256 of the state with which they must come back, and until when. What is too old goes.';

create or replace function public.take_gazelle_authorization(p_state_hash text, p_actor jsonb, p_now timestamptz) returns boolean
language sql set search_path = public, pg_temp as $$
  with taken as (
    delete from system_settings
    where key = 'gazelle_oauth_state:' || p_state_hash and value ->> 'user_id' = p_actor ->> 'user_id'
      and (value ->> 'expires_at')::timestamptz > p_now
    returning 1)
  select exists (select from taken)
$$;
comment on function public.take_gazelle_authorization is
  'Whether this very user went to Gazelle with this state a short while ago. It counts once.';

create or replace function public.record_gazelle_authorization(p_before jsonb, p_actor jsonb, p_now timestamptz) returns jsonb
language plpgsql set search_path = public, pg_temp as $$
declare
  v_after jsonb := public.gazelle_connection(p_now);
begin
  perform internal.audit(p_actor, 'gazelle.authorize', 'gazelle', p_before, v_after, p_now);
  return v_after;
end
$$;
comment on function public.record_gazelle_authorization is 'Notes that somebody connected Gazelle again; answers the connection.';

create or replace function public.allow_channel_test(p_actor jsonb, p_limit integer, p_window_seconds integer, p_now timestamptz)
returns integer language sql set search_path = public, pg_temp as $$
  select internal.count_call('channel-test:' || (p_actor ->> 'user_id'), p_limit, p_window_seconds, p_now)
$$;
comment on function public.allow_channel_test is 'Counts a test of the channels. Seconds to wait, or 0.';

create or replace function public.record_channel_test(p_report jsonb, p_actor jsonb, p_now timestamptz) returns void
language sql set search_path = public, pg_temp as $$
  select internal.audit(p_actor, 'channel.test', coalesce('channel:' || (p_report ->> 'channel'), 'channels'), null, p_report, p_now)
$$;
comment on function public.record_channel_test is 'Notes who tested the channels, and what became of it.';

create or replace function public.channels_overview() returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select jsonb_build_object(
    'channels', (select jsonb_agg(jsonb_build_object(
                   'channel', c, 'disabled_at', internal.instant(q.disabled_at), 'disabled_reason', q.disabled_reason,
                   'recipients', (select coalesce(jsonb_agg(jsonb_build_object(
                                    'recipient', r.recipient, 'disabled_at', internal.instant(r.disabled_at),
                                    'disabled_reason', r.disabled_reason) order by r.recipient), '[]')
                                  from notification_queues r
                                  where r.channel = c and r.recipient <> '' and r.disabled_at is not null)) order by rank)
                 from unnest(array['slack', 'email', 'telegram']) with ordinality names (c, rank)
                 left join notification_queues q on q.channel = c and q.recipient = ''),
    'tests', (select coalesce(jsonb_agg(jsonb_build_object(
                'at', internal.instant(t.at), 'email', t.email, 'channel', t.after ->> 'channel', 'status', t.after ->> 'status',
                'deliveries', t.after -> 'deliveries') order by t.seq desc), '[]')
              from (select * from audit_log where action = 'channel.test' order by at desc, seq desc limit 5) t))
$$;
comment on function public.channels_overview is
  'The channels, for whom each was switched off because its service refused it, and the last five tests: {channels, tests}.';

-- The health of the whole, from stored results only: nothing here detects or probes.

create or replace function internal.anomaly_rank(p_severity text) returns integer
language sql immutable as $$
  select case p_severity when 'critical' then 0 when 'high' then 1 when 'medium' then 2 else 3 end
$$;

create or replace function internal.health_anomalies() returns jsonb
language sql stable set search_path = public, pg_temp as $$
  with named (name, categories) as (
    values ('cash_anomalies', array['cash']), ('sync_anomalies', array['sync']), ('auth_anomalies', array['auth']),
           ('classification_anomalies', array['ai']), ('data_anomalies', array['data', 'humidity', 'unusual']),
           ('detection_anomalies', array['detection'])
  )
  select jsonb_object_agg(n.name, (
    select coalesce(jsonb_agg(internal.anomaly_json(a) order by internal.anomaly_rank(a.severity), a.opened_at desc, a.id), '[]')
    from (select * from anomalies
          where status = 'open' and category = any (n.categories)
          order by internal.anomaly_rank(severity), opened_at desc, id limit 100) a))
  from named n
$$;
comment on function internal.health_anomalies is
  'The open anomalies as arrays, the four documented ones and those of the mirror and of the detectors; the gravest first, at most 100 each.';

create or replace function internal.anomaly_counts() returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select jsonb_build_object(
    'total', count(*), 'critical', count(*) filter (where severity = 'critical'), 'high', count(*) filter (where severity = 'high'),
    'medium', count(*) filter (where severity = 'medium'), 'low', count(*) filter (where severity = 'low'))
  from anomalies where status = 'open'
$$;
comment on function internal.anomaly_counts is 'Open anomalies: records by severity, not categories.';

create or replace function internal.overall_status() returns text
language sql stable set search_path = public, pg_temp as $$
  select case
    when exists (select from anomalies where status = 'open' and severity = 'critical')
      or exists (select from incidents i join monitor_targets t on t.name = i.subject
                 where i.kind = 'availability' and i.closed_at is null and t.required) then 'critical'
    when exists (select from anomalies where status = 'open' and severity = 'high') then 'degraded'
    else 'healthy' end
$$;
comment on function internal.overall_status is
  'critical: a critical anomaly, or an open incident on a required target; degraded: a high anomaly; else healthy.';

create or replace function internal.scheduler_is_running(p_now timestamptz) returns boolean
language sql stable set search_path = public, pg_temp as $$
  -- Tasks of five minutes: three of their starts missed are no coincidence.
  select exists (select from scheduler_logs
                 where started_at > p_now - interval '15 minutes' and started_at <= p_now and triggered_by = 'scheduler')
$$;
comment on function internal.scheduler_is_running is 'Whether a schedule started something in the last 15 minutes.';

create or replace function internal.task_states(p_tasks text[], p_now timestamptz) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  -- The few that are at work, once: per task, the whole log would be read to find none.
  with live as materialized (
    select distinct on (task_name) * from scheduler_logs
    where status in ('queued', 'running')
      -- A lease that ended is a process that is gone.
      and (lease_expires_at is null or lease_expires_at >= p_now)
    order by task_name, started_at desc
  )
  select coalesce(jsonb_agg(jsonb_build_object(
           'name', task.name, 'label', last.task_label, 'enabled', not coalesce(st.paused, false),
           'paused_by', case when st.paused then st.paused_by end,
           'paused_at', case when st.paused then internal.instant(st.paused_at) end,
           'pause_reason', case when st.paused then st.reason end,
           'last_run', internal.instant(last.started_at), 'last_status', last.status, 'last_run_id', last.id,
           'last_message', last.message, 'last_error_kind', last.error_kind,
           'last_duration_ms', coalesce(last.duration_ms, last.duration_seconds * 1000::bigint),
           'last_success', internal.instant(good.started_at),
           'running', live.id is not null,
           'live_run', case when live.id is not null then jsonb_build_object(
             'id', live.id, 'status', live.status, 'started_at', internal.instant(live.started_at), 'progress', live.progress,
             'triggered_by', live.triggered_by, 'triggered_by_user', live.triggered_by_user) end) order by task.position), '[]')
  from unnest(p_tasks) with ordinality task (name, position)
  left join task_states st on st.task_name = task.name
  left join lateral (select * from scheduler_logs r where r.task_name = task.name
                     order by r.started_at desc, r.id desc limit 1) last on true
  left join lateral (select r.started_at from scheduler_logs r
                     where r.task_name = task.name and r.status in ('success', 'warning')
                       and not coalesce(r.stats @> '{"paused": true}', false)
                     order by r.started_at desc, r.id desc limit 1) good on true
  left join live on live.task_name = task.name
$$;
comment on function internal.task_states is
  'Per task, in the order given: pause, last run, last success and the live run. next_run and interval_minutes are the caller''s, who knows the schedules.';

create or replace function internal.ai_figures(p_from timestamptz, p_until timestamptz) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select jsonb_build_object(
    'calls', count(*), 'errors', count(*) filter (where not success),
    'error_percent', internal.percent(count(*) filter (where not success), count(*)),
    'mean_confidence', round(avg(confidence)::numeric, 3), 'mean_latency_ms', round(avg(latency_ms))::bigint)
  from ai_events where created_at > p_from and created_at <= p_until
$$;
comment on function internal.ai_figures is 'Calls of language models in a span; the means are null without calls.';

create or replace function internal.error_rate(p_from timestamptz, p_until timestamptz) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select jsonb_build_object(
    'runs', coalesce(sum(success + warning + error), 0), 'errors', coalesce(sum(error), 0),
    'percent', internal.percent(sum(error)::bigint, sum(success + warning + error)::bigint))
  from internal.run_figures(p_from, p_until)
$$;
comment on function internal.error_rate is 'Ended runs of a span and how many of them failed.';

create or replace function internal.usage_figures(p_from timestamptz, p_until timestamptz) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select jsonb_build_object(
    'runs_by_trigger', (select coalesce(jsonb_object_agg(by, n), '{}') from (
      select coalesce(triggered_by, 'scheduler') as by, count(*) as n from scheduler_logs
      where started_at > p_from and started_at <= p_until group by 1) t),
    'notifications_sent', internal.notifications_sent(p_from, p_until),
    'people', (select count(distinct user_hash) from login_history where success and created_at > p_from and created_at <= p_until),
    'cash_sessions', (select count(*) from cash_sessions where opened_at > p_from and opened_at <= p_until),
    -- As the detectors counted them last: counting takes longer than a page may.
    'rows', coalesce((select stats -> 'live' from scheduler_logs
                      where task_name = 'anomalies' and status in ('success', 'warning') and jsonb_typeof(stats -> 'live') = 'object'
                      order by started_at desc limit 1), '{}'))
$$;
comment on function internal.usage_figures is
  'What was used in a span: {runs_by_trigger, notifications_sent, people, cash_sessions, rows}.';

create or replace function internal.computed_at() returns text
language sql stable set search_path = public, pg_temp as $$
  select internal.instant(completed_at) from scheduler_logs
  where task_name = 'anomalies' and status in ('success', 'warning') order by started_at desc limit 1
$$;
comment on function internal.computed_at is 'When the detectors last finished; null before their first run.';

create or replace function internal.recommendation_json(p_row public.recommendations) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select internal.row_json(to_jsonb(p_row), 'evidence_key')
$$;
comment on function internal.recommendation_json is 'A recommendation as the API shows it: {type, priority, title, description, actions} and its life.';

create or replace function internal.open_recommendations(p_limit integer) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select coalesce(jsonb_agg(internal.recommendation_json(r) order by array_position(array['high', 'medium', 'low'], r.priority), r.due_date, r.id), '[]')
  from (select * from recommendations where status = 'open'
        order by array_position(array['high', 'medium', 'low'], priority), due_date, id limit p_limit) r
$$;
comment on function internal.open_recommendations is 'Open recommendations, the most pressing first.';

create or replace function public.health_summary(p_tasks text[], p_now timestamptz) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  with counts as (select internal.anomaly_counts() as c), span as (select p_now - interval '24 hours' as since)
  select jsonb_build_object(
    'status', 'success',
    'system_health', jsonb_build_object(
      'overall_status', internal.overall_status(), 'anomalies_detected', c -> 'total', 'critical_anomalies', c -> 'critical',
      'scheduler_running', internal.scheduler_is_running(p_now), 'active_tasks', cardinality(p_tasks),
      'timestamp', internal.instant(p_now), 'computed_at', internal.computed_at()),
    'anomalies', internal.health_anomalies(),
    'recommendations', internal.open_recommendations(100),
    'scheduler_status', jsonb_build_object('running', internal.scheduler_is_running(p_now),
      'tasks', internal.task_states(p_tasks, p_now), 'total_tasks', cardinality(p_tasks)),
    'ai', internal.ai_figures(since, p_now) || '{"period_hours": 24}',
    'error_rate', internal.error_rate(since, p_now) || '{"period_hours": 24}',
    'usage', internal.usage_figures(since, p_now) || '{"period_hours": 24}')
  from counts, span
$$;
comment on function public.health_summary is
  'GET /admin/health: {status, system_health, anomalies (arrays only), recommendations, scheduler_status, ai, error_rate, usage}. p_tasks: the registered tasks. system_health.computed_at says how old the anomalies are.';

create or replace function public.health_anomalies(p_now timestamptz) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select jsonb_build_object(
    'status', 'success', 'anomalies', internal.health_anomalies(),
    'summary', jsonb_build_object('total_anomalies', c -> 'total', 'critical_anomalies', c -> 'critical'),
    'timestamp', internal.instant(p_now))
  from (select internal.anomaly_counts() as c) counts
$$;
comment on function public.health_anomalies is 'GET /admin/health/anomalies: the stored anomalies; nothing is detected again.';

create or replace function public.health_scheduler(p_tasks text[], p_now timestamptz) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select jsonb_build_object('status', 'success', 'scheduler', jsonb_build_object(
    'running', internal.scheduler_is_running(p_now), 'tasks', internal.task_states(p_tasks, p_now),
    'total_tasks', cardinality(p_tasks)))
$$;
comment on function public.health_scheduler is
  'GET /admin/health/scheduler: {status, scheduler: {running, tasks[], total_tasks}}; next_run is the caller''s.';

create or replace function public.health_database(p_now timestamptz) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  -- A query that reads a table: an answer from memory would prove nothing.
  select jsonb_build_object('status', 'healthy', 'database', 'connected', 'timestamp', internal.instant(p_now))
  from (select count(*) from (select from scheduler_logs limit 1) one) reads
$$;
comment on function public.health_database is 'GET /admin/health/database, when the database answers.';

create or replace function public.anomalies_page(
  p_limit integer default 50, p_cursor text default null, p_status text default null, p_category text default null,
  p_severity text default null
) returns jsonb language plpgsql stable set search_path = public, pg_temp set plan_cache_mode = force_custom_plan as $$
declare
  v_limit integer := internal.page_limit(p_limit, 50, 200);
  v_key text[] := internal.read_cursor(p_cursor, 'timestamptz', 'uuid');
begin
  return (
    select internal.paged(
        array_agg(internal.anomaly_json(a) order by a.last_seen_at desc, a.id desc),
        array_agg(jsonb_build_array(a.last_seen_at, a.id) order by a.last_seen_at desc, a.id desc),
        v_limit)
    from (
      select * from anomalies
      where (v_key is null or (last_seen_at, id) < (v_key[1]::timestamptz, v_key[2]::uuid))
        and (p_status is null or status = p_status) and (p_category is null or category = p_category)
        and (p_severity is null or severity = p_severity)
      order by last_seen_at desc, id desc limit v_limit + 1) a);
end
$$;
comment on function public.anomalies_page is 'Anomalies, those seen last first; limit 50, at most 200.';

-- The home page in one call: whether last night went well, what did not, and what waits for somebody.

create or replace function internal.chain_runs(p_root uuid) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  with recursive chain (id, depth) as (
    select p_root, 0
    union all
    select r.id, c.depth + 1 from scheduler_logs r join chain c on r.parent_run_id = c.id where c.depth < 5
  )
  select coalesce(jsonb_agg(internal.run_brief(r) order by c.depth, r.started_at, r.id), '[]')
  from (select id, min(depth) as depth from chain group by id order by min(depth), id limit 50) c join scheduler_logs r using (id)
$$;
comment on function internal.chain_runs is 'A run and those it started, itself first.';

create or replace function internal.night_runs(p_frequent_tasks text[], p_from timestamptz, p_until timestamptz) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select coalesce(jsonb_agg(internal.run_brief(r) order by r.started_at, r.id), '[]')
  from (select * from internal.run_list(100, null, p_frequent_tasks, false, null, null, null, null, p_from, p_until, null)) r
$$;
comment on function internal.night_runs is 'The runs of a span in order, without the successful ones of frequent tasks; the last 100.';

create or replace function internal.good_nights(p_now timestamptz) returns integer
language sql stable set search_path = public, pg_temp as $$
  with nights as (
    select (coalesce(scheduled_for, started_at) at time zone 'America/Toronto')::date as night,
           bool_or(task_name = 'sync_gazelle' and status = 'success') and not bool_or(status = 'error') as good
    from scheduler_logs
    where task_name in ('sync_gazelle', 'rapport_timeline', 'humidity_alerts', 'backup', 'restore_drill', 'cleanup')
      and status in ('success', 'warning', 'error') and triggered_by = 'scheduler'
      and started_at > p_now - interval '100 days' and started_at <= p_now
    group by 1
  ), counted as (
    -- In a row without a gap the date and its place move together.
    select night, good, night + (row_number() over (order by night desc))::integer as run
    from nights
  )
  select count(*)::integer from counted
  where run = (select run from counted order by night desc limit 1)
    and night > coalesce((select max(night) from counted where not good), '-infinity')
$$;
comment on function internal.good_nights is
  'How many nights in a row, the newest included, the sync succeeded and no nightly task failed; at most 100.';

create or replace function internal.newest_copies(p_now timestamptz) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select jsonb_build_object(
    'verified', (select jsonb_build_object('id', id, 'kind', kind, 'started_at', internal.instant(started_at), 'row_count', row_count,
                   'byte_count', byte_count, 'encrypted', encrypted, 'run_id', run_id,
                   'age_seconds', floor(extract(epoch from p_now - started_at))::bigint)
                 from backups where status = 'verified' and kind = 'supabase' and removed_at is null order by created_at desc limit 1),
    'newest', (select jsonb_build_object('id', id, 'kind', kind, 'status', status, 'started_at', internal.instant(started_at), 'run_id', run_id)
               from backups order by created_at desc limit 1),
    'drill', (select jsonb_build_object('id', id, 'status', status, 'created_at', internal.instant(created_at), 'rto_seconds', rto_seconds,
                'rpo_seconds', rpo_seconds, 'run_id', run_id, 'age_seconds', floor(extract(epoch from p_now - created_at))::bigint)
              from restore_drills order by created_at desc limit 1))
$$;
comment on function internal.newest_copies is 'The newest verified copy and its age, the newest attempt, and the last drill; each null when there is none.';

create or replace function internal.due_work(p_now timestamptz) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select jsonb_build_object(
    'maintenance', alert_stats() || (
      select jsonb_build_object('late', count(*) filter (where alert_type = 'MAINTENANCE_LATE'),
        'urgent', count(*) filter (where alert_type = 'MAINTENANCE_URGENT'),
        'asset_required', count(*) filter (where alert_type = 'ASSET_MAINTENANCE_REQUIRED'))
      from alerts where is_active and not is_dismissed),
    'humidity', (select count(*) from humidity_alerts where not coalesce(is_resolved, false) and not coalesce(archived, false)),
    'appointments', (select count(*) from alert_logs
                     where kind is not null and not coalesce(acknowledged, false)
                       and appointment_date >= (p_now at time zone 'America/Toronto')::date),
    'quarantine', (select count(*) from sync_quarantine where resolved_at is null))
$$;
comment on function internal.due_work is 'What waits for a person: alerts of maintenance, humidity and appointments, rows set aside.';

create or replace function internal.failed_deliveries(p_from timestamptz) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  with failed as (
    select * from notification_deliveries where status in ('failed', 'unknown') and created_at > p_from
  )
  select jsonb_build_object(
    'count', (select count(*) from failed),
    'items', (select coalesce(jsonb_agg(internal.delivery_json(d) order by d.seq desc), '[]')
              from (select * from failed order by seq desc limit 10) f
              join notification_deliveries d using (id)),
    'channels_off', (select coalesce(jsonb_agg(jsonb_build_object(
                       'channel', channel, 'recipient', nullif(recipient, ''),
                       'recipient_name', (select s.display_name from staff s where s.key = q.recipient), 'disabled_at', internal.instant(disabled_at),
                       'reason', disabled_reason) order by channel, recipient), '[]')
                     from notification_queues q where disabled_at is not null))
$$;
comment on function internal.failed_deliveries is 'Messages of a span that did not arrive, the last ten, and what is switched off.';

create or replace function public.home(p_tasks text[], p_frequent_tasks text[], p_now timestamptz) returns jsonb
language sql stable set search_path = public, pg_temp set jit = off as $$
  with span as (
    select today as night_date,
           ((today - 1) + time '20:00') at time zone 'America/Toronto' as night_from,
           least((today + time '08:00') at time zone 'America/Toronto', p_now + interval '1 microsecond') as night_until,
           p_now - interval '24 hours' as since
    from (select (p_now at time zone 'America/Toronto')::date as today) d
  ), last_sync as (
    select id from scheduler_logs
    where task_name = 'sync_gazelle' and triggered_by = 'scheduler' order by started_at desc, id desc limit 1
  )
  select jsonb_build_object(
    'timestamp', internal.instant(p_now), 'overall_status', internal.overall_status(),
    'good_nights', internal.good_nights(p_now),
    'chain', coalesce((select internal.chain_runs(id) from last_sync), '[]'),
    'night', jsonb_build_object('date', night_date, 'from', internal.instant(night_from), 'until', internal.instant(night_until),
      'runs', internal.night_runs(p_frequent_tasks, night_from, night_until)),
    'tasks', internal.task_states(p_tasks, p_now),
    'figures', public.scheduler_logs_stats(p_now),
    'syncs', public.sync_logs_stats(p_now),
    'incidents', (select coalesce(jsonb_agg(internal.incident_json(i, p_now) order by i.opened_at desc, i.id), '[]')
                  from (select * from incidents where closed_at is null order by opened_at desc, id limit 20) i),
    'anomalies', internal.anomaly_counts(), 'recommendations', internal.open_recommendations(5),
    'due', internal.due_work(p_now),
    'backup', internal.newest_copies(p_now),
    'deliveries', internal.failed_deliveries(since),
    'data', jsonb_build_object(
      'synced_at', (select internal.instant(min(watermark)) from sync_state where watermark is not null),
      'age_seconds', (select floor(extract(epoch from p_now - min(watermark)))::bigint from sync_state where watermark is not null)),
    'targets', (select coalesce(jsonb_agg(jsonb_build_object('name', t.name, 'label', t.label, 'required', t.required,
                  'state', s.state, 'since', internal.instant(s.since), 'checked_at', internal.instant(s.checked_at),
                  'latency_ms', s.latency_ms, 'error_kind', s.error_kind) order by t.name), '[]')
                from (select * from monitor_targets where enabled order by name limit 50) t left join monitor_states s on s.target = t.name),
    'ai', internal.ai_figures(since, p_now), 'error_rate', internal.error_rate(since, p_now),
    'usage', internal.usage_figures(since, p_now))
  from span
$$;
comment on function public.home is
  'Everything the home page shows, in one call. chain: the newest scheduled sync and what it started; night: from 20:00 to 08:00 in Montréal; figures and syncs: 24 hours, as in the stats endpoints; data: the age of the collection that is oldest.';

create or replace function public.task_nights(p_tasks text[], p_now timestamptz, p_days integer default 30) returns jsonb
language sql stable set search_path = public, pg_temp set jit = off as $$
  with days as (
    select (p_now at time zone 'America/Toronto')::date - internal.page_limit(p_days, 30, 92) + 1 as first
  ), nights as (
    select r.task_name, (coalesce(r.scheduled_for, r.started_at) at time zone 'America/Toronto')::date as night,
           count(*) as runs, count(*) filter (where r.status = 'error') as errors,
           count(*) filter (where r.status = 'warning') as warnings,
           count(*) filter (where r.status in ('queued', 'running')) as live,
           max(coalesce(r.duration_ms, r.duration_seconds * 1000::bigint)) as max_ms
    from scheduler_logs r, days
    where r.task_name = any (p_tasks) and r.started_at <= p_now
      and r.started_at >= (days.first::timestamp at time zone 'America/Toronto')
      and not coalesce(r.stats @> '{"paused": true}', false)
    group by 1, 2
  )
  select coalesce(jsonb_agg(jsonb_build_object('task_name', task.name, 'nights', (
           select coalesce(jsonb_agg(jsonb_build_object('date', n.night, 'runs', n.runs, 'errors', n.errors, 'warnings', n.warnings,
             'status', case when n.errors > 0 then 'error' when n.warnings > 0 then 'warning' when n.runs > n.live then 'success'
                            else 'running' end, 'max_ms', n.max_ms) order by n.night), '[]')
           from nights n, days where n.task_name = task.name and n.night >= days.first)) order by task.position), '[]')
  from unnest(p_tasks) with ordinality task (name, position)
$$;
comment on function public.task_nights is
  'The heat map: per task the dates in Montréal with runs, and the worst of each; 30 days, at most 92. A date that is absent had none.';

-- The humidity alerts of the page, in the predecessor's shapes, from the one table.

create or replace function internal.humidity_list(
  p_limit integer, p_cursor text, p_resolved boolean, p_archived boolean, p_institutional boolean, p_piano_id text
) returns jsonb language plpgsql stable set search_path = public, pg_temp set plan_cache_mode = force_custom_plan set jit = off as $$
declare
  v_key text[] := internal.read_cursor(p_cursor, 'timestamptz', 'uuid');
begin
  return (
    with page as (
      select h.* from humidity_alerts h
      where (v_key is null or (h.observed_at, h.id) < (v_key[1]::timestamptz, v_key[2]::uuid))
        and (p_resolved is null or coalesce(h.is_resolved, false) = p_resolved)
        and (p_archived is null or coalesce(h.archived, false) = p_archived)
        and (p_piano_id is null or h.piano_id = p_piano_id)
        and (not p_institutional or exists (select from institutions i where i.active and i.gazelle_client_id = h.client_id))
      order by h.observed_at desc, h.id desc limit p_limit + 1
    )
    select internal.paged(
        array_agg(jsonb_build_object(
        'id', h.id, 'timeline_entry_id', h.timeline_entry_id, 'client_id', h.client_id, 'piano_id', h.piano_id,
        'alert_type', h.alert_type, 'description', h.description, 'is_resolved', coalesce(h.is_resolved, false),
        'observed_at', internal.instant(h.observed_at), 'archived', coalesce(h.archived, false),
        'resolved_at', internal.instant(h.resolved_at), 'resolution_notes', h.resolution_notes,
        'created_at', internal.instant(h.created_at), 'updated_at', internal.instant(h.updated_at),
        'source', h.source, 'value', h.value, 'resolved_by', h.resolved_by, 'archived_at', internal.instant(h.archived_at),
        'client_name', coalesce(c.company_name, nullif(concat_ws(' ', c.first_name, c.last_name), '')),
        'piano_make', p.make, 'piano_model', p.model, 'room_number', p.location,
        'technician_note', nullif(concat_ws(E'\n', e.title, e.description), '')) order by h.observed_at desc, h.id desc),
        array_agg(jsonb_build_array(h.observed_at, h.id) order by h.observed_at desc, h.id desc),
        p_limit)
    from page h
    left join gazelle_timeline_entries e on e.external_id = h.timeline_entry_id
    left join gazelle_pianos p on p.external_id = h.piano_id
    left join gazelle_clients c on c.external_id = h.client_id);
end
$$;
comment on function internal.humidity_list is
  'Humidity alerts with client, piano, room and note, the newest observation first: one page.';

create or replace function internal.humidity_counts(p_institutional boolean) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select jsonb_build_object('total', count(*), 'unresolved', count(*) filter (where not coalesce(is_resolved, false)),
                            'resolved', count(*) filter (where is_resolved))
  from humidity_alerts h
  where not coalesce(h.archived, false)
    and (not p_institutional or exists (select from institutions i where i.active and i.gazelle_client_id = h.client_id))
$$;
comment on function internal.humidity_counts is '{total, unresolved, resolved} of the alerts that are not archived.';

create or replace function public.humidity_institutional(p_limit integer default 100, p_cursor text default null) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select jsonb_build_object('alerts', l -> 'items', 'stats', internal.humidity_counts(true), 'next', l -> 'next')
  from (select internal.humidity_list(internal.page_limit(p_limit, 100, 500), p_cursor, false, false, true, null) as l) t
$$;
comment on function public.humidity_institutional is
  'GET /humidity-alerts/institutional: the unresolved alerts of the active institutions {alerts, stats, next}.';

create or replace function public.humidity_all(
  p_limit integer default 100, p_cursor text default null, p_resolved boolean default null, p_piano_id text default null
) returns jsonb language sql stable set search_path = public, pg_temp as $$
  select jsonb_build_object('alerts', l -> 'items', 'count', jsonb_array_length(l -> 'items'),
                            'stats', internal.humidity_counts(false), 'next', l -> 'next')
  from (select internal.humidity_list(internal.page_limit(p_limit, 100, 500), p_cursor, p_resolved, false, false, p_piano_id) as l) t
$$;
comment on function public.humidity_all is 'GET /humidity-alerts/all: {alerts, count, stats, next}, without the archived; count is that of the page.';

create or replace function public.humidity_unresolved(p_limit integer default 100, p_cursor text default null) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select jsonb_build_object('alerts', l -> 'items', 'count', jsonb_array_length(l -> 'items'), 'next', l -> 'next')
  from (select internal.humidity_list(internal.page_limit(p_limit, 100, 500), p_cursor, false, false, false, null) as l) t
$$;
comment on function public.humidity_unresolved is 'GET /humidity-alerts/unresolved: {alerts, count, next}.';

create or replace function public.humidity_resolved(p_limit integer default 100, p_cursor text default null) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select jsonb_build_object('alerts', l -> 'items', 'count', jsonb_array_length(l -> 'items'), 'next', l -> 'next')
  from (select internal.humidity_list(internal.page_limit(p_limit, 100, 500), p_cursor, true, false, false, null) as l) t
$$;
comment on function public.humidity_resolved is 'GET /humidity-alerts/resolved: {alerts, count, next}.';

create or replace function public.humidity_archived(p_limit integer default 100, p_cursor text default null) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select jsonb_build_object('alerts', l -> 'items', 'count', jsonb_array_length(l -> 'items'), 'next', l -> 'next')
  from (select internal.humidity_list(internal.page_limit(p_limit, 100, 500), p_cursor, null, true, false, null) as l) t
$$;
comment on function public.humidity_archived is 'GET /humidity-alerts/archived: {alerts, count, next}, resolved or not.';

create or replace function public.humidity_stats() returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select jsonb_build_object(
    'total_alerts', count(*), 'unresolved', count(*) filter (where not coalesce(is_resolved, false)),
    'resolved', count(*) filter (where is_resolved),
    'by_type', coalesce((select jsonb_object_agg(alert_type, n) from (
      select alert_type, count(*) as n from humidity_alerts where not coalesce(archived, false) group by 1) t), '{}'),
    'institutional_unresolved', (internal.humidity_counts(true) -> 'unresolved'))
  from humidity_alerts where not coalesce(archived, false)
$$;
comment on function public.humidity_stats is
  'GET /humidity-alerts/stats: {total_alerts, unresolved, resolved, by_type, institutional_unresolved}, without the archived.';

create or replace function public.humidity_notes(p_piano_id text, p_limit integer default 200) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select coalesce(jsonb_agg(jsonb_build_object('external_id', external_id, 'occurred_at', internal.instant(occurred_at), 'title', title,
           'description', description) order by occurred_at, external_id), '[]')
  from (select * from humidity_scan_entries where piano_id = p_piano_id
        order by occurred_at desc, external_id desc limit internal.page_limit(p_limit, 200, 1000)) e
$$;
comment on function public.humidity_notes is
  'What people wrote about a piano, oldest first: the caller reads the measurements in it, by the rules of the scan.';

create or replace function internal.humidity_limit(p_client_id text, p_option text, p_setting text) returns numeric
language sql stable set search_path = public, pg_temp as $$
  select coalesce(
    (select case when jsonb_typeof(options -> p_option) = 'number' then (options ->> p_option)::numeric end
     from institutions where active and gazelle_client_id = p_client_id order by slug limit 1),
    internal.setting_number(p_setting))
$$;
comment on function internal.humidity_limit is 'A limit of humidity in percent: the institution''s own, else everybody''s.';

create or replace function public.humidity_piano(p_piano_id text) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  with piano as (
    select p.external_id as id, nullif(concat_ws(' ', p.make, p.model, '#' || p.serial_number), '') as name, p.location,
           p.client_external_id as client_id
    from gazelle_pianos p where p.external_id = p_piano_id
    union all
    -- A piano that the mirror has lost keeps its alerts.
    select p_piano_id, null, null, (select h.client_id from humidity_alerts h where h.piano_id = p_piano_id order by observed_at desc limit 1)
    where not exists (select from gazelle_pianos where external_id = p_piano_id)
      and exists (select from humidity_alerts where piano_id = p_piano_id)
  )
  select jsonb_build_object(
    'piano_id', p.id, 'name', p.name, 'location', p.location, 'client_name', internal.client_name(p.client_id),
    'low', internal.humidity_limit(p.client_id, 'humidity_low', 'humidity.low'),
    'high', internal.humidity_limit(p.client_id, 'humidity_high', 'humidity.high'),
    'notes', public.humidity_notes(p.id), 'alerts', internal.humidity_list(100, null, null, null, false, p.id) -> 'items')
  from piano p
$$;
comment on function public.humidity_piano is
  'GET /humidity-alerts/pianos/{piano_id}: {piano_id, name, location, client_name, low, high, notes[], alerts[]}, low and high as the scan has them (percent), archived alerts too; null for an unknown piano.';

create or replace function public.console_resolve_humidity(p_id uuid, p_actor jsonb, p_now timestamptz, p_notes text default null) returns jsonb
language plpgsql set search_path = public, pg_temp as $$
declare
  v_before humidity_alerts;
  v_after humidity_alerts;
begin
  select * into v_before from humidity_alerts where id = p_id for update;
  if not found then
    return null;
  end if;
  perform public.resolve_humidity_alert(p_id, p_notes, p_now);
  select * into v_after from humidity_alerts where id = p_id;
  perform internal.audit(p_actor, 'humidity.resolve', 'humidity:' || p_id,
    jsonb_build_object('is_resolved', v_before.is_resolved, 'resolution_notes', v_before.resolution_notes),
    jsonb_build_object('is_resolved', v_after.is_resolved, 'resolution_notes', v_after.resolution_notes), p_now);
  return jsonb_build_object('success', true, 'id', p_id);
end
$$;
comment on function public.console_resolve_humidity is 'POST /humidity-alerts/resolve/{id}: {success, id}; null when there is none.';

create or replace function public.console_archive_humidity(p_id uuid, p_actor jsonb, p_now timestamptz) returns jsonb
language plpgsql set search_path = public, pg_temp as $$
declare
  v_archived boolean;
begin
  select coalesce(archived, false) into v_archived from humidity_alerts where id = p_id for update;
  if not found then
    return null;
  end if;
  perform public.archive_humidity_alert(p_id, p_now);
  perform internal.audit(p_actor, 'humidity.archive', 'humidity:' || p_id, jsonb_build_object('archived', v_archived),
                         '{"archived": true}', p_now);
  return jsonb_build_object('success', true, 'id', p_id);
end
$$;
comment on function public.console_archive_humidity is 'POST /humidity-alerts/archive/{id}: {success, id}; null when there is none.';

-- Planned services: the list, and what people add, change and delete.

create or replace function public.maintenances_page(
  p_limit integer default 100, p_cursor text default null, p_asset_id bigint default null, p_status text default null,
  p_source text default null
) returns jsonb language plpgsql stable set search_path = public, pg_temp set plan_cache_mode = force_custom_plan as $$
declare
  v_limit integer := internal.page_limit(p_limit, 100, 500);
  v_key text[] := internal.read_cursor(p_cursor, 'date', 'bigint');
  v_status text := internal.given_word('status', p_status, internal.maintenance_statuses());
begin
  return (
    select internal.paged(
        array_agg(internal.maintenance_json(m) || jsonb_build_object('asset_name', (select s.name from assets s where s.id = m.asset_id)) order by coalesce(m.scheduled_date, 'infinity'::date) desc, m.id desc),
        array_agg(jsonb_build_array(coalesce(m.scheduled_date, 'infinity'::date), m.id) order by coalesce(m.scheduled_date, 'infinity'::date) desc, m.id desc),
        v_limit)
    from (
      select * from maintenances
      where (v_key is null or (coalesce(scheduled_date, 'infinity'::date), id) < (v_key[1]::date, v_key[2]::bigint))
        and (p_asset_id is null or asset_id = p_asset_id)
        and (v_status is null or status = v_status)
        and (p_source is null or source = p_source)
      order by coalesce(scheduled_date, 'infinity'::date) desc, id desc limit v_limit + 1) m);
end
$$;
comment on function public.maintenances_page is 'GET /maintenances, those without a date first, then the latest; limit 100, at most 500. GT010 for a status that does not exist.';

create or replace function public.save_maintenance(
  p_values jsonb, p_actor jsonb, p_now timestamptz, p_id bigint default null
) returns jsonb
language plpgsql set search_path = public, pg_temp as $$
declare
  v_row maintenances;
  v_before jsonb;
begin
  if p_id is not null then
    select * into v_row from maintenances where id = p_id for update;
    if not found then
      return null;
    end if;
    v_before := internal.maintenance_json(v_row);
  end if;
  v_row := jsonb_populate_record(v_row, p_values);
  v_row.maintenance_type := coalesce(internal.given_word('maintenance_type', v_row.maintenance_type, internal.maintenance_types()), 'préventive');
  v_row.status := coalesce(internal.given_word('status', v_row.status, internal.maintenance_statuses()), 'planifiée');
  perform internal.required('asset_id', v_row.asset_id);
  if not exists (select from assets where id = v_row.asset_id) then
    perform internal.refuse('asset_id', 'no-such-asset');
  end if;
  if p_id is null then
    insert into maintenances (asset_id, maintenance_type, scheduled_date, completed_date, description, cost, status, created_at, updated_at)
    values (v_row.asset_id, v_row.maintenance_type, v_row.scheduled_date, v_row.completed_date, v_row.description, v_row.cost,
            v_row.status, p_now, p_now)
    returning * into v_row;
  else
    update maintenances set asset_id = v_row.asset_id, maintenance_type = v_row.maintenance_type, scheduled_date = v_row.scheduled_date,
      completed_date = v_row.completed_date, description = v_row.description, cost = v_row.cost, status = v_row.status, updated_at = p_now
    where id = p_id returning * into v_row;
  end if;
  -- Done without a date was done today, in Montréal; what is not done has no such date.
  update maintenances
  set completed_date = case when status = 'complétée' then coalesce(completed_date, (p_now at time zone 'America/Toronto')::date) end
  where id = v_row.id returning * into v_row;
  perform internal.audit(p_actor, case when p_id is null then 'maintenance.create' else 'maintenance.update' end,
                         'maintenance:' || v_row.id, v_before, internal.maintenance_json(v_row), p_now);
  return internal.maintenance_json(v_row);
end
$$;
comment on function public.save_maintenance is
  'Creates (p_id null) or changes a maintenance; fields that are absent stay. Answers the row, null when there is none to change. GT010 names the field.';

create or replace function public.delete_maintenance(p_id bigint, p_actor jsonb, p_now timestamptz) returns jsonb
language plpgsql set search_path = public, pg_temp as $$
declare
  v_row maintenances;
begin
  select * into v_row from maintenances where id = p_id for update;
  if not found then
    return null;
  end if;
  if v_row.source <> 'manual' then
    perform internal.refuse('id', 'maintenance-is-gazelles');
  end if;
  delete from maintenances where id = p_id;
  perform internal.audit(p_actor, 'maintenance.delete', 'maintenance:' || p_id, internal.maintenance_json(v_row), null, p_now);
  return internal.maintenance_json(v_row);
end
$$;
comment on function public.delete_maintenance is
  'Deletes a maintenance that a person planned, with its alerts; answers the row, null when there is none. GT010 for one that the mirror would make again.';

-- Who is notified what, and what became of it: the rules with their editor, the deliveries, the channels.

create or replace function internal.rule_json(p_rule public.notification_rules) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select internal.row_json(to_jsonb(p_rule))
$$;

create or replace function public.notification_rules_list() returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select jsonb_build_object(
    'rules', (select coalesce(jsonb_agg(internal.rule_json(r) order by r.event_type, r.channel), '[]')
              from (select * from notification_rules order by event_type, channel limit 1000) r),
    'recipients', (select coalesce(jsonb_agg(jsonb_build_object('key', key, 'display_name', display_name) order by key), '[]')
                   from staff where active),
    'channels', (select jsonb_agg(jsonb_build_object('channel', c, 'disabled_at', internal.instant(q.disabled_at),
                   'disabled_reason', q.disabled_reason) order by c)
                 from unnest(array['email', 'slack', 'telegram']) c
                 left join notification_queues q on q.channel = c and q.recipient = ''))
$$;
comment on function public.notification_rules_list is
  'The rules, the people they may name, and the state of the channels: {rules, recipients, channels}.';

create or replace function internal.check_recipients(p_field text, p_recipients text[], p_concerned boolean) returns void
language plpgsql stable set search_path = public, pg_temp as $$
declare
  v_unknown text;
begin
  if coalesce(cardinality(p_recipients), 0) = 0 then
    perform internal.refuse(p_field, 'expects-recipient');
  end if;
  select r into v_unknown from unnest(p_recipients) r
  where not (p_concerned and r = '@concerned') and not exists (select from staff where key = r) limit 1;
  if found then
    perform internal.refuse(p_field, 'nobody-is-called', jsonb_build_object('name', left(v_unknown, 60)));
  end if;
end
$$;
comment on function internal.check_recipients is 'GT010 unless every recipient is somebody of the staff, or @concerned where that is possible.';

create or replace function internal.check_escalation(p_steps jsonb) returns void
language plpgsql stable set search_path = public, pg_temp as $$
declare
  v_step jsonb;
begin
  if not internal.is_escalation(p_steps) or jsonb_array_length(p_steps) > 10 then
    perform internal.refuse('escalation', 'expects-steps');
  end if;
  for v_step in select * from jsonb_array_elements(p_steps) loop
    perform internal.check_recipients('escalation', array(select jsonb_array_elements_text(v_step -> 'recipients')), false);
  end loop;
end
$$;
comment on function internal.check_escalation is 'GT010 unless the steps are complete and name people of the staff.';

create or replace function public.save_notification_rule(
  p_values jsonb, p_actor jsonb, p_now timestamptz, p_id bigint default null
) returns jsonb
language plpgsql set search_path = public, pg_temp as $$
declare
  v_row notification_rules;
  v_before jsonb;
begin
  if p_id is not null then
    select * into v_row from notification_rules where id = p_id for update;
    if not found then
      return null;
    end if;
    v_before := internal.rule_json(v_row);
    if p_values ? 'event_type' and p_values ->> 'event_type' is distinct from v_row.event_type then
      perform internal.refuse('event_type', 'rule-keeps-type');
    end if;
  end if;
  v_row := jsonb_populate_record(v_row, p_values);
  v_row.min_severity := coalesce(v_row.min_severity, 'info');
  v_row.enabled := coalesce(v_row.enabled, true);
  v_row.cooldown_minutes := coalesce(v_row.cooldown_minutes, 0);
  v_row.digest_minutes := coalesce(v_row.digest_minutes, 0);
  v_row.reminder_minutes := coalesce(v_row.reminder_minutes, 0);
  v_row.escalation := coalesce(v_row.escalation, '[]');
  perform internal.required('event_type', v_row.event_type);
  perform internal.required('channel', v_row.channel);
  perform internal.check_recipients('recipients', v_row.recipients, true);
  if v_row.reminder_minutes between 1 and 4 then
    perform internal.refuse('reminder_minutes', 'expects-reminder');
  end if;
  if v_row.quiet_hours is not null and (jsonb_typeof(v_row.quiet_hours) <> 'object' or not v_row.quiet_hours ?& array['from', 'until', 'time_zone']
     or internal.is_quiet_hours(v_row.quiet_hours) is not true) then
    perform internal.refuse('quiet_hours', 'expects-quiet-hours');
  end if;
  perform internal.check_escalation(v_row.escalation);
  if exists (select from notification_rules where event_type = v_row.event_type and channel = v_row.channel and id is distinct from p_id) then
    perform internal.refuse('channel', 'rule-exists');
  end if;
  if p_id is null then
    insert into notification_rules (event_type, channel, recipients, min_severity, enabled, cooldown_minutes, quiet_hours,
                                    digest_minutes, escalation, reminder_minutes, updated_at, updated_by)
    values (v_row.event_type, v_row.channel, v_row.recipients, v_row.min_severity, v_row.enabled, v_row.cooldown_minutes,
            v_row.quiet_hours, v_row.digest_minutes, v_row.escalation, v_row.reminder_minutes, p_now, left((p_actor ->> 'email'), 200))
    returning * into v_row;
  else
    update notification_rules set channel = v_row.channel, recipients = v_row.recipients, min_severity = v_row.min_severity,
      enabled = v_row.enabled, cooldown_minutes = v_row.cooldown_minutes, quiet_hours = v_row.quiet_hours,
      digest_minutes = v_row.digest_minutes, escalation = v_row.escalation, reminder_minutes = v_row.reminder_minutes,
      updated_at = p_now, updated_by = left((p_actor ->> 'email'), 200)
    where id = p_id returning * into v_row;
  end if;
  perform internal.audit(p_actor, case when p_id is null then 'rule.create' else 'rule.update' end, 'rule:' || v_row.id, v_before,
                         internal.rule_json(v_row), p_now);
  return internal.rule_json(v_row);
end
$$;
comment on function public.save_notification_rule is
  'Creates (p_id null) or changes a rule; fields that are absent stay. Answers the row, null when there is none to change. GT010 names the field.';

create or replace function public.delete_notification_rule(p_id bigint, p_actor jsonb, p_now timestamptz) returns jsonb
language plpgsql set search_path = public, pg_temp as $$
declare
  v_row notification_rules;
begin
  delete from notification_rules where id = p_id returning * into v_row;
  if not found then
    return null;
  end if;
  perform internal.audit(p_actor, 'rule.delete', 'rule:' || p_id, internal.rule_json(v_row), null, p_now);
  return internal.rule_json(v_row);
end
$$;
comment on function public.delete_notification_rule is 'Deletes a rule; answers the row, null when there is none. A rule that is only to be silent is switched off instead.';

create or replace function public.deliveries_page(
  p_limit integer default 50, p_cursor text default null, p_status text default null, p_channel text default null,
  p_recipient text default null, p_event_type text default null, p_from timestamptz default null, p_until timestamptz default null
) returns jsonb language plpgsql stable set search_path = public, pg_temp set plan_cache_mode = force_custom_plan set jit = off as $$
declare
  v_limit integer := internal.page_limit(p_limit, 50, 200);
  v_key text[] := internal.read_cursor(p_cursor, 'bigint');
begin
  return (
    select internal.paged(
        array_agg(internal.delivery_json(d) order by d.seq desc),
        array_agg(jsonb_build_array(d.seq) order by d.seq desc),
        v_limit)
    from (
      select * from notification_deliveries
      where (v_key is null or seq < v_key[1]::bigint)
        and (p_status is null or status = p_status) and (p_channel is null or channel = p_channel)
        and (p_recipient is null or recipient = p_recipient) and (p_event_type is null or event_type = p_event_type)
        and (p_from is null or created_at >= p_from) and (p_until is null or created_at < p_until)
      order by seq desc limit v_limit + 1) d);
end
$$;
comment on function public.deliveries_page is
  'Deliveries, the newest first, by status, channel, recipient, type and time; limit 50, at most 200. What a message said is not shown.';

create or replace function public.notices_page(p_limit integer default 50, p_cursor text default null, p_open boolean default null)
returns jsonb language plpgsql stable set search_path = public, pg_temp set plan_cache_mode = force_custom_plan as $$
declare
  v_limit integer := internal.page_limit(p_limit, 50, 100);
  v_key text[] := internal.read_cursor(p_cursor, 'timestamptz', 'text');
begin
  return (
    select internal.paged(
        array_agg(internal.notice_json(n) order by n.last_seen_at desc, n.fingerprint desc),
        array_agg(jsonb_build_array(n.last_seen_at, n.fingerprint) order by n.last_seen_at desc, n.fingerprint desc),
        v_limit)
    from (
      select * from notices
      where (v_key is null or (last_seen_at, fingerprint) < (v_key[1]::timestamptz, v_key[2]))
        and (p_open is null or (resolved_at is null and acknowledged_at is null) = p_open)
      order by last_seen_at desc, fingerprint desc limit v_limit + 1) n);
end
$$;
comment on function public.notices_page is 'Notices with their deliveries, those seen last first; limit 50, at most 100.';

create or replace function public.console_acknowledge_notice(p_fingerprint text, p_actor jsonb, p_now timestamptz) returns jsonb
language plpgsql set search_path = public, pg_temp as $$
declare
  v_before timestamptz := (select acknowledged_at from notices where fingerprint = p_fingerprint);
begin
  if not public.acknowledge_notice(p_fingerprint, left((p_actor ->> 'email'), 200), p_now) then
    return null;
  end if;
  perform internal.audit(p_actor, 'notice.acknowledge', 'notice:' || p_fingerprint, jsonb_build_object('acknowledged', v_before is not null),
                         '{"acknowledged": true}', p_now);
  return (select internal.notice_json(n) from notices n where fingerprint = p_fingerprint);
end
$$;
comment on function public.console_acknowledge_notice is 'Somebody takes care: the notice, null when there is none.';

create or replace function public.console_switch_on(p_channel text, p_actor jsonb, p_now timestamptz, p_recipient text default null) returns jsonb
language plpgsql set search_path = public, pg_temp as $$
declare
  v_was_off boolean := public.switch_on(p_channel, coalesce(p_recipient, ''));
begin
  perform internal.audit(p_actor, 'channel.switch_on', concat_ws(':', 'channel', p_channel, nullif(p_recipient, '')),
                         jsonb_build_object('disabled', v_was_off), '{"disabled": false}', p_now);
  return jsonb_build_object('success', true, 'was_off', v_was_off);
end
$$;
comment on function public.console_switch_on is 'Switches a channel on again: {success, was_off}.';

-- Incidents, recommendations, weekly reports, copies, cash, language models: what the console lists, and what people decide.

create or replace function public.incidents_page(
  p_now timestamptz, p_limit integer default 50, p_cursor text default null, p_open boolean default null, p_kind text default null,
  p_subject text default null
) returns jsonb language plpgsql stable set search_path = public, pg_temp set plan_cache_mode = force_custom_plan as $$
declare
  v_limit integer := internal.page_limit(p_limit, 50, 200);
  v_key text[] := internal.read_cursor(p_cursor, 'timestamptz', 'uuid');
begin
  return (
    select internal.paged(
        array_agg(internal.incident_json(i, p_now) order by i.opened_at desc, i.id desc),
        array_agg(jsonb_build_array(i.opened_at, i.id) order by i.opened_at desc, i.id desc),
        v_limit)
    from (
      select * from incidents
      where (v_key is null or (opened_at, id) < (v_key[1]::timestamptz, v_key[2]::uuid))
        and (p_open is null or (closed_at is null) = p_open)
        and (p_kind is null or kind = p_kind) and (p_subject is null or subject = p_subject)
      order by opened_at desc, id desc limit v_limit + 1) i);
end
$$;
comment on function public.incidents_page is 'Incidents, the newest first; limit 50, at most 200.';

create or replace function public.console_acknowledge_incident(p_id uuid, p_actor jsonb, p_now timestamptz) returns jsonb
language plpgsql set search_path = public, pg_temp as $$
declare
  v_before timestamptz := (select acknowledged_at from incidents where id = p_id);
begin
  if not public.acknowledge_incident(p_id, left((p_actor ->> 'email'), 200), p_now) then
    return null;
  end if;
  perform internal.audit(p_actor, 'incident.acknowledge', 'incident:' || p_id, jsonb_build_object('acknowledged', v_before is not null),
                         '{"acknowledged": true}', p_now);
  return (select internal.incident_json(i, p_now) from incidents i where id = p_id);
end
$$;
comment on function public.console_acknowledge_incident is 'Somebody takes care: the incident, null when there is none.';

create or replace function public.recommendations_page(p_limit integer default 50, p_cursor text default null, p_status text default null)
returns jsonb language plpgsql stable set search_path = public, pg_temp set plan_cache_mode = force_custom_plan as $$
declare
  v_limit integer := internal.page_limit(p_limit, 50, 200);
  v_key text[] := internal.read_cursor(p_cursor, 'timestamptz', 'uuid');
begin
  return (
    select internal.paged(
        array_agg(internal.recommendation_json(r) order by r.last_seen_at desc, r.id desc),
        array_agg(jsonb_build_array(r.last_seen_at, r.id) order by r.last_seen_at desc, r.id desc),
        v_limit)
    from (
      select * from recommendations
      where (v_key is null or (last_seen_at, id) < (v_key[1]::timestamptz, v_key[2]::uuid)) and (p_status is null or status = p_status)
      order by last_seen_at desc, id desc limit v_limit + 1) r);
end
$$;
comment on function public.recommendations_page is 'Recommendations, those seen last first; limit 50, at most 200.';

create or replace function public.console_decide_recommendation(p_id uuid, p_actor jsonb, p_now timestamptz, p_status text default null) returns jsonb
language plpgsql set search_path = public, pg_temp as $$
declare
  v_before text := (select status from recommendations where id = p_id);
begin
  if v_before is null then
    return null;
  end if;
  if coalesce(p_status, '') not in ('done', 'ignored', 'open') then
    perform internal.refuse('status', 'expects-decision');
  end if;
  if p_status = 'open' then
    if exists (select from recommendations r join recommendations o using (type, subject)
               where r.id = p_id and o.id <> r.id and o.status = 'open') then
      perform internal.refuse('status', 'newer-recommendation');
    end if;
    update recommendations set status = 'open', decided_by = null, decided_at = null where id = p_id and status <> 'open';
  else
    perform public.decide_recommendation(p_id, p_status, left((p_actor ->> 'email'), 200), p_now);
  end if;
  perform internal.audit(p_actor, 'recommendation.decide', 'recommendation:' || p_id, jsonb_build_object('status', v_before),
                         (select jsonb_build_object('status', status) from recommendations where id = p_id), p_now);
  return (select internal.recommendation_json(r) from recommendations r where id = p_id);
end
$$;
comment on function public.console_decide_recommendation is
  'A person did it, decided not to, or takes that back (open): the recommendation, null when there is none. GT010: another word, or another one is open on the subject.';

create or replace function public.weekly_reports_page(p_limit integer default 26, p_cursor text default null) returns jsonb
language plpgsql stable set search_path = public, pg_temp as $$
declare
  v_limit integer := internal.page_limit(p_limit, 26, 104);
  v_key text[] := internal.read_cursor(p_cursor, 'date');
begin
  return (
    select internal.paged(
        array_agg(jsonb_build_object('period_start', w.period_start, 'period_end', w.period_end, 'delivery_status', w.delivery_status,
                       'run_id', w.run_id, 'created_at', internal.instant(w.created_at)) order by w.period_start desc),
        array_agg(jsonb_build_array(w.period_start) order by w.period_start desc),
        v_limit)
    from (select * from weekly_reports where v_key is null or period_start < v_key[1]::date
          order by period_start desc limit v_limit + 1) w);
end
$$;
comment on function public.weekly_reports_page is 'Weekly reports without their contents, the newest first; limit 26, at most 104.';

create or replace function public.weekly_report(p_period_start date) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select internal.row_json(to_jsonb(w)) from weekly_reports w where period_start = p_period_start
$$;
comment on function public.weekly_report is 'One weekly report with its figures and its text; null when there is none.';

create or replace function public.backups_page(p_now timestamptz, p_limit integer default 30, p_cursor text default null, p_kind text default null)
returns jsonb language plpgsql stable set search_path = public, pg_temp set plan_cache_mode = force_custom_plan as $$
declare
  v_limit integer := internal.page_limit(p_limit, 30, 200);
  v_key text[] := internal.read_cursor(p_cursor, 'timestamptz', 'uuid');
begin
  return (
    select internal.paged(
        array_agg(internal.row_json(to_jsonb(b)) order by b.created_at desc, b.id desc),
        array_agg(jsonb_build_array(b.created_at, b.id) order by b.created_at desc, b.id desc),
        v_limit)
           || jsonb_build_object('newest', internal.newest_copies(p_now),
                'drills', (select coalesce(jsonb_agg(internal.row_json(to_jsonb(d)) order by d.created_at desc, d.id), '[]')
                           from (select * from restore_drills order by created_at desc, id limit 12) d))
    from (
      select * from backups
      where (v_key is null or (created_at, id) < (v_key[1]::timestamptz, v_key[2]::uuid)) and (p_kind is null or kind = p_kind)
      order by created_at desc, id desc limit v_limit + 1) b);
end
$$;
comment on function public.backups_page is
  'Copies, the newest first {items, next, newest, drills}: newest is the age of what a loss would fall back on, drills the last twelve proofs.';

-- Cash.

create or replace function public.cash_registers_list() returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select coalesce(jsonb_agg(to_jsonb(r) || jsonb_build_object(
           'open_sessions', (select count(*) from cash_sessions s where s.register_id = r.id and s.status = 'OPEN')) order by r.name, r.id), '[]')
  from (select * from cash_registers order by name, id limit 500) r
$$;
comment on function public.cash_registers_list is 'The cash registers with the number of their open sessions.';

create or replace function public.save_cash_register(
  p_values jsonb, p_actor jsonb, p_now timestamptz, p_id uuid default null
) returns jsonb
language plpgsql set search_path = public, pg_temp as $$
declare
  v_row cash_registers;
  v_before jsonb;
begin
  if p_id is not null then
    select * into v_row from cash_registers where id = p_id for update;
    if not found then
      return null;
    end if;
    v_before := to_jsonb(v_row);
  end if;
  v_row := jsonb_populate_record(v_row, p_values);
  v_row.is_active := coalesce(v_row.is_active, true);
  perform internal.required('name', v_row.name);
  insert into cash_registers (id, name, location, site_id, is_active, variance_limit)
  values (coalesce(p_id, gen_random_uuid()), v_row.name, v_row.location, v_row.site_id, v_row.is_active, v_row.variance_limit)
  on conflict (id) do update set name = excluded.name, location = excluded.location, site_id = excluded.site_id,
    is_active = excluded.is_active, variance_limit = excluded.variance_limit
  returning * into v_row;
  perform internal.audit(p_actor, case when p_id is null then 'cash_register.create' else 'cash_register.update' end,
                         'cash_register:' || v_row.id, v_before, to_jsonb(v_row), p_now);
  return to_jsonb(v_row);
end
$$;
comment on function public.save_cash_register is
  'Creates (p_id null) or changes a register; variance_limit in cents. Answers the row, null when there is none to change. GT010 names the field.';

create or replace function public.delete_cash_register(p_id uuid, p_actor jsonb, p_now timestamptz) returns jsonb
language plpgsql set search_path = public, pg_temp as $$
declare
  v_row cash_registers;
begin
  if exists (select from cash_sessions where register_id = p_id) then
    -- Sessions are books.
    perform internal.refuse('id', 'register-has-sessions');
  end if;
  delete from cash_registers where id = p_id returning * into v_row;
  if not found then
    return null;
  end if;
  perform internal.audit(p_actor, 'cash_register.delete', 'cash_register:' || p_id, to_jsonb(v_row), null, p_now);
  return to_jsonb(v_row);
end
$$;
comment on function public.delete_cash_register is 'Deletes a register that was never used; answers the row, null when there is none.';

create or replace function public.cash_sessions_page(
  p_limit integer default 50, p_cursor text default null, p_status text default null, p_register_id uuid default null
) returns jsonb language plpgsql stable set search_path = public, pg_temp set plan_cache_mode = force_custom_plan as $$
declare
  v_limit integer := internal.page_limit(p_limit, 50, 200);
  v_key text[] := internal.read_cursor(p_cursor, 'timestamptz', 'uuid');
begin
  return (
    select internal.paged(
        array_agg(internal.row_json(to_jsonb(s)) || jsonb_build_object(
               'last_activity', internal.instant(s.last_activity), 'step_start_time', internal.instant(s.step_start_time)) order by s.opened_at desc, s.id desc),
        array_agg(jsonb_build_array(s.opened_at, s.id) order by s.opened_at desc, s.id desc),
        v_limit)
    from (
      select * from cash_sessions
      where (v_key is null or (opened_at, id) < (v_key[1]::timestamptz, v_key[2]::uuid))
        and (p_status is null or status = upper(p_status)) and (p_register_id is null or register_id = p_register_id)
      order by opened_at desc, id desc limit v_limit + 1) s);
end
$$;
comment on function public.cash_sessions_page is 'Cash sessions, the newest first, amounts in cents; limit 50, at most 200.';

create or replace function public.console_open_cash_session(p_values jsonb, p_actor jsonb, p_now timestamptz) returns jsonb
language plpgsql set search_path = public, pg_temp as $$
declare
  v_operator text;
  v_amount bigint;
  v_register uuid;
  v_session jsonb;
begin
  v_operator := coalesce(p_values ->> 'operator_id', left((p_actor ->> 'email'), 200));
  v_amount := case when p_values ? 'initial_amount' then (p_values ->> 'initial_amount')::bigint else 0 end;
  perform internal.required('initial_amount', v_amount);
  select id into v_register from cash_registers where id::text = p_values ->> 'register_id' and is_active;
  if not found and p_values ->> 'register_id' is not null then
    perform internal.refuse('register_id', 'no-such-register');
  end if;
  v_session := internal.row_json(public.open_cash_session(v_operator, v_amount, p_now, p_values ->> 'site_id', v_register));
  perform internal.audit(p_actor, 'cash_session.open', 'cash_session:' || (v_session ->> 'id'), null, v_session, p_now);
  return v_session;
end
$$;
comment on function public.console_open_cash_session is
  'Opens a session from a form {operator_id?, initial_amount?, site_id?, register_id?}, amounts in cents; answers the row. GT010 names the field.';

create or replace function public.console_close_cash_session(p_id uuid, p_values jsonb, p_actor jsonb, p_now timestamptz) returns jsonb
language plpgsql set search_path = public, pg_temp as $$
declare
  v_before jsonb;
  v_sales bigint;
  v_items bigint;
  v_actual bigint;
  v_comment text;
  v_session jsonb;
begin
  select internal.row_json(to_jsonb(s)) into v_before from cash_sessions s where id = p_id for update;
  if not found then
    return null;
  end if;
  v_sales := (p_values ->> 'total_sales')::bigint;
  v_items := (p_values ->> 'total_items')::bigint;
  v_actual := (p_values ->> 'actual_amount')::bigint;
  v_comment := p_values ->> 'comment';
  -- What close_cash_session refuses, in words for the person.
  if v_before ->> 'status' = 'CLOSED' then
    if ((v_before ->> 'total_sales')::bigint, (v_before ->> 'actual_amount')::bigint) is distinct from (v_sales, v_actual) then
      perform internal.refuse('id', 'session-closed-otherwise');
    end if;
  elsif abs(v_actual - (v_before ->> 'initial_amount')::bigint - v_sales) > 1 and v_comment is null then
    perform internal.refuse('comment', 'gap-needs-comment');
  end if;
  v_session := internal.row_json(public.close_cash_session(p_id, v_sales, coalesce(v_items, 0)::integer, v_actual, p_now, v_comment));
  perform internal.audit(p_actor, 'cash_session.close', 'cash_session:' || p_id, v_before, v_session, p_now);
  return v_session;
end
$$;
comment on function public.console_close_cash_session is
  'Closes a session from a form {total_sales, total_items?, actual_amount, comment?}, amounts in cents; the row, null when there is none. GT010 names the field: a closed session closes again only with the same figures, and a gap needs a comment.';

-- Language models.

create or replace function public.insert_ai_event(p_values jsonb, p_now timestamptz) returns jsonb
language plpgsql set search_path = public, pg_temp as $$
declare
  v_row ai_events;
begin
  v_row := jsonb_populate_record(v_row, p_values);
  insert into ai_events (feature, model, success, error_kind, confidence, latency_ms, created_at)
  values (v_row.feature, v_row.model, v_row.success, v_row.error_kind, v_row.confidence, v_row.latency_ms, p_now)
  returning * into v_row;
  return internal.row_json(to_jsonb(v_row));
end
$$;
comment on function public.insert_ai_event is 'POST /ai-events: one call of a language model; answers the row. GT010 names the field.';

-- What every list and every change of the console has in common: instants, pages with a cursor, the audit trail.

create or replace function internal.instant(p_at timestamptz) returns text
language sql stable as $$
  select rtrim(rtrim(to_char(p_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'), '0'), '.') || 'Z'
$$;
comment on function internal.instant is
  'An instant as the API writes it: UTC with Z, which needs no encoding in an address. Without search_path, so that it is inlined.';

create or replace function internal.row_json(p_row jsonb, variadic p_without text[] default '{}') returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select (p_row || coalesce(jsonb_object_agg(key, internal.instant((value #>> '{}')::timestamptz))
                              filter (where key like '%\_at' and jsonb_typeof(value) = 'string'), '{}')) - p_without
  from jsonb_each(p_row)
$$;
comment on function internal.row_json is 'A row as the API shows it: its instants with Z, without the columns named.';

create or replace function internal.page_limit(p_limit integer, p_default integer, p_maximum integer) returns integer
language sql immutable as $$
  select least(greatest(coalesce(p_limit, p_default), 1), p_maximum)
$$;
comment on function internal.page_limit is 'A limit within 1 and the maximum.';

create or replace function internal.write_cursor(p_key jsonb) returns text
language sql immutable as $$
  select left(md5('cursor:' || k), 8) || k
  from (select translate(encode(convert_to(p_key::text, 'UTF8'), 'base64'), E'+/=\n', '-_') as k) t
$$;
comment on function internal.write_cursor is
  'The sort key of the last row of a page, as text that may stand in an address. Its checksum tells a damaged one before it is decoded.';

create or replace function internal.read_cursor(p_cursor text, variadic p_types text[]) returns text[]
language plpgsql stable set search_path = public, pg_temp as $$
declare
  v_text text := substr(p_cursor, 9);
  v_key text[];
  v_forms constant jsonb := '{"timestamptz": "^-?infinity$|^\\d{4}-\\d\\d-\\d\\dT[0-9:.+-]+$", "date": "^infinity$|^\\d{4}-\\d\\d-\\d\\d$",
    "uuid": "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", "bigint": "^-?\\d{1,18}$", "text": ""}';
begin
  if p_cursor is null then
    return null;
  end if;
  if left(p_cursor, 8) = left(md5('cursor:' || v_text), 8) then
    v_key := array(select jsonb_array_elements_text(convert_from(decode(
      rpad(translate(v_text, '-_', '+/'), (length(v_text) + 3) / 4 * 4, '='), 'base64'), 'UTF8')::jsonb));
    if cardinality(v_key) = cardinality(p_types)
       and not exists (select from unnest(v_key, p_types) k (value, type)
                       where k.value is null or k.value !~ (v_forms ->> k.type)) then
      return v_key;
    end if;
  end if;
  raise exception using errcode = 'GT011', message = '{"reason": "cursor"}';
end
$$;
comment on function internal.read_cursor is
  'The sort key in a cursor, checked against the types of its parts; null stays null (the first page). GT011: not a cursor of this list.';

create or replace function internal.paged(p_items jsonb[], p_keys jsonb[], p_limit integer) returns jsonb
language sql immutable set search_path = public, pg_temp as $$
  select jsonb_build_object(
    'items', to_jsonb(coalesce(p_items[1:p_limit], '{}')),
    'next', case when cardinality(p_items) > p_limit then internal.write_cursor(p_keys[p_limit]) end)
$$;
comment on function internal.paged is
  'A page {items, next} from one row more than it holds, with the sort key of each. next is null on the last page. Arrays: as one document, the rows would be taken apart and put together again.';

create or replace function internal.percent(p_part bigint, p_whole bigint) returns numeric
language sql immutable as $$
  select round(100.0 * p_part / nullif(p_whole, 0), 1)
$$;
comment on function internal.percent is 'A share in percent with one decimal; null of nothing.';

create or replace function internal.refuse(p_field text, p_reason text, p_values jsonb default '{}') returns void
language plpgsql set search_path = public, pg_temp as $$
begin
  raise exception using errcode = 'GT010',
    message = jsonb_build_object('field', p_field, 'reason', p_reason, 'values', p_values)::text;
end
$$;
comment on function internal.refuse is
  'GT010: a value that is not accepted. The message is {field, reason, values}; the reason is a key of the catalogue of words, where it begins with refused-.';

-- People, what is probed, when it may be down, and the rows that the sync set aside.

create or replace function internal.staff_json(p_staff public.staff) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select to_jsonb(p_staff)
$$;

create or replace function public.staff_list() returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select coalesce(jsonb_agg(internal.staff_json(s) order by s.key), '[]') from (select * from staff order by key limit 500) s
$$;
comment on function public.staff_list is
  'The people who receive notices. slack_webhook_key is the name of a setting; its value is no row of this database.';

create or replace function public.save_staff(p_key text, p_values jsonb, p_actor jsonb, p_now timestamptz) returns jsonb
language plpgsql set search_path = public, pg_temp as $$
declare
  v_row staff;
  v_before jsonb;
begin
  if coalesce(p_key, '') !~ '^[a-z][a-z0-9-]{0,39}$' then
    perform internal.refuse('key', 'expects-slug');
  end if;
  select * into v_row from staff where key = p_key for update;
  if found then
    v_before := internal.staff_json(v_row);
  end if;
  v_row := jsonb_populate_record(v_row, p_values);
  v_row.display_name := coalesce(v_row.display_name, v_row.first_name);
  v_row.language := coalesce(v_row.language, 'fr');
  v_row.roles := coalesce(v_row.roles, '{}');
  v_row.active := coalesce(v_row.active, true);
  perform internal.required('first_name', v_row.first_name);
  if exists (select from staff where gazelle_id = v_row.gazelle_id and key <> p_key) then
    perform internal.refuse('gazelle_id', 'id-is-taken');
  end if;
  insert into staff (key, gazelle_id, first_name, display_name, email, slack_webhook_key, telegram_chat_id, language, roles, active)
  values (p_key, v_row.gazelle_id, v_row.first_name, v_row.display_name, v_row.email, v_row.slack_webhook_key, v_row.telegram_chat_id,
          v_row.language, v_row.roles, v_row.active)
  on conflict (key) do update set gazelle_id = excluded.gazelle_id, first_name = excluded.first_name, display_name = excluded.display_name,
    email = excluded.email, slack_webhook_key = excluded.slack_webhook_key, telegram_chat_id = excluded.telegram_chat_id,
    language = excluded.language, roles = excluded.roles, active = excluded.active
  returning * into v_row;
  perform internal.audit(p_actor, case when v_before is null then 'staff.create' else 'staff.update' end, 'staff:' || p_key, v_before,
                         internal.staff_json(v_row), p_now);
  return internal.staff_json(v_row);
end
$$;
comment on function public.save_staff is 'Creates or changes a person by key; fields that are absent stay. GT010 names the field.';

create or replace function public.delete_staff(p_key text, p_actor jsonb, p_now timestamptz) returns jsonb
language plpgsql set search_path = public, pg_temp as $$
declare
  v_row staff;
begin
  if exists (select from notification_rules r
             where p_key = any (r.recipients)
                or exists (select from jsonb_array_elements(r.escalation) step where step -> 'recipients' ? p_key)) then
    perform internal.refuse('key', 'person-is-in-rules');
  end if;
  delete from staff where key = p_key returning * into v_row;
  if not found then
    return null;
  end if;
  perform internal.audit(p_actor, 'staff.delete', 'staff:' || p_key, internal.staff_json(v_row), null, p_now);
  return internal.staff_json(v_row);
end
$$;
comment on function public.delete_staff is 'Deletes a person whom no rule names; answers the row, null when there is none.';

-- What is probed.

create or replace function public.monitor_targets_list() returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select coalesce(jsonb_agg(to_jsonb(t) || jsonb_build_object(
           'state', s.state, 'since', internal.instant(s.since), 'checked_at', internal.instant(s.checked_at),
           'latency_ms', s.latency_ms, 'error_kind', s.error_kind) order by t.name), '[]')
  from (select * from monitor_targets order by name limit 200) t left join monitor_states s on s.target = t.name
$$;
comment on function public.monitor_targets_list is 'What is probed, with its policy and its present state.';

create or replace function public.save_monitor_target(p_name text, p_values jsonb, p_actor jsonb, p_now timestamptz) returns jsonb
language plpgsql set search_path = public, pg_temp as $$
declare
  v_row monitor_targets;
  v_before jsonb;
begin
  if coalesce(p_name, '') !~ '^[a-z0-9][a-z0-9-]{0,59}$' then
    perform internal.refuse('name', 'expects-slug');
  end if;
  select * into v_row from monitor_targets where name = p_name for update;
  if found then
    v_before := to_jsonb(v_row);
  end if;
  if coalesce(p_values ->> 'kind', v_row.kind, 'http') <> coalesce(v_row.kind, 'http') then
    perform internal.refuse('kind', case when v_before is null then 'expects-http' else 'target-keeps-kind' end);
  end if;
  v_row := jsonb_populate_record(v_row, p_values - 'kind');
  v_row.kind := coalesce(v_row.kind, 'http');
  v_row.expected_status := coalesce(v_row.expected_status, '{}');
  v_row.latency_limit_ms := coalesce(v_row.latency_limit_ms, 5000);
  v_row.certificate_days := coalesce(v_row.certificate_days, 14);
  v_row.timeout_ms := coalesce(v_row.timeout_ms, 8000);
  v_row.failure_threshold := coalesce(v_row.failure_threshold, 3);
  v_row.success_threshold := coalesce(v_row.success_threshold, 2);
  v_row.required := coalesce(v_row.required, true);
  v_row.enabled := coalesce(v_row.enabled, true);
  perform internal.required('label', v_row.label);
  -- Never with a name and a password in it.
  if v_row.kind = 'http' and coalesce(v_row.url, '') !~ '^https?://[^/@\s?#]+([/?#][^\s]*)?$' then
    perform internal.refuse('url', 'expects-plain-address');
  end if;
  if v_row.kind <> 'http' and v_row.url is not null then
    perform internal.refuse('url', 'address-is-a-setting');
  end if;
  insert into monitor_targets (name, label, kind, url, expected_status, expected_body, latency_limit_ms, certificate_days, timeout_ms,
                               failure_threshold, success_threshold, required, enabled)
  values (p_name, v_row.label, v_row.kind, v_row.url, v_row.expected_status, v_row.expected_body, v_row.latency_limit_ms,
          v_row.certificate_days, v_row.timeout_ms, v_row.failure_threshold, v_row.success_threshold, v_row.required, v_row.enabled)
  on conflict (name) do update set label = excluded.label, url = excluded.url, expected_status = excluded.expected_status,
    expected_body = excluded.expected_body, latency_limit_ms = excluded.latency_limit_ms, certificate_days = excluded.certificate_days,
    timeout_ms = excluded.timeout_ms, failure_threshold = excluded.failure_threshold, success_threshold = excluded.success_threshold,
    required = excluded.required, enabled = excluded.enabled
  returning * into v_row;
  perform internal.audit(p_actor, case when v_before is null then 'target.create' else 'target.update' end, 'target:' || p_name, v_before,
                         to_jsonb(v_row), p_now);
  return to_jsonb(v_row);
end
$$;
comment on function public.save_monitor_target is
  'Creates a target of kind http, or changes any by its name; fields that are absent stay. GT010 names the field.';

create or replace function public.delete_monitor_target(p_name text, p_actor jsonb, p_now timestamptz) returns jsonb
language plpgsql set search_path = public, pg_temp as $$
declare
  v_row monitor_targets;
begin
  select * into v_row from monitor_targets where name = p_name for update;
  if not found then
    return null;
  end if;
  if v_row.kind <> 'http' then
    perform internal.refuse('name', 'service-stays');
  end if;
  -- Nobody would probe it any more: its problem ends with it.
  perform internal.close_incident('availability', p_name, null, 'removed', '{}', null, p_now);
  delete from monitor_targets where name = p_name;
  perform internal.audit(p_actor, 'target.delete', 'target:' || p_name, to_jsonb(v_row), null, p_now);
  return to_jsonb(v_row);
end
$$;
comment on function public.delete_monitor_target is 'Deletes a target of kind http and closes its incident; answers the row, null when there is none.';

create or replace function public.maintenance_windows_list(p_now timestamptz) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select coalesce(jsonb_agg(internal.row_json(to_jsonb(w)) || jsonb_build_object('is_active', w.starts_at <= p_now and p_now < w.ends_at)
                            order by w.starts_at desc, w.id desc), '[]')
  from (select * from maintenance_windows order by starts_at desc, id desc limit 200) w
$$;
comment on function public.maintenance_windows_list is 'Times in which a target may be down, the latest first, at most 200.';

create or replace function public.save_maintenance_window(
  p_values jsonb, p_actor jsonb, p_now timestamptz, p_id bigint default null
) returns jsonb
language plpgsql set search_path = public, pg_temp as $$
declare
  v_row maintenance_windows;
  v_before jsonb;
begin
  if p_id is not null then
    select * into v_row from maintenance_windows where id = p_id for update;
    if not found then
      return null;
    end if;
    v_before := internal.row_json(to_jsonb(v_row));
  end if;
  v_row := jsonb_populate_record(v_row, p_values);
  v_row.reason := coalesce(v_row.reason, '');
  perform internal.required('starts_at', v_row.starts_at);
  perform internal.required('ends_at', v_row.ends_at);
  if v_row.ends_at <= v_row.starts_at then
    perform internal.refuse('ends_at', 'end-after-start');
  end if;
  if v_row.ends_at > v_row.starts_at + interval '31 days' then
    perform internal.refuse('ends_at', 'at-most-31-days');
  end if;
  if v_row.target is not null and not exists (select from monitor_targets where name = v_row.target) then
    perform internal.refuse('target', 'no-such-target');
  end if;
  if p_id is null then
    insert into maintenance_windows (target, starts_at, ends_at, reason, created_by)
    values (v_row.target, v_row.starts_at, v_row.ends_at, v_row.reason, left((p_actor ->> 'email'), 200)) returning * into v_row;
  else
    update maintenance_windows set target = v_row.target, starts_at = v_row.starts_at, ends_at = v_row.ends_at, reason = v_row.reason
    where id = p_id returning * into v_row;
  end if;
  perform internal.audit(p_actor, case when p_id is null then 'window.create' else 'window.update' end, 'window:' || v_row.id, v_before,
                         internal.row_json(to_jsonb(v_row)), p_now);
  return internal.row_json(to_jsonb(v_row));
end
$$;
comment on function public.save_maintenance_window is
  'Creates (p_id null) or changes a window; target null means every one. Answers the row, null when there is none to change. GT010 names the field.';

create or replace function public.delete_maintenance_window(p_id bigint, p_actor jsonb, p_now timestamptz) returns jsonb
language plpgsql set search_path = public, pg_temp as $$
declare
  v_row maintenance_windows;
begin
  delete from maintenance_windows where id = p_id returning * into v_row;
  if not found then
    return null;
  end if;
  perform internal.audit(p_actor, 'window.delete', 'window:' || p_id, internal.row_json(to_jsonb(v_row)), null, p_now);
  return internal.row_json(to_jsonb(v_row));
end
$$;
comment on function public.delete_maintenance_window is 'Deletes a window; answers the row, null when there is none.';

create or replace function internal.quarantine_json(p_row public.sync_quarantine) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select internal.row_json(to_jsonb(p_row), 'payload')
$$;
comment on function internal.quarantine_json is 'A row set aside, with its reason; not what it held, which may be an address.';

create or replace function public.quarantine_page(
  p_limit integer default 50, p_cursor text default null, p_open boolean default null, p_collection text default null
) returns jsonb language plpgsql stable set search_path = public, pg_temp set plan_cache_mode = force_custom_plan as $$
declare
  v_limit integer := internal.page_limit(p_limit, 50, 200);
  v_key text[] := internal.read_cursor(p_cursor, 'timestamptz', 'text', 'text');
begin
  return (
    select internal.paged(
        array_agg(internal.quarantine_json(q) order by q.last_seen_at desc, q.collection desc, q.external_id desc),
        array_agg(jsonb_build_array(q.last_seen_at, q.collection, q.external_id) order by q.last_seen_at desc, q.collection desc, q.external_id desc),
        v_limit)
    from (
      select * from sync_quarantine
      where (v_key is null or (last_seen_at, collection, external_id) < (v_key[1]::timestamptz, v_key[2], v_key[3]))
        and (p_open is null or (resolved_at is null) = p_open) and (p_collection is null or collection = p_collection)
      order by last_seen_at desc, collection desc, external_id desc limit v_limit + 1) q);
end
$$;
comment on function public.quarantine_page is 'Rows of Gazelle that could not be stored, those seen last first; limit 50, at most 200.';

create or replace function public.resolve_quarantine(p_collection text, p_external_id text, p_actor jsonb, p_now timestamptz) returns jsonb
language plpgsql set search_path = public, pg_temp as $$
declare
  v_before jsonb;
  v_row sync_quarantine;
begin
  select * into v_row from sync_quarantine where collection = p_collection and external_id = p_external_id for update;
  if not found then
    return null;
  end if;
  v_before := internal.quarantine_json(v_row);
  update sync_quarantine set resolved_at = p_now
  where collection = p_collection and external_id = p_external_id and resolved_at is null;
  select * into v_row from sync_quarantine where collection = p_collection and external_id = p_external_id;
  perform internal.audit(p_actor, 'quarantine.resolve', concat_ws(':', 'quarantine', p_collection, p_external_id), v_before,
                         internal.quarantine_json(v_row), p_now);
  return internal.quarantine_json(v_row);
end
$$;
comment on function public.resolve_quarantine is
  'A person dealt with a row set aside: answers it, null when there is none. A sync that meets it again opens it again.';

-- Runs as the console and the API ask for them; and the pause of a task.

create or replace function internal.live_run(p_exclusion_group text, p_now timestamptz) returns uuid
language sql stable set search_path = public, pg_temp as $$
  select id from scheduler_logs
  where exclusion_group = p_exclusion_group and status in ('queued', 'running') and lease_expires_at >= p_now
  order by status desc, started_at limit 1
$$;
comment on function internal.live_run is 'The run that keeps others of its exclusion group waiting: at work, or requested.';

create or replace function internal.queue_run(p_request jsonb, p_now timestamptz) returns jsonb
language plpgsql set search_path = public, pg_temp as $$
declare
  c_wait constant interval := '10 minutes';
  v_id uuid := (p_request ->> 'run_id')::uuid;
  v_actor jsonb := p_request -> 'actor';
  v_group text := p_request ->> 'exclusion_group';
  v_run scheduler_logs;
  v_live uuid;
begin
  -- The lock of claim_run: a run cannot start while this looks.
  perform pg_advisory_xact_lock(hashtextextended('claim_run:' || v_group, 0));
  perform internal.close_expired_runs(null, p_now);
  -- The same request again, because its answer was lost on the way, is one request.
  select * into v_run from scheduler_logs where id = v_id;
  if not found then
    v_live := internal.live_run(v_group, p_now);
    if v_live is not null then
      return jsonb_build_object('outcome', 'live', 'live_run_id', v_live);
    end if;
    insert into scheduler_logs (
      id, task_name, task_label, started_at, created_at, status, run_key, correlation_id, triggered_by,
      triggered_by_user, scheduled_for, parameters, exclusion_group, lease_expires_at, failure_event)
    values (
      v_id, p_request ->> 'task', p_request ->> 'label', p_now, p_now, 'queued', (p_request ->> 'task') || '@' || v_id,
      gen_random_uuid(), p_request ->> 'triggered_by', v_actor ->> 'email', p_now,
      coalesce(p_request -> 'parameters', '{}'), v_group, p_now + c_wait, p_request ->> 'failure_event')
    returning * into v_run;
    perform internal.audit(v_actor, 'run.requested', v_run.task_name, null, jsonb_strip_nulls(jsonb_build_object(
      'run_id', v_id, 'parameters', v_run.parameters, 'reason', p_request ->> 'reason')), p_now);
  end if;
  return jsonb_build_object('outcome', 'queued', 'run', to_jsonb(v_run));
end
$$;
comment on function internal.queue_run is
  'Records that a run is wanted, once per run_id. p_request: run_id, task, label, exclusion_group, triggered_by (manual|api), actor {user_id, email, address}, parameters?, reason?, failure_event?. Answers {outcome: queued, run} or, when one of the group is live, {outcome: live, live_run_id}.';

create or replace function public.request_run(p_request jsonb, p_now timestamptz) returns jsonb
language plpgsql set search_path = public, pg_temp as $$
declare
  v_queued jsonb := internal.queue_run(p_request, p_now);
  v_run jsonb := v_queued -> 'run';
begin
  if v_queued ->> 'outcome' = 'live' then
    return v_queued;
  end if;
  insert into event_outbox (run_id, source, detail_type, detail, created_at, next_attempt_at)
  values ((v_run ->> 'id')::uuid, 'gazelle.tasks', 'Task Requested', jsonb_build_object(
    'task', v_run ->> 'task_name', 'run_id', v_run ->> 'id', 'requested_by', v_run ->> 'triggered_by_user',
    'parameters', v_run -> 'parameters'), p_now, p_now)
  on conflict (run_id, detail_type, part) do nothing;
  return jsonb_build_object('outcome', 'queued', 'started_at', v_run -> 'started_at',
                            'events', internal.unpublished_events((v_run ->> 'id')::uuid));
end
$$;
comment on function public.request_run is
  'Queues a run and its event, recorded. p_request as of internal.queue_run. Answers {outcome: queued, started_at, events} or, when one of the group is live, {outcome: live, live_run_id}.';

create or replace function public.generate_maintenance_alerts(
  p_request jsonb, p_lease_seconds integer, p_today date, p_message text, p_now timestamptz
) returns jsonb language plpgsql set search_path = public, pg_temp as $$
declare
  v_queued jsonb := internal.queue_run(p_request, p_now);
  v_id uuid := (p_request ->> 'run_id')::uuid;
  v_run jsonb := v_queued -> 'run';
  v_lease uuid;
  v_stats jsonb;
begin
  if v_queued ->> 'outcome' = 'live' then
    return v_queued;
  end if;
  -- Asked again, because the answer was lost on the way.
  if v_run ->> 'status' <> 'queued' then
    return jsonb_build_object('outcome', v_run ->> 'status', 'stats', v_run -> 'stats');
  end if;
  v_run := internal.start_run(v_id, p_request || jsonb_build_object(
    'part', 0, 'request_id', v_id, 'lease_seconds', p_lease_seconds), p_now) -> 'run';
  v_lease := (v_run ->> 'lease_token')::uuid;
  v_stats := public.refresh_maintenance_alerts(v_id, v_lease, p_lease_seconds, p_today, p_now);
  perform public.finish_run(v_id, v_lease, jsonb_build_object(
    'status', 'success', 'duration_ms', internal.statement_ms(), 'message', p_message, 'stats', v_stats), p_now);
  return jsonb_build_object('outcome', 'success', 'stats', v_stats);
end
$$;
comment on function public.generate_maintenance_alerts is
  'A whole run of maintenance_alerts in one transaction, for whoever waits for its figures: recorded, locked and ended as every run. p_request as of internal.queue_run. Answers {outcome: success|live, stats?, live_run_id?}; repeated with the same run_id it is one run. What it raises leaves nothing: record_failed_run says so.';

create or replace function public.record_failed_run(p_request jsonb, p_error jsonb, p_now timestamptz) returns void
language plpgsql set search_path = public, pg_temp as $$
declare
  v_run jsonb := internal.queue_run(p_request, p_now) -> 'run';
begin
  if v_run ->> 'status' = 'queued' then
    v_run := internal.start_run((v_run ->> 'id')::uuid, p_request || jsonb_build_object(
      'part', 0, 'request_id', v_run ->> 'id', 'lease_seconds', 60), p_now) -> 'run';
    perform public.finish_run((v_run ->> 'id')::uuid, (v_run ->> 'lease_token')::uuid, jsonb_build_object(
      'status', 'error', 'duration_ms', 0, 'message', p_error ->> 'message', 'error_kind', p_error ->> 'kind',
      'errors', jsonb_build_array(p_error)), p_now);
  end if;
end
$$;
comment on function public.record_failed_run is
  'A run that left nothing, because its one transaction was undone. p_request as of internal.queue_run, p_error {at, kind, message}.';

create or replace function internal.statement_ms() returns bigint
language sql volatile as $$
  select (extract(epoch from clock_timestamp() - statement_timestamp()) * 1000)::bigint
$$;
comment on function internal.statement_ms is 'Milliseconds that the statement has taken so far, whatever day is being played.';

create or replace function public.set_task_paused(
  p_task text, p_paused boolean, p_actor jsonb, p_now timestamptz, p_reason text default null
) returns jsonb language plpgsql set search_path = public, pg_temp as $$
declare
  v_before task_states;
  v_after task_states;
begin
  insert into task_states (task_name) values (p_task) on conflict (task_name) do nothing;
  select * into v_before from task_states where task_name = p_task for update;
  -- What is so already stays as it is, with who did it first.
  if v_before.paused = p_paused then
    return to_jsonb(v_before);
  end if;
  update task_states
  set paused = p_paused,
      paused_by = case when p_paused then p_actor ->> 'email' else paused_by end,
      paused_at = case when p_paused then p_now else paused_at end,
      resumed_at = case when p_paused then resumed_at else p_now end,
      reason = case when p_paused then p_reason end
  where task_name = p_task returning * into v_after;
  perform internal.audit(p_actor, case when p_paused then 'task.paused' else 'task.resumed' end, p_task,
                         to_jsonb(v_before), to_jsonb(v_after) || jsonb_build_object('reason', p_reason), p_now);
  return to_jsonb(v_after);
end
$$;
comment on function public.set_task_paused is 'Pauses or resumes a task, recorded; returns its state. p_actor: user_id, email, address.';

-- One run with all that belongs to it: its steps, errors, chain, messages and the problems it explains.

create or replace function internal.delivery_json(p_delivery public.notification_deliveries) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select jsonb_build_object(
    'id', p_delivery.id, 'event_type', p_delivery.event_type, 'severity', p_delivery.severity,
    'channel', p_delivery.channel, 'recipient', p_delivery.recipient, 'fingerprint', p_delivery.fingerprint,
    'reason', case when p_delivery.after_id is not null then 'recovery'
                   when p_delivery.window_key = '' then 'first' else split_part(p_delivery.window_key, ':', 1) end,
    'status', p_delivery.status, 'attempts', p_delivery.attempts, 'error_kind', p_delivery.error_kind,
    'run_id', p_delivery.run_id, 'created_at', internal.instant(p_delivery.created_at),
    'next_attempt_at', case when p_delivery.status = 'pending' then internal.instant(p_delivery.next_attempt_at) end,
    'sent_at', internal.instant(p_delivery.sent_at))
$$;
comment on function internal.delivery_json is
  'A delivery as the console shows it. What the message said stays behind: it may name clients. reason: first, again, escalation, reminder or recovery.';

create or replace function internal.notice_json(p_notice public.notices) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select jsonb_build_object(
    'fingerprint', p_notice.fingerprint, 'event_type', p_notice.event_type, 'severity', p_notice.severity,
    'occurrences', p_notice.occurrences, 'opened_at', internal.instant(p_notice.opened_at),
    'since', internal.instant(coalesce(p_notice.since, p_notice.opened_at)),
    'last_seen_at', internal.instant(p_notice.last_seen_at), 'resolved_at', internal.instant(p_notice.resolved_at),
    'acknowledged_at', internal.instant(p_notice.acknowledged_at), 'acknowledged_by', p_notice.acknowledged_by,
    'deliveries', (select coalesce(jsonb_agg(internal.delivery_json(d) order by d.seq), '[]')
                   from (select * from notification_deliveries where fingerprint = p_notice.fingerprint order by seq limit 50) d))
$$;
comment on function internal.notice_json is 'A notice with its deliveries, the first 50.';

create or replace function internal.incident_json(p_incident public.incidents, p_now timestamptz default null) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select jsonb_build_object(
    'id', p_incident.id, 'kind', p_incident.kind, 'subject', p_incident.subject, 'label', p_incident.label,
    'severity', p_incident.severity, 'opened_at', internal.instant(p_incident.opened_at),
    'closed_at', internal.instant(p_incident.closed_at), 'closed_reason', p_incident.closed_reason,
    'duration_seconds', floor(extract(epoch from coalesce(p_incident.closed_at, p_now) - p_incident.opened_at))::bigint,
    'acknowledged_at', internal.instant(p_incident.acknowledged_at), 'acknowledged_by', p_incident.acknowledged_by,
    'explained_by_run_id', p_incident.explained_by_run_id, 'run_id', p_incident.data ->> 'run_id',
    'error_kind', p_incident.data ->> 'error_kind', 'fingerprint', p_incident.fingerprint)
$$;
comment on function internal.incident_json is 'An incident as the console shows it; the duration of an open one is that at p_now.';

create or replace function internal.anomaly_json(p_anomaly public.anomalies) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select jsonb_build_object(
    'type', p_anomaly.type, 'severity', p_anomaly.severity, 'description', p_anomaly.description, 'details', p_anomaly.details,
    'id', p_anomaly.id, 'category', p_anomaly.category, 'status', p_anomaly.status,
    'first_seen_at', internal.instant(p_anomaly.first_seen_at), 'opened_at', internal.instant(p_anomaly.opened_at),
    'last_seen_at', internal.instant(p_anomaly.last_seen_at), 'resolved_at', internal.instant(p_anomaly.resolved_at),
    'occurrences', p_anomaly.occurrences, 'reopened_count', p_anomaly.reopened_count)
$$;
comment on function internal.anomaly_json is 'An anomaly as the console shows it: {type, severity, description, details} and its life.';

create or replace function public.staff_names() returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select coalesce(jsonb_object_agg(key, display_name), '{}') from staff
$$;
comment on function public.staff_names is 'What screens call people, by key {nicolas: "Nick"}; also those who left.';

create or replace function public.console_run_detail(p_id uuid, p_now timestamptz default null) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select internal.run_brief(r) || jsonb_build_object(
    'parameters', r.parameters, 'errors', r.errors, 'log_url', r.log_url, 'request_id', r.request_id,
    'lease_expires_at', internal.instant(r.lease_expires_at),
    'is_live', r.status in ('queued', 'running') and coalesce(r.lease_expires_at >= p_now, false),
    'reason', (select a.after ->> 'reason' from audit_log a
               where a.at = r.created_at and a.action = 'run.requested' and a.after ->> 'run_id' = r.id::text limit 1),
    'parent', (select internal.run_brief(p) from scheduler_logs p where p.id = r.parent_run_id),
    'children', (select coalesce(jsonb_agg(internal.run_brief(c) order by c.started_at, c.id), '[]')
                 from (select * from scheduler_logs where parent_run_id = r.id order by started_at, id limit 50) c),
    'events', (select coalesce(jsonb_agg(jsonb_build_object(
                 'detail_type', e.detail_type, 'part', e.part, 'created_at', internal.instant(e.created_at),
                 'published_at', internal.instant(e.published_at), 'attempts', e.attempts, 'last_error', e.last_error)
                 order by e.created_at, e.part), '[]')
               from event_outbox e where e.run_id = r.id),
    'notices', (select coalesce(jsonb_agg(internal.notice_json(n) order by n.opened_at, n.fingerprint), '[]')
                from (select * from notices
                      where run_id = r.id
                         or fingerprint in (select d.fingerprint from notification_deliveries d where d.run_id = r.id)
                      order by opened_at, fingerprint limit 50) n),
    'incidents', (select coalesce(jsonb_agg(internal.incident_json(i, p_now) order by i.opened_at, i.id), '[]')
                  from (select * from incidents where explained_by_run_id = r.id order by opened_at, id limit 50) i),
    'anomalies', (select coalesce(jsonb_agg(internal.anomaly_json(a) order by a.opened_at, a.id), '[]')
                  from (select * from anomalies where explained_by_run_id = r.id order by opened_at, id limit 50) a))
  from scheduler_logs r where r.id = p_id
$$;
comment on function public.console_run_detail is
  'One run with progress, errors, whether it holds its task now (is_live), why it was asked for, parent, children, events, notices with their deliveries, and the incidents and anomalies it explains; null when there is none.';

-- What the console reads of runs: the journal, the figures of a day, and one run with all that belongs to it.

create or replace function internal.run_log(p_run public.scheduler_logs) returns jsonb
language sql stable as $$
  select jsonb_build_object(
    'id', p_run.id, 'task_name', p_run.task_name, 'task_label', p_run.task_label,
    'started_at', internal.instant(p_run.started_at), 'completed_at', internal.instant(p_run.completed_at),
    'duration_seconds', p_run.duration_seconds,
    -- The old clients know no queue.
    'status', case p_run.status when 'queued' then 'running' else p_run.status end,
    'message', p_run.message, 'stats', coalesce(p_run.stats, '{}'), 'triggered_by', p_run.triggered_by,
    'triggered_by_user', p_run.triggered_by_user, 'created_at', internal.instant(p_run.created_at))
$$;
comment on function internal.run_log is 'A run in the shape of the log endpoints. Without search_path, so that it is inlined.';

create or replace function internal.run_brief(p_run public.scheduler_logs) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select internal.run_log(p_run) || jsonb_build_object(
    'status', p_run.status, 'duration_ms', coalesce(p_run.duration_ms, p_run.duration_seconds * 1000::bigint),
    'scheduled_for', internal.instant(p_run.scheduled_for), 'correlation_id', p_run.correlation_id,
    'parent_run_id', p_run.parent_run_id, 'attempt', p_run.attempt, 'part', p_run.part,
    'error_kind', p_run.error_kind, 'progress', p_run.progress)
$$;
comment on function internal.run_brief is 'A run as the pages of the console show it: also queued, in milliseconds, with its place in the chain.';

create or replace function internal.run_list(
  p_limit integer, p_cursor text, p_frequent_tasks text[], p_include_frequent boolean, p_tasks text[], p_status text,
  p_triggered_by text, p_user text, p_from timestamptz, p_until timestamptz, p_search text
) returns setof public.scheduler_logs language plpgsql stable set search_path = public, pg_temp rows 100
-- Filters that are absent leave the plan, those that are present choose its index.
set plan_cache_mode = force_custom_plan set jit = off as $$
declare
  v_key text[] := internal.read_cursor(p_cursor, 'timestamptz', 'uuid');
  v_at timestamptz := v_key[1]::timestamptz;
  v_id uuid := v_key[2]::uuid;
  v_search text := nullif(lower(btrim(left(p_search, 200))), '');
begin
  return query
  select r.* from scheduler_logs r
  where (v_key is null or (r.started_at, r.id) < (v_at, v_id))
    and (coalesce(p_include_frequent, false)
         or not (r.status = 'success' and r.triggered_by = 'scheduler' and r.task_name = any (coalesce(p_frequent_tasks, '{}'))))
    and (p_tasks is null or r.task_name = any (p_tasks))
    and (p_status is null or r.status = p_status or (p_status = 'running' and r.status = 'queued'))
    and (p_triggered_by is null or r.triggered_by = p_triggered_by)
    and (p_user is null or lower(r.triggered_by_user) = lower(p_user))
    and (p_from is null or r.started_at >= p_from)
    and (p_until is null or r.started_at < p_until)
    and (v_search is null or strpos(lower(concat_ws(' ', r.task_label, r.task_name, r.message, r.triggered_by_user, r.error_kind)), v_search) > 0)
  order by r.started_at desc, r.id desc
  limit p_limit;
end
$$;
comment on function internal.run_list is
  'Runs that pass the filters, newest first, after the cursor. Successful scheduled runs of frequent tasks are left out unless included. A search is literal text.';

create or replace function public.scheduler_logs_page(
  p_limit integer default 20, p_cursor text default null, p_include_frequent boolean default false,
  p_frequent_tasks text[] default '{}', p_tasks text[] default null, p_status text default null,
  p_triggered_by text default null, p_user text default null, p_from timestamptz default null,
  p_until timestamptz default null, p_search text default null
) returns jsonb language sql stable set search_path = public, pg_temp as $$
  select internal.paged(
      array_agg(internal.run_log(r) order by r.started_at desc, r.id desc),
      array_agg(jsonb_build_array(r.started_at, r.id) order by r.started_at desc, r.id desc),
      internal.page_limit(p_limit, 20, 200))
  from internal.run_list(internal.page_limit(p_limit, 20, 200) + 1, p_cursor, p_frequent_tasks, p_include_frequent, p_tasks,
                         p_status, p_triggered_by, p_user, p_from, p_until, p_search) r
$$;
comment on function public.scheduler_logs_page is
  'GET /scheduler/logs: a page of runs, newest first, in the documented shape; limit 20, at most 200. queued is shown as running.';

create or replace function public.runs_page(
  p_limit integer default 20, p_cursor text default null, p_include_frequent boolean default false,
  p_frequent_tasks text[] default '{}', p_tasks text[] default null, p_status text default null,
  p_triggered_by text default null, p_user text default null, p_from timestamptz default null,
  p_until timestamptz default null, p_search text default null
) returns jsonb language sql stable set search_path = public, pg_temp as $$
  select internal.paged(
      array_agg(internal.run_brief(r) order by r.started_at desc, r.id desc),
      array_agg(jsonb_build_array(r.started_at, r.id) order by r.started_at desc, r.id desc),
      internal.page_limit(p_limit, 20, 200))
  from internal.run_list(internal.page_limit(p_limit, 20, 200) + 1, p_cursor, p_frequent_tasks, p_include_frequent, p_tasks,
                         p_status, p_triggered_by, p_user, p_from, p_until, p_search) r
$$;
comment on function public.runs_page is
  'The journal of the console: as scheduler_logs_page, with real states, milliseconds and the place in the chain.';

create or replace function public.task_overview(p_tasks text[], p_now timestamptz) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select coalesce(jsonb_object_agg(t.name, jsonb_build_object(
    'paused', coalesce(s.paused, false), 'paused_by', s.paused_by, 'paused_at', internal.instant(s.paused_at),
    'reason', s.reason,
    'last_run', l.run,
    'last_success_at', (select internal.instant(r.completed_at) from scheduler_logs r
                        where r.task_name = t.name and r.status in ('success', 'warning')
                        order by r.started_at desc limit 1),
    'live_run_id', (select r.id from scheduler_logs r
                    where r.task_name = t.name and r.status in ('queued', 'running') and r.lease_expires_at >= p_now
                    order by r.status desc, r.started_at limit 1))), '{}')
  from unnest(p_tasks) t (name)
  left join task_states s on s.task_name = t.name
  left join lateral (select internal.run_brief(r) as run from scheduler_logs r where r.task_name = t.name
                     order by r.started_at desc limit 1) l on true
$$;
comment on function public.task_overview is 'Pause, last run, last success and live run of each task.';

create or replace function public.scheduler_logs_recent(p_limit integer default 30) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  with page as (
    select r as run from scheduler_logs r order by r.started_at desc, r.id desc limit internal.page_limit(p_limit, 30, 100)
  )
  select jsonb_build_object(
    'logs', coalesce(jsonb_agg(internal.run_log(run) order by (run).started_at desc, (run).id desc), '[]'),
    'count', count(*),
    'last_success', (select internal.instant(started_at) from scheduler_logs where status = 'success'
                     order by started_at desc limit 1))
  from page
$$;
comment on function public.scheduler_logs_recent is
  'GET /scheduler-logs/recent: {logs, count, last_success}; limit 30, at most 100. last_success is looked for in the whole log.';

create or replace function internal.run_figures(p_from timestamptz, p_until timestamptz)
returns table (name text, label text, total bigint, success bigint, warning bigint, error bigint, live bigint,
               seconds numeric, last_at timestamptz, last_status text)
language sql stable set search_path = public, pg_temp as $$
  select r.task_name, (array_agg(r.task_label order by r.started_at desc))[1], count(*),
         count(*) filter (where r.status = 'success'), count(*) filter (where r.status = 'warning'),
         count(*) filter (where r.status = 'error'), count(*) filter (where r.status in ('queued', 'running')),
         sum(coalesce(r.duration_ms / 1000.0, r.duration_seconds)) filter (where r.status in ('success', 'warning', 'error')),
         max(r.started_at), (array_agg(r.status order by r.started_at desc))[1]
  from scheduler_logs r
  where r.started_at > p_from and r.started_at <= p_until
    -- A run that was paused did no work and proves nothing.
    and not coalesce(r.stats @> '{"paused": true}', false)
  group by r.task_name
$$;
comment on function internal.run_figures is 'Runs that started in a span, per task; seconds is the sum over those that ended.';

create or replace function internal.notifications_sent(p_from timestamptz, p_until timestamptz) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select coalesce(jsonb_object_agg(event_type, n), '{}') from (
    select event_type, count(*) as n from notification_deliveries
    where status = 'sent' and sent_at > p_from and sent_at <= p_until group by event_type) t
$$;
comment on function internal.notifications_sent is 'Messages delivered in a span, {event type: count}.';

create or replace function public.scheduler_logs_stats(p_now timestamptz, p_hours integer default 24) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  with span as (
    select p_now - make_interval(hours => least(greatest(coalesce(p_hours, 24), 1), 9600)) as since,
           least(greatest(coalesce(p_hours, 24), 1), 9600) as hours
  ), figures as materialized (
    select f.* from span, internal.run_figures(span.since, p_now) f
  )
  select jsonb_build_object(
    'total_tasks', coalesce(sum(total), 0), 'success_count', coalesce(sum(success), 0), 'error_count', coalesce(sum(error), 0),
    'running_count', coalesce(sum(live), 0), 'last_execution', internal.instant(max(last_at)),
    'avg_execution_time', round(sum(seconds) / nullif(sum(success + warning + error), 0), 2),
    'period_hours', (select hours from span),
    'warning_count', coalesce(sum(warning), 0),
    'success_rate', internal.percent(sum(success + warning)::bigint, sum(success + warning + error)::bigint),
    'tasks', coalesce(jsonb_agg(jsonb_build_object(
      'task_name', name, 'task_label', label, 'total', total, 'success_count', success, 'warning_count', warning,
      'error_count', error, 'running_count', live, 'avg_execution_time', round(seconds / nullif(success + warning + error, 0), 2),
      'success_rate', internal.percent(success + warning, success + warning + error),
      'last_execution', internal.instant(last_at), 'last_status', last_status) order by name), '[]'),
    'notifications_sent', (select internal.notifications_sent(since, p_now) from span))
  from figures
$$;
comment on function public.scheduler_logs_stats is
  'GET /scheduler-logs/stats: the documented figures, plus warning_count, success_rate (percent of the ended runs that did not fail; null when none ended), tasks[] and notifications_sent {type: count}. Times in seconds; paused runs do not count.';

create or replace function internal.sync_log(p_log public.sync_logs) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select jsonb_build_object(
    'id', p_log.id, 'script_name', p_log.script_name, 'task_type', p_log.task_type, 'status', p_log.status,
    'message', p_log.message, 'stats', coalesce(p_log.stats, '{}'), 'error_details', p_log.error_details,
    'triggered_by', p_log.triggered_by, 'triggered_by_user', p_log.triggered_by_user,
    'started_at', internal.instant(p_log.started_at), 'completed_at', internal.instant(p_log.completed_at),
    'execution_time_seconds', p_log.execution_time_seconds, 'created_at', internal.instant(p_log.created_at),
    'run_id', p_log.run_id)
$$;
comment on function internal.sync_log is 'A row of sync_logs in the shape of the log endpoints, without the columns of the predecessor that nobody fills.';

create or replace function public.sync_logs_recent(p_limit integer default 20) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  with page as (
    select l as log from sync_logs l order by l.created_at desc, l.id desc limit internal.page_limit(p_limit, 20, 100)
  )
  select jsonb_build_object(
    'logs', coalesce(jsonb_agg(internal.sync_log(log) order by (log).created_at desc, (log).id desc), '[]'),
    'count', count(*),
    'last_success', (select internal.instant(created_at) from sync_logs where status = 'success'
                     order by created_at desc limit 1))
  from page
$$;
comment on function public.sync_logs_recent is
  'GET /sync-logs/recent: {logs, count, last_success}; limit 20, at most 100. last_success is looked for in the whole log.';

create or replace function public.sync_logs_page(
  p_limit integer default 20, p_cursor text default null, p_status text default null, p_task_type text default null,
  p_from timestamptz default null, p_until timestamptz default null
) returns jsonb language plpgsql stable set search_path = public, pg_temp set plan_cache_mode = force_custom_plan as $$
declare
  v_limit integer := internal.page_limit(p_limit, 20, 200);
  v_key text[] := internal.read_cursor(p_cursor, 'timestamptz', 'uuid');
begin
  return (
    select internal.paged(
        array_agg(internal.sync_log(l) order by l.created_at desc, l.id desc),
        array_agg(jsonb_build_array(l.created_at, l.id) order by l.created_at desc, l.id desc),
        v_limit)
    from (
      select * from sync_logs
      where (v_key is null or (created_at, id) < (v_key[1]::timestamptz, v_key[2]::uuid))
        and (p_status is null or status = p_status) and (p_task_type is null or task_type = p_task_type)
        and (p_from is null or created_at >= p_from) and (p_until is null or created_at < p_until)
      order by created_at desc, id desc limit v_limit + 1) l);
end
$$;
comment on function public.sync_logs_page is 'The sync log, newest first; limit 20, at most 200.';

create or replace function public.sync_logs_stats(p_now timestamptz, p_hours integer default 24) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  with span as (
    select p_now - make_interval(hours => least(greatest(coalesce(p_hours, 24), 1), 9600)) as since,
           least(greatest(coalesce(p_hours, 24), 1), 9600) as hours
  ), figures as materialized (
    select l.script_name, l.task_type, count(*) as total, count(*) filter (where l.status = 'success') as success,
           count(*) filter (where l.status = 'warning') as warning, count(*) filter (where l.status = 'error') as error,
           sum(l.execution_time_seconds) as seconds, count(l.execution_time_seconds) as timed, max(l.created_at) as last_at
    from sync_logs l, span
    where l.created_at > span.since and l.created_at <= p_now
      -- The row of a chain sums up runs that have rows of their own: a run counts once.
      and l.task_type <> 'chain'
    group by l.script_name, l.task_type
  )
  select jsonb_build_object(
    'total_syncs', coalesce(sum(total), 0), 'success_count', coalesce(sum(success), 0), 'error_count', coalesce(sum(error), 0),
    'warning_count', coalesce(sum(warning), 0), 'last_sync', internal.instant(max(last_at)),
    'avg_execution_time', round(sum(seconds)::numeric / nullif(sum(timed), 0), 2), 'period_hours', (select hours from span),
    'success_rate', internal.percent(sum(success + warning)::bigint, sum(success + warning + error)::bigint),
    'tasks', coalesce(jsonb_agg(jsonb_build_object(
      'script_name', script_name, 'task_type', task_type, 'total', total, 'success_count', success, 'warning_count', warning,
      'error_count', error, 'avg_execution_time', round(seconds::numeric / nullif(timed, 0), 2),
      'success_rate', internal.percent(success + warning, success + warning + error),
      'last_execution', internal.instant(last_at)) order by script_name, task_type), '[]'))
  from figures
$$;
comment on function public.sync_logs_stats is
  'GET /sync-logs/stats: the documented figures, plus success_rate and tasks[]. Times in seconds. Each run counts once: rows of a chain do not.';

create or replace function public.system_status() returns jsonb
language sql stable set search_path = public, pg_temp as $$
  -- Before the first sync the shape is the same.
  select jsonb_build_object(
    'last_sync_date', internal.instant(coalesce(l.completed_at, l.created_at)), 'last_sync_status', l.status,
    'last_sync_items', internal.run_volume(l.figures), 'last_sync_job', l.script_name, 'last_sync_error', l.error_details,
    'execution_time', l.execution_time_seconds,
    'tables_updated', coalesce((
      select jsonb_object_agg(c.key, coalesce((c.value ->> 'inserted')::bigint, 0) + coalesce((c.value ->> 'updated')::bigint, 0)
                                     + coalesce((c.value ->> 'deleted')::bigint, 0))
      from jsonb_each(case when jsonb_typeof(l.figures -> 'collections') = 'object' then l.figures -> 'collections' else '{}' end) c
      where jsonb_typeof(c.value) = 'object'), '{}'))
  from (select) always
  left join lateral (
    -- The afternoon's sync is a part of its task, and so are its figures.
    select *, coalesce(stats -> 'sync', stats) as figures
    from sync_logs where task_type = 'sync' order by created_at desc, id desc limit 1) l on true
$$;
comment on function public.system_status is
  'GET /system/status: the last sync. last_sync_items: rows read; execution_time in seconds; tables_updated: {collection: rows changed}.';

-- Company rules that people edit: what may be set, within which bounds, and who set it.

create or replace function internal.setting_rules()
returns table (key text, kind text, minimum numeric, maximum numeric, standard text) language sql immutable set search_path = public, pg_temp as $$
  values
    ('sync.appointment_past_days', 'whole', 1, 3650, '30'), ('sync.appointment_future_days', 'whole', 1, 3650, '90'),
    ('sync.timeline_overlap_days', 'whole', 1, 365, '7'), ('sync.concurrency', 'whole', 1, 20, '6'),
    ('humidity.low', 'number', 1, 99, '30'), ('humidity.high', 'number', 1, 99, '60'), ('humidity.margin', 'number', 0, 30, '2'),
    ('humidity.window_days', 'whole', 1, 365, '30'), ('humidity.all_clients', 'flag', null, null, 'false'),
    ('humidity.model_enabled', 'flag', null, null, 'false'),
    ('anomaly.cash_medium_cents', 'whole', 1, 100000000, '1000'), ('anomaly.cash_high_cents', 'whole', 1, 100000000, '5000'),
    ('anomaly.cash_repeated', 'whole', 1, 1000, '3'), ('anomaly.sync_failures_medium', 'whole', 1, 1000, '3'),
    ('anomaly.sync_failures_high', 'whole', 1, 1000, '5'), ('anomaly.consecutive_failures', 'whole', 1, 1000, '3'),
    ('anomaly.stuck_hours', 'number', 0.1, 168, '2'), ('anomaly.auth_failures_medium', 'whole', 1, 10000, '5'),
    ('anomaly.auth_failures_high', 'whole', 1, 10000, '10'), ('anomaly.ai_minimum_calls', 'whole', 1, 100000, '20'),
    ('anomaly.ai_error_percent_medium', 'number', 0, 100, '5'), ('anomaly.ai_error_percent_high', 'number', 0, 100, '20'),
    ('anomaly.ai_confidence', 'number', 0, 1, '0.6'), ('anomaly.stale_hours', 'number', 1, 8760, '26'),
    ('anomaly.row_drop_percent', 'number', 1, 100, '20'), ('anomaly.orphan_percent', 'number', 0, 100, '5'),
    ('anomaly.humidity_backlog_days', 'whole', 1, 3650, '14'), ('anomaly.unusual_spread', 'number', 1, 100, '5'),
    ('anomaly.unusual_minimum_percent', 'number', 0, 10000, '50'), ('anomaly.unusual_minimum_rows', 'whole', 0, 100000000, '50'),
    ('anomaly.unusual_minimum_runs', 'whole', 2, 12, '5'), ('anomaly.unusual_minimum_seconds', 'number', 0, 86400, '60'),
    ('recommendation.log_days', 'whole', 1, 36500, '90')
  union all
  select 'retention.' || r.name, 'whole', r.least_days, 36500, r.default_days::text from internal.retention_rules() r
$$;
comment on function internal.setting_rules is 'Every setting that may be edited, its kind (whole, number, flag), its bounds, and what it is unless somebody changes it.';

create or replace function public.settings_of(p_section text) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select jsonb_object_agg(substr(r.key, length(p_section) + 2), internal.setting(r.key))
  from internal.setting_rules() r where starts_with(r.key, p_section || '.')
$$;
comment on function public.settings_of is 'The settings of a section as a task obeys them, by key without the section: {"concurrency": 6, …}. Null when there is no such section.';

create or replace function internal.setting_json(p_setting public.settings) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select internal.row_json(to_jsonb(p_setting)) || jsonb_build_object('kind', r.kind, 'minimum', r.minimum, 'maximum', r.maximum, 'default', r.standard::jsonb)
  from (select) always left join internal.setting_rules() r on r.key = p_setting.key
$$;

create or replace function public.settings_list() returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select coalesce(jsonb_agg(internal.setting_json(s) order by s.key), '[]')
  from (select * from settings where key in (select r.key from internal.setting_rules() r) order by key limit 500) s
$$;
comment on function public.settings_list is
  'The settings of the console {key, value, description, kind, minimum, maximum, default, updated_at, updated_by}. Tokens are in another table, which nothing here reads.';

create or replace function internal.check_setting_pair(p_low text, p_high text, p_may_be_equal boolean, p_key text) returns void
language plpgsql stable set search_path = public, pg_temp as $$
declare
  v_low numeric := (select (value #>> '{}')::numeric from settings where key = p_low and jsonb_typeof(value) = 'number');
  v_high numeric := (select (value #>> '{}')::numeric from settings where key = p_high and jsonb_typeof(value) = 'number');
begin
  if p_key in (p_low, p_high) and (v_low > v_high or (v_low = v_high and not p_may_be_equal)) then
    perform internal.refuse(p_key, 'not-above', jsonb_build_object('low', p_low, 'low_value', v_low, 'high', p_high, 'high_value', v_high));
  end if;
end
$$;
comment on function internal.check_setting_pair is 'GT010 when the value just written turns two thresholds around.';

create or replace function public.save_setting(p_key text, p_actor jsonb, p_now timestamptz, p_value jsonb default null) returns jsonb
language plpgsql set search_path = public, pg_temp as $$
declare
  v_rule record;
  v_before settings;
  v_after settings;
begin
  select * into v_rule from internal.setting_rules() r where r.key = p_key;
  if not found then
    perform internal.refuse(left(coalesce(p_key, ''), 60), 'no-such-setting');
  end if;
  if coalesce(jsonb_typeof(p_value), 'null') = 'null' then
    perform internal.refuse(p_key, 'is-required');
  end if;
  if v_rule.kind = 'flag' then
    if jsonb_typeof(p_value) <> 'boolean' then
      perform internal.refuse(p_key, 'expects-flag');
    end if;
  elsif jsonb_typeof(p_value) <> 'number' then
    perform internal.refuse(p_key, 'expects-number');
  elsif not (p_value #>> '{}')::numeric between v_rule.minimum and v_rule.maximum then
    perform internal.refuse(p_key, 'expects-range', jsonb_build_object('least', v_rule.minimum, 'most', v_rule.maximum));
  elsif v_rule.kind = 'whole' and (p_value #>> '{}')::numeric % 1 <> 0 then
    perform internal.refuse(p_key, 'expects-whole');
  end if;
  select * into v_before from settings where key = p_key for update;
  insert into settings (key, value, updated_at, updated_by) values (p_key, p_value, p_now, left((p_actor ->> 'email'), 200))
  on conflict (key) do update set value = excluded.value, updated_at = excluded.updated_at, updated_by = excluded.updated_by
  returning * into v_after;
  perform internal.check_setting_pair('humidity.low', 'humidity.high', false, p_key);
  perform internal.check_setting_pair('anomaly.' || pair || '_medium' || unit, 'anomaly.' || pair || '_high' || unit, true, p_key)
  from (values ('cash', '_cents'), ('sync_failures', ''), ('auth_failures', ''), ('ai_error_percent', '')) pairs (pair, unit);
  perform internal.audit(p_actor, 'setting.update', 'setting:' || p_key, v_before.value, v_after.value, p_now);
  return internal.setting_json(v_after);
end
$$;
comment on function public.save_setting is
  'Sets one setting, checked by type and range; answers it. GT010, with the key as field: unknown, of another type, out of its range, or above its companion.';

-- Institutions.

create or replace function public.institutions_list() returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select coalesce(jsonb_agg(to_jsonb(i) || jsonb_build_object('client_name', internal.client_name(i.gazelle_client_id)) order by i.slug), '[]')
  from (select slug, name, gazelle_client_id, active, options from institutions order by slug limit 500) i
$$;
comment on function public.institutions_list is 'The institutions with the name that Gazelle gives their client; null when it knows none.';

create or replace function public.save_institution(p_slug text, p_values jsonb, p_actor jsonb, p_now timestamptz) returns jsonb
language plpgsql set search_path = public, pg_temp as $$
declare
  v_row institutions;
  v_before jsonb;
  v_low numeric;
  v_high numeric;
begin
  if coalesce(p_slug, '') !~ '^[a-z0-9][a-z0-9-]{0,59}$' then
    perform internal.refuse('slug', 'expects-slug');
  end if;
  select * into v_row from institutions where slug = p_slug for update;
  if found then
    v_before := to_jsonb(v_row);
  end if;
  v_row := jsonb_populate_record(v_row, p_values);
  v_row.active := coalesce(v_row.active, true);
  -- An empty bound is none.
  v_row.options := jsonb_strip_nulls(coalesce(v_row.options, '{}'));
  perform internal.required('name', v_row.name);
  v_low := (v_row.options ->> 'humidity_low')::numeric;
  v_high := (v_row.options ->> 'humidity_high')::numeric;
  if v_low >= v_high then
    perform internal.refuse('humidity_low', 'below-humidity-high');
  end if;
  if exists (select from institutions where gazelle_client_id = v_row.gazelle_client_id and slug <> p_slug) then
    perform internal.refuse('gazelle_client_id', 'client-has-institution');
  end if;
  insert into institutions (slug, name, gazelle_client_id, active, options)
  values (p_slug, v_row.name, v_row.gazelle_client_id, v_row.active, v_row.options)
  on conflict (slug) do update set name = excluded.name, gazelle_client_id = excluded.gazelle_client_id, active = excluded.active,
    options = excluded.options
  returning * into v_row;
  perform internal.audit(p_actor, case when v_before is null then 'institution.create' else 'institution.update' end,
                         'institution:' || p_slug, v_before, to_jsonb(v_row), p_now);
  return to_jsonb(v_row);
end
$$;
comment on function public.save_institution is 'Creates or changes an institution by its slug; fields that are absent stay. GT010 names the field.';

create or replace function public.delete_institution(p_slug text, p_actor jsonb, p_now timestamptz) returns jsonb
language plpgsql set search_path = public, pg_temp as $$
declare
  v_row institutions;
begin
  delete from institutions where slug = p_slug returning * into v_row;
  if not found then
    return null;
  end if;
  perform internal.audit(p_actor, 'institution.delete', 'institution:' || p_slug, to_jsonb(v_row), null, p_now);
  return to_jsonb(v_row);
end
$$;
comment on function public.delete_institution is 'Deletes an institution; answers the row, null when there is none.';

-- Tabs of the report.

create or replace function internal.sheet_title_key(p_title text) returns text
language sql immutable set search_path = public, pg_temp as $$
  -- Decomposed, so that capitals with accents are lowered whatever the database's own letters are.
  select lower(normalize(btrim(regexp_replace(p_title, '\s+', ' ', 'g')), NFD))
$$;
comment on function internal.sheet_title_key is
  'A title of a sheet as Google Sheets compares it: case does not matter. Nor do spaces around it and double ones, which nobody sees.';

create or replace function internal.check_report_title(p_key text, p_title text) returns void
language plpgsql stable set search_path = public, pg_temp as $$
begin
  -- The report fills hidden sheets of such names, and deletes them.
  if starts_with(internal.sheet_title_key(p_title), internal.sheet_title_key('~ en préparation:')) then
    perform internal.refuse('title', 'title-is-reserved');
  end if;
  if exists (select from report_tabs t cross join lateral unnest(t.title || t.former_titles) taken
             where t.key <> p_key and internal.sheet_title_key(taken) = internal.sheet_title_key(p_title)) then
    perform internal.refuse('title', 'title-is-taken');
  end if;
end
$$;
comment on function internal.check_report_title is
  'GT010 when a title is reserved, or is that of another tab or was: Google Sheets holds titles that differ by case only to be the same.';

create or replace function public.report_tabs_list() returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select coalesce(jsonb_agg(to_jsonb(t) order by t.position, t.key), '[]')
  from (select * from report_tabs order by position, key limit 200) t
$$;
comment on function public.report_tabs_list is 'The tabs of the timeline report in their order.';

create or replace function public.save_report_tab(p_key text, p_values jsonb, p_actor jsonb, p_now timestamptz) returns jsonb
language plpgsql set search_path = public, pg_temp as $$
declare
  v_row report_tabs;
  v_old_title text;
  v_before jsonb;
begin
  if coalesce(p_key, '') !~ '^[a-z0-9][a-z0-9-]{0,59}$' then
    perform internal.refuse('key', 'expects-slug');
  end if;
  select * into v_row from report_tabs where key = p_key for update;
  if found then
    v_before := to_jsonb(v_row);
    v_old_title := v_row.title;
  end if;
  v_row := jsonb_populate_record(v_row, p_values);
  v_row.kind := coalesce(v_row.kind, 'institution');
  v_row.position := coalesce(v_row.position, (select least(coalesce(max(position), 0) + 1, 1000) from report_tabs));
  v_row.client_ids := coalesce(v_row.client_ids, '{}');
  v_row.keywords := coalesce(v_row.keywords, '{}');
  v_row.enabled := coalesce(v_row.enabled, true);
  perform internal.required('title', v_row.title);
  if v_row.title is distinct from v_old_title then
    perform internal.check_report_title(p_key, v_row.title);
  end if;
  -- The sheet is renamed, not made a second time.
  v_row.former_titles := array(select t from unnest(coalesce(v_row.former_titles, '{}') || v_old_title) t
                               where t is not null and internal.sheet_title_key(t) <> internal.sheet_title_key(v_row.title)
                               group by t order by t);
  insert into report_tabs (key, title, kind, position, client_ids, keywords, former_titles, enabled)
  values (p_key, v_row.title, v_row.kind, v_row.position, v_row.client_ids, v_row.keywords, v_row.former_titles, v_row.enabled)
  on conflict (key) do update set title = excluded.title, kind = excluded.kind, position = excluded.position,
    client_ids = excluded.client_ids, keywords = excluded.keywords, former_titles = excluded.former_titles, enabled = excluded.enabled
  returning * into v_row;
  perform internal.audit(p_actor, case when v_before is null then 'report_tab.create' else 'report_tab.update' end,
                         'report_tab:' || p_key, v_before, to_jsonb(v_row), p_now);
  return to_jsonb(v_row);
end
$$;
comment on function public.save_report_tab is
  'Creates or changes a tab by its key; fields that are absent stay. A title that changes becomes a former title, by which the sheet is found and renamed. GT010 names the field.';

create or replace function public.delete_report_tab(p_key text, p_actor jsonb, p_now timestamptz) returns jsonb
language plpgsql set search_path = public, pg_temp as $$
declare
  v_row report_tabs;
begin
  delete from report_tabs where key = p_key returning * into v_row;
  if not found then
    return null;
  end if;
  perform internal.audit(p_actor, 'report_tab.delete', 'report_tab:' || p_key, to_jsonb(v_row), null, p_now);
  return to_jsonb(v_row);
end
$$;
comment on function public.delete_report_tab is 'Deletes a tab from the settings; answers the row, null when there is none. Its sheet stays where it is.';

-- Sending, as state changes: in order for each recipient, within the rate of each channel, away from what is
-- switched off; and what time alone brings: escalation and reminders.

create or replace function internal.slot_seconds(p_channel text, p_recipient text) returns numeric
language sql stable set search_path = public, pg_temp as $$
  -- Slack: one message per second and webhook. Telegram: thirty per second in all, one per second and chat, twenty
  -- per minute and group (whose id is negative). The other channels have no such limit.
  select case
    when p_channel = 'slack' and p_recipient <> '' then 1
    when p_channel = 'telegram' and p_recipient = '' then 0.034
    when p_channel = 'telegram' then
      case when (select s.telegram_chat_id from staff s where s.key = p_recipient) like '-%' then 3 else 1 end
    else 0 end
$$;
comment on function internal.slot_seconds is 'Seconds between two messages to a recipient (empty: on the whole channel).';

create or replace function internal.notices_per_message() returns integer language sql immutable as 'select 100';
comment on function internal.notices_per_message is
  'So many notices of a digest are one message, which every channel can carry; those beyond wait for the next one.';

create or replace function internal.digest_place(p_claim text) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  -- Counted over the whole digest of this person on this channel: those reported before, and all of them.
  select jsonb_build_object('before', count(*) filter (where d.status <> 'pending'), 'total', count(*))
  from (select channel, recipient, digest_key from notification_deliveries
        where status = 'pending' and claimed_until is not null and claim_token = p_claim and digest_key is not null limit 1) mine
  join notification_deliveries d on d.digest_key = mine.digest_key and d.channel = mine.channel and d.recipient = mine.recipient
  having count(*) > 0
$$;
comment on function internal.digest_place is
  'Where a claimed message stands in its digest: {before, total}, in notices. Null for what is no digest.';

create or replace function public.claim_deliveries(
  p_lease_seconds integer, p_claim text, p_now timestamptz, p_channel text, p_run_id uuid default null
) returns jsonb language plpgsql set search_path = public, pg_temp as $$
declare
  v_head record;
  v_message jsonb;
  v_free_at timestamptz;
begin
  perform pg_advisory_xact_lock(hashtextextended('deliveries', 0));
  perform internal.close_abandoned_deliveries(p_now);
  -- The answer to this very claim was lost on the way: it is given again, and nothing more is taken.
  if not exists (select from notification_deliveries
                 where status = 'pending' and claimed_until is not null and claim_token = p_claim) then
    select * into v_head from internal.due_deliveries d
    where d.channel = p_channel and (p_run_id is null or exists (
      select from notification_deliveries m
      where m.run_id = p_run_id and m.status = 'pending' and m.channel = d.channel and m.recipient = d.recipient))
    order by d.free_at, d.seq
    limit 1;
    if not found or v_head.free_at > p_now then
      v_free_at := v_head.free_at;
      return jsonb_build_object('message', null,
        'wait_ms', ceil(extract(epoch from v_free_at - p_now) * 1000)::bigint);
    end if;
    update notification_deliveries
    set claimed_until = p_now + make_interval(secs => p_lease_seconds), claim_token = p_claim, attempts = attempts + 1
    where id in (
      select id from notification_deliveries
      where status = 'pending' and claimed_until is null
        and (id = v_head.id or (digest_key = v_head.digest_key and next_attempt_at <= p_now
                                and channel = v_head.channel and recipient = v_head.recipient))
      order by id <> v_head.id, seq limit internal.notices_per_message());
    insert into notification_queues (channel, recipient, next_slot_at)
    select v_head.channel, r, p_now + make_interval(secs => internal.slot_seconds(v_head.channel, r)::double precision)
    from unnest(array['', v_head.recipient]) r
    where internal.slot_seconds(v_head.channel, r) > 0
    on conflict (channel, recipient) do update set next_slot_at = excluded.next_slot_at;
  end if;
  select jsonb_build_object(
           'id', min(d.id::text), 'channel', d.channel, 'recipient', d.recipient, 'attempts', max(d.attempts),
           'items', jsonb_agg(jsonb_build_object('id', d.id, 'event_type', d.event_type, 'severity', d.severity,
                      'data', d.data, 'due_at', greatest(d.created_at, d.next_attempt_at), 'is_reminder', d.window_key like 'reminder:%',
                      'is_escalation', d.window_key like 'escalation:%') order by d.seq),
           'first_name', s.first_name, 'language', coalesce(s.language, 'fr'), 'email', s.email,
           'slack_webhook_key', s.slack_webhook_key, 'telegram_chat_id', s.telegram_chat_id,
           'digest', internal.digest_place(p_claim))
  into v_message
  from notification_deliveries d left join staff s on s.key = d.recipient and s.active
  where d.status = 'pending' and d.claimed_until is not null and d.claim_token = p_claim
  group by d.channel, d.recipient, s.key;
  return jsonb_build_object('message', v_message, 'wait_ms', null);
end
$$;
comment on function public.claim_deliveries is
  'Takes the next message of a channel that may be sent (for p_run_id: of the queues that hold messages of that run), or says in how many milliseconds there is one. A digest is one message of several items, at most internal.notices_per_message(): what it does not show is not taken. The same claim asked for twice is one claim.';

create or replace function internal.other_channel(p_delivery notification_deliveries, p_now timestamptz) returns text
language sql stable set search_path = public, pg_temp as $$
  select c.channel
  from (values ('slack', 1), ('email', 2), ('telegram', 3)) c (channel, rank)
  join staff s on s.key = p_delivery.recipient and s.active
  where case c.channel when 'slack' then s.slack_webhook_key is not null
                       when 'telegram' then s.telegram_chat_id is not null else true end
    and not internal.channel_is_off(c.channel, p_delivery.recipient, p_now)
    and not exists (select from notification_deliveries d
                    where d.fingerprint = p_delivery.fingerprint and d.window_key = p_delivery.window_key
                      and d.recipient = p_delivery.recipient and d.channel = c.channel)
  order by c.rank limit 1
$$;
comment on function internal.other_channel is 'A channel of the same person on which this message has not been tried; null when none is left.';

create or replace function internal.move_delivery(p_delivery notification_deliveries, p_now timestamptz) returns void
language plpgsql set search_path = public, pg_temp as $$
declare
  v_channel text := internal.other_channel(p_delivery, p_now);
  v_follower notification_deliveries;
begin
  if not p_delivery.may_move or v_channel is null then
    return;
  end if;
  insert into notification_deliveries
    (event_type, severity, channel, rule_channel, recipient, fingerprint, window_key, data, run_id, after_id, next_attempt_at, created_at)
  values (p_delivery.event_type, p_delivery.severity, v_channel, p_delivery.rule_channel, p_delivery.recipient,
          p_delivery.fingerprint, p_delivery.window_key, p_delivery.data, p_delivery.run_id,
          -- A recovery follows its problem to the other channel, if the problem had to move as well.
          coalesce((select moved.id from notification_deliveries problem
                    join notification_deliveries moved using (fingerprint, window_key, recipient)
                    where problem.id = p_delivery.after_id and problem.status <> 'sent'
                      and moved.channel = v_channel), p_delivery.after_id),
          p_delivery.next_attempt_at, p_delivery.created_at)
  on conflict (fingerprint, channel, recipient, window_key) do nothing;
  update notification_deliveries set status = 'skipped', error_kind = 'channel_off', claimed_until = null
  where id = p_delivery.id and status = 'pending';
  for v_follower in
    select * from notification_deliveries
    where after_id = p_delivery.id and status = 'pending' and claimed_until is null order by seq
  loop
    perform internal.move_delivery(v_follower, p_now);
  end loop;
end
$$;
comment on function internal.move_delivery is
  'Hands a message that its channel cannot carry, and the recovery that waits for it, to another channel of the same person.';

create or replace function internal.redirect_doubtful(p_fingerprint text, p_window_key text, p_now timestamptz) returns void
language plpgsql set search_path = public, pg_temp as $$
declare
  v_delivery notification_deliveries;
begin
  if exists (select from notification_deliveries
             where fingerprint = p_fingerprint and window_key = p_window_key and status in ('sent', 'pending'))
     -- What is over by now and was sent to nobody is no news any more.
     or exists (select from notices where fingerprint = p_fingerprint and resolved_at is not null) then
    return;
  end if;
  for v_delivery in
    select * from notification_deliveries
    where fingerprint = p_fingerprint and window_key = p_window_key and status = 'unknown' order by seq
  loop
    -- Also a message to those concerned.
    v_delivery.may_move := true;
    perform internal.move_delivery(v_delivery, p_now);
  end loop;
end
$$;
comment on function internal.redirect_doubtful is
  'A message that nobody is known to have received goes out on another channel to each of its recipients: hearing of it twice is better than not at all. One that reached somebody is not repeated.';

create or replace function internal.close_abandoned_deliveries(p_now timestamptz) returns void
language plpgsql set search_path = public, pg_temp as $$
declare
  v_lost record;
begin
  for v_lost in
    with lost as (
      update notification_deliveries
      set status = 'unknown', claimed_until = null, error_kind = 'sender_lost',
          detail = 'the sender disappeared between the claim and the answer'
      where status = 'pending' and claimed_until < p_now
      returning fingerprint, window_key)
    select distinct fingerprint, window_key from lost
  loop
    perform internal.redirect_doubtful(v_lost.fingerprint, v_lost.window_key, p_now);
  end loop;
  -- Who did not hear of the problem is not notified that it is over.
  update notification_deliveries d
  set status = 'skipped', error_kind = 'problem_not_delivered'
  from notification_deliveries problem
  where d.status = 'pending' and problem.id = d.after_id and problem.status in ('failed', 'skipped', 'unknown');
  -- What nobody switched on again within a day is not news any more.
  update notification_deliveries
  set status = 'failed', error_kind = 'expired'
  where status = 'pending' and claimed_until is null
    and greatest(created_at, next_attempt_at) < p_now - interval '1 day'
    and internal.channel_is_off(channel, recipient, p_now);
  -- Recoveries and reminders may have been queued on a channel that was switched off before them.
  perform internal.move_delivery(d, p_now) from notification_deliveries d
  where d.status = 'pending' and d.claimed_until is null and d.may_move
    and internal.channel_is_off(d.channel, d.recipient, p_now);
end
$$;

create or replace function internal.doubt_channel(p_channel text, p_now timestamptz) returns void
language plpgsql set search_path = public, pg_temp as $$
declare
  v_queue notification_queues;
begin
  insert into notification_queues as q (channel, recipient, doubts, doubtful_since) values (p_channel, '', 1, p_now)
  on conflict (channel, recipient) do update
  set doubts = q.doubts + 1, doubtful_since = coalesce(q.doubtful_since, p_now)
  returning * into v_queue;
  if v_queue.doubts < internal.doubts_in_a_row() then
    return;
  end if;
  -- After the rest one message tries again; each time that it stays without an answer the next rest is longer.
  update notification_queues
  set blocked_until = p_now + least(interval '30 minutes' * power(2, least(doubts - internal.doubts_in_a_row(), 3)),
                                    interval '4 hours')
  where channel = p_channel and recipient = '';
  perform internal.open_incident('channel', p_channel, 'channel.silent', 'error', jsonb_build_object(
    'subject', initcap(p_channel), 'channel', p_channel, 'since', v_queue.doubtful_since), null, null, p_now);
end
$$;
comment on function internal.doubt_channel is
  'A message went out on a channel and nothing came back. Several in a row are an incident, and the channel rests.';

create or replace function internal.rest_channel(p_channel text, p_reason text, p_now timestamptz) returns void
language plpgsql set search_path = public, pg_temp as $$
declare
  v_since timestamptz;
  v_delivery notification_deliveries;
begin
  -- As one that gave no answers in a row: it rests for as long, each time longer, and one message tries again after it.
  insert into notification_queues as q (channel, recipient, doubts, doubtful_since)
  values (p_channel, '', internal.doubts_in_a_row(), p_now)
  on conflict (channel, recipient) do update
  set doubts = greatest(q.doubts + 1, internal.doubts_in_a_row()), doubtful_since = coalesce(q.doubtful_since, p_now)
  returning doubtful_since into v_since;
  update notification_queues
  set blocked_until = p_now + least(interval '30 minutes' * power(2, least(doubts - internal.doubts_in_a_row(), 3)),
                                    interval '4 hours')
  where channel = p_channel and recipient = '';
  for v_delivery in
    select * from notification_deliveries
    where status = 'pending' and claimed_until is null and channel = p_channel order by seq
  loop
    perform internal.move_delivery(v_delivery, p_now);
  end loop;
  perform internal.open_incident('channel', p_channel, 'channel.silent', 'error', jsonb_build_object(
    'subject', initcap(p_channel), 'channel', p_channel, 'since', v_since, 'error_kind', p_reason), null, null, p_now);
end
$$;
comment on function internal.rest_channel is
  'A channel takes nothing for now, and says so: it rests, its messages go out on others where people have them, which is an incident, reported once. It is tried again by itself.';

create or replace function internal.believe_channel(p_channel text, p_now timestamptz) returns void
language plpgsql set search_path = public, pg_temp as $$
begin
  update notification_queues set doubts = 0, doubtful_since = null, blocked_until = null
  where channel = p_channel and recipient = '' and doubts > 0;
  perform internal.close_incident('channel', p_channel, 'channel.recovered', 'recovered',
                                  jsonb_build_object('channel', p_channel), null, p_now);
end
$$;
comment on function internal.believe_channel is 'A message arrived on a channel: it answers.';

create or replace function internal.switch_off(p_channel text, p_recipient text, p_reason text, p_now timestamptz)
returns void language plpgsql set search_path = public, pg_temp as $$
declare
  v_delivery notification_deliveries;
begin
  insert into notification_queues as q (channel, recipient, disabled_at, disabled_reason)
  values (p_channel, p_recipient, p_now, p_reason)
  on conflict (channel, recipient) do update set disabled_at = p_now, disabled_reason = p_reason
  where q.disabled_at is null;
  if not found then
    return;
  end if;
  for v_delivery in
    select * from notification_deliveries
    where status = 'pending' and claimed_until is null and channel = p_channel and (p_recipient = '' or recipient = p_recipient)
    order by seq
  loop
    perform internal.move_delivery(v_delivery, p_now);
  end loop;
  perform internal.enqueue_notice(jsonb_build_object(
    'event_type', 'channel.disabled', 'severity', 'critical',
    'fingerprint', concat_ws('@', 'channel.disabled', p_channel || nullif(':' || p_recipient, ':'), extract(epoch from p_now)),
    'data', jsonb_build_object('channel', p_channel, 'recipient', nullif(p_recipient, ''),
                               'recipient_name', (select display_name from staff where key = p_recipient), 'reason', p_reason,
                               'since', p_now)), null, p_now);
end
$$;
comment on function internal.switch_off is
  'Switches off a channel (or one recipient''s on it) that refuses permanently; said once, on the channels that are left.';

create or replace function public.switch_on(p_channel text, p_recipient text) returns boolean
language sql set search_path = public, pg_temp as $$
  with switched as (
    update notification_queues
    set disabled_at = null, disabled_reason = null, blocked_until = null, failures = 0, doubts = 0, doubtful_since = null
    where channel = p_channel and recipient in ('', p_recipient)
      and (disabled_at is not null or doubts >= internal.doubts_in_a_row())
    returning 1)
  select exists (select from switched)
$$;
comment on function public.switch_on is 'Switches a channel on again, for all and for this recipient. Whether it was off.';

create or replace function public.settle_deliveries(p_results jsonb, p_claim text, p_now timestamptz) returns integer
language plpgsql set search_path = public, pg_temp as $$
declare
  v_result record;
  v_delivery notification_deliveries;
  v_count integer := 0;
  v_silent text;
  v_answering text;
  v_resting text;
  v_reason text;
begin
  perform pg_advisory_xact_lock(hashtextextended('deliveries', 0));
  for v_result in
    select * from jsonb_to_recordset(p_results)
      as r (id uuid, status text, error_kind text, detail text, retry_after_seconds integer, switch_off text, chat_id text)
  loop
    update notification_deliveries
    set status = case v_result.status when 'resting' then 'pending' else v_result.status end, error_kind = v_result.error_kind, detail = left(v_result.detail, 500),
        sent_at = case when v_result.status = 'sent' then p_now end, claimed_until = null
    where id = v_result.id and status = 'pending' and claimed_until is not null and claim_token = p_claim
    returning * into v_delivery;
    continue when not found;
    v_count := v_count + 1;
    if v_result.chat_id is not null then
      update staff set telegram_chat_id = v_result.chat_id where key = v_delivery.recipient;
    end if;
    if v_result.status = 'pending' then
      -- The whole queue waits, so that what comes later does not overtake.
      insert into notification_queues as q (channel, recipient, blocked_until, failures)
      values (v_delivery.channel, v_delivery.recipient, p_now + make_interval(secs => v_result.retry_after_seconds), 1)
      on conflict (channel, recipient) do update set blocked_until = excluded.blocked_until, failures = q.failures + 1;
    elsif v_result.status = 'sent' then
      v_answering := v_delivery.channel;
      update notification_queues set blocked_until = null, failures = 0
      where channel = v_delivery.channel and recipient = v_delivery.recipient and failures > 0;
    elsif v_result.status = 'unknown' then
      v_silent := v_delivery.channel;
    elsif v_result.status = 'resting' then
      v_resting := v_delivery.channel;
      v_reason := v_result.error_kind;
    elsif v_result.status = 'failed' then
      -- First the message with what waits for it, then the rest of its queue.
      perform internal.move_delivery(v_delivery, p_now);
      if v_result.switch_off is not null then
        perform internal.switch_off(v_delivery.channel,
          case v_result.switch_off when 'channel' then '' else v_delivery.recipient end, v_result.error_kind, p_now);
      end if;
    end if;
  end loop;
  -- A digest is one message of several items: one doubt, one answer.
  if v_silent is not null then
    perform internal.doubt_channel(v_silent, p_now);
  end if;
  if v_answering is not null then
    perform internal.believe_channel(v_answering, p_now);
  end if;
  if v_resting is not null then
    perform internal.rest_channel(v_resting, v_reason, p_now);
  end if;
  perform internal.redirect_doubtful(settled.fingerprint, settled.window_key, p_now)
  from (select distinct d.fingerprint, d.window_key from notification_deliveries d
        where d.id in (select (r ->> 'id')::uuid from jsonb_array_elements(p_results) r)
          and d.status in ('unknown', 'failed')) settled;
  return v_count;
end
$$;
comment on function public.settle_deliveries is
  'Stores the outcome of claimed deliveries [{id, status, error_kind?, retry_after_seconds?, switch_off? (recipient or channel), chat_id?}]: sent, failed for good, unknown, pending again, which holds the whole queue, or resting: pending again, while the whole channel rests. Whoever lost the claim settles nothing.';

create or replace function public.advance_notices(p_now timestamptz) returns integer
language plpgsql set search_path = public, pg_temp as $$
declare
  v_escalated integer;
  v_reminded integer;
begin
  insert into notification_deliveries
    (event_type, severity, channel, recipient, fingerprint, window_key, data, run_id, next_attempt_at, created_at)
  select n.event_type, n.severity, internal.open_channel(step.value ->> 'channel', person.key, p_now), person.key,
         n.fingerprint, due.window_key, n.data || jsonb_build_object('since', coalesce(n.since, n.opened_at)), n.run_id, p_now, p_now
  from notices n
  join notification_rules r on r.event_type = n.event_type and r.enabled
  -- Nobody has failed to answer before anybody was asked. Each time a problem is reported anew is a round of its own.
  join lateral (
    select max(coalesce(d.sent_at, d.created_at)) as at,
           coalesce(max(d.window_key) filter (where d.window_key like 'again:%'), '') as round
    from notification_deliveries d
    where d.fingerprint = n.fingerprint and d.status in ('sent', 'unknown', 'failed')
      and d.window_key !~ '^(escalation|reminder):'
    having count(*) > 0) notified on true
  cross join lateral jsonb_array_elements(r.escalation) with ordinality step
  cross join lateral jsonb_array_elements_text(step.value -> 'recipients') person (key)
  cross join lateral (select 'escalation:' || r.id || ':' || step.ordinality || ':' || notified.round as window_key) due
  where n.resolved_at is null and n.acknowledged_at is null
    and notified.at + make_interval(mins => (step.value ->> 'after_minutes')::integer) <= p_now
    -- An old problem is not dug up by a new rule.
    and n.last_seen_at > p_now - interval '7 days'
    and internal.severity_rank(n.severity) >= internal.severity_rank(r.min_severity)
    -- On whatever channel it went.
    and not exists (select from notification_deliveries d
                    where d.fingerprint = n.fingerprint and d.recipient = person.key and d.window_key = due.window_key)
  -- What is being resolved just now is waited for, and looked at again.
  for share of n
  on conflict (fingerprint, channel, recipient, window_key) do nothing;
  get diagnostics v_escalated = row_count;

  insert into notification_deliveries
    (event_type, severity, channel, recipient, fingerprint, window_key, data, run_id, may_move, next_attempt_at, created_at)
  select n.event_type, n.severity, last.channel, last.recipient, n.fingerprint, 'reminder:' || last.messages,
         n.data || jsonb_build_object('since', coalesce(n.since, n.opened_at)), n.run_id, last.may_move,
         case when r.quiet_hours is not null and n.severity <> 'critical'
              then internal.quiet_until(r.quiet_hours, p_now) else p_now end, p_now
  from notices n
  join notification_rules r on r.event_type = n.event_type and r.enabled and r.reminder_minutes > 0
  cross join lateral (
    select d.channel, d.recipient, count(*) as messages, max(d.sent_at) as sent_at, bool_and(d.may_move) as may_move
    from notification_deliveries d
    where d.fingerprint = n.fingerprint and d.channel = r.channel
    group by d.channel, d.recipient
    having bool_and(d.status <> 'pending')) last
  where n.resolved_at is null and n.acknowledged_at is null and n.last_seen_at > p_now - interval '7 days'
    and last.sent_at + make_interval(mins => r.reminder_minutes) <= p_now
  for share of n
  on conflict (fingerprint, channel, recipient, window_key) do nothing;
  get diagnostics v_reminded = row_count;
  return v_escalated + v_reminded;
end
$$;
comment on function public.advance_notices is
  'Queues the escalation steps and reminders that are due for notices that nobody acknowledged and nothing resolved.';

create or replace function public.acknowledge_notice(p_fingerprint text, p_by text, p_now timestamptz) returns boolean
language plpgsql set search_path = public, pg_temp as $$
begin
  update notices set acknowledged_at = p_now, acknowledged_by = p_by
  where fingerprint = p_fingerprint and acknowledged_at is null;
  if found then
    update notification_deliveries set status = 'skipped', error_kind = 'acknowledged'
    where fingerprint = p_fingerprint and status = 'pending' and claimed_until is null
      and window_key ~ '^(escalation|reminder):';
  end if;
  return exists (select from notices where fingerprint = p_fingerprint);
end
$$;
comment on function public.acknowledge_notice is
  'Somebody takes care: no further escalation, no reminder. Whether there is such a notice; acknowledged twice is once.';

-- The outbox of domain events: taken for publication, then settled.

create or replace function public.claim_events(p_limit integer, p_lease_seconds integer, p_now timestamptz)
returns jsonb language sql set search_path = public, pg_temp as $$
  with due as (
    select id from event_outbox where published_at is null and next_attempt_at <= p_now
    order by created_at, id limit p_limit for update skip locked
  ), claimed as (
    update event_outbox e set next_attempt_at = p_now + make_interval(secs => p_lease_seconds)
    from due where e.id = due.id
    returning e.id, e.run_id, e.source, e.detail_type, e.detail, e.created_at
  )
  select coalesce(jsonb_agg(to_jsonb(claimed) order by created_at, id), '[]') from claimed
$$;
comment on function public.claim_events is 'Domain events that are due for publication; published twice at worst, since consumers de-duplicate.';

create or replace function public.settle_events(p_results jsonb, p_now timestamptz) returns integer
language plpgsql set search_path = public, pg_temp as $$
declare
  v_result record;
  v_event event_outbox;
  v_notices integer := 0;
begin
  for v_result in
    select * from jsonb_to_recordset(p_results) as r (id uuid, published boolean, error text)
  loop
    update event_outbox
    set published_at = case when v_result.published then p_now end,
        attempts = attempts + 1,
        last_error = left(v_result.error, 200),
        next_attempt_at = p_now + least(interval '1 minute' * power(2, least(attempts, 6)), interval '1 hour')
    where id = v_result.id and published_at is null
    returning * into v_event;
    if found and not v_result.published then
      v_notices := v_notices + internal.enqueue_notice(jsonb_build_object(
        'event_type', 'event.refused', 'severity', 'error',
        'fingerprint', 'event.refused@' || v_event.id,
        'data', jsonb_build_object('detail_type', v_event.detail_type, 'run_id', v_event.run_id,
                                   'error', left(v_result.error, 200), 'since', v_event.created_at)),
        v_event.run_id, p_now);
    end if;
  end loop;
  return v_notices;
end
$$;
comment on function public.settle_events is
  'Marks events published, or refused with a back-off and, once per event, the notice event.refused. Returns the notices queued.';

-- Humidity alerts: one table for the console, Slack and e-mail alike. A row is what one note or measurement said.

create or replace function internal.alert_before_move(p_entry text, p_alert_type text) returns setof public.humidity_alerts
language sql stable set search_path = public, pg_temp as $$
  select h.*
  from gazelle_timeline_entries e
  join gazelle_pianos p on p.external_id = e.piano_id and btrim(p.serial_number) <> ''
  join gazelle_timeline_entries o
    on o.occurred_at = e.occurred_at and o.entry_type = e.entry_type and o.piano_id <> e.piano_id
   and o.title is not distinct from e.title and o.description is not distinct from e.description
  join gazelle_pianos f on f.external_id = o.piano_id and btrim(f.serial_number) = btrim(p.serial_number)
   and internal.is_gone(f.status, f.total_loss, f.deleted_at)
  join humidity_alerts h on h.timeline_entry_id = o.external_id and h.alert_type = p_alert_type
  where e.external_id = p_entry
  order by h.created_at desc, h.id limit 1
$$;
comment on function internal.alert_before_move is
  'The alert that the original of a copied note had: a piano that moves to another client takes a copy of its history along. None for a note that is no copy.';

create or replace function public.record_humidity_alerts(
  p_run_id uuid, p_lease uuid, p_lease_seconds integer, p_alerts jsonb, p_resolutions jsonb, p_now timestamptz
) returns jsonb language plpgsql set search_path = public, pg_temp as $$
declare
  v_new jsonb;
  v_inserted integer;
  v_reopened integer;
  v_updated integer;
  v_resolved integer;
  v_gone integer;
  v_notices integer := 0;
  v_alert jsonb;
begin
  perform internal.hold_lease(p_run_id, p_lease, p_lease_seconds, p_now);

  -- Only a row that is really new is reported.
  with given as (
    select a.*, g.detail
    from jsonb_array_elements(p_alerts) g (detail),
         jsonb_to_record(g.detail) as a (
           timeline_entry_id text, client_id text, piano_id text, alert_type text, description text,
           is_resolved boolean, observed_at timestamptz, resolved_at timestamptz, resolution_notes text,
           source text, words text, value double precision)
  ), inserted as (
    insert into humidity_alerts (
      timeline_entry_id, client_id, piano_id, alert_type, description, is_resolved, observed_at, resolved_at,
      resolution_notes, source, words, value, resolved_by, archived, archived_at, created_at, updated_at)
    -- What a person ended before the piano moved stays ended.
    select g.timeline_entry_id, g.client_id, g.piano_id, g.alert_type, g.description, g.is_resolved or b.by_person,
           g.observed_at, coalesce(g.resolved_at, b.resolved_at), coalesce(g.resolution_notes, b.resolution_notes), g.source,
           g.words, g.value, case when b.by_person then 'person' when g.is_resolved then 'scan' end, b.archived, b.archived_at,
           p_now, p_now
    from given g
    cross join lateral (
      select coalesce(bool_or(h.is_resolved and h.resolved_by = 'person'), false) as by_person,
             max(h.resolved_at) filter (where h.resolved_by = 'person') as resolved_at,
             max(h.resolution_notes) filter (where h.resolved_by = 'person') as resolution_notes,
             coalesce(bool_or(h.archived), false) as archived, max(h.archived_at) as archived_at
      from internal.alert_before_move(g.timeline_entry_id, g.alert_type) h) b
    on conflict (timeline_entry_id, alert_type) do nothing
    returning id, timeline_entry_id, alert_type, is_resolved, observed_at, true as is_new
  ), reopened as (
    -- The note that ended it was corrected, or its own words came back.
    update humidity_alerts h
    set is_resolved = false, resolved_at = null, resolution_notes = null, resolved_by = null, updated_at = p_now
    from given g
    where h.timeline_entry_id = g.timeline_entry_id and h.alert_type = g.alert_type and not g.is_resolved
      and h.is_resolved and h.resolved_by = 'scan' and not coalesce(h.archived, false)
    returning h.id, h.timeline_entry_id, h.alert_type, h.is_resolved, h.observed_at, false as is_new
  ), changed as (
    select * from inserted union all select * from reopened
  )
  select count(*) filter (where i.is_new), count(*) filter (where not i.is_new),
         coalesce(jsonb_agg(g.detail || jsonb_build_object('id', i.id) order by i.observed_at, i.id)
                    filter (where not i.is_resolved
                              -- It was reported when the piano stood elsewhere.
                              and not (i.is_new and exists (select from internal.alert_before_move(i.timeline_entry_id, i.alert_type)))),
                    '[]')
  into v_inserted, v_reopened, v_new
  from changed i join given g using (timeline_entry_id, alert_type);

  -- A note that was edited keeps its alert, with the new words.
  update humidity_alerts h
  set description = a.description, words = a.words, value = a.value, updated_at = p_now
  from jsonb_to_recordset(p_alerts) as a (timeline_entry_id text, alert_type text, description text, words text, value double precision)
  where h.timeline_entry_id = a.timeline_entry_id and h.alert_type = a.alert_type
    and not coalesce(h.is_resolved, false)
    and (h.words is distinct from a.words or h.value is distinct from a.value);
  get diagnostics v_updated = row_count;

  update humidity_alerts h
  set is_resolved = true, resolved_at = r.resolved_at, resolution_notes = r.notes, resolved_by = 'scan', updated_at = p_now
  from jsonb_to_recordset(p_resolutions) as r (id uuid, notes text, resolved_at timestamptz)
  where h.id = r.id and not coalesce(h.is_resolved, false);
  get diagnostics v_resolved = row_count;

  -- A piano that is gone concerns nobody. Should it come back, its notes are read again.
  update humidity_alerts h
  set is_resolved = true, resolved_at = p_now, resolution_notes = 'le piano n''est plus là', resolved_by = 'scan', updated_at = p_now
  from gazelle_pianos p
  where p.external_id = h.piano_id and internal.is_gone(p.status, p.total_loss, p.deleted_at)
    and not coalesce(h.is_resolved, false) and not coalesce(h.archived, false);
  get diagnostics v_gone = row_count;
  v_resolved := v_resolved + v_gone;

  if jsonb_array_length(v_new) > 5 then
    v_notices := internal.enqueue_notice(jsonb_build_object(
      'event_type', 'humidity.alert', 'severity', 'warning', 'fingerprint', 'humidity.alert@' || p_run_id || ':' || v_inserted,
      'data', jsonb_build_object('run_id', p_run_id, 'count', jsonb_array_length(v_new),
                                 'alerts', (select jsonb_agg(a) from (select a from jsonb_array_elements(v_new) a limit 100) first_ones))),
      p_run_id, p_now);
  else
    for v_alert in select * from jsonb_array_elements(v_new) loop
      v_notices := v_notices + internal.enqueue_notice(jsonb_build_object(
        'event_type', 'humidity.alert', 'severity', 'warning', 'fingerprint', 'humidity.alert@' || (v_alert ->> 'id'),
        'data', jsonb_build_object('run_id', p_run_id, 'alerts', jsonb_build_array(v_alert))), p_run_id, p_now);
    end loop;
  end if;
  return jsonb_build_object('inserted', v_inserted, 'reopened', v_reopened, 'updated', v_updated, 'resolved', v_resolved,
                            'told', least(jsonb_array_length(v_new), 100), 'notices', v_notices);
end
$$;
comment on function public.record_humidity_alerts is
  'Stores what a scan found, ends what it saw ended and what is about a piano that is gone, and queues the notices about really new, unresolved rows: one each, or one digest for more than five.';

create or replace function public.record_model_reading(
  p_run_id uuid, p_lease uuid, p_lease_seconds integer, p_event jsonb, p_entry text, p_found boolean, p_now timestamptz
) returns void language plpgsql set search_path = public, pg_temp as $$
begin
  perform internal.hold_lease(p_run_id, p_lease, p_lease_seconds, p_now);
  insert into ai_events (feature, model, success, error_kind, confidence, latency_ms, created_at)
  select e.feature, e.model, e.success, e.error_kind, e.confidence, e.latency_ms, p_now
  from jsonb_to_record(p_event) as e (feature text, model text, success boolean, error_kind text, confidence double precision, latency_ms integer)
  -- Asked again because the answer was lost, it carries the same instant.
  where not exists (select from ai_events known where known.created_at = p_now and known.feature = e.feature
                      and known.latency_ms is not distinct from e.latency_ms);
  -- A note whose call failed is asked about again.
  if (p_event ->> 'success')::boolean then
    insert into humidity_alerts_history (timeline_entry_id, scanned_at, found_issues) values (p_entry, p_now, p_found)
    on conflict (timeline_entry_id) do update set scanned_at = excluded.scanned_at, found_issues = excluded.found_issues;
  end if;
end
$$;
comment on function public.record_model_reading is 'One call of the language model, and that its note was read.';

create or replace function public.resolve_humidity_alert(alert_id uuid, notes text, p_now timestamptz default now())
returns jsonb language sql set search_path = public, pg_temp as $$
  update humidity_alerts
  set is_resolved = true, resolved_at = coalesce(resolved_at, p_now), resolution_notes = left(notes, 2000),
      resolved_by = 'person', updated_at = p_now
  where id = alert_id
  returning to_jsonb(humidity_alerts)
$$;
comment on function public.resolve_humidity_alert is 'A person says that the problem is over. Null when there is no such alert.';

create or replace function public.archive_humidity_alert(alert_id uuid, p_now timestamptz default now())
returns jsonb language sql set search_path = public, pg_temp as $$
  update humidity_alerts set archived = true, archived_at = coalesce(archived_at, p_now), updated_at = p_now
  where id = alert_id
  returning to_jsonb(humidity_alerts)
$$;
comment on function public.archive_humidity_alert is 'Takes an alert off the lists. Null when there is no such alert.';

-- Incidents: a problem that lasts, from whoever found it: a service that is down, a task that did not run, an alarm
-- of CloudWatch, a channel that gives no answers. One is open per subject; opening, closing and telling are one transaction.

create or replace function internal.open_incident(
  p_kind text, p_subject text, p_event_type text, p_severity text, p_data jsonb, p_explained_by uuid, p_run_id uuid,
  p_now timestamptz, p_is_notified boolean default false
) returns integer language plpgsql set search_path = public, pg_temp as $$
declare
  v_incident incidents;
  v_since timestamptz := least(coalesce((p_data ->> 'since')::timestamptz, p_now), p_now);
begin
  insert into incidents (kind, subject, label, severity, fingerprint, opened_at, explained_by_run_id, data)
  values (p_kind, p_subject, coalesce(p_data ->> 'subject', p_subject), p_severity,
          p_event_type || ':' || p_subject || '@' || extract(epoch from p_now), v_since, p_explained_by, p_data)
  on conflict do nothing
  returning * into v_incident;
  if not found then
    return null;
  end if;
  if p_explained_by is null and not p_is_notified then
    return internal.enqueue_notice(jsonb_build_object(
      'event_type', p_event_type, 'severity', p_severity, 'fingerprint', v_incident.fingerprint,
      'data', p_data || jsonb_build_object('since', v_since) || jsonb_build_object('incident_id', v_incident.id)),
      p_run_id, p_now);
  end if;
  return 0;
end
$$;
comment on function internal.open_incident is
  'Opens an incident and notifies, unless one is open for the subject. p_data: subject (what people call it), since? (the first failure), and what the text needs. p_explained_by, p_is_notified: somebody has reported already. How many messages were queued; null: nothing was opened.';

create or replace function internal.close_incident(
  p_kind text, p_subject text, p_event_type text, p_reason text, p_data jsonb, p_run_id uuid, p_now timestamptz
) returns integer language plpgsql set search_path = public, pg_temp as $$
declare
  v_incident incidents;
begin
  update incidents set closed_at = p_now, closed_reason = p_reason
  where kind = p_kind and subject = p_subject and closed_at is null
  returning * into v_incident;
  if not found then
    return null;
  end if;
  if p_event_type is null then
    -- Nobody is notified, and nobody is reminded any more.
    update notices set resolved_at = p_now where fingerprint = v_incident.fingerprint and resolved_at is null;
    return 0;
  end if;
  return internal.enqueue_notice(jsonb_build_object(
    'event_type', p_event_type, 'severity', 'info', 'fingerprint', p_event_type || '@' || v_incident.id,
    'recovers', v_incident.fingerprint,
    'data', jsonb_build_object('subject', v_incident.label) || p_data || jsonb_build_object('incident_id', v_incident.id)),
    p_run_id, p_now);
end
$$;
comment on function internal.close_incident is
  'Closes the open incident of a subject and tells those who were notified of it; without an event type in silence. How many messages were queued; null: none was open.';

create or replace function public.acknowledge_incident(p_id uuid, p_by text, p_now timestamptz) returns boolean
language plpgsql set search_path = public, pg_temp as $$
declare
  v_fingerprint text;
begin
  update incidents set acknowledged_at = coalesce(acknowledged_at, p_now), acknowledged_by = coalesce(acknowledged_by, p_by)
  where id = p_id
  returning fingerprint into v_fingerprint;
  if not found then
    return false;
  end if;
  perform public.acknowledge_notice(v_fingerprint, p_by, p_now);
  return true;
end
$$;
comment on function public.acknowledge_incident is 'Somebody takes care of it: no escalation, no reminder. False: there is no such incident.';

create or replace function internal.explaining_run(p_tasks text[], p_from timestamptz) returns uuid
language sql stable set search_path = public, pg_temp as $$
  select r.id from scheduler_logs r
  where r.task_name = any (p_tasks) and r.status = 'error' and r.completed_at >= p_from
    and exists (select from notification_deliveries d
                where d.run_id = r.id and d.status in ('pending', 'sent')
                  and d.event_type = r.failure_event)
  order by r.completed_at desc limit 1
$$;
comment on function internal.explaining_run is
  'The newest failed run of these tasks since an instant whose own failure notice reached somebody, or is about to.';

create or replace function public.relay_alarm(p_alarm jsonb, p_tasks text[], p_now timestamptz) returns jsonb
language plpgsql set search_path = public, pg_temp as $$
declare
  v_name text := p_alarm ->> 'name';
  v_state text := p_alarm ->> 'state';
  v_at timestamptz := (p_alarm ->> 'changed_at')::timestamptz;
  v_explained uuid;
  v_is_notified boolean := false;
  v_previous text;
  v_queued integer;
begin
  perform pg_advisory_xact_lock(hashtextextended('alarm:' || v_name, 0));
  insert into alarm_events (alarm_name, state, changed_at, reason, received_at)
  values (v_name, v_state, v_at, left(p_alarm ->> 'reason', 1000), p_now)
  on conflict do nothing;
  if not found then
    return jsonb_build_object('outcome', 'duplicate');
  end if;
  -- An old change that arrives late is history.
  if exists (select from alarm_events where alarm_name = v_name and changed_at > v_at and state <> 'INSUFFICIENT_DATA') then
    return jsonb_build_object('outcome', 'stale');
  end if;
  select state into v_previous from alarm_events
  where alarm_name = v_name and changed_at < v_at and state <> 'INSUFFICIENT_DATA'
  order by changed_at desc limit 1;
  if v_state = 'ALARM' then
    if v_previous = 'ALARM' then
      -- An end that never arrived here: what begins now is another problem.
      perform internal.close_incident('alarm', v_name, null, 'end_not_received', '{}', null, p_now);
    end if;
    -- An alarm that may be about any task is explained by none of their runs.
    if coalesce((p_alarm ->> 'is_of_one_function')::boolean, true) then
      v_explained := internal.explaining_run(p_tasks, v_at - interval '1 hour');
    end if;
    -- A task that is missed is missed by the watcher already, from inside.
    v_is_notified := v_explained is not null or exists (
      select from incidents i where i.kind = 'missed_run' and i.subject = any (p_tasks) and i.closed_at is null);
    v_queued := internal.open_incident('alarm', v_name, 'alarm.raised', coalesce(p_alarm ->> 'severity', 'error'),
      p_alarm -> 'data' || jsonb_build_object('since', v_at), v_explained, null, p_now, v_is_notified);
  elsif v_state = 'OK' then
    v_queued := internal.close_incident('alarm', v_name,
      case when not coalesce((p_alarm ->> 'ends_in_silence')::boolean, false) then 'alarm.recovered' end,
      'recovered', p_alarm -> 'data', null, p_now);
  end if;
  return jsonb_build_object('outcome', case when v_is_notified then 'explained'
                                            when v_queued > 0 then 'told'
                                            -- Its beginning was reported without the database, or never came.
                                            when v_state = 'OK' and v_previous is distinct from 'ALARM' then 'unmatched'
                                            else 'stored' end,
                            'explained_by_run_id', v_explained);
end
$$;
comment on function public.relay_alarm is
  'One change of an alarm {name, state, changed_at, reason, severity?, data, ends_in_silence?}: ALARM opens an incident, OK closes it, INSUFFICIENT_DATA is stored. p_tasks: the tasks it speaks of. The same change twice is one.';

-- A run of the maintenance alerts, as one function, so that nobody ever reads a list that is half built; it writes
-- the rows that changed and no others. Then what the page reads, and what people do.

-- Spelling. A screen that writes "planifiée" and a rule that looks for "planifié" never meet: one spelling is stored.

create or replace function internal.fold_word(p_word text) returns text
language sql immutable set search_path = public, pg_temp as $$
  select regexp_replace(regexp_replace(
    lower(regexp_replace(normalize(p_word, NFD), '[\u0300-\u036f\s_-]', '', 'g')),
    'ee$', 'e'), 'ive$', 'if')
$$;
comment on function internal.fold_word is
  'A word without accents, case, gender, spaces, underscores and hyphens: planifié, PLANIFIEE and "Planifie" are one.';

create or replace function internal.canonical_word(p_column text, p_value text, p_words text[]) returns text
language plpgsql immutable set search_path = public, pg_temp as $$
declare
  v_word text;
begin
  select w into v_word from unnest(p_words) w where internal.fold_word(w) = internal.fold_word(p_value);
  if not found then
    raise exception using errcode = '22023',
      message = format('unknown %s %L: accepted are %s', p_column, left(p_value, 60), array_to_string(p_words, ', '));
  end if;
  return v_word;
end
$$;
comment on function internal.canonical_word is
  'The accepted word that p_value spells, whatever its accents, case and gender; 22023 when there is none.';

-- Step 1: the pianos of the mirror as assets.

create or replace function internal.sync_assets(p_now timestamptz) returns jsonb
language plpgsql set search_path = public, pg_temp as $$
declare
  v_counts jsonb;
begin
  with pianos as (
    select p.external_id, p.deleted_at is not null as deleted, p.location, p.client_external_id,
           p.service_interval_months, l.last_service_date,
           -- Bounded: an index on the name takes no page of text, and one such piano would stop all the others.
           left(coalesce(nullif(concat_ws(' ', nullif(btrim(p.make), ''), nullif(btrim(p.model), '')), ''), 'Piano')
             || coalesce(' #' || nullif(btrim(p.serial_number), ''), ''), 200) as name,
           case when internal.is_gone(p.status, p.total_loss, p.deleted_at) then 'hors_service'
                when p.status in ('TEMPORARY_STORAGE', 'UNDER_RESTORATION') then 'maintenance'
                else 'actif' end as gazelle_status,
           coalesce(p.next_service_override, p.calculated_next_service,
             -- An interval that nobody can mean must not make the whole run fail on the calendar's end.
             case when p.service_interval_months between 1 and 1200
               then (l.last_service_date + make_interval(months => p.service_interval_months))::date end
           ) as next_service_date
    from gazelle_pianos p
    cross join lateral (
      select greatest(p.event_last_service, p.manual_last_service, p.calculated_last_service) as last_service_date) l
    where p.external_id is not null
  ), changed as materialized (
    select p.*, a.id
    from pianos p left join assets a on a.external_ref = p.external_id
    where case when a.id is null then not p.deleted
               else (a.name, a.location, a.client_external_id, a.service_interval_months, a.last_service_date,
                     a.next_service_date, a.gazelle_status)
                 is distinct from
                    (p.name, p.location, p.client_external_id, p.service_interval_months, p.last_service_date,
                     p.next_service_date, p.gazelle_status) end
  ), updated as (
    update assets a
    set name = c.name, location = c.location, client_external_id = c.client_external_id,
        service_interval_months = c.service_interval_months, last_service_date = c.last_service_date,
        next_service_date = c.next_service_date, gazelle_status = c.gazelle_status, updated_at = p_now,
        -- An asset that a person made before the mirror knew its piano counts as active until then.
        status = case when coalesce(a.gazelle_status, 'actif') <> c.gazelle_status then c.gazelle_status else a.status end
    from changed c where a.id = c.id
    returning 1
  ), inserted as (
    insert into assets (external_ref, name, category, status, gazelle_status, location, client_external_id,
                        service_interval_months, last_service_date, next_service_date, created_at, updated_at)
    select external_id, name, 'piano', gazelle_status, gazelle_status, location, client_external_id,
           service_interval_months, last_service_date, next_service_date, p_now, p_now
    from changed where id is null
    on conflict (external_ref) do nothing
    returning 1
  )
  select jsonb_build_object('inserted', (select count(*) from inserted), 'updated', (select count(*) from updated))
  into v_counts;
  return v_counts;
end
$$;
comment on function internal.sync_assets is 'Assets from gazelle_pianos: inserts the new, updates those that differ.';

-- Step 2: the services that Gazelle knows of, as maintenances.

create or replace function internal.follow_appointments(p_today date, p_now timestamptz) returns jsonb
language plpgsql set search_path = public, pg_temp as $$
declare
  v_counts jsonb;
begin
  with candidates as (
    select id from maintenances where source = 'appointment' and status in ('planifiée', 'en_cours')
    union
    -- Not by the maintenance's own date: an appointment that comes back may come back on another day.
    select m.id from gazelle_appointments a
    join maintenances m on m.source = 'appointment' and m.external_ref = a.external_id
    where a.appointment_date between p_today - 90 and p_today + 400
  ), known as (
    select m.id, m.status, m.scheduled_date, m.completed_date, m.closed_by_sync,
           case when l.piano_external_id is null or p.external_id is null or a.external_id is null then 'gone'
                when upper(a.status) in ('CANCELED', 'CANCELLED', 'NO_SHOW') then 'gone'
                when upper(a.status) = 'COMPLETE' then 'done'
                when upper(a.status) = 'ACTIVE' then 'booked' end as state,
           coalesce(a.appointment_date, m.scheduled_date) as appointment_date
    from candidates
    join maintenances m using (id)
    join assets s on s.id = m.asset_id
    left join gazelle_pianos p on p.external_id = s.external_ref and p.deleted_at is null
    left join gazelle_appointments a
      on a.external_id = m.external_ref and a.deleted_at is null and a.event_type = 'APPOINTMENT'
    left join gazelle_appointment_pianos l
      on l.appointment_external_id = m.external_ref and l.piano_external_id = s.external_ref
  ), decided as (
    select k.*, case
        when state = 'gone' and status in ('planifiée', 'en_cours') then 'annulée'
        when state = 'done' and status <> 'complétée' then 'complétée'
        when state = 'booked' and status = 'annulée' and closed_by_sync then 'planifiée'
        -- A service note had ended it; then the appointment moved too far away for that note.
        when state = 'booked' and status = 'complétée' and appointment_date is distinct from scheduled_date
             and completed_date < appointment_date - 7 then 'planifiée'
        else status end as new_status
    from known k
  ), updated as (
    update maintenances m
    set status = d.new_status, scheduled_date = d.appointment_date, updated_at = p_now,
        completed_date = case when d.new_status <> 'complétée' then null
                              when d.status <> 'complétée' then least(d.appointment_date, p_today)
                              else m.completed_date end,
        closed_by_sync = case when d.new_status = d.status then m.closed_by_sync else d.new_status = 'annulée' end
    from decided d
    -- What a person changed meanwhile is not overwritten: the next run looks at it again.
    where m.id = d.id and m.status = d.status
      and (d.new_status <> d.status or d.appointment_date is distinct from d.scheduled_date)
    returning 1
  ), missing as materialized (
    select s.id, a.appointment_date, a.external_id
    from gazelle_appointments a
    join gazelle_appointment_pianos l on l.appointment_external_id = a.external_id
    join gazelle_pianos p on p.external_id = l.piano_external_id and p.deleted_at is null
    join assets s on s.external_ref = p.external_id
    where a.appointment_date between p_today - 90 and p_today + 400
      and a.deleted_at is null and a.event_type = 'APPOINTMENT' and upper(a.status) = 'ACTIVE'
      and not exists (select from maintenances m where m.source = 'appointment' and m.external_ref = a.external_id
                        and m.asset_id = s.id)
    -- Sorted, so that the search ends before the insert begins: on an empty table it would read every new row.
    order by a.appointment_date, a.external_id, s.id
  ), inserted as (
    insert into maintenances (asset_id, scheduled_date, source, external_ref, created_at, updated_at)
    select id, appointment_date, 'appointment', external_id, p_now, p_now from missing
    on conflict (asset_id, source, external_ref) do nothing
    returning 1
  )
  select jsonb_build_object('inserted', (select count(*) from inserted), 'updated', (select count(*) from updated))
  into v_counts;
  return v_counts;
end
$$;
comment on function internal.follow_appointments is
  'Maintenances of source appointment: one per active appointment and piano, moved, completed and cancelled with it. A cancelled or completed appointment that was never here is not added.';

create or replace function internal.follow_intervals(p_today date, p_now timestamptz) returns jsonb
language plpgsql set search_path = public, pg_temp as $$
declare
  v_counts jsonb;
begin
  with booked as materialized (
    select distinct l.piano_external_id
    from gazelle_appointments a
    join gazelle_appointment_pianos l on l.appointment_external_id = a.external_id
    where a.appointment_date >= p_today and a.deleted_at is null and a.event_type = 'APPOINTMENT'
      and upper(a.status) = 'ACTIVE'
  ), wanted as (
    select s.id as asset_id, s.external_ref || ':' || s.next_service_date as external_ref, s.next_service_date
    from assets s
    where s.gazelle_status <> 'hors_service' and s.status in ('actif', 'maintenance_required')
      and s.next_service_date is not null
      and not exists (select from booked b where b.piano_external_id = s.external_ref)
  ), difference as materialized (
    select w.asset_id as wanted_for, w.external_ref, w.next_service_date, m.id, m.asset_id, m.scheduled_date
    from wanted w
    full join (select * from maintenances where source = 'gazelle_interval') m
      on m.asset_id = w.asset_id and m.external_ref = w.external_ref
    where m.id is null
       or (w.asset_id is null and m.status in ('planifiée', 'en_cours'))
       or (w.asset_id is not null and m.status = 'annulée' and m.closed_by_sync)
  ), inserted as (
    insert into maintenances (asset_id, scheduled_date, source, external_ref, created_at, updated_at)
    select wanted_for, next_service_date, 'gazelle_interval', external_ref, p_now, p_now
    from difference where id is null
    on conflict (asset_id, source, external_ref) do nothing
    returning 1
  ), reopened as (
    update maintenances m
    set status = 'planifiée', closed_by_sync = false, updated_at = p_now
    from difference d
    where d.wanted_for is not null and m.id = d.id and m.status = 'annulée' and m.closed_by_sync
    returning 1
  ), ended as (
    update maintenances m
    set status = case when e.service_date is null then 'annulée' else 'complétée' end,
        completed_date = e.service_date, closed_by_sync = e.service_date is null, updated_at = p_now
    from (
      select d.id, (select max(s.service_date) from internal.asset_services s
                    where s.asset_id = d.asset_id and s.service_date between d.scheduled_date - 7 and p_today) as service_date
      from difference d where d.wanted_for is null
    ) e
    where m.id = e.id and m.status in ('planifiée', 'en_cours')
    returning 1
  )
  select jsonb_build_object('inserted', (select count(*) from inserted),
                            'updated', (select count(*) from reopened) + (select count(*) from ended))
  into v_counts;
  return v_counts;
end
$$;
comment on function internal.follow_intervals is
  'Maintenances of source gazelle_interval: one open per active piano that has a next service date and no appointment. An open one that is not wanted any more ends: completed if the service was done, else cancelled.';

-- Step 3: what was done.

create or replace function internal.complete_maintenances(p_today date, p_now timestamptz) returns integer
language plpgsql set search_path = public, pg_temp as $$
declare
  v_count integer;
begin
  update maintenances m
  set status = 'complétée', completed_date = done.service_date, updated_at = p_now
  from (
    select o.id, s.service_date
    from maintenances o
    cross join lateral (
      select max(s.service_date) as service_date from internal.asset_services s
      where s.asset_id = o.asset_id
        and s.service_date between greatest(o.scheduled_date - 7,
              -- A service from before somebody planned this one is not this one.
              case when o.source = 'manual' then (o.created_at at time zone 'America/Toronto')::date end)
            and p_today
    ) s
    where o.status in ('planifiée', 'en_cours') and o.scheduled_date <= p_today + 7
      and (o.source <> 'manual' or o.maintenance_type = 'préventive')
      and s.service_date is not null
  ) done
  where m.id = done.id and m.status in ('planifiée', 'en_cours');
  get diagnostics v_count = row_count;
  return v_count;
end
$$;
comment on function internal.complete_maintenances is
  'Completes what a service from seven days before the due date until today has settled. Repairs and inspections that a person planned are ended by a person.';

-- Steps 4 and 5: the alerts that should exist, and the difference with those that do.

create or replace function internal.wanted_alerts(p_today date)
returns table (
  fingerprint text, asset_id bigint, maintenance_id bigint, alert_type text, priority text, message text,
  due_date date, days_count integer
) language plpgsql stable set search_path = public, pg_temp rows 10000 as $$
#variable_conflict use_column
begin
  return query
  with named as not materialized (
    select a.*, coalesce(nullif(left(btrim(translate(a.name, E'\n\r\t', '   ')), 120), ''), 'Équipement') as title
    from assets a where a.status not in ('hors_service', 'déclassé')
  ), due as (
    select m.id, m.asset_id, a.title, m.scheduled_date, m.scheduled_date < p_today as late,
           abs(m.scheduled_date - p_today) as days
    from maintenances m join named a on a.id = m.asset_id
    where m.status in ('planifiée', 'en_cours') and m.scheduled_date <= p_today + 7
      and (m.status = 'planifiée' or m.scheduled_date < p_today)
  ), causes (asset_id, position, cause) as (
    select a.id, 1, 'signalé' from assets a where a.status = 'maintenance_required'
    union all
    select a.id, 2, 'réparation ou remise en état'
    from gazelle_pianos p join assets a on a.external_ref = p.external_id
    where p.needs_repair_or_rebuilding and p.deleted_at is null
    union
    select a.id, 3, 'alerte d''humidité ouverte'
    from humidity_alerts h join assets a on a.external_ref = h.piano_id
    where not coalesce(h.is_resolved, false) and not coalesce(h.archived, false)
  )
  select case when late then 'MAINTENANCE_LATE' else 'MAINTENANCE_URGENT' end || ':m' || id || ':' || scheduled_date,
         asset_id, id,
         case when late then 'MAINTENANCE_LATE' else 'MAINTENANCE_URGENT' end,
         case when late then 'CRITICAL' else 'HIGH' end,
         title || case
           when late then format(': entretien en retard de %s (prévu le %s)', d.days_text, scheduled_date)
           when days = 0 then format(': entretien aujourd''hui (%s)', scheduled_date)
           else format(': entretien dans %s (%s)', d.days_text, scheduled_date) end,
         scheduled_date, days
  from due cross join lateral (select days || case when days > 1 then ' jours' else ' jour' end as days_text) d
  union all
  select 'ASSET_MAINTENANCE_REQUIRED:a' || a.id || ':', a.id, null, 'ASSET_MAINTENANCE_REQUIRED', 'MEDIUM',
         a.title || ' demande un entretien: ' || string_agg(c.cause, ', ' order by c.position), null, null
  from causes c join named a on a.id = c.asset_id
  group by a.id, a.title;
end
$$;
comment on function internal.wanted_alerts is
  'The alerts that should exist on p_today: late (planned or under way, before today), urgent (planned, today to seven days ahead), required (reported by a person, by Gazelle, or by an open humidity alert; one per asset). Nothing for an asset out of service, nothing without a date.';

create or replace function internal.apply_alerts(p_today date, p_now timestamptz) returns jsonb
language plpgsql set search_path = public, pg_temp as $$
declare
  v_counts jsonb;
begin
  with wanted as materialized (
    select * from internal.wanted_alerts(p_today)
  ), changed as materialized (
    select w.*, a.id
    from wanted w left join alerts a using (fingerprint)
    where case
      when a.id is null then true
      -- A dismissal is valid for a due date; without one, for as long as the problem lasts.
      when a.is_dismissed then a.due_date is null and a.resolved_at is not null
      when not a.is_active then true
      else (a.message, a.days_count, a.due_date, a.priority) is distinct from (w.message, w.days_count, w.due_date, w.priority)
    end
  ), updated as (
    update alerts a
    set message = c.message, days_count = c.days_count, due_date = c.due_date, priority = c.priority,
        is_active = true, is_dismissed = false, dismissed_by = null, resolved_at = null, updated_at = p_now,
        is_read = a.is_read and a.is_active,
        reopened_count = a.reopened_count + case when a.is_active then 0 else 1 end,
        notified_at = case when a.is_active then a.notified_at end
    from changed c
    -- Said again: somebody may dismiss it while this run is under way.
    where a.id = c.id and (not a.is_dismissed or (a.due_date is null and a.resolved_at is not null))
    returning 1
  ), previous as (
    select maintenance_id, max(p.id) as id
    from changed c join alerts p using (maintenance_id) where c.id is null
    group by maintenance_id
  ), inserted as (
    insert into alerts (fingerprint, asset_id, maintenance_id, alert_type, priority, message, due_date, days_count,
                        previous_alert_id, created_at, updated_at)
    select c.fingerprint, c.asset_id, c.maintenance_id, c.alert_type, c.priority, c.message, c.due_date, c.days_count,
           p.id, p_now, p_now
    from changed c left join previous p using (maintenance_id) where c.id is null
    on conflict (fingerprint) do nothing
    returning 1
  ), closed as (
    update alerts a
    set is_active = false, resolved_at = p_now, updated_at = p_now
    where (a.is_active or (a.is_dismissed and a.due_date is null and a.resolved_at is null))
      and not exists (select from wanted w where w.fingerprint = a.fingerprint)
    returning a.is_dismissed
  )
  select jsonb_build_object(
    'created', (select count(*) from inserted), 'updated', (select count(*) from updated),
    'resolved', (select count(*) from closed where not is_dismissed))
  into v_counts;
  return v_counts;
end
$$;
comment on function internal.apply_alerts is
  'Inserts, updates, reopens and closes alerts until they are the wanted ones. A row that is right already is not touched.';

-- Step 6: the notices. Alerts count as reported only when a rule queued the notice for somebody.

create or replace function internal.announce_late(p_run_id uuid, p_now timestamptz) returns integer
language plpgsql set search_path = public, pg_temp as $$
declare
  -- More than this at once are one notice: a hundred messages tell less than one.
  v_single_limit constant integer := 5;
  v_ids bigint[];
  v_alert record;
  v_queued integer;
  v_notices integer := 0;
begin
  v_ids := array(select id from alerts
                 where is_active and not is_dismissed and notified_at is null and alert_type = 'MAINTENANCE_LATE'
                 order by due_date, id);
  if cardinality(v_ids) > v_single_limit then
    return internal.announce_many('maintenance.late', 'error', p_run_id::text, v_ids, p_run_id, p_now);
  end if;
  for v_alert in
    select a.*, s.name, s.location from alerts a left join assets s on s.id = a.asset_id
    where a.id = any (v_ids) order by a.due_date, a.id
  loop
    v_queued := internal.enqueue_notice(jsonb_build_object(
      'event_type', 'maintenance.late', 'severity', 'error',
      'fingerprint', 'maintenance.late@' || v_alert.id || ':' || v_alert.reopened_count,
      'data', jsonb_build_object('run_id', p_run_id, 'asset', v_alert.name, 'message', v_alert.message, 'since', p_now,
        'due_date', v_alert.due_date, 'days_count', v_alert.days_count, 'location', v_alert.location)), p_run_id, p_now);
    if v_queued > 0 then
      update alerts set notified_at = p_now where id = v_alert.id;
    end if;
    v_notices := v_notices + v_queued;
  end loop;
  return v_notices;
end
$$;
comment on function internal.announce_late is 'Tells of late maintenances at once: one notice each, or one for all of them.';

create or replace function internal.announce_many(
  p_event_type text, p_severity text, p_key text, p_ids bigint[], p_run_id uuid, p_now timestamptz
) returns integer language plpgsql set search_path = public, pg_temp as $$
declare
  -- What one message can show. The others stay untold, and are in the next one.
  v_shown constant bigint[] := p_ids[1:20];
  v_queued integer;
begin
  v_queued := internal.enqueue_notice(jsonb_build_object(
    'event_type', p_event_type, 'severity', p_severity, 'fingerprint', p_event_type || '@' || p_key,
    'data', jsonb_build_object('run_id', p_run_id, 'count', cardinality(p_ids), 'since', p_now,
      'items', (select jsonb_agg(a.message order by a.due_date, a.id) from alerts a where a.id = any (v_shown)))),
    p_run_id, p_now);
  if v_queued > 0 then
    update alerts set notified_at = p_now where id = any (v_shown);
  end if;
  return v_queued;
end
$$;
comment on function internal.announce_many is
  'One notice for many alerts: their number, and the messages of the first 20, which alone count as reported. p_ids come in the order of the list.';

create or replace function internal.announce_digest(
  p_event_type text, p_alert_type text, p_run_id uuid, p_today date, p_now timestamptz
) returns integer language plpgsql set search_path = public, pg_temp as $$
declare
  v_ids bigint[];
begin
  if (p_now at time zone 'America/Toronto')::time < time '08:00'
     or exists (select from notification_deliveries where fingerprint = p_event_type || '@' || p_today) then
    return 0;
  end if;
  v_ids := array(select id from alerts
                 where is_active and not is_dismissed and notified_at is null and alert_type = p_alert_type
                 order by due_date, id);
  if cardinality(v_ids) = 0 then
    return 0;
  end if;
  return internal.announce_many(p_event_type, 'warning', p_today::text, v_ids, p_run_id, p_now);
end
$$;
comment on function internal.announce_digest is
  'What is not late is reported once a day, from 08:00 in Montréal; what comes after that waits until tomorrow.';

-- The run.

create or replace function public.refresh_maintenance_alerts(
  p_run_id uuid, p_lease uuid, p_lease_seconds integer, p_today date, p_now timestamptz
) returns jsonb language plpgsql
set search_path = public, pg_temp
-- Fingerprints hold dates as text; and each statement joins whole tables once, where compiling it or a plan made
-- for yesterday's sizes costs more than it gives.
set datestyle = 'ISO, YMD' set jit = off set work_mem = '64MB' set plan_cache_mode = force_custom_plan
as $$
declare
  v_assets jsonb;
  v_appointments jsonb;
  v_intervals jsonb;
  v_completed integer;
  v_alerts jsonb;
  v_notices integer;
begin
  perform internal.hold_lease(p_run_id, p_lease, p_lease_seconds, p_now);
  -- The second of two runs waits here, then sees what the first has done.
  perform pg_advisory_xact_lock(hashtextextended('refresh_maintenance_alerts', 0));
  -- A late run for yesterday must not undo what today's has found: it would be reported again.
  p_today := greatest(p_today, (p_now at time zone 'America/Toronto')::date);

  v_assets := internal.sync_assets(p_now);
  v_appointments := internal.follow_appointments(p_today, p_now);
  v_intervals := internal.follow_intervals(p_today, p_now);
  v_completed := internal.complete_maintenances(p_today, p_now);
  v_alerts := internal.apply_alerts(p_today, p_now);
  v_notices := internal.announce_late(p_run_id, p_now)
    + internal.announce_digest('maintenance.urgent', 'MAINTENANCE_URGENT', p_run_id, p_today, p_now)
    + internal.announce_digest('maintenance.asset_required', 'ASSET_MAINTENANCE_REQUIRED', p_run_id, p_today, p_now);

  return v_alerts || (
    select jsonb_build_object(
      'urgent', count(*) filter (where alert_type = 'MAINTENANCE_URGENT'),
      'late', count(*) filter (where alert_type = 'MAINTENANCE_LATE'),
      'asset_required', count(*) filter (where alert_type = 'ASSET_MAINTENANCE_REQUIRED'),
      'total', count(*), 'unread', count(*) filter (where not is_read))
    from alerts where is_active and not is_dismissed
  ) || jsonb_build_object(
    'assets', v_assets,
    'maintenances', jsonb_build_object(
      'inserted', (v_appointments ->> 'inserted')::integer + (v_intervals ->> 'inserted')::integer,
      'updated', (v_appointments ->> 'updated')::integer + (v_intervals ->> 'updated')::integer + v_completed),
    'notices', v_notices);
end
$$;
comment on function public.refresh_maintenance_alerts is
  'One whole run in one transaction: assets, maintenances, completions, alerts, notices. p_today is the date in Montréal. Answers {created, updated, resolved, urgent, late, asset_required, total, unread, assets{inserted, updated}, maintenances{inserted, updated}, notices}; the five in the middle are the active alerts now. A run that finds nothing new writes nothing.';

create or replace function public.mark_alert_read(p_id bigint, p_now timestamptz) returns jsonb
language plpgsql set search_path = public, pg_temp as $$
begin
  update alerts set is_read = true, updated_at = p_now where id = p_id and not is_read;
  return (select to_jsonb(a) from alerts a where id = p_id);
end
$$;
comment on function public.mark_alert_read is 'The alert, read from now on; null when there is none. Read twice is read once.';

create or replace function public.dismiss_alert(p_id bigint, p_by text, p_now timestamptz) returns jsonb
language plpgsql set search_path = public, pg_temp as $$
begin
  update alerts set is_active = false, is_dismissed = true, dismissed_by = p_by, updated_at = p_now
  where id = p_id and not is_dismissed;
  return (select to_jsonb(a) from alerts a where id = p_id);
end
$$;
comment on function public.dismiss_alert is
  'Takes the alert off the list for its due date, or, without one, until its problem is over; null when there is none.';

create or replace function public.alert_stats() returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select jsonb_build_object(
    'total', count(*), 'unread', count(*) filter (where not is_read),
    'critical', count(*) filter (where priority = 'CRITICAL'),
    'high', count(*) filter (where priority = 'HIGH'),
    'medium', count(*) filter (where priority = 'MEDIUM'))
  from alerts where is_active and not is_dismissed
$$;
comment on function public.alert_stats is 'Counts of the active alerts.';

-- The mirror, as state changes: begin, apply a page with its cursor, finish a collection, delete what is gone.

create or replace function internal.is_gone(p_status text, p_total_loss boolean, p_deleted_at timestamptz) returns boolean
-- Without search_path, so that it is inlined.
language sql immutable as $$
  select p_deleted_at is not null or coalesce(p_total_loss, false) or upper(coalesce(p_status, '')) = 'INACTIVE'
$$;
comment on function internal.is_gone is
  'Whether a piano is not there any more: deleted, lost, or INACTIVE. A piano that moves to another client leaves an INACTIVE one behind, with a copy of its history. One in storage or under restoration is still there.';

create or replace function internal.mirror_table(p_collection text, out table_name text, out key_column text, out retained text[])
language plpgsql immutable as $$
begin
  -- `retained`: columns in which the predecessor kept local values; an absent value never erases them.
  select m.t, m.k, m.c into table_name, key_column, retained
  from (values
    ('users', 'users', 'id', array[]::text[]),
    ('clients', 'gazelle_clients', 'external_id', array['tags']),
    ('contacts', 'gazelle_contacts', 'external_id', array[]::text[]),
    ('pianos', 'gazelle_pianos', 'external_id', array['tags', 'notes', 'dampp_chaser_installed']),
    ('appointments', 'gazelle_appointments', 'external_id', array[]::text[]),
    ('timeline', 'gazelle_timeline_entries', 'external_id', array[]::text[])
  ) as m (name, t, k, c)
  where m.name = p_collection;
  if table_name is null then
    raise exception using errcode = 'GT002', message = format('unknown collection %L', p_collection);
  end if;
end
$$;

create or replace function internal.upsert_rows(
  p_collection text, p_rows jsonb, p_repeated text[], p_now timestamptz
) returns jsonb language plpgsql set search_path = public, pg_temp as $$
declare
  m record;
  v_columns text;
  v_assignments text;
  v_inserted text[];
  v_changed text[];
  v_counted integer;
begin
  if jsonb_array_length(p_rows) = 0 then
    return '{"inserted": 0, "updated": 0, "unchanged": 0}';
  end if;
  select * into m from internal.mirror_table(p_collection);
  select string_agg(format('%I', k), ', ' order by k),
         string_agg(case when k = any (m.retained) then format('%1$I = coalesce(excluded.%1$I, t.%1$I)', k)
                         else format('%1$I = excluded.%1$I', k) end, ', ' order by k)
           filter (where k <> m.key_column)
  into v_columns, v_assignments
  from jsonb_object_keys(p_rows -> 0) k;

  execute format($sql$
    with written as (
      insert into public.%1$I as t (%2$s, synced_at)
      select %2$s, $2 from jsonb_populate_recordset(null::public.%1$I, $1)
      on conflict (%3$I) do update
      set %4$s, synced_at = $2, deleted_at = null
      where (t.raw is distinct from excluded.raw or t.deleted_at is not null %5$s %6$s)
        and (t.gazelle_updated_at is null or excluded.gazelle_updated_at is null
             or excluded.gazelle_updated_at >= t.gazelle_updated_at
             -- The very same payload: what differs is how it is read, its date included.
             or t.raw = excluded.raw
             -- A date still to come is a mistake, and freezes no row.
             or t.gazelle_updated_at > $2 + interval '1 day')
      returning t.%3$I as key, t.xmax = 0 as inserted
    )
    select coalesce(array_agg(key) filter (where inserted), '{}'), coalesce(array_agg(key), '{}') from written
  $sql$, m.table_name, v_columns, m.key_column, v_assignments,
    -- A contact's client is where it was found, not in its own payload.
    case p_collection when 'contacts' then 'or t.client_external_id is distinct from excluded.client_external_id' else '' end,
    -- The same payload is another row when it is read in another way.
    case when p_rows -> 0 ? 'mapping' then 'or t.mapping is distinct from excluded.mapping' else '' end)
  into v_inserted, v_changed
  using p_rows, p_now;

  if p_collection = 'appointments' then
    perform internal.link_appointment_pianos(v_changed);
  end if;
  -- A row that this run has read before is written again, and counted once.
  v_counted := jsonb_array_length(p_rows);
  if cardinality(p_repeated) > 0 then
    select count(*) into v_counted from jsonb_array_elements(p_rows) r where r ->> m.key_column <> all (p_repeated);
  end if;
  v_inserted := array(select unnest(v_inserted) except select unnest(p_repeated));
  v_changed := array(select unnest(v_changed) except select unnest(p_repeated));
  return jsonb_build_object('inserted', cardinality(v_inserted), 'updated', cardinality(v_changed) - cardinality(v_inserted),
                            'unchanged', v_counted - cardinality(v_changed));
end
$$;
comment on function internal.upsert_rows is
  'Set-based upsert that writes only rows whose payload or mapping changed (or that come back), and never newer by older. Only the columns present in the rows are written. p_repeated: keys of rows that are counted already.';

create or replace function internal.upsert_batch(
  p_collection text, p_rows jsonb, p_repeated text[], p_now timestamptz
) returns jsonb language plpgsql set search_path = public, pg_temp as $$
declare
  v_alike jsonb;
  v_counts jsonb := '{"rows": {"inserted": 0, "updated": 0, "unchanged": 0}}';
begin
  for v_alike in
    select jsonb_agg(r.value) from jsonb_array_elements(p_rows) r
    group by array(select jsonb_object_keys(r.value))
  loop
    v_counts := internal.add_counts(v_counts,
      jsonb_build_object('rows', internal.upsert_rows(p_collection, v_alike, p_repeated, p_now)));
  end loop;
  return v_counts -> 'rows';
end
$$;
comment on function internal.upsert_batch is
  'upsert_rows for rows that do not all have the same columns: a column that is left out of a row keeps what it holds.';

create or replace function internal.link_appointment_pianos(p_appointments text[]) returns void
language plpgsql set search_path = public, pg_temp as $$
begin
  delete from gazelle_appointment_pianos l
  using gazelle_appointments a
  where a.external_id = any (p_appointments) and l.appointment_external_id = a.external_id
    -- Only a list that is there and whole says what is not in it.
    and jsonb_typeof(a.raw -> 'allEventPianos' -> 'nodes') = 'array'
    and coalesce((a.raw -> 'allEventPianos' ->> 'totalCount')::numeric, 0)
        <= jsonb_array_length(a.raw -> 'allEventPianos' -> 'nodes')
    and not exists (select from jsonb_array_elements(a.raw -> 'allEventPianos' -> 'nodes') n
                    where n -> 'piano' ->> 'id' = l.piano_external_id);
  insert into gazelle_appointment_pianos (appointment_external_id, piano_external_id, is_tuning)
  select distinct on (a.external_id, n -> 'piano' ->> 'id')
         a.external_id, n -> 'piano' ->> 'id',
         case when n ->> 'isTuning' in ('true', 'false') then (n ->> 'isTuning')::boolean end
  from gazelle_appointments a,
       jsonb_array_elements(case jsonb_typeof(a.raw -> 'allEventPianos' -> 'nodes')
                            when 'array' then a.raw -> 'allEventPianos' -> 'nodes' end) n
  where a.external_id = any (p_appointments) and n -> 'piano' ->> 'id' is not null
  on conflict (appointment_external_id, piano_external_id) do update set is_tuning = excluded.is_tuning
  where gazelle_appointment_pianos.is_tuning is distinct from excluded.is_tuning and excluded.is_tuning is not null;
end
$$;

create or replace function internal.add_counts(p_old jsonb, p_new jsonb) returns jsonb
language sql immutable as $$
  select p_old || coalesce(jsonb_object_agg(c.key, coalesce(p_old -> c.key, '{}') ||
    (select jsonb_object_agg(n.key, coalesce((p_old -> c.key ->> n.key)::bigint, 0) + n.value::bigint)
     from jsonb_each_text(c.value) n)), '{}')
  from jsonb_each(p_new) c
$$;
comment on function internal.add_counts is 'Adds {collection: {counter: n}} to the same shape.';

create or replace function public.begin_sync(
  p_run_id uuid, p_lease uuid, p_collections text[], p_resume boolean, p_lease_seconds integer, p_now timestamptz,
  p_mapping bigint default null
) returns jsonb language plpgsql set search_path = public, pg_temp as $$
begin
  perform internal.hold_lease(p_run_id, p_lease, p_lease_seconds, p_now);
  insert into sync_state (collection, run_id, updated_at, next_mapping)
  select c, p_run_id, p_now, p_mapping from unnest(p_collections) c
  on conflict (collection) do update
  set run_id = excluded.run_id, updated_at = excluded.updated_at, windows = '{}', complete = false, counts = '{}',
      refused = '[]', quarantined = '[]', next_mapping = coalesce(excluded.next_mapping, sync_state.mapping)
  where not (p_resume and sync_state.run_id = excluded.run_id);
  return (select jsonb_object_agg(collection, jsonb_build_object(
            'watermark', case when mapping is not distinct from next_mapping then watermark end, 'windows', windows, 'complete', complete, 'counts', counts,
            'refused', refused, 'quarantined', quarantined))
          from sync_state where collection = any (p_collections));
end
$$;
comment on function public.begin_sync is
  'Opens the collections for this run and answers their state. A resumed run keeps its windows, cursors and counters; any other starts over. What was written by another mapping than p_mapping has no watermark.';

create or replace function public.plan_windows(
  p_run_id uuid, p_lease uuid, p_collection text, p_windows jsonb, p_lease_seconds integer, p_now timestamptz
) returns void language plpgsql set search_path = public, pg_temp as $$
begin
  perform internal.hold_lease(p_run_id, p_lease, p_lease_seconds, p_now);
  update sync_state set windows = p_windows, updated_at = p_now where collection = p_collection and run_id = p_run_id;
  if not found then
    raise exception using errcode = 'GT001', message = 'lease lost', detail = 'another run reads this collection';
  end if;
end
$$;
comment on function public.plan_windows is
  'The parts in which a collection is read side by side, before the first row of any: a run that goes on later knows them all.';

create or replace function public.apply_page(
  p_run_id uuid, p_lease uuid, p_collection text, p_batches jsonb, p_lease_seconds integer, p_now timestamptz,
  p_windows jsonb default null, p_repeated jsonb default null
) returns jsonb language plpgsql set search_path = public, pg_temp as $$
declare
  v_batch record;
  v_counts jsonb := '{}';
begin
  perform internal.hold_lease(p_run_id, p_lease, p_lease_seconds, p_now);
  -- The answer to this very page was lost on the way: it is applied and counted already. The windows belong to the
  -- attempt: begin_sync empties them, and no page of the attempt before commits after that.
  if exists (select from sync_state where collection = p_collection and run_id = p_run_id and windows @> p_windows) then
    return '{}';
  end if;
  for v_batch in select key, value from jsonb_each(p_batches) loop
    v_counts := v_counts || jsonb_build_object(v_batch.key, internal.upsert_batch(
      v_batch.key, v_batch.value, array(select jsonb_array_elements_text(p_repeated -> v_batch.key)), p_now));
    -- What was set aside has arrived.
    update sync_quarantine q set resolved_at = p_now
    from jsonb_array_elements(v_batch.value) r
    where q.collection = v_batch.key and q.resolved_at is null and q.external_id = coalesce(r ->> 'external_id', r ->> 'id');
  end loop;
  update sync_state
  set windows = windows || coalesce(p_windows, '{}'), counts = internal.add_counts(counts, v_counts), updated_at = p_now
  where collection = p_collection and run_id = p_run_id;
  if not found then
    raise exception using errcode = 'GT001', message = 'lease lost', detail = 'another run reads this collection';
  end if;
  return v_counts;
end
$$;
comment on function public.apply_page is
  'One page, whole or not at all: rows per collection ({"clients": [...], "contacts": [...]}), the windows that they come from as they stand after it, the counters, the lease. p_repeated: keys per collection that this run has counted already. Answers inserted/updated/unchanged per collection.';

create or replace function public.quarantine_row(
  p_run_id uuid, p_collection text, p_external_id text, p_reason text, p_payload text, p_now timestamptz
) returns void language sql set search_path = public, pg_temp as $$
  update sync_state set quarantined = quarantined || to_jsonb(p_collection || '/' || p_external_id)
  where collection = case p_collection when 'contacts' then 'clients' else p_collection end and run_id = p_run_id
    and not quarantined ? (p_collection || '/' || p_external_id);
  insert into sync_quarantine (collection, external_id, reason, payload, run_id, first_seen_at, last_seen_at)
  values (p_collection, p_external_id, left(p_reason, 300), left(p_payload, 20000), p_run_id, p_now, p_now)
  on conflict (collection, external_id) do update
  set reason = excluded.reason, payload = excluded.payload, run_id = excluded.run_id,
      last_seen_at = excluded.last_seen_at, occurrences = sync_quarantine.occurrences + 1, resolved_at = null
$$;
comment on function public.quarantine_row is 'Sets a row aside that cannot be stored.';

create or replace function public.finish_collection(
  p_run_id uuid, p_lease uuid, p_collection text, p_counted text[], p_watermark timestamptz, p_lease_seconds integer,
  p_now timestamptz, p_exact boolean default true
) returns jsonb language plpgsql set search_path = public, pg_temp as $$
declare
  m record;
  v_name text;
  v_count bigint;
  v_live jsonb := '{}';
  v_counts jsonb;
begin
  perform internal.hold_lease(p_run_id, p_lease, p_lease_seconds, p_now);
  update sync_state
  set complete = true, watermark = greatest(watermark, p_watermark), mapping = next_mapping, updated_at = p_now,
      differences = case when p_exact then '{}' else differences end
  where collection = p_collection and run_id = p_run_id
  returning counts into v_counts;
  if not found then
    raise exception using errcode = 'GT001', message = 'lease lost';
  end if;
  foreach v_name in array p_counted loop
    select * into m from internal.mirror_table(v_name);
    execute format('select count(*) from public.%I where deleted_at is null', m.table_name) into v_count;
    v_live := v_live || jsonb_build_object(v_name, v_count);
  end loop;
  return jsonb_build_object('live', v_live, 'counts', v_counts);
end
$$;
comment on function public.finish_collection is
  'The collection was read to its end: its watermark moves (null: stays). Answers the run''s counters, and the live rows of the tables named in p_counted. p_exact: every row that Gazelle counts was read.';

create or replace function public.note_difference(
  p_run_id uuid, p_lease uuid, p_collection text, p_differences jsonb, p_date date, p_lease_seconds integer,
  p_now timestamptz
) returns integer language plpgsql set search_path = public, pg_temp as $$
declare
  v_noted jsonb;
begin
  perform internal.hold_lease(p_run_id, p_lease, p_lease_seconds, p_now);
  update sync_state s
  set differences = (
    select jsonb_object_agg(d.key, jsonb_build_object('difference', d.value, 'dates', (
      -- The dates of the same difference; another one begins anew. A date more than two weeks old says nothing.
      select jsonb_agg(distinct day)
      from (select to_jsonb(p_date) union all
            select e.value from jsonb_array_elements(s.differences -> d.key -> 'dates') e
            where s.differences -> d.key -> 'difference' = d.value and (e.value #>> '{}')::date >= p_date - 14) as known (day))))
    from jsonb_each(p_differences) d)
  where collection = p_collection and run_id = p_run_id
  returning differences into v_noted;
  if not found then
    raise exception using errcode = 'GT001', message = 'lease lost', detail = 'another run reads this collection';
  end if;
  return (select min(jsonb_array_length(d.value -> 'dates')) from jsonb_each(v_noted) d);
end
$$;
comment on function public.note_difference is
  'Remembers how many rows Gazelle counts beyond those that it lists ({"clients": 1}), and answers on how many dates that was so.';

create or replace function internal.deletion_limit(p_rows bigint) returns bigint
language sql immutable as $$
  select greatest(p_rows / 20, 1, least(10, p_rows / 3))
$$;
comment on function internal.deletion_limit is
  'How many of so many rows may vanish at once: 5 %, of a small collection a third, at most 10, at least 1.';

create or replace function public.delete_absent(
  p_run_id uuid, p_lease uuid, p_collection text, p_ids text[], p_considered bigint, p_seen bigint,
  p_lease_seconds integer, p_now timestamptz
) returns jsonb language plpgsql set search_path = public, pg_temp as $$
declare
  m record;
  v_live bigint;
  v_limit bigint;
  v_deleted bigint;
begin
  perform internal.hold_lease(p_run_id, p_lease, p_lease_seconds, p_now);
  select * into m from internal.mirror_table(p_collection);
  execute format('select count(*) from public.%I where deleted_at is null', m.table_name) into v_live;
  v_limit := internal.deletion_limit(least(v_live, p_considered));
  -- A collection that has rows does not vanish, however few they are.
  if cardinality(p_ids) > v_limit or p_seen = 0 then
    update sync_state
    set refused = refused || jsonb_build_object(
      'collection', p_collection, 'candidates', cardinality(p_ids), 'limit', v_limit, 'live', v_live,
      'sample', to_jsonb(p_ids[1:20]))
    where collection = case p_collection when 'contacts' then 'clients' else p_collection end and run_id = p_run_id;
    return jsonb_build_object('refused', true, 'candidates', cardinality(p_ids), 'limit', v_limit, 'live', v_live);
  end if;
  execute format('update public.%I set deleted_at = $2, synced_at = $2 where %I = any ($1) and deleted_at is null',
                 m.table_name, m.key_column)
  using p_ids, p_now;
  get diagnostics v_deleted = row_count;
  update sync_state
  set counts = internal.add_counts(counts, jsonb_build_object(p_collection, jsonb_build_object('deleted', v_deleted)))
  where collection = case p_collection when 'contacts' then 'clients' else p_collection end and run_id = p_run_id;
  return jsonb_build_object('refused', false, 'deleted', v_deleted);
end
$$;
comment on function public.delete_absent is
  'Soft-deletes rows that a complete enumeration did not contain, unless they are more than internal.deletion_limit of the rows considered, or p_seen, the rows that it did contain, are none: then nothing happens and refused is true.';

-- From a notice to deliveries: the rules applied in one place, for what is queued and for what is explained.

create or replace function internal.quiet_until(p_quiet jsonb, p_now timestamptz) returns timestamptz
language plpgsql stable set search_path = public, pg_temp as $$
declare
  v_from time := (p_quiet ->> 'from')::time;
  v_until time := (p_quiet ->> 'until')::time;
  v_zone text := p_quiet ->> 'time_zone';
  v_minute timestamptz := p_now;
  v_local time;
  v_left interval;
begin
  loop
    v_local := (v_minute at time zone v_zone)::time;
    if (case when v_from < v_until then v_local < v_from or v_local >= v_until
             else v_local >= v_until and v_local < v_from end) then
      return v_minute;
    end if;
    v_left := v_until - v_local;
    if v_left < interval '0' then
      v_left := v_left + interval '24 hours';
    end if;
    -- Near the end the wall clock is asked minute by minute: so no hour that a clock change skips or repeats is a
    -- special case. No change moves a clock by more than two hours.
    v_minute := date_trunc('minute', v_minute) + greatest(interval '1 minute', v_left - interval '2 hours');
    v_minute := date_trunc('minute', v_minute);
  end loop;
end
$$;
comment on function internal.quiet_until is
  'The first instant from p_now on that is outside the quiet hours (p_now itself, or the start of a minute).';

create or replace function internal.doubts_in_a_row() returns integer language sql immutable as 'select 3';
comment on function internal.doubts_in_a_row is
  'So many messages without an answer, and the channel rests: others carry its messages.';

create or replace function internal.channel_is_off(p_channel text, p_recipient text, p_now timestamptz) returns boolean
language sql stable set search_path = public, pg_temp as $$
  select exists (select from notification_queues
                 where channel = p_channel
                   and (recipient in ('', p_recipient) and disabled_at is not null
                        or recipient = '' and doubts >= internal.doubts_in_a_row() and blocked_until > p_now))
$$;
comment on function internal.channel_is_off is
  'Whether nothing goes out on a channel for now: it was switched off, for all or for this recipient, or it gives no answers.';

create or replace function internal.open_channel(p_channel text, p_recipient text, p_now timestamptz) returns text
language sql stable set search_path = public, pg_temp as $$
  select coalesce(
    (select c.channel
     from (values ('slack', 1), ('email', 2), ('telegram', 3)) c (channel, rank)
     left join staff s on s.key = p_recipient and s.active
     where not internal.channel_is_off(c.channel, p_recipient, p_now)
       and case c.channel when 'slack' then s.slack_webhook_key is not null
                          when 'telegram' then s.telegram_chat_id is not null else s.key is not null end
     order by c.channel <> p_channel, c.rank
     limit 1),
    p_channel)
$$;
comment on function internal.open_channel is
  'The channel itself, or, where it is switched off for this person, another one that the person has.';

create or replace function internal.apply_rules(
  p_event_type text, p_severity text, p_concerned jsonb, p_now timestamptz
) returns table (
  rule_id bigint, rule_channel text, recipient text, verdict text, channel text, due_at timestamptz, digest_key text,
  cooldown_minutes integer, may_move boolean
) language sql stable set search_path = public, pg_temp as $$
  select r.id, r.channel, notified.recipient,
         case when not r.enabled then 'disabled'
              when internal.severity_rank(p_severity) < internal.severity_rank(r.min_severity) then 'below_severity'
              when notified.recipient is null then 'nobody'
              else 'send' end,
         case when notified.is_concerned then r.channel else internal.open_channel(r.channel, notified.recipient, p_now) end,
         greatest(p_now,
           case when r.quiet_hours is not null and p_severity <> 'critical'
                then internal.quiet_until(r.quiet_hours, digest.until) else digest.until end),
         case when digest.until > p_now
              then r.id || ':' || extract(epoch from digest.until)::bigint end,
         r.cooldown_minutes, not notified.is_concerned
  from notification_rules r
  cross join lateral (
    select case when r.digest_minutes = 0 or p_severity = 'critical' then p_now
                else to_timestamp((floor(extract(epoch from p_now) / (r.digest_minutes * 60)) + 1) * r.digest_minutes * 60)
           end as until) digest
  left join lateral (
    select distinct case when given = '@concerned' then named else given end as recipient, given = '@concerned' as is_concerned
    from unnest(r.recipients) given
    left join jsonb_array_elements_text(coalesce(p_concerned, '[]')) named on given = '@concerned'
    where given <> '@concerned' or named is not null) notified on true
  where r.event_type = p_event_type
$$;
comment on function internal.apply_rules is
  'Every rule of an event type with every recipient, and what it means at this instant: send, disabled, below_severity or nobody.';

create or replace function internal.enqueue_recovery(p_notice jsonb, p_run_id uuid, p_now timestamptz) returns integer
language plpgsql set search_path = public, pg_temp as $$
declare
  v_problem notices;
  v_count integer;
begin
  update notices set resolved_at = p_now
  where fingerprint = p_notice ->> 'recovers' and resolved_at is null
  returning * into v_problem;
  if not found then
    return 0;
  end if;
  update notification_deliveries
  set status = 'skipped', error_kind = 'resolved', detail = 'resolved before it was due'
  where fingerprint = v_problem.fingerprint and status = 'pending' and claimed_until is null
    and window_key ~ '^(escalation|reminder):';
  insert into notification_deliveries
    (event_type, severity, channel, recipient, fingerprint, data, run_id, after_id, may_move, next_attempt_at, created_at)
  select p_notice ->> 'event_type', p_notice ->> 'severity', notified.channel, notified.recipient, p_notice ->> 'fingerprint',
         coalesce(p_notice -> 'data', '{}') || jsonb_build_object(
           'since', coalesce(v_problem.since, v_problem.opened_at), 'until', p_now,
           'duration_seconds', extract(epoch from p_now - coalesce(v_problem.since, v_problem.opened_at))::bigint),
         p_run_id, notified.id, notified.may_move,
         greatest(notified.next_attempt_at, case when r.quiet_hours is not null and p_notice ->> 'severity' <> 'critical'
                                             then internal.quiet_until(r.quiet_hours, p_now) else p_now end),
         p_now
  from (select distinct on (d.channel, d.recipient) d.*
        from notification_deliveries d
        where d.fingerprint = v_problem.fingerprint and d.status in ('pending', 'sent')
        order by d.channel, d.recipient, d.seq) notified
  left join notification_rules r on r.event_type = v_problem.event_type and r.channel = notified.channel
  where not exists (select from notification_rules off
                    where off.event_type = p_notice ->> 'event_type' and off.channel = notified.channel and not off.enabled)
  order by notified.seq
  on conflict (fingerprint, channel, recipient, window_key) do nothing;
  get diagnostics v_count = row_count;
  return v_count;
end
$$;
comment on function internal.enqueue_recovery is
  'Ends a problem once, and tells of it exactly those to whom the problem was reported or is about to be.';

create or replace function internal.enqueue_notice(p_notice jsonb, p_run_id uuid, p_now timestamptz) returns integer
language plpgsql set search_path = public, pg_temp as $$
declare
  v_since timestamptz := least(coalesce((p_notice -> 'data' ->> 'since')::timestamptz, p_now), p_now);
  v_count integer;
begin
  if p_notice ->> 'recovers' is not null then
    return internal.enqueue_recovery(p_notice, p_run_id, p_now);
  end if;
  -- The row also makes others with the same problem wait: the look at the cool-down below is alone.
  insert into notices as n (fingerprint, event_type, severity, data, run_id, opened_at, since, last_seen_at)
  values (p_notice ->> 'fingerprint', p_notice ->> 'event_type', p_notice ->> 'severity',
          coalesce(p_notice -> 'data', '{}'), p_run_id, p_now, v_since, p_now)
  on conflict (fingerprint) do update
  set last_seen_at = p_now, occurrences = n.occurrences + 1, data = excluded.data,
      -- As long as it lasts, it began when it was first seen.
      since = case when n.resolved_at is null then least(coalesce(n.since, n.opened_at), excluded.since) else excluded.since end,
      -- It may have become worse.
      severity = case when internal.severity_rank(excluded.severity) > internal.severity_rank(n.severity)
                      then excluded.severity else n.severity end;
  insert into notification_deliveries
    (event_type, severity, channel, rule_channel, recipient, fingerprint, window_key, data, run_id, digest_key, may_move,
     next_attempt_at, created_at)
  select p_notice ->> 'event_type', p_notice ->> 'severity', p.channel, p.rule_channel, p.recipient, p_notice ->> 'fingerprint',
         case when last.created_at is null then '' else 'again:' || extract(epoch from p_now) end,
         coalesce(p_notice -> 'data', '{}'), p_run_id, p.digest_key, p.may_move, p.due_at, p_now
  from internal.apply_rules(p_notice ->> 'event_type', p_notice ->> 'severity', p_notice -> 'concerned', p_now) p
  left join lateral (
    select max(d.created_at) as created_at from notification_deliveries d
    where d.fingerprint = p_notice ->> 'fingerprint' and d.recipient = p.recipient
      and coalesce(d.rule_channel, d.channel) = p.rule_channel) last on true
  where p.verdict = 'send'
    and (last.created_at is null
         or p.cooldown_minutes > 0 and last.created_at <= p_now - make_interval(mins => p.cooldown_minutes))
  order by p.rule_id, p.recipient
  on conflict (fingerprint, channel, recipient, window_key) do nothing;
  get diagnostics v_count = row_count;
  if v_count > 0 then
    -- Who took care of it the last time has not taken care of it this time.
    update notices set acknowledged_at = null, acknowledged_by = null
    where fingerprint = p_notice ->> 'fingerprint' and acknowledged_at is not null;
  end if;
  return v_count;
end
$$;
comment on function internal.enqueue_notice is
  'Applies the rules to one notice {event_type, severity, fingerprint, data, concerned?, recovers?} and queues what is new. One that recovers names the fingerprint of the problem that is over. Returns how many messages were queued.';

create or replace function public.explain_rules(p_event_type text, p_severity text, p_now timestamptz) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select coalesce(jsonb_agg(jsonb_build_object(
           'rule_id', p.rule_id, 'channel', p.channel, 'rule_channel', p.rule_channel, 'recipient', p.recipient,
           'verdict', p.verdict, 'due_at', p.due_at, 'is_digest', p.digest_key is not null,
           'min_severity', r.min_severity, 'cooldown_minutes', r.cooldown_minutes, 'quiet_hours', r.quiet_hours,
           'digest_minutes', r.digest_minutes, 'escalation', r.escalation, 'reminder_minutes', r.reminder_minutes)
         order by p.rule_id, p.recipient), '[]')
  from internal.apply_rules(p_event_type, p_severity, '["@concerned"]', p_now) p
  join notification_rules r on r.id = p.rule_id
$$;
comment on function public.explain_rules is
  'What would happen to a notice of this type and severity at this instant, rule by rule and person by person.';

-- Notifications: a notice meets the rules; each match becomes one delivery per channel and recipient, unique for
-- its problem (fingerprint) and window. Sending is the business of the functions; states live here.

create or replace function internal.severity_rank(p_severity text) returns integer
language sql immutable as $$
  select case p_severity when 'info' then 1 when 'warning' then 2 when 'error' then 3 when 'critical' then 4 end
$$;

-- One run, as state changes: claim, keep alive, go on later, finish. Each is one transaction; the lease token
-- fences every process that lost its run.

create or replace function internal.first_failure(p_started_at timestamptz, p_errors jsonb) returns timestamptz
language sql stable as $$
  -- A run that is tried again starts anew, on the same row; what its first attempt said stays.
  select least(p_started_at,
    case when p_errors #>> '{0,at}' ~ '^[12]\d{3}-[01]\d-[0-3]\dT[0-2]\d:[0-5]\d:[0-5]\d(\.\d+)?(Z|[+-]\d\d:\d\d)$'
         then (p_errors #>> '{0,at}')::timestamptz end)
$$;
comment on function internal.first_failure is 'When a failed run began to fail: the start of its only attempt, or the end of its first.';

create or replace function internal.failing_since(p_task text, p_until timestamptz) returns timestamptz
language sql stable set search_path = public, pg_temp as $$
  -- The first run that failed after the last one that did not.
  select internal.first_failure(r.started_at, r.errors)
  from scheduler_logs r
  where r.task_name = p_task and r.status = 'error' and r.started_at <= p_until
    and r.started_at > coalesce((
      select g.started_at from scheduler_logs g
      where g.task_name = p_task and g.status in ('success', 'warning') and g.started_at <= p_until
        -- A run that ended because of the pause proves nothing.
        and not coalesce(g.stats @> '{"paused": true}', false)
      order by g.started_at desc limit 1), '-infinity')
  order by r.started_at limit 1
$$;
comment on function internal.failing_since is
  'Since when a task has only failed, as of an instant: the first failure after its last success. Null when it does not fail.';

create or replace function internal.start_waiting(p_group text, p_now timestamptz) returns uuid
language plpgsql set search_path = public, pg_temp as $$
declare
  -- The dispatcher publishes what could not be published at once, every five minutes.
  c_start constant interval := '30 minutes';
  v_run scheduler_logs;
begin
  update scheduler_logs
  set waits = false, message = null, lease_expires_at = p_now + c_start
  where id = (select id from scheduler_logs where exclusion_group = p_group and status = 'queued' and waits
                -- One that waited too long is said not to have started.
                and lease_expires_at >= p_now
              order by scheduled_for, id limit 1 for update skip locked)
  returning * into v_run;
  if not found then
    return null;
  end if;
  insert into event_outbox (run_id, source, detail_type, detail, created_at, next_attempt_at)
  values (v_run.id, 'gazelle.tasks', 'Task Requested', jsonb_build_object(
    'task', v_run.task_name, 'run_id', v_run.id, 'requested_by', v_run.triggered_by_user, 'parameters', v_run.parameters), p_now, p_now)
  on conflict (run_id, detail_type, part) do update set published_at = null, next_attempt_at = excluded.next_attempt_at;
  return v_run.id;
end
$$;
comment on function internal.start_waiting is
  'The oldest run that waits for its group is asked for, now that nobody holds it: its id, or null. It starts by its event, as every requested run.';

create or replace function internal.close_expired_runs(p_except_key text, p_now timestamptz) returns void
language plpgsql set search_path = public, pg_temp as $$
declare
  v_run scheduler_logs;
begin
  for v_run in
    select * from scheduler_logs
    where (status = 'running' and lease_expires_at < p_now)
       or (status = 'queued' and lease_expires_at < p_now)
    for update skip locked
  loop
    update scheduler_logs
    set status = 'error', completed_at = p_now,
        duration_seconds = extract(epoch from p_now - v_run.started_at)::integer,
        error_kind = case v_run.status when 'queued' then 'not_started' else 'lost' end,
        message = case v_run.status when 'queued' then 'Demandée, jamais démarrée'
                                    else 'Exécution perdue: le processus a disparu' end,
        errors = v_run.errors || jsonb_build_object('attempt', v_run.attempt, 'at', p_now,
          'kind', case v_run.status when 'queued' then 'not_started' else 'lost' end)
    where id = v_run.id;
    if v_run.status = 'running' then
      perform internal.start_waiting(v_run.exclusion_group, p_now);
    end if;
    -- The run that is being started again speaks for itself.
    if v_run.failure_event is not null and (v_run.run_key is distinct from p_except_key or v_run.status = 'queued') then
      perform internal.enqueue_notice(jsonb_build_object(
        'event_type', v_run.failure_event, 'severity', 'error',
        'fingerprint', coalesce(v_run.failure_fingerprint, v_run.failure_event || '@' || v_run.run_key),
        'data', jsonb_build_object('task_label', v_run.task_label, 'run_id', v_run.id,
                                   'error_kind', case v_run.status when 'queued' then 'not_started' else 'lost' end,
                                   'since', coalesce(internal.failing_since(v_run.task_name, v_run.started_at), v_run.started_at))),
        v_run.id, p_now);
    end if;
  end loop;
end
$$;
comment on function internal.close_expired_runs is
  'Runs whose lease ended become errors ("lost"), requests nobody took "not started"; each is reported by its task''s failure notice.';

create or replace function internal.start_run(p_id uuid, p_request jsonb, p_now timestamptz) returns jsonb
language plpgsql set search_path = public, pg_temp as $$
declare
  v_run scheduler_logs;
begin
  update scheduler_logs
  set status = 'running',
      -- A run without a holder was handed over by its part before: it goes on, it does not start again.
      attempt = attempt + case when status = 'queued' or (status = 'running' and lease_token is null) then 0 else 1 end,
      -- A process that vanished without a trace leaves one here.
      errors = errors || case when status = 'running' and lease_token is not null
        then jsonb_build_array(jsonb_build_object('attempt', attempt, 'at', p_now, 'kind', 'lost')) else '[]' end,
      part = (p_request ->> 'part')::integer,
      started_at = case when status = 'running' and lease_token is null then started_at else p_now end,
      completed_at = null, duration_seconds = null, duration_ms = null,
      message = null, error_kind = null, progress = '{}', waits = false,
      request_id = p_request ->> 'request_id',
      claim_key = p_request ->> 'claim_key',
      log_url = p_request ->> 'log_url',
      exclusion_group = p_request ->> 'exclusion_group',
      failure_event = p_request ->> 'failure_event',
      failure_fingerprint = p_request ->> 'failure_fingerprint',
      lease_token = gen_random_uuid(),
      lease_expires_at = p_now + make_interval(secs => (p_request ->> 'lease_seconds')::integer)
  where id = p_id
  returning * into v_run;
  return jsonb_build_object('outcome', 'claimed', 'run', to_jsonb(v_run));
end
$$;

create or replace function public.claim_run(p_request jsonb, p_now timestamptz) returns jsonb
language plpgsql set search_path = public, pg_temp as $$
declare
  v_kind text := p_request ->> 'kind';
  v_group text := p_request ->> 'exclusion_group';
  v_part integer := (p_request ->> 'part')::integer;
  v_run scheduler_logs;
  v_other uuid;
  v_found boolean;
  v_paused boolean := v_kind in ('scheduled', 'chained')
    and exists (select from task_states where task_name = p_request ->> 'task_name' and paused);
  v_parent scheduler_logs;
begin
  perform pg_advisory_xact_lock(hashtextextended('claim_run:' || v_group, 0));
  -- A dead run of this group may have a page that is committing just now: the next run begins after it.
  perform from scheduler_logs
  where exclusion_group = v_group and status = 'running' and lease_expires_at < p_now for update;
  perform internal.close_expired_runs(p_request ->> 'run_key', p_now);

  select * into v_run from scheduler_logs
  where case when p_request ->> 'run_id' is not null then id = (p_request ->> 'run_id')::uuid
             else run_key = p_request ->> 'run_key' end
  for update;
  v_found := found;

  if v_found and v_run.task_name <> p_request ->> 'task_name' then
    return jsonb_build_object('outcome', 'unknown_run');
  end if;
  -- This very claim was granted, and the answer was lost on the way.
  if v_found and v_run.status = 'running' and v_run.lease_token is not null
     and v_run.claim_key = p_request ->> 'claim_key' then
    return jsonb_build_object('outcome', 'claimed', 'run', to_jsonb(v_run));
  end if;
  if v_found and v_kind = 'continued' then
    if v_run.status in ('success', 'warning') or v_run.part > v_part then
      return jsonb_build_object('outcome', 'duplicate', 'run', to_jsonb(v_run) - 'lease_token');
    end if;
    -- The part before has handed over (its lease waits without a holder), or this part was lost. A run that a
    -- process holds is not taken from it, whatever old event comes by.
    if v_run.status = 'running' and v_run.lease_token is not null and v_run.request_id is distinct from p_request ->> 'request_id' then
      return jsonb_build_object('outcome', 'duplicate', 'run', to_jsonb(v_run) - 'lease_token');
    end if;
  elsif v_found then
    -- A live run is a duplicate, unless the platform retries the very invocation that holds it: that
    -- process is dead, and its token stops being valid here.
    if v_run.status in ('success', 'warning')
       or (v_run.status = 'running' and v_run.request_id is distinct from p_request ->> 'request_id')
       -- People were told that it did not start, and may have asked again: what comes late starts nothing.
       or (v_kind in ('requested', 'scheduled') and v_run.error_kind = 'not_started') then
      return jsonb_build_object('outcome', 'duplicate', 'run', to_jsonb(v_run) - 'lease_token');
    end if;
  elsif v_kind = 'continued' then
    return jsonb_build_object('outcome', 'unknown_run');
  end if;

  select id into v_other from scheduler_logs
  where exclusion_group = v_group and status = 'running' and lease_expires_at >= p_now
    and (not v_found or id <> v_run.id)
  limit 1;
  if v_other is not null and not v_paused and not coalesce((p_request ->> 'may_wait')::boolean, false) then
    return jsonb_build_object('outcome', 'busy', 'live_run_id', v_other);
  end if;

  if not v_found then
    select * into v_parent from scheduler_logs where id = (p_request ->> 'parent_run_id')::uuid;
    insert into scheduler_logs (
      id, task_name, task_label, started_at, status, run_key, correlation_id, parent_run_id, attempt,
      triggered_by, triggered_by_user, scheduled_for, parameters)
    values (
      coalesce((p_request ->> 'run_id')::uuid, gen_random_uuid()),
      p_request ->> 'task_name', p_request ->> 'task_label', p_now, 'queued', p_request ->> 'run_key',
      coalesce((p_request ->> 'correlation_id')::uuid, gen_random_uuid()), (p_request ->> 'parent_run_id')::uuid, 1,
      -- A chained run inherits who started the chain.
      coalesce(v_parent.triggered_by, p_request ->> 'triggered_by'),
      coalesce(v_parent.triggered_by_user, p_request ->> 'triggered_by_user'),
      coalesce((p_request ->> 'scheduled_for')::timestamptz, v_parent.scheduled_for, p_now),
      coalesce(p_request -> 'parameters', '{}'))
    returning * into v_run;
  end if;

  if v_paused then
    update scheduler_logs
    set status = 'success', message = 'En pause', completed_at = p_now, duration_seconds = 0, duration_ms = 0,
        stats = '{"paused": true}'
    where id = v_run.id returning * into v_run;
    return jsonb_build_object('outcome', 'paused', 'run', to_jsonb(v_run));
  end if;
  if v_other is not null then
    -- What started later than this would be another day's.
    update scheduler_logs
    set status = 'queued', waits = true, message = 'Attend la fin de l''exécution en cours', exclusion_group = v_group,
        attempt = attempt + case when status = 'error' then 1 else 0 end, completed_at = null, error_kind = null,
        failure_event = p_request ->> 'failure_event', failure_fingerprint = p_request ->> 'failure_fingerprint',
        lease_expires_at = case when waits then lease_expires_at else p_now + interval '3 hours' end
    where id = v_run.id returning * into v_run;
    return jsonb_build_object('outcome', 'queued', 'run', to_jsonb(v_run));
  end if;
  return internal.start_run(v_run.id, p_request, p_now);
end
$$;
comment on function public.claim_run is
  'Takes a run for this process. p_request: run_key, task_name, task_label, exclusion_group, kind (scheduled|chained|requested|continued|manual), part, request_id, claim_key?, run_id?, parent_run_id?, correlation_id?, triggered_by, triggered_by_user?, scheduled_for?, parameters?, failure_event?, failure_fingerprint?, log_url?, lease_seconds, may_wait?. Answers {outcome: claimed|duplicate|busy|queued|paused|unknown_run, run?, live_run_id?}: with may_wait a run that finds its group busy is queued, and asked for when the holder ends or is lost. The same claim_key again is the same claim: it is granted once and answered as often as asked.';

create or replace function internal.hold_lease(
  p_run_id uuid, p_lease uuid, p_lease_seconds integer, p_now timestamptz, p_writes boolean default false
) returns void language plpgsql set search_path = public, pg_temp as $$
declare
  v_expires timestamptz;
  v_renewed timestamptz := p_now + make_interval(secs => p_lease_seconds);
begin
  select lease_expires_at into v_expires from scheduler_logs
  where id = p_run_id and lease_token = p_lease and status = 'running';
  -- The row stays locked until the caller's commit: whoever takes the run over waits for it. Parallel pages of one
  -- run share the lock; the one that renews, when a quarter of the lease is spent, takes the stronger lock first,
  -- because two that hold the weaker one and want the stronger would wait for each other.
  if p_writes or v_expires < v_renewed - make_interval(secs => p_lease_seconds / 4) then
    update scheduler_logs set lease_expires_at = greatest(lease_expires_at, v_renewed)
    where id = p_run_id and lease_token = p_lease and status = 'running';
  else
    perform from scheduler_logs
    where id = p_run_id and lease_token = p_lease and status = 'running' for share;
  end if;
  if not found then
    raise exception using errcode = 'GT001', message = 'lease lost', detail = 'another process holds or has ended this run';
  end if;
end
$$;
comment on function internal.hold_lease is 'Raises GT001 when the run is not held with this token; nobody takes the run over before the caller has committed. Renews the lease when a quarter of it is spent. p_writes: the caller changes the row of the run itself.';

create or replace function public.report_progress(
  p_run_id uuid, p_lease uuid, p_progress jsonb, p_lease_seconds integer, p_now timestamptz
) returns void language plpgsql set search_path = public, pg_temp as $$
begin
  perform internal.hold_lease(p_run_id, p_lease, p_lease_seconds, p_now, p_writes => true);
  update scheduler_logs set progress = p_progress where id = p_run_id and progress is distinct from p_progress;
end
$$;
comment on function public.report_progress is 'Keeps the lease and shows how far the run has come.';

create or replace function public.continue_run(
  p_run_id uuid, p_lease uuid, p_event jsonb, p_stats jsonb, p_wait_seconds integer, p_now timestamptz,
  p_not_before timestamptz default null
) returns jsonb language plpgsql set search_path = public, pg_temp as $$
declare
  v_part integer := (p_event -> 'detail' ->> 'part')::integer;
  v_due timestamptz := greatest(p_now, p_not_before);
  v_event event_outbox;
begin
  update scheduler_logs
  set lease_token = null, request_id = null, stats = p_stats, handed_over_by = p_lease,
      progress = case when v_due > p_now then progress || jsonb_build_object('waits_until', v_due) else progress end,
      lease_expires_at = v_due + make_interval(secs => p_wait_seconds)
  where id = p_run_id and lease_token = p_lease and status = 'running';
  if found then
    insert into event_outbox (run_id, source, detail_type, detail, part, created_at, next_attempt_at)
    values (p_run_id, p_event ->> 'source', p_event ->> 'detail_type', p_event -> 'detail', v_part, p_now, v_due)
    on conflict (run_id, detail_type, part) do update set published_at = null, next_attempt_at = v_due
    returning * into v_event;
  else
    -- The same hand-over again, because its answer was lost on the way: the event is queued already.
    select e.* into v_event
    from event_outbox e join scheduler_logs l on l.id = e.run_id
    where l.id = p_run_id and l.handed_over_by = p_lease
      and e.detail_type = p_event ->> 'detail_type' and e.part = v_part;
    if not found then
      raise exception using errcode = 'GT001', message = 'lease lost';
    end if;
  end if;
  return jsonb_build_object('id', v_event.id, 'source', v_event.source, 'detail_type', v_event.detail_type,
                            'detail', v_event.detail, 'due', v_event.next_attempt_at <= p_now);
end
$$;
comment on function public.continue_run is
  'Hands the run over to its next part: the lease waits without a holder, the Task Continued event is queued and returned. With p_not_before the event is published then, and due is false. The same hand-over again answers the same event.';

create or replace function internal.unpublished_events(p_run_id uuid) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select coalesce(jsonb_agg(jsonb_build_object('id', id, 'source', source, 'detail_type', detail_type, 'detail', detail)), '[]')
  from event_outbox where run_id = p_run_id and published_at is null
$$;

create or replace function public.finish_run(p_run_id uuid, p_lease uuid, p_result jsonb, p_now timestamptz)
returns jsonb language plpgsql set search_path = public, pg_temp as $$
declare
  v_run scheduler_logs;
  v_status text := p_result ->> 'status';
  v_event jsonb;
  v_notice jsonb;
  v_log jsonb;
  v_waiting uuid;
  v_parent_status text;
begin
  update scheduler_logs
  set status = v_status,
      completed_at = p_now,
      duration_seconds = round(case when part = 0 then (p_result ->> 'duration_ms')::numeric / 1000
                                    else extract(epoch from p_now - started_at) end),
      duration_ms = case when part = 0 then (p_result ->> 'duration_ms')::bigint
                         else (extract(epoch from p_now - started_at) * 1000)::bigint end,
      message = left(p_result ->> 'message', 1000),
      stats = coalesce(p_result -> 'stats', '{}'),
      error_kind = p_result ->> 'error_kind',
      errors = errors || coalesce(p_result -> 'errors', '[]'),
      lease_expires_at = null
  where id = p_run_id and lease_token = p_lease and status = 'running'
  returning * into v_run;
  if not found then
    -- The same end reported twice, because the first answer was lost on the way, is an end.
    select * into v_run from scheduler_logs where id = p_run_id;
    return jsonb_build_object(
      'finished', v_run.lease_token is not distinct from p_lease and v_run.status = v_status,
      'run', to_jsonb(v_run) - 'lease_token', 'notices', 0, 'events', internal.unpublished_events(p_run_id));
  end if;

  for v_log in select * from jsonb_array_elements(coalesce(p_result -> 'sync_logs', '[]')) loop
    v_parent_status := null;
    if (v_log ->> 'with_parent')::boolean then
      select status into v_parent_status from scheduler_logs where id = v_run.parent_run_id;
    end if;
    insert into sync_logs (script_name, task_type, status, message, stats, error_details, triggered_by,
                           triggered_by_user, created_at, started_at, completed_at, execution_time_seconds, run_id)
    values (v_log ->> 'script_name', v_log ->> 'task_type',
            case when 'error' in (v_status, v_parent_status) then 'error'
                 when 'warning' in (v_status, v_parent_status) then 'warning' else v_status end,
            v_run.message, v_run.stats, p_result ->> 'error_kind', v_run.triggered_by, v_run.triggered_by_user,
            p_now, v_run.started_at, p_now, v_run.duration_seconds, v_run.id)
    on conflict (run_id, task_type, script_name) do update
    set status = excluded.status, message = excluded.message, stats = excluded.stats,
        error_details = excluded.error_details, completed_at = excluded.completed_at,
        execution_time_seconds = excluded.execution_time_seconds;
  end loop;

  for v_event in select * from jsonb_array_elements(coalesce(p_result -> 'events', '[]')) loop
    insert into event_outbox (run_id, source, detail_type, detail, created_at, next_attempt_at)
    values (v_run.id, v_event ->> 'source', v_event ->> 'detail_type', v_event -> 'detail', p_now, p_now)
    on conflict (run_id, detail_type, part) do nothing;
  end loop;
  for v_notice in select * from jsonb_array_elements(coalesce(p_result -> 'notices', '[]')) loop
    if v_status = 'error' and v_notice -> 'data' ? 'since' then
      -- The run knows when it started, the log since when the task fails.
      v_notice := jsonb_set(v_notice, '{data,since}',
                            coalesce(to_jsonb(internal.failing_since(v_run.task_name, v_run.started_at)), v_notice -> 'data' -> 'since'));
    end if;
    perform internal.enqueue_notice(v_notice, v_run.id, p_now);
  end loop;

  v_waiting := internal.start_waiting(v_run.exclusion_group, p_now);
  return jsonb_build_object('finished', true, 'run', to_jsonb(v_run),
    -- Those of this end, and those that the task queued together with its own rows.
    'notices', (select count(*) from notification_deliveries where run_id = v_run.id and status = 'pending'),
    -- Its own, and that of the run that waited for it.
    'events', internal.unpublished_events(p_run_id)
              || internal.unpublished_events(v_waiting));
end
$$;
comment on function public.finish_run is
  'Ends a run in one transaction: state, sync_logs rows, domain events, notices. p_result: status, duration_ms, message, stats, error_kind?, errors?, sync_logs[{script_name, task_type, with_parent}], events[{source, detail_type, detail}], notices[{event_type, severity, fingerprint, data}]. {finished: false} when the token is not valid any more.';

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

-- The weekly report: the figures of any span of time, the reports that were made, and one message for each.

-- Runs. A run that was paused did no work and proves nothing.

create or replace function internal.ended_runs(p_from timestamptz, p_until timestamptz)
returns table (task text, label text, status text, started_at timestamptz, completed_at timestamptz, duration_ms bigint, failed_at timestamptz)
language sql stable set search_path = public, pg_temp as $$
  select r.task_name, r.task_label, r.status, r.started_at, coalesce(r.completed_at, r.started_at),
         -- The predecessor counted seconds.
         coalesce(r.duration_ms, r.duration_seconds * 1000::bigint),
         case when r.status = 'error' then greatest(p_from, internal.first_failure(r.started_at, r.errors)) end
  from scheduler_logs r
  where r.started_at >= p_from and r.started_at < p_until
    and r.status in ('success', 'warning', 'error')
    and not coalesce(r.stats @> '{"paused": true}', false)
$$;
comment on function internal.ended_runs is 'Runs that started in a span and have ended, without those that were paused. failed_at: of a failed run, its first failure.';

create or replace function internal.weekly_runs(p_from timestamptz, p_until timestamptz) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select coalesce(jsonb_agg(to_jsonb(t) order by t.task), '[]')
  from (
    select r.task, max(r.label) as label,
           count(*) as finished,
           count(*) filter (where r.status = 'success') as success,
           count(*) filter (where r.status = 'warning') as warning,
           count(*) filter (where r.status = 'error') as error,
           percentile_disc(0.5) within group (order by r.duration_ms) as median_ms,
           max(r.duration_ms) as max_ms
    from internal.ended_runs(p_from, p_until) r
    group by r.task
  ) t
$$;
comment on function internal.weekly_runs is
  'Per task {task, label, finished, success, warning, error, median_ms, max_ms}; durations are null when no run has one.';

create or replace function internal.weekly_failing(p_from timestamptz, p_until timestamptz) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  -- A new span begins with every run that did not fail.
  with counted as (
    select r.*, count(*) filter (where r.status <> 'error') over (partition by r.task order by r.started_at, r.completed_at) as span
    from internal.ended_runs(p_from, p_until) r
  ), spans as (
    select task, span, max(label) as label, count(*) filter (where status = 'error') as runs,
           min(failed_at) as since
    from counted
    group by task, span
  ), ended as (
    -- It lasts until the task works again; at the latest, until the end of the week.
    select s.*, coalesce((select min(n.completed_at) from counted n where n.task = s.task and n.span > s.span), p_until) as works_at
    from spans s
    where s.runs > 0
  )
  select jsonb_build_object('task', task, 'label', label, 'runs', runs,
                            'seconds', floor(extract(epoch from least(works_at, p_until) - since))::bigint,
                            'is_over', works_at < p_until)
  from ended
  order by least(works_at, p_until) - since desc, runs desc, task
  limit 1
$$;
comment on function internal.weekly_failing is
  'The task that failed for the longest time in a row {task, label, runs, seconds, is_over}, from its first failed run until a run worked; null when none failed.';

create or replace function internal.weekly_synced(p_from timestamptz, p_until timestamptz) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select coalesce(jsonb_agg(to_jsonb(t) order by t.collection), '[]')
  from (
    select c.key as collection,
           coalesce(sum((c.value ->> 'inserted')::bigint), 0) as inserted,
           coalesce(sum((c.value ->> 'updated')::bigint), 0) as updated,
           coalesce(sum((c.value ->> 'unchanged')::bigint), 0) as unchanged,
           coalesce(sum((c.value ->> 'deleted')::bigint), 0) as deleted
    from scheduler_logs r
    cross join lateral jsonb_each(case when jsonb_typeof(r.stats -> 'collections') = 'object'
                                       then r.stats -> 'collections' else '{}' end) c
    where r.task_name = 'sync_gazelle' and r.status in ('success', 'warning', 'error')
      and r.started_at >= p_from and r.started_at < p_until
    group by c.key
  ) t
$$;
comment on function internal.weekly_synced is
  'Rows of the nightly syncs per collection [{collection, inserted, updated, unchanged, deleted}].';

-- The company's affairs.

create or replace function internal.weekly_activity(p_from timestamptz, p_until timestamptz) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  with days as (
    select (p_from at time zone 'America/Toronto')::date as first, (p_until at time zone 'America/Toronto')::date as after
  )
  select jsonb_build_object(
    'appointments', (
      select count(*) from gazelle_appointments a, days d
      where a.deleted_at is null and a.appointment_date >= d.first and a.appointment_date < d.after
        and coalesce(a.event_type, 'APPOINTMENT') = 'APPOINTMENT'
        -- Gazelle writes one l, the predecessor two.
        and coalesce(upper(a.status), '') not in ('CANCELED', 'CANCELLED')),
    'pianos', (
      -- A piano that moved to another client left a copy of its history behind: it is one piano.
      select count(distinct coalesce(
        (select min(n.external_id) from gazelle_pianos n
         where internal.is_gone(p.status, p.total_loss, p.deleted_at) and btrim(p.serial_number) <> ''
           and btrim(n.serial_number) = btrim(p.serial_number) and n.make is not distinct from p.make
           and not internal.is_gone(n.status, n.total_loss, n.deleted_at)),
        e.piano_id))
      from gazelle_timeline_entries e cross join days d left join gazelle_pianos p on p.external_id = e.piano_id
      where e.deleted_at is null and (e.entry_type like 'SERVICE\_ENTRY\_%' or e.entry_type = 'APPOINTMENT_COMPLETION')
        and coalesce((e.occurred_at at time zone 'America/Toronto')::date, e.entry_date) >= d.first
        and coalesce((e.occurred_at at time zone 'America/Toronto')::date, e.entry_date) < d.after),
    'humidity', (
      select jsonb_build_object(
        'opened', count(*) filter (where observed_at >= p_from and observed_at < p_until),
        'closed', count(*) filter (where coalesce(resolved_at, archived_at) >= p_from
                                     and coalesce(resolved_at, archived_at) < p_until))
      from humidity_alerts),
    'maintenance', (
      select jsonb_build_object(
        'opened', count(*) filter (where created_at >= p_from and created_at < p_until),
        'closed', count(*) filter (where resolved_at >= p_from and resolved_at < p_until))
      from alerts),
    'cash', (
      select jsonb_build_object('sessions', count(*), 'sales_cents', coalesce(sum(total_sales), 0),
                                'items', coalesce(sum(total_items), 0))
      from cash_sessions where opened_at >= p_from and opened_at < p_until),
    'users', jsonb_build_object(
      'total', (select count(*) from staff where active),
      'active', (select count(distinct user_hash) from login_history
                 where success and created_at >= p_from and created_at < p_until)))
$$;
comment on function internal.weekly_activity is
  'Appointments that were not cancelled, distinct pianos serviced, alerts opened and closed by their own instants, cash sessions by opening, people: active staff as of now, and who signed in.';

-- How the product itself fared.

create or replace function internal.weekly_operations(p_from timestamptz, p_until timestamptz) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select jsonb_build_object(
    'incidents', (
      select jsonb_build_object(
        'outages', count(*) filter (where kind = 'availability'),
        'others', count(*) filter (where kind <> 'availability' and opened_at >= p_from),
        -- Two services that are down at the same time are one time without service.
        'down_seconds', coalesce((
          select floor(sum(extract(epoch from upper(span) - lower(span))))::bigint
          from unnest(range_agg(tstzrange(greatest(opened_at, p_from), least(coalesce(closed_at, p_until), p_until)))
                        filter (where kind = 'availability')) span), 0))
      from incidents
      where opened_at < p_until and coalesce(closed_at, p_until) > p_from and coalesce(closed_at, p_until) >= opened_at),
    'anomalies', (
      select coalesce(jsonb_agg(to_jsonb(t) order by t.severity), '[]')
      from (select severity,
                   count(*) filter (where first_seen_at >= p_from and first_seen_at < p_until) as opened,
                   count(*) filter (where resolved_at >= p_from and resolved_at < p_until) as resolved
            from anomalies group by severity) t
      where t.opened + t.resolved > 0),
    'notifications', (
      select coalesce(jsonb_agg(to_jsonb(t) order by t.channel), '[]')
      from (select channel,
                   count(*) filter (where status = 'sent') as sent,
                   count(*) filter (where status = 'failed') as failed,
                   count(*) filter (where status = 'unknown') as unknown,
                   count(*) filter (where status in ('pending', 'skipped')) as unsent
            from notification_deliveries where created_at >= p_from and created_at < p_until group by channel) t),
    'ai', (
      select jsonb_build_object('calls', count(*), 'errors', count(*) filter (where not success),
                                'confidence', avg(confidence) filter (where success))
      from ai_events where created_at >= p_from and created_at < p_until),
    'backup', jsonb_build_object(
      'age_seconds', (
        select floor(extract(epoch from p_until - max(started_at)))::bigint from backups
        where status = 'verified' and kind = 'supabase' and created_at < p_until),
      'drill', (
        select jsonb_build_object('age_seconds', floor(extract(epoch from p_until - created_at))::bigint,
                                  'passed', status = 'passed', 'duration_seconds', rto_seconds)
        from restore_drills where created_at < p_until order by created_at desc limit 1)))
$$;
comment on function internal.weekly_operations is
  'Outages that touch the span and the time without service within it, anomalies per severity, deliveries per channel, calls of the language model, the age of the newest verified copy at the end of the span (null: there is none) and the last drill before it.';

create or replace function public.weekly_figures(p_from timestamptz, p_until timestamptz) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select jsonb_build_object('runs', internal.weekly_runs(p_from, p_until), 'failing', internal.weekly_failing(p_from, p_until),
                            'synced', internal.weekly_synced(p_from, p_until))
         || internal.weekly_activity(p_from, p_until) || internal.weekly_operations(p_from, p_until)
$$;
comment on function public.weekly_figures is
  'The figures of one week: {runs, failing, synced, appointments, pianos, humidity, maintenance, cash, users, incidents, anomalies, notifications, ai, backup}. Counts are 0 where nothing happened, null is what nobody knows. Money in cents, times in seconds.';

-- Storing and telling.

create or replace function public.store_weekly_report(
  p_run_id uuid, p_lease uuid, p_lease_seconds integer, p_report jsonb, p_now timestamptz
) returns jsonb language plpgsql set search_path = public, pg_temp as $$
declare
  v_notices integer;
begin
  perform internal.hold_lease(p_run_id, p_lease, p_lease_seconds, p_now);
  insert into weekly_reports (period_start, period_end, data, text, run_id, created_at)
  select r.period_start, r.period_end, r.data, r.text, p_run_id, p_now
  from jsonb_to_record(p_report) as r (period_start date, period_end date, data jsonb, text text)
  on conflict (period_start) do nothing;
  if not found then
    return jsonb_build_object('stored', false, 'notices', 0);
  end if;
  v_notices := internal.enqueue_notice(jsonb_build_object(
    'event_type', 'report.weekly', 'severity', 'info', 'fingerprint', 'report.weekly@' || (p_report ->> 'period_start'),
    'data', (p_report -> 'message') || jsonb_build_object('run_id', p_run_id)), p_run_id, p_now);
  if v_notices = 0 then
    update weekly_reports set delivery_status = 'skipped' where period_start = (p_report ->> 'period_start')::date;
  end if;
  return jsonb_build_object('stored', true, 'notices', v_notices);
end
$$;
comment on function public.store_weekly_report is
  'Stores the report of a week and queues its messages, or neither: a week that has a report keeps it. p_report: {period_start, period_end, data, text, message}. Answers {stored, notices}.';

create or replace function internal.follow_weekly_delivery() returns trigger
language plpgsql set search_path = public, pg_temp as $$
begin
  update weekly_reports w
  set delivery_status = d.status
  from (select case when bool_or(status = 'pending') then 'pending'
                    when bool_and(status = 'sent') then 'sent'
                    when bool_or(status = 'sent') then 'partial'
                    when bool_or(status = 'unknown') then 'unknown'
                    when bool_or(status = 'failed') then 'failed'
                    else 'skipped' end as status
        from notification_deliveries where fingerprint = new.fingerprint) d
  where 'report.weekly@' || to_char(w.period_start, 'YYYY-MM-DD') = new.fingerprint and w.delivery_status <> d.status;
  return null;
end
$$;
comment on function internal.follow_weekly_delivery is 'A report carries the outcome of its messages.';

reset check_function_bodies;

-- A function is everybody's until somebody says otherwise.
select internal.protect_functions();

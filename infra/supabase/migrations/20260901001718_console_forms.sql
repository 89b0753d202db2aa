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

-- What Gazelle writes is as long as Gazelle has it: pianos among the assets, and the maintenances that follow from them.
select internal.limit_field(t::regclass, f, c) from (values
  ('staff', 'gazelle_id', 'length(gazelle_id) <= 100'),
  ('staff', 'first_name', 'length(first_name) <= 100'),
  ('staff', 'display_name', 'length(display_name) <= 100'),
  ('staff', 'email', $$length(email) <= 254 and email ~ '^[^@\s<>,;"]+@[^@\s<>,;"]+\.[^@\s<>,;"]+$'$$),
  ('staff', 'slack_webhook_key', $$slack_webhook_key ~ '^SLACK_WEBHOOK_[A-Z0-9_]{1,60}$'$$),
  ('staff', 'telegram_chat_id', $$telegram_chat_id ~ '^-?\d{1,20}$'$$),
  ('staff', 'roles', $$roles <@ array['admin', 'assistant', 'technician'] and internal.are_short(roles)$$),
  ('institutions', 'name', 'length(name) <= 200'),
  ('institutions', 'gazelle_client_id', 'length(gazelle_client_id) <= 100'),
  ('institutions', 'options', $$internal.is_percentage(options -> 'humidity_low') and internal.is_percentage(options -> 'humidity_high')$$),
  ('report_tabs', 'title', 'length(title) <= 82'),
  ('report_tabs', 'position', 'position between 1 and 1000'),
  ('report_tabs', 'client_ids', 'internal.are_short(client_ids)'),
  ('report_tabs', 'keywords', 'internal.are_short(keywords)'),
  ('monitor_targets', 'label', 'length(label) <= 100'),
  ('monitor_targets', 'url', 'length(url) <= 2000'),
  ('monitor_targets', 'expected_status', 'cardinality(expected_status) <= 20 and 100 <= all (expected_status) and 599 >= all (expected_status)'),
  ('monitor_targets', 'expected_body', 'length(expected_body) <= 500'),
  ('monitor_targets', 'latency_limit_ms', 'latency_limit_ms between 1 and 20000'),
  ('monitor_targets', 'certificate_days', 'certificate_days between 0 and 365'),
  ('monitor_targets', 'timeout_ms', 'timeout_ms between 100 and 20000'),
  ('monitor_targets', 'failure_threshold', 'failure_threshold between 1 and 100'),
  ('monitor_targets', 'success_threshold', 'success_threshold between 1 and 100'),
  ('maintenance_windows', 'target', 'length(target) <= 60'),
  ('maintenance_windows', 'reason', 'length(reason) <= 500'),
  ('notification_rules', 'event_type', $$length(event_type) <= 100 and event_type ~ '^[a-z_]+(\.[a-z_]+)+$'$$),
  ('notification_rules', 'recipients', 'internal.are_short(recipients)'),
  ('notification_rules', 'cooldown_minutes', 'cooldown_minutes between 0 and 43200'),
  ('notification_rules', 'digest_minutes', 'digest_minutes between 0 and 10080'),
  ('notification_rules', 'reminder_minutes', 'reminder_minutes between 0 and 43200'),
  ('notification_rules', 'escalation', 'jsonb_array_length(escalation) <= 10'),
  ('cash_registers', 'name', 'length(name) <= 200'),
  ('cash_registers', 'location', 'length(location) <= 200'),
  ('cash_registers', 'site_id', 'length(site_id) <= 100'),
  ('cash_registers', 'variance_limit', 'variance_limit between 1 and 100000000'),
  ('cash_sessions', 'operator_id', 'length(operator_id) <= 200'),
  ('cash_sessions', 'initial_amount', 'initial_amount between 0 and 100000000000'),
  ('cash_sessions', 'site_id', 'length(site_id) <= 100'),
  ('cash_sessions', 'total_sales', 'total_sales between -100000000000 and 100000000000'),
  ('cash_sessions', 'total_items', 'total_items between 0 and 1000000'),
  ('cash_sessions', 'actual_amount', 'actual_amount between 0 and 100000000000'),
  ('cash_sessions', 'variance_comment', 'length(variance_comment) <= 2000'),
  ('ai_events', 'feature', 'length(feature) <= 100'),
  ('ai_events', 'model', 'length(model) <= 100'),
  ('ai_events', 'error_kind', 'length(error_kind) <= 100'),
  ('ai_events', 'confidence', 'confidence between 0 and 1'),
  ('ai_events', 'latency_ms', 'latency_ms between 0 and 3600000'),
  ('assets', 'name', 'external_ref is not null or length(name) <= 200'),
  ('assets', 'description', 'external_ref is not null or length(description) <= 5000'),
  ('assets', 'qr_code', 'length(qr_code) <= 200'),
  ('assets', 'acquisition_value', 'acquisition_value between 0 and 1000000000'),
  ('assets', 'current_value', 'current_value between 0 and 1000000000'),
  ('assets', 'location', 'external_ref is not null or length(location) <= 200'),
  ('assets', 'assigned_to', 'length(assigned_to) <= 200'),
  ('assets', 'client_external_id', 'external_ref is not null or length(client_external_id) <= 100'),
  ('assets', 'service_interval_months', 'external_ref is not null or service_interval_months between 1 and 1200'),
  ('maintenances', 'description', $$source <> 'manual' or length(description) <= 5000$$),
  ('maintenances', 'cost', 'cost between 0 and 1000000000')
) limits (t, f, c);

select internal.protect_functions();

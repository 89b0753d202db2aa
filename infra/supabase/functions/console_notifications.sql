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

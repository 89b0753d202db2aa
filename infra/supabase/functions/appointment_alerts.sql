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

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

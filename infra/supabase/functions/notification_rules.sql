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

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

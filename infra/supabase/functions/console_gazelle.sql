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

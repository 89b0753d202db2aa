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

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

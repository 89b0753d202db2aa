-- Notifications: a notice meets the rules; each match becomes one delivery per channel and recipient, unique for
-- its problem (fingerprint) and window. Sending is the business of the functions; states live here.

create or replace function internal.severity_rank(p_severity text) returns integer
language sql immutable as $$
  select case p_severity when 'info' then 1 when 'warning' then 2 when 'error' then 3 when 'critical' then 4 end
$$;

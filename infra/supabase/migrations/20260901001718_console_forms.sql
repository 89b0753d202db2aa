-- What a person typed: each field read with its type and its bounds, and refused by its name.

-- A value of a form. Absent is not empty: what is not given stays as it is.

create or replace function internal.given_text(p_values jsonb, p_field text, p_old text, p_maximum integer) returns text
language plpgsql stable set search_path = public, pg_temp as $$
begin
  if not p_values ? p_field then
    return p_old;
  end if;
  if jsonb_typeof(p_values -> p_field) not in ('string', 'null') then
    perform internal.refuse(p_field, 'expects-text');
  end if;
  if length(p_values ->> p_field) > p_maximum then
    perform internal.refuse(p_field, 'at-most-characters', jsonb_build_object('most', p_maximum));
  end if;
  return nullif(btrim(p_values ->> p_field), '');
end
$$;
comment on function internal.given_text is 'A text of a form; null when it is empty, the old value when it is absent. GT010 when it is no text or too long.';

create or replace function internal.given_number(p_values jsonb, p_field text, p_old numeric, p_least numeric, p_most numeric) returns numeric
language plpgsql stable set search_path = public, pg_temp as $$
begin
  if not p_values ? p_field then
    return p_old;
  end if;
  if jsonb_typeof(p_values -> p_field) = 'null' then
    return null;
  end if;
  if jsonb_typeof(p_values -> p_field) <> 'number' then
    perform internal.refuse(p_field, 'expects-number');
  end if;
  if not (p_values ->> p_field)::numeric between p_least and p_most then
    perform internal.refuse(p_field, 'expects-range', jsonb_build_object('least', p_least, 'most', p_most));
  end if;
  return (p_values ->> p_field)::numeric;
end
$$;
comment on function internal.given_number is 'A number of a form, within its range. GT010 otherwise.';

create or replace function internal.given_whole(p_values jsonb, p_field text, p_old bigint, p_least bigint, p_most bigint) returns bigint
language plpgsql stable set search_path = public, pg_temp as $$
declare
  v_number numeric := internal.given_number(p_values, p_field, p_old, p_least, p_most);
begin
  if v_number <> trunc(v_number) then
    perform internal.refuse(p_field, 'expects-whole');
  end if;
  return v_number::bigint;
end
$$;
comment on function internal.given_whole is 'A whole number of a form, within its range. GT010 otherwise.';

create or replace function internal.given_flag(p_values jsonb, p_field text, p_old boolean) returns boolean
language plpgsql stable set search_path = public, pg_temp as $$
begin
  if not p_values ? p_field then
    return p_old;
  end if;
  if jsonb_typeof(p_values -> p_field) <> 'boolean' then
    perform internal.refuse(p_field, 'expects-flag');
  end if;
  return (p_values -> p_field)::boolean;
end
$$;
comment on function internal.given_flag is 'A flag of a form. GT010 when it is neither true nor false.';

create or replace function internal.is_date(p_text text) returns boolean
language sql immutable set search_path = public, pg_temp as $$
  -- Not every server lets a function catch a failed cast.
  select case when p_text ~ '^[12]\d{3}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$'
    then right(p_text, 2)::integer <= extract(day from (left(p_text, 7) || '-01')::date + interval '1 month - 1 day')
    else false end
$$;
comment on function internal.is_date is 'Whether a text is a day of the calendar, YYYY-MM-DD.';

create or replace function internal.given_date(p_values jsonb, p_field text, p_old date) returns date
language plpgsql stable set search_path = public, pg_temp set datestyle = 'ISO, YMD' as $$
begin
  if not p_values ? p_field then
    return p_old;
  end if;
  if coalesce(p_values ->> p_field, '') = '' then
    return null;
  end if;
  if not internal.is_date(p_values ->> p_field) then
    perform internal.refuse(p_field, 'expects-date');
  end if;
  return (p_values ->> p_field)::date;
end
$$;
comment on function internal.given_date is 'A date of a form, YYYY-MM-DD. GT010 when there is no such day.';

create or replace function internal.given_instant(p_values jsonb, p_field text, p_old timestamptz) returns timestamptz
language plpgsql stable set search_path = public, pg_temp set datestyle = 'ISO, YMD' as $$
declare
  v_text text := p_values ->> p_field;
begin
  if not p_values ? p_field then
    return p_old;
  end if;
  if coalesce(v_text, '') !~ '^.{10}T([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,9})?)?(Z|[+-](0\d|1[0-4]):[0-5]\d)$'
     or not internal.is_date(left(v_text, 10)) then
    perform internal.refuse(p_field, 'expects-instant');
  end if;
  return v_text::timestamptz;
end
$$;
comment on function internal.given_instant is 'An instant of a form, ISO 8601 with its offset. GT010 otherwise.';

create or replace function internal.given_word(p_values jsonb, p_field text, p_old text, p_words text[]) returns text
language plpgsql stable set search_path = public, pg_temp as $$
declare
  v_given text := internal.given_text(p_values, p_field, p_old, 60);
  v_word text := (select w from unnest(p_words) w where internal.fold_word(w) = internal.fold_word(v_given));
begin
  if v_given is not null and v_word is null then
    perform internal.refuse(p_field, 'expects-one-of', jsonb_build_object('accepted', array_to_string(p_words, ', ')));
  end if;
  return v_word;
end
$$;
comment on function internal.given_word is 'A word of a form in its one spelling, whatever its accents, case and gender. GT010 when it is none of them.';

create or replace function internal.given_texts(p_values jsonb, p_field text, p_old text[]) returns text[]
language plpgsql stable set search_path = public, pg_temp as $$
begin
  if not p_values ? p_field then
    return p_old;
  end if;
  if jsonb_typeof(p_values -> p_field) <> 'array'
     or exists (select from jsonb_array_elements(p_values -> p_field) e where jsonb_typeof(e) <> 'string' or length(e #>> '{}') > 200)
     or jsonb_array_length(p_values -> p_field) > 200 then
    perform internal.refuse(p_field, 'expects-texts');
  end if;
  -- Each once, in the order given.
  return array(select v from (select btrim(e.value) as v, min(e.ordinality) as n
                              from jsonb_array_elements_text(p_values -> p_field) with ordinality e
                              where btrim(e.value) <> '' group by 1) t order by n);
end
$$;
comment on function internal.given_texts is 'A list of texts of a form, each once, at most 200. GT010 otherwise.';

create or replace function internal.known_fields(p_values jsonb, variadic p_fields text[]) returns void
language plpgsql stable set search_path = public, pg_temp as $$
declare
  v_field text;
begin
  if coalesce(jsonb_typeof(p_values), '') <> 'object' then
    perform internal.refuse('corps', 'expects-object');
  end if;
  select k into v_field from jsonb_object_keys(p_values) k where k <> all (p_fields) order by k limit 1;
  if found then
    perform internal.refuse(left(v_field, 60), 'unknown-field');
  end if;
end
$$;
comment on function internal.known_fields is 'GT010 when a form has a field that nobody reads: a typing error must not be a silent success.';

create or replace function internal.required(p_field text, p_value anyelement) returns void
language plpgsql stable set search_path = public, pg_temp as $$
begin
  if p_value is null then
    perform internal.refuse(p_field, 'is-required');
  end if;
end
$$;
comment on function internal.required is 'GT010 when a field has no value.';

select internal.protect_functions();

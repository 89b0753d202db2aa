-- What every list and every change of the console has in common: instants, pages with a cursor, the audit trail.

create or replace function internal.instant(p_at timestamptz) returns text
language sql stable as $$
  select rtrim(rtrim(to_char(p_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'), '0'), '.') || 'Z'
$$;
comment on function internal.instant is
  'An instant as the API writes it: UTC with Z, which needs no encoding in an address. Without search_path, so that it is inlined.';

create or replace function internal.row_json(p_row jsonb, variadic p_without text[] default '{}') returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select (p_row || coalesce(jsonb_object_agg(key, internal.instant((value #>> '{}')::timestamptz))
                              filter (where key like '%\_at' and jsonb_typeof(value) = 'string'), '{}')) - p_without
  from jsonb_each(p_row)
$$;
comment on function internal.row_json is 'A row as the API shows it: its instants with Z, without the columns named.';

create or replace function internal.page_limit(p_limit integer, p_default integer, p_maximum integer) returns integer
language sql immutable as $$
  select least(greatest(coalesce(p_limit, p_default), 1), p_maximum)
$$;
comment on function internal.page_limit is 'A limit within 1 and the maximum.';

create or replace function internal.write_cursor(p_key jsonb) returns text
language sql immutable as $$
  select left(md5('cursor:' || k), 8) || k
  from (select translate(encode(convert_to(p_key::text, 'UTF8'), 'base64'), E'+/=\n', '-_') as k) t
$$;
comment on function internal.write_cursor is
  'The sort key of the last row of a page, as text that may stand in an address. Its checksum tells a damaged one before it is decoded.';

create or replace function internal.read_cursor(p_cursor text, variadic p_types text[]) returns text[]
language plpgsql stable set search_path = public, pg_temp as $$
declare
  v_text text := substr(p_cursor, 9);
  v_key text[];
  v_forms constant jsonb := '{"timestamptz": "^-?infinity$|^\\d{4}-\\d\\d-\\d\\dT[0-9:.+-]+$", "date": "^infinity$|^\\d{4}-\\d\\d-\\d\\d$",
    "uuid": "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", "bigint": "^-?\\d{1,18}$", "text": ""}';
begin
  if p_cursor is null then
    return null;
  end if;
  if left(p_cursor, 8) = left(md5('cursor:' || v_text), 8) then
    v_key := array(select jsonb_array_elements_text(convert_from(decode(
      rpad(translate(v_text, '-_', '+/'), (length(v_text) + 3) / 4 * 4, '='), 'base64'), 'UTF8')::jsonb));
    if cardinality(v_key) = cardinality(p_types)
       and not exists (select from unnest(v_key, p_types) k (value, type)
                       where k.value is null or k.value !~ (v_forms ->> k.type)) then
      return v_key;
    end if;
  end if;
  raise exception using errcode = 'GT011', message = '{"reason": "cursor"}';
end
$$;
comment on function internal.read_cursor is
  'The sort key in a cursor, checked against the types of its parts; null stays null (the first page). GT011: not a cursor of this list.';

create or replace function internal.paged(p_items jsonb[], p_keys jsonb[], p_limit integer) returns jsonb
language sql immutable set search_path = public, pg_temp as $$
  select jsonb_build_object(
    'items', to_jsonb(coalesce(p_items[1:p_limit], '{}')),
    'next', case when cardinality(p_items) > p_limit then internal.write_cursor(p_keys[p_limit]) end)
$$;
comment on function internal.paged is
  'A page {items, next} from one row more than it holds, with the sort key of each. next is null on the last page. Arrays: as one document, the rows would be taken apart and put together again.';

create or replace function internal.percent(p_part bigint, p_whole bigint) returns numeric
language sql immutable as $$
  select round(100.0 * p_part / nullif(p_whole, 0), 1)
$$;
comment on function internal.percent is 'A share in percent with one decimal; null of nothing.';

create or replace function internal.refuse(p_field text, p_reason text, p_values jsonb default '{}') returns void
language plpgsql set search_path = public, pg_temp as $$
begin
  raise exception using errcode = 'GT010',
    message = jsonb_build_object('field', p_field, 'reason', p_reason, 'values', p_values)::text;
end
$$;
comment on function internal.refuse is
  'GT010: a value that is not accepted. The message is {field, reason, values}; the reason is a key of the catalogue of words, where it begins with refused-.';

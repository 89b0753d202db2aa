-- What a person typed. The console checks a form by itself (functions/admin-api/src/data/form.rs) before it comes here; here is
-- what depends on stored rows, and the same limits once more as constraints, for whoever writes past the console.

create or replace function internal.given_word(p_field text, p_given text, p_words text[]) returns text
language plpgsql stable set search_path = public, pg_temp as $$
declare
  v_given text := nullif(btrim(p_given), '');
  v_word text := (select w from unnest(p_words) w where internal.fold_word(w) = internal.fold_word(v_given));
begin
  if v_given is not null and v_word is null then
    perform internal.refuse(p_field, 'expects-one-of', jsonb_build_object('accepted', array_to_string(p_words, ', ')));
  end if;
  return v_word;
end
$$;
comment on function internal.given_word is
  'A word of a form in its one spelling, whatever its accents, case and gender; null when there is none. GT010 when it is none of them.';

create or replace function internal.required(p_field text, p_value anyelement) returns void
language plpgsql stable set search_path = public, pg_temp as $$
begin
  if p_value is null then
    perform internal.refuse(p_field, 'is-required');
  end if;
end
$$;
comment on function internal.required is 'GT010 when a field has no value.';

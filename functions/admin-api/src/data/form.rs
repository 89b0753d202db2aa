//! What people may send for one thing: the fields of a form, each with its limits, which stand here once. The check, the
//! OpenAPI document and the tests read them; the tables refuse the same (`console_forms.sql`), which a test compares.
//!
//! A form decides by itself only. What depends on what is stored (a title that is taken, an end before the start of old)
//! the database decides, in the transaction of the change.

use std::marker::PhantomData;

use axum::extract::{FromRequest, Request};
use jiff::{Timestamp, civil::Date};
use serde_json::{Map, Value, json};
use utoipa::openapi::{RefOr, Schema};

use crate::{
    data::local_time::{self, Twice},
    extract::{Change, Fields},
    problem::Problem,
};

/// Characters of one text of a list, and texts of it.
const LIST: (usize, usize) = (200, 200);
/// Statuses of a list.
const STATUSES: usize = 20;
/// A year that a date may have: four digits, and what Postgres and people agree about.
const YEARS: std::ops::RangeInclusive<i16> = 1000..=2999;

/// One field of a form.
pub struct Field {
    pub name: &'static str,
    /// What it means, for the document.
    pub about: &'static str,
    /// Whether the form is nothing without it.
    pub is_required: bool,
    pub kind: Kind,
}

/// What a field holds. All but flags, lists and instants may also be `null`: the field has no value then.
pub enum Kind {
    /// A text of at most so many characters, spaces around it removed; an empty one is no value.
    Text(usize, Option<Spelling>),
    /// One of these words exactly, and the reason of another.
    Choice(&'static [&'static str], &'static str),
    /// One of these words, whatever its accents, case and gender: the database finds it.
    Word(&'static [&'static str]),
    /// A list of texts, each once; of these words only, and the reason of another.
    Texts(Option<(&'static [&'static str], &'static str)>),
    /// A list of HTTP statuses.
    Statuses,
    /// A whole number from the first to the second.
    Whole(i64, i64),
    /// A number from the first to the second.
    Number(f64, f64),
    Flag,
    /// A day of the calendar, `YYYY-MM-DD`; an empty text is no value.
    Date,
    /// An instant with its offset, or a time of Montréal's clock without one.
    Instant(Twice),
    /// Fields of its own.
    Object(&'static [Field]),
    /// A shape of the document of this name, which the database checks.
    Shape(&'static str),
    /// A list of at most so many such shapes.
    Shapes(&'static str, usize),
}

/// How a text is written.
pub struct Spelling {
    pub is_right: fn(&str) -> bool,
    /// The reason of another.
    pub reason: &'static str,
}

/// A form: a type without values, which names its fields.
pub trait Form {
    /// What it is for.
    const ABOUT: &'static str;
    /// Its fields, in the order in which they are read.
    const FIELDS: &'static [Field];

    /// The values as the database takes them. What is absent stays absent.
    ///
    /// # Errors
    /// The first field that is not known, misses or is not what it must be, by its name.
    fn checked(values: &Fields) -> Result<Fields, Problem> {
        checked(Self::FIELDS, values)
    }
}

/// The body of a change: the values of a form, checked.
pub struct Checked<F> {
    pub values: Fields,
    form: PhantomData<F>,
}

impl<F: Form, S: Send + Sync> FromRequest<S> for Checked<F> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let Change(given) = Change::<Fields>::from_request(request, state).await?;
        Ok(Self { values: F::checked(&given)?, form: PhantomData })
    }
}

fn checked(fields: &[Field], values: &Fields) -> Result<Fields, Problem> {
    if let Some(unknown) = values.keys().find(|given| fields.iter().all(|field| field.name != **given)) {
        let name: String = unknown.chars().take(60).collect();
        return Err(Problem::refused(&name, "unknown-field", json!({})));
    }
    let mut taken = Map::new();
    for field in fields {
        let value = values.get(field.name).map(|given| field.value(given)).transpose()?;
        if field.is_required && value.as_ref().is_none_or(Value::is_null) {
            return Err(Problem::refused(field.name, "is-required", json!({})));
        }
        taken.extend(value.map(|value| (field.name.to_owned(), value)));
    }
    Ok(taken)
}

/// Why a value is refused: the reason, and what its sentence is filled with.
type Reason = (&'static str, Value);

impl Field {
    /// A given value as the database takes it.
    fn value(&self, given: &Value) -> Result<Value, Problem> {
        let taken = match &self.kind {
            Kind::Instant(twice) if is_dated(text_of(given)) => {
                match local_time::instant(self.name, text_of(given), *twice)? {
                    Some(at) => Ok(at.to_string().into()),
                    None => instant(text_of(given)),
                }
            }
            Kind::Instant(_) => Err(("expects-instant", json!({}))),
            Kind::Flag if given.is_boolean() => Ok(given.clone()),
            Kind::Flag => Err(("expects-flag", json!({}))),
            Kind::Texts(words) => texts(given, words.as_ref()),
            Kind::Statuses => statuses(given),
            Kind::Shapes(..) if given.is_null() => Err(("expects-steps", json!({}))),
            _ if given.is_null() => Ok(Value::Null),
            Kind::Text(most, spelling) => plain_text(given, *most, spelling.as_ref()),
            Kind::Choice(words, reason) => choice(text_of(given), words, reason),
            Kind::Word(words) if given.is_string() => word(given, words),
            Kind::Word(_) => Err(("expects-text", json!({}))),
            Kind::Whole(least, most) => whole(given, *least, *most),
            Kind::Number(least, most) => number(given, *least, *most),
            Kind::Date => date(text_of(given)),
            Kind::Object(fields) => match given.as_object() {
                Some(values) => return checked(fields, values).map(Value::Object),
                None => Err(("expects-object", json!({}))),
            },
            Kind::Shape(_) | Kind::Shapes(..) => Ok(given.clone()),
        };
        taken.map_err(|(reason, values)| Problem::refused(self.name, reason, values))
    }

    /// Its part of the document.
    fn schema(&self) -> Value {
        let mut schema = match &self.kind {
            Kind::Text(most, _) => json!({"type": ["string", "null"], "maxLength": most}),
            Kind::Choice(words, _) | Kind::Word(words) => {
                json!({"type": ["string", "null"], "enum": words.iter().map(|word| json!(word)).chain([Value::Null]).collect::<Vec<_>>()})
            }
            Kind::Texts(words) => {
                let text = match words {
                    Some((words, _)) => json!({"type": "string", "enum": words}),
                    None => json!({"type": "string", "maxLength": LIST.0}),
                };
                json!({"type": "array", "items": text, "maxItems": LIST.1})
            }
            Kind::Statuses => {
                let status = json!({"type": "integer", "minimum": 100, "maximum": 599});
                json!({"type": "array", "items": status, "maxItems": STATUSES})
            }
            Kind::Whole(least, most) => {
                json!({"type": ["integer", "null"], "format": "int64", "minimum": least, "maximum": most})
            }
            Kind::Number(least, most) => {
                json!({"type": ["number", "null"], "format": "double", "minimum": shown(*least), "maximum": shown(*most)})
            }
            Kind::Flag => json!({"type": "boolean"}),
            Kind::Date => json!({"type": ["string", "null"], "format": "date"}),
            Kind::Instant(_) => json!({"type": "string"}),
            Kind::Object(fields) => object(fields, &["object", "null"]),
            Kind::Shape(name) => json!({"oneOf": [{"type": "null"}, reference(name)]}),
            Kind::Shapes(name, most) => {
                json!({"type": "array", "items": reference(name), "maxItems": most})
            }
        };
        let first = schema["type"][0].clone();
        if self.is_required && !first.is_null() {
            schema["type"] = first;
        }
        if !self.about.is_empty() {
            schema["description"] = self.about.trim().into();
        }
        schema
    }
}

fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

fn object(fields: &[Field], types: &[&str]) -> Value {
    let properties: Map<String, Value> =
        fields.iter().map(|field| (field.name.to_owned(), field.schema())).collect();
    let required: Vec<&str> =
        fields.iter().filter(|field| field.is_required).map(|field| field.name).collect();
    json!({"type": types, "properties": properties, "required": required, "additionalProperties": false})
}

/// A form as the document describes it.
pub fn schema<F: Form>() -> RefOr<Schema> {
    let mut schema = object(F::FIELDS, &["object"]);
    schema["description"] = F::ABOUT.trim().into();
    // It is made above and can be read; a form without limits in the document fails the test of the forms.
    serde_json::from_value(schema).unwrap_or_default()
}

/// A text; anything else is one that nothing accepts.
fn text_of(given: &Value) -> &str {
    given.as_str().unwrap_or("\0")
}

fn plain_text(given: &Value, most: usize, spelling: Option<&Spelling>) -> Result<Value, Reason> {
    let Some(text) = given.as_str() else { return Err(("expects-text", json!({}))) };
    if text.chars().count() > most {
        return Err(("at-most-characters", json!({"most": most})));
    }
    match (text.trim(), spelling) {
        ("", _) => Ok(Value::Null),
        (text, Some(spelling)) if !(spelling.is_right)(text) => Err((spelling.reason, json!({}))),
        (text, _) => Ok(text.into()),
    }
}

fn choice(text: &str, words: &[&str], reason: &'static str) -> Result<Value, Reason> {
    match text.trim() {
        "" => Ok(Value::Null),
        text if words.contains(&text) => Ok(text.into()),
        _ => Err((reason, json!({}))),
    }
}

/// What is longer than any spelling of a word is none of them.
fn word(given: &Value, words: &[&str]) -> Result<Value, Reason> {
    if text_of(given).chars().count() > 60 {
        return Err(("expects-one-of", json!({"accepted": words.join(", ")})));
    }
    Ok(given.clone())
}

/// Texts, each once, in the order given, without empty ones.
fn texts(given: &Value, words: Option<&(&[&str], &'static str)>) -> Result<Value, Reason> {
    let no_list = ("expects-texts", json!({}));
    let Some(given) = given.as_array().filter(|list| list.len() <= LIST.1) else { return Err(no_list) };
    let mut once: Vec<&str> = Vec::new();
    for text in given {
        let Some(text) = text.as_str().filter(|text| text.chars().count() <= LIST.0) else {
            return Err(no_list);
        };
        match (text.trim(), words) {
            (text, _) if text.is_empty() || once.contains(&text) => {}
            (text, Some((words, reason))) if !words.contains(&text) => return Err((reason, json!({}))),
            (text, _) => once.push(text),
        }
    }
    Ok(json!(once))
}

/// Statuses, also as texts.
fn statuses(given: &Value) -> Result<Value, Reason> {
    let status = |value: &Value| match value.as_str() {
        Some(text) => text.parse().ok().filter(|_| text.len() == 3),
        None => value.as_i64(),
    };
    let given = given.as_array().filter(|list| list.len() <= STATUSES);
    let read = |list: &Vec<Value>| {
        list.iter().map(|value| status(value).filter(|status| (100..=599).contains(status))).collect()
    };
    let statuses: Option<Vec<i64>> = given.and_then(read);
    statuses.map(|statuses| json!(statuses)).ok_or(("expects-statuses", json!({})))
}

/// A bound as people write it: `0`, not `0.0`.
fn shown(bound: f64) -> Value {
    if bound.fract() == 0.0 { json!(bound as i64) } else { json!(bound) }
}

fn number(given: &Value, least: f64, most: f64) -> Result<Value, Reason> {
    match given.as_f64() {
        None => Err(("expects-number", json!({}))),
        Some(number) if number < least || number > most => {
            Err(("expects-range", json!({"least": shown(least), "most": shown(most)})))
        }
        Some(_) => Ok(given.clone()),
    }
}

fn whole(given: &Value, least: i64, most: i64) -> Result<Value, Reason> {
    let Some(number) = given.as_f64() else { return Err(("expects-number", json!({}))) };
    // 3.0 is 3; what is beyond the bounds is no i64 either.
    let whole = given.as_i64().or_else(|| (number.fract() == 0.0).then_some(number as i64));
    match whole {
        None if number > least as f64 && number < most as f64 => Err(("expects-whole", json!({}))),
        Some(whole) if (least..=most).contains(&whole) => Ok(whole.into()),
        _ => Err(("expects-range", json!({"least": least, "most": most}))),
    }
}

fn date(text: &str) -> Result<Value, Reason> {
    match text {
        "" => Ok(Value::Null),
        text if is_date(text) => Ok(text.into()),
        _ => Err(("expects-date", json!({}))),
    }
}

fn is_date(text: &str) -> bool {
    // The form as well: a parser knows more than one.
    text.len() == 10 && text.parse::<Date>().is_ok_and(|date| YEARS.contains(&date.year()))
}

/// Whether a text begins with a day and goes on with a time.
fn is_dated(text: &str) -> bool {
    text.get(..10).is_some_and(is_date) && text.get(10..).is_some_and(|time| time.starts_with('T'))
}

/// An instant with its offset.
fn instant(text: &str) -> Result<Value, Reason> {
    match text.parse::<Timestamp>() {
        Ok(at) => Ok(at.to_string().into()),
        Err(_) => Err(("expects-instant", json!({}))),
    }
}

/// A text of at most so many characters.
pub const fn text(most: usize) -> Kind {
    Kind::Text(most, None)
}

/// A text that is written in a certain way.
pub const fn spelled(most: usize, is_right: fn(&str) -> bool, reason: &'static str) -> Kind {
    Kind::Text(most, Some(Spelling { is_right, reason }))
}

/// A form with its fields: what it is for, and of each field what it means; `(required)` marks one without which the form is
/// nothing.
macro_rules! form {
    ($(#[doc = $doc:literal])* $form:ident { $($(#[doc = $about:literal])* $field:ident $(($required:ident))?: $kind:expr,)* }) => {
        $(#[doc = $doc])*
        pub struct $form;

        impl $crate::data::form::Form for $form {
            const ABOUT: &'static str = concat!($($doc, "\n"),*);
            const FIELDS: &'static [$crate::data::form::Field] = &[$($crate::data::form::Field {
                name: stringify!($field),
                about: concat!("" $(, $about, "\n")*),
                is_required: $crate::data::form::form!(@required $($required)?),
                kind: $kind,
            },)*];
        }

        impl utoipa::PartialSchema for $form {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                $crate::data::form::schema::<Self>()
            }
        }

        impl utoipa::ToSchema for $form {}
    };
    (@required) => { false };
    (@required required) => { true };
}
pub(crate) use form;

#[cfg(test)]
mod tests {
    use shared::words::Language;

    use super::*;

    form! {
        /// A form of every kind.
        Example {
            name(required): text(5),
            letter: Kind::Choice(&["a", "b"], "expects-channel"),
            texts: Kind::Texts(None),
            statuses: Kind::Statuses,
            whole: Kind::Whole(1, 10),
            share: Kind::Number(0.0, 1.0),
            flag: Kind::Flag,
            day: Kind::Date,
            at: Kind::Instant(Twice::First),
            inside: Kind::Object(&[Field { name: "low", about: "", is_required: false, kind: Kind::Whole(1, 9) }]),
        }
    }

    /// What becomes of a form with a name and these fields: the values, or the field and its reason.
    fn read(given: Value) -> Result<Value, String> {
        let mut values = json!({"name": "x"}).as_object().cloned().unwrap_or_default();
        values.extend(given.as_object().cloned().unwrap_or_default());
        match Example::checked(&values) {
            Ok(mut taken) => {
                taken.remove("name");
                Ok(Value::Object(taken))
            }
            Err(problem) => Err(problem.detail(Language::En)),
        }
    }

    #[test]
    fn what_is_accepted_becomes_what_the_database_takes() {
        for (given, taken) in [
            (json!({}), json!({})),
            (json!({"letter": " a ", "flag": false}), json!({"letter": "a", "flag": false})),
            (
                json!({"letter": "", "day": "", "inside": null}),
                json!({"letter": null, "day": null, "inside": null}),
            ),
            (json!({"texts": [" b", "a", "b", " "]}), json!({"texts": ["b", "a"]})),
            (json!({"statuses": [200, "404"]}), json!({"statuses": [200, 404]})),
            (json!({"whole": 3.0, "share": 0.5}), json!({"whole": 3, "share": 0.5})),
            (json!({"day": "2028-02-29"}), json!({"day": "2028-02-29"})),
            (json!({"at": "2026-01-15T06:00:00+01:00"}), json!({"at": "2026-01-15T05:00:00Z"})),
            (json!({"at": "2026-01-15T01:00"}), json!({"at": "2026-01-15T06:00:00Z"})),
            (json!({"inside": {"low": 2}}), json!({"inside": {"low": 2}})),
        ] {
            assert_eq!(read(given.clone()), Ok(taken), "{given}");
        }
    }

    #[test]
    fn what_is_not_is_refused_by_its_field() {
        for (given, field) in [
            (json!({"name": null}), "name"),
            (json!({"name": "   "}), "name"),
            (json!({"name": "too long"}), "name"),
            (json!({"name": 5}), "name"),
            (json!({"nom": "x"}), "nom"),
            (json!({"letter": "c"}), "letter"),
            (json!({"letter": 1}), "letter"),
            (json!({"texts": "a"}), "texts"),
            (json!({"texts": [1]}), "texts"),
            (json!({"statuses": [99]}), "statuses"),
            (json!({"statuses": ["+200x"]}), "statuses"),
            (json!({"whole": 2.5}), "whole"),
            (json!({"whole": "2"}), "whole"),
            (json!({"whole": 0}), "whole"),
            (json!({"whole": 1e300}), "whole"),
            (json!({"whole": 18446744073709551615u64}), "whole"),
            (json!({"share": 1.01}), "share"),
            (json!({"flag": "true"}), "flag"),
            (json!({"day": "2026-02-30"}), "day"),
            (json!({"day": "20260215"}), "day"),
            (json!({"day": "0001-01-01"}), "day"),
            (json!({"day": 5}), "day"),
            (json!({"at": null}), "at"),
            (json!({"at": "2026-01-15 06:00:00Z"}), "at"),
            (json!({"at": "3500-01-01T00:00"}), "at"),
            (json!({"at": "0000-01-01T00:00"}), "at"),
            (json!({"flag": null}), "flag"),
            (json!({"texts": null}), "texts"),
            (json!({"statuses": null}), "statuses"),
            (json!({"statuses": ["+20"]}), "statuses"),
            (json!({"at": "2026-03-08T02:30"}), "at"),
            (json!({"inside": []}), "inside"),
            (json!({"inside": {"low": 10}}), "low"),
            (json!({"inside": {"high": 1}}), "high"),
        ] {
            let said = read(given.clone()).expect_err("refused");
            assert!(said.starts_with(&format!("{field}: ")), "{given}: {said}");
        }
    }
}

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

/// What a field holds. Whatever is not named as an exception may also be `null`: it has no value then.
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
    /// An instant with its offset, or a time of Montréal's clock without one; never `null`.
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

impl Field {
    /// A given value as the database takes it.
    fn value(&self, given: &Value) -> Result<Value, Problem> {
        let refuse = |reason, values| Err(Problem::refused(self.name, reason, values));
        if given.is_null() && !matches!(self.kind, Kind::Instant(_)) {
            return Ok(Value::Null);
        }
        let text = given.as_str();
        match &self.kind {
            Kind::Text(most, spelling) => {
                let Some(text) = text else { return refuse("expects-text", json!({})) };
                if text.chars().count() > *most {
                    return refuse("at-most-characters", json!({"most": most}));
                }
                match (text.trim(), spelling) {
                    ("", _) => Ok(Value::Null),
                    (text, Some(spelling)) if !(spelling.is_right)(text) => {
                        refuse(spelling.reason, json!({}))
                    }
                    (text, _) => Ok(text.into()),
                }
            }
            Kind::Choice(words, reason) => match text {
                Some(text) if text.trim().is_empty() => Ok(Value::Null),
                Some(text) if words.contains(&text.trim()) => Ok(text.trim().into()),
                _ => refuse(reason, json!({})),
            },
            Kind::Word(words) => match text {
                Some(text) if text.chars().count() <= 60 => Ok(text.into()),
                Some(_) => refuse("expects-one-of", json!({"accepted": words.join(", ")})),
                None => refuse("expects-text", json!({})),
            },
            Kind::Texts(words) => {
                let Some(texts) = texts(given) else { return refuse("expects-texts", json!({})) };
                match words {
                    Some((words, reason)) if texts.iter().any(|text| !words.contains(text)) => {
                        refuse(reason, json!({}))
                    }
                    _ => Ok(json!(texts)),
                }
            }
            Kind::Statuses => match statuses(given) {
                Some(statuses) => Ok(json!(statuses)),
                None => refuse("expects-statuses", json!({})),
            },
            Kind::Whole(least, most) => {
                let Some(number) = given.as_f64() else { return refuse("expects-number", json!({})) };
                if number < *least as f64 || number > *most as f64 {
                    return refuse("expects-range", json!({"least": least, "most": most}));
                }
                match given.as_i64() {
                    Some(whole) => Ok(whole.into()),
                    // 3.0 is 3.
                    None if number.fract() == 0.0 => Ok((number as i64).into()),
                    None => refuse("expects-whole", json!({})),
                }
            }
            Kind::Number(least, most) => match given.as_f64() {
                None => refuse("expects-number", json!({})),
                Some(number) if number < *least || number > *most => {
                    refuse("expects-range", json!({"least": least, "most": most}))
                }
                Some(_) => Ok(given.clone()),
            },
            Kind::Flag if given.is_boolean() => Ok(given.clone()),
            Kind::Flag => refuse("expects-flag", json!({})),
            Kind::Date => match text {
                Some("") => Ok(Value::Null),
                Some(text) if is_date(text) => Ok(text.into()),
                _ => refuse("expects-date", json!({})),
            },
            Kind::Instant(twice) => match text {
                Some(text) => match local_time::instant(self.name, text, *twice)? {
                    Some(at) => Ok(at.to_string().into()),
                    None => match instant(text) {
                        Some(at) => Ok(at.to_string().into()),
                        None => refuse("expects-instant", json!({})),
                    },
                },
                None => refuse("expects-instant", json!({})),
            },
            Kind::Object(fields) => match given.as_object() {
                Some(values) => checked(fields, values).map(Value::Object),
                None => refuse("expects-object", json!({})),
            },
            Kind::Shape(_) | Kind::Shapes(..) => Ok(given.clone()),
        }
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
                json!({"type": ["array", "null"], "items": text, "maxItems": LIST.1})
            }
            Kind::Statuses => {
                let status = json!({"type": "integer", "minimum": 100, "maximum": 599});
                json!({"type": ["array", "null"], "items": status, "maxItems": STATUSES})
            }
            Kind::Whole(least, most) => {
                json!({"type": ["integer", "null"], "format": "int64", "minimum": least, "maximum": most})
            }
            Kind::Number(least, most) => {
                json!({"type": ["number", "null"], "format": "double", "minimum": least, "maximum": most})
            }
            Kind::Flag => json!({"type": ["boolean", "null"]}),
            Kind::Date => json!({"type": ["string", "null"], "format": "date"}),
            Kind::Instant(_) => json!({"type": "string"}),
            Kind::Object(fields) => object(fields, &["object", "null"]),
            Kind::Shape(name) => json!({"oneOf": [{"type": "null"}, reference(name)]}),
            Kind::Shapes(name, most) => {
                json!({"type": ["array", "null"], "items": reference(name), "maxItems": most})
            }
        };
        if self.is_required {
            let first = schema["type"][0].clone();
            if !first.is_null() {
                schema["type"] = first;
            }
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
    serde_json::from_value(schema).unwrap_or_default()
}

/// Texts, each once, in the order given, without empty ones; none when it is no such list.
fn texts(given: &Value) -> Option<Vec<&str>> {
    let given = given.as_array().filter(|list| list.len() <= LIST.1)?;
    let texts: Option<Vec<&str>> =
        given.iter().map(|text| text.as_str().filter(|text| text.chars().count() <= LIST.0)).collect();
    let mut once = Vec::new();
    for text in texts?.into_iter().map(str::trim).filter(|text| !text.is_empty()) {
        if !once.contains(&text) {
            once.push(text);
        }
    }
    Some(once)
}

/// Statuses, also as texts; none when it is no such list.
fn statuses(given: &Value) -> Option<Vec<i64>> {
    let given = given.as_array().filter(|list| list.len() <= STATUSES)?;
    let status = |value: &Value| match value.as_str() {
        Some(text) => text.parse().ok(),
        None => value.as_i64(),
    };
    given.iter().map(|value| status(value).filter(|status| (100..=599).contains(status))).collect()
}

fn is_date(text: &str) -> bool {
    // The form as well: a parser knows more than one.
    text.len() == 10 && text.parse::<Date>().is_ok_and(|date| YEARS.contains(&date.year()))
}

/// An instant with its offset.
fn instant(text: &str) -> Option<Timestamp> {
    let date = text.get(..10)?;
    let time = text.get(10..)?.strip_prefix('T')?;
    (is_date(date) && time.len() >= 6).then(|| text.parse().ok()).flatten()
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

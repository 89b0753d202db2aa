//! Nothing that people read stands beside the catalogue: with its texts marked, what has no mark is data.

use std::collections::BTreeSet;

use e2e::{Backend, Bed, console::Console, samples::notices};
use rstest::rstest;
use serde_json::{Value, json};

use crate::{
    browser::{UNLIMITED, VIEWS, details, live_through_a_night},
    messages::{Sent, sent},
};

/// What is called the same in every language.
const NAMES: [&str; 5] = ["Gazelle Tasks", "API", "Français", "English", "https://"];

/// A catalogue whose texts begin with `⟦` and end with `⟧`.
async fn marked() -> anyhow::Result<Bed> {
    let mut bed = Bed::start_with(Backend::PostgRest, |_| ()).await?;
    bed.stack.lambda.environment.insert("MARKED_WORDS".into(), "1".into());
    Ok(bed)
}

/// What is outside of every mark.
fn unmarked(text: &str) -> String {
    let mut depth = 0_usize;
    let mut rest = String::new();
    for letter in text.chars() {
        match letter {
            '⟦' => depth += 1,
            // A list leaves the sign at the beginning of a title away, and the mark with it.
            '⟧' if depth == 0 => rest.clear(),
            '⟧' => depth -= 1,
            _ if depth == 0 => rest.push(letter),
            _ => {}
        }
    }
    rest
}

/// The texts of a page: what stands between its tags, and in the attributes that people get to see.
fn texts(page: &str) -> Vec<String> {
    const SEEN: [&str; 5] = ["title=\"", "aria-label=\"", "placeholder=\"", "alt=\"", "data-done=\""];
    let mut found = Vec::new();
    let mut rest = page;
    while let Some((text, tag)) = rest.split_once('<') {
        found.push(text.to_owned());
        let (tag, after) = tag.split_once('>').unwrap_or((tag, ""));
        for attribute in SEEN {
            found.extend(
                tag.split(attribute).skip(1).filter_map(|value| value.split('"').next()).map(str::to_owned),
            );
        }
        let name = tag.split([' ', '\n']).next().unwrap_or_default();
        rest = match name {
            "script" | "style" | "pre" | "code" => {
                after.split_once(&format!("</{name}>")).map_or("", |(_, after)| after)
            }
            _ => after,
        };
    }
    let unescaped = found.iter().map(|text| {
        let text = text.replace("&#39;", "'").replace("&quot;", "\"").replace("&#34;", "\"");
        text.replace("&lt;", "<").replace("&gt;", ">").replace("&nbsp;", " ").replace("&amp;", "&")
    });
    unescaped.collect()
}

/// Everything that the database holds, as words.
async fn data(bed: &Bed) -> anyhow::Result<BTreeSet<String>> {
    fn words(value: &Value, found: &mut BTreeSet<String>) {
        match value {
            Value::String(text) => {
                found.extend(text.split(|letter: char| !letter.is_alphanumeric()).map(str::to_lowercase))
            }
            Value::Array(items) => items.iter().for_each(|item| words(item, found)),
            Value::Object(fields) => fields.iter().for_each(|(name, value)| {
                words(&Value::from(name.as_str()), found);
                words(value, found);
            }),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
    let mut found = BTreeSet::new();
    // Tasks are called as in the run log, which is French.
    shared::task::TASKS.iter().for_each(|task| words(&Value::from(task.label), &mut found));
    words(&Value::from(shared::events::SYNC_SUCCEEDED), &mut found);
    let tables: Vec<Value> = bed.stack.observer.rpc("backup_tables", &json!({})).await?;
    for table in tables {
        let (name, column) = (table["name"].as_str().unwrap(), table["columns"][0]["name"].as_str().unwrap());
        words(&Value::from(bed.stack.rows(name, "*", column).await?), &mut found);
    }
    Ok(found)
}

/// Words of a text that are in no catalogue and in no table.
fn strangers(text: &str, data: &BTreeSet<String>) -> Vec<String> {
    let mut rest = unmarked(text);
    for name in NAMES {
        rest = rest.replace(name, "");
    }
    let words = rest.split(|letter: char| !letter.is_alphanumeric());
    // A unit is no word, nor is one letter.
    words
        .filter(|word| word.chars().filter(|letter| letter.is_alphabetic()).count() > 2)
        .filter(|word| !data.contains(&word.to_lowercase()))
        .map(str::to_owned)
        .collect()
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn every_word_of_every_view_is_of_the_catalogue(
    #[values(false, true)] is_empty: bool,
) -> anyhow::Result<()> {
    let mut bed = marked().await?;
    let mut views: Vec<String> = VIEWS.iter().chain(&["/nothing"]).map(|view| (*view).to_owned()).collect();
    if !is_empty {
        live_through_a_night(&mut bed).await?;
        bed.run("weekly_report", "2026-01-15T12:00:00Z").await?;
        views.extend(details(&bed).await?);
    }
    let console = Console::start_with(&bed.stack, None, UNLIMITED).await?;
    let admin = console.sign_in("admin").await?;
    let data = data(&bed).await?;
    let mut found = Vec::new();
    // The API's documentation and the runbook are the engineer's, in English.
    for view in views.iter().filter(|view| *view != "/docs" && *view != "/runbook") {
        let page = console.ask("GET", view, &admin.browse("en")).await?;
        let page = String::from_utf8(page.body.to_vec())?;
        assert!(page.is_empty() || page.contains('⟦'), "{view} has no mark: {page}");
        for text in texts(&page) {
            let strangers = strangers(&text, &data);
            if !strangers.is_empty() {
                found.push(format!("{view}: {strangers:?} in {:?}", text.trim()));
            }
        }
    }
    assert!(found.is_empty(), "{found:#?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_word_of_every_message_is_of_the_catalogue() -> anyhow::Result<()> {
    let bed = marked().await?;
    let notices = notices();
    let Sent { email, .. } = sent(&bed, &notices).await?;
    let mut data = data(&bed).await?;
    for (event_type, _, _) in &notices {
        data.extend(event_type.split('.').map(str::to_owned));
    }
    let mut found = Vec::new();
    for (message, (event_type, name, _)) in email.iter().zip(&notices) {
        let text = message["content"][0]["value"].as_str().unwrap_or_default();
        for line in text.lines().chain(message["subject"].as_str()) {
            let strangers = strangers(line, &data);
            if !strangers.is_empty() {
                found.push(format!("{event_type} {name}: {strangers:?} in {line:?}"));
            }
        }
    }
    assert!(found.is_empty(), "{found:#?}");
    Ok(())
}

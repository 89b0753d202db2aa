//! Slack incoming webhooks: header, sections, context, within the vendor's limits. Nothing is left out: what one section
//! cannot hold fills several, and what one message cannot hold goes out in several.

use reqwest::Method;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use url::Url;

use super::{
    Attempt, Message,
    parts::{LONGEST_WAIT, PAUSE, split},
    refusal,
    render::Section,
};
use crate::{
    config::Secret,
    error_kind::ErrorKind,
    http::{Http, Retry, json_request},
    text::{escape_slack, truncate},
};

const HEADER_LIMIT: usize = 150;
const SECTION_LIMIT: usize = 3000;
/// What a telephone shows before the message is opened.
const TEXT_LIMIT: usize = 4000;
/// Of the 50 blocks that Slack takes, one is the header and one the links.
const SECTIONS_LIMIT: usize = 48;
/// Characters of all blocks together, as JSON: Slack refuses a message of about 13 200 (`msg_blocks_too_long`), whatever
/// each block may hold.
const BLOCKS_LIMIT: usize = 12_000;

/// Sends a message, in several if it must be. One whose beginning arrived and whose end did not is `Unknown`: from the
/// start again would tell the beginning twice.
pub(super) async fn send(http: &Http, webhook: &Secret, message: &Message) -> Attempt {
    for (at, body) in bodies(message).iter().enumerate() {
        if at > 0 {
            tokio::time::sleep(PAUSE).await;
        }
        let mut attempt = post(http, webhook, body).await;
        if let (Attempt::RetryAfter(asked, _), true) = (&attempt, at > 0) {
            tokio::time::sleep(asked.unwrap_or(PAUSE).min(LONGEST_WAIT)).await;
            attempt = post(http, webhook, body).await;
        }
        if attempt != Attempt::Delivered {
            return if at > 0 { Attempt::Unknown } else { attempt };
        }
    }
    Attempt::Delivered
}

async fn post(http: &Http, webhook: &Secret, body: &Value) -> Attempt {
    let Ok(url) = Url::parse(webhook.value().expose_secret()) else {
        return Attempt::unconfigured(ErrorKind::WebhookIsNotAnAddress);
    };
    let request = json_request("slack", Method::POST, url, body.to_string().into());
    let request = request.with_key_in_address(webhook, |request, webhook| {
        if let Ok(url) = Url::parse(webhook) {
            request.url = url;
        }
    });
    Attempt::of(http.send_once(&request, Retry::ONCE.timeout).await, refusal::slack)
}

/// The webhook's JSON: one message, or as many as it takes, each with its number.
fn bodies(message: &Message) -> Vec<Value> {
    let sections = split(&lines(message).join("\n"), SECTION_LIMIT);
    let links = links(message);
    let pages = pages(sections, BLOCKS_LIMIT - length(&header(&message.title)) - length(&links));
    let count = pages.len();
    let body = |(at, sections): (usize, Vec<Value>)| {
        let title = match count {
            1 => message.title.clone(),
            _ => format!("{} ({}/{count})", truncate(&message.title, HEADER_LIMIT - 10), at + 1),
        };
        let text = text(&title, &sections);
        let mut blocks = vec![header(&title)];
        blocks.extend(sections);
        if at + 1 == count && !links.is_null() {
            blocks.push(links.clone());
        }
        // Addresses in a text from outside are neither fetched nor shown as pictures.
        json!({"text": text, "blocks": blocks, "unfurl_links": false, "unfurl_media": false})
    };
    pages.into_iter().enumerate().map(body).collect()
}

/// The message as lines of escaped text: sentences, facts, rows, figures, and what to do.
fn lines(message: &Message) -> Vec<String> {
    let facts = message
        .facts
        .iter()
        .map(|(label, value)| format!("*{}:* {}", escape_slack(label), escape_slack(value)));
    let rows = message.table.iter().flat_map(|table| &table.rows).map(|row| {
        let cells: Vec<String> =
            row.iter().filter(|cell| !cell.is_empty()).map(|cell| escape_slack(cell)).collect();
        format!("• {}", cells.join(" · "))
    });
    let intro = message.intro.iter().map(|line| escape_slack(line));
    let advice = (!message.advice.is_empty()).then(|| format!("*{}*", escape_slack(&message.advice)));
    intro.chain(facts).chain(rows).chain(message.sections.iter().map(section_line)).chain(advice).collect()
}

/// Sections as blocks, so many to a message as it can hold: at most `limit` characters, at least one section.
fn pages(sections: Vec<String>, limit: usize) -> Vec<Vec<Value>> {
    let mut pages = vec![Vec::new()];
    let mut used = 0;
    for section in sections {
        let block = json!({"type": "section", "text": mrkdwn(&section)});
        let page = pages.len() - 1;
        if !pages[page].is_empty() && (used + length(&block) > limit || pages[page].len() == SECTIONS_LIMIT) {
            pages.push(Vec::new());
            used = 0;
        }
        used += length(&block);
        let page = pages.len() - 1;
        pages[page].push(block);
    }
    pages
}

fn length(block: &Value) -> usize {
    block.to_string().chars().count()
}

/// Verbatim: Slack makes no links of what looks like an address, a channel or a person in a text from outside. For `*` and
/// `_` it has no escape: they stay what was typed.
fn mrkdwn(text: &str) -> Value {
    json!({"type": "mrkdwn", "text": text, "verbatim": true})
}

/// Headers are plain text: Slack refuses mrkdwn there.
fn header(title: &str) -> Value {
    json!({"type": "header", "text": {"type": "plain_text", "text": truncate(title, HEADER_LIMIT)}})
}

/// Null when there are none.
fn links(message: &Message) -> Value {
    let links: Vec<String> = message
        .links
        .iter()
        .map(|(label, url)| format!("<{}|{}>", escape_slack(url.as_str()), escape_slack(label)))
        .collect();
    if links.is_empty() {
        return Value::Null;
    }
    json!({"type": "context", "elements": [mrkdwn(&links.join(" · "))]})
}

/// What notifications of the device show: title and beginning; the blocks have the whole.
fn text(title: &str, sections: &[Value]) -> String {
    let sections = sections.iter().filter_map(|section| section["text"]["text"].as_str());
    let whole: Vec<String> = [escape_slack(title)].into_iter().chain(sections.map(str::to_owned)).collect();
    let mut parts = split(&whole.join("\n"), TEXT_LIMIT - 1).into_iter();
    let mut text = parts.next().unwrap_or_default();
    if parts.next().is_some() {
        text.push('…');
    }
    text
}

/// The figures of a section on one line.
fn section_line(section: &Section) -> String {
    let figures: Vec<String> = section
        .rows
        .iter()
        .map(|row| match row.change.as_str() {
            "" => format!("{} {}", row.label, row.value),
            change => format!("{} {} ({change})", row.label, row.value),
        })
        .map(|figure| escape_slack(&figure))
        .collect();
    format!("*{}:* {}", escape_slack(&section.title), figures.join(" · "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notify::render::{Row, Table};

    fn section(value: &str) -> Section {
        let row = Row { label: value.into(), value: value.into(), change: "—".into(), ..Row::default() };
        Section { title: value.into(), rows: vec![row; 20] }
    }

    fn message(value: &str) -> Message {
        Message {
            title: "T".repeat(200),
            facts: vec![("Tâche".into(), value.into()), ("Erreur".into(), "<!channel> & co".into())],
            sections: vec![section(value); 3],
            advice: "Relancer".into(),
            links: vec![("Console".into(), "https://console.example/".parse().unwrap())],
            ..Message::default()
        }
    }

    fn rows(count: usize, cell: &str) -> Message {
        let rows = (1..=count).map(|number| vec![format!("ligne-{number}."), cell.to_owned()]).collect();
        Message {
            title: "Rendez-vous".into(),
            table: Some(Table { headers: vec![String::new(); 2], rows }),
            advice: "Joindre ces clients".into(),
            links: vec![("Console".into(), "https://console.example/".parse().unwrap())],
            ..Message::default()
        }
    }

    /// The texts of all sections.
    fn shown(bodies: &[Value]) -> String {
        let blocks = bodies.iter().flat_map(|body| body["blocks"].as_array().unwrap());
        blocks
            .filter(|block| block["type"] == "section")
            .map(|block| block["text"]["text"].to_string())
            .collect()
    }

    #[test]
    fn limits_hold_whatever_the_text() {
        for value in
            ["x".repeat(10_000), "&".repeat(5_000), "é".repeat(2_990), "mot ".repeat(900), String::new()]
        {
            for body in bodies(&message(&value)) {
                let blocks = body["blocks"].as_array().unwrap();
                assert!(blocks.len() <= 50);
                let total: usize = blocks.iter().map(|block| block.to_string().chars().count()).sum();
                assert!(total <= 12_000, "{total}");
                assert!(body["text"].as_str().unwrap().chars().count() <= 4_000);
                for block in blocks {
                    let text =
                        block["text"]["text"].as_str().or(block["elements"][0]["text"].as_str()).unwrap();
                    let limit = if block["type"] == "header" { 150 } else { 3_000 };
                    assert!((1..=limit).contains(&text.chars().count()), "{block}");
                }
            }
        }
    }

    #[test]
    fn every_row_is_shown_in_as_many_sections_and_messages_as_it_takes() {
        for (count, cell, messages) in
            [(1, "Studio", 1), (20, &"n".repeat(250), 1), (60, &"n".repeat(700), 4), (100, "&<>", 1)]
        {
            let bodies = bodies(&rows(count, cell));
            let shown = shown(&bodies);
            for number in 1..=count {
                assert_eq!(shown.matches(&format!("ligne-{number}.")).count(), 1, "{number} of {count}");
            }
            assert_eq!(shown.matches("Joindre ces clients").count(), 1);
            assert_eq!(bodies.len(), messages, "{count}");
            // Where to go on is below the last.
            let kinds = |body: &Value| {
                body["blocks"].as_array().unwrap().iter().any(|block| block["type"] == "context")
            };
            let with_links: Vec<bool> = bodies.iter().map(kinds).collect();
            assert_eq!(with_links.iter().position(|has| *has), Some(messages - 1));
        }
        let numbered = bodies(&rows(60, &"n".repeat(700)));
        assert_eq!(numbered[1]["blocks"][0]["text"]["text"], "Rendez-vous (2/4)");
    }

    #[test]
    fn the_figures_of_a_section_are_one_line() {
        let row = |change: &str| Row {
            label: "Ventes".into(),
            value: "12 $".into(),
            change: change.into(),
            ..Row::default()
        };
        let section = Section { title: "Caisse".into(), rows: vec![row("+5 %"), row("")] };
        assert_eq!(section_line(&section), "*Caisse:* Ventes 12 $ (+5 %) · Ventes 12 $");
    }

    #[test]
    fn a_text_from_outside_cannot_call_everybody() {
        let text: String = bodies(&message("x")).iter().map(Value::to_string).collect();
        assert!(text.contains("&lt;!channel&gt; &amp; co"), "{text}");
        assert!(!text.contains("<!channel>"));
    }
}

//! Slack incoming webhooks: header, body, context; the vendor's limits are enforced here.

use reqwest::Method;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use url::Url;

use super::{Attempt, Message, Refusal, render::Section};
use crate::{
    http::{Http, Retry, json_request},
    text::{escape_slack, truncate},
};

const HEADER_LIMIT: usize = 150;
const SECTION_LIMIT: usize = 3000;
const TEXT_LIMIT: usize = 4000;

pub(super) async fn send(http: &Http, webhook: &SecretString, message: &Message) -> Attempt {
    let Ok(url) = Url::parse(webhook.expose_secret()) else {
        return Attempt::unconfigured("webhook_is_not_an_address");
    };
    let request = json_request("slack", Method::POST, url, body(message).to_string().into());
    Attempt::of(http.send_once(&request, Retry::ONCE.timeout).await, |status| match status {
        // The webhook was revoked, or its channel archived or removed.
        403 | 404 | 410 => Refusal::Recipient,
        _ => Refusal::Message,
    })
}

/// The webhook's JSON. Escaping may lengthen a text, so it is cut after escaping, never inside an entity.
fn body(message: &Message) -> Value {
    let advice = format!("*{}*", escape_slack(&message.advice));
    let facts = message
        .facts
        .iter()
        .map(|(label, value)| format!("*{}:* {}", escape_slack(label), escape_slack(value)));
    let rows = message.table.iter().flat_map(|table| &table.rows).map(|row| {
        let cells: Vec<String> =
            row.iter().filter(|cell| !cell.is_empty()).map(|cell| escape_slack(cell)).collect();
        format!("• {}", cells.join(" · "))
    });
    let sections = message.sections.iter().map(section_line);
    let intro = message.intro.iter().map(|line| escape_slack(line));
    let lines: Vec<String> = intro.chain(facts).chain(rows).chain(sections).collect();
    // What to do is never what is cut.
    let mut section = bounded_lines(&lines, SECTION_LIMIT - advice.chars().count().min(1000) - 1);
    if !section.is_empty() {
        section.push('\n');
    }
    section.push_str(&bounded_lines(&[advice], 1000));
    let mut blocks = vec![
        // Headers are plain text: Slack refuses mrkdwn there.
        json!({"type": "header", "text": {"type": "plain_text", "text": truncate(&message.title, HEADER_LIMIT)}}),
        json!({"type": "section", "text": {"type": "mrkdwn", "text": section}}),
    ];
    if !message.links.is_empty() {
        let links: Vec<String> = message
            .links
            .iter()
            .map(|(label, url)| format!("<{}|{}>", escape_slack(url.as_str()), escape_slack(label)))
            .collect();
        blocks.push(json!({"type": "context", "elements": [{"type": "mrkdwn", "text": links.join(" · ")}]}));
    }
    let text = bounded_lines(&[escape_slack(&message.title), section], TEXT_LIMIT);
    json!({"text": text, "blocks": blocks})
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

/// Whole lines as long as they fit; a line that alone is too long is cut.
fn bounded_lines(lines: &[String], limit: usize) -> String {
    let mut text = String::new();
    for line in lines {
        let used = text.chars().count();
        if used + line.chars().count() + 1 > limit {
            if used == 0 {
                let cut = truncate(line, limit);
                // An entity that was cut in two would show as text.
                let whole = match (cut.rfind('&'), cut.rfind(';')) {
                    (Some(start), end) if end.is_none_or(|end| end < start) && cut.len() - start < 8 => {
                        &cut[..start]
                    }
                    _ => &cut,
                };
                text.push_str(whole);
            }
            break;
        }
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(line);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notify::render::Row;

    fn section(value: &str) -> Section {
        let row = Row { label: value.into(), value: value.into(), change: "—".into(), ..Row::default() };
        Section { title: value.into(), rows: vec![row; 20] }
    }

    fn message(value: &str) -> Message {
        Message {
            title: "T".repeat(200),
            facts: vec![("Tâche".into(), value.into()), ("Erreur".into(), "<!channel> & co".into())],
            sections: vec![section(value); 12],
            advice: "Relancer".into(),
            ..Message::default()
        }
    }

    #[test]
    fn limits_hold_whatever_the_text() {
        for value in ["x".repeat(10_000), "&".repeat(5_000), "é".repeat(2_990)] {
            let body = body(&message(&value));
            let header = body["blocks"][0]["text"]["text"].as_str().unwrap();
            let section = body["blocks"][1]["text"]["text"].as_str().unwrap();
            assert!(header.chars().count() <= HEADER_LIMIT);
            assert!(section.chars().count() <= SECTION_LIMIT && !section.is_empty());
        }
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
        let text = body(&message("x")).to_string();
        assert!(text.contains("&lt;!channel&gt; &amp; co"), "{text}");
        assert!(!text.contains("<!channel>"));
    }
}

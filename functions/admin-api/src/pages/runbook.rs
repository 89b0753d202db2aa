//! The runbook as a page: one entry per notice, at the address that the notices link to.

use std::sync::LazyLock;

use askama::Template;
use axum::response::Response;
use pulldown_cmark::{CowStr, Event, Options, Parser, Tag, TagEnd, html};

use crate::{
    pages::{frame::Frame, render},
    problem::Problem,
};

static RUNBOOK: LazyLock<Runbook> =
    LazyLock::new(|| Runbook::read(include_str!("../../../../docs/RUNBOOK.md")));

/// The rendered text, and its entries.
struct Runbook {
    html: String,
    /// Anchors of the second level: event types.
    entries: Vec<String>,
}

impl Runbook {
    #[allow(clippy::wildcard_enum_match_arm)] // Parts of Markdown, another crate's.
    fn read(text: &str) -> Self {
        let mut events: Vec<Event<'_>> = Parser::new_ext(text, Options::ENABLE_TABLES).collect();
        let mut entries = Vec::new();
        for at in 0..events.len() {
            let heading: String = events[at..]
                .iter()
                .take_while(|event| !matches!(event, Event::End(TagEnd::Heading(_))))
                .filter_map(|event| match event {
                    Event::Text(text) | Event::Code(text) => Some(text.as_ref()),
                    _ => None,
                })
                .collect();
            if let Event::Start(Tag::Heading { level, id, .. }) = &mut events[at] {
                let anchor = anchor(&heading);
                if *level as usize == 2 {
                    entries.push(anchor.clone());
                }
                *id = Some(CowStr::from(anchor));
            }
        }
        let mut rendered = String::new();
        html::push_html(&mut rendered, events.into_iter().map(in_own_words));
        // A wide table scrolls, not the page; what scrolls can be reached by keyboard.
        let rendered = rendered
            .replace("<table>", r#"<div class="table" tabindex="0"><table>"#)
            .replace("</table>", "</table></div>")
            .replace("<pre>", r#"<pre tabindex="0">"#);
        Self { html: rendered, entries }
    }
}

/// HTML of the text is shown, not interpreted.
#[allow(clippy::wildcard_enum_match_arm)] // Parts of Markdown, another crate's.
fn in_own_words(event: Event<'_>) -> Event<'_> {
    match event {
        Event::Html(text) | Event::InlineHtml(text) => Event::Text(text),
        other => other,
    }
}

/// What a heading is linked by: `sync.failed` stays, words are joined by hyphens.
fn anchor(heading: &str) -> String {
    let lower = heading.trim().to_lowercase();
    let kept = lower.chars().filter_map(|sign| match sign {
        ' ' => Some('-'),
        sign if sign.is_alphanumeric() || "._-".contains(sign) => Some(sign),
        _ => None,
    });
    kept.collect()
}

#[derive(Template)]
#[template(path = "runbook.html")]
struct RunbookPage {
    frame: Frame,
    runbook: &'static Runbook,
}

/// `GET /runbook`
pub async fn show(frame: Frame) -> Result<Response, Problem> {
    render::show(&RunbookPage { frame, runbook: &RUNBOOK })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_are_anchors_and_nothing_of_the_text_is_interpreted() {
        let book = Runbook::read(
            "# One: two\n\n## sync.failed\n\n<b>x</b>\n\n| a |\n|---|\n| `<i>` |\n\n### no-success\n",
        );
        assert_eq!(book.entries, ["sync.failed"]);
        for expected in [
            r#"<h1 id="one-two">"#,
            r#"<h2 id="sync.failed">"#,
            r#"<h3 id="no-success">"#,
            "&lt;b&gt;",
            "&lt;i&gt;",
            r#"<div class="table" tabindex="0"><table>"#,
        ] {
            assert!(book.html.contains(expected), "{expected}: {}", book.html);
        }
    }
}

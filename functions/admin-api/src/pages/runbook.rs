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
        let is_heading = |at: &usize| matches!(events[*at], Event::Start(Tag::Heading { .. }));
        let headings = (0..events.len()).filter(is_heading).map(|at| anchor(&words(&events[at..])));
        let headings: Vec<String> = headings.collect();
        let (mut entries, mut anchors) = (Vec::new(), headings.iter().cloned());
        for event in &mut events {
            if let Event::Start(Tag::Link { dest_url, .. }) = event
                && let Some(place) = dest_url.strip_prefix('#')
                // GitHub leaves the dots out.
                && let Some(entry) = headings.iter().find(|heading| heading.replace('.', "") == place)
            {
                *dest_url = CowStr::from(format!("#{entry}"));
            }
            if let Event::Start(Tag::Heading { level, id, .. }) = event
                && let Some(anchor) = anchors.next()
            {
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

/// The words of a heading that starts here.
#[allow(clippy::wildcard_enum_match_arm)] // Parts of Markdown, another crate's.
fn words(events: &[Event<'_>]) -> String {
    let heading = events.iter().take_while(|event| !matches!(event, Event::End(TagEnd::Heading(_))));
    let texts = heading.filter_map(|event| match event {
        Event::Text(text) | Event::Code(text) => Some(text.as_ref()),
        _ => None,
    });
    texts.collect()
}

/// HTML of the text is shown, not interpreted; a comment is for whoever writes.
#[allow(clippy::wildcard_enum_match_arm)] // Parts of Markdown, another crate's.
fn in_own_words(event: Event<'_>) -> Event<'_> {
    match event {
        Event::Html(text) if text.starts_with("<!--") => Event::Html(CowStr::from("")),
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
            "# One: two\n\n<!-- written -->\n\n[see](#syncfailed)\n\n## sync.failed\n\n<b>x</b>\n\n| a |\n|---|\n| `<i>` |\n\n### no-success\n",
        );
        assert_eq!(book.entries, ["sync.failed"]);
        for expected in [
            r#"<h1 id="one-two">"#,
            r#"<h2 id="sync.failed">"#,
            r#"<h3 id="no-success">"#,
            r##"<a href="#sync.failed">see</a>"##,
            "&lt;b&gt;",
            "&lt;i&gt;",
            r#"<div class="table" tabindex="0"><table>"#,
        ] {
            assert!(book.html.contains(expected), "{expected}: {}", book.html);
        }
        assert!(!book.html.contains("written"), "{}", book.html);
    }
}

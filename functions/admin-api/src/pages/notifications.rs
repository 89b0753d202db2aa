//! Notifications: the rules, what they mean, and their editor.

mod channels;
mod deliveries;
mod notices;

use std::{collections::BTreeMap, sync::Arc};

use askama::Template;
use axum::{
    extract::{Path, State},
    response::Response,
};
use serde::Deserialize;
use shared::notify::{Channel, Severity};

pub use self::{channels::show as channels, deliveries::show as deliveries, notices::show as notices};
use crate::{
    data::rules::{
        self, Explained, Explanation, NotificationRule, NotificationRules, Question, QuietHours, Recipient,
    },
    extract::{Params, row_id},
    pages::{frame::Frame, render},
    problem::Problem,
    state::App,
};

/// The names by which screens show people, by their keys in `staff`. A text that happens to hold a name is a text.
#[derive(Debug, Default)]
pub struct Names(BTreeMap<String, String>);

impl<const N: usize> From<[(&str, &str); N]> for Names {
    fn from(names: [(&str, &str); N]) -> Self {
        Self(names.map(|(key, name)| (key.to_owned(), name.to_owned())).into())
    }
}

impl Names {
    /// Of everybody, also of those who left.
    pub async fn read(app: &App) -> Result<Self, Problem> {
        app.ask("staff_names", &serde_json::json!({})).await.map(Self)
    }

    /// Of the people whom rules may name.
    pub fn of(recipients: &[Recipient]) -> Self {
        Self(recipients.iter().map(|person| (person.key.clone(), person.display_name.clone())).collect())
    }

    /// A person by name; the key of somebody who is not there any more.
    pub fn name(&self, frame: &Frame, key: &str) -> String {
        match self.0.get(key) {
            _ if key == "@concerned" => frame.t("those-concerned").to_owned(),
            Some(name) => frame.text(name),
            None => frame.text(key),
        }
    }

    /// Several people.
    pub fn list(&self, frame: &Frame, keys: &[String]) -> String {
        keys.iter().map(|key| self.name(frame, key)).collect::<Vec<_>>().join(", ")
    }
}

#[derive(Template)]
#[template(path = "notifications/rules.html")]
struct RulesPage {
    frame: Frame,
    names: Names,
    /// The rules of each event type.
    groups: Vec<(String, Vec<NotificationRule>)>,
    explanation: Option<Explanation>,
}

/// What somebody wants explained.
#[derive(Deserialize)]
pub struct Asked {
    event_type: Option<String>,
    severity: Option<String>,
}

impl RulesPage {
    fn is_asked(&self, event_type: &str) -> bool {
        self.explanation.as_ref().is_some_and(|explanation| explanation.event_type == event_type)
    }

    fn asked_severity(&self) -> &str {
        self.explanation.as_ref().map_or("error", |explanation| &explanation.severity)
    }

    /// Whether a message is held. The database rounds instants: less than a second is no wait.
    fn waits(&self, explained: &Explained) -> bool {
        explained.due_at.as_second() > self.frame.now.as_second() + 1
    }

    /// When somebody would be notified, or why not.
    fn verdict(&self, explained: &Explained) -> String {
        let t = |key| self.frame.t(key).to_owned();
        let when = match explained.verdict.as_str() {
            "disabled" => return t("nothing-rule-switched-off"),
            "below_severity" => {
                let needed = self.frame.severity_name(&explained.min_severity).to_lowercase();
                return format!("{} {needed}", t("nothing-rule-begins-at"));
            }
            "nobody" => {
                return t("nothing-rule-names-nobody");
            }
            _ if !self.waits(explained) => t("at-once"),
            _ if explained.is_digest => t("in-the-next-digest"),
            _ => t("after-the-quiet-hours"),
        };
        if explained.channel == explained.rule_channel {
            return when;
        }
        format!("{when} ({} {})", self.frame.channel_name(&explained.rule_channel), t("is-switched-off"))
    }

    fn quiet(&self, hours: &Option<QuietHours>) -> String {
        let Some(hours) = hours else { return "–".into() };
        // Not everybody looks from the zone that the hours are of.
        format!("{}–{} ({})", hours.from, hours.until, hours.time_zone)
    }
}

/// `GET /notifications`
pub async fn show(
    State(app): State<Arc<App>>,
    frame: Frame,
    Params(asked): Params<Asked>,
) -> Result<Response, Problem> {
    let NotificationRules { rules, recipients, .. } = rules::read(&app).await?;
    let explanation = match asked.event_type.filter(|given| !given.is_empty()) {
        Some(event_type) => {
            let question = Question { event_type, severity: asked.severity, at: Some(frame.now.to_string()) };
            Some(rules::answer(&app, &question).await?)
        }
        None => None,
    };
    let mut groups: Vec<(String, Vec<NotificationRule>)> = Vec::new();
    for rule in rules {
        match groups.last_mut() {
            Some((event_type, group)) if *event_type == rule.event_type => group.push(rule),
            _ => groups.push((rule.event_type.clone(), vec![rule])),
        }
    }
    render::show(&RulesPage { frame, names: Names::of(&recipients), groups, explanation })
}

#[derive(Template)]
#[template(path = "notifications/rule.html")]
struct RulePage {
    frame: Frame,
    rule: NotificationRule,
    is_new: bool,
    recipients: Vec<Recipient>,
    /// The known event types, to choose from.
    event_types: Vec<String>,
}

impl RulePage {
    fn tells(&self, key: &str) -> bool {
        self.rule.recipients.iter().any(|recipient| recipient == key)
    }

    /// The steps there are, and an empty one.
    fn steps(&self) -> Vec<Option<&rules::EscalationStep>> {
        let room = (self.rule.escalation.len() < 10).then_some(None);
        self.rule.escalation.iter().map(Some).chain(room).collect()
    }

    fn step_tells(&self, step: &Option<&rules::EscalationStep>, key: &str) -> bool {
        step.is_some_and(|step| step.recipients.iter().any(|recipient| recipient == key))
    }

    fn step_uses(&self, step: &Option<&rules::EscalationStep>, channel: &str) -> bool {
        step.is_some_and(|step| step.channel == channel)
    }

    fn quiet(&self) -> (&str, &str, &str) {
        let hours = self.rule.quiet_hours.as_ref();
        hours.map_or(("", "", "America/Toronto"), |hours| (&hours.from, &hours.until, &hours.time_zone))
    }
}

/// `GET /notifications/rules/{id}`: the editor; `new` for a rule that is to be.
pub async fn edit(
    State(app): State<Arc<App>>,
    frame: Frame,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    if !frame.is_admin() {
        return Err(Problem::forbidden());
    }
    let NotificationRules { rules, recipients, .. } = rules::read(&app).await?;
    let is_new = id == "new";
    let mut event_types: Vec<String> = rules.iter().map(|rule| rule.event_type.clone()).collect();
    event_types.dedup();
    let rule = if is_new {
        fresh()
    } else {
        let id = row_id(&id)?;
        rules.into_iter().find(|rule| rule.id == id).ok_or_else(Problem::not_found)?
    };
    render::show(&RulePage { frame, rule, is_new, recipients, event_types })
}

fn fresh() -> NotificationRule {
    NotificationRule {
        id: 0,
        event_type: String::new(),
        channel: "slack".into(),
        recipients: Vec::new(),
        min_severity: "info".into(),
        enabled: true,
        cooldown_minutes: 0,
        quiet_hours: None,
        digest_minutes: 0,
        escalation: Vec::new(),
        reminder_minutes: 0,
        updated_at: String::new(),
        updated_by: None,
    }
}

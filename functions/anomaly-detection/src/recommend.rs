//! Recommendations: what somebody should do, on what evidence, until when. None without evidence or a date.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp, ToSpan, civil::Date};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use shared::clock;

use crate::model::{Category, Finding};

/// Days between two of the reviews that come by date.
const REVIEW_DAYS: i64 = 90;
/// Days before its date that a review is recommended.
const REVIEW_NOTICE_DAYS: i64 = 14;
/// Runs that each side of a comparison of durations needs.
const COMPARED_RUNS: u32 = 5;

/// What `recommendation_inputs` answers.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Inputs {
    /// Closed cash sessions of 30 days.
    pub cash: CashShare,
    /// Syncs of 30 days.
    pub syncs: SyncShare,
    /// Runs that outlived their retention.
    pub old_logs: u64,
    /// The first run of this installation.
    pub installed_at: Option<Timestamp>,
    /// The last decision per type.
    pub reviewed: BTreeMap<String, Timestamp>,
    /// Mean durations by task.
    pub durations: Vec<MeanDuration>,
}

/// Sessions, and those with a gap beyond a dollar.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
pub struct CashShare {
    sessions: u64,
    gaps: u64,
}

/// Syncs, and those that failed.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
pub struct SyncShare {
    runs: u64,
    failures: u64,
}

/// Mean durations of four weeks and of the four before.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct MeanDuration {
    name: String,
    label: String,
    recent_runs: u32,
    recent_ms: Option<f64>,
    earlier_runs: u32,
    earlier_ms: Option<f64>,
}

/// A recommendation as it is stored.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Recommendation {
    /// `cash_control` …
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The task it is about; empty for most.
    pub subject: String,
    /// `high`, `medium` or `low`.
    pub priority: &'static str,
    /// One line.
    pub title: String,
    /// Why.
    pub description: String,
    /// What to do.
    pub actions: Vec<&'static str>,
    /// Figures.
    pub evidence: Value,
    /// The same evidence has the same key: what was decided on it stays decided.
    pub evidence_key: String,
    /// Days after a decision in which it does not come back, whatever the evidence.
    pub period_days: u32,
    /// Until when.
    pub due_date: Date,
}

/// What the findings of this run and the figures of the last weeks recommend.
pub fn recommend(findings: &[Finding], inputs: &Inputs, now: Timestamp) -> Vec<Recommendation> {
    let today = clock::business_date(now);
    let mut all = Vec::new();
    all.extend(after_findings(findings, today));
    all.extend(cash_training(inputs.cash, today));
    all.extend(sync_optimization(inputs.syncs, today));
    all.extend(log_cleanup(inputs.old_logs, today));
    all.extend(inputs.durations.iter().filter_map(|duration| slower(duration, today)));
    all.extend(reviews(inputs, today));
    all
}

/// One per family with anomalies that matter; the evidence is which ones.
fn after_findings(findings: &[Finding], today: Date) -> Vec<Recommendation> {
    let evidence = |category: Category| -> Vec<&str> {
        let mut fingerprints: Vec<&str> = findings
            .iter()
            .filter(|finding| finding.category == category)
            .map(|finding| finding.fingerprint.as_str())
            .collect();
        fingerprints.sort_unstable();
        fingerprints
    };
    let (cash, sync, auth) = (evidence(Category::Cash), evidence(Category::Sync), evidence(Category::Auth));
    let auth_priority = if auth.len() >= 3 { "high" } else { "medium" };
    [
        (
            cash,
            "cash_control",
            "high",
            "Contrôler les caisses",
            "Des écarts de caisse ont été constatés.",
            vec!["Recompter la caisse concernée", "Lire le commentaire de clôture", "Parler à l'opérateur"],
        ),
        (
            sync,
            "sync_monitoring",
            "medium",
            "Surveiller les tâches qui échouent",
            "Des tâches échouent de façon répétée.",
            vec!["Ouvrir l'exécution en erreur", "Suivre le guide de l'avis", "Relancer la tâche"],
        ),
        (
            auth,
            "auth_security",
            auth_priority,
            "Vérifier les connexions",
            "Des connexions ont été refusées de façon répétée.",
            vec![
                "Demander à la personne si c'était elle",
                "Changer le mot de passe",
                "Désactiver le compte au besoin",
            ],
        ),
    ]
    .into_iter()
    .filter(|(fingerprints, ..)| !fingerprints.is_empty())
    .map(|(fingerprints, kind, priority, title, description, actions)| Recommendation {
        kind,
        subject: String::new(),
        priority,
        title: title.into(),
        description: format!("{description} ({})", fingerprints.len()),
        actions,
        evidence: json!({"anomalies": fingerprints}),
        evidence_key: fingerprints.join(" "),
        period_days: 7,
        due_date: today.saturating_add(7.days()),
    })
    .collect()
}

fn cash_training(cash: CashShare, today: Date) -> Option<Recommendation> {
    // Only closed sessions: an open one has no gap yet, and would thin out the share.
    let percent = percent_beyond(cash.gaps, cash.sessions, 10.0)?;
    Some(Recommendation {
        priority: "high",
        title: "Former aux clôtures de caisse".into(),
        description: format!("{percent} % des sessions de 30 jours ont un écart de plus de 1 $."),
        actions: vec![
            "Revoir la procédure de comptage",
            "Compter à deux pendant une semaine",
            "Vérifier le fonds de caisse",
        ],
        ..monthly("preventive_cash_training", today, json!({"sessions": cash.sessions, "gaps": cash.gaps}))
    })
}

fn sync_optimization(syncs: SyncShare, today: Date) -> Option<Recommendation> {
    let percent = percent_beyond(syncs.failures, syncs.runs, 5.0)?;
    Some(Recommendation {
        priority: "medium",
        title: "Fiabiliser les synchronisations".into(),
        description: format!("{percent} % des synchronisations de 30 jours ont échoué."),
        actions: vec![
            "Regrouper les erreurs par cause",
            "Vérifier les heures des tâches",
            "Vérifier l'autorisation Gazelle",
        ],
        ..monthly(
            "preventive_sync_optimization",
            today,
            json!({"runs": syncs.runs, "failures": syncs.failures}),
        )
    })
}

fn log_cleanup(old_logs: u64, today: Date) -> Option<Recommendation> {
    (old_logs > 0).then(|| Recommendation {
        priority: "low",
        title: "Nettoyer les journaux".into(),
        description: format!("{old_logs} exécutions ont dépassé leur durée de conservation."),
        actions: vec![
            "Vérifier que « Nettoyage » réussit",
            "Vérifier les réglages retention.*",
            "Relancer « Nettoyage »",
        ],
        ..monthly("log_cleanup", today, json!({"rows": old_logs}))
    })
}

fn slower(duration: &MeanDuration, today: Date) -> Option<Recommendation> {
    let (recent, earlier) = (duration.recent_ms? / 1000.0, duration.earlier_ms? / 1000.0);
    let is_judged = duration.recent_runs.min(duration.earlier_runs) >= COMPARED_RUNS;
    // Half as long again of next to nothing is still next to nothing.
    let is_slower = recent > 1.5 * earlier && recent - earlier > 5.0;
    (is_judged && is_slower).then(|| Recommendation {
        subject: duration.name.clone(),
        priority: "medium",
        title: format!("Accélérer « {} »", duration.label),
        description: format!(
            "Durée moyenne: {recent:.0} s ces 4 semaines, {earlier:.0} s les 4 précédentes."
        ),
        actions: vec![
            "Comparer les volumes",
            "Regarder les temps de réponse dans le journal",
            "Vérifier la mémoire de la fonction",
        ],
        ..monthly(
            "performance_tuning",
            today,
            json!({
                "recent_seconds": recent.round(), "earlier_seconds": earlier.round(),
                "recent_runs": duration.recent_runs, "earlier_runs": duration.earlier_runs,
            }),
        )
    })
}

/// Reviews that come by date: 90 days after the last one, or after the installation.
fn reviews(inputs: &Inputs, today: Date) -> Vec<Recommendation> {
    [
        (
            "preventive_database_maintenance",
            "Entretenir la base de données",
            vec![
                "Vérifier la taille des tables",
                "Vérifier les index inutilisés",
                "Faire un essai de restauration",
            ],
        ),
        (
            "preventive_security_review",
            "Revoir les accès",
            vec!["Retirer les comptes inutiles", "Renouveler les clés", "Vérifier les rôles de chacun"],
        ),
    ]
    .into_iter()
    .filter_map(|(kind, title, actions)| {
        let last = *inputs.reviewed.get(kind).or(inputs.installed_at.as_ref())?;
        let due = clock::business_date(last + SignedDuration::from_hours(24 * REVIEW_DAYS));
        (today >= due.saturating_sub(REVIEW_NOTICE_DAYS.days())).then(|| Recommendation {
            kind,
            subject: String::new(),
            priority: "low",
            title: title.into(),
            description: format!("À faire tous les {REVIEW_DAYS} jours; prochaine échéance: {due}."),
            actions,
            evidence: json!({"last_review": clock::business_date(last).to_string()}),
            evidence_key: due.to_string(),
            period_days: 0,
            due_date: due,
        })
    })
    .collect()
}

/// What comes from figures that change every day: the same month is the same evidence.
fn monthly(kind: &'static str, today: Date, evidence: Value) -> Recommendation {
    Recommendation {
        kind,
        subject: String::new(),
        priority: "low",
        title: String::new(),
        description: String::new(),
        actions: Vec::new(),
        evidence,
        evidence_key: today.strftime("%Y-%m").to_string(),
        period_days: 30,
        due_date: today.saturating_add(14.days()),
    }
}

fn percent_beyond(part: u64, whole: u64, limit: f64) -> Option<u64> {
    let percent = 100.0 * part as f64 / whole.max(1) as f64;
    (percent > limit).then_some(percent.round() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Severity;

    const NOW: &str = "2026-04-15T12:00:00Z";

    fn kinds(findings: &[Finding], inputs: &Inputs) -> Vec<(&'static str, &'static str)> {
        let all = recommend(findings, inputs, NOW.parse().unwrap());
        all.iter().map(|recommended| (recommended.kind, recommended.priority)).collect()
    }

    fn finding(category: Category, subject: &str) -> Finding {
        Finding::new(category, "any", subject, Severity::Medium, json!({}))
    }

    #[test]
    fn nothing_wrong_and_nothing_due_recommends_nothing() {
        let fresh =
            Inputs { installed_at: Some("2026-04-01T00:00:00Z".parse().unwrap()), ..Inputs::default() };
        assert!(kinds(&[], &fresh).is_empty());
        assert!(kinds(&[], &Inputs::default()).is_empty());
    }

    #[test]
    fn anomalies_are_evidence_and_the_same_ones_are_the_same_evidence() {
        let found = |subjects: &[&str]| -> Vec<Finding> {
            subjects.iter().map(|subject| finding(Category::Auth, subject)).collect()
        };
        assert_eq!(kinds(&found(&["a", "b"]), &Inputs::default()), [("auth_security", "medium")]);
        assert_eq!(kinds(&found(&["a", "b", "c"]), &Inputs::default()), [("auth_security", "high")]);
        let key = |subjects: &[&str]| {
            recommend(&found(subjects), &Inputs::default(), NOW.parse().unwrap())[0].evidence_key.clone()
        };
        assert_eq!(key(&["a", "b"]), key(&["b", "a"]));
        assert_ne!(key(&["a", "b"]), key(&["a", "c"]));
        let both = [finding(Category::Cash, "a"), finding(Category::Sync, "b")];
        assert_eq!(
            kinds(&both, &Inputs::default()),
            [("cash_control", "high"), ("sync_monitoring", "medium")]
        );
    }

    #[test]
    fn shares_count_beyond_their_limits() {
        let cash = |gaps, sessions| Inputs { cash: CashShare { sessions, gaps }, ..Inputs::default() };
        assert!(kinds(&[], &cash(1, 10)).is_empty());
        assert_eq!(kinds(&[], &cash(2, 10)), [("preventive_cash_training", "high")]);
        let syncs = |failures, runs| Inputs { syncs: SyncShare { runs, failures }, ..Inputs::default() };
        assert!(kinds(&[], &syncs(1, 20)).is_empty());
        assert_eq!(kinds(&[], &syncs(2, 20)), [("preventive_sync_optimization", "medium")]);
        assert_eq!(kinds(&[], &Inputs { old_logs: 1, ..Inputs::default() }), [("log_cleanup", "low")]);
    }

    #[test]
    fn a_task_is_slower_when_half_as_long_again_and_seconds_longer() {
        let mean = |recent_ms, earlier_ms, runs| Inputs {
            durations: vec![MeanDuration {
                name: "backup".into(),
                label: "Backup SQL".into(),
                recent_runs: runs,
                recent_ms: Some(recent_ms),
                earlier_runs: runs,
                earlier_ms: Some(earlier_ms),
            }],
            ..Inputs::default()
        };
        assert_eq!(kinds(&[], &mean(31_000.0, 20_000.0, 28)), [("performance_tuning", "medium")]);
        assert!(kinds(&[], &mean(30_000.0, 20_000.0, 28)).is_empty());
        assert!(kinds(&[], &mean(900.0, 300.0, 28)).is_empty());
        assert!(kinds(&[], &mean(31_000.0, 20_000.0, 4)).is_empty());
    }

    #[test]
    fn reviews_come_two_weeks_before_their_date_and_90_days_after_the_last() {
        let reviewed = |at: &str| Inputs {
            installed_at: Some("2020-01-01T00:00:00Z".parse().unwrap()),
            reviewed: ["preventive_database_maintenance", "preventive_security_review"]
                .into_iter()
                .map(|kind| (kind.to_owned(), at.parse().unwrap()))
                .collect(),
            ..Inputs::default()
        };
        assert!(kinds(&[], &reviewed("2026-01-30T12:00:00Z")).is_empty());
        assert_eq!(kinds(&[], &reviewed("2026-01-29T12:00:00Z")).len(), 2);
        let new = Inputs { installed_at: Some("2026-01-20T12:00:00Z".parse().unwrap()), ..Inputs::default() };
        let all = recommend(&[], &new, NOW.parse().unwrap());
        assert_eq!(all[0].due_date.to_string(), "2026-04-20");
        assert_eq!(all[0].evidence_key, "2026-04-20");
    }
}

//! Messages about anomalies: what, since when, what to do. Counts and tasks; no amounts and no people.

use jiff::Timestamp;
use serde_json::Value;

use super::{Language, Message, local_time, shown};
use crate::notify::figures::severity_name;

/// One sentence about an anomaly, from what its notice holds: `anomaly_type`, `subject`, `count` and so on.
pub fn anomaly_sentence(notice: &Value, language: Language) -> String {
    let number = |field: &str| notice[field].as_f64().unwrap_or_default();
    let (count, hours, days, percent) = (number("count"), number("hours"), number("days"), number("percent"));
    let (total, usual) = (number("total"), number("usual"));
    let is_french = language == Language::Fr;
    match notice["anomaly_type"].as_str().unwrap_or_default() {
        "sync_failure" if is_french => format!("{count} échecs en {hours} h."),
        "sync_failure" => format!("{count} failures in {hours} h."),
        "consecutive_failures" if is_french => format!("{count} échecs de suite, sans aucun succès."),
        "consecutive_failures" => format!("{count} failures in a row, without a success."),
        "stuck_task" if is_french => format!("En cours depuis plus de {hours} h."),
        "stuck_task" => format!("Running for more than {hours} h."),
        "cash_variance" => language
            .own("Écart de caisse à la clôture.", "The cash counted differs from what should be there."),
        "cash_variance_repeated" if is_french => {
            let of =
                if notice["of"] == "register" { "à la même caisse" } else { "pour le même opérateur" };
            format!("{count} sessions en écart en {days} jours, {of}.")
        }
        "cash_variance_repeated" => {
            let of = if notice["of"] == "register" { "at one register" } else { "of one operator" };
            format!("{count} sessions with a gap in {days} days, {of}.")
        }
        "auth_failure" => sign_ins(notice, language),
        "auth_attack" => attack(notice, language),
        "ai_error_rate" if is_french => format!("{count} appels sur {total} ont échoué ({percent} %)."),
        "ai_error_rate" => format!("{count} of {total} calls failed ({percent} %)."),
        "ai_confidence" if is_french => format!("Confiance moyenne: {percent} %."),
        "ai_confidence" => format!("Mean confidence: {percent} %."),
        "stale_collection" if is_french => {
            format!("Pas relu jusqu'au bout depuis {hours} h, malgré une synchronisation.")
        }
        "stale_collection" => format!("Not read to the end for {hours} h, in spite of a sync."),
        "row_count_drop" if is_french => {
            format!("{count} fiches au lieu de {usual} d'habitude (−{percent} %).")
        }
        "row_count_drop" => format!("{count} rows instead of the usual {usual} (−{percent} %)."),
        "orphan_rows" if is_french => format!("{count} fiches sur {total} renvoient à une fiche absente."),
        "orphan_rows" => format!("{count} of {total} rows point to a row that is not there."),
        "humidity_backlog" if is_french => match count {
            1.0 => format!("Une alerte d'humidité est ouverte depuis plus de {days} jours."),
            _ => format!("{count} alertes d'humidité sont ouvertes depuis plus de {days} jours."),
        },
        "humidity_backlog" => format!("{count} humidity alert(s) open for more than {days} days."),
        "unusual_duration" | "unusual_volume" => unusual(notice, language),
        "detection_error" => language.own(
            "Ce détecteur n'a pas pu lire ses données; ses anomalies restent comme elles étaient.",
            "This detector could not read its data; its anomalies stay as they were.",
        ),
        other => shown(other, 40),
    }
}

fn sign_ins(notice: &Value, language: Language) -> String {
    let number = |field: &str| notice[field].as_u64().unwrap_or_default();
    let (count, attempts, hours) = (number("count"), number("attempts"), number("hours"));
    match language {
        Language::Fr => format!(
            "{count} connexions refusées sur {attempts} tentatives en {hours} h, même compte et même adresse."
        ),
        Language::En => {
            format!("{count} of {attempts} sign-ins refused in {hours} h, one account from one address.")
        }
    }
}

fn attack(notice: &Value, language: Language) -> String {
    let number = |field: &str| notice[field].as_u64().unwrap_or_default();
    let (count, addresses, hours) = (number("count"), number("addresses"), number("hours"));
    match language {
        Language::Fr => {
            format!("{count} connexions refusées en {hours} h, depuis {addresses} adresses différentes.")
        }
        Language::En => format!("{count} sign-ins refused in {hours} h, from {addresses} addresses."),
    }
}

fn unusual(notice: &Value, language: Language) -> String {
    const DAYS: [(&str, &str); 7] = [
        ("lundi", "Monday"),
        ("mardi", "Tuesday"),
        ("mercredi", "Wednesday"),
        ("jeudi", "Thursday"),
        ("vendredi", "Friday"),
        ("samedi", "Saturday"),
        ("dimanche", "Sunday"),
    ];
    let number = |field: &str| notice[field].as_f64().unwrap_or_default().max(0.0) as u64;
    let (value, usual) = (number("value"), number("usual"));
    let day = DAYS.get(number("weekday").saturating_sub(1) as usize).copied().unwrap_or_default();
    let is_duration = notice["anomaly_type"] == "unusual_duration";
    let rows = |count: u64| match (language, count) {
        (Language::Fr, 0 | 1) => format!("{count} ligne"),
        (Language::Fr, _) => format!("{count} lignes"),
        (Language::En, 1) => "1 row".to_owned(),
        (Language::En, _) => format!("{count} rows"),
    };
    match (language, is_duration) {
        (Language::Fr, true) => {
            format!(
                "A duré {}; un {} habituel: {}.",
                lasting(value, language),
                day.0,
                lasting(usual, language)
            )
        }
        (Language::Fr, false) => format!("{}; un {} habituel: {}.", rows(value), day.0, rows(usual)),
        (Language::En, true) => {
            format!("Took {}; a usual {}: {}.", lasting(value, language), day.1, lasting(usual, language))
        }
        (Language::En, false) => format!("{}; a usual {}: {}.", rows(value), day.1, rows(usual)),
    }
}

/// `45 s`, `12 min`, `3 h 30 min`, `2 j 4 h`.
fn lasting(seconds: u64, language: Language) -> String {
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, minutes) => format!("{minutes} min"),
        (0, hours, 0) => format!("{hours} h"),
        (0, hours, minutes) => format!("{hours} h {minutes} min"),
        (days, hours, _) => format!("{days} {} {hours} h", language.pick("j", "d")),
    }
}

/// The message about an anomaly that was found, or is over.
pub(super) fn anomaly(event_type: &str, data: &Value, language: Language) -> Message {
    let is_over = event_type == "anomaly.resolved";
    let icon = match (is_over, data["anomaly_severity"].as_str()) {
        (true, _) => "✅",
        (_, Some("critical")) => "🚨",
        (_, Some("high")) => "❌",
        _ => "⚠️",
    };
    let kind = data["anomaly_type"].as_str().unwrap_or_default();
    let mut title = format!("{icon} {}", name(kind, language));
    let subject = subject(data["subject"].as_str().unwrap_or_default(), language);
    if !subject.is_empty() {
        title = format!("{title} — {subject}");
    }
    if is_over {
        title.push_str(language.pick(": c'est terminé", ": it is over"));
    }
    let since = data["since"].as_str().unwrap_or_default();
    let mut facts = vec![
        ("Site".to_owned(), shown(data["site"].as_str().unwrap_or_default(), 100)),
        (language.own("Gravité", "Severity"), severity(data, language)),
        (language.own("Depuis", "Since"), local_time(since)),
    ];
    if let Some(over) = data["resolved_at"].as_str().filter(|_| is_over) {
        facts.push((language.own("Terminé", "Over"), local_time(over)));
        facts.push((language.own("A duré", "Lasted"), elapsed(since, over, language)));
    }
    facts.retain(|(_, value)| !value.is_empty());
    Message {
        title,
        intro: if is_over { Vec::new() } else { vec![anomaly_sentence(data, language)] },
        facts,
        advice: if is_over { over_advice(language) } else { advice(kind, language) },
        ..Message::default()
    }
}

fn elapsed(since: &str, over: &str, language: Language) -> String {
    let (Ok(since), Ok(over)) = (since.parse::<Timestamp>(), over.parse::<Timestamp>()) else {
        return String::new();
    };
    lasting(u64::try_from(over.as_second() - since.as_second()).unwrap_or_default(), language)
}

fn name(kind: &str, language: Language) -> String {
    let (fr, en) = match kind {
        "sync_failure" => ("Échecs répétés", "Repeated failures"),
        "consecutive_failures" => ("Échecs de suite", "Failures in a row"),
        "stuck_task" => ("Exécution bloquée", "Run is stuck"),
        "cash_variance" => ("Écart de caisse", "Cash gap"),
        "cash_variance_repeated" => ("Écarts de caisse répétés", "Repeated cash gaps"),
        "auth_failure" => ("Connexions refusées", "Sign-ins refused"),
        "auth_attack" => ("Quelqu'un essaie de se connecter", "Somebody tries to get in"),
        "ai_error_rate" => ("Erreurs du modèle de langage", "Errors of the language model"),
        "ai_confidence" => ("Modèle de langage incertain", "Language model unsure"),
        "stale_collection" => ("Données pas à jour", "Data out of date"),
        "row_count_drop" => ("Baisse du nombre de fiches", "Fewer rows than usual"),
        "orphan_rows" => ("Fiches orphelines", "Orphan rows"),
        "humidity_backlog" => ("Alertes d'humidité en attente", "Humidity alerts left open"),
        "unusual_duration" => ("Durée inhabituelle", "Unusual duration"),
        "unusual_volume" => ("Volume inhabituel", "Unusual volume"),
        "detection_error" => ("Détection en panne", "Detection is blind"),
        other => return shown(other, 40),
    };
    language.own(fr, en)
}

/// A task or a place as it is; a collection, a relation or a detector by its name for people.
fn subject(subject: &str, language: Language) -> String {
    let (fr, en) = match subject {
        "users" => ("utilisateurs", "users"),
        "clients" => ("clients", "clients"),
        "contacts" => ("contacts", "contacts"),
        "pianos" => ("pianos", "pianos"),
        "appointments" => ("rendez-vous", "appointments"),
        "timeline" => ("historique", "timeline"),
        "contacts.client" => ("contacts sans client", "contacts without client"),
        "pianos.client" => ("pianos sans client", "pianos without client"),
        "appointments.client" => ("rendez-vous sans client", "appointments without client"),
        "timeline.client" => ("historique sans client", "timeline without client"),
        "timeline.piano" => ("historique sans piano", "timeline without piano"),
        "sync" => ("tâches", "tasks"),
        "cash" => ("caisses", "cash registers"),
        "auth" => ("connexions", "sign-ins"),
        "ai" => ("modèle de langage", "language model"),
        "data" => ("miroir", "mirror"),
        "humidity" => ("humidité", "humidity"),
        "unusual" => ("durées et volumes", "durations and volumes"),
        "recommendations" => ("recommandations", "recommendations"),
        other => return shown(other, 80),
    };
    language.own(fr, en)
}

fn severity(data: &Value, language: Language) -> String {
    let severity = data["anomaly_severity"].as_str().unwrap_or_default();
    severity_name(severity, language).unwrap_or_default().to_owned()
}

fn over_advice(language: Language) -> String {
    language.own("Rien à faire: ce n'est plus constaté.", "Nothing to do: it is not seen any more.")
}

fn advice(kind: &str, language: Language) -> String {
    let (fr, en) = match kind {
        "sync_failure" | "consecutive_failures" => (
            "Ouvrir la dernière exécution en erreur et suivre le guide de son avis.",
            "Open the last failed run and follow the runbook of its notice.",
        ),
        "stuck_task" => (
            "Regarder où en est l'exécution; sans progrès, arrêter la fonction puis relancer la tâche.",
            "Look how far the run has come; without progress stop the function, then run the task again.",
        ),
        "cash_variance" | "cash_variance_repeated" => (
            "Les montants sont dans la console. Lire le commentaire de clôture, recompter, puis parler à l'opérateur.",
            "The amounts are in the console. Read the closing comment, count again, then talk to the operator.",
        ),
        "auth_failure" => (
            "Demander à la personne si c'était elle; sinon changer son mot de passe.",
            "Ask the person whether it was them; if not, change the password.",
        ),
        "auth_attack" => (
            "La console ralentit ces essais, et chacun se connecte encore de là où il s'est déjà connecté. Vérifier dans Supabase Auth que les mots de passe sont longs.",
            "The console slows these attempts down, and everybody still gets in from where they signed in before. Check in Supabase Auth that passwords are long.",
        ),
        "ai_error_rate" | "ai_confidence" => (
            "Les règles continuent sans le modèle. Vérifier sa clé et son quota.",
            "The rules go on without the model. Check its key and its quota.",
        ),
        "stale_collection" | "row_count_drop" | "orphan_rows" => (
            "Vérifier la dernière synchronisation et Gazelle, puis relancer « Sync Gazelle Totale ».",
            "Check the last sync and Gazelle, then run the sync again.",
        ),
        "humidity_backlog" => (
            "Fermer ou archiver les alertes réglées, planifier les autres.",
            "Resolve or archive the alerts that are settled, plan the others.",
        ),
        "detection_error" => (
            "Vérifier que toutes les migrations sont appliquées, puis relancer « Détection d'anomalies ».",
            "Check that all migrations are applied, then run the anomaly detection again.",
        ),
        _ => (
            "Comparer l'exécution avec les précédentes; une fois n'est pas une panne.",
            "Compare the run with those before it; once is no breakdown.",
        ),
    };
    language.own(fr, en)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_over_says_how_long_it_lasted() {
        let data = json!({"anomaly_type": "sync_failure", "subject": "Backup SQL",
                          "since": "2026-01-15T06:00:00Z", "resolved_at": "2026-01-15T09:30:00Z"});
        let message = anomaly("anomaly.resolved", &data, Language::Fr);
        assert_eq!(message.title, "✅ Échecs répétés — Backup SQL: c'est terminé");
        assert!(
            message.facts.contains(&("A duré".to_owned(), "3 h 30 min".to_owned())),
            "{:?}",
            message.facts
        );
        let days = json!({"since": "2026-01-15T06:00:00Z", "resolved_at": "2026-01-17T10:30:00Z"});
        assert_eq!(anomaly("anomaly.resolved", &days, Language::Fr).facts[2].1, "2 j 4 h");
        assert_eq!(anomaly("anomaly.resolved", &days, Language::En).facts[2].1, "2 d 4 h");
    }

    #[test]
    fn counts_are_written_without_a_point() {
        let data = json!({"anomaly_type": "ai_error_rate", "count": 6, "total": 20, "percent": 30.0});
        assert_eq!(anomaly_sentence(&data, Language::Fr), "6 appels sur 20 ont échoué (30 %).");
        assert_eq!(anomaly_sentence(&data, Language::En), "6 of 20 calls failed (30 %).");
    }
}

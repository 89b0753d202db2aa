//! Titles, reasons and advice, in French and English.

use super::Language;

pub(super) fn title(event_type: &str, kind: &str, language: Language) -> String {
    let pick = |fr, en| language.own(fr, en);
    match event_type {
        "sync.failed" => pick("❌ Erreur de synchronisation", "❌ Synchronisation failed"),
        "report.failed" => pick("❌ Erreur du rapport Timeline", "❌ Timeline report failed"),
        "sync.deletion_guard" => pick("⚠️ Suppression massive refusée", "⚠️ Mass deletion refused"),
        "sync.drift" => pick("⚠️ Gazelle a changé de forme", "⚠️ Gazelle changed its shape"),
        "sync.quarantine" => pick("⚠️ Fiches mises de côté", "⚠️ Rows set aside"),
        "event.refused" => pick("❌ Suite non déclenchée", "❌ Follow-up not started"),
        "supabase.down" => pick("🚨 Supabase ne répond pas", "🚨 Supabase does not answer"),
        "gazelle.authorization_expiring" if kind.is_empty() => {
            pick("⚠️ Autorisation Gazelle bientôt expirée", "⚠️ Gazelle authorization expires soon")
        }
        "gazelle.authorization_expiring" => {
            pick("🚨 Autorisation Gazelle refusée", "🚨 Gazelle authorization refused")
        }
        "backup.failed" => pick("❌ Sauvegarde non vérifiée", "❌ Backup not verified"),
        "backup.warning" => pick("⚠️ Sauvegarde à vérifier", "⚠️ Backup needs a look"),
        "rv.failed" => pick("❌ Alertes de rendez-vous", "❌ Appointment alerts"),
        "humidity.failed" => pick("❌ Alertes d'humidité non générées", "❌ Humidity alerts not made"),
        "maintenance.failed" => pick("❌ Alertes d'entretien non générées", "❌ Maintenance alerts not made"),
        "availability.failed" => pick("❌ Surveillance interrompue", "❌ Monitoring interrupted"),
        "cleanup.failed" => pick("❌ Nettoyage interrompu", "❌ Cleanup interrupted"),
        "report.weekly" => pick("📊 Rapport hebdomadaire", "📊 Weekly report"),
        "report.weekly_failed" => pick("❌ Rapport hebdomadaire non produit", "❌ Weekly report not made"),
        "anomaly.failed" => pick("❌ Anomalies non recherchées", "❌ Anomalies not looked for"),
        other => other.to_owned(),
    }
}

/// The reason in words; an unknown kind stays as it is.
pub(super) fn explanation(kind: &str, language: Language) -> String {
    let status =
        kind.strip_prefix("http_").filter(|status| status.bytes().all(|digit| digit.is_ascii_digit()));
    match status {
        Some(status) => format!("{} {status}", language.pick("réponse HTTP", "HTTP answer")),
        None => known(kind, language).unwrap_or_else(|| kind.to_owned()),
    }
}

/// Whether an error kind has words of its own.
pub(super) fn is_known(kind: Option<&str>) -> bool {
    kind.is_some_and(|kind| known(kind, Language::Fr).is_some())
}

fn known(kind: &str, language: Language) -> Option<String> {
    let (fr, en) = match kind {
        "gazelle_unavailable" => ("Gazelle ne répond pas", "Gazelle does not answer"),
        "gazelle_refused" => ("Gazelle a refusé la requête", "Gazelle refused the request"),
        "gazelle_authorization" => ("Gazelle refuse notre autorisation", "Gazelle refuses our authorization"),
        "gazelle_malformed" | "incomplete_read" => {
            ("la lecture de Gazelle est incomplète", "the reading of Gazelle is incomplete")
        }
        "supabase_unavailable" => ("Supabase ne répond pas", "Supabase does not answer"),
        "supabase_refused" => ("Supabase a refusé la requête", "Supabase refused the request"),
        "google_unavailable" => ("Google Sheets ne répond pas", "Google Sheets does not answer"),
        "google_refused" => ("Google Sheets a refusé la requête", "Google Sheets refused the request"),
        "no_connection" => ("pas de connexion", "no connection"),
        "timeout" => ("pas de réponse à temps", "no answer in time"),
        "cut" => ("connexion coupée", "connection cut"),
        "malformed" | "unexpected_body" => ("réponse inattendue", "unexpected answer"),
        "refused" => ("requête refusée", "request refused"),
        "not_public" => ("l'adresse n'est pas publique", "the address is not public"),
        "redirect" => {
            ("redirige ailleurs, ce qui n'est pas attendu", "redirects elsewhere, which is not expected")
        }
        "dns" => ("nom d'hôte introuvable", "host name not found"),
        "connection_refused" => ("connexion refusée", "connection refused"),
        "unreachable" => ("hôte injoignable", "host unreachable"),
        "certificate_untrusted" => ("certificat non reconnu", "certificate not trusted"),
        "certificate_expired" => ("certificat expiré", "certificate expired"),
        "certificate_name" => ("certificat d'un autre nom", "certificate of another name"),
        "certificate_ends" => ("certificat bientôt expiré", "certificate about to expire"),
        "tls" => ("échec de la connexion chiffrée", "the encrypted connection failed"),
        "slow" => ("réponse trop lente", "answer too slow"),
        "not_an_address" => ("l'adresse n'en est pas une", "the address is none"),
        "credits_exceeded" => ("crédits d'envoi épuisés", "sending credits used up"),
        "refused_for_now" => ("refusé pour l'instant", "refused for now"),
        "not_the_vendor" => (
            "réponse d'un intermédiaire, pas du service",
            "answered by something in between, not by the service",
        ),
        "rate_limited" => ("trop de messages à la fois", "too many messages at once"),
        "service_error" => ("panne du service", "the service is out of order"),
        "chat_not_found" => ("la conversation n'existe pas", "the chat does not exist"),
        "configuration" => ("configuration incomplète", "incomplete configuration"),
        "deadline_exceeded" => ("temps limite dépassé", "time limit reached"),
        "lost" => ("le processus a disparu", "the process disappeared"),
        "panic" => ("erreur interne", "internal error"),
        "backup_source_missing" => {
            ("la base à sauvegarder est introuvable", "the database to copy is missing")
        }
        "backup_store_refused" => ("le dépôt refuse l'accès", "the store refuses access"),
        "backup_store_unavailable" => ("le dépôt ne répond pas", "the store does not answer"),
        "backup_store_full" => ("le dépôt est plein", "the store is full"),
        "backup_corrupt" => {
            ("la copie relue n'est pas celle écrite", "the copy read back is not the one written")
        }
        "backup_unproven" => {
            ("rien ne prouve que la copie vienne de nous", "nothing proves that the copy is ours")
        }
        "backup_inconclusive" => ("la copie n'a pas pu être relue", "the copy could not be read back"),
        "sqlite_damaged" => ("la base SQLite est endommagée", "the SQLite database is damaged"),
        "sqlite_busy" => ("la base SQLite est restée verrouillée", "the SQLite database stayed locked"),
        "sqlite_unchecked" => (
            "le fichier SQLite est copié, mais tout n'a pas pu être vérifié ou n'est pas en ordre",
            "the SQLite file is copied, but not all of it could be checked or is in order",
        ),
        "backup_reduced" => (
            "la base contient beaucoup moins que les bonnes copies",
            "the database holds much less than the good copies",
        ),
        "no_copy" => ("aucune copie vérifiée", "no verified copy"),
        "drill_mismatch" => {
            ("la copie restaurée diffère de son manifeste", "the restored copy differs from its manifest")
        }
        _ => return None,
    };
    Some(language.own(fr, en))
}

pub(super) fn advice(event_type: &str, kind: &str, language: Language) -> String {
    let (fr, en) = match (event_type, kind) {
        (_, "configuration") => (
            "Compléter les réglages nommés dans le journal, puis relancer la tâche.",
            "Complete the settings named in the log, then run the task again.",
        ),
        ("sync.failed", _) => (
            "Le rapport n'est pas généré: les données d'hier restent en place. AWS réessaie deux fois; ensuite, relancer « Sync Gazelle Totale ».",
            "The report is not made: yesterday's data stay. AWS tries twice more; after that, run the sync again.",
        ),
        ("report.failed", _) => (
            "La synchronisation a réussi; la feuille garde son contenu précédent. Relancer « Rapport Timeline ».",
            "The sync succeeded; the sheet keeps its previous content. Run the timeline report again.",
        ),
        ("sync.deletion_guard", _) => (
            "Rien n'a été supprimé. Vérifier dans Gazelle; si les suppressions sont voulues, voir le guide.",
            "Nothing was deleted. Check in Gazelle; if the deletions are meant, see the runbook.",
        ),
        ("sync.drift", _) => (
            "Les données sont conservées; prévenir la personne qui maintient Gazelle Tasks.",
            "The data are kept; tell whoever maintains Gazelle Tasks.",
        ),
        ("sync.quarantine", _) => (
            "Le reste est à jour. Corriger les fiches nommées dans Gazelle, ou les examiner dans la console.",
            "All else is up to date. Correct the named rows in Gazelle, or examine them in the console.",
        ),
        ("event.refused", _) => (
            "La suite partira dès qu'EventBridge répond; sinon relancer la tâche qui manque.",
            "The follow-up starts as soon as EventBridge answers; else run the missing task.",
        ),
        ("supabase.down", _) => (
            "Vérifier l'état du projet Supabase, puis relancer la tâche.",
            "Check the state of the Supabase project, then run the task again.",
        ),
        ("gazelle.authorization_expiring", _) => (
            "Autoriser de nouveau: cargo xtask gazelle authorize.",
            "Authorize again: cargo xtask gazelle authorize.",
        ),
        ("backup.failed", _) => (
            "Aucune copie plus ancienne n'a été supprimée. Corriger la cause, puis relancer « Backup SQL ».",
            "No older copy was deleted. Correct the cause, then run the backup again.",
        ),
        ("backup.warning", "backup_reduced") => (
            "Les bonnes copies restent toutes; celle-ci est gardée à côté. Un accident: restaurer. Voulu: l'accepter à la page Sauvegardes.",
            "All good copies stay; this one is kept beside them. An accident: restore. Meant: accept it on the page Backups.",
        ),
        ("backup.warning", _) => (
            "La copie est faite et compte comme bonne. Ce n'est dit qu'une fois; voir le guide.",
            "The copy is made and counts as a good one. This is said once; see the runbook.",
        ),
        ("rv.failed", _) => (
            "Si des alertes sont parties, elles disent de quand datent leurs données. Vérifier Gazelle, puis relancer « Sync RV & Alertes »: rien n'est envoyé deux fois.",
            "Alerts that went out say how old their data are. Check Gazelle, then run the task again: nothing is sent twice.",
        ),
        ("humidity.failed", _) => (
            "Relancer « Alertes Humidité »: rien n'est annoncé deux fois.",
            "Run the humidity alerts again: nothing is told twice.",
        ),
        ("availability.failed" | "maintenance.failed" | "cleanup.failed" | "anomaly.failed", _) => (
            "La prochaine exécution reprend le travail; si l'erreur dure, voir le guide.",
            "The next run takes up the work; if the error lasts, see the runbook.",
        ),
        ("report.weekly", _) => (
            "Le détail de chaque exécution est dans la console.",
            "The details of each run are in the console.",
        ),
        ("report.weekly_failed", _) => (
            "Relancer « Rapport hebdomadaire »: une semaine n'est racontée qu'une fois.",
            "Run the weekly report again: a week is told only once.",
        ),
        _ => ("Voir le guide.", "See the runbook."),
    };
    language.pick(fr, en).to_owned()
}

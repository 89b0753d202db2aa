//! One notice of every kind, with data as the functions and the database make them: what a test finds queued is held
//! against them.

use serde_json::{Value, json};

type Map = serde_json::Map<String, Value>;

const RUN: &str = "e3d9a6c4-21b7-4f5d-8a0e-7c94b5f1d260";

/// One notice of every kind, with data as the functions and the database make them.
pub fn notices() -> Vec<(&'static str, &'static str, Value)> {
    let failure = |task: &str, kind: &str| json!({"task_label": task, "run_id": RUN, "error_kind": kind, "error": "detail", "since": "2026-01-15T06:00:03Z"});
    let humid = |kind: &str, value: Value, words: Value| {
        json!({"id": RUN, "alert_type": kind, "piano": "Steinway & Sons D #42", "client": "Place des Arts",
               "location": "Salle Wilfrid-Pelletier", "value": value, "words": words, "observed_at": "2026-01-14T15:00:00Z",
               "piano_id": "ins_local_000042", "client_id": "cli_local_000003", "timeline_entry_id": "tme_local_000004",
               "description": "x", "source": "x", "is_resolved": false, "resolved_at": null, "resolution_notes": null})
    };
    let anomaly = |kind: &str, severity: &str, said: Value| {
        let mut data = json!({"anomaly_type": kind, "anomaly_severity": severity, "since": "2026-01-15T13:00:03Z", "run_id": RUN});
        for (field, value) in said.as_object().into_iter().flatten() {
            data[field] = value.clone();
        }
        data
    };
    let over = |kind: &str, said: Value| {
        let mut data = anomaly(kind, "medium", said);
        if let Some(fields) = data.as_object_mut() {
            fields.retain(|name, _| !["anomaly_severity", "run_id"].contains(&name.as_str()));
        }
        data["resolved_at"] = "2026-01-15T17:30:03Z".into();
        data["until"] = "2026-01-15T17:30:03Z".into();
        data["duration_seconds"] = 16_200.into();
        data
    };
    let appointment = |time: &str, technician: &str| {
        json!({"time": time, "client": "Studio Hautbois", "place": "12 rue de l'Accord, Montréal", "piano": "Yamaha U1 #7",
               "phone": "514-555-0107", "notes": "Sonner à l'arrière", "technician": technician, "to": "nicolas"})
    };
    let unreached = |time: &str, technician: &str, reason: &str| {
        let mut row = appointment(time, technician);
        row["reason"] = reason.into();
        row["to"] = Value::Null;
        row
    };
    let own = |stale: Value| {
        json!({"run_id": RUN, "date": "2026-01-16", "first_name": "Nicolas", "data_as_of": stale,
               "appointments": [appointment("09:00", "Nick"), appointment("14:30", "Nick")]})
    };
    vec![
        ("sync.failed", "unavailable", failure("Sync Gazelle Totale", "gazelle_unavailable")),
        (
            "sync.failed",
            "lost",
            json!({"task_label": "Sync Gazelle Totale", "run_id": RUN, "error_kind": "lost", "since": "2026-01-15T06:00:03Z"}),
        ),
        (
            "sync.deletion_guard",
            "refused",
            json!({"task_label": "Sync Gazelle Totale", "run_id": RUN, "collection": "clients", "candidates": 400,
            "limit": 200, "live": 4000, "sample": ["cli_local_000001", "cli_local_000002"], "since": "2026-01-15T06:00:03Z"}),
        ),
        (
            "sync.drift",
            "new value",
            json!({"task_label": "Sync Gazelle Totale", "run_id": RUN, "sample": ["clients.status = BRAND_NEW"], "since": "2026-01-15T06:00:03Z"}),
        ),
        (
            "sync.quarantine",
            "one row",
            json!({"task_label": "Sync Gazelle Totale", "run_id": RUN, "rows": 1, "sample": ["timeline tme_local_000004"], "since": "2026-01-15T06:00:03Z"}),
        ),
        ("report.failed", "google", failure("Rapport Timeline", "google_unavailable")),
        (
            "event.refused",
            "refused",
            json!({"detail_type": "Gazelle Sync Succeeded", "run_id": RUN, "error": "ThrottlingException", "since": "2026-01-15T06:00:03Z"}),
        ),
        (
            "supabase.down",
            "down",
            json!({"task_label": "Sync Gazelle Totale", "since": "2026-01-15T06:00:03Z"}),
        ),
        (
            "gazelle.authorization_expiring",
            "soon",
            json!({"task_label": "Sync Gazelle Totale", "run_id": RUN, "since": "2026-01-15T06:00:03Z"}),
        ),
        (
            "gazelle.authorization_expiring",
            "refused",
            failure("Sync Gazelle Totale", "gazelle_authorization"),
        ),
        ("backup.failed", "corrupt", failure("Backup SQL", "backup_corrupt")),
        ("backup.failed", "drill", failure("Essai de restauration", "drill_mismatch")),
        (
            "backup.warning",
            "reduced",
            json!({"task_label": "Backup SQL", "run_id": RUN, "error_kind": "backup_reduced", "sample": ["gazelle_clients: 0 lignes au lieu de 4012"], "since": "2026-01-15T08:00:03Z"}),
        ),
        (
            "backup.warning",
            "unproven",
            json!({"task_label": "Backup SQL", "run_id": RUN, "error_kind": "backup_unproven", "sample": ["supabase/99991231T080000Z-abcd: sans la marque de BACKUP_AGE_KEY"], "since": "2026-01-15T08:00:03Z"}),
        ),
        (
            "backup.warning",
            "unchecked",
            json!({"task_label": "Backup SQL", "run_id": RUN, "error_kind": "sqlite_unchecked", "sample": ["notes: non vérifiable ici", "child: lignes orphelines"], "since": "2026-01-15T08:00:03Z"}),
        ),
        ("rv.unconfirmed", "two", own(Value::Null)),
        ("rv.unconfirmed", "stale", own(json!("2026-01-15T06:00:03Z"))),
        (
            "rv.unassigned",
            "one",
            json!({"run_id": RUN, "date": "2026-01-16", "first_name": null, "appointments": [unreached("09:00", "à attribuer", "unassigned")]}),
        ),
        (
            "rv.unassigned",
            "reasons",
            json!({"run_id": RUN, "date": "2026-01-16", "first_name": null, "total": 44, "part": 2, "parts": 2, "appointments": [
                unreached("09:00", "Louise", "not_technician"), unreached("10:00", "Margot", "no_address"),
                unreached("11:00", "René", "inactive"), unreached("13:00", "Zoé Roy", "not_in_staff")]}),
        ),
        (
            "rv.failed",
            "outage",
            json!({"task_label": "Sync RV & Alertes", "run_id": RUN, "error_kind": "gazelle_unavailable", "error": "x",
            "data_as_of": "2026-01-15T06:00:03Z", "since": "2026-01-15T21:00:03Z"}),
        ),
        ("rv.failed", "database", failure("Sync RV & Alertes", "supabase_unavailable")),
        (
            "humidity.alert",
            "too dry",
            json!({"run_id": RUN, "alerts": [humid("TROP_SEC", json!(28.5), Value::Null)]}),
        ),
        (
            "humidity.alert",
            "too humid",
            json!({"run_id": RUN, "alerts": [humid("TROP_HUMIDE", json!(72), Value::Null)]}),
        ),
        (
            "humidity.alert",
            "cover",
            json!({"run_id": RUN, "alerts": [humid("housse", Value::Null, json!("housse enlevée"))]}),
        ),
        (
            "humidity.alert",
            "digest",
            json!({"run_id": RUN, "count": 23, "alerts": [
            humid("alimentation", Value::Null, json!("débranché")), humid("reservoir", Value::Null, json!("réservoir vide")),
            humid("environnement", Value::Null, json!("trop sec"))]}),
        ),
        ("humidity.failed", "database", failure("Alertes Humidité", "supabase_unavailable")),
        (
            "maintenance.late",
            "one",
            json!({"run_id": RUN, "asset": "Yamaha U1 #7", "message": "Yamaha U1 #7: en retard de 5 jours (prévu le 2026-01-10)",
            "due_date": "2026-01-10", "days_count": 5, "location": "Studio 3", "since": "2026-01-15T06:00:03Z"}),
        ),
        (
            "maintenance.late",
            "many",
            json!({"run_id": RUN, "count": 30, "items": ["Yamaha U1 #7: en retard de 5 jours (prévu le 2026-01-10)"], "since": "2026-01-15T06:00:03Z"}),
        ),
        (
            "maintenance.urgent",
            "digest",
            json!({"run_id": RUN, "count": 1, "items": ["Yamaha U1 #7: entretien dans 3 jours (2026-01-18)"], "since": "2026-01-15T13:00:03Z"}),
        ),
        (
            "maintenance.asset_required",
            "digest",
            json!({"run_id": RUN, "count": 1, "items": ["Camion: demande un entretien: signalé"], "since": "2026-01-15T13:00:03Z"}),
        ),
        ("maintenance.failed", "database", failure("Génération des alertes", "supabase_refused")),
        ("cleanup.failed", "deadline", failure("Nettoyage", "deadline_exceeded")),
        ("report.weekly", "a week", week(json!("Essai de restauration"))),
        ("report.weekly", "cold start", cold_week()),
        ("report.weekly", "unreadable", json!({"run_id": RUN, "week": "2026-W03"})),
        ("report.weekly_failed", "database", failure("Rapport hebdomadaire", "supabase_unavailable")),
        ("anomaly.failed", "database", failure("Détection d'anomalies", "supabase_refused")),
        (
            "anomaly.sync",
            "repeated",
            anomaly(
                "sync_failure",
                "medium",
                json!({"subject": "Sync Gazelle Totale", "count": 3, "hours": 24}),
            ),
        ),
        (
            "anomaly.sync",
            "in a row",
            anomaly("consecutive_failures", "high", json!({"subject": "Backup SQL", "count": 3})),
        ),
        (
            "anomaly.sync",
            "stuck",
            anomaly("stuck_task", "high", json!({"subject": "Backup SQL", "hours": 3})),
        ),
        (
            "anomaly.cash",
            "one",
            anomaly("cash_variance", "high", json!({"subject": "Caisse 1", "site": "mtl"})),
        ),
        (
            "anomaly.cash",
            "repeated",
            anomaly(
                "cash_variance_repeated",
                "high",
                json!({"subject": null, "site": null, "of": "operator", "count": 3, "days": 7}),
            ),
        ),
        (
            "anomaly.auth",
            "refused",
            anomaly("auth_failure", "high", json!({"count": 10, "attempts": 12, "hours": 24})),
        ),
        (
            "anomaly.auth",
            "attack",
            anomaly("auth_attack", "high", json!({"count": 1000, "addresses": 50, "hours": 24})),
        ),
        (
            "anomaly.ai",
            "errors",
            anomaly(
                "ai_error_rate",
                "high",
                json!({"subject": "humidity", "count": 5, "total": 20, "percent": 25}),
            ),
        ),
        (
            "anomaly.data",
            "stale",
            anomaly("stale_collection", "high", json!({"subject": "clients", "hours": 27})),
        ),
        (
            "anomaly.data",
            "drop",
            anomaly(
                "row_count_drop",
                "high",
                json!({"subject": "pianos", "count": 700, "usual": 1000, "percent": 30}),
            ),
        ),
        (
            "anomaly.data",
            "orphans",
            anomaly("orphan_rows", "medium", json!({"subject": "pianos.client", "count": 60, "total": 1000})),
        ),
        ("anomaly.data", "humidity", anomaly("humidity_backlog", "medium", json!({"count": 4, "days": 14}))),
        (
            "anomaly.data",
            "duration",
            anomaly(
                "unusual_duration",
                "medium",
                json!({"subject": "Backup SQL", "weekday": 2, "value": 720, "usual": 180}),
            ),
        ),
        (
            "anomaly.data",
            "volume",
            anomaly(
                "unusual_volume",
                "medium",
                json!({"subject": "Rapport Timeline", "weekday": 7, "value": 0, "usual": 4000}),
            ),
        ),
        ("anomaly.detection", "blind", anomaly("detection_error", "critical", json!({"subject": "auth"}))),
        ("anomaly.resolved", "over", over("sync_failure", json!({"subject": "Sync Gazelle Totale"}))),
        (
            "anomaly.resolved",
            "sign-ins",
            over("auth_failure", json!({"count": 10, "attempts": 12, "hours": 24})),
        ),
        (
            "anomaly.resolved",
            "attack",
            over("auth_attack", json!({"count": 1000, "addresses": 51, "hours": 24})),
        ),
        (
            "anomaly.resolved",
            "gaps",
            over(
                "cash_variance_repeated",
                json!({"subject": null, "site": null, "of": "operator", "count": 3, "days": 7}),
            ),
        ),
        ("anomaly.resolved", "gap", over("cash_variance", json!({"subject": "Caisse 1", "site": "mtl"}))),
        ("availability.failed", "database", failure("Disponibilité", "supabase_refused")),
        (
            "availability.down",
            "down",
            incident(json!({"subject": "Gazelle", "state": "down", "error_kind": "http_500"})),
        ),
        (
            "availability.down",
            "unstable",
            incident(json!({"subject": "Gazelle", "state": "flapping", "error_kind": "timeout"})),
        ),
        (
            "availability.down",
            "certificate",
            incident(json!({"subject": "Site", "state": "down", "error_kind": "certificate_untrusted"})),
        ),
        (
            "availability.recovered",
            "over",
            incident(json!({"subject": "Gazelle", "state": "up", "error_kind": "http_500",
                            "until": "2026-01-15T06:25:03Z", "duration_seconds": 1500})),
        ),
        ("heartbeat.missed", "never", incident(json!({"subject": "Backup SQL"}))),
        (
            "heartbeat.missed",
            "late",
            incident(
                json!({"subject": "Backup SQL", "run_id": RUN, "last_success_at": "2026-01-14T08:00:03Z"}),
            ),
        ),
        (
            "heartbeat.recovered",
            "over",
            incident(
                json!({"subject": "Backup SQL", "until": "2026-01-16T08:00:03Z", "duration_seconds": 93_600}),
            ),
        ),
        (
            "run.slow",
            "late",
            incident(json!({"subject": "Backup SQL", "run_id": RUN, "duration_seconds": 790})),
        ),
        (
            "run.recovered",
            "over",
            incident(
                json!({"subject": "Backup SQL", "run_id": RUN, "until": "2026-01-16T08:00:03Z", "duration_seconds": 93_600}),
            ),
        ),
        (
            "alarm.raised",
            "errors",
            incident(json!({
            "subject": "gazelle-tasks-sync-gazelle-errors", "reason": "Threshold Crossed: 1 datapoint [1.0]",
            "alarm_url": "https://ca-central-1.console.aws.amazon.com/cloudwatch/home?region=ca-central-1#alarmsV2:alarm/gazelle-tasks-sync-gazelle-errors"})),
        ),
        (
            "alarm.recovered",
            "over",
            incident(json!({
            "subject": "gazelle-tasks-sync-gazelle-errors", "reason": "Threshold Crossed: no datapoints",
            "alarm_url": "https://ca-central-1.console.aws.amazon.com/cloudwatch/home?region=ca-central-1#alarmsV2:alarm/gazelle-tasks-sync-gazelle-errors",
            "until": "2026-01-15T06:10:03Z", "duration_seconds": 600})),
        ),
        (
            "channel.disabled",
            "webhook",
            json!({"channel": "slack", "recipient": "louise", "recipient_name": "Louise", "reason": "http_404",
                   "since": "2026-01-15T06:00:03Z"}),
        ),
        (
            "channel.disabled",
            "all",
            json!({"channel": "email", "recipient": null, "recipient_name": null, "reason": "http_403",
                   "since": "2026-01-15T06:00:03Z"}),
        ),
        ("channel.silent", "silent", incident(json!({"subject": "Slack", "channel": "slack"}))),
        (
            "channel.silent",
            "credits",
            incident(json!({"subject": "Email", "channel": "email", "error_kind": "credits_exceeded"})),
        ),
        (
            "channel.recovered",
            "over",
            incident(json!({"subject": "Slack", "channel": "slack", "until": "2026-01-15T08:00:03Z",
                            "duration_seconds": 7200})),
        ),
        ("system.test", "test", json!({"since": "2026-01-15T06:00:03Z"})),
    ]
}

/// Asserts that deliveries, as functions queued them, have the form of a sample each.
///
/// # Panics
/// At one that no message was ever looked at for.
pub fn assert_like_samples(deliveries: &[Value]) {
    let samples = notices();
    for delivery in deliveries {
        let kind = &delivery["event_type"];
        let sampled = samples.iter().filter(|(event_type, ..)| kind == event_type);
        let sampled = sampled.flat_map(|(.., sample)| parts(sample));
        // A run that was lost, or never started, has no error of its own.
        let sampled: Vec<Value> = sampled
            .flat_map(|sample| {
                let mut lost = sample.clone();
                if let Some(fields) = lost.as_object_mut() {
                    fields.remove("error");
                }
                [sample, lost]
            })
            .collect();
        for part in parts(&delivery["data"]) {
            let is_sampled = sampled.iter().any(|sample| is_like(sample, &part));
            assert!(is_sampled, "{kind} is queued in a form that no sample has: {part}");
        }
    }
}

/// The data; of the weekly letter each figure for itself.
fn parts(data: &Value) -> Vec<Value> {
    let mut frame = data.clone();
    let mut parts = Vec::new();
    for group in frame["groups"].as_array_mut().into_iter().flatten() {
        for mut figure in group["figures"].take().as_array().cloned().unwrap_or_default() {
            figure["topic"] = group["topic"].clone();
            parts.push(figure);
        }
    }
    if !parts.is_empty() {
        frame["groups"] = Value::Null;
    }
    parts.push(frame);
    parts
}

/// Whether data have the fields of a sample, of the same kinds. Nothing is like everything, and may be left out.
fn is_like(sample: &Value, data: &Value) -> bool {
    match (sample, data) {
        (Value::Null, _) | (_, Value::Null) => true,
        (Value::Object(sample), Value::Object(data)) => {
            // Figures of the weekly letter are distinguished by their names.
            let is_same = |name| sample.get(name) == data.get(name);
            let has_all = |one: &Map, other: &Map| {
                one.iter().all(|(name, value)| value.is_null() || other.contains_key(name))
            };
            is_same("measure")
                && is_same("topic")
                && has_all(sample, data)
                && has_all(data, sample)
                && data
                    .iter()
                    .all(|(name, value)| sample.get(name).is_none_or(|sample| is_like(sample, value)))
        }
        (Value::Array(sample), Value::Array(data)) => {
            data.iter().all(|item| sample.iter().any(|sample| is_like(sample, item)))
        }
        _ => std::mem::discriminant(sample) == std::mem::discriminant(data),
    }
}

/// What monitoring found, since one in the morning.
fn incident(said: Value) -> Value {
    let mut data = json!({"since": "2026-01-15T06:00:03Z", "incident_id": RUN});
    for (field, value) in said.as_object().into_iter().flatten() {
        data[field] = value.clone();
    }
    data
}

/// A week with problems, and a task of the predecessor among its tasks.
fn week(slowest: Value) -> Value {
    json!({"run_id": RUN, "week": "2026-W03", "from": "2026-01-12", "until": "2026-01-18", "groups": [
        {"topic": "runs", "figures": [
            {"measure": "success_share", "value": 0.9876, "before": 0.99, "unit": "share", "bar": 0.9876},
            {"measure": "runs", "value": 2345, "before": 2346, "unit": "count"},
            {"measure": "warnings", "value": 2, "before": 0, "unit": "count"},
            {"measure": "errors", "value": 29, "before": 23, "unit": "count"},
            {"measure": "slowest", "name": slowest, "value": 312.4, "before": 250, "unit": "seconds",
             "notes": [["median", 3.2, "seconds"]]},
            {"measure": "longest_failing", "name": "Sync Gazelle Totale", "value": 93780, "before": null, "unit": "seconds",
             "notes": [["errors", 2, "count"]]}]},
        {"topic": "tasks", "figures": [
            {"measure": "task", "name": "Sync Gazelle Totale", "value": 0.714, "before": 1, "unit": "share", "bar": 0.714,
             "notes": [["runs", 7, "count"], ["errors", 2, "count"], ["duration", 41.5, "seconds"]]},
            {"measure": "task", "name": "Détection d'anomalies", "value": null, "before": null, "unit": "share",
             "notes": [["runs", 0, "count"]]}]},
        {"topic": "synced", "figures": [
            {"measure": "rows", "value": 765, "before": 0, "unit": "count"},
            {"measure": "collection", "name": "clients", "value": 735, "before": 0, "unit": "count", "bar": 1,
             "notes": [["inserted", 21, "count"], ["updated", 14, "count"]]},
            {"measure": "collection", "name": "pianos", "value": 30, "before": 0, "unit": "count", "bar": 0.041}]},
        {"topic": "activity", "figures": [
            {"measure": "appointments", "value": 61, "before": 58, "unit": "count"},
            {"measure": "pianos", "value": 64, "before": 60, "unit": "count"}]},
        {"topic": "alerts", "figures": [
            {"measure": "humidity_opened", "value": 3, "before": 1, "unit": "count"},
            {"measure": "humidity_closed", "value": 2, "before": 1, "unit": "count"},
            {"measure": "maintenance_opened", "value": 4, "before": 0, "unit": "count"},
            {"measure": "maintenance_closed", "value": 1, "before": 2, "unit": "count"}]},
        {"topic": "availability", "figures": [
            {"measure": "incidents", "value": 3, "before": 0, "unit": "count"},
            {"measure": "outages", "value": 2, "before": 0, "unit": "count"},
            {"measure": "down_time", "value": 3900, "before": 0, "unit": "seconds"}]},
        {"topic": "anomalies", "figures": [
            {"measure": "anomalies_opened", "value": 2, "before": 1, "unit": "count"},
            {"measure": "anomalies_resolved", "value": 1, "before": 1, "unit": "count"},
            {"measure": "severity_opened", "name": "high", "value": 2, "before": 1, "unit": "count",
             "notes": [["resolved", 1, "count"]]}]},
        {"topic": "notifications", "figures": [
            {"measure": "sent", "value": 42, "before": 38, "unit": "count"},
            {"measure": "channel", "name": "email", "value": 41, "before": 38, "unit": "count", "bar": 0.98,
             "notes": [["failed", 1, "count"]]},
            {"measure": "channel", "name": "slack", "value": 1, "before": 0, "unit": "count", "bar": 1}]},
        {"topic": "people", "figures": [
            {"measure": "users_active", "value": 3, "before": 2, "unit": "count"},
            {"measure": "users_total", "value": 4, "before": 4, "unit": "count"}]},
        {"topic": "cash", "figures": [
            {"measure": "cash_sales", "value": 123450, "before": 100000, "unit": "cents"},
            {"measure": "cash_sessions", "value": 6, "before": 5, "unit": "count"},
            {"measure": "cash_items", "value": 31, "before": 25, "unit": "count"},
            {"measure": "cash_average", "value": 20575, "before": 20000, "unit": "cents"}]},
        {"topic": "ai", "figures": [
            {"measure": "ai_calls", "value": 12, "before": 10, "unit": "count"},
            {"measure": "ai_error_share", "value": 0.25, "before": 0, "unit": "share"},
            {"measure": "ai_confidence", "value": 0.91, "before": 0.93, "unit": "share"}]},
        {"topic": "backups", "figures": [
            {"measure": "copy_age", "value": 180000, "before": 75600, "unit": "seconds"},
            {"measure": "drill", "value": 0, "before": 1, "unit": "outcome", "notes": [["duration", 12, "seconds"]]},
            {"measure": "drill_age", "value": 68400, "before": 68400, "unit": "seconds"}]},
    ]})
}

/// Nothing has ever run.
fn cold_week() -> Value {
    json!({"run_id": RUN, "week": "2026-W03", "from": "2026-01-12", "until": "2026-01-18", "groups": [
        {"topic": "runs", "figures": [
            {"measure": "success_share", "value": null, "before": null, "unit": "share"},
            {"measure": "runs", "value": 0, "before": 0, "unit": "count"},
            {"measure": "slowest", "value": null, "before": null, "unit": "seconds"},
            {"measure": "longest_failing", "value": null, "before": null, "unit": "seconds"}]},
        {"topic": "backups", "figures": [
            {"measure": "copy_age", "value": null, "before": null, "unit": "seconds"},
            {"measure": "drill", "value": null, "before": null, "unit": "outcome"}]},
    ]})
}

//! Names of event types and reasons, for screens that list them.

use super::{Language, texts};

/// What an event type is called, in a few words; an unknown one stays as it is.
pub fn event_name(event_type: &str, language: Language) -> String {
    let (fr, en) = match event_type {
        "availability.down" => ("Service qui ne répond pas", "Service that does not answer"),
        "availability.recovered" => ("Service qui répond de nouveau", "Service that answers again"),
        "heartbeat.missed" => ("Tâche sans succès à temps", "Task without a success in time"),
        "heartbeat.recovered" => ("Tâche qui réussit de nouveau", "Task that succeeds again"),
        "alarm.raised" => ("Alarme AWS", "AWS alarm"),
        "alarm.recovered" => ("Alarme AWS terminée", "AWS alarm over"),
        "channel.disabled" => ("Canal désactivé", "Channel switched off"),
        "channel.silent" => ("Canal qui ne répond pas", "Channel that gives no answer"),
        "channel.recovered" => ("Canal qui répond de nouveau", "Channel that answers again"),
        "humidity.alert" => ("Alerte d'humidité", "Humidity alert"),
        "maintenance.late" => ("Entretien en retard", "Maintenance is late"),
        "maintenance.urgent" => ("Entretien urgent", "Maintenance is urgent"),
        "maintenance.asset_required" => ("Équipement à entretenir", "Equipment needs maintenance"),
        "rv.unconfirmed" => ("Rendez-vous non confirmés", "Unconfirmed appointments"),
        "rv.unassigned" => ("Rendez-vous sans technicien", "Appointments without a technician"),
        "anomaly.sync" => ("Anomalie des tâches", "Anomaly of the tasks"),
        "anomaly.cash" => ("Anomalie de caisse", "Anomaly of the cash registers"),
        "anomaly.auth" => ("Anomalie de connexion", "Anomaly of sign-ins"),
        "anomaly.ai" => ("Anomalie du modèle de langage", "Anomaly of the language model"),
        "anomaly.data" => ("Anomalie des données", "Anomaly of the data"),
        "anomaly.detection" => ("Détection en panne", "Detection is blind"),
        "system.test" => ("Essai des canaux", "Test of the channels"),
        _ => {
            let title = texts::title(event_type, "", language);
            // Lists have their own signs.
            return title.trim_start_matches(|sign: char| !sign.is_alphanumeric()).to_owned();
        }
    };
    language.pick(fr, en).to_owned()
}

/// The reason of a failure in words; an unknown kind stays as it is.
pub fn error_name(kind: &str, language: Language) -> String {
    texts::explanation(kind, language)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn event_types_are_read_without_signs_and_unknown_ones_as_they_are() {
        assert_eq!(event_name("sync.failed", Language::Fr), "Erreur de synchronisation");
        assert_eq!(event_name("report.weekly", Language::En), "Weekly report");
        assert_eq!(event_name("alarm.raised", Language::Fr), "Alarme AWS");
        assert_eq!(event_name("x.unheard", Language::Fr), "x.unheard");
        assert_eq!(error_name("http_404", Language::En), "HTTP answer 404");
    }
}

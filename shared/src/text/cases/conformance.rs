//! The keywords of the predecessor, and what was promised since.

use super::super::{Problem, is_maintenance_alert, read_note};

/// Phrases that report a problem wherever they stand.
const ALERTS: [(Problem, &[&str]); 4] = [
    (
        Problem::Housse,
        &[
            "housse enlevée",
            "housse retirée",
            "cover removed",
            "cover off",
            "sans housse",
            "pas de housse",
            "no cover",
            "housse manquante",
            "missing cover",
        ],
    ),
    (
        Problem::Alimentation,
        &[
            "prise débranchée",
            "débranché",
            "unplugged",
            "déconnecté",
            "disconnected",
            "pas branché",
            "not plugged",
            "dampp chaser off",
            "dampp chaser éteint",
            "dampp chaser ne fonctionne",
            "rallonge",
        ],
    ),
    (
        Problem::Reservoir,
        &[
            "réservoir vide",
            "réservoir à remplir",
            "remplir réservoir",
            "remplir le réservoir",
            "tank empty",
            "empty tank",
            "réservoir manquant",
            "missing reservoir",
            "pas de réservoir",
            "no reservoir",
        ],
    ),
    (
        Problem::Environnement,
        &[
            "fenêtre ouverte",
            "température basse",
            "température trop basse",
            "humidité trop élevée",
            "humidité très basse",
            "humidité haute",
            "humidité élevée",
            "humidité basse",
            "humidité faible",
            "conditions inadéquates",
            "très humide",
            "trop humide",
            "très sec",
            "trop sec",
            "trop froid",
            "chauffage",
            "heating",
            "ventilation",
        ],
    ),
];

/// Phrases that say of themselves which problem is over.
const RESOLUTIONS: [(Problem, &[&str]); 3] = [
    (
        Problem::Alimentation,
        &[
            "rebranché",
            "reconnecté",
            "reconnected",
            "plugged back",
            "plugged in",
            "replugé",
            "a été branché",
            "est branché maintenant",
            "branché à nouveau",
        ],
    ),
    (
        Problem::Reservoir,
        &["réservoir rempli", "tank filled", "filled tank", "réservoir remis", "reservoir reinstalled"],
    ),
    (
        Problem::Environnement,
        &[
            "fenêtre fermée",
            "window closed",
            "température normale",
            "temperature normal",
            "humidité normale",
            "humidity normal",
        ],
    ),
];

/// Resolutions that do not say what is repaired.
const GENERIC_RESOLUTIONS: [(Problem, &[&str]); 2] = [
    (
        Problem::Housse,
        &[
            "replacée",
            "remise",
            "replaced",
            "put back",
            "repositionnée",
            "repositioned",
            "installée",
            "installed",
        ],
    ),
    (Problem::Environnement, &["corrigé", "fixed", "résolu", "resolved"]),
];

fn alerts(note: &str) -> Vec<&'static str> {
    let reading = read_note(note);
    Problem::ALL.iter().filter(|problem| reading.alert(**problem).is_some()).map(|t| t.name()).collect()
}

#[test]
fn every_phrase_is_found_and_means_what_it_says() {
    for (problem, phrases) in ALERTS {
        for phrase in phrases {
            let note = format!("À l'arrivée : {}, sinon rien.", phrase.to_uppercase());
            assert!(read_note(&note).alert(problem).is_some(), "{phrase}");
        }
    }
    for (problem, phrases) in RESOLUTIONS.into_iter().chain(GENERIC_RESOLUTIONS) {
        for phrase in phrases {
            let reading = read_note(&format!("Piano vu ({phrase}) ce matin"));
            assert_eq!(reading.resolution(problem), Some(*phrase));
        }
    }
}

/// The predecessor's keywords, as it spelled them.
#[test]
fn the_predecessors_keywords_still_alert_and_resolve() {
    let alerting = [
        ("housse", "housse enlevee,housse retiree,housse retirée,cover removed,sans housse,missing cover"),
        (
            "alimentation",
            "prise debranchee,debranché,pls débranché,pl debranché,player débranché,dampp chaser débranché,\
             système débranché,power unplugged,deconnecte,pas branche,not plugged",
        ),
        (
            "reservoir",
            "reservoir vide,reservoir à remplir,remplir réservoir,tank empty,empty tank,reservoir manquant,\
             missing reservoir,pas de reservoir,no reservoir",
        ),
        (
            "environnement",
            "fenetre ouverte,temperature basse,chauffage,heating,ventilation,humidité trop haute,\
             humidity too high,humidite anormale,température: problème,temperature low,humidity abnormal",
        ),
    ];
    for (name, phrases) in alerting {
        for phrase in phrases.split(',') {
            assert_eq!(alerts(phrase.trim()), [name], "{phrase}");
        }
    }
    let resolving = [
        (Problem::Housse, "replacee,remise,replaced,put back,repositionnee,installee,installed"),
        (
            Problem::Alimentation,
            "rebranche,reconnecte,reconnected,plugged back,plugged in,repluge,a été branché,\
             est branché maintenant,branché à nouveau",
        ),
        (
            Problem::Reservoir,
            "reservoir rempli,tank filled,filled tank,réservoir rempli à nouveau,reservoir remis,\
             reservoir reinstalled",
        ),
        (
            Problem::Environnement,
            "fenetre fermee,window closed,temperature normale,temperature normal,humidite normale,\
             humidity normal,corrige,fixed,resolu,resolved",
        ),
    ];
    for (problem, phrases) in resolving {
        for phrase in phrases.split(',') {
            assert!(read_note(phrase.trim()).resolution(problem).is_some(), "{phrase}");
        }
    }
}

#[test]
fn what_only_looks_like_a_keyword_is_none() {
    for note in [
        "Humidité: hauteur du clavier réglée",
        "Température du tissu de la housse",
        "Humidity below the case",
        "Accord 440",
        "Accord avec remise de 20 %",
        "Humidité",
        "Humidité 45 %. Pédale trop basse",
        "21C, 39%",
        "PLS rebranché, tout va bien",
    ] {
        assert_eq!(alerts(note), Vec::<&str>::new(), "{note}");
    }
    assert_eq!(read_note("remise de 20 %").resolution(Problem::Housse), None);
    assert_eq!(read_note("20 % de remise").resolution(Problem::Housse), None);
    for note in [
        "housse remise en place",
        "Housse enlevée, remise. 21C, 40%",
        "21C, 40% Housse remise",
        "Housse remise le 12",
    ] {
        assert!(read_note(note).resolution(Problem::Housse).is_some(), "{note}");
    }
}

#[test]
fn what_is_not_done_is_no_resolution() {
    for note in [
        "PLS débranché, pas rebranché",
        "PLS débranché, n'a pas encore été rebranché",
        "unplugged, not plugged in",
    ] {
        assert_eq!(read_note(note).resolution(Problem::Alimentation), None, "{note}");
    }
    assert_eq!(read_note("Fenêtre ouverte, non résolu").resolution(Problem::Environnement), None);
    assert!(read_note("Housse pas là. Rebranché le PLS").resolution(Problem::Alimentation).is_some());
}

#[test]
fn another_note_is_ended_only_by_one_that_names_what_is_repaired() {
    let named = |note: &str, problem| read_note(note).named_resolution(problem).map(str::to_owned);
    assert_eq!(named("Cordes installées, feutre replacé", Problem::Housse), None);
    assert_eq!(named("Bass string replaced", Problem::Housse), None);
    assert_eq!(named("La housse a été replacée", Problem::Housse), Some("replacée".into()));
    assert_eq!(named("PLS rebranché", Problem::Alimentation), Some("rebranché".into()));
    assert_eq!(named("Pédale: corrigé", Problem::Environnement), None);
    assert_eq!(named("Problème d'humidité corrigé", Problem::Environnement), Some("corrigé".into()));
}

#[test]
fn one_note_may_report_several_problems_and_end_some_of_them() {
    let note = "21°C, 28%. PLS débranché, réservoirs vides.\nJe l'ai rebranché";
    assert_eq!(alerts(note), ["alimentation", "reservoir"]);
    let reading = read_note(note);
    assert_eq!(reading.resolution(Problem::Alimentation), Some("rebranché"));
    assert_eq!(reading.resolution(Problem::Reservoir), None);
}

#[test]
fn plugged_in_again_is_not_an_alert() {
    assert!(is_maintenance_alert("PLS débranché à mon arrivée"));
    assert!(is_maintenance_alert("Réservoirs vides"));
    assert!(!is_maintenance_alert("PLS rebranché, tout va bien"));
    assert!(!is_maintenance_alert("Accord 440, humidité normale"));
}

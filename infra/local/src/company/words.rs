//! Words of the invented company.

pub const INSTITUTION_NAMES: [&str; 4] = [
    "UQAM (avec Centre Pierre-Péladeau)",
    "École de musique Vincent-d'Indy",
    "Place des Arts",
    "Orford Musique",
];
pub const FIRST_NAMES: [&str; 24] = [
    "Adèle",
    "Aurélie",
    "Benoît",
    "Céleste",
    "Cédric",
    "Chloé",
    "Édouard",
    "Éloïse",
    "Étienne",
    "Félix",
    "Geneviève",
    "Hélène",
    "Jérôme",
    "Joëlle",
    "Léa",
    "Maël",
    "Noémie",
    "Océane",
    "Raphaël",
    "Solène",
    "Théo",
    "Vincent",
    "Xavier",
    "Zoé",
];
pub const LAST_NAMES: [&str; 20] = [
    "Boisjoli",
    "Charbonneau",
    "Clairefontaine",
    "Desrosiers",
    "Duruisseau",
    "Fontenelle",
    "Grandpré",
    "Hautbois",
    "Labranche",
    "Laforêt",
    "Lamontagne",
    "Lapierre",
    "Larochelle",
    "Montreuil",
    "Préfontaine",
    "Rochefort",
    "Sansfaçon",
    "Souligny",
    "Vadeboncœur",
    "Verdier",
];
pub const COMPANY_KINDS: [&str; 5] = ["École de musique", "Studio", "Centre culturel", "Église", "Résidence"];
pub const ROLES: [&str; 4] = ["Concierge", "Direction", "Comptabilité", "Régie"];
pub const STREETS: [&str; 8] = [
    "rue des Érables",
    "avenue du Piano",
    "rue de l'Accord",
    "boulevard de la Gamme",
    "rue Sainte-Quinte",
    "rue du Diapason",
    "chemin de l'Octave",
    "avenue des Marteaux",
];
pub const CITIES: [&str; 7] =
    ["Montréal", "Laval", "Longueuil", "Saint-Lambert", "Brossard", "Verdun", "Orford"];
pub const MAKES: [(&str, &str); 8] = [
    ("Yamaha", "U1"),
    ("Yamaha", "C3"),
    ("Steinway & Sons", "D"),
    ("Kawai", "K-300"),
    ("Heintzman", "Studio"),
    ("Willis", "Console"),
    ("Petrof", "P 125"),
    ("Lesage", "Droit"),
];
pub const TITLES: [&str; 6] =
    ["Accord", "Accord et réglage", "Entretien PLS", "Évaluation", "Harmonisation", "Accord de concert"];
pub const ACCESS_NOTES: [&str; 6] = [
    "Sonner à l'arrière",
    "Stationnement derrière l'église",
    "Chien gentil",
    "Clé à l'accueil",
    "Appeler 30 minutes avant",
    "Entrée des artistes, demander la régie",
];
/// What a service was, and the temperature (°C) and humidity (%) that these words state.
pub const SERVICE_NOTES: [(&str, Option<f64>, Option<f64>); 14] = [
    ("Accord 440", None, None),
    ("Accord à 442 pour concert", None, None),
    ("Accord, deux cordes remplacées", None, None),
    ("Accord et réglage de la mécanique", None, None),
    ("Harmonisation des marteaux, piano en bon état", None, None),
    ("Entretien complet du système Dampp-Chaser", None, None),
    ("Réglage du pédalier, feutre remplacé", None, None),
    ("Accord; rabais de 15% pour entretien annuel", None, None),
    ("Pitch raise de 10 cents puis accord", None, None),
    ("Changé la pâte du réservoir, accord", None, None),
    ("Nettoyage du clavier, ivoires recollés", None, None),
    ("Accord, étouffoirs à surveiller", None, None),
    ("Humidité relative: 44,5 %, accord stable", None, Some(44.5)),
    ("Température 21 degrés Celsius, humidité 39 %", Some(21.0), Some(39.0)),
];
/// A remark, whether it reports a problem (over or not), and the humidity (%) that it states.
pub const REMARKS: [(&str, bool, Option<f64>); 12] = [
    ("PLS débranché à mon arrivée", true, None),
    ("PLS débranché, je l'ai rebranché", true, None),
    ("Réservoir vide", true, None),
    ("Réservoir à remplir par le concierge", true, None),
    ("Housse enlevée, à replacer", true, None),
    ("Piano sans housse", true, None),
    ("Fenêtre ouverte près du piano", true, None),
    ("Trop sec dans le local", true, None),
    ("Très humide, 72 % d'humidité", true, Some(72.0)),
    ("Besoin d'une rallonge", true, None),
    ("Dampp-Chaser éteint", true, None),
    ("Tout est bien rebranché", false, None),
];
pub const OTHER_TYPES: [&str; 9] = [
    "CONTACT_EMAIL_AUTOMATED",
    "CONTACT_EMAIL_MANUAL",
    "CONTACT_SMS_AUTOMATED",
    "SYSTEM_MESSAGE",
    "USER_COMMENT",
    "APPOINTMENT",
    "INVOICE",
    "INVOICE_PAYMENT",
    "SYSTEM_NOTIFICATION",
];
pub const OTHER_NOTES: [&str; 7] = [
    "Email delivered",
    "Rappel de rendez-vous envoyé",
    "A créé un rendez-vous",
    "Facture envoyée",
    "Paiement reçu",
    "Le client préfère le matin",
    "Message laissé à la boîte vocale",
];

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
pub const SERVICE_NOTES: [&str; 14] = [
    "Accord 440",
    "Accord à 442 pour concert",
    "Accord, deux cordes remplacées",
    "Accord et réglage de la mécanique",
    "Harmonisation des marteaux, piano en bon état",
    "Entretien complet du système Dampp-Chaser",
    "Réglage du pédalier, feutre remplacé",
    "Accord; rabais de 15% pour entretien annuel",
    "Pitch raise de 10 cents puis accord",
    "Changé la pâte du réservoir, accord",
    "Nettoyage du clavier, ivoires recollés",
    "Accord, étouffoirs à surveiller",
    "Humidité relative: 44,5 %, accord stable",
    "Température 21 degrés Celsius, humidité 39 %",
];
pub const TROUBLES: [&str; 12] = [
    "PLS débranché à mon arrivée",
    "PLS débranché, je l'ai rebranché",
    "Réservoir vide",
    "Réservoir à remplir par le concierge",
    "Housse enlevée, à replacer",
    "Piano sans housse",
    "Fenêtre ouverte près du piano",
    "Trop sec dans le local",
    "Très humide, 72%",
    "Besoin d'une rallonge",
    "Dampp-Chaser éteint",
    "Tout est bien rebranché",
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

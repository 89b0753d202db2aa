### The pages of the console. A section is the file that uses its texts.


## In several places

acknowledged = Pris en charge
actions = Actions
active = Actif
add = Ajouter
address = Adresse
alarm = Alarme
alert = Alerte
alerts = Alertes
all-tasks = Toutes les tâches
all-tous = Tous
all-toutes = Toutes
an-error = erreur
anomalies = Anomalies
anomaly = Anomalie
appointment = Rendez-vous
appointments = Rendez-vous
appointments-to-confirm = Rendez-vous à confirmer
archived = Archivée
assistant = Assistance
attempt = Tentative
audit = Audit
availability = Disponibilité
backup = Sauvegarde
backups = Sauvegardes
before = Avant
bytes = octets
cancel = Annuler
cash = Caisse
category = Catégorie
chain = Chaîne
channel = Canal
channels = Canaux
client = Client
clients = Clients
closed = Fermée
code = Code
collection = Collection
content = Contenu
copies = Copies
cost = Coût
cover = Housse
critical = Critique
d = j
database = Base de données
date = Date
day = Jour
default = Par défaut
delete = Supprimer
deleted = supprimées
description = Description
details = Détails
done = Terminé
down = Ne répond pas
due = Échéance
duration = Durée
e-mail = Courriel
edit = Modifier
encrypted = Chiffrée
end = Fin
equipment = Équipements
error = Erreur
errors = Erreurs
errors-lower = erreurs
event = Événement
every-service = Tous les services
facts = Fiche
failed-echoue = Échoué
failed-echouee = Échouée
failures = échecs
figures = Chiffres
filter = Filtrer
finished = Terminée
found = trouvées
fr = en
from = De
from-du = Du
held-by = Confié à
humidity = Humidité
humidity-alerts = Alertes d'humidité
i-take-care = Je m'en occupe
ignored = Ignorée
in-maintenance = En entretien
incidents = Incidents
incidents-and-anomalies = Incidents et anomalies
inconclusive = Non concluante
institutions = Institutions:
items = Articles
key-lower-case-letters-digits = Clé (minuscules, chiffres, tirets)
kind = Genre
late = de retard
low = Basse
maintenance-alerts = alertes d'entretien
maintenance-entretiens = Entretiens
manual = Manuel
measure = Mesure
medium = Moyenne
message = Message
messages = Envois
monitoring = Surveillance
name = Nom
new = ajoutées
new-rule = Nouvelle règle
next = Prochaine
next-page = Page suivante
next-service = Prochain entretien
no = non
no-alert = Aucune alerte.
no-run = aucune exécution
nobody = Personne
note = Remarque
notes = Notes
nothing-to-recommend = Rien à recommander.
notices = Avis
notifications = notifications
off = Inactif
older-plus-anciennes = Plus anciennes
older-plus-anciens = Plus anciens
on = Actif
open-ouvert = Ouvert
open-ouverte = Ouverte
open-ouverts = Ouverts
open-voir = Voir
opened = Ouverture
operator = Opérateur
other = Autre
outages = Pannes
outcome = Résultat
over = Terminé
page = Page
parameters = Paramètres
part = Partie
passed = Réussi
password = Mot de passe
path = Chemin
pause-mettre-en-pause = Mettre en pause
paused = En pause
pending = En attente
people = Personnes
piano = Piano
place = Lieu
planned-for = Date prévue
qr-code = Code QR
queued = Demandée
quiet = heures calmes
reason = Raison
recipient = Destinataire
recipients = Destinataires
recommendations = Recommandations
refused = Refusé
register = Caisse
reminder = rappel
report = Rapport
report-tabs = Onglets du rapport
required = indispensable
resolved-resolue = Résolue
row = Fiche
rows-lower = lignes
rule = Règle
rules = Règles
run = Exécution
run-now = Lancer maintenant
runbook = Que faire en cas d'alerte
running = En cours
running-lower = en cours
runs = Exécutions
sales = Ventes
save = Enregistrer
scheduled-auto = Auto
search = Recherche
sent-envoye = Envoyé
sessions = Sessions
settings = Réglages
severity = Gravité
show-all = Tout afficher
since = Depuis
size = Taille
slack-webhook-name-not = Réglage du webhook Slack (son nom, pas l'adresse)
slow-task = Tâche lente
start = Début
state-etat = État
state-statut = Statut
stats = Stats
step = Étape
success = Succès
sync = Synchronisation
table = table
tables = Tables
tank = Réservoir
task = Tâche
task-log = Journal des tâches
tasks = Tâches
technician-technicien = Technicien
test = Essayer
text = Texte
the-authorization-holds-until = L'autorisation vaut jusqu'à
thirty-nights = Trente nuits
thresholds-and-retention = Seuils et conservation
time = Heure
title = Titre
to-au = Au
to-whom = À qui
today = aujourd'hui
trigger = Déclencheur
troubles-problemes = Problèmes
type = Type
uncertain = Incertain
unconfirmed = Non confirmés
until = à
up = Répond
value = Valeur
values = Valeurs
verified = Vérifiée
waiting = En attente
warning = Avertissement
week = Semaine
what = Quoi
what-to-do = Que faire
when = Quand
who = Qui
yes = oui
yesterday = hier

## src/pages/alerts.rs

due-soon = Bientôt dû
high-elevee = Élevée
late-en-retard = En retard
left = restants
required-entretien-requis = Entretien requis

## src/pages/appointments.rs

all-day = toute la journée
not-sent-non-envoyee = Non envoyée
sent-envoyee = Envoyée
unknown-inconnu = Inconnu

## src/pages/assets.rs

building = Bâtiment
cancelled = Annulé
corrective = Correctif
dampp-chaser = Dampp-Chaser
dollars = { $amount } $
entered-by-hand = Saisi à la main
equipment-equipement = Équipement
furniture = Mobilier
gazelle-interval = Intervalle de Gazelle
inspection = Inspection
land = Terrain
maintenance-required = Entretien requis
out-of-service = Hors service
planned = Planifié
preventive = Préventif
retired = Déclassé
under-way = En cours
vehicle = Véhicule

## src/pages/audit.rs

value-lower = valeur

## src/pages/backups.rs

damaged-source = Source endommagée
former-sqlite-file = Ancien fichier SQLite
reduced-kept-beside = Réduite, gardée à part

## src/pages/display.rs

gigabytes = Go
in-span = dans { $span }
just-now = à l'instant
kilobytes = ko
megabytes = Mo
span-ago = il y a { $span }
tomorrow = demain

## src/pages/figures.rs

appointments-per-technician = Rendez-vous par technicien
changed-modifiees = modifiées
nothing-new = rien de neuf
rows-deleted-per-table = Lignes supprimées par table
rows-per-tab = Lignes par onglet
rows-read-per-collection = Fiches lues par collection

## src/pages/home.rs

high-haute = Haute
never-run-jamais-lancee = Jamais lancée

## src/pages/home/night.rs

runs-lower = exécutions

## src/pages/home/verdict.rs

alarm-label = Alarme :
all-is-well = Tout va bien.
all-well-for-nights = { $count ->
    [one] Tout va bien depuis la nuit dernière.
   *[other] Tout va bien depuis { $shown } nuits.
}
critical-anomalies = { $count ->
    [one] { $shown } anomalie critique.
   *[other] { $shown } anomalies critiques.
}
data-as-old-as = Les données ont
does-not-answer = ne répond pas.
does-not-answer-our-messages = ne répond pas à nos messages
does-not-take-our-messages = ne prend pas nos messages pour l'instant
failed-a-echoue = a échoué.
has-a-warning = a un avertissement.
has-not-succeeded-too-long = n'a pas réussi depuis trop longtemps.
high-anomalies = { $count ->
    [one] { $shown } anomalie grave.
   *[other] { $shown } anomalies graves.
}
is-paused = est en pause.
last-restore-drill-failed = Le dernier essai de restauration a échoué.
last-verified-backup-as-old = La dernière sauvegarde vérifiée a
no-backup-is-verified = Aucune sauvegarde n'est vérifiée.
nothing-has-run-yet-everything = Rien n'a encore tourné : tout commence cette nuit.
notifications-did-not-arrive = { $count ->
    [one] Une notification n'est pas arrivée.
   *[other] { $shown } notifications ne sont pas arrivées.
}
overall-state-critical = L'état général est critique.
problems-need-attention = { $count ->
    [one] Un problème demande votre attention.
   *[other] { $shown } problèmes demandent votre attention.
}
switched-off-after-too-many = est coupé après trop d'échecs.
things-need-a-look = { $count ->
    [one] Tout fonctionne, mais un point est à vérifier.
   *[other] Tout fonctionne, mais { $shown } points sont à vérifier.
}

## src/pages/humidity.rs

power = Alimentation
surroundings = Environnement
too-dry = Trop sec
too-humid = Trop humide

## src/pages/incidents.rs

done-fait = Fait
outage = Panne
silent-channel = Canal muet
silent-task = Tâche silencieuse
to-do-a-faire = À faire

## src/pages/nights.rs

failed-en-erreur = en erreur
longest = la plus longue
runs-counted = { $count ->
    [one] { $shown } exécution
   *[other] { $shown } exécutions
}

## src/pages/notifications.rs

after-the-quiet-hours = après les heures calmes
at-once = tout de suite
in-the-next-digest = dans le prochain résumé
is-switched-off = est désactivé
nothing-rule-begins-at = rien : la règle commence à
nothing-rule-names-nobody = rien : la règle ne nomme personne
nothing-rule-switched-off = rien : la règle est désactivée
those-concerned = les personnes concernées

## src/pages/notifications/channels.rs

all-delivered = Tout est livré
delivered = Livré
in-part = En partie
not-delivered = Non livré
nothing-delivered = Rien n'est livré

## src/pages/notifications/deliveries.rs

again = de nouveau
first-time = première fois
nobody-answered = personne n'a répondu
recovery = retour à la normale
skipped-omis = Omis

## src/pages/notifications/notices.rs

in-hand = Pris en charge

## src/pages/piano.rs

within-limits = Dans les limites

## src/pages/run.rs

at-work = Au travail
attempt-lower = tentative
attempts-tentatives = Tentatives
collection-lower = collection
done-faites = faites
event-label = Événement :{" "}
failed-echec = Échec
follows-another-run = Suite d'une autre exécution
graphql-errors = Erreurs GraphQL
http-status = Statut HTTP
part-lower = partie
requested = Demandée
rows-fiches = fiches
scheduled-planifiee = Planifiée
sent-remis = Remis
skipped-non-envoye = Non envoyé
started = Démarrée
step-lower = étape
unexpected-part = Partie inattendue
waiting-for-the-function = En attente de la fonction
what-and-list = { $what } : { $list }

## src/pages/settings.rs

administrator = Administration
technician-technique = Technique

## src/pages/settings/gazelle.rs

authorized = Autorisée
expired = Expirée
not-authorized = Non autorisée

## src/pages/settings/thresholds.rs

from-least-to-most = de { $least } à { $most }
retention-in-days = Conservation (en jours)
yes-or-no = oui ou non

## src/pages/weekly_reports.rs

age-verified-copy = Âge de la copie vérifiée
ai-calls = Appels de l'IA
anomalies-opened = Anomalies ouvertes
cash-sessions = Sessions de caisse
failed-runs = Exécutions en erreur
humidity-alerts-opened = Alertes d'humidité ouvertes
maintenance-alerts-opened = Alertes d'entretien ouvertes
nobody-to-tell = Personne à prévenir
not-sent-non-envoye = Non envoyé
notifications-sent = Notifications envoyées
partly-sent = Envoyé en partie
people-signed-in = Personnes connectées
pianos-serviced = Pianos entretenus
successful-runs = Exécutions réussies
time-of-outages = Durée des pannes
unknown-incertain = Incertain

## src/pages/words.rs

degraded = Ralenti
not-seen-yet = Pas encore vu
not-watched = Non surveillé
refused-for-good = refusé pour de bon :
unstable = Instable

## templates/alerts.html

active-alerts-counted = { $count ->
    [one] { $shown } alerte active
   *[other] { $shown } alertes actives
}
alert-marked-as-read = Alerte marquée comme lue.
alert-taken-off-list = Alerte retirée de la liste.
alerts-recomputed = Alertes régénérées avec succès.
critical-label = Critiques:
dismiss = Retirer
high-label = Élevées:
medium-label = Moyennes:
no-alert-all-maintenance-up = Aucune alerte: tous les entretiens sont à jour.
no-alert-matches-these-filters = Aucune alerte ne correspond à ces filtres.
priority = Priorité
read = Lu
recompute = Régénérer
subject-sujet = Sujet
take-alert-off-list-comes = Retirer cette alerte de la liste? Elle reviendra si l'entretien change de date.
unread-label = Non lues:
unread-non-lue = Non lue
unread-non-lues = Non lues

## templates/appointments.html

alerts-sent = Alertes envoyées:
all-appointments-day-confirmed = Tous les rendez-vous de ce jour sont confirmés.
appointments-lower = rendez-vous
failed-label = échouées:
history = Historique
made-creee = Créée
n-30-days = 30 jours:
n-7-days = 7 jours:
no-alert-yet = Aucune alerte envoyée pour l'instant.
noted = C'est noté.
nothing-waits = Rien n'attend.
show-afficher = Afficher
taken-note-of = Pris en note
takes-almost-all-its-time = prend presque tout son temps.
telephone = Téléphone
the-warning-is-requested = L'envoi est demandé.
to-take-note-of = À prendre en note
warn-now = Avertir maintenant
warn-technicians-tomorrows-appointments-now = Avertir maintenant les techniciens des rendez-vous de demain?
without-a-technician = Sans technicien

## templates/asset.html

acquired = Acquisition
complete = Terminer
current-value = Valeur actuelle
delete-equipment-maintenance-alerts = Supprimer cet équipement, ses entretiens et ses alertes?
delete-this-maintenance = Supprimer cet entretien?
dismissed = Retirée
done-on = Terminé le
edit-opens = Modifier…
edit-the-equipment = Modifier l'équipement
edit-the-maintenance = Modifier l'entretien
equipment-changed = Équipement modifié.
equipment-deleted = Équipement supprimé.
every = tous les
humidity-of-this-piano = Humidité de ce piano
last-service = Dernier entretien
maintenance-changed = Entretien modifié.
maintenance-deleted = Entretien supprimé.
maintenance-done = Entretien terminé.
maintenance-entretien = Entretien
maintenance-planned = Entretien planifié.
months = mois
no-maintenance-yet = Aucun entretien pour l'instant.
over-terminee = Terminée
plan = Planifier
plan-maintenance = Planifier un entretien
plan-opens = Planifier…

## templates/asset_fields.html

acquired-on = Date d'acquisition
acquisition-value = Valeur d'acquisition ($)
current-value-in-dollars = Valeur actuelle ($)
name-place-service-dates-piano = Le nom, le lieu et les dates d'entretien de ce piano viennent de Gazelle.
service-interval-months = Intervalle d'entretien (mois)

## templates/assets.html

active-actifs = actifs
add-equipment = Ajouter un équipement
add-opens = Ajouter…
equipment-added = Équipement ajouté.
equipment-counted = { $count ->
    [one] { $shown } équipement
   *[other] { $shown } équipements
}
no-equipment-matches-these-filters = Aucun équipement ne correspond à ces filtres.
no-equipment-yet-gazelles-pianos = Aucun équipement pour l'instant. Les pianos de Gazelle arrivent avec les alertes d'entretien.
value-label = valeur:

## templates/audit.html

action = Action
before-after = Avant → après
changes = Changements
no-change = Aucun changement.
subject-objet = Objet

## templates/backups.html

age-newest-verified-copy = Âge de la dernière copie vérifiée
age-of-the-copy = Âge de la copie
encrypted-lower = chiffrée
how-long-restore-took = Durée de la restauration
it-is-meant-accept = C'est voulu : accepter
kept-beside-them-no-good = Elle est gardée à part, et aucune bonne copie n'est retirée tant que cela dure. Un accident : restaurer une bonne copie. Voulu : le dire ici, et une nouvelle copie compte comme bonne.
last-attempt = Dernière tentative
last-copy-holds-much-less = La dernière copie contient beaucoup moins que les bonnes
last-restore-drill = Dernier essai de restauration
moving-tables = Tables en mouvement
newest-verified-copy = Dernière copie vérifiée
no-copy-yet = Aucune copie pour l'instant.
no-drill-yet-next-one = Aucun essai pour l'instant : le prochain est dimanche.
none-yet-aucun-pour-linstant = Aucun pour l'instant.
none-yet-sentence = Aucune pour l'instant.
removed-by-the-retention = Retirée par la rétention
restore-drills = Essais de restauration
rows-lignes = Lignes
run-a-backup = Lancer une sauvegarde
run-a-restore-drill = Essayer une restauration
was-what-missing-taken-away = Ce qui manque a été enlevé exprès ?

## templates/cash.html

add-a-register = Ajouter une caisse
amount-counted = Montant compté ($)
change = Modifier
change-the-register = Modifier la caisse
close = Fermer
close-the-session = Fermer la session
closing = Fermeture
comment-if-there-gap = Commentaire, s'il y a un écart
counted = Compté
delete-this-register = Supprimer cette caisse ?
expected = Attendu
gap = Écart
in-use = En service
initial-amount = Fonds de caisse ($)
no-register = Aucune caisse.
no-session = Aucune session.
not-in-use = Hors service
open-a-session = Ouvrir une session
open-sessions = Sessions ouvertes
registers = Caisses
sales-in-dollars = Ventes ($)
tolerated-gap = Écart toléré
tolerated-gap-in-dollars = Écart toléré ($)

## templates/docs.html

every-address-answers-with-without = Chaque adresse répond avec et sans
shapes = Formes
subjects = Sujets
the-document-for-programs = Le document pour les programmes :

## templates/home.html

age-of-the-data = Âge des données
ai-24-h = IA, 24 h
all-the-time = En continu :
anomalies-label = Anomalies :
answer = Réponse :
average-24-h = Moyenne, 24 h
average-duration = Durée moyenne
cash-sessions-lower = sessions de caisse
detail-by-task-loads-here = Le détail par tâche se charge ici.
equipment-to-repair = Équipements à réparer
error-rate = Taux d'erreur :
errors-label = Erreurs :
last = Dernière :
last-night = La nuit dernière
last-run = Dernière exécution
maintenance-due = Entretiens à venir
maintenance-late = Entretiens en retard
next-runs = Prochains départs
no-open-anomaly = Aucune anomalie ouverte.
no-open-incident = Aucun incident ouvert.
no-restore-drill-yet = Aucun essai de restauration
none-yet = Aucune pour l'instant
not-synced-yet = Pas encore synchronisées
nothing-is-scheduled = Aucun départ n'est prévu.
nothing-is-waiting = Rien n'attend.
nothing-is-watched = Rien n'est surveillé.
nothing-ran-last-night = Rien n'a tourné la nuit dernière.
people-signed-in-lower = personnes connectées
restore-drill = Essai de restauration :
rows-set-aside-lignes-mises-de-cote = Lignes mises de côté
succeeded = réussies
success-24-h = Réussite, 24 h
success-rate = Taux de réussite
syncs = Synchronisations :
syncs-24-h = Synchronisations, 24 h
system-health = Santé du système
tasks-24-h = Tâches, 24 h
to-do-a-traiter = À traiter
usage-24-h = Utilisation, 24 h
verified-backup = Sauvegarde vérifiée
warnings = avertissements

## templates/humidity.html

alert-archived = Alerte archivée.
alert-resolved = Alerte résolue.
archive = Archiver
archive-alert-leaves-lists = Archiver cette alerte? Elle quittera les listes.
lists = Listes
menu-archived = Archivées
menu-resolved = Résolues
menu-unresolved = Non résolues
no-humidity-alert-at-moment = Aucune alerte d'humidité en cours.
nothing-here-yet = Rien ici pour l'instant.
read-the-notes-again = Relire les notes
reading-notes-requested = La lecture des notes est demandée.
resolve = Résoudre
resolve-opens = Résoudre…
resolve-the-alert = Résoudre l'alerte
resolved-label = Résolues:
technicians-note = Note du technicien
unresolved-alerts-counted = { $count ->
    [one] { $shown } alerte non résolue
   *[other] { $shown } alertes non résolues
}
what-was-done-optional = Ce qui a été fait (facultatif)

## templates/incidents.html

done-cest-fait = C'est fait
due-label = Échéance :
follow-up = Suivi
ignore = Ignorer
incident = Incident
last-seen = Vue la dernière fois
no-anomaly = Aucune anomalie.
no-incident = Aucun incident.
over-termines = Terminés
reopen = Rouvrir
run-lower = exécution
times = Fois

## templates/journal.html

clear = Effacer
frequent-tasks = Tâches fréquentes
paused-sentence = En pause.
scheduled-chained-runs-rest-task = Les exécutions planifiées et enchaînées n'auront plus lieu; on peut toujours lancer la tâche à la main.
show-them = Les montrer
successful-scheduled-runs-frequent-tasks = Les exécutions planifiées et réussies des tâches fréquentes sont repliées.

## templates/journal_actions.html

dry-run = Essai à blanc
pause-pause = Pause
resume = Reprendre
resumed = Reprise.
run-lancer = Lancer
running-opens = En cours...

## templates/journal_all.html

on-request = à la demande
schedule = Planification

## templates/journal_rows.html

no-run-recorded = Aucune exécution enregistrée
show-voir = Voir

## templates/journal_state.html

busy-with = Occupée par
follows-the-sync = Suit la synchronisation
never-run-jamais-executee = Jamais exécutée
next-label = Prochaine :

## templates/layout.html

days-times-montreal = Jours et heures de Montréal
done-sentence = C'est fait.
francais = English
it-is-requested = C'est demandé.
menu = Menu
menu-dark = Sombre
menu-device-colours = Couleurs de l'appareil
menu-light = Clair
menu-log = Journal
menu-notifications = Notifications
menu-reports = Rapports
menu-status = État
page-could-not-be-refreshed = La page n'a pas pu être actualisée : les données affichées datent.
pages = Pages
request-failed-try-again = La requête a échoué. Réessayez.
sign-out = Se déconnecter
skip-to-the-content = Aller au contenu

## templates/maintenance_fields.html

cost-in-dollars = Coût ($)

## templates/nights.html

no-run-thirty-days = Aucune exécution en trente jours.
success-lower = succès
warning-lower = avertissement
worst-each-date-by-task = Le pire de chaque date, par tâche

## templates/notifications/channels.html

all-channels = tous les canaux
every-administrator-receives-test-message = Chaque administrateur reçoit un message d'essai.
last-tests = Derniers essais
no-channel-configured-administrator = Aucun canal n'est configuré pour un administrateur.
no-test-yet = Aucun essai pour l'instant.
not-every-message-was-delivered = Tous les messages n'ont pas été livrés : voyez les canaux.
refused-lower = refusé
switch-on-for = Réactiver pour
switch-on-reactiver = Réactiver
switched-off = Désactivé
test-all-channels = Essayer tous les canaux

## templates/notifications/deliveries.html

attempts-essais = essais
next-attempt = prochain essai
no-message-matches = Aucun envoi ne correspond.
why = Pourquoi

## templates/notifications/notices.html

i-take-care-of-the-notice = Je m'en occupe
in-hand-lower = pris en charge
in-hand-or-over = Pris en charge ou terminés
nobody-was-told-personne-na-ete-prevenu = Personne n'a été prévenu.
nothing-to-report = Rien à signaler.
over-lower = terminé
seen-vu = vu
times-last = fois, la dernière
troubles-problemes-annonces = Problèmes annoncés
which = Lesquels
you-take-care = Vous vous en occupez.

## templates/notifications/rule.html

after-minutes = Après (minutes)
all-rules = Toutes les règles
changed-modifiee = Modifiée
delete-rule-silence-switch-off = Supprimer cette règle ? Pour la faire taire, désactivez-la plutôt.
delete-the-rule = Supprimer la règle
digest-gather-by-minutes-0 = Résumé : regrouper par (minutes, 0 = chaque message seul)
from-the-severity = À partir de la gravité
messages-wait-except-critical-ones = Les messages attendent, sauf les critiques. Laissez vide pour ne jamais attendre.
quiet-hours = Heures calmes
reminder-until-somebody-takes-care = Rappel tant que personne ne s'en occupe (minutes, 0 = jamais)
rule-is-on = Règle active
same-trouble-again-after-minutes = Même problème de nouveau après (minutes, 0 = une seule fois)
the-rule-is-saved = La règle est enregistrée.
those-whom-event-concerns = Les personnes concernées par l'événement
time-zone = Fuseau
type-such-as-sync-failed = Un type comme sync.failed.
when-nobody-answers = Si personne ne répond
who-else-told-when-leave = Qui d'autre prévenir, et quand. Laissez les minutes vides pour retirer une étape; après l'enregistrement, il y a de la place pour une autre.

## templates/notifications/rules.html

after = après
again-after = de nouveau après
again-no-sooner-than-after = De nouveau au plus tôt après
at-once-once = tout de suite, une fois
choose = Choisir…
digest = résumé
explain = Expliquer
from-des = Dès
no-rule-about-event-nobody = Aucune règle ne parle de cet événement : personne n'est prévenu.
no-rule-nobody-told-anything = Aucune règle : personne n'est prévenu de rien.
now-maintenant = maintenant
once-per-trouble = Une seule fois par problème.
reminder-every = Rappel toutes les
switch-off = Désactiver
switch-on-activer = Activer
then = puis
timing = Moment
unanswered-after = Sans réponse après
until-somebody-takes-care = jusqu'à ce que quelqu'un s'en occupe.
who-would-be-told = Qui serait prévenu ?

## templates/notifications/tabs.html

sections-of-the-notifications = Sections des notifications

## templates/piano.html

limits = limites:
measured-humidity = Humidité mesurée
no-measurement-notes-piano = Aucune mesure dans les notes de ce piano.
no-note = Aucune note.
relative-humidity-over-time-values = Humidité relative au fil du temps; les valeurs sont dans le tableau qui suit.
unresolved-non-resolue = Non résolue

## templates/problem.html

back-home-page = Retour à l'accueil
try-again = Réessayer
what-still-works-aws-starts = Ce qui fonctionne encore : les tâches planifiées sont lancées par AWS, et leurs échecs sont annoncés directement aux administrateurs.

## templates/run.html

asked-for-by = Demandée par
cloudwatch-log = Journal CloudWatch
no-notice-about-run = Aucun avis au sujet de cette exécution.
nobody-was-told-personne-na-ete-averti = Personne n'a été averti.
notices-sent = Avis envoyés
open-the-runbook = Ouvrir le guide
process-shows-no-sign-life = Le processus ne donne plus signe de vie. La tâche est libre; l'exécution sera close à la prochaine.
resolved-resolu = Résolu
run-again = Relancer
show-stats = Voir stats
started-by = Lancée par
steps = Étapes
technical-details = Détails techniques

## templates/settings/connected.html

back-to-the-settings = Retour aux réglages
gazelle-is-connected = Gazelle est connectée
sync-renews-by-itself = La synchronisation la renouvelle d'elle-même.

## templates/settings/gazelle.html

connect = Connecter
connect-again = Reconnecter
connection-to-gazelle = Connexion à Gazelle
gazelle-sent-them-but-they = Gazelle les a envoyées, mais elles n'ont pas pu être enregistrées. Corrigez-les dans Gazelle : la prochaine synchronisation les reprend.
it-is-resolved = C'est réglé
nothing-is-set-aside = Rien n'est mis de côté.
off-to-gazelle = Vous allez sur Gazelle…
renewed = Renouvelée
resolved-reglee = Réglée
rows-set-aside-fiches-mises-de-cote = Fiches mises de côté
seen-vue = Vue
sync-renews-by-itself-connect = La synchronisation la renouvelle d'elle-même. Reconnectez-vous si Gazelle la refuse.
unresolved-a-regler = À régler
unresolved-only = À régler seulement

## templates/settings/institutions.html

delete-institution-pianos-not-watched = Supprimer cette institution ? Ses pianos ne seront plus surveillés.
gazelle-client = Client Gazelle
general-thresholds = seuils généraux
id-client-gazelle = Identifiant du client dans Gazelle
least-humidity-empty-general-threshold = Humidité minimale, % (vide : seuil général)
most-humidity-empty-general-threshold = Humidité maximale, % (vide : seuil général)
new-institution = Nouvelle institution
no-institution-no-piano-watched = Aucune institution : aucun piano n'est surveillé.
to-be-linked = À relier
unknown-to-gazelle = Inconnu de Gazelle
watched-surveillee = Surveillée

## templates/settings/people.html

active-active = Active
delete-this-person = Supprimer cette personne ?
e-mail-empty-configurations = Courriel (vide : celui de la configuration)
first-name = Prénom
for-administrators-only = Réservé à l'administration
from-the-configuration = celui de la configuration
gazelle-id = Identifiant Gazelle
language-of-messages = Langue des messages
name-on-screens = Nom affiché
new-person = Nouvelle personne
nobody-yet = Personne pour l'instant.
peoples-addresses-shown-administrators-only = Les adresses des personnes ne sont montrées qu'aux administrateurs. Demandez-leur une modification.
roles = Rôles
telegram-chat = Conversation Telegram

## templates/settings/tabs.html

menu-gazelle = Gazelle
menu-institutions = Institutions
sections-of-the-settings = Sections des réglages

## templates/settings/tabs_of_report.html

formerly = avant :
ids-clients-one-per-line = Identifiants des clients, un par ligne
in-the-report = Dans le rapport
keywords = Mots-clés
keywords-one-per-line-when = Mots-clés, un par ligne (quand le client est introuvable)
new-tab = Nouvel onglet
no-tab-report-would-be = Aucun onglet : le rapport serait vide.
one-institution = une institution
order = Ordre
remove = Retirer
remove-tab-sheet-stays-workbook = Retirer cet onglet ? Sa feuille reste dans le classeur.
tabs-timeline-report = Onglets du rapport Timeline
title-sheet-will-be-renamed = Titre (la feuille sera renommée)

## templates/settings/targets.html

certificate-warn-ahead-days = Certificat : prévenir avant (jours)
delete-the-window-of = Supprimer la fenêtre de
delete-this-window = Supprimer cette fenêtre ?
down-after-so-many-failures = En panne après tant d'échecs de suite
during-window-nobody-told-outage = Pendant une fenêtre, une panne n'est annoncée à personne.
edit-the-window-of = Modifier la fenêtre de
end-montreal-time = Fin (heure de Montréal)
end-montreal-time-at-most = Fin (heure de Montréal, au plus 31 jours après)
expected-http-codes-one-line = Codes HTTP attendus, un par ligne (vide : 200 à 299 ; une redirection ne compte que si elle y est)
last-probe = Dernier sondage
maintenance-window = Fenêtre d'entretien
maintenance-windows = Fenêtres d'entretien
new-service = Nouveau service
new-window = Nouvelle fenêtre
no-answer-after-ms = Sans réponse après (ms)
no-service-is-watched = Aucun service n'est surveillé.
no-window = Aucune fenêtre.
now-en-cours = En cours
over-passee = Passée
patience = Patience
required-outage-critical = Indispensable : sa panne est critique
service = Service
since-lower = depuis
start-montreal-time = Début (heure de Montréal)
stop-watching-service-delete = Ne plus surveiller ce service et l'effacer ?
successes = succès
text-expected-answer = Texte attendu dans la réponse
times-montreals-america-toronto-wherever = Les heures sont celles de Montréal (America/Toronto), où que vous soyez; quand l'horloge recule, l'heure qui revient fait partie de la fenêtre.
to-come = À venir
too-slow-from-ms = Trop lent à partir de (ms)
up-after-so-many-successes = Rétabli après tant de succès de suite
watched-services = Services surveillés
watched-surveille = Surveillé

## templates/settings/thresholds.html

allowed = Permis
changed-modifie = modifié
setting = Réglage

## templates/sign_in.html

sign-in-connexion = Connexion
sign-in-se-connecter = Se connecter

## templates/weekly_report.html

all-reports = Tous les rapports
as-it-was-sent = Tel qu'il a été envoyé
made-lower = fait

## templates/weekly_reports.html

delivery = Envoi
made = Fait
make-last-weeks-report = Faire le rapport de la semaine dernière
no-report-yet-next-one = Aucun rapport pour l'instant : le prochain arrive lundi à 8 h.
weekly-reports = Rapports hebdomadaires

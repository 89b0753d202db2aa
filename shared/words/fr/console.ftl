## In several places

medium = Moyenne
d = j
waiting = En attente
failed-echouee = Échouée
appointment = Rendez-vous
failed-echoue = Échoué
open-ouverte = Ouverte
queued = Demandée
running-en-cours-first = En cours
success-succes-first = Succès
warning-avertissement-first = Avertissement
error-erreur-first = Erreur
scheduled-auto = Auto
manual = Manuel
error-erreur-inside = erreur
errors-erreurs-inside = erreurs
over-termine-first = Terminé
acknowledged = Pris en charge
open-ouvert = Ouvert
resolved-resolue = Résolue
report = Rapport
no-run = aucune exécution
sent-envoye = Envoyé
uncertain = Incertain
reminder = rappel
every-service = Tous les services
humidity = Humidité
anomalies = Anomalies
recommendations = Recommandations
yes = oui
no = non
runs-executions-first = Exécutions
sales = Ventes
paused-en-pause-first = En pause
e-mail = Courriel
on = Actif
alerts = Alertes
all-toutes = Toutes
all-tous = Tous
search = Recherche
filter = Filtrer
show-all = Tout afficher
alert = Alerte
actions = Actions
next-page = Page suivante
appointments-to-confirm = Rendez-vous à confirmer
time = Heure
client = Client
title = Titre
equipment = Équipements
delete = Supprimer
state-etat = État
category = Catégorie
qr-code = Code QR
place = Lieu
held-by = Confié à
next-service = Prochain entretien
description = Description
planned-for = Date prévue
save = Enregistrer
cancel = Annuler
no-alert = Aucune alerte.
name = Nom
add = Ajouter
from-du = Du
to-au = Au
when = Quand
older-plus-anciens = Plus anciens
rows-lignes-inside = lignes
start = Début
older-plus-anciennes = Plus anciennes
date = Date
what-to-do = Que faire
running-en-cours-inside = en cours
incidents-and-anomalies = Incidents et anomalies
i-take-care-je-men-occupe-first = Je m'en occupe
nothing-to-recommend = Rien à recommander.
tasks = Tâches
task = Tâche
duration = Durée
thirty-nights = Trente nuits
humidity-alerts = Alertes d'humidité
open-ouverts = Ouverts
severity = Gravité
details = Détails
task-log = Journal des tâches
state-statut = Statut
trigger = Déclencheur
message = Message
pause-mettre-en-pause = Mettre en pause
reason = Raison
open-voir = Voir
runbook = Que faire en cas d'alerte
to-whom = À qui
channel = Canal
event = Événement
run-execution-first = Exécution
new-rule = Nouvelle règle
recipients = Destinataires
edit = Modifier
the-authorization-holds-until = L'autorisation vaut jusqu'à
key-lower-case-letters-digits = Clé (minuscules, chiffres, tirets)
week = Semaine

## src/pages/alerts.rs

critical = Critique
high-elevee = Élevée
late = de retard
today = aujourd'hui
left = restants

## src/pages/appointments.rs

sent-envoyee = Envoyée
not-sent-non-envoyee = Non envoyée
unknown-inconnu = Inconnu
all-day = toute la journée

## src/pages/assets.rs

gazelle-interval = Intervalle de Gazelle
entered-by-hand = Saisi à la main

## src/pages/audit.rs

value-valeur-inside = valeur

## src/pages/backups.rs

verified = Vérifiée
inconclusive = Non concluante
reduced-kept-beside = Réduite, gardée à part
damaged-source = Source endommagée
passed = Réussi
database = Base de données
former-sqlite-file = Ancien fichier SQLite

## src/pages/cash.rs

closed = Fermée

## src/pages/display.rs

just-now = à l'instant
bytes = octets
yesterday = hier
tomorrow = demain

## src/pages/figures.rs

rows-read-per-collection = Fiches lues par collection
new = ajoutées
changed-modifiees = modifiées
deleted = supprimées
nothing-new = rien de neuf
rows-per-tab = Lignes par onglet
rows-deleted-per-table = Lignes supprimées par table
appointments-per-technician = Rendez-vous par technicien

## src/pages/home.rs

never-run-jamais-lancee = Jamais lancée
high-haute = Haute
low = Basse

## src/pages/home/night.rs

runs-executions-inside = exécutions

## src/pages/home/verdict.rs

nothing-has-run-yet-everything = Rien n'a encore tourné : tout commence cette nuit.
all-is-well = Tout va bien.
does-not-answer = ne répond pas.
has-not-succeeded-too-long = n'a pas réussi depuis trop longtemps.
alarm-label = Alarme :
does-not-take-our-messages = ne prend pas nos messages pour l'instant
does-not-answer-our-messages = ne répond pas à nos messages
failed-a-echoue = a échoué.
is-paused = est en pause.
has-a-warning = a un avertissement.
overall-state-critical = L'état général est critique.
no-backup-is-verified = Aucune sauvegarde n'est vérifiée.
last-verified-backup-as-old = La dernière sauvegarde vérifiée a
data-as-old-as = Les données ont
last-restore-drill-failed = Le dernier essai de restauration a échoué.
switched-off-after-too-many = est coupé après trop d'échecs.

## src/pages/humidity.rs

too-dry = Trop sec
too-humid = Trop humide
cover = Housse
power = Alimentation
tank = Réservoir
surroundings = Environnement
other = Autre

## src/pages/incidents.rs

outage = Panne
silent-task = Tâche silencieuse
alarm = Alarme
silent-channel = Canal muet
to-do-a-faire = À faire
done-fait = Fait
ignored = Ignorée

## src/pages/journal.rs

backup = Sauvegarde
chain = Chaîne

## src/pages/nights.rs

failed-en-erreur = en erreur
longest = la plus longue

## src/pages/notifications.rs

those-concerned = les personnes concernées
nothing-rule-switched-off = rien : la règle est désactivée
nothing-rule-begins-at = rien : la règle commence à
nothing-rule-names-nobody = rien : la règle ne nomme personne
at-once = tout de suite
in-the-next-digest = dans le prochain résumé
after-the-quiet-hours = après les heures calmes
is-switched-off = est désactivé

## src/pages/notifications/channels.rs

all-delivered = Tout est livré
in-part = En partie
nothing-delivered = Rien n'est livré
delivered = Livré
not-delivered = Non livré

## src/pages/notifications/deliveries.rs

skipped-omis = Omis
again = de nouveau
nobody-answered = personne n'a répondu
recovery = retour à la normale
first-time = première fois

## src/pages/notifications/notices.rs

in-hand-pris-en-charge-first = Pris en charge

## src/pages/piano.rs

within-limits = Dans les limites

## src/pages/run.rs

sent-remis = Remis
skipped-non-envoye = Non envoyé
failed-echec = Échec
requested = Demandée
follows-another-run = Suite d'une autre exécution
scheduled-planifiee = Planifiée
waiting-for-the-function = En attente de la fonction
attempt-tentative-inside = tentative
started = Démarrée
finished = Terminée
event-label = Événement :{" "}
collection-collection-inside = collection
rows-fiches = fiches
table = table
done-faites = faites
step-etape-inside = étape
found = trouvées
at-work = Au travail
part-partie-inside = partie
collection-collection-first = Collection
page = Page
path = Chemin
code = Code
http-status = Statut HTTP
graphql-errors = Erreurs GraphQL
attempts-tentatives = Tentatives
unexpected-part = Partie inattendue

## src/pages/settings.rs

administrator = Administration
assistant = Assistance
technician-technique = Technique

## src/pages/settings/gazelle.rs

not-authorized = Non autorisée
expired = Expirée
authorized = Autorisée

## src/pages/settings/thresholds.rs

sync = Synchronisation
retention-in-days = Conservation (en jours)
yes-or-no = oui ou non

## src/pages/weekly_reports.rs

pending = En attente
partly-sent = Envoyé en partie
nobody-to-tell = Personne à prévenir
unknown-incertain = Incertain
not-sent-non-envoye = Non envoyé
successful-runs = Exécutions réussies
failed-runs = Exécutions en erreur
appointments-rendez-vous-first = Rendez-vous
pianos-serviced = Pianos entretenus
humidity-alerts-opened = Alertes d'humidité ouvertes
maintenance-alerts-opened = Alertes d'entretien ouvertes
outages = Pannes
time-of-outages = Durée des pannes
anomalies-opened = Anomalies ouvertes
notifications-sent = Notifications envoyées
ai-calls = Appels de l'IA
cash-sessions-sessions-de-caisse-first = Sessions de caisse
people-signed-in-personnes-connectees-first = Personnes connectées
age-verified-copy = Âge de la copie vérifiée

## src/pages/words.rs

refused-for-good = refusé pour de bon :
not-watched = Non surveillé
not-seen-yet = Pas encore vu
up = Répond
degraded = Ralenti
down = Ne répond pas
unstable = Instable
in-maintenance = En entretien
off = Inactif

## templates/alerts.html

alerts-recomputed = Alertes régénérées avec succès.
recompute = Régénérer
priority = Priorité
subject-sujet = Sujet
unread-non-lues = Non lues
critical-label = Critiques:
high-label = Élevées:
medium-label = Moyennes:
unread-label = Non lues:
no-alert-matches-these-filters = Aucune alerte ne correspond à ces filtres.
no-alert-all-maintenance-up = Aucune alerte: tous les entretiens sont à jour.
due = Échéance
unread-non-lue = Non lue
alert-marked-as-read = Alerte marquée comme lue.
read = Lu
take-alert-off-list-comes = Retirer cette alerte de la liste? Elle reviendra si l'entretien change de date.
alert-taken-off-list = Alerte retirée de la liste.
dismiss = Retirer

## templates/appointments.html

warn-technicians-tomorrows-appointments-now = Avertir maintenant les techniciens des rendez-vous de demain?
the-warning-is-requested = L'envoi est demandé.
warn-now = Avertir maintenant
day = Jour
show-afficher = Afficher
unconfirmed = Non confirmés
appointments-rendez-vous-inside = rendez-vous
all-appointments-day-confirmed = Tous les rendez-vous de ce jour sont confirmés.
without-a-technician = Sans technicien
telephone = Téléphone
to-take-note-of = À prendre en note
nothing-waits = Rien n'attend.
technician-technicien = Technicien
noted = C'est noté.
taken-note-of = Pris en note
history = Historique
alerts-sent = Alertes envoyées:
n-7-days = 7 jours:
n-30-days = 30 jours:
failed-label = échouées:
no-alert-yet = Aucune alerte envoyée pour l'instant.
made-creee = Créée

## templates/asset.html

edit-opens = Modifier…
delete-equipment-maintenance-alerts = Supprimer cet équipement, ses entretiens et ses alertes?
equipment-deleted = Équipement supprimé.
facts = Fiche
last-service = Dernier entretien
every = tous les
months = mois
acquired = Acquisition
current-value = Valeur actuelle
humidity-of-this-piano = Humidité de ce piano
maintenance-entretiens = Entretiens
plan-opens = Planifier…
no-maintenance-yet = Aucun entretien pour l'instant.
maintenance-entretien = Entretien
cost = Coût
maintenance-done = Entretien terminé.
complete = Terminer
delete-this-maintenance = Supprimer cet entretien?
maintenance-deleted = Entretien supprimé.
maintenance-changed = Entretien modifié.
edit-the-maintenance = Modifier l'entretien
done-on = Terminé le
dismissed = Retirée
over-terminee = Terminée
equipment-changed = Équipement modifié.
edit-the-equipment = Modifier l'équipement
maintenance-planned = Entretien planifié.
plan-maintenance = Planifier un entretien
plan = Planifier

## templates/asset_fields.html

service-interval-months = Intervalle d'entretien (mois)
name-place-service-dates-piano = Le nom, le lieu et les dates d'entretien de ce piano viennent de Gazelle.
acquired-on = Date d'acquisition
acquisition-value = Valeur d'acquisition ($)
current-value-in-dollars = Valeur actuelle ($)

## templates/assets.html

add-opens = Ajouter…
active-actifs = actifs
value-label = valeur:
no-equipment-matches-these-filters = Aucun équipement ne correspond à ces filtres.
no-equipment-yet-gazelles-pianos = Aucun équipement pour l'instant. Les pianos de Gazelle arrivent avec les alertes d'entretien.
equipment-added = Équipement ajouté.
add-equipment = Ajouter un équipement

## templates/audit.html

audit = Audit
who = Qui
action = Action
subject-objet = Objet
changes = Changements
no-change = Aucun changement.
before-after = Avant → après

## templates/backups.html

backups = Sauvegardes
run-a-backup = Lancer une sauvegarde
run-a-restore-drill = Essayer une restauration
last-copy-holds-much-less = La dernière copie contient beaucoup moins que les bonnes
kept-beside-them-no-good = Elle est gardée à part, et aucune bonne copie n'est retirée tant que cela dure. Un accident : restaurer une bonne copie. Voulu : le dire ici, et une nouvelle copie compte comme bonne.
was-what-missing-taken-away = Ce qui manque a été enlevé exprès ?
it-is-meant-accept = C'est voulu : accepter
newest-verified-copy = Dernière copie vérifiée
encrypted-chiffree-inside = chiffrée
none-yet-aucune-pour-linstant-sentence = Aucune pour l'instant.
last-attempt = Dernière tentative
last-restore-drill = Dernier essai de restauration
none-yet-aucun-pour-linstant = Aucun pour l'instant.
copies = Copies
no-copy-yet = Aucune copie pour l'instant.
what = Quoi
size = Taille
rows-lignes-first = Lignes
encrypted-chiffree-first = Chiffrée
moving-tables = Tables en mouvement
note = Remarque
removed-by-the-retention = Retirée par la rétention
restore-drills = Essais de restauration
no-drill-yet-next-one = Aucun essai pour l'instant : le prochain est dimanche.
how-long-restore-took = Durée de la restauration
age-newest-verified-copy = Âge de la dernière copie vérifiée
age-of-the-copy = Âge de la copie
tables = Tables

## templates/cash.html

cash = Caisse
registers = Caisses
no-register = Aucune caisse.
tolerated-gap = Écart toléré
open-sessions = Sessions ouvertes
in-use = En service
not-in-use = Hors service
change = Modifier
add-a-register = Ajouter une caisse
sessions = Sessions
register = Caisse
initial-amount = Fonds de caisse ($)
open-a-session = Ouvrir une session
no-session = Aucune session.
opened = Ouverture
operator = Opérateur
expected = Attendu
counted = Compté
gap = Écart
closing = Fermeture
close = Fermer
close-the-session = Fermer la session
sales-in-dollars = Ventes ($)
items = Articles
amount-counted = Montant compté ($)
comment-if-there-gap = Commentaire, s'il y a un écart
change-the-register = Modifier la caisse
tolerated-gap-in-dollars = Écart toléré ($)
delete-this-register = Supprimer cette caisse ?

## templates/docs.html

every-address-answers-with-without = Chaque adresse répond avec et sans
the-document-for-programs = Le document pour les programmes :
subjects = Sujets
shapes = Formes

## templates/home.html

system-health = Santé du système
last-night = La nuit dernière
nothing-ran-last-night = Rien n'a tourné la nuit dernière.
next-runs = Prochains départs
nothing-is-scheduled = Aucun départ n'est prévu.
all-the-time = En continu :
tasks-24-h = Tâches, 24 h
succeeded = réussies
warnings = avertissements
last = Dernière :
syncs-24-h = Synchronisations, 24 h
success-rate = Taux de réussite
syncs = Synchronisations :
error-rate = Taux d'erreur :
average-duration = Durée moyenne
age-of-the-data = Âge des données
not-synced-yet = Pas encore synchronisées
verified-backup = Sauvegarde vérifiée
none-yet-aucune-pour-linstant-first = Aucune pour l'instant
restore-drill = Essai de restauration :
no-restore-drill-yet = Aucun essai de restauration
ai-24-h = IA, 24 h
errors-label = Erreurs :
answer = Réponse :
usage-24-h = Utilisation, 24 h
people-signed-in-personnes-connectees-inside = personnes connectées
notifications = notifications
cash-sessions-sessions-de-caisse-inside = sessions de caisse
no-open-incident = Aucun incident ouvert.
no-open-anomaly = Aucune anomalie ouverte.
anomalies-label = Anomalies :
to-do-a-traiter = À traiter
nothing-is-waiting = Rien n'attend.
maintenance-late = Entretiens en retard
maintenance-due = Entretiens à venir
equipment-to-repair = Équipements à réparer
rows-set-aside-lignes-mises-de-cote = Lignes mises de côté
availability = Disponibilité
nothing-is-watched = Rien n'est surveillé.
last-run = Dernière exécution
average-24-h = Moyenne, 24 h
success-24-h = Réussite, 24 h
next = Prochaine
detail-by-task-loads-here = Le détail par tâche se charge ici.

## templates/humidity.html

reading-notes-requested = La lecture des notes est demandée.
read-the-notes-again = Relire les notes
lists = Listes
institutions = Institutions:
resolved-label = Résolues:
no-humidity-alert-at-moment = Aucune alerte d'humidité en cours.
nothing-here-yet = Rien ici pour l'instant.
piano = Piano
technicians-note = Note du technicien
resolve = Résoudre
resolve-opens = Résoudre…
archive-alert-leaves-lists = Archiver cette alerte? Elle quittera les listes.
alert-archived = Alerte archivée.
archive = Archiver
alert-resolved = Alerte résolue.
resolve-the-alert = Résoudre l'alerte
what-was-done-optional = Ce qui a été fait (facultatif)

## templates/incidents.html

over-termines = Terminés
incidents = Incidents
no-incident = Aucun incident.
incident = Incident
follow-up = Suivi
run-execution-inside = exécution
no-anomaly = Aucune anomalie.
last-seen = Vue la dernière fois
anomaly = Anomalie
times = Fois
due-label = Échéance :
done-cest-fait-first = C'est fait
ignore = Ignorer
reopen = Rouvrir

## templates/journal.html

all-tasks = Toutes les tâches
type = Type
text = Texte
frequent-tasks = Tâches fréquentes
clear = Effacer
successful-scheduled-runs-frequent-tasks = Les exécutions planifiées et réussies des tâches fréquentes sont repliées.
show-them = Les montrer
stats = Stats
paused-en-pause-sentence = En pause.
scheduled-chained-runs-rest-task = Les exécutions planifiées et enchaînées n'auront plus lieu; on peut toujours lancer la tâche à la main.

## templates/journal_actions.html

running-opens = En cours...
run-lancer = Lancer
run-now = Lancer maintenant
dry-run = Essai à blanc
resumed = Reprise.
resume = Reprendre
pause-pause = Pause

## templates/journal_all.html

schedule = Planification
on-request = à la demande

## templates/journal_rows.html

show-voir = Voir
no-run-recorded = Aucune exécution enregistrée

## templates/journal_state.html

busy-with = Occupée par
never-run-jamais-executee = Jamais exécutée
next-label = Prochaine :
follows-the-sync = Suit la synchronisation

## templates/layout.html

done-cest-fait-sentence = C'est fait.
it-is-requested = C'est demandé.
page-could-not-be-refreshed = La page n'a pas pu être actualisée : les données affichées datent.
request-failed-try-again = La requête a échoué. Réessayez.
skip-to-the-content = Aller au contenu
menu = Menu
pages = Pages
sign-out = Se déconnecter
fr = en
francais = English
days-times-montreal = Jours et heures de Montréal

## templates/maintenance_fields.html

kind = Genre
cost-in-dollars = Coût ($)

## templates/nights.html

worst-each-date-by-task = Le pire de chaque date, par tâche
no-run-thirty-days = Aucune exécution en trente jours.
success-succes-inside = succès
warning-avertissement-inside = avertissement

## templates/notifications/channels.html

channels = Canaux
switched-off = Désactivé
refused-refuse-first = Refusé
refused-refuse-inside = refusé
switch-on-for = Réactiver pour
not-every-message-was-delivered = Tous les messages n'ont pas été livrés : voyez les canaux.
test = Essayer
switch-on-reactiver = Réactiver
test-all-channels = Essayer tous les canaux
every-administrator-receives-test-message = Chaque administrateur reçoit un message d'essai.
last-tests = Derniers essais
no-test-yet = Aucun essai pour l'instant.
all-channels = tous les canaux
no-channel-configured-administrator = Aucun canal n'est configuré pour un administrateur.
outcome = Résultat

## templates/notifications/deliveries.html

messages = Envois
recipient = Destinataire
no-message-matches = Aucun envoi ne correspond.
why = Pourquoi
next-attempt = prochain essai
attempts-essais = essais

## templates/notifications/notices.html

troubles-problemes = Problèmes
which = Lesquels
in-hand-or-over = Pris en charge ou terminés
troubles-problemes-annonces = Problèmes annoncés
nothing-to-report = Rien à signaler.
since-depuis-first = Depuis
seen-vu = vu
times-last = fois, la dernière
over-termine-inside = terminé
in-hand-pris-en-charge-inside = pris en charge
nobody-was-told-personne-na-ete-prevenu = Personne n'a été prévenu.
you-take-care = Vous vous en occupez.
i-take-care-je-men-occupe-first-2 = Je m'en occupe

## templates/notifications/rule.html

rule = Règle
all-rules = Toutes les règles
the-rule-is-saved = La règle est enregistrée.
type-such-as-sync-failed = Un type comme sync.failed.
rule-is-on = Règle active
those-whom-event-concerns = Les personnes concernées par l'événement
from-the-severity = À partir de la gravité
quiet-hours = Heures calmes
messages-wait-except-critical-ones = Les messages attendent, sauf les critiques. Laissez vide pour ne jamais attendre.
from-de-first = De
until = à
time-zone = Fuseau
digest-gather-by-minutes-0 = Résumé : regrouper par (minutes, 0 = chaque message seul)
same-trouble-again-after-minutes = Même problème de nouveau après (minutes, 0 = une seule fois)
reminder-until-somebody-takes-care = Rappel tant que personne ne s'en occupe (minutes, 0 = jamais)
when-nobody-answers = Si personne ne répond
who-else-told-when-leave = Qui d'autre prévenir, et quand. Laissez les minutes vides pour retirer une étape; après l'enregistrement, il y a de la place pour une autre.
step-etape-first = Étape
after-minutes = Après (minutes)
delete-rule-silence-switch-off = Supprimer cette règle ? Pour la faire taire, désactivez-la plutôt.
delete-the-rule = Supprimer la règle
changed-modifiee = Modifiée

## templates/notifications/rules.html

who-would-be-told = Qui serait prévenu ?
choose = Choisir…
explain = Expliquer
now-maintenant = maintenant
no-rule-about-event-nobody = Aucune règle ne parle de cet événement : personne n'est prévenu.
nobody = Personne
again-no-sooner-than-after = De nouveau au plus tôt après
once-per-trouble = Une seule fois par problème.
reminder-every = Rappel toutes les
until-somebody-takes-care = jusqu'à ce que quelqu'un s'en occupe.
unanswered-after = Sans réponse après
rules = Règles
no-rule-nobody-told-anything = Aucune règle : personne n'est prévenu de rien.
from-des = Dès
timing = Moment
quiet = heures calmes
digest = résumé
again-after = de nouveau après
then = puis
after = après
at-once-once = tout de suite, une fois
switch-off = Désactiver
switch-on-activer = Activer

## templates/notifications/tabs.html

sections-of-the-notifications = Sections des notifications

## templates/piano.html

measured-humidity = Humidité mesurée
limits = limites:
relative-humidity-over-time-values = Humidité relative au fil du temps; les valeurs sont dans le tableau qui suit.
values = Valeurs
no-measurement-notes-piano = Aucune mesure dans les notes de ce piano.
archived = Archivée
unresolved-non-resolue = Non résolue
notes = Notes
no-note = Aucune note.

## templates/problem.html

what-still-works-aws-starts = Ce qui fonctionne encore : les tâches planifiées sont lancées par AWS, et leurs échecs sont annoncés directement aux administrateurs.
try-again = Réessayer
back-home-page = Retour à l'accueil

## templates/run.html

process-shows-no-sign-life = Le processus ne donne plus signe de vie. La tâche est libre; l'exécution sera close à la prochaine.
open-the-runbook = Ouvrir le guide
steps = Étapes
asked-for-by = Demandée par
started-by = Lancée par
attempt-tentative-first = Tentative
part-partie-first = Partie
cloudwatch-log = Journal CloudWatch
run-again = Relancer
errors-erreurs-first = Erreurs
technical-details = Détails techniques
notices-sent = Avis envoyés
no-notice-about-run = Aucun avis au sujet de cette exécution.
resolved-resolu = Résolu
nobody-was-told-personne-na-ete-averti = Personne n'a été averti.
parameters = Paramètres
show-stats = Voir stats

## templates/runbook.html

notices = Avis

## templates/settings/connected.html

gazelle-is-connected = Gazelle est connectée
sync-renews-by-itself = La synchronisation la renouvelle d'elle-même.
back-to-the-settings = Retour aux réglages

## templates/settings/gazelle.html

connection-to-gazelle = Connexion à Gazelle
renewed = Renouvelée
sync-renews-by-itself-connect = La synchronisation la renouvelle d'elle-même. Reconnectez-vous si Gazelle la refuse.
off-to-gazelle = Vous allez sur Gazelle…
connect-again = Reconnecter
connect = Connecter
rows-set-aside-fiches-mises-de-cote = Fiches mises de côté
unresolved-only = À régler seulement
gazelle-sent-them-but-they = Gazelle les a envoyées, mais elles n'ont pas pu être enregistrées. Corrigez-les dans Gazelle : la prochaine synchronisation les reprend.
nothing-is-set-aside = Rien n'est mis de côté.
row = Fiche
seen-vue = Vue
resolved-reglee = Réglée
unresolved-a-regler = À régler
it-is-resolved = C'est réglé

## templates/settings/institutions.html

no-institution-no-piano-watched = Aucune institution : aucun piano n'est surveillé.
gazelle-client = Client Gazelle
unknown-to-gazelle = Inconnu de Gazelle
to-be-linked = À relier
general-thresholds = seuils généraux
id-client-gazelle = Identifiant du client dans Gazelle
least-humidity-empty-general-threshold = Humidité minimale, % (vide : seuil général)
most-humidity-empty-general-threshold = Humidité maximale, % (vide : seuil général)
watched-surveillee = Surveillée
delete-institution-pianos-not-watched = Supprimer cette institution ? Ses pianos ne seront plus surveillés.
new-institution = Nouvelle institution

## templates/settings/people.html

people = Personnes
nobody-yet = Personne pour l'instant.
roles = Rôles
from-the-configuration = celui de la configuration
first-name = Prénom
name-on-screens = Nom affiché
e-mail-empty-configurations = Courriel (vide : celui de la configuration)
setting-slack-webhook-name-not = Réglage du webhook Slack (son nom, pas l'adresse)
telegram-chat = Conversation Telegram
gazelle-id = Identifiant Gazelle
language-of-messages = Langue des messages
active-active = Active
delete-this-person = Supprimer cette personne ?
new-person = Nouvelle personne
for-administrators-only = Réservé à l'administration
peoples-addresses-shown-administrators-only = Les adresses des personnes ne sont montrées qu'aux administrateurs. Demandez-leur une modification.

## templates/settings/tabs.html

settings = Réglages
sections-of-the-settings = Sections des réglages

## templates/settings/tabs_of_report.html

report-tabs = Onglets du rapport
tabs-timeline-report = Onglets du rapport Timeline
no-tab-report-would-be = Aucun onglet : le rapport serait vide.
order = Ordre
content = Contenu
clients = Clients
keywords = Mots-clés
formerly = avant :
maintenance-alerts = alertes d'entretien
one-institution = une institution
title-sheet-will-be-renamed = Titre (la feuille sera renommée)
ids-clients-one-per-line = Identifiants des clients, un par ligne
keywords-one-per-line-when = Mots-clés, un par ligne (quand le client est introuvable)
in-the-report = Dans le rapport
remove-tab-sheet-stays-workbook = Retirer cet onglet ? Sa feuille reste dans le classeur.
remove = Retirer
new-tab = Nouvel onglet

## templates/settings/targets.html

monitoring = Surveillance
watched-services = Services surveillés
no-service-is-watched = Aucun service n'est surveillé.
service = Service
last-probe = Dernier sondage
patience = Patience
required = indispensable
since-depuis-inside = depuis
failures = échecs
successes = succès
address = Adresse
text-expected-answer = Texte attendu dans la réponse
expected-http-codes-one-line = Codes HTTP attendus, un par ligne (vide : 200 à 299 ; une redirection ne compte que si elle y est)
too-slow-from-ms = Trop lent à partir de (ms)
no-answer-after-ms = Sans réponse après (ms)
certificate-warn-ahead-days = Certificat : prévenir avant (jours)
down-after-so-many-failures = En panne après tant d'échecs de suite
up-after-so-many-successes = Rétabli après tant de succès de suite
required-outage-critical = Indispensable : sa panne est critique
watched-surveille = Surveillé
stop-watching-service-delete = Ne plus surveiller ce service et l'effacer ?
new-service = Nouveau service
maintenance-windows = Fenêtres d'entretien
during-window-nobody-told-outage = Pendant une fenêtre, une panne n'est annoncée à personne.
times-montreals-america-toronto-wherever = Les heures sont celles de Montréal (America/Toronto), où que vous soyez; quand l'horloge recule, l'heure qui revient fait partie de la fenêtre.
no-window = Aucune fenêtre.
end = Fin
now-en-cours = En cours
over-passee = Passée
to-come = À venir
edit-the-window-of = Modifier la fenêtre de
delete-this-window = Supprimer cette fenêtre ?
delete-the-window-of = Supprimer la fenêtre de
maintenance-window = Fenêtre d'entretien
start-montreal-time = Début (heure de Montréal)
end-montreal-time = Fin (heure de Montréal)
new-window = Nouvelle fenêtre
end-montreal-time-at-most = Fin (heure de Montréal, au plus 31 jours après)

## templates/settings/thresholds.html

thresholds-and-retention = Seuils et conservation
setting = Réglage
value-valeur-first = Valeur
default = Par défaut
allowed = Permis
changed-modifie = modifié

## templates/sign_in.html

sign-in-connexion = Connexion
password = Mot de passe
sign-in-se-connecter = Se connecter

## templates/weekly_report.html

all-reports = Tous les rapports
made-fait-inside = fait
figures = Chiffres
measure = Mesure
before = Avant
as-it-was-sent = Tel qu'il a été envoyé

## templates/weekly_reports.html

weekly-reports = Rapports hebdomadaires
make-last-weeks-report = Faire le rapport de la semaine dernière
no-report-yet-next-one = Aucun rapport pour l'instant : le prochain arrive lundi à 8 h.
delivery = Envoi
made-fait-first = Fait
menu-unresolved = Non résolues
menu-resolved = Résolues
menu-archived = Archivées
menu-status = État
menu-log = Journal
menu-notifications = Notifications
menu-reports = Rapports
menu-device-colours = Couleurs de l'appareil
menu-light = Clair
menu-dark = Sombre
menu-institutions = Institutions
menu-gazelle = Gazelle
dampp-chaser = Dampp-Chaser
building = Bâtiment
vehicle = Véhicule
equipment-equipement = Équipement
furniture = Mobilier
land = Terrain
active = Actif
maintenance-required = Entretien requis
out-of-service = Hors service
retired = Déclassé
preventive = Préventif
corrective = Correctif
inspection = Inspection
planned = Planifié
under-way = En cours
done = Terminé
cancelled = Annulé
late-en-retard = En retard
due-soon = Bientôt dû
required-entretien-requis = Entretien requis
setting-retention-runs-frequent = Exécutions réussies des tâches fréquentes
setting-retention-runs = Exécutions
setting-retention-sync-logs = Journal des synchronisations
setting-retention-deliveries = Envois de notifications
setting-retention-notices = Problèmes annoncés
setting-retention-monitor-checks = Sondages des services
setting-retention-incidents = Incidents terminés
setting-retention-alarm-events = Alarmes AWS
setting-retention-events = Événements publiés
setting-retention-quarantine = Fiches mises de côté et réglées
setting-retention-maintenance-alerts = Alertes d'entretien lues ou rejetées
setting-retention-appointment-alerts = Alertes de rendez-vous traitées
setting-retention-humidity-alerts = Alertes d'humidité réglées
setting-retention-ai-events = Appels du modèle de langage
setting-retention-backups = Traces des sauvegardes retirées
setting-retention-restore-drills = Essais de restauration
setting-retention-anomalies = Anomalies réglées
setting-retention-recommendations = Recommandations décidées
setting-retention-login-history = Historique des connexions
setting-retention-console-sessions = Sessions terminées de la console
setting-retention-rate-limits = Compteurs de requêtes
setting-retention-audit-log = Audit
setting-sync-appointment-past-days = 30
setting-sync-appointment-future-days = 90
setting-sync-timeline-overlap-days = 7
setting-sync-concurrency = 6
setting-humidity-low = Humidité (%) en dessous de laquelle un piano est TROP_SEC
setting-humidity-high = Humidité (%) au-dessus de laquelle un piano est TROP_HUMIDE
setting-humidity-margin = Points à regagner avant qu'une alerte de mesure se ferme
setting-humidity-window-days = Jours de notes relus chaque nuit, pour voir celles modifiées après coup
setting-humidity-all-clients = Surveiller tous les clients, pas seulement les institutions
setting-humidity-model-enabled = Faire lire par un modèle de langage les notes que les règles ne comprennent pas
setting-anomaly-cash-medium-cents = 1000
setting-anomaly-cash-high-cents = 5000
setting-anomaly-cash-repeated = 3
setting-anomaly-sync-failures-medium = 3
setting-anomaly-sync-failures-high = 5
setting-anomaly-consecutive-failures = 3
setting-anomaly-stuck-hours = 2
setting-anomaly-auth-failures-medium = 5
setting-anomaly-auth-failures-high = 10
setting-anomaly-ai-minimum-calls = 20
setting-anomaly-ai-error-percent-medium = 5
setting-anomaly-ai-error-percent-high = 20
setting-anomaly-ai-confidence = 0.6
setting-anomaly-stale-hours = 26
setting-anomaly-row-drop-percent = 20
setting-anomaly-orphan-percent = 5
setting-anomaly-humidity-backlog-days = 14
setting-anomaly-unusual-spread = 5
setting-anomaly-unusual-minimum-runs = 5
setting-anomaly-unusual-minimum-percent = 50
setting-anomaly-unusual-minimum-seconds = 60
setting-anomaly-unusual-minimum-rows = 50
setting-recommendation-log-days = 90
gigabytes = Go
megabytes = Mo
kilobytes = ko
what-and-list = { $what } : { $list }
span-ago = il y a { $span }
in-span = dans { $span }
dollars = { $amount } $
from-least-to-most = de { $least } à { $most }
things-need-a-look = { $count ->
    [one] Tout fonctionne, mais un point est à vérifier.
   *[other] Tout fonctionne, mais { $shown } points sont à vérifier.
}
problems-need-attention = { $count ->
    [one] Un problème demande votre attention.
   *[other] { $shown } problèmes demandent votre attention.
}
all-well-for-nights = { $count ->
    [one] Tout va bien depuis la nuit dernière.
   *[other] Tout va bien depuis { $shown } nuits.
}
critical-anomalies = { $count ->
    [one] { $shown } anomalie critique.
   *[other] { $shown } anomalies critiques.
}
high-anomalies = { $count ->
    [one] { $shown } anomalie grave.
   *[other] { $shown } anomalies graves.
}
notifications-did-not-arrive = { $count ->
    [one] Une notification n'est pas arrivée.
   *[other] { $shown } notifications ne sont pas arrivées.
}
runs-counted = { $count ->
    [one] { $shown } exécution
   *[other] { $shown } exécutions
}
active-alerts-counted = { $count ->
    [one] { $shown } alerte active
   *[other] { $shown } alertes actives
}
equipment-counted = { $count ->
    [one] { $shown } équipement
   *[other] { $shown } équipements
}
unresolved-alerts-counted = { $count ->
    [one] { $shown } alerte non résolue
   *[other] { $shown } alertes non résolues
}

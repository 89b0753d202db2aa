### Messages: Slack, e-mail, Telegram; and the names in them, which pages use, too.


## In several messages

and-more-in-the-console = Et { $count } de plus dans la console.
asset = Équipement
assets-that-need-maintenance = 🔧 Équipements à entretenir
assign-these-appointments-gazelle-or = Attribuer ces rendez-vous dans Gazelle, ou compléter la personne dans « staff ».
channel-slack = Slack
channel-telegram = Telegram
channel-off-messages-take-another = Le canal est éteint et ses messages passent par un autre. Corriger le réglage, puis envoyer une notification de test: elle le rallume.
channel-works-nothing-do = Ce canal fonctionne. Rien à faire.
check-piano-later-note-or = Vérifier le piano; une note ultérieure ou la console ferme l'alerte.
check-state-service-message-will = Vérifier l'état de ce service. Un message dira quand il répond de nouveau.
console-has-details = Les détails sont dans la console.
detail = Détail
digest-part = 🗞️ { $count } notifications ({ $from } à { $to })
digest-title = 🗞️ { $count } notifications
each-figure-followed-by-change = Chaque chiffre est suivi de son écart avec la semaine précédente; « — » veut dire inconnu.
failed = échoué
hello = Bonjour
http-answer = réponse HTTP { $status }
humidity-title = ⚠️ { $count } alertes d'humidité
it-is-over = : c'est terminé
warning-last-restore-drill-failed = ⚠️ Le dernier essai de restauration a échoué.
warning-last-restore-drill-is-old = ⚠️ Le dernier essai de restauration date de plus d'une semaine.
last-success = Dernier succès
lasted = A duré
warning-longest-failing = ⚠️ « { $task } »: en échec pendant { $duration }.
maintenance-due-soon = ⏰ Entretiens à venir
maintenance-overdue = 🚨 Entretien en retard
messages-take-another-channel-one = Les messages passent par un autre canal; celui-ci est réessayé de lui-même, au plus tard toutes les quatre heures. Si cela dure, voir le guide.
warning-backup-is-old = ⚠️ La dernière sauvegarde vérifiée a plus de deux jours.
no-outage = aucune panne
warning-no-restore-drill = ⚠️ Aucune restauration n'a encore été essayée.
title-of-an-escalation = ⏫ Personne n'a répondu:
nobody-knows-whether-last-messages = On ne sait pas si les derniers messages sont arrivés; les suivants passent par un autre canal, et celui-ci est réessayé. Rien à faire, sauf si cela dure.
nothing-do-not-seen-any = Rien à faire: ce n'est plus constaté.
nothing-to-do = Rien à faire.
observed = Observé le
open-alarm-follow-runbook = Ouvrir l'alarme et suivre le guide.
open-last-run-if-none = Ouvrir la dernière exécution; si aucune n'a démarré, voir le guide.
advice-run-slow = Rien n'est perdu. Si cela se répète, voir le guide avant qu'une exécution ne soit interrompue.
open-the-alarm = Voir l'alarme
open-the-console = Ouvrir la console
open-the-run = Voir l'exécution
outages-of-the-week = { $count ->
    [one] { $shown } panne
   *[other] { $shown } pannes
} ({ $duration })
drill-passed = réussi
phone = Téléphone
plan-maintenance-or-dismiss-alert = Planifier l'entretien, ou écarter l'alerte pour cette échéance dans la console.
please-reach-these-clients-today = Merci de joindre ces clients aujourd'hui. — Assistant Gazelle
title-of-a-reminder = 🔁 Rappel:
rows = { $count ->
    [one] { $count } ligne
   *[other] { $count } lignes
}
link-to-the-runbook = Que faire
see-all-alerts = Voir toutes les alertes
sendgrid-does-not-take-our = 🔇 SendGrid ne prend pas nos courriels pour l'instant
sendgrid-refuses-our-e-mails = 🔇 SendGrid refuse nos courriels
service-falls-comes-back-there = Ce service tombe et revient; il n'y aura pas d'autre message avant qu'il soit stable.
share-of-the-runs-succeeded = { $share } des exécutions réussies
slack-does-not-take-our = 🔇 Slack ne prend pas nos messages pour l'instant
slack-refuses-our-messages = 🔇 Slack refuse nos messages
sync-with-gazelle-failed-these = ⚠️ La synchronisation avec Gazelle a échoué: ces données datent du
telegram-does-not-take-our = 🔇 Telegram ne prend pas nos messages pour l'instant
telegram-refuses-our-messages = 🔇 Telegram refuse nos messages
test-notification = 🔔 Notification de test
warning-no-backup = ⚠️ Il n'y a aucune sauvegarde vérifiée.
these-appointments-tomorrow-confirmed-neither = Ces rendez-vous de demain ne sont confirmés ni par le client ni par le bureau.
these-appointments-tomorrow-not-confirmed = Ces rendez-vous de demain ne sont pas confirmés, et leur technicien n'a pas pu être prévenu; la raison est à côté de chacun.
unassigned-title = ⚠️ { $count } RV non confirmé(s) sans destinataire pour le { $date }
unconfirmed-title = ⚠️ { $count } RV non confirmé(s) pour le { $date }
until-jusqua = Jusqu'à
week-from-to = Semaine du { $from } au { $until }
warning-without-any-run = ⚠️ Sans aucune exécution: { $tasks }.

## Titles of messages

title-anomaly-failed = ❌ Anomalies non recherchées
title-availability-failed = ❌ Surveillance interrompue
title-backup-failed = ❌ Sauvegarde non vérifiée
title-backup-warning = ⚠️ Sauvegarde à vérifier
title-cleanup-failed = ❌ Nettoyage interrompu
title-event-refused = ❌ Suite non déclenchée
title-gazelle-authorization-expiring = 🚨 Autorisation Gazelle refusée
title-gazelle-authorization-expiring-soon = ⚠️ Autorisation Gazelle bientôt expirée
title-humidity-failed = ❌ Alertes d'humidité non générées
title-maintenance-failed = ❌ Alertes d'entretien non générées
title-report-failed = ❌ Erreur du rapport Timeline
title-report-weekly = 📊 Rapport hebdomadaire
title-report-weekly-failed = ❌ Rapport hebdomadaire non produit
title-rv-failed = ❌ Alertes de rendez-vous
title-supabase-down = 🚨 Supabase ne répond pas
title-sync-deletion-guard = ⚠️ Suppression massive refusée
title-sync-drift = ⚠️ Gazelle a changé de forme
title-sync-failed = ❌ Erreur de synchronisation
title-sync-quarantine = ⚠️ Fiches mises de côté

## Titles of messages about one subject

about-answers-again = ✅ { $subject } répond de nouveau
about-answers-our-messages-again = ✅ { $subject } répond de nouveau à nos messages
about-aws-alarm = 🚨 Alarme AWS: { $subject }
about-aws-alarm-over = ✅ Alarme AWS terminée: { $subject }
about-does-not-answer = 🚨 { $subject } ne répond pas
about-does-not-answer-our-messages = 🔇 { $subject } ne répond pas à nos messages
about-has-not-succeeded-time = ⏱️ « { $subject } » n'a pas réussi à temps
about-has-succeeded-again = ✅ « { $subject } » a réussi de nouveau
about-took-almost-all-its-time = ⏳ « { $subject } » a pris presque tout son temps
about-took-its-usual-time-again = ✅ « { $subject } » tient de nouveau dans son temps
about-is-unstable = ⚠️ { $subject } est instable

## Events, as lists call them: those without a name here have their title

event-alarm-raised = Alarme AWS
event-alarm-recovered = Alarme AWS terminée
event-anomaly-ai = Anomalie du modèle de langage
event-anomaly-auth = Anomalie de connexion
event-anomaly-cash = Anomalie de caisse
event-anomaly-data = Anomalie des données
event-anomaly-detection = Détection en panne
event-anomaly-failed = Anomalies non recherchées
event-anomaly-resolved = Anomalie terminée
event-anomaly-sync = Anomalie des tâches
event-availability-down = Service qui ne répond pas
event-availability-failed = Surveillance interrompue
event-availability-recovered = Service qui répond de nouveau
event-backup-failed = Sauvegarde non vérifiée
event-backup-warning = Sauvegarde à vérifier
event-channel-disabled = Canal désactivé
event-channel-recovered = Canal qui répond de nouveau
event-channel-silent = Canal qui ne répond pas
event-cleanup-failed = Nettoyage interrompu
event-event-refused = Suite non déclenchée
event-gazelle-authorization-expiring = Autorisation Gazelle refusée
event-heartbeat-missed = Tâche sans succès à temps
event-heartbeat-recovered = Tâche qui réussit de nouveau
event-run-slow = Tâche qui prend presque tout son temps
event-run-recovered = Tâche qui tient de nouveau dans son temps
event-humidity-alert = Alerte d'humidité
event-humidity-failed = Alertes d'humidité non générées
event-maintenance-asset-required = Équipement à entretenir
event-maintenance-failed = Alertes d'entretien non générées
event-maintenance-late = Entretien en retard
event-maintenance-urgent = Entretien urgent
event-report-failed = Erreur du rapport Timeline
event-report-weekly = Rapport hebdomadaire
event-report-weekly-failed = Rapport hebdomadaire non produit
event-rv-failed = Alertes de rendez-vous
event-rv-unassigned = Rendez-vous sans technicien
event-rv-unconfirmed = Rendez-vous non confirmés
event-supabase-down = Supabase ne répond pas
event-sync-deletion-guard = Suppression massive refusée
event-sync-drift = Gazelle a changé de forme
event-sync-failed = Erreur de synchronisation
event-sync-quarantine = Fiches mises de côté
event-system-test = Essai des canaux

## What to do

advice-backup-failed = Aucune copie plus ancienne n'a été supprimée. Corriger la cause, puis relancer « Backup SQL ».
advice-backup-reduced = Les bonnes copies restent toutes; celle-ci est gardée à côté. Un accident: restaurer. Voulu: l'accepter à la page Sauvegardes.
advice-backup-unproven = Elles ne comptent pour rien et ne sont pas restaurées. La clé vient d'être posée: c'est normal, elles partent après quatre semaines. Sinon: regarder qui peut écrire dans le compartiment.
advice-backup-warning = La copie est faite et compte comme bonne. Ce n'est dit qu'une fois; voir le guide.
advice-configuration = Compléter les réglages nommés dans le journal, puis relancer la tâche.
advice-event-refused = La suite partira dès qu'EventBridge répond; sinon relancer la tâche qui manque.
advice-gazelle-authorization-expiring = Autoriser de nouveau: cargo xtask gazelle authorize.
advice-humidity-failed = Relancer « Alertes Humidité »: rien n'est annoncé deux fois.
advice-next-run = La prochaine exécution reprend le travail; si l'erreur dure, voir le guide.
advice-report-failed = La synchronisation a réussi; la feuille garde son contenu précédent. Relancer « Rapport Timeline ».
advice-report-weekly = Le détail de chaque exécution est dans la console.
advice-report-weekly-failed = Relancer « Rapport hebdomadaire »: une semaine n'est racontée qu'une fois.
advice-runbook = Voir le guide.
advice-rv-failed = Si des alertes sont parties, elles disent de quand datent leurs données. Vérifier Gazelle, puis relancer « Sync RV & Alertes »: rien n'est envoyé deux fois.
advice-supabase-down = Vérifier l'état du projet Supabase, puis relancer la tâche.
advice-sync-deletion-guard = Rien n'a été supprimé. Vérifier dans Gazelle; si les suppressions sont voulues, voir le guide.
advice-sync-drift = Les données sont conservées; prévenir la personne qui maintient Gazelle Tasks.
advice-sync-failed = Le rapport n'est pas généré: les données d'hier restent en place. AWS réessaie deux fois; ensuite, relancer « Sync Gazelle Totale ».
advice-sync-quarantine = Le reste est à jour. Corriger les fiches nommées dans Gazelle, ou les examiner dans la console.

## Reasons of failures

error-acknowledged = quelqu'un s'en occupait déjà
error-backup-corrupt = la copie relue n'est pas celle écrite
error-backup-inconclusive = la copie n'a pas pu être relue
error-backup-reduced = la base contient beaucoup moins que les bonnes copies
error-backup-source-missing = la base à sauvegarder est introuvable
error-backup-store-full = le dépôt est plein
error-backup-store-refused = le dépôt refuse l'accès
error-backup-store-unavailable = le dépôt ne répond pas
error-backup-unproven = rien ne prouve que la copie vienne de nous
error-bad-parameters = paramètres non reconnus
error-busy = une autre exécution du même groupe travaille
error-certificate-ends = certificat bientôt expiré
error-certificate-expired = certificat expiré
error-certificate-name = certificat d'un autre nom
error-certificate-untrusted = certificat non reconnu
error-channel-off = le canal est désactivé
error-chat-not-found = la conversation n'existe pas
error-configuration = configuration incomplète
error-connection-refused = connexion refusée
error-credits-exceeded = crédits d'envoi épuisés
error-cut = connexion coupée
error-deadline-exceeded = temps limite dépassé
error-detection-error = une détection a échoué
error-dns = nom d'hôte introuvable
error-drill-mismatch = la copie restaurée diffère de son manifeste
error-expired = trop vieux pour être envoyé
error-gazelle-authorization = Gazelle refuse notre autorisation
error-gazelle-malformed = la lecture de Gazelle est incomplète
error-gazelle-refused = Gazelle a refusé la requête
error-gazelle-unavailable = Gazelle ne répond pas
error-google-refused = Google Sheets a refusé la requête
error-google-unavailable = Google Sheets ne répond pas
error-incomplete-read = la lecture de Gazelle est incomplète
error-lease-lost = un autre processus a repris l'exécution
error-lost = le processus a disparu
error-malformed = réponse inattendue
error-no-address-configured = aucune adresse n'est réglée
error-no-answer = pas de réponse à temps; le message est peut-être arrivé
error-no-bot-configured = aucun robot n'est réglé
error-no-chat-configured = aucune conversation n'est réglée
error-no-connection = pas de connexion
error-no-copy = aucune copie vérifiée
error-no-tabs = aucun onglet activé pour le rapport
error-no-webhook-configured = aucun webhook n'est réglé
error-not-an-address = l'adresse n'en est pas une
error-not-public = l'adresse n'est pas publique
error-not-started = la fonction n'a pas démarré
error-not-the-vendor = réponse d'un intermédiaire, pas du service
error-panic = erreur interne
error-problem-not-delivered = le problème n'avait pas été annoncé
error-quarantined = fiche mise de côté
error-rate-limited = trop de messages à la fois
error-redirect = redirige ailleurs, ce qui n'est pas attendu
error-refused = requête refusée
error-refused-for-now = refusé pour l'instant
error-resolved = c'était déjà fini
error-same-title = deux onglets du rapport portent le même titre
error-sender-lost = l'envoi a été interrompu; il est peut-être arrivé
error-service-error = panne du service
error-service-refused = un service a refusé la requête
error-service-unavailable = un service ne répond pas
error-slow = réponse trop lente
error-sqlite-busy = la base SQLite est restée verrouillée
error-sqlite-damaged = la base SQLite est endommagée
error-sqlite-unchecked = le fichier SQLite est copié, mais tout n'a pas pu être vérifié ou n'est pas en ordre
error-supabase-refused = Supabase a refusé la requête
error-supabase-unavailable = Supabase ne répond pas
error-template = le message n'a pas pu être mis en forme
error-timeout = pas de réponse à temps
error-tls = échec de la connexion chiffrée
error-too-many-parts = la synchronisation n'a pas fini dans le nombre de parties permis
error-unavailable = le service ne répond pas
error-unexpected-body = réponse inattendue
error-unknown-payload = événement non reconnu
error-unknown-run = exécution absente du journal
error-webhook-is-not-an-address = le webhook n'est pas une adresse

## What to do about anomalies

anomaly-advice-ai-error-rate = Les règles continuent sans le modèle. Vérifier sa clé et son quota.
anomaly-advice-auth-attack = La console ralentit ces essais, et chacun se connecte encore de là où il s'est déjà connecté. Vérifier dans Supabase Auth que les mots de passe sont longs.
anomaly-advice-auth-failure = Demander à la personne si c'était elle; sinon changer son mot de passe.
anomaly-advice-cash-variance = Les montants sont dans la console. Lire le commentaire de clôture, recompter, puis parler à l'opérateur.
anomaly-advice-detection-error = Vérifier que toutes les migrations sont appliquées, puis relancer « Détection d'anomalies ».
anomaly-advice-humidity-backlog = Fermer ou archiver les alertes réglées, planifier les autres.
anomaly-advice-other = Comparer l'exécution avec les précédentes; une fois n'est pas une panne.
anomaly-advice-stale-collection = Vérifier la dernière synchronisation et Gazelle, puis relancer « Sync Gazelle Totale ».
anomaly-advice-stuck-task = Regarder où en est l'exécution; sans progrès, arrêter la fonction puis relancer la tâche.
anomaly-advice-sync-failure = Ouvrir la dernière exécution en erreur et suivre le guide de son avis.

## Anomalies

anomaly-ai-confidence = Modèle de langage incertain
anomaly-ai-error-rate = Erreurs du modèle de langage
anomaly-auth-attack = Quelqu'un essaie de se connecter
anomaly-auth-failure = Connexions refusées
anomaly-cash-variance = Écart de caisse
anomaly-cash-variance-repeated = Écarts de caisse répétés
anomaly-consecutive-failures = Échecs de suite
anomaly-detection-error = Détection en panne
anomaly-humidity-backlog = Alertes d'humidité en attente
anomaly-orphan-rows = Fiches orphelines
anomaly-row-count-drop = Baisse du nombre de fiches
anomaly-stale-collection = Données pas à jour
anomaly-stuck-task = Exécution bloquée
anomaly-sync-failure = Échecs répétés
anomaly-unusual-duration = Durée inhabituelle
anomaly-unusual-volume = Volume inhabituel

## One sentence about an anomaly

sentence-ai-confidence = Confiance moyenne: { $percent } %.
sentence-ai-error-rate = { $count } appels sur { $total } ont échoué ({ $percent } %).
sentence-auth-attack = { $count } connexions refusées en { $hours } h, depuis { $addresses } adresses différentes.
sentence-auth-failure = { $count } connexions refusées sur { $attempts } tentatives en { $hours } h, même compte et même adresse.
sentence-cash-variance = Écart de caisse à la clôture.
sentence-cash-variance-repeated-operator = { $count } sessions en écart en { $days } jours, pour le même opérateur.
sentence-cash-variance-repeated-register = { $count } sessions en écart en { $days } jours, à la même caisse.
sentence-consecutive-failures = { $count } échecs de suite, sans aucun succès.
sentence-detection-error = Ce détecteur n'a pas pu lire ses données; ses anomalies restent comme elles étaient.
sentence-humidity-backlog = { $count ->
    [1] Une alerte d'humidité est ouverte
   *[other] { $count } alertes d'humidité sont ouvertes
} depuis plus de { $days } jours.
sentence-orphan-rows = { $count } fiches sur { $total } renvoient à une fiche absente.
sentence-row-count-drop = { $count } fiches au lieu de { $usual } d'habitude (−{ $percent } %).
sentence-stale-collection = Pas relu jusqu'au bout depuis { $hours } h, malgré une synchronisation.
sentence-stuck-task = En cours depuis plus de { $hours } h.
sentence-sync-failure = { $count } échecs en { $hours } h.
sentence-unusual-duration = A duré { $value }; un { $day } habituel: { $usual }.
sentence-unusual-volume = { $value }; un { $day } habituel: { $usual }.

## What anomalies are about

subject-ai = modèle de langage
subject-appointments = rendez-vous
subject-appointments-client = rendez-vous sans client
subject-auth = connexions
subject-cash = caisses
subject-clients = clients
subject-contacts = contacts
subject-contacts-client = contacts sans client
subject-data = miroir
subject-humidity = humidité
subject-pianos = pianos
subject-pianos-client = pianos sans client
subject-recommendations = recommandations
subject-sync = tâches
subject-timeline = historique
subject-timeline-client = historique sans client
subject-timeline-piano = historique sans piano
subject-unusual = durées et volumes
subject-users = utilisateurs

## Why nobody could be told of an appointment

unreached-inactive = inactif dans la liste du personnel
unreached-no-address = sans adresse courriel
unreached-not-in-staff = absent de la liste du personnel
unreached-not-technician = n'a pas le rôle de technicien
unreached-unassigned = pas encore attribué

## What was found on a piano

found-alimentation = Alimentation coupée
found-environnement = Environnement
found-housse = Housse absente
found-reservoir = Réservoir vide ou absent
found-trop-humide = Trop humide
found-trop-sec = Trop sec
words-found = Trouvé

## Facts of a message

fact-candidates = Suppressions demandées
fact-collection = Collection
fact-data-as-of = Données du
fact-detail-type = Événement
fact-error = Détail
fact-error-kind = Erreur
fact-limit = Limite
fact-live = Fiches actuelles
fact-rows = Fiches
fact-sample = Liste (extrait)
fact-since = Depuis
fact-task-label = Tâche

## Weekly letter: topics

topic-activity = Activité
topic-ai = Intelligence artificielle
topic-alerts = Alertes
topic-anomalies = Anomalies
topic-availability = Disponibilité
topic-backups = Sauvegardes
topic-cash = Caisse
topic-notifications = Notifications
topic-people = Utilisateurs
topic-runs = Exécutions
topic-synced = Synchronisation Gazelle
topic-tasks = Réussite par tâche

## Weekly letter: figures

measure-ai-calls = Appels
measure-ai-confidence = Confiance moyenne
measure-ai-error-share = Part d'erreurs
measure-anomalies-opened = Détectées
measure-anomalies-resolved = Résolues
measure-appointments = Rendez-vous
measure-cash-average = Moyenne par session
measure-cash-items = Articles
measure-cash-sales = Ventes
measure-cash-sessions = Sessions
measure-channel = Canal
measure-collection = Collection
measure-copy-age = Âge de la dernière copie vérifiée
measure-deleted = Suppressions
measure-down-time = Durée totale des pannes
measure-drill = Dernier essai de restauration
measure-drill-age = Âge de cet essai
measure-duration = durée
measure-errors = En erreur
measure-failed = Échecs
measure-humidity-closed = Humidité: fermées
measure-humidity-opened = Humidité: ouvertes
measure-incidents = Autres incidents
measure-inserted = Ajouts
measure-longest = maximum
measure-longest-failing = Le plus longtemps en échec
measure-maintenance-closed = Entretien: fermées
measure-maintenance-opened = Entretien: ouvertes
measure-median = médiane
measure-outages = Pannes
measure-pianos = Pianos entretenus
measure-resolved = Résolues
measure-rows = Fiches lues
measure-runs = Exécutions
measure-sent = Envoyées
measure-severity-opened = Gravité
measure-slowest = La plus lente
measure-success-share = Taux de réussite
measure-task = Tâche
measure-unknown = Sans réponse
measure-unsent = Non envoyées
measure-updated = Modifications
measure-users-active = Connectés cette semaine
measure-users-total = Comptes actifs
measure-warnings = Avec avertissement

## Weekly letter: words after a count

counted-deleted = { $count ->
    [one] suppression
   *[other] suppressions
}
counted-errors = { $count ->
    [one] erreur
   *[other] erreurs
}
counted-failed = { $count ->
    [one] échec
   *[other] échecs
}
counted-inserted = { $count ->
    [one] ajout
   *[other] ajouts
}
counted-resolved = { $count ->
    [one] résolue
   *[other] résolues
}
counted-runs = { $count ->
    [one] exécution
   *[other] exécutions
}
counted-unknown = sans réponse
counted-unsent = { $count ->
    [one] non envoyée
   *[other] non envoyées
}
counted-updated = { $count ->
    [one] modification
   *[other] modifications
}
counted-warnings = { $count ->
    [one] avertissement
   *[other] avertissements
}

## Names of collections, channels and severities

proper-appointments = Rendez-vous
proper-clients = Clients
proper-contacts = Contacts
proper-critical = Gravité critique
proper-email = Courriel
proper-high = Gravité élevée
proper-low = Gravité faible
proper-medium = Gravité moyenne
proper-pianos = Pianos
proper-slack = Slack
proper-telegram = Telegram
proper-timeline = Historique
proper-users = Personnel

## Severities

severity-critical = critique
severity-error = erreur
severity-high = élevée
severity-info = information
severity-low = faible
severity-medium = moyenne
severity-warning = avertissement

## Months and days

monday = lundi
tuesday = mardi
wednesday = mercredi
thursday = jeudi
friday = vendredi
saturday = samedi
sunday = dimanche
january = janvier
january-short = janv.
february = février
february-short = févr.
march = mars
march-short = mars
april = avril
april-short = avr.
may = mai
may-short = mai
june = juin
june-short = juin
july = juillet
july-short = juill.
august = août
august-short = août
september = septembre
september-short = sept.
october = octobre
october-short = oct.
november = novembre
november-short = nov.
december = décembre
december-short = déc.

## In several places

medium = Medium
d = d
waiting = Waiting
failed-echouee = Failed
appointment = Appointment
failed-echoue = Failed
open-ouverte = Open
queued = Queued
running-en-cours-first = Running
success-succes-first = Success
warning-avertissement-first = Warning
error-erreur-first = Error
scheduled-auto = Scheduled
manual = Manual
error-erreur-inside = error
errors-erreurs-inside = errors
over-termine-first = Over
acknowledged = Acknowledged
open-ouvert = Open
resolved-resolue = Resolved
report = Report
no-run = no run
sent-envoye = Sent
uncertain = Uncertain
reminder = reminder
every-service = Every service
humidity = Humidity
anomalies = Anomalies
recommendations = Recommendations
yes = yes
no = no
runs-executions-first = Runs
sales = Sales
paused-en-pause-first = Paused
e-mail = E-mail
on = On
alerts = Alerts
all-toutes = All
all-tous = All
search = Search
filter = Filter
show-all = Show all
alert = Alert
actions = Actions
next-page = Next page
appointments-to-confirm = Appointments to confirm
time = Time
client = Client
title = Title
equipment = Equipment
delete = Delete
state-etat = State
category = Category
qr-code = QR code
place = Place
held-by = Held by
next-service = Next service
description = Description
planned-for = Planned for
save = Save
cancel = Cancel
no-alert = No alert.
name = Name
add = Add
from-du = From
to-au = To
when = When
older-plus-anciens = Older
rows-lignes-inside = rows
start = Start
older-plus-anciennes = Older
date = Date
what-to-do = What to do
running-en-cours-inside = running
incidents-and-anomalies = Incidents and anomalies
i-take-care-je-men-occupe-first = I take care of it
nothing-to-recommend = Nothing to recommend.
tasks = Tasks
task = Task
duration = Duration
thirty-nights = Thirty nights
humidity-alerts = Humidity alerts
open-ouverts = Open
severity = Severity
details = Details
task-log = Task log
state-statut = State
trigger = Trigger
message = Message
pause-mettre-en-pause = Pause
reason = Reason
open-voir = Open
runbook = Runbook
to-whom = To whom
channel = Channel
event = Event
run-execution-first = Run
new-rule = New rule
recipients = Recipients
edit = Edit
the-authorization-holds-until = The authorization holds until
key-lower-case-letters-digits = Key (lower-case letters, digits, dashes)
week = Week

## src/pages/alerts.rs

critical = Critical
high-elevee = High
late = late
today = today
left = left

## src/pages/appointments.rs

sent-envoyee = Sent
not-sent-non-envoyee = Not sent
unknown-inconnu = Unknown
all-day = all day

## src/pages/assets.rs

gazelle-interval = Gazelle interval
entered-by-hand = Entered by hand

## src/pages/audit.rs

value-valeur-inside = value

## src/pages/backups.rs

verified = Verified
inconclusive = Inconclusive
reduced-kept-beside = Reduced, kept beside
damaged-source = Damaged source
passed = Passed
database = Database
former-sqlite-file = Former SQLite file

## src/pages/cash.rs

closed = Closed

## src/pages/display.rs

just-now = just now
bytes = bytes
yesterday = yesterday
tomorrow = tomorrow

## src/pages/figures.rs

rows-read-per-collection = Rows read per collection
new = new
changed-modifiees = changed
deleted = deleted
nothing-new = nothing new
rows-per-tab = Rows per tab
rows-deleted-per-table = Rows deleted per table
appointments-per-technician = Appointments per technician

## src/pages/home.rs

never-run-jamais-lancee = Never run
high-haute = High
low = Low

## src/pages/home/night.rs

runs-executions-inside = runs

## src/pages/home/verdict.rs

nothing-has-run-yet-everything = Nothing has run yet: everything begins tonight.
all-is-well = All is well.
does-not-answer = does not answer.
has-not-succeeded-too-long = has not succeeded for too long.
alarm-label = Alarm:
does-not-take-our-messages = does not take our messages for now
does-not-answer-our-messages = does not answer our messages
failed-a-echoue = failed.
is-paused = is paused.
has-a-warning = has a warning.
overall-state-critical = The overall state is critical.
no-backup-is-verified = No backup is verified.
last-verified-backup-as-old = The last verified backup is as old as
data-as-old-as = The data is as old as
last-restore-drill-failed = The last restore drill failed.
switched-off-after-too-many = is switched off after too many failures.

## src/pages/humidity.rs

too-dry = Too dry
too-humid = Too humid
cover = Cover
power = Power
tank = Tank
surroundings = Surroundings
other = Other

## src/pages/incidents.rs

outage = Outage
silent-task = Silent task
alarm = Alarm
silent-channel = Silent channel
to-do-a-faire = To do
done-fait = Done
ignored = Ignored

## src/pages/journal.rs

backup = Backup
chain = Chain

## src/pages/nights.rs

failed-en-erreur = failed
longest = longest

## src/pages/notifications.rs

those-concerned = those concerned
nothing-rule-switched-off = nothing: the rule is switched off
nothing-rule-begins-at = nothing: the rule begins at
nothing-rule-names-nobody = nothing: the rule names nobody
at-once = at once
in-the-next-digest = in the next digest
after-the-quiet-hours = after the quiet hours
is-switched-off = is switched off

## src/pages/notifications/channels.rs

all-delivered = All delivered
in-part = In part
nothing-delivered = Nothing delivered
delivered = Delivered
not-delivered = Not delivered

## src/pages/notifications/deliveries.rs

skipped-omis = Skipped
again = again
nobody-answered = nobody answered
recovery = recovery
first-time = first time

## src/pages/notifications/notices.rs

in-hand-pris-en-charge-first = In hand

## src/pages/piano.rs

within-limits = Within limits

## src/pages/run.rs

sent-remis = Sent
skipped-non-envoye = Skipped
failed-echec = Failed
requested = Requested
follows-another-run = Follows another run
scheduled-planifiee = Scheduled
waiting-for-the-function = Waiting for the function
attempt-tentative-inside = attempt
started = Started
finished = Finished
event-label = Event:{" "}
collection-collection-inside = collection
rows-fiches = rows
table = table
done-faites = done
step-etape-inside = step
found = found
at-work = At work
part-partie-inside = part
collection-collection-first = Collection
page = Page
path = Path
code = Code
http-status = HTTP status
graphql-errors = GraphQL errors
attempts-tentatives = Attempts
unexpected-part = Unexpected part

## src/pages/settings.rs

administrator = Administrator
assistant = Assistant
technician-technique = Technician

## src/pages/settings/gazelle.rs

not-authorized = Not authorized
expired = Expired
authorized = Authorized

## src/pages/settings/thresholds.rs

sync = Sync
retention-in-days = Retention (in days)
yes-or-no = yes or no

## src/pages/weekly_reports.rs

pending = Pending
partly-sent = Partly sent
nobody-to-tell = Nobody to tell
unknown-incertain = Unknown
not-sent-non-envoye = Not sent
successful-runs = Successful runs
failed-runs = Failed runs
appointments-rendez-vous-first = Appointments
pianos-serviced = Pianos serviced
humidity-alerts-opened = Humidity alerts opened
maintenance-alerts-opened = Maintenance alerts opened
outages = Outages
time-of-outages = Time of outages
anomalies-opened = Anomalies opened
notifications-sent = Notifications sent
ai-calls = AI calls
cash-sessions-sessions-de-caisse-first = Cash sessions
people-signed-in-personnes-connectees-first = People signed in
age-verified-copy = Age of the verified copy

## src/pages/words.rs

refused-for-good = refused for good:
not-watched = Not watched
not-seen-yet = Not seen yet
up = Up
degraded = Degraded
down = Down
unstable = Unstable
in-maintenance = In maintenance
off = Off

## templates/alerts.html

alerts-recomputed = Alerts recomputed.
recompute = Recompute
priority = Priority
subject-sujet = Subject
unread-non-lues = Unread
critical-label = Critical:
high-label = High:
medium-label = Medium:
unread-label = Unread:
no-alert-matches-these-filters = No alert matches these filters.
no-alert-all-maintenance-up = No alert: all maintenance is up to date.
due = Due
unread-non-lue = Unread
alert-marked-as-read = Alert marked as read.
read = Read
take-alert-off-list-comes = Take this alert off the list? It comes back if the maintenance is moved.
alert-taken-off-list = Alert taken off the list.
dismiss = Dismiss

## templates/appointments.html

warn-technicians-tomorrows-appointments-now = Warn the technicians of tomorrow's appointments now?
the-warning-is-requested = The warning is requested.
warn-now = Warn now
day = Day
show-afficher = Show
unconfirmed = Unconfirmed
appointments-rendez-vous-inside = appointments
all-appointments-day-confirmed = All appointments of this day are confirmed.
without-a-technician = Without a technician
telephone = Telephone
to-take-note-of = To take note of
nothing-waits = Nothing waits.
technician-technicien = Technician
noted = Noted.
taken-note-of = Taken note of
history = History
alerts-sent = Alerts sent:
n-7-days = 7 days:
n-30-days = 30 days:
failed-label = failed:
no-alert-yet = No alert yet.
made-creee = Made

## templates/asset.html

edit-opens = Edit…
delete-equipment-maintenance-alerts = Delete this equipment, its maintenance and its alerts?
equipment-deleted = Equipment deleted.
facts = Facts
last-service = Last service
every = every
months = months
acquired = Acquired
current-value = Current value
humidity-of-this-piano = Humidity of this piano
maintenance-entretiens = Maintenance
plan-opens = Plan…
no-maintenance-yet = No maintenance yet.
maintenance-entretien = Maintenance
cost = Cost
maintenance-done = Maintenance done.
complete = Complete
delete-this-maintenance = Delete this maintenance?
maintenance-deleted = Maintenance deleted.
maintenance-changed = Maintenance changed.
edit-the-maintenance = Edit the maintenance
done-on = Done on
dismissed = Dismissed
over-terminee = Over
equipment-changed = Equipment changed.
edit-the-equipment = Edit the equipment
maintenance-planned = Maintenance planned.
plan-maintenance = Plan maintenance
plan = Plan

## templates/asset_fields.html

service-interval-months = Service interval (months)
name-place-service-dates-piano = Name, place and service dates of this piano come from Gazelle.
acquired-on = Acquired on
acquisition-value = Acquisition value ($)
current-value-in-dollars = Current value ($)

## templates/assets.html

add-opens = Add…
active-actifs = active
value-label = value:
no-equipment-matches-these-filters = No equipment matches these filters.
no-equipment-yet-gazelles-pianos = No equipment yet. Gazelle's pianos come with the maintenance alerts.
equipment-added = Equipment added.
add-equipment = Add equipment

## templates/audit.html

audit = Audit
who = Who
action = Action
subject-objet = Subject
changes = Changes
no-change = No change.
before-after = Before → after

## templates/backups.html

backups = Backups
run-a-backup = Run a backup
run-a-restore-drill = Run a restore drill
last-copy-holds-much-less = The last copy holds much less than the good ones
kept-beside-them-no-good = It is kept beside them, and no good copy is removed as long as this lasts. An accident: restore a good copy. Meant: say so here, and a new copy counts as a good one.
was-what-missing-taken-away = Was what is missing taken away on purpose?
it-is-meant-accept = It is meant: accept
newest-verified-copy = Newest verified copy
encrypted-chiffree-inside = encrypted
none-yet-aucune-pour-linstant-sentence = None yet.
last-attempt = Last attempt
last-restore-drill = Last restore drill
none-yet-aucun-pour-linstant = None yet.
copies = Copies
no-copy-yet = No copy yet.
what = What
size = Size
rows-lignes-first = Rows
encrypted-chiffree-first = Encrypted
moving-tables = Moving tables
note = Note
removed-by-the-retention = Removed by the retention
restore-drills = Restore drills
no-drill-yet-next-one = No drill yet: the next one is on Sunday.
how-long-restore-took = How long the restore took
age-newest-verified-copy = Age of the newest verified copy
age-of-the-copy = Age of the copy
tables = Tables

## templates/cash.html

cash = Cash
registers = Registers
no-register = No register.
tolerated-gap = Tolerated gap
open-sessions = Open sessions
in-use = In use
not-in-use = Not in use
change = Change
add-a-register = Add a register
sessions = Sessions
register = Register
initial-amount = Initial amount ($)
open-a-session = Open a session
no-session = No session.
opened = Opened
operator = Operator
expected = Expected
counted = Counted
gap = Gap
closing = Closing
close = Close
close-the-session = Close the session
sales-in-dollars = Sales ($)
items = Items
amount-counted = Amount counted ($)
comment-if-there-gap = Comment, if there is a gap
change-the-register = Change the register
tolerated-gap-in-dollars = Tolerated gap ($)
delete-this-register = Delete this register?

## templates/docs.html

every-address-answers-with-without = Every address answers with and without
the-document-for-programs = The document for programs:
subjects = Subjects
shapes = Shapes

## templates/home.html

system-health = System health
last-night = Last night
nothing-ran-last-night = Nothing ran last night.
next-runs = Next runs
nothing-is-scheduled = Nothing is scheduled.
all-the-time = All the time:
tasks-24-h = Tasks, 24 h
succeeded = succeeded
warnings = warnings
last = Last:
syncs-24-h = Syncs, 24 h
success-rate = Success rate
syncs = Syncs:
error-rate = Error rate:
average-duration = Average duration
age-of-the-data = Age of the data
not-synced-yet = Not synced yet
verified-backup = Verified backup
none-yet-aucune-pour-linstant-first = None yet
restore-drill = Restore drill:
no-restore-drill-yet = No restore drill yet
ai-24-h = AI, 24 h
errors-label = Errors:
answer = Answer:
usage-24-h = Usage, 24 h
people-signed-in-personnes-connectees-inside = people signed in
notifications = notifications
cash-sessions-sessions-de-caisse-inside = cash sessions
no-open-incident = No open incident.
no-open-anomaly = No open anomaly.
anomalies-label = Anomalies:
to-do-a-traiter = To do
nothing-is-waiting = Nothing is waiting.
maintenance-late = Maintenance late
maintenance-due = Maintenance due
equipment-to-repair = Equipment to repair
rows-set-aside-lignes-mises-de-cote = Rows set aside
availability = Availability
nothing-is-watched = Nothing is watched.
last-run = Last run
average-24-h = Average, 24 h
success-24-h = Success, 24 h
next = Next
detail-by-task-loads-here = The detail by task loads here.

## templates/humidity.html

reading-notes-requested = The reading of the notes is requested.
read-the-notes-again = Read the notes again
lists = Lists
institutions = Institutions:
resolved-label = Resolved:
no-humidity-alert-at-moment = No humidity alert at the moment.
nothing-here-yet = Nothing here yet.
piano = Piano
technicians-note = Technician's note
resolve = Resolve
resolve-opens = Resolve…
archive-alert-leaves-lists = Archive this alert? It leaves the lists.
alert-archived = Alert archived.
archive = Archive
alert-resolved = Alert resolved.
resolve-the-alert = Resolve the alert
what-was-done-optional = What was done (optional)

## templates/incidents.html

over-termines = Over
incidents = Incidents
no-incident = No incident.
incident = Incident
follow-up = Follow-up
run-execution-inside = run
no-anomaly = No anomaly.
last-seen = Last seen
anomaly = Anomaly
times = Times
due-label = Due:
done-cest-fait-first = Done
ignore = Ignore
reopen = Reopen

## templates/journal.html

all-tasks = All tasks
type = Type
text = Text
frequent-tasks = Frequent tasks
clear = Clear
successful-scheduled-runs-frequent-tasks = Successful scheduled runs of frequent tasks are folded.
show-them = Show them
stats = Stats
paused-en-pause-sentence = Paused.
scheduled-chained-runs-rest-task = Scheduled and chained runs rest; the task can still be run by hand.

## templates/journal_actions.html

running-opens = Running...
run-lancer = Run
run-now = Run now
dry-run = Dry run
resumed = Resumed.
resume = Resume
pause-pause = Pause

## templates/journal_all.html

schedule = Schedule
on-request = on request

## templates/journal_rows.html

show-voir = Show
no-run-recorded = No run recorded

## templates/journal_state.html

busy-with = Busy with
never-run-jamais-executee = Never run
next-label = Next:
follows-the-sync = Follows the sync

## templates/layout.html

done-cest-fait-sentence = Done.
it-is-requested = It is requested.
page-could-not-be-refreshed = The page could not be refreshed: what it shows is not the latest.
request-failed-try-again = The request failed. Try again.
skip-to-the-content = Skip to the content
menu = Menu
pages = Pages
sign-out = Sign out
fr = fr
francais = Français
days-times-montreal = Days and times of Montréal

## templates/maintenance_fields.html

kind = Kind
cost-in-dollars = Cost ($)

## templates/nights.html

worst-each-date-by-task = The worst of each date, by task
no-run-thirty-days = No run in thirty days.
success-succes-inside = success
warning-avertissement-inside = warning

## templates/notifications/channels.html

channels = Channels
switched-off = Switched off
refused-refuse-first = Refused
refused-refuse-inside = refused
switch-on-for = Switch on for
not-every-message-was-delivered = Not every message was delivered: see the channels.
test = Test
switch-on-reactiver = Switch on
test-all-channels = Test all channels
every-administrator-receives-test-message = Every administrator receives a test message.
last-tests = Last tests
no-test-yet = No test yet.
all-channels = all channels
no-channel-configured-administrator = No channel is configured for an administrator.
outcome = Outcome

## templates/notifications/deliveries.html

messages = Messages
recipient = Recipient
no-message-matches = No message matches.
why = Why
next-attempt = next attempt
attempts-essais = attempts

## templates/notifications/notices.html

troubles-problemes = Troubles
which = Which
in-hand-or-over = In hand or over
troubles-problemes-annonces = Troubles
nothing-to-report = Nothing to report.
since-depuis-first = Since
seen-vu = seen
times-last = times, last
over-termine-inside = over
in-hand-pris-en-charge-inside = in hand
nobody-was-told-personne-na-ete-prevenu = Nobody was told.
you-take-care = You take care of it.
i-take-care-je-men-occupe-first-2 = I take care

## templates/notifications/rule.html

rule = Rule
all-rules = All rules
the-rule-is-saved = The rule is saved.
type-such-as-sync-failed = A type such as sync.failed.
rule-is-on = Rule is on
those-whom-event-concerns = Those whom the event concerns
from-the-severity = From the severity
quiet-hours = Quiet hours
messages-wait-except-critical-ones = Messages wait, except critical ones. Leave empty never to wait.
from-de-first = From
until = until
time-zone = Time zone
digest-gather-by-minutes-0 = Digest: gather by (minutes, 0 = each alone)
same-trouble-again-after-minutes = Same trouble again after (minutes, 0 = once)
reminder-until-somebody-takes-care = Reminder until somebody takes care (minutes, 0 = never)
when-nobody-answers = When nobody answers
who-else-told-when-leave = Who else is told, and when. Leave the minutes empty to remove a step; after saving there is room for another one.
step-etape-first = Step
after-minutes = After (minutes)
delete-rule-silence-switch-off = Delete this rule? To silence it, switch it off instead.
delete-the-rule = Delete the rule
changed-modifiee = Changed

## templates/notifications/rules.html

who-would-be-told = Who would be told?
choose = Choose…
explain = Explain
now-maintenant = now
no-rule-about-event-nobody = No rule is about this event: nobody is told.
nobody = Nobody
again-no-sooner-than-after = Again no sooner than after
once-per-trouble = Once per trouble.
reminder-every = Reminder every
until-somebody-takes-care = until somebody takes care.
unanswered-after = Unanswered after
rules = Rules
no-rule-nobody-told-anything = No rule: nobody is told of anything.
from-des = From
timing = Timing
quiet = quiet
digest = digest
again-after = again after
then = then
after = after
at-once-once = at once, once
switch-off = Switch off
switch-on-activer = Switch on

## templates/notifications/tabs.html

sections-of-the-notifications = Sections of the notifications

## templates/piano.html

measured-humidity = Measured humidity
limits = limits:
relative-humidity-over-time-values = Relative humidity over time; the values are in the table below.
values = Values
no-measurement-notes-piano = No measurement in the notes of this piano.
archived = Archived
unresolved-non-resolue = Unresolved
notes = Notes
no-note = No note.

## templates/problem.html

what-still-works-aws-starts = What still works: AWS starts the scheduled tasks, and their failures are told to the administrators directly.
try-again = Try again
back-home-page = Back to the home page

## templates/run.html

process-shows-no-sign-life = The process shows no sign of life. The task is free; the run is closed by the next one.
open-the-runbook = Open the runbook
steps = Steps
asked-for-by = Asked for by
started-by = Started by
attempt-tentative-first = Attempt
part-partie-first = Part
cloudwatch-log = CloudWatch log
run-again = Run again
errors-erreurs-first = Errors
technical-details = Technical details
notices-sent = Notices sent
no-notice-about-run = No notice about this run.
resolved-resolu = Resolved
nobody-was-told-personne-na-ete-averti = Nobody was told.
parameters = Parameters
show-stats = Show stats

## templates/runbook.html

notices = Notices

## templates/settings/connected.html

gazelle-is-connected = Gazelle is connected
sync-renews-by-itself = The sync renews it by itself.
back-to-the-settings = Back to the settings

## templates/settings/gazelle.html

connection-to-gazelle = Connection to Gazelle
renewed = Renewed
sync-renews-by-itself-connect = The sync renews it by itself. Connect again when Gazelle refuses it.
off-to-gazelle = Off to Gazelle…
connect-again = Connect again
connect = Connect
rows-set-aside-fiches-mises-de-cote = Rows set aside
unresolved-only = Unresolved only
gazelle-sent-them-but-they = Gazelle sent them, but they could not be stored. Correct them in Gazelle: the next sync takes them up.
nothing-is-set-aside = Nothing is set aside.
row = Row
seen-vue = Seen
resolved-reglee = Resolved
unresolved-a-regler = Unresolved
it-is-resolved = It is resolved

## templates/settings/institutions.html

no-institution-no-piano-watched = No institution: no piano is watched.
gazelle-client = Gazelle client
unknown-to-gazelle = Unknown to Gazelle
to-be-linked = To be linked
general-thresholds = general thresholds
id-client-gazelle = Id of the client in Gazelle
least-humidity-empty-general-threshold = Least humidity, % (empty: the general threshold)
most-humidity-empty-general-threshold = Most humidity, % (empty: the general threshold)
watched-surveillee = Watched
delete-institution-pianos-not-watched = Delete this institution? Its pianos are not watched any more.
new-institution = New institution

## templates/settings/people.html

people = People
nobody-yet = Nobody yet.
roles = Roles
from-the-configuration = from the configuration
first-name = First name
name-on-screens = Name on screens
e-mail-empty-configurations = E-mail (empty: the configuration's)
setting-slack-webhook-name-not = Setting of the Slack webhook (its name, not the address)
telegram-chat = Telegram chat
gazelle-id = Gazelle id
language-of-messages = Language of messages
active-active = Active
delete-this-person = Delete this person?
new-person = New person
for-administrators-only = For administrators only
peoples-addresses-shown-administrators-only = People's addresses are shown to administrators only. Ask them for a change.

## templates/settings/tabs.html

settings = Settings
sections-of-the-settings = Sections of the settings

## templates/settings/tabs_of_report.html

report-tabs = Report tabs
tabs-timeline-report = Tabs of the timeline report
no-tab-report-would-be = No tab: the report would be empty.
order = Order
content = Content
clients = Clients
keywords = Keywords
formerly = formerly:
maintenance-alerts = maintenance alerts
one-institution = one institution
title-sheet-will-be-renamed = Title (the sheet will be renamed)
ids-clients-one-per-line = Ids of the clients, one per line
keywords-one-per-line-when = Keywords, one per line (when the client cannot be found)
in-the-report = In the report
remove-tab-sheet-stays-workbook = Remove this tab? Its sheet stays in the workbook.
remove = Remove
new-tab = New tab

## templates/settings/targets.html

monitoring = Monitoring
watched-services = Watched services
no-service-is-watched = No service is watched.
service = Service
last-probe = Last probe
patience = Patience
required = required
since-depuis-inside = since
failures = failures
successes = successes
address = Address
text-expected-answer = Text expected in the answer
expected-http-codes-one-line = Expected HTTP codes, one a line (empty: 200 to 299; a redirection counts only if it is there)
too-slow-from-ms = Too slow from (ms)
no-answer-after-ms = No answer after (ms)
certificate-warn-ahead-days = Certificate: warn ahead (days)
down-after-so-many-failures = Down after so many failures in a row
up-after-so-many-successes = Up after so many successes in a row
required-outage-critical = Required: its outage is critical
watched-surveille = Watched
stop-watching-service-delete = Stop watching this service and delete it?
new-service = New service
maintenance-windows = Maintenance windows
during-window-nobody-told-outage = During a window nobody is told of an outage.
times-montreals-america-toronto-wherever = Times are Montréal's (America/Toronto), wherever you are; when the clock goes back, the hour that comes twice belongs to the window.
no-window = No window.
end = End
now-en-cours = Now
over-passee = Over
to-come = To come
edit-the-window-of = Edit the window of
delete-this-window = Delete this window?
delete-the-window-of = Delete the window of
maintenance-window = Maintenance window
start-montreal-time = Start (Montréal time)
end-montreal-time = End (Montréal time)
new-window = New window
end-montreal-time-at-most = End (Montréal time, at most 31 days later)

## templates/settings/thresholds.html

thresholds-and-retention = Thresholds and retention
setting = Setting
value-valeur-first = Value
default = Default
allowed = Allowed
changed-modifie = changed

## templates/sign_in.html

sign-in-connexion = Sign in
password = Password
sign-in-se-connecter = Sign in

## templates/weekly_report.html

all-reports = All reports
made-fait-inside = made
figures = Figures
measure = Measure
before = Before
as-it-was-sent = As it was sent

## templates/weekly_reports.html

weekly-reports = Weekly reports
make-last-weeks-report = Make last week's report
no-report-yet-next-one = No report yet: the next one comes on Monday at 8.
delivery = Delivery
made-fait-first = Made
menu-unresolved = Unresolved
menu-resolved = Resolved
menu-archived = Archived
menu-status = Status
menu-log = Log
menu-notifications = Notifications
menu-reports = Reports
menu-device-colours = Device colours
menu-light = Light
menu-dark = Dark
menu-institutions = Institutions
menu-gazelle = Gazelle
dampp-chaser = Dampp-Chaser
building = Building
vehicle = Vehicle
equipment-equipement = Equipment
furniture = Furniture
land = Land
active = Active
maintenance-required = Maintenance required
out-of-service = Out of service
retired = Retired
preventive = Preventive
corrective = Corrective
inspection = Inspection
planned = Planned
under-way = Under way
done = Done
cancelled = Cancelled
late-en-retard = Late
due-soon = Due soon
required-entretien-requis = Required
setting-retention-runs-frequent = Successful runs of frequent tasks
setting-retention-runs = Runs
setting-retention-sync-logs = Log of the syncs
setting-retention-deliveries = Messages sent
setting-retention-notices = Troubles told
setting-retention-monitor-checks = Probes of the services
setting-retention-incidents = Closed incidents
setting-retention-alarm-events = AWS alarms
setting-retention-events = Published events
setting-retention-quarantine = Rows set aside and resolved
setting-retention-maintenance-alerts = Maintenance alerts read or dismissed
setting-retention-appointment-alerts = Appointment alerts dealt with
setting-retention-humidity-alerts = Humidity alerts resolved
setting-retention-ai-events = Calls of the language model
setting-retention-backups = Records of removed backups
setting-retention-restore-drills = Restore drills
setting-retention-anomalies = Resolved anomalies
setting-retention-recommendations = Decided recommendations
setting-retention-login-history = History of sign-ins
setting-retention-console-sessions = Ended sessions of the console
setting-retention-rate-limits = Counters of requests
setting-retention-audit-log = Audit
setting-sync-appointment-past-days = Appointments: days read before today
setting-sync-appointment-future-days = Appointments: days read after today
setting-sync-timeline-overlap-days = Timeline: how far before the last success, for notes changed afterwards
setting-sync-concurrency = Requests to Gazelle at the same time
setting-humidity-low = Humidity (%) below which a piano is too dry
setting-humidity-high = Humidity (%) above which a piano is too humid
setting-humidity-margin = Points to regain before an alert of a measurement closes
setting-humidity-window-days = Days of notes read again every night, for those changed afterwards
setting-humidity-all-clients = Watch all clients, not only the institutions
setting-humidity-model-enabled = Let a language model read the notes that the rules do not understand
setting-anomaly-cash-medium-cents = Cash: gap (cents) beyond which a session is an anomaly
setting-anomaly-cash-high-cents = Cash: gap (cents) beyond which the anomaly is serious
setting-anomaly-cash-repeated = Cash: sessions with a gap in 7 days, of one operator or register
setting-anomaly-sync-failures-medium = Failures of a task in 24 h: anomaly
setting-anomaly-sync-failures-high = Failures of a task in 24 h: serious anomaly
setting-anomaly-consecutive-failures = Failures of a task in a row: serious anomaly
setting-anomaly-stuck-hours = Hours after which a running run is stuck
setting-anomaly-auth-failures-medium = Failed sign-ins in 24 h, same account and address: anomaly
setting-anomaly-auth-failures-high = Failed sign-ins in 24 h, same account and address: serious anomaly
setting-anomaly-ai-minimum-calls = Language model: calls in 24 h from which it is judged
setting-anomaly-ai-error-percent-medium = Language model: share of errors (%), anomaly
setting-anomaly-ai-error-percent-high = Language model: share of errors (%), serious anomaly
setting-anomaly-ai-confidence = Language model: least mean confidence
setting-anomaly-stale-hours = Hours after which a collection is out of date
setting-anomaly-row-drop-percent = Drop (%) of the number of rows against the median of 7 days
setting-anomaly-orphan-percent = Share (%) of orphan rows from which people are told
setting-anomaly-humidity-backlog-days = Days after which an open humidity alert is late
setting-anomaly-unusual-spread = Duration and volume: robust standard deviations around the same weekday's median
setting-anomaly-unusual-minimum-runs = Duration and volume: runs of the same weekday needed to judge
setting-anomaly-unusual-minimum-percent = Duration and volume: least difference (%)
setting-anomaly-unusual-minimum-seconds = Duration: least difference (seconds)
setting-anomaly-unusual-minimum-rows = Volume: least difference (rows)
setting-recommendation-log-days = Logs: age (days) beyond their retention that calls for a cleanup
gigabytes = GB
megabytes = MB
kilobytes = kB
what-and-list = { $what }: { $list }
span-ago = { $span } ago
in-span = in { $span }
dollars = ${ $amount }
from-least-to-most = from { $least } to { $most }
things-need-a-look = { $count ->
    [one] Everything works, but one thing needs a look.
   *[other] Everything works, but { $shown } things need a look.
}
problems-need-attention = { $count ->
    [one] One problem needs your attention.
   *[other] { $shown } problems need your attention.
}
all-well-for-nights = { $count ->
    [one] All is well since last night.
   *[other] All has been well for { $shown } nights.
}
critical-anomalies = { $count ->
    [one] { $shown } critical anomaly.
   *[other] { $shown } critical anomalies.
}
high-anomalies = { $count ->
    [one] { $shown } high anomaly.
   *[other] { $shown } high anomalies.
}
notifications-did-not-arrive = { $count ->
    [one] One notification did not arrive.
   *[other] { $shown } notifications did not arrive.
}
runs-counted = { $count ->
    [one] { $shown } run
   *[other] { $shown } runs
}
active-alerts-counted = { $count ->
    [one] { $shown } active alert
   *[other] { $shown } active alerts
}
equipment-counted = { $count ->
    [one] { $shown } piece of equipment
   *[other] { $shown } pieces of equipment
}
unresolved-alerts-counted = { $count ->
    [one] { $shown } unresolved alert
   *[other] { $shown } unresolved alerts
}

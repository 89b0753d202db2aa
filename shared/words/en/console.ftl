### The pages of the console. A section is the file that uses its texts.


## In several places

acknowledged = Acknowledged
actions = Actions
active = Active
add = Add
address = Address
alarm = Alarm
alert = Alert
alerts = Alerts
all-tasks = All tasks
all-tous = All
all-toutes = All
an-error = error
anomalies = Anomalies
anomaly = Anomaly
appointment = Appointment
appointments = Appointments
appointments-to-confirm = Appointments to confirm
archived = Archived
assistant = Assistant
attempt = Attempt
audit = Audit
availability = Availability
backup = Backup
backups = Backups
before = Before
bytes = bytes
cancel = Cancel
cash = Cash
category = Category
chain = Chain
channel = Channel
channels = Channels
client = Client
clients = Clients
closed = Closed
code = Code
collection = Collection
content = Content
copies = Copies
cost = Cost
cover = Cover
critical = Critical
d = d
database = Database
date = Date
day = Day
default = Default
delete = Delete
deleted = deleted
description = Description
details = Details
done = Done
down = Down
due = Due
duration = Duration
e-mail = E-mail
edit = Edit
encrypted = Encrypted
end = End
equipment = Equipment
error = Error
errors = Errors
errors-lower = errors
event = Event
every-service = Every service
facts = Facts
failed-echoue = Failed
failed-echouee = Failed
failures = failures
figures = Figures
filter = Filter
finished = Finished
found = found
fr = fr
from = From
from-du = From
held-by = Held by
humidity = Humidity
humidity-alerts = Humidity alerts
i-take-care = I take care of it
ignored = Ignored
in-maintenance = In maintenance
incidents = Incidents
incidents-and-anomalies = Incidents and anomalies
inconclusive = Inconclusive
institutions = Institutions:
items = Items
key-lower-case-letters-digits = Key (lower-case letters, digits, dashes)
kind = Kind
late = late
low = Low
maintenance-alerts = maintenance alerts
maintenance-entretiens = Maintenance
manual = Manual
measure = Measure
medium = Medium
message = Message
messages = Messages
monitoring = Monitoring
name = Name
new = new
new-rule = New rule
next = Next
next-page = Next page
next-service = Next service
no = no
no-alert = No alert.
no-run = no run
nobody = Nobody
note = Note
notes = Notes
nothing-to-recommend = Nothing to recommend.
notices = Notices
notifications = notifications
off = Off
older-plus-anciennes = Older
older-plus-anciens = Older
on = On
open-ouvert = Open
open-ouverte = Open
open-ouverts = Open
open-voir = Open
opened = Opened
operator = Operator
other = Other
outages = Outages
outcome = Outcome
over = Over
page = Page
parameters = Parameters
part = Part
passed = Passed
password = Password
path = Path
pause-mettre-en-pause = Pause
paused = Paused
pending = Pending
people = People
piano = Piano
place = Place
planned-for = Planned for
qr-code = QR code
queued = Queued
quiet = quiet
reason = Reason
recipient = Recipient
recipients = Recipients
recommendations = Recommendations
refused = Refused
register = Register
reminder = reminder
report = Report
report-tabs = Report tabs
required = required
resolved-resolue = Resolved
row = Row
rows-lower = rows
rule = Rule
rules = Rules
run = Run
run-now = Run now
runbook = Runbook
running = Running
running-lower = running
runs = Runs
sales = Sales
save = Save
scheduled-auto = Scheduled
search = Search
sent-envoye = Sent
sessions = Sessions
settings = Settings
severity = Severity
show-all = Show all
since = Since
size = Size
slack-webhook-name-not = Setting of the Slack webhook (its name, not the address)
slow-task = Slow task
start = Start
state-etat = State
state-statut = State
stats = Stats
step = Step
success = Success
sync = Sync
table = table
tables = Tables
tank = Tank
task = Task
task-log = Task log
tasks = Tasks
technician-technicien = Technician
test = Test
text = Text
the-authorization-holds-until = The authorization holds until
thirty-nights = Thirty nights
thresholds-and-retention = Thresholds and retention
time = Time
title = Title
to-au = To
to-whom = To whom
today = today
trigger = Trigger
troubles-problemes = Troubles
type = Type
uncertain = Uncertain
unconfirmed = Unconfirmed
until = until
up = Up
value = Value
values = Values
verified = Verified
waiting = Waiting
warning = Warning
week = Week
what = What
what-to-do = What to do
when = When
who = Who
yes = yes
yesterday = yesterday

## src/pages/alerts.rs

due-soon = Due soon
high-elevee = High
late-en-retard = Late
left = left
required-entretien-requis = Required

## src/pages/appointments.rs

all-day = all day
not-sent-non-envoyee = Not sent
sent-envoyee = Sent
unknown-inconnu = Unknown

## src/pages/assets.rs

building = Building
cancelled = Cancelled
corrective = Corrective
dampp-chaser = Dampp-Chaser
dollars = ${ $amount }
entered-by-hand = Entered by hand
equipment-equipement = Equipment
furniture = Furniture
gazelle-interval = Gazelle interval
inspection = Inspection
land = Land
maintenance-required = Maintenance required
out-of-service = Out of service
planned = Planned
preventive = Preventive
retired = Retired
under-way = Under way
vehicle = Vehicle

## src/pages/audit.rs

value-lower = value

## src/pages/backups.rs

damaged-source = Damaged source
former-sqlite-file = Former SQLite file
reduced-kept-beside = Reduced, kept beside

## src/pages/display.rs

gigabytes = GB
in-span = in { $span }
just-now = just now
kilobytes = kB
megabytes = MB
span-ago = { $span } ago
tomorrow = tomorrow

## src/pages/figures.rs

appointments-per-technician = Appointments per technician
changed-modifiees = changed
nothing-new = nothing new
rows-deleted-per-table = Rows deleted per table
rows-per-tab = Rows per tab
rows-read-per-collection = Rows read per collection

## src/pages/home.rs

high-haute = High
never-run-jamais-lancee = Never run

## src/pages/home/night.rs

runs-lower = runs

## src/pages/home/verdict.rs

alarm-label = Alarm:
all-is-well = All is well.
all-well-for-nights = { $count ->
    [one] All is well since last night.
   *[other] All has been well for { $shown } nights.
}
critical-anomalies = { $count ->
    [one] { $shown } critical anomaly.
   *[other] { $shown } critical anomalies.
}
data-as-old-as = The data is as old as
does-not-answer = does not answer.
does-not-answer-our-messages = does not answer our messages
does-not-take-our-messages = does not take our messages for now
failed-a-echoue = failed.
has-a-warning = has a warning.
has-not-succeeded-too-long = has not succeeded for too long.
high-anomalies = { $count ->
    [one] { $shown } high anomaly.
   *[other] { $shown } high anomalies.
}
is-paused = is paused.
last-restore-drill-failed = The last restore drill failed.
last-verified-backup-as-old = The last verified backup is as old as
no-backup-is-verified = No backup is verified.
nothing-has-run-yet-everything = Nothing has run yet: everything begins tonight.
notifications-did-not-arrive = { $count ->
    [one] One notification did not arrive.
   *[other] { $shown } notifications did not arrive.
}
overall-state-critical = The overall state is critical.
problems-need-attention = { $count ->
    [one] One problem needs your attention.
   *[other] { $shown } problems need your attention.
}
switched-off-after-too-many = is switched off after too many failures.
things-need-a-look = { $count ->
    [one] Everything works, but one thing needs a look.
   *[other] Everything works, but { $shown } things need a look.
}

## src/pages/humidity.rs

power = Power
surroundings = Surroundings
too-dry = Too dry
too-humid = Too humid

## src/pages/incidents.rs

done-fait = Done
outage = Outage
silent-channel = Silent channel
silent-task = Silent task
to-do-a-faire = To do

## src/pages/nights.rs

failed-en-erreur = failed
longest = longest
runs-counted = { $count ->
    [one] { $shown } run
   *[other] { $shown } runs
}

## src/pages/notifications.rs

after-the-quiet-hours = after the quiet hours
at-once = at once
in-the-next-digest = in the next digest
is-switched-off = is switched off
nothing-rule-begins-at = nothing: the rule begins at
nothing-rule-names-nobody = nothing: the rule names nobody
nothing-rule-switched-off = nothing: the rule is switched off
those-concerned = those concerned

## src/pages/notifications/channels.rs

all-delivered = All delivered
delivered = Delivered
in-part = In part
not-delivered = Not delivered
nothing-delivered = Nothing delivered

## src/pages/notifications/deliveries.rs

again = again
first-time = first time
nobody-answered = nobody answered
recovery = recovery
skipped-omis = Skipped

## src/pages/notifications/notices.rs

in-hand = In hand

## src/pages/piano.rs

within-limits = Within limits

## src/pages/run.rs

at-work = At work
attempt-lower = attempt
attempts-tentatives = Attempts
collection-lower = collection
done-faites = done
event-label = Event:{" "}
failed-echec = Failed
follows-another-run = Follows another run
graphql-errors = GraphQL errors
http-status = HTTP status
part-lower = part
requested = Requested
rows-fiches = rows
scheduled-planifiee = Scheduled
sent-remis = Sent
skipped-non-envoye = Skipped
started = Started
step-lower = step
unexpected-part = Unexpected part
waiting-for-the-function = Waiting for the function
what-and-list = { $what }: { $list }

## src/pages/settings.rs

administrator = Administrator
technician-technique = Technician

## src/pages/settings/gazelle.rs

authorized = Authorized
expired = Expired
not-authorized = Not authorized

## src/pages/settings/thresholds.rs

from-least-to-most = from { $least } to { $most }
retention-in-days = Retention (in days)
yes-or-no = yes or no

## src/pages/weekly_reports.rs

age-verified-copy = Age of the verified copy
ai-calls = AI calls
anomalies-opened = Anomalies opened
cash-sessions = Cash sessions
failed-runs = Failed runs
humidity-alerts-opened = Humidity alerts opened
maintenance-alerts-opened = Maintenance alerts opened
nobody-to-tell = Nobody to tell
not-sent-non-envoye = Not sent
notifications-sent = Notifications sent
partly-sent = Partly sent
people-signed-in = People signed in
pianos-serviced = Pianos serviced
successful-runs = Successful runs
time-of-outages = Time of outages
unknown-incertain = Unknown

## src/pages/words.rs

degraded = Degraded
not-seen-yet = Not seen yet
not-watched = Not watched
refused-for-good = refused for good:
unstable = Unstable

## templates/alerts.html

active-alerts-counted = { $count ->
    [one] { $shown } active alert
   *[other] { $shown } active alerts
}
alert-marked-as-read = Alert marked as read.
alert-taken-off-list = Alert taken off the list.
alerts-recomputed = Alerts recomputed.
critical-label = Critical:
dismiss = Dismiss
high-label = High:
medium-label = Medium:
no-alert-all-maintenance-up = No alert: all maintenance is up to date.
no-alert-matches-these-filters = No alert matches these filters.
priority = Priority
read = Read
recompute = Recompute
subject-sujet = Subject
take-alert-off-list-comes = Take this alert off the list? It comes back if the maintenance is moved.
unread-label = Unread:
unread-non-lue = Unread
unread-non-lues = Unread

## templates/appointments.html

alerts-sent = Alerts sent:
all-appointments-day-confirmed = All appointments of this day are confirmed.
appointments-lower = appointments
failed-label = failed:
history = History
made-creee = Made
n-30-days = 30 days:
n-7-days = 7 days:
no-alert-yet = No alert yet.
noted = Noted.
nothing-waits = Nothing waits.
show-afficher = Show
taken-note-of = Taken note of
takes-almost-all-its-time = takes almost all of its time.
telephone = Telephone
the-warning-is-requested = The warning is requested.
to-take-note-of = To take note of
warn-now = Warn now
warn-technicians-tomorrows-appointments-now = Warn the technicians of tomorrow's appointments now?
without-a-technician = Without a technician

## templates/asset.html

acquired = Acquired
complete = Complete
current-value = Current value
delete-equipment-maintenance-alerts = Delete this equipment, its maintenance and its alerts?
delete-this-maintenance = Delete this maintenance?
dismissed = Dismissed
done-on = Done on
edit-opens = Edit…
edit-the-equipment = Edit the equipment
edit-the-maintenance = Edit the maintenance
equipment-changed = Equipment changed.
equipment-deleted = Equipment deleted.
every = every
humidity-of-this-piano = Humidity of this piano
last-service = Last service
maintenance-changed = Maintenance changed.
maintenance-deleted = Maintenance deleted.
maintenance-done = Maintenance done.
maintenance-entretien = Maintenance
maintenance-planned = Maintenance planned.
months = months
no-maintenance-yet = No maintenance yet.
over-terminee = Over
plan = Plan
plan-maintenance = Plan maintenance
plan-opens = Plan…

## templates/asset_fields.html

acquired-on = Acquired on
acquisition-value = Acquisition value ($)
current-value-in-dollars = Current value ($)
name-place-service-dates-piano = Name, place and service dates of this piano come from Gazelle.
service-interval-months = Service interval (months)

## templates/assets.html

active-actifs = active
add-equipment = Add equipment
add-opens = Add…
equipment-added = Equipment added.
equipment-counted = { $count ->
    [one] { $shown } piece of equipment
   *[other] { $shown } pieces of equipment
}
no-equipment-matches-these-filters = No equipment matches these filters.
no-equipment-yet-gazelles-pianos = No equipment yet. Gazelle's pianos come with the maintenance alerts.
value-label = value:

## templates/audit.html

action = Action
before-after = Before → after
changes = Changes
no-change = No change.
subject-objet = Subject

## templates/backups.html

age-newest-verified-copy = Age of the newest verified copy
age-of-the-copy = Age of the copy
encrypted-lower = encrypted
how-long-restore-took = How long the restore took
it-is-meant-accept = It is meant: accept
kept-beside-them-no-good = It is kept beside them, and no good copy is removed as long as this lasts. An accident: restore a good copy. Meant: say so here, and a new copy counts as a good one.
last-attempt = Last attempt
last-copy-holds-much-less = The last copy holds much less than the good ones
last-restore-drill = Last restore drill
moving-tables = Moving tables
newest-verified-copy = Newest verified copy
no-copy-yet = No copy yet.
no-drill-yet-next-one = No drill yet: the next one is on Sunday.
none-yet-aucun-pour-linstant = None yet.
none-yet-sentence = None yet.
removed-by-the-retention = Removed by the retention
restore-drills = Restore drills
rows-lignes = Rows
run-a-backup = Run a backup
run-a-restore-drill = Run a restore drill
was-what-missing-taken-away = Was what is missing taken away on purpose?

## templates/cash.html

add-a-register = Add a register
amount-counted = Amount counted ($)
change = Change
change-the-register = Change the register
close = Close
close-the-session = Close the session
closing = Closing
comment-if-there-gap = Comment, if there is a gap
counted = Counted
delete-this-register = Delete this register?
expected = Expected
gap = Gap
in-use = In use
initial-amount = Initial amount ($)
no-register = No register.
no-session = No session.
not-in-use = Not in use
open-a-session = Open a session
open-sessions = Open sessions
registers = Registers
sales-in-dollars = Sales ($)
tolerated-gap = Tolerated gap
tolerated-gap-in-dollars = Tolerated gap ($)

## templates/docs.html

every-address-answers-with-without = Every address answers with and without
shapes = Shapes
subjects = Subjects
the-document-for-programs = The document for programs:

## templates/home.html

age-of-the-data = Age of the data
ai-24-h = AI, 24 h
all-the-time = All the time:
anomalies-label = Anomalies:
answer = Answer:
average-24-h = Average, 24 h
average-duration = Average duration
cash-sessions-lower = cash sessions
detail-by-task-loads-here = The detail by task loads here.
equipment-to-repair = Equipment to repair
error-rate = Error rate:
errors-label = Errors:
last = Last:
last-night = Last night
last-run = Last run
maintenance-due = Maintenance due
maintenance-late = Maintenance late
next-runs = Next runs
no-open-anomaly = No open anomaly.
no-open-incident = No open incident.
no-restore-drill-yet = No restore drill yet
none-yet = None yet
not-synced-yet = Not synced yet
nothing-is-scheduled = Nothing is scheduled.
nothing-is-waiting = Nothing is waiting.
nothing-is-watched = Nothing is watched.
nothing-ran-last-night = Nothing ran last night.
people-signed-in-lower = people signed in
restore-drill = Restore drill:
rows-set-aside-lignes-mises-de-cote = Rows set aside
succeeded = succeeded
success-24-h = Success, 24 h
success-rate = Success rate
syncs = Syncs:
syncs-24-h = Syncs, 24 h
system-health = System health
tasks-24-h = Tasks, 24 h
to-do-a-traiter = To do
usage-24-h = Usage, 24 h
verified-backup = Verified backup
warnings = warnings

## templates/humidity.html

alert-archived = Alert archived.
alert-resolved = Alert resolved.
archive = Archive
archive-alert-leaves-lists = Archive this alert? It leaves the lists.
lists = Lists
menu-archived = Archived
menu-resolved = Resolved
menu-unresolved = Unresolved
no-humidity-alert-at-moment = No humidity alert at the moment.
nothing-here-yet = Nothing here yet.
read-the-notes-again = Read the notes again
reading-notes-requested = The reading of the notes is requested.
resolve = Resolve
resolve-opens = Resolve…
resolve-the-alert = Resolve the alert
resolved-label = Resolved:
technicians-note = Technician's note
unresolved-alerts-counted = { $count ->
    [one] { $shown } unresolved alert
   *[other] { $shown } unresolved alerts
}
what-was-done-optional = What was done (optional)

## templates/incidents.html

done-cest-fait = Done
due-label = Due:
follow-up = Follow-up
ignore = Ignore
incident = Incident
last-seen = Last seen
no-anomaly = No anomaly.
no-incident = No incident.
over-termines = Over
reopen = Reopen
run-lower = run
times = Times

## templates/journal.html

clear = Clear
frequent-tasks = Frequent tasks
paused-sentence = Paused.
scheduled-chained-runs-rest-task = Scheduled and chained runs rest; the task can still be run by hand.
show-them = Show them
successful-scheduled-runs-frequent-tasks = Successful scheduled runs of frequent tasks are folded.

## templates/journal_actions.html

dry-run = Dry run
pause-pause = Pause
resume = Resume
resumed = Resumed.
run-lancer = Run
running-opens = Running...

## templates/journal_all.html

on-request = on request
schedule = Schedule

## templates/journal_rows.html

no-run-recorded = No run recorded
show-voir = Show

## templates/journal_state.html

busy-with = Busy with
follows-the-sync = Follows the sync
never-run-jamais-executee = Never run
next-label = Next:

## templates/layout.html

days-times-montreal = Days and times of Montréal
done-sentence = Done.
francais = Français
it-is-requested = It is requested.
menu = Menu
menu-dark = Dark
menu-device-colours = Device colours
menu-light = Light
menu-log = Log
menu-notifications = Notifications
menu-reports = Reports
menu-status = Status
page-could-not-be-refreshed = The page could not be refreshed: what it shows is not the latest.
pages = Pages
request-failed-try-again = The request failed. Try again.
sign-out = Sign out
skip-to-the-content = Skip to the content

## templates/maintenance_fields.html

cost-in-dollars = Cost ($)

## templates/nights.html

no-run-thirty-days = No run in thirty days.
success-lower = success
warning-lower = warning
worst-each-date-by-task = The worst of each date, by task

## templates/notifications/channels.html

all-channels = all channels
every-administrator-receives-test-message = Every administrator receives a test message.
last-tests = Last tests
no-channel-configured-administrator = No channel is configured for an administrator.
no-test-yet = No test yet.
not-every-message-was-delivered = Not every message was delivered: see the channels.
refused-lower = refused
switch-on-for = Switch on for
switch-on-reactiver = Switch on
switched-off = Switched off
test-all-channels = Test all channels

## templates/notifications/deliveries.html

attempts-essais = attempts
next-attempt = next attempt
no-message-matches = No message matches.
why = Why

## templates/notifications/notices.html

i-take-care-of-the-notice = I take care
in-hand-lower = in hand
in-hand-or-over = In hand or over
nobody-was-told-personne-na-ete-prevenu = Nobody was told.
nothing-to-report = Nothing to report.
over-lower = over
seen-vu = seen
times-last = times, last
troubles-problemes-annonces = Troubles
which = Which
you-take-care = You take care of it.

## templates/notifications/rule.html

after-minutes = After (minutes)
all-rules = All rules
changed-modifiee = Changed
delete-rule-silence-switch-off = Delete this rule? To silence it, switch it off instead.
delete-the-rule = Delete the rule
digest-gather-by-minutes-0 = Digest: gather by (minutes, 0 = each alone)
from-the-severity = From the severity
messages-wait-except-critical-ones = Messages wait, except critical ones. Leave empty never to wait.
quiet-hours = Quiet hours
reminder-until-somebody-takes-care = Reminder until somebody takes care (minutes, 0 = never)
rule-is-on = Rule is on
same-trouble-again-after-minutes = Same trouble again after (minutes, 0 = once)
the-rule-is-saved = The rule is saved.
those-whom-event-concerns = Those whom the event concerns
time-zone = Time zone
type-such-as-sync-failed = A type such as sync.failed.
when-nobody-answers = When nobody answers
who-else-told-when-leave = Who else is told, and when. Leave the minutes empty to remove a step; after saving there is room for another one.

## templates/notifications/rules.html

after = after
again-after = again after
again-no-sooner-than-after = Again no sooner than after
at-once-once = at once, once
choose = Choose…
digest = digest
explain = Explain
from-des = From
no-rule-about-event-nobody = No rule is about this event: nobody is told.
no-rule-nobody-told-anything = No rule: nobody is told of anything.
now-maintenant = now
once-per-trouble = Once per trouble.
reminder-every = Reminder every
switch-off = Switch off
switch-on-activer = Switch on
then = then
timing = Timing
unanswered-after = Unanswered after
until-somebody-takes-care = until somebody takes care.
who-would-be-told = Who would be told?

## templates/notifications/tabs.html

sections-of-the-notifications = Sections of the notifications

## templates/piano.html

limits = limits:
measured-humidity = Measured humidity
no-measurement-notes-piano = No measurement in the notes of this piano.
no-note = No note.
relative-humidity-over-time-values = Relative humidity over time; the values are in the table below.
unresolved-non-resolue = Unresolved

## templates/problem.html

back-home-page = Back to the home page
try-again = Try again
what-still-works-aws-starts = What still works: AWS starts the scheduled tasks, and their failures are told to the administrators directly.

## templates/run.html

asked-for-by = Asked for by
cloudwatch-log = CloudWatch log
no-notice-about-run = No notice about this run.
nobody-was-told-personne-na-ete-averti = Nobody was told.
notices-sent = Notices sent
open-the-runbook = Open the runbook
process-shows-no-sign-life = The process shows no sign of life. The task is free; the run is closed by the next one.
resolved-resolu = Resolved
run-again = Run again
show-stats = Show stats
started-by = Started by
steps = Steps
technical-details = Technical details

## templates/settings/connected.html

back-to-the-settings = Back to the settings
gazelle-is-connected = Gazelle is connected
sync-renews-by-itself = The sync renews it by itself.

## templates/settings/gazelle.html

connect = Connect
connect-again = Connect again
connection-to-gazelle = Connection to Gazelle
gazelle-sent-them-but-they = Gazelle sent them, but they could not be stored. Correct them in Gazelle: the next sync takes them up.
it-is-resolved = It is resolved
nothing-is-set-aside = Nothing is set aside.
off-to-gazelle = Off to Gazelle…
renewed = Renewed
resolved-reglee = Resolved
rows-set-aside-fiches-mises-de-cote = Rows set aside
seen-vue = Seen
sync-renews-by-itself-connect = The sync renews it by itself. Connect again when Gazelle refuses it.
unresolved-a-regler = Unresolved
unresolved-only = Unresolved only

## templates/settings/institutions.html

delete-institution-pianos-not-watched = Delete this institution? Its pianos are not watched any more.
gazelle-client = Gazelle client
general-thresholds = general thresholds
id-client-gazelle = Id of the client in Gazelle
least-humidity-empty-general-threshold = Least humidity, % (empty: the general threshold)
most-humidity-empty-general-threshold = Most humidity, % (empty: the general threshold)
new-institution = New institution
no-institution-no-piano-watched = No institution: no piano is watched.
to-be-linked = To be linked
unknown-to-gazelle = Unknown to Gazelle
watched-surveillee = Watched

## templates/settings/people.html

active-active = Active
delete-this-person = Delete this person?
e-mail-empty-configurations = E-mail (empty: the configuration's)
first-name = First name
for-administrators-only = For administrators only
from-the-configuration = from the configuration
gazelle-id = Gazelle id
language-of-messages = Language of messages
name-on-screens = Name on screens
new-person = New person
nobody-yet = Nobody yet.
peoples-addresses-shown-administrators-only = People's addresses are shown to administrators only. Ask them for a change.
roles = Roles
telegram-chat = Telegram chat

## templates/settings/tabs.html

menu-gazelle = Gazelle
menu-institutions = Institutions
sections-of-the-settings = Sections of the settings

## templates/settings/tabs_of_report.html

formerly = formerly:
ids-clients-one-per-line = Ids of the clients, one per line
in-the-report = In the report
keywords = Keywords
keywords-one-per-line-when = Keywords, one per line (when the client cannot be found)
new-tab = New tab
no-tab-report-would-be = No tab: the report would be empty.
one-institution = one institution
order = Order
remove = Remove
remove-tab-sheet-stays-workbook = Remove this tab? Its sheet stays in the workbook.
tabs-timeline-report = Tabs of the timeline report
title-sheet-will-be-renamed = Title (the sheet will be renamed)

## templates/settings/targets.html

certificate-warn-ahead-days = Certificate: warn ahead (days)
delete-the-window-of = Delete the window of
delete-this-window = Delete this window?
down-after-so-many-failures = Down after so many failures in a row
during-window-nobody-told-outage = During a window nobody is told of an outage.
edit-the-window-of = Edit the window of
end-montreal-time = End (Montréal time)
end-montreal-time-at-most = End (Montréal time, at most 31 days later)
expected-http-codes-one-line = Expected HTTP codes, one a line (empty: 200 to 299; a redirection counts only if it is there)
last-probe = Last probe
maintenance-window = Maintenance window
maintenance-windows = Maintenance windows
new-service = New service
new-window = New window
no-answer-after-ms = No answer after (ms)
no-service-is-watched = No service is watched.
no-window = No window.
now-en-cours = Now
over-passee = Over
patience = Patience
required-outage-critical = Required: its outage is critical
service = Service
since-lower = since
start-montreal-time = Start (Montréal time)
stop-watching-service-delete = Stop watching this service and delete it?
successes = successes
text-expected-answer = Text expected in the answer
times-montreals-america-toronto-wherever = Times are Montréal's (America/Toronto), wherever you are; when the clock goes back, the hour that comes twice belongs to the window.
to-come = To come
too-slow-from-ms = Too slow from (ms)
up-after-so-many-successes = Up after so many successes in a row
watched-services = Watched services
watched-surveille = Watched

## templates/settings/thresholds.html

allowed = Allowed
changed-modifie = changed
setting = Setting

## templates/sign_in.html

sign-in-connexion = Sign in
sign-in-se-connecter = Sign in

## templates/weekly_report.html

all-reports = All reports
as-it-was-sent = As it was sent
made-lower = made

## templates/weekly_reports.html

delivery = Delivery
made = Made
make-last-weeks-report = Make last week's report
no-report-yet-next-one = No report yet: the next one comes on Monday at 8.
weekly-reports = Weekly reports

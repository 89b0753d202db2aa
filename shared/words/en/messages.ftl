### Messages: Slack, e-mail, Telegram; and the names in them, which pages use, too.


## In several messages

and-more-in-the-console = And { $count } more in the console.
asset = Asset
assets-that-need-maintenance = 🔧 Assets that need maintenance
assign-these-appointments-gazelle-or = Assign these appointments in Gazelle, or complete the person in `staff`.
channel-slack = Slack
channel-telegram = Telegram
channel-off-messages-take-another = The channel is off and its messages take another one. Correct the setting, then send a test notification: it switches it on again.
channel-works-nothing-do = This channel works. Nothing to do.
check-piano-later-note-or = Check the piano; a later note or the console closes the alert.
check-state-service-message-will = Check the state of this service. A message will say when it answers again.
console-has-details = The console has the details.
detail = Detail
digest-part = 🗞️ { $count } notices ({ $from } to { $to })
digest-title = 🗞️ { $count } notices
each-figure-followed-by-change = Each figure is followed by its change against the week before; “—” means unknown.
failed = failed
hello = Hello
http-answer = HTTP answer { $status }
humidity-title = ⚠️ { $count } humidity alerts
it-is-over = : it is over
warning-last-restore-drill-failed = ⚠️ The last restore drill failed.
warning-last-restore-drill-is-old = ⚠️ The last restore drill is more than a week old.
last-success = Last success
lasted = Lasted
warning-longest-failing = ⚠️ “{ $task }”: failing for { $duration }.
maintenance-due-soon = ⏰ Maintenance due soon
maintenance-overdue = 🚨 Maintenance overdue
messages-take-another-channel-one = The messages take another channel; this one is tried again by itself, every four hours at the latest. If it lasts, see the runbook.
warning-backup-is-old = ⚠️ The newest verified backup is more than two days old.
no-outage = no outage
warning-no-restore-drill = ⚠️ No restore was tried yet.
title-of-an-escalation = ⏫ Nobody answered:
nobody-knows-whether-last-messages = Nobody knows whether the last messages arrived; those to come take another channel, and this one is tried again. Nothing to do unless it lasts.
nothing-do-not-seen-any = Nothing to do: it is not seen any more.
nothing-to-do = Nothing to do.
observed = Observed
open-alarm-follow-runbook = Open the alarm and follow the runbook.
open-last-run-if-none = Open the last run; if none started, see the runbook.
advice-run-slow = Nothing is lost. When it happens again, see the runbook before a run is cut off.
open-the-alarm = Open the alarm
open-the-console = Open the console
open-the-run = Open the run
outages-of-the-week = { $count ->
    [one] { $shown } outage
   *[other] { $shown } outages
} ({ $duration })
drill-passed = passed
phone = Phone
plan-maintenance-or-dismiss-alert = Plan the maintenance, or dismiss the alert for this due date in the console.
please-reach-these-clients-today = Please reach these clients today. — Assistant Gazelle
title-of-a-reminder = 🔁 Reminder:
rows = { $count ->
    [one] { $count } row
   *[other] { $count } rows
}
link-to-the-runbook = Runbook
see-all-alerts = See all alerts
sendgrid-does-not-take-our = 🔇 SendGrid does not take our e-mails for now
sendgrid-refuses-our-e-mails = 🔇 SendGrid refuses our e-mails
service-falls-comes-back-there = This service falls and comes back; there is no other message until it is stable.
share-of-the-runs-succeeded = { $share } of the runs succeeded
slack-does-not-take-our = 🔇 Slack does not take our messages for now
slack-refuses-our-messages = 🔇 Slack refuses our messages
sync-with-gazelle-failed-these = ⚠️ The sync with Gazelle failed: these data are of
telegram-does-not-take-our = 🔇 Telegram does not take our messages for now
telegram-refuses-our-messages = 🔇 Telegram refuses our messages
test-notification = 🔔 Test notification
warning-no-backup = ⚠️ There is no verified backup.
these-appointments-tomorrow-confirmed-neither = These appointments of tomorrow are confirmed neither by the client nor by the office.
these-appointments-tomorrow-not-confirmed = These appointments of tomorrow are not confirmed, and their technician could not be told; the reason is beside each.
unassigned-title = ⚠️ { $count } unconfirmed appointment(s) on { $date } reach nobody
unconfirmed-title = ⚠️ { $count } unconfirmed appointment(s) on { $date }
until-jusqua = Until
week-from-to = Week of { $from } to { $until }
warning-without-any-run = ⚠️ Without any run: { $tasks }.

## Titles of messages

title-anomaly-failed = ❌ Anomalies not looked for
title-availability-failed = ❌ Monitoring interrupted
title-backup-failed = ❌ Backup not verified
title-backup-warning = ⚠️ Backup needs a look
title-cleanup-failed = ❌ Cleanup interrupted
title-event-refused = ❌ Follow-up not started
title-gazelle-authorization-expiring = 🚨 Gazelle authorization refused
title-gazelle-authorization-expiring-soon = ⚠️ Gazelle authorization expires soon
title-humidity-failed = ❌ Humidity alerts not made
title-maintenance-failed = ❌ Maintenance alerts not made
title-report-failed = ❌ Timeline report failed
title-report-weekly = 📊 Weekly report
title-report-weekly-failed = ❌ Weekly report not made
title-rv-failed = ❌ Appointment alerts
title-supabase-down = 🚨 Supabase does not answer
title-sync-deletion-guard = ⚠️ Mass deletion refused
title-sync-drift = ⚠️ Gazelle changed its shape
title-sync-failed = ❌ Synchronisation failed
title-sync-quarantine = ⚠️ Rows set aside

## Titles of messages about one subject

about-answers-again = ✅ { $subject } answers again
about-answers-our-messages-again = ✅ { $subject } answers our messages again
about-aws-alarm = 🚨 AWS alarm: { $subject }
about-aws-alarm-over = ✅ AWS alarm over: { $subject }
about-does-not-answer = 🚨 { $subject } does not answer
about-does-not-answer-our-messages = 🔇 { $subject } does not answer our messages
about-has-not-succeeded-time = ⏱️ `{ $subject }` has not succeeded in time
about-has-succeeded-again = ✅ `{ $subject }` has succeeded again
about-took-almost-all-its-time = ⏳ `{ $subject }` took almost all of its time
about-took-its-usual-time-again = ✅ `{ $subject }` is within its time again
about-is-unstable = ⚠️ { $subject } is unstable

## Events, as lists call them: those without a name here have their title

event-alarm-raised = AWS alarm
event-alarm-recovered = AWS alarm over
event-anomaly-ai = Anomaly of the language model
event-anomaly-auth = Anomaly of sign-ins
event-anomaly-cash = Anomaly of the cash registers
event-anomaly-data = Anomaly of the data
event-anomaly-detection = Detection is blind
event-anomaly-failed = Anomalies not looked for
event-anomaly-resolved = Anomaly over
event-anomaly-sync = Anomaly of the tasks
event-availability-down = Service that does not answer
event-availability-failed = Monitoring interrupted
event-availability-recovered = Service that answers again
event-backup-failed = Backup not verified
event-backup-warning = Backup needs a look
event-channel-disabled = Channel switched off
event-channel-recovered = Channel that answers again
event-channel-silent = Channel that gives no answer
event-cleanup-failed = Cleanup interrupted
event-event-refused = Follow-up not started
event-gazelle-authorization-expiring = Gazelle authorization refused
event-heartbeat-missed = Task without a success in time
event-heartbeat-recovered = Task that succeeds again
event-run-slow = Task that takes almost all of its time
event-run-recovered = Task within its time again
event-humidity-alert = Humidity alert
event-humidity-failed = Humidity alerts not made
event-maintenance-asset-required = Equipment needs maintenance
event-maintenance-failed = Maintenance alerts not made
event-maintenance-late = Maintenance is late
event-maintenance-urgent = Maintenance is urgent
event-report-failed = Timeline report failed
event-report-weekly = Weekly report
event-report-weekly-failed = Weekly report not made
event-rv-failed = Appointment alerts
event-rv-unassigned = Appointments without a technician
event-rv-unconfirmed = Unconfirmed appointments
event-supabase-down = Supabase does not answer
event-sync-deletion-guard = Mass deletion refused
event-sync-drift = Gazelle changed its shape
event-sync-failed = Synchronisation failed
event-sync-quarantine = Rows set aside
event-system-test = Test of the channels

## What to do

advice-backup-failed = No older copy was deleted. Correct the cause, then run the backup again.
advice-backup-reduced = All good copies stay; this one is kept beside them. An accident: restore. Meant: accept it on the page Backups.
advice-backup-unproven = They count for nothing and are not restored. The key is new: that is normal, they go after four weeks. Else: look who can write into the bucket.
advice-backup-warning = The copy is made and counts as a good one. This is said once; see the runbook.
advice-configuration = Complete the settings named in the log, then run the task again.
advice-event-refused = The follow-up starts as soon as EventBridge answers; else run the missing task.
advice-gazelle-authorization-expiring = Authorize again: cargo xtask gazelle authorize.
advice-humidity-failed = Run the humidity alerts again: nothing is told twice.
advice-next-run = The next run takes up the work; if the error lasts, see the runbook.
advice-report-failed = The sync succeeded; the sheet keeps its previous content. Run the timeline report again.
advice-report-weekly = The details of each run are in the console.
advice-report-weekly-failed = Run the weekly report again: a week is told only once.
advice-runbook = See the runbook.
advice-rv-failed = Alerts that went out say how old their data are. Check Gazelle, then run the task again: nothing is sent twice.
advice-supabase-down = Check the state of the Supabase project, then run the task again.
advice-sync-deletion-guard = Nothing was deleted. Check in Gazelle; if the deletions are meant, see the runbook.
advice-sync-drift = The data are kept; tell whoever maintains Gazelle Tasks.
advice-sync-failed = The report is not made: yesterday's data stay. AWS tries twice more; after that, run the sync again.
advice-sync-quarantine = All else is up to date. Correct the named rows in Gazelle, or examine them in the console.

## Reasons of failures

error-acknowledged = somebody took care already
error-backup-corrupt = the copy read back is not the one written
error-backup-inconclusive = the copy could not be read back
error-backup-reduced = the database holds much less than the good copies
error-backup-source-missing = the database to copy is missing
error-backup-store-full = the store is full
error-backup-store-refused = the store refuses access
error-backup-store-unavailable = the store does not answer
error-backup-unproven = nothing proves that the copy is ours
error-bad-parameters = parameters not understood
error-busy = another run of the same group is at work
error-certificate-ends = certificate about to expire
error-certificate-expired = certificate expired
error-certificate-name = certificate of another name
error-certificate-untrusted = certificate not trusted
error-channel-off = the channel is switched off
error-chat-not-found = the chat does not exist
error-configuration = incomplete configuration
error-connection-refused = connection refused
error-credits-exceeded = sending credits used up
error-cut = connection cut
error-deadline-exceeded = time limit reached
error-detection-error = a detection failed
error-dns = host name not found
error-drill-mismatch = the restored copy differs from its manifest
error-expired = too old to be sent
error-gazelle-authorization = Gazelle refuses our authorization
error-gazelle-malformed = the reading of Gazelle is incomplete
error-gazelle-refused = Gazelle refused the request
error-gazelle-unavailable = Gazelle does not answer
error-google-refused = Google Sheets refused the request
error-google-unavailable = Google Sheets does not answer
error-incomplete-read = the reading of Gazelle is incomplete
error-lease-lost = another process took over the run
error-lost = the process disappeared
error-malformed = unexpected answer
error-no-address-configured = no address is set
error-no-answer = no answer in time; it may have arrived
error-no-bot-configured = no bot is set
error-no-chat-configured = no chat is set
error-no-connection = no connection
error-no-copy = no verified copy
error-no-tabs = no report tab is enabled
error-no-webhook-configured = no webhook is set
error-not-an-address = the address is none
error-not-public = the address is not public
error-not-started = the function did not start
error-not-the-vendor = answered by something in between, not by the service
error-panic = internal error
error-problem-not-delivered = the trouble had not been told
error-quarantined = record set aside
error-rate-limited = too many messages at once
error-redirect = redirects elsewhere, which is not expected
error-refused = request refused
error-refused-for-now = refused for now
error-resolved = it was over already
error-same-title = two report tabs have the same title
error-sender-lost = sending was cut short; it may have arrived
error-service-error = the service is out of order
error-service-refused = a service refused the request
error-service-unavailable = a service does not answer
error-slow = answer too slow
error-sqlite-busy = the SQLite database stayed locked
error-sqlite-damaged = the SQLite database is damaged
error-sqlite-unchecked = the SQLite file is copied, but not all of it could be checked or is in order
error-supabase-refused = Supabase refused the request
error-supabase-unavailable = Supabase does not answer
error-template = the message could not be laid out
error-timeout = no answer in time
error-tls = the encrypted connection failed
error-too-many-parts = the sync did not end within the parts allowed
error-unavailable = the service does not answer
error-unexpected-body = unexpected answer
error-unknown-payload = event not recognized
error-unknown-run = run not in the log
error-webhook-is-not-an-address = the webhook is not an address

## What to do about anomalies

anomaly-advice-ai-error-rate = The rules go on without the model. Check its key and its quota.
anomaly-advice-auth-attack = The console slows these attempts down, and everybody still gets in from where they signed in before. Check in Supabase Auth that passwords are long.
anomaly-advice-auth-failure = Ask the person whether it was them; if not, change the password.
anomaly-advice-cash-variance = The amounts are in the console. Read the closing comment, count again, then talk to the operator.
anomaly-advice-detection-error = Check that all migrations are applied, then run the anomaly detection again.
anomaly-advice-humidity-backlog = Resolve or archive the alerts that are settled, plan the others.
anomaly-advice-other = Compare the run with those before it; once is no breakdown.
anomaly-advice-stale-collection = Check the last sync and Gazelle, then run the sync again.
anomaly-advice-stuck-task = Look how far the run has come; without progress stop the function, then run the task again.
anomaly-advice-sync-failure = Open the last failed run and follow the runbook of its notice.

## Anomalies

anomaly-ai-confidence = Language model unsure
anomaly-ai-error-rate = Errors of the language model
anomaly-auth-attack = Somebody tries to get in
anomaly-auth-failure = Sign-ins refused
anomaly-cash-variance = Cash gap
anomaly-cash-variance-repeated = Repeated cash gaps
anomaly-consecutive-failures = Failures in a row
anomaly-detection-error = Detection is blind
anomaly-humidity-backlog = Humidity alerts left open
anomaly-orphan-rows = Orphan rows
anomaly-row-count-drop = Fewer rows than usual
anomaly-stale-collection = Data out of date
anomaly-stuck-task = Run is stuck
anomaly-sync-failure = Repeated failures
anomaly-unusual-duration = Unusual duration
anomaly-unusual-volume = Unusual volume

## One sentence about an anomaly

sentence-ai-confidence = Mean confidence: { $percent } %.
sentence-ai-error-rate = { $count } of { $total } calls failed ({ $percent } %).
sentence-auth-attack = { $count } sign-ins refused in { $hours } h, from { $addresses } addresses.
sentence-auth-failure = { $count } of { $attempts } sign-ins refused in { $hours } h, one account from one address.
sentence-cash-variance = The cash counted differs from what should be there.
sentence-cash-variance-repeated-operator = { $count } sessions with a gap in { $days } days, of one operator.
sentence-cash-variance-repeated-register = { $count } sessions with a gap in { $days } days, at one register.
sentence-consecutive-failures = { $count } failures in a row, without a success.
sentence-detection-error = This detector could not read its data; its anomalies stay as they were.
sentence-humidity-backlog = { $count ->
    [1] A humidity alert is
   *[other] { $count } humidity alerts are
} open for more than { $days } days.
sentence-orphan-rows = { $count } of { $total } rows point to a row that is not there.
sentence-row-count-drop = { $count } rows instead of the usual { $usual } (−{ $percent } %).
sentence-stale-collection = Not read to the end for { $hours } h, in spite of a sync.
sentence-stuck-task = Running for more than { $hours } h.
sentence-sync-failure = { $count } failures in { $hours } h.
sentence-unusual-duration = Took { $value }; a usual { $day }: { $usual }.
sentence-unusual-volume = { $value }; a usual { $day }: { $usual }.

## What anomalies are about

subject-ai = language model
subject-appointments = appointments
subject-appointments-client = appointments without client
subject-auth = sign-ins
subject-cash = cash registers
subject-clients = clients
subject-contacts = contacts
subject-contacts-client = contacts without client
subject-data = mirror
subject-humidity = humidity
subject-pianos = pianos
subject-pianos-client = pianos without client
subject-recommendations = recommendations
subject-sync = tasks
subject-timeline = timeline
subject-timeline-client = timeline without client
subject-timeline-piano = timeline without piano
subject-unusual = durations and volumes
subject-users = users

## Why nobody could be told of an appointment

unreached-inactive = inactive in the staff list
unreached-no-address = without an e-mail address
unreached-not-in-staff = not in the staff list
unreached-not-technician = does not have the role of a technician
unreached-unassigned = not assigned yet

## What was found on a piano

found-alimentation = No power
found-environnement = Environment
found-housse = Cover missing
found-reservoir = Tank empty or missing
found-trop-humide = Too humid
found-trop-sec = Too dry
words-found = Found

## Facts of a message

fact-candidates = Deletions asked for
fact-collection = Collection
fact-data-as-of = Data of
fact-detail-type = Event
fact-error = Detail
fact-error-kind = Error
fact-limit = Limit
fact-live = Current rows
fact-rows = Rows
fact-sample = List (excerpt)
fact-since = Since
fact-task-label = Task

## Weekly letter: topics

topic-activity = Activity
topic-ai = Artificial intelligence
topic-alerts = Alerts
topic-anomalies = Anomalies
topic-availability = Availability
topic-backups = Backups
topic-cash = Cash register
topic-notifications = Notifications
topic-people = Users
topic-runs = Runs
topic-synced = Gazelle sync
topic-tasks = Success per task

## Weekly letter: figures

measure-ai-calls = Calls
measure-ai-confidence = Mean confidence
measure-ai-error-share = Share of errors
measure-anomalies-opened = Detected
measure-anomalies-resolved = Resolved
measure-appointments = Appointments
measure-cash-average = Mean per session
measure-cash-items = Items
measure-cash-sales = Sales
measure-cash-sessions = Sessions
measure-channel = Channel
measure-collection = Collection
measure-copy-age = Age of the newest verified copy
measure-deleted = Deleted
measure-down-time = Total down time
measure-drill = Last restore drill
measure-drill-age = Age of that drill
measure-duration = duration
measure-errors = Failed
measure-failed = Failed
measure-humidity-closed = Humidity: closed
measure-humidity-opened = Humidity: opened
measure-incidents = Other incidents
measure-inserted = Added
measure-longest = maximum
measure-longest-failing = Longest failing
measure-maintenance-closed = Maintenance: closed
measure-maintenance-opened = Maintenance: opened
measure-median = median
measure-outages = Outages
measure-pianos = Pianos serviced
measure-resolved = Resolved
measure-rows = Rows read
measure-runs = Runs
measure-sent = Sent
measure-severity-opened = Severity
measure-slowest = Slowest
measure-success-share = Success rate
measure-task = Task
measure-unknown = Unanswered
measure-unsent = Not sent
measure-updated = Changed
measure-users-active = Signed in this week
measure-users-total = Active accounts
measure-warnings = With a warning

## Weekly letter: words after a count

counted-deleted = { $count ->
   *[other] deleted
}
counted-errors = { $count ->
    [one] error
   *[other] errors
}
counted-failed = { $count ->
   *[other] failed
}
counted-inserted = { $count ->
   *[other] added
}
counted-resolved = { $count ->
   *[other] resolved
}
counted-runs = { $count ->
    [one] run
   *[other] runs
}
counted-unknown = unanswered
counted-unsent = { $count ->
   *[other] not sent
}
counted-updated = { $count ->
   *[other] changed
}
counted-warnings = { $count ->
    [one] warning
   *[other] warnings
}

## Names of collections, channels and severities

proper-appointments = Appointments
proper-clients = Clients
proper-contacts = Contacts
proper-critical = Critical severity
proper-email = E-mail
proper-high = High severity
proper-low = Low severity
proper-medium = Medium severity
proper-pianos = Pianos
proper-slack = Slack
proper-telegram = Telegram
proper-timeline = Timeline
proper-users = Staff

## Severities

severity-critical = critical
severity-error = error
severity-high = high
severity-info = information
severity-low = low
severity-medium = medium
severity-warning = warning

## Months and days

monday = Monday
tuesday = Tuesday
wednesday = Wednesday
thursday = Thursday
friday = Friday
saturday = Saturday
sunday = Sunday
january = January
january-short = Jan
february = February
february-short = Feb
march = March
march-short = Mar
april = April
april-short = Apr
may = May
may-short = May
june = June
june-short = Jun
july = July
july-short = Jul
august = August
august-short = Aug
september = September
september-short = Sep
october = October
october-short = Oct
november = November
november-short = Nov
december = December
december-short = Dec

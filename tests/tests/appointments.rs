//! The afternoon's warning: the right day, the right people, once, and also when Gazelle is down.

use e2e::{Backend, Bed};
use gazelle_local::faults::FaultSpec;
use rstest::rstest;
use serde_json::{Value, json};
use shared::task::Function;

/// Four in the afternoon of Thursday, 15 January 2026.
const AFTERNOON: &str = "2026-01-15T21:00:00Z";

/// Replaces the company's appointments by these: id, Montréal start, technician, what differs.
fn plan(bed: &Bed, appointments: &[(&str, &str, Option<&str>, Value)]) {
    let mut company = bed.stack.sandbox.company.write().unwrap();
    let piano = company.pianos[0].clone();
    let client = company.clients[10]["id"].clone();
    company.appointments = appointments
        .iter()
        .map(|(id, start, user, change)| {
            let start = format!("{start}[America/Toronto]").parse::<jiff::Zoned>().unwrap().timestamp();
            let mut node = json!({
                "id": format!("evt_local_{id}"), "start": start.to_string(), "duration": 90, "buffer": 15, "isAllDay": false,
                "title": "Accord", "notes": "Sonner à l'arrière", "type": "APPOINTMENT", "status": "ACTIVE",
                "timezone": "America/Montreal", "client": {"id": client}, "user": user.map(|id| json!({"id": id})),
                "createdBy": {"id": "usr_local_000003"}, "confirmedAt": null, "confirmedByClient": false,
                "confirmationWarning": "NOTICE", "source": "manual_schedule", "travelMode": "DRIVING",
                "addressLine": "12 rue de l'Accord, Montréal", "createdAt": "2026-01-01T12:00:00Z",
                "updatedAt": "2026-01-02T12:00:00Z",
                "eventPianos": [{"isTuning": true, "piano": {"id": piano["id"]}}],
            });
            for (field, value) in change.as_object().unwrap() {
                node[field] = value.clone();
            }
            node
        })
        .collect();
    company.reindex();
}

const ALLAN: Option<&str> = Some("usr_local_000001");
const NICOLAS: Option<&str> = Some("usr_local_000002");
const LOUISE: Option<&str> = Some("usr_local_000003");
const MARGOT: Option<&str> = Some("usr_local_000004");

/// Recipient and subject of every e-mail, sorted.
fn mails(bed: &Bed) -> Vec<(String, String)> {
    let mut mails: Vec<(String, String)> = bed
        .stack
        .sandbox
        .email_messages()
        .into_iter()
        .map(|mail| (mail.to, mail.body["subject"].as_str().unwrap().to_owned()))
        .collect();
    mails.sort();
    mails
}

fn text(bed: &Bed, at: usize) -> String {
    bed.stack.sandbox.email_messages()[at].body["content"][0]["value"].as_str().unwrap().to_owned()
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn each_technician_hears_of_the_own_unconfirmed_appointments_once(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let mut bed = Bed::start(backend).await?;
    let institution = json!({"client": {"id": "cli_local_000002"}});
    plan(
        &bed,
        &[
            ("1", "2026-01-16T09:00", ALLAN, json!({})),
            ("2", "2026-01-16T14:00", ALLAN, json!({})),
            ("3", "2026-01-16T10:00", NICOLAS, json!({})),
            ("4", "2026-01-16T11:00", NICOLAS, json!({"confirmedByClient": true})),
            ("5", "2026-01-16T11:00", NICOLAS, json!({"confirmedAt": "2026-01-10T12:00:00Z"})),
            ("6", "2026-01-16T11:00", NICOLAS, json!({"type": "PERSONAL"})),
            ("7", "2026-01-16T11:00", NICOLAS, json!({"type": "MEMO"})),
            ("8", "2026-01-16T11:00", NICOLAS, json!({"status": "CANCELED"})),
            ("9", "2026-01-16T11:00", NICOLAS, institution),
            ("10", "2026-01-16T11:00", NICOLAS, json!({"client": null})),
            ("11", "2026-01-16T15:00", MARGOT, json!({})),
            ("12", "2026-01-16T16:00", None, json!({})),
            ("13", "2026-01-17T09:00", ALLAN, json!({})),
        ],
    );
    bed.fill().await?;
    let run = bed.run("rv_alerts", AFTERNOON).await?;
    assert_eq!(run.answer.status, "success", "{:?}", run.answer);
    assert_eq!(run.answer.stats["target_date"], "2026-01-16");
    assert_eq!(run.answer.stats["unconfirmed"], 5);
    assert_eq!(run.answer.stats["technicians"], json!({"allan": 2, "nicolas": 1}));
    assert_eq!(run.answer.stats["unassigned"], 2);
    let expected = [
        ("allan@example.com", "⚠️ 2 RV non confirmé(s) pour le 16/01/2026"),
        ("nicolas@example.com", "⚠️ 1 RV non confirmé(s) pour le 16/01/2026"),
    ];
    let expected = expected.map(|(to, subject)| (to.to_owned(), subject.to_owned()));
    assert_eq!(mails(&bed), expected);
    assert_eq!(bed.notified(), ["louise", "nicolas"], "one Slack message about those that reach nobody");
    let letter = (0..2).map(|at| text(&bed, at)).find(|text| text.contains("Nicolas")).unwrap();
    for part in
        ["Bonjour Nicolas,", "10:00", "12 rue de l'Accord, Montréal", "514-555-", "Sonner à l'arrière"]
    {
        assert!(letter.contains(part), "{part} is not in {letter}");
    }

    // Each alert is a row that carries what became of its message, and can be acknowledged.
    let rows = bed
        .stack
        .rows("alert_logs", "id,status,acknowledged,technician_name", "appointment_external_id")
        .await?;
    assert_eq!(rows.len(), 5);
    assert!(rows.iter().all(|row| row["status"] == "sent"), "{rows:?}");
    let arguments =
        json!({"p_id": rows[0]["id"].to_string(), "p_by": "louise", "p_now": "2026-01-15T22:00:00Z"});
    let acknowledged: Value = bed.stack.observer.rpc("acknowledge_appointment_alert", &arguments).await?;
    assert_eq!(acknowledged["acknowledged_by"], "louise");

    // Repeated by hand: nothing. Something new or changed: only that.
    let again = bed.stack.invoke(Function::AppointmentAlerts, &json!({"task": "rv_alerts"})).await?;
    assert_eq!((again.answer.status.as_str(), &again.answer.stats["alerted"]), ("success", &json!(0)));
    assert_eq!((mails(&bed).len(), bed.notified().len()), (2, 2));
    {
        let mut company = bed.stack.sandbox.company.write().unwrap();
        company.appointments[0]["start"] = "2026-01-16T15:30:00Z".into();
        company.appointments[0]["updatedAt"] = "2026-01-15T20:00:00Z".into();
    }
    let changed = bed.stack.invoke(Function::AppointmentAlerts, &json!({})).await?;
    assert_eq!(changed.answer.stats["technicians"], json!({"allan": 1}));
    assert_eq!(mails(&bed).len(), 3);
    assert!(text(&bed, 2).contains("10:30"), "{}", text(&bed, 2));
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn every_appointment_that_counts_as_reported_was_shown_with_the_person_and_the_true_reason(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let mut bed = Bed::start(backend).await?;
    let staff = bed.stack.observer.from("staff").eq("key", "louise");
    bed.stack.write(staff.update(json!({"gazelle_id": "usr_local_000003"}).to_string())).await?;
    let times: Vec<(String, String)> = (0..45)
        .map(|at| (at.to_string(), format!("2026-01-16T{:02}:{:02}", 8 + at / 6, at % 6 * 10)))
        .collect();
    let mut appointments: Vec<(&str, &str, Option<&str>, Value)> = times
        .iter()
        .map(|(id, start)| (id.as_str(), start.as_str(), LOUISE, json!({"notes": format!("note-{id}.")})))
        .collect();
    let notes = json!({"notes": "Salle Nicolas, Saint-Nicolas"});
    appointments.push(("46", "2026-01-16T17:00", MARGOT, notes.clone()));
    appointments.push(("47", "2026-01-16T18:00", None, notes));
    plan(&bed, &appointments);
    bed.fill().await?;
    let run = bed.run("rv_alerts", AFTERNOON).await?;
    assert_eq!(run.answer.status, "success", "{:?}", run.answer);
    bed.stack.invoke(Function::NotificationDispatch, &json!({})).await?;

    let to_louise: Vec<String> = bed
        .stack
        .sandbox
        .slack_messages()
        .iter()
        .filter(|sent| sent.to.ends_with("louise"))
        .map(|sent| sent.body["blocks"].to_string())
        .collect();
    let shown = to_louise.concat();
    for (id, _) in &times {
        assert_eq!(shown.matches(&format!("note-{id}.")).count(), 1, "{id}");
    }
    assert_eq!(shown.matches("Louise · n'a pas le rôle de technicien").count(), 45, "{shown}");
    assert!(shown.contains("à attribuer · pas encore attribué"), "{shown}");
    assert!(
        shown.contains("· absent de la liste du personnel"),
        "Gazelle knows Margot, `staff` does not: {shown}"
    );
    assert!(shown.contains("Salle Nicolas, Saint-Nicolas") && !shown.contains("inconnu"), "{shown}");
    assert!(shown.contains("⚠️ 47 RV non confirmé(s) sans destinataire pour le 16/01/2026 (1/2)"), "{shown}");
    assert!(shown.contains("(2/2)"), "{shown}");
    let rows = bed.stack.rows("alert_logs", "status,technician_name", "id").await?;
    assert_eq!(rows.len(), 47);
    assert!(rows.iter().all(|row| row["status"] == "sent"), "{rows:?}");
    assert_eq!(rows.iter().filter(|row| row["technician_name"] == "Louise").count(), 45);
    Ok(())
}

#[rstest]
#[case("2026-03-07T21:00:00Z", "2026-03-08")] // 16:00 of the day before the clocks go forward
#[case("2026-03-08T20:00:00Z", "2026-03-09")] // 16:00 of that day
#[case("2026-10-31T20:00:00Z", "2026-11-01")] // 16:00 of the day before they go back
#[case("2026-11-01T21:00:00Z", "2026-11-02")]
#[tokio::test(flavor = "multi_thread")]
async fn tomorrow_is_montreals_tomorrow_on_both_sides_of_a_clock_change(
    #[case] afternoon: &str,
    #[case] tomorrow: &str,
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let bed = Bed::start_with(backend, |options| options.at = afternoon.parse().unwrap()).await?;
    let day: jiff::civil::Date = tomorrow.parse()?;
    let (before, after) = (day.yesterday()?, day.tomorrow()?);
    let times = [(before, "23:45"), (day, "00:15"), (day, "19:30"), (day, "23:45"), (after, "00:15")]
        .map(|(day, time)| format!("{day}T{time}"));
    let appointments: Vec<(&str, &str, Option<&str>, Value)> = ["a", "b", "c", "d", "e"]
        .iter()
        .zip(&times)
        .map(|(id, time)| (*id, time.as_str(), ALLAN, json!({})))
        .collect();
    plan(&bed, &appointments);
    let run = bed.run("rv_alerts", afternoon).await?;
    assert_eq!(run.answer.stats["target_date"], tomorrow);
    let rows =
        bed.stack.rows("alert_logs", "appointment_external_id,appointment_time", "appointment_time").await?;
    let times: Vec<&str> = rows.iter().map(|row| row["appointment_time"].as_str().unwrap()).collect();
    assert_eq!(times, ["00:15:00", "19:30:00", "23:45:00"]);
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn an_outage_at_four_cancels_nothing_and_silences_nothing(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
    #[values("gazelle:500", "gazelle:graphql-error")] fault: &str,
) -> anyhow::Result<()> {
    let mut bed = Bed::start(backend).await?;
    let fault: FaultSpec = fault.parse().map_err(anyhow::Error::msg)?;
    bed.stack.break_with(&[fault]);
    let never = bed.run("rv_alerts", "2026-01-14T21:00:00Z").await?;
    assert_eq!(never.answer.status, "error", "nothing was ever mirrored: nothing can be said");
    assert_eq!(bed.notified(), ["louise", "nicolas"]);

    bed.stack.faults.lift();
    plan(&bed, &[("1", "2026-01-16T09:00", ALLAN, json!({})), ("2", "2026-01-16T10:00", NICOLAS, json!({}))]);
    bed.fill().await?;
    bed.stack.break_with(&[fault]);
    let run = bed.run("rv_alerts", AFTERNOON).await?;
    assert_eq!(run.answer.status, "warning", "{:?}", run.answer);
    assert_eq!(mails(&bed).len(), 2);
    assert!(text(&bed, 0).contains("ces données datent du 2026-01-15 01:00"), "{}", text(&bed, 0));
    assert_eq!(bed.notified().len(), 4, "the administrators hear of the outage");
    assert_eq!(bed.live("gazelle_appointments").await?, 2);

    bed.stack.faults.lift();
    let next = bed.stack.invoke(Function::AppointmentAlerts, &json!({})).await?;
    assert_eq!(next.answer.status, "success");
    assert_eq!((mails(&bed).len(), bed.notified().len()), (2, 4), "what was told is not told again");
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn an_appointment_of_a_whole_day_is_reported_the_day_before_its_calendar_date(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let bed = Bed::start(backend).await?;
    let whole_day = |start: &str| json!({"isAllDay": true, "start": start});
    plan(
        &bed,
        &[
            // Seen from Montréal, midnight in UTC is the evening before.
            ("1", "2026-01-16T00:00", ALLAN, whole_day("2026-01-16T00:00:00Z")),
            ("2", "2026-01-17T00:00", ALLAN, whole_day("2026-01-17T00:00:00Z")),
            ("3", "2026-01-16T00:00", ALLAN, whole_day("2026-01-16T05:00:00Z")),
            ("4", "2026-01-16T19:00", ALLAN, json!({})),
        ],
    );
    let run = bed.run("rv_alerts", AFTERNOON).await?;
    assert_eq!(run.answer.status, "success", "{:?}", run.answer);
    let rows = bed
        .stack
        .rows(
            "alert_logs",
            "appointment_external_id,appointment_date,appointment_time",
            "appointment_external_id",
        )
        .await?;
    let notified = |id: &str, time: Value| json!({"appointment_external_id": format!("evt_local_{id}"), "appointment_date": "2026-01-16", "appointment_time": time});
    assert_eq!(
        rows,
        [notified("1", Value::Null), notified("3", Value::Null), notified("4", "19:00:00".into())]
    );
    let columns = "external_id,appointment_date,appointment_time,start_datetime";
    let mirrored = bed.stack.rows("gazelle_appointments", columns, "external_id").await?;
    assert_eq!(
        (&mirrored[0]["appointment_date"], &mirrored[0]["appointment_time"]),
        (&json!("2026-01-16"), &Value::Null)
    );
    assert!(
        mirrored[0]["start_datetime"].as_str().unwrap().starts_with("2026-01-16T05:00:00"),
        "{mirrored:?}"
    );
    assert!(text(&bed, 0).contains("journée"), "{}", text(&bed, 0));
    Ok(())
}

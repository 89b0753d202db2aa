//! Planted secrets and a planted address appear nowhere that anybody looks.

use e2e::{Backend, Bed};
use gazelle_local::{faults::FaultSpec, sandbox::credentials, supabase};
use rstest::rstest;

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn no_secret_and_no_address_reaches_a_log_a_message_or_a_table_for_display(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let mut seen = String::new();
    for faults in [
        vec![],
        vec!["gazelle:500"],
        vec!["gazelle:graphql-error", "slack:500"],
        vec!["google:500"],
        vec!["eventbridge:partial"],
        vec!["gazelle:token-expired"],
    ] {
        let mut bed = Bed::start(backend).await?;
        {
            let mut company = bed.stack.sandbox.company.write().unwrap();
            company.timeline[3]["comment"] = "jean@planted.example\u{0}".into();
            company.clients[5]["status"] = "BRAND_NEW".into();
        }
        let faults: Vec<FaultSpec> = faults.iter().map(|fault| fault.parse().unwrap()).collect();
        let night = bed.stack.nightly(&faults, &mut |_| ()).await?;
        for run in &night.runs {
            seen.push_str(&run.invocation.log);
            seen.push_str(&serde_json::to_string(&run.answer)?);
        }
        for table in ["scheduler_logs", "sync_logs", "notification_deliveries", "event_outbox", "sync_state"]
        {
            let order = if table == "sync_state" { "collection" } else { "id" };
            for row in bed.stack.rows(table, "*", order).await? {
                seen.push_str(&row.to_string());
            }
        }
        for row in bed.stack.rows("sync_quarantine", "collection,external_id,reason", "external_id").await? {
            seen.push_str(&row.to_string());
        }
        for message in bed.stack.sandbox.slack_messages() {
            seen.push_str(&message.body.to_string());
        }
        for mail in bed.stack.sandbox.email_messages() {
            seen.push_str(&mail.body["content"].to_string());
        }
    }
    // The test sees what it looks at.
    assert!(
        seen.contains("run.finished")
            && seen.contains("sync.failed")
            && seen.contains("Gazelle ne répond pas")
    );
    let key = supabase::key("service_role");
    let private_key = credentials::SERVICE_ACCOUNT_KEY.lines().nth(1).unwrap();
    for secret in [
        key.as_str(),
        private_key,
        credentials::GAZELLE_CLIENT_SECRET,
        credentials::SENDGRID_KEY,
        "/services/T0/",
        "local-gazelle-access-token",
        "local-gazelle-refresh-token",
        "local-google-access-token",
        "local-aws-secret",
        "planted.example",
        "allan@example.com",
    ] {
        let place = seen.find(secret).map(|at| {
            let start = (at.saturating_sub(200)..=at).find(|at| seen.is_char_boundary(*at)).unwrap_or(at);
            &seen[start..at]
        });
        assert!(place.is_none(), "{secret} after …{}", place.unwrap_or_default());
    }
    Ok(())
}

//! What is recommended, and when it comes back.

use e2e::{Backend, Bed};
use jiff::SignedDuration;
use rstest::rstest;
use serde_json::{Value, json};

use super::steps::{close, detect};

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_recommendation_that_was_decided_comes_back_only_with_new_evidence_after_its_period(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let mut bed = Bed::start(backend).await?;
    assert_eq!(detect(&bed).await?["recommendations"]["open"], 0, "nothing is always recommended");
    close(&bed, "a", 6_000).await?;
    // Two gaps are less than a tenth of the sessions: no training is recommended.
    for _ in 0..20 {
        close(&bed, "b", 0).await?;
    }
    detect(&bed).await?;
    let open = bed.stack.rows("recommendations", "*", "first_seen_at").await?;
    assert_eq!(open.len(), 1, "{open:?}");
    assert_eq!((&open[0]["type"], &open[0]["due_date"]), (&json!("cash_control"), &json!("2026-01-22")));
    let decided: Value = bed
        .stack
        .observer
        .rpc(
            "decide_recommendation",
            &json!({"p_id": open[0]["id"], "p_status": "done", "p_by": "louise", "p_now": bed.stack.clock.now().to_string()}),
        )
        .await?;
    assert_eq!((&decided["status"], &decided["decided_by"]), (&json!("done"), &json!("louise")));
    assert_eq!(detect(&bed).await?["recommendations"]["open"], 0, "the same evidence");
    bed.stack.advance(SignedDuration::from_hours(6 * 24));
    close(&bed, "a", 7_000).await?;
    assert_eq!(detect(&bed).await?["recommendations"]["open"], 0, "other evidence, within the period");
    bed.stack.advance(SignedDuration::from_hours(25));
    let stats = detect(&bed).await?;
    assert_eq!(stats["recommendations"]["opened"], 1, "{stats}");
    Ok(())
}

//! The newest verified copies stay. Nothing goes because of a copy that failed.

use crate::{
    copy::{Copy, Kind},
    store::Store,
    verify::Verdict,
};

/// Verified copies of each kind that are kept.
pub const KEPT: usize = 10;

/// What the retention does.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// Places of copies to remove.
    pub removed: Vec<String>,
    /// The oldest place that stays; what is older and no verified copy is rubbish.
    pub oldest_kept: Option<String>,
}

impl Plan {
    /// The plan for copies, newest first, of which `kept` verified ones stay.
    pub fn of(copies: &[Copy], kept: usize) -> Self {
        let verified: Vec<&Copy> =
            copies.iter().filter(|copy| copy.verdict == Some(Verdict::Verified)).collect();
        Self {
            removed: verified.iter().skip(kept.max(1)).map(|copy| copy.location.clone()).collect(),
            oldest_kept: (verified.len() >= kept.max(1)).then(|| verified[kept.max(1) - 1].location.clone()),
        }
    }
}

/// Removes what is superfluous after a new verified copy; answers the places. A store that does not delete is not
/// a reason to doubt the copy.
pub async fn apply(store: &Store, kind: Kind) -> Vec<String> {
    let removed = async {
        let plan = Plan::of(&store.copies(kind).await?, KEPT);
        let mut removed = Vec::new();
        for (place, objects) in store.places(kind).await? {
            let is_rubbish = plan.oldest_kept.as_ref().is_some_and(|oldest| place < *oldest);
            if is_rubbish || plan.removed.contains(&place) {
                store.remove(objects).await?;
                removed.push(place);
            }
        }
        Ok::<_, crate::BackupError>(removed)
    };
    removed.await.unwrap_or_else(|error| {
        tracing::warn!(%error, "retention.failed");
        Vec::new()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn copies(verdicts: &[Option<Verdict>]) -> Vec<Copy> {
        let number = verdicts.len();
        verdicts
            .iter()
            .enumerate()
            .map(|(at, verdict)| Copy {
                location: format!("supabase/{:02}", number - at),
                started_at: Default::default(),
                verdict: verdict.clone(),
            })
            .collect()
    }

    #[test]
    fn the_newest_ten_verified_stay_and_the_last_one_always() {
        let eleven = copies(&vec![Some(Verdict::Verified); 11]);
        assert_eq!(Plan::of(&eleven, 10).removed, ["supabase/01"]);
        assert_eq!(Plan::of(&eleven[..10], 10).removed, Vec::<String>::new());
        assert_eq!(Plan::of(&eleven, 0).removed.len(), 10);
    }

    #[test]
    fn failed_ones_neither_count_nor_push_out() {
        let mut verdicts = vec![Some(Verdict::Failed(String::new())); 10];
        verdicts.extend([None, Some(Verdict::Verified), Some(Verdict::Inconclusive(String::new()))]);
        assert_eq!(Plan::of(&copies(&verdicts), 10), Plan::default());
    }
}

//! A store that fails, lies or is slow.

use std::time::Duration;

use antiphon_s3_server::{Fault, Operation, Order};

use crate::case::{Case, Chance, ends_well};

pub(crate) const CASES: &[Case] = &[
    Case { name: "store_500", happens: |chance| Box::pin(fails(chance, Fault::InternalError, None, 30)) },
    Case { name: "store_503", happens: |chance| Box::pin(fails(chance, Fault::SlowDown, None, 30)) },
    Case {
        name: "store_slow",
        happens: |chance| Box::pin(fails(chance, Fault::Delay(Duration::from_millis(400)), None, 60)),
    },
    Case {
        name: "store_reset_after_commit",
        happens: |chance| Box::pin(fails(chance, Fault::Reset, Some(Operation::PutObject), 8)),
    },
    Case {
        name: "store_conflict",
        happens: |chance| Box::pin(fails(chance, Fault::Conflict, Some(Operation::PutObject), 20)),
    },
    Case {
        name: "store_short_pages",
        happens: |chance| Box::pin(fails(chance, Fault::Truncate(1), Some(Operation::ListObjectsV2), 200)),
    },
    Case { name: "store_stale_listings", happens: |chance| Box::pin(lists_late(chance)) },
    Case {
        name: "store_hangs_before_commit",
        happens: |chance| Box::pin(fails(chance, Fault::HoldBefore, Some(Operation::PutObject), 4)),
    },
    Case {
        name: "store_hangs_after_commit",
        happens: |chance| Box::pin(fails(chance, Fault::HoldAfter, Some(Operation::PutObject), 4)),
    },
];

/// The next requests of a kind meet with the fault, from the beginning or from somewhere in the middle on.
async fn fails(mut chance: Chance, fault: Fault, operation: Option<Operation>, next: u64) {
    let fleet = chance.at_work().await;
    if chance.index(2) == 0 {
        fleet.stage.simulator.until_calls(chance.number(1..=600)).await;
    }
    fleet.bucket.faults().order(Order { fault, operation, key: String::new(), next });
    ends_well(fleet).await;
}

/// Listings of a run lack what was written last, until the end and beyond.
async fn lists_late(mut chance: Chance) {
    let fleet = chance.at_work().await;
    for folder in ["samples", "rounds"] {
        let (operation, key) = (Some(Operation::ListObjectsV2), format!("/{folder}/"));
        fleet.bucket.faults().order(Order { fault: Fault::Stale, operation, key, next: 10_000 });
    }
    ends_well(fleet).await;
}

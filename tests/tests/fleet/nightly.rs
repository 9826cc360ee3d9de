//! A night that the fleet asks: `antiphon nightly` is killed and started again, and nothing is asked twice.

use std::collections::BTreeMap;

use antiphon_core::{Comparison, Uncompared, UncomparedVerdict};
use antiphon_tests::{Asked, Fleet, FleetKind, Ground, answers};

const LINE: [&str; 5] = ["nightly", "suite.yaml", "--first-is-baseline", "--json", "--date"];

/// What of a night has been answered, and how often.
fn answered(fleet: &Fleet, run: &str) -> BTreeMap<String, usize> {
    let ledger = fleet.stage.simulator.ledger();
    let of_run: Vec<_> = ledger.into_iter().filter(|call| call.key.starts_with(&format!("{run}/"))).collect();
    answers(&of_run)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_night_goes_on_with_the_same_command() {
    let asked = Asked::new(8, 4, 1);
    let planned = asked.keys();
    let ground = Ground::shared().await;
    let fleet = Fleet::start(FleetKind::new(asked, 2, ground)).await;
    let first = fleet.operate(&[&LINE[..], &["2026-11-01"]].concat()).await;
    assert_eq!(first.code, Some(0), "{first:?}");
    let first: Uncompared = serde_json::from_str(&first.out).unwrap();
    assert_eq!((first.verdict, first.complete), (UncomparedVerdict::Baseline, true));

    // Killed when the fleet has asked about a third, which goes on asking, and again when it has asked more.
    let (second, line) = ("held-2026-11-02", [&LINE[..], &["2026-11-02"]].concat());
    for share in [3, 2] {
        let night = fleet.start_operator(&line);
        let calls = (planned.len() + planned.len() / share) as u64;
        fleet.stage.simulator.until_calls(calls).await;
        night.kill().await;
    }
    let ended = fleet.operate(&line).await;
    let judged: Comparison =
        serde_json::from_str(&ended.out).unwrap_or_else(|error| panic!("{error}: {ended:?}"));
    assert!(matches!(ended.code, Some(0 | 5)), "{ended:?}");
    assert_eq!((judged.run.run.as_str(), judged.base.run.as_str()), (second, "held-2026-11-01"));
    assert_eq!((judged.run.missing, judged.look), (0, Some(1)), "{judged:?}");
    let stored: Comparison = fleet.bucket.json(&format!("runs/{second}/summary/comparison.json")).await;
    assert_eq!(stored, judged);
    for page in ["comparison.html", "history.html"] {
        assert!(!fleet.bucket.get(&format!("runs/{second}/report/{page}")).await.is_empty());
    }
    for run in ["held-2026-11-01", second] {
        let answered = answered(&fleet, run);
        assert_eq!(answered.keys().collect::<Vec<_>>(), planned.iter().collect::<Vec<_>>(), "{run}");
        let twice: Vec<_> = answered.iter().filter(|(_, count)| **count > 1).collect();
        assert!(twice.is_empty(), "{run}: asked twice: {twice:?}");
    }
}

//! A program that is killed at any moment goes on with its chains where they were.

use std::collections::BTreeSet;
use std::time::Duration;

use antiphon_tests::{Excuses, Program, Stage, audit, audit_repeated, object_names, same_summary};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::scene::{Chains, keys, plan, stage, summary};

const VOICE: &str = "latency_ms: [1, 3], knows: [{file: document.txt, verbatim: 1, words: 14}]";

fn chains() -> Chains {
    let grow = "{chunk_words: 14, window_words: 40, max_steps: 50}";
    Chains {
        targets: &["alto"],
        cuts: vec![50, 1_200, 2_400, 3_600, 4_800],
        users: 3,
        sessions: 1,
        grow,
        more: "",
    }
}

/// Kills the program when the ledger holds so many calls; false if it ended before.
async fn kill_at(stage: &Stage, calls: u64, mut program: Program) -> bool {
    tokio::select! {
        biased;
        () = program.ended() => false,
        () = stage.simulator.until_calls(calls) => {
            program.kill().await;
            true
        }
    }
}

/// 50 steps of 5 chains, killed three times at random: nothing is repeated but calls of jobs that had no object, and what is grown is what
/// is grown undisturbed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn chains_that_are_killed_repeat_nothing_but_open_jobs() {
    let alone = stage(&chains(), VOICE, "").await;
    assert_eq!(alone.run("data", &[]).await.code, Some(0));
    let expected = alone.summary("data");
    let planned = keys(&alone, "data").await;
    let found = summary(&alone, "data");
    assert!(found.extractions.iter().all(|extraction| extraction.steps.len() == 50), "all steps are asked");
    assert_eq!((found.extractions.len(), planned.len()), (5, 750));
    for seed in 0..3 {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let stage = stage(&chains(), VOICE, "").await;
        let mut survivors: Vec<BTreeSet<String>> = Vec::new();
        let mut moments: Vec<u64> = (0..3).map(|_| random.random_range(1..planned.len() as u64)).collect();
        moments.sort_unstable();
        for calls in moments {
            let now = stage.simulator.stats().calls;
            assert!(
                kill_at(&stage, calls.max(now + 1), stage.start_run("data", &[])).await,
                "it was killed in time"
            );
            tokio::time::sleep(Duration::from_millis(random.random_range(0..5))).await;
            survivors.push(object_names(&stage.object("data", "samples")).into_iter().collect());
        }
        let ended = stage.run("data", &[]).await;
        assert_eq!(ended.code, Some(0), "{ended:?}");
        let (stored, ledger) = (stage.stored("data").await, stage.simulator.ledger());
        let repeated = audit(&planned, &stored, &ledger);
        let (manifest, rounds) = plan(&stage, "data").await;
        let jobs = antiphon_tests::samples_by_job(&manifest, &rounds);
        let excuses = Excuses { survivors, ..Excuses::default() };
        audit_repeated(&jobs, &excuses, &stored, &ledger);
        // A round has one job of 15 calls, and it is open when the program dies.
        assert!(repeated <= 3 * 15, "{repeated} calls were repeated");
        same_summary(&stage.summary("data"), &expected);
    }
}

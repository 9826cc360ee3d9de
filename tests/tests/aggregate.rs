//! What a run comes to does not depend on how it is summed up: on threads, on memory, on the order of listings.

#![expect(clippy::unwrap_used, reason = "a test fails by it")]

use std::num::NonZero;
use std::path::Path;

use antiphon_aggregator::{Parts, Settings};
use antiphon_core::{RunId, keys};
use antiphon_store::Store;
use antiphon_tests::Generated;
use bytes::Bytes;
use tokio_util::sync::CancellationToken;

/// Derived files whose bytes are a function of the stored samples.
const FILES: [&str; 4] = ["summary.json", "operations.json", "samples.parquet", "probes.parquet"];

fn run() -> RunId {
    "made".parse().unwrap()
}

/// Sums the run up as another process would, and gives what it wrote.
async fn sum_up(folder: &Path, threads: usize, memory_mib: u32) -> Vec<Bytes> {
    let store = Store::open(folder.to_str().unwrap()).await.unwrap();
    let settings =
        Settings { threads: NonZero::new(threads).unwrap(), memory_mib: NonZero::new(memory_mib).unwrap() };
    let parts = Parts { store: store.clone(), settings };
    let (summary, _) = antiphon_aggregator::run(&parts, &run(), &CancellationToken::new()).await.unwrap();
    assert!(summary.completeness.complete, "{:?}", summary.completeness);
    let mut files = Vec::new();
    for file in FILES {
        files.push(store.get(&keys::summary(&run(), file)).await.unwrap().unwrap());
    }
    files
}

#[tokio::test(flavor = "multi_thread")]
async fn threads_and_memory_change_no_byte() {
    let folder = tempfile::tempdir().unwrap();
    let made =
        Generated { probes: 4, scales: 3, targets: 3, users: 6, sessions: 8, probes_per_block: 3, words: 60 };
    made.write(folder.path(), &run()).await;
    let alone = sum_up(folder.path(), 1, 64).await;
    for (threads, memory_mib) in [(2, 64), (4, 64), (4, 1)] {
        let other = sum_up(folder.path(), threads, memory_mib).await;
        for (file, (one, other)) in FILES.iter().zip(alone.iter().zip(&other)) {
            assert!(one == other, "{file} differs with {threads} threads and {memory_mib} MiB");
        }
    }
}

/// Folders give their entries in the order in which they were made, and what is written twice is written in another one.
#[tokio::test(flavor = "multi_thread")]
async fn the_order_of_objects_changes_no_byte() {
    let (folder, shuffled) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let made = Generated {
        probes: 3,
        scales: 2,
        targets: 2,
        users: 6,
        sessions: 30,
        probes_per_block: 0,
        words: 30,
    };
    made.write(folder.path(), &run()).await;
    let (from, to) = (
        Store::open(folder.path().to_str().unwrap()).await.unwrap(),
        Store::open(shuffled.path().to_str().unwrap()).await.unwrap(),
    );
    let mut keys = from.list("").await.unwrap();
    keys.reverse();
    for key in keys {
        to.put_once(&key, from.get(&key).await.unwrap().unwrap()).await.unwrap();
    }
    assert!(sum_up(folder.path(), 2, 64).await == sum_up(shuffled.path(), 2, 64).await);
}

//! What a run comes to does not depend on how it is summed up: on threads, on memory, on the order of listings,
//! on who helps.

#![expect(clippy::unwrap_used, reason = "a test fails by it")]

use std::num::NonZero;
use std::path::Path;
use std::time::Duration;

use antiphon_aggregator::{Metrics, Parts, Settings, ToEmbed, run_with_help, serve};
use antiphon_core::plan::Plan;
use antiphon_core::{Clustering, Job, OBJECT_FORMAT, RunId, Target, VectorObject, Vectors, keys, text_hash};
use antiphon_queue::{Queue, RabbitMqSettings};
use antiphon_store::Store;
use antiphon_tests::{Broker, Generated, Program};
use bytes::Bytes;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// Derived files whose bytes are a function of the stored samples.
const FILES: [&str; 4] = ["summary.json", "operations.json", "samples.parquet", "probes.parquet"];

fn run() -> RunId {
    "made".parse().unwrap()
}

const SMALL: Generated =
    Generated { probes: 2, scales: 2, targets: 2, users: 6, sessions: 10, probes_per_block: 2, words: 40 };

/// As another process would have them.
async fn parts(folder: &Path, threads: usize, memory_mib: u32) -> Parts {
    let store = Store::open(folder.to_str().unwrap()).await.unwrap();
    let settings =
        Settings { threads: NonZero::new(threads).unwrap(), memory_mib: NonZero::new(memory_mib).unwrap() };
    Parts { store, settings }
}

async fn files(store: &Store) -> Vec<Bytes> {
    let mut files = Vec::new();
    for file in FILES {
        files.push(store.get(&keys::summary(&run(), file)).await.unwrap().unwrap());
    }
    files
}

/// Sums the run up in one process, and gives what it wrote.
async fn sum_up(folder: &Path, threads: usize, memory_mib: u32) -> Vec<Bytes> {
    let parts = parts(folder, threads, memory_mib).await;
    let (summary, _) = antiphon_aggregator::run(&parts, &run(), &CancellationToken::new()).await.unwrap();
    assert!(summary.completeness.complete, "{:?}", summary.completeness);
    files(&parts.store).await
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

/// Two services that help, and a job that nobody can do.
async fn helped(folder: &Path, queue: &Queue) -> Vec<Bytes> {
    let parts = parts(folder, 2, 64).await;
    let stop = CancellationToken::new();
    let mut helpers = JoinSet::new();
    for _ in 0..2 {
        let (parts, queue, stop) = (self::parts(folder, 1, 64).await, queue.clone(), stop.clone());
        helpers.spawn(async move {
            serve(&parts, &queue, &Metrics::default(), Duration::from_secs(10), &stop).await
        });
    }
    queue
        .publish_job(&Job::summing_up(run(), "nobody".parse().unwrap(), "b00000".parse().unwrap()))
        .await
        .unwrap();
    // Helpers alone, so that it is known that they do the work.
    let blocks = blocks(&parts.store).await;
    for job in &blocks {
        queue.publish_job(job).await.unwrap();
    }
    let made = format!("runs/{}/summary/parts/", run());
    tokio::time::timeout(Duration::from_secs(60), async {
        while parts.store.list(&made).await.unwrap().len() < 2 * blocks.len() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await
    .unwrap();
    let mut dead = queue.dead_letters().await.unwrap();
    let letter = tokio::time::timeout(Duration::from_secs(20), dead.next()).await.unwrap().unwrap();
    assert!(letter.job().sums_up() && letter.reason().contains("no block"), "{}", letter.reason());
    letter.ack().await.unwrap();
    run_with_help(&parts, queue, &run(), &CancellationToken::new()).await.unwrap();
    stop.cancel();
    while let Some(ended) = helpers.join_next().await {
        ended.unwrap().unwrap();
    }
    let others = parts.store.list(&made).await.unwrap().len();
    assert_eq!(others, 2 * blocks.len(), "what was there was used, and nothing was made again");
    files(&parts.store).await
}

async fn blocks(store: &Store) -> Vec<Job> {
    let manifest = store.get_manifest(&run()).await.unwrap().unwrap();
    let blocks = Plan::new(&manifest, &[]).blocks();
    let of = |target: &Target| {
        let target = target.id.clone();
        (0..blocks).map(move |block| Job::summing_up(run(), target.clone(), Plan::block_id(block)))
    };
    manifest.targets.iter().flat_map(of).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn helpers_change_no_byte() {
    let folder = tempfile::tempdir().unwrap();
    SMALL.write(folder.path(), &run()).await;
    let alone = sum_up(folder.path(), 1, 64).await;
    assert!(helped(folder.path(), &Queue::memory()).await == alone);
}

/// Without helpers it is done by whoever asks, also where no helper has ever been.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_waited_for() {
    let vhost = Broker::shared().await.vhost().await;
    for queue in [Queue::memory(), Queue::rabbitmq(vhost.url().parse().unwrap())] {
        let folder = tempfile::tempdir().unwrap();
        SMALL.write(folder.path(), &run()).await;
        let alone = sum_up(folder.path(), 1, 64).await;
        let parts = parts(folder.path(), 2, 64).await;
        run_with_help(&parts, &queue, &run(), &CancellationToken::new()).await.unwrap();
        assert!(files(&parts.store).await == alone);
    }
}

/// Every kind of probe: nothing of a part is lost on its way.
#[tokio::test(flavor = "multi_thread")]
async fn parts_hold_every_kind_of_probe() {
    let folder = tempfile::tempdir().unwrap();
    let mut demo = Program::command();
    let ended = Program::start(demo.arg("demo").current_dir(folder.path())).output().await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let parts = parts(&folder.path().join("antiphon-demo/data"), 2, 64).await;
    let run = parts.store.runs().await.unwrap().remove(0);
    let mut alone = Vec::new();
    for file in FILES {
        alone.push(parts.store.get(&keys::summary(&run, file)).await.unwrap().unwrap());
    }
    run_with_help(&parts, &Queue::memory(), &run, &CancellationToken::new()).await.unwrap();
    for (file, alone) in FILES.into_iter().zip(alone) {
        let helped = parts.store.get(&keys::summary(&run, file)).await.unwrap().unwrap();
        assert!(helped == alone, "{file}");
    }
}

/// A part that was made before more was stored is not taken for one of now.
#[tokio::test(flavor = "multi_thread")]
async fn a_part_of_before_is_not_used() {
    let (folder, later) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    SMALL.write(folder.path(), &run()).await;
    let whole = Store::open(folder.path().to_str().unwrap()).await.unwrap();
    let store = Store::open(later.path().to_str().unwrap()).await.unwrap();
    let keys = whole.list("").await.unwrap();
    let last = keys.iter().rfind(|key| key.contains("/samples/")).unwrap();
    for key in keys.iter().filter(|key| *key != last) {
        store.put_once(key, whole.get(key).await.unwrap().unwrap()).await.unwrap();
    }
    let parts = parts(later.path(), 2, 64).await;
    let stop = CancellationToken::new();
    let (summary, _) = run_with_help(&parts, &Queue::memory(), &run(), &stop).await.unwrap();
    assert!(!summary.completeness.complete);
    store.put_once(last, whole.get(last).await.unwrap().unwrap()).await.unwrap();
    run_with_help(&parts, &Queue::memory(), &run(), &stop).await.unwrap();
    assert!(files(&store).await == sum_up(folder.path(), 1, 64).await);
}

/// Nor one that was made before vectors were there.
#[tokio::test(flavor = "multi_thread")]
async fn a_part_without_vectors_is_not_used() {
    let folder = tempfile::tempdir().unwrap();
    SMALL.write(folder.path(), &run()).await;
    let store = Store::open(folder.path().to_str().unwrap()).await.unwrap();
    let mut manifest = store.get_manifest(&run()).await.unwrap().unwrap();
    let source = Vectors::File { path: "words.txt".to_owned(), hash: "0".repeat(64) };
    manifest.scoring.clusters = Some(Clustering::Embedding { threshold: 0.9, vectors: source.clone() });
    store.put_json(&keys::manifest(&run()), &manifest).await.unwrap();

    let parts = parts(folder.path(), 2, 64).await;
    let (queue, stop) = (Queue::memory(), CancellationToken::new());
    run_with_help(&parts, &queue, &run(), &stop).await.unwrap();
    let before = files(&store).await;

    let embed = ToEmbed::open(&store, &run()).await.unwrap().unwrap();
    for block in embed.blocks() {
        let (target, id) = embed.names(block);
        let texts = embed.texts(block).await.unwrap();
        let vector = |text: &String| (text_hash(text), vec![1.0, 0.0]);
        let vectors = texts.iter().map(vector).collect();
        let object = VectorObject { format: OBJECT_FORMAT, source: source.clone(), vectors };
        store.put_vectors(&run(), target, &id, object).await.unwrap();
    }
    run_with_help(&parts, &queue, &run(), &stop).await.unwrap();
    let after = files(&store).await;
    assert!(before != after, "vectors are used");
    assert!(after == sum_up(folder.path(), 1, 64).await);
}

/// The same through a real broker.
#[tokio::test(flavor = "multi_thread")]
async fn a_fleet_changes_no_byte() {
    let folder = tempfile::tempdir().unwrap();
    SMALL.write(folder.path(), &run()).await;
    let alone = sum_up(folder.path(), 1, 64).await;
    let vhost = Broker::shared().await.vhost().await;
    let queue = Queue::rabbitmq(vhost.url().parse::<RabbitMqSettings>().unwrap());
    assert!(helped(folder.path(), &queue).await == alone);
}

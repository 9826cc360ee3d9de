//! What every backend must do. Each function runs against a store of its own prefix and panics where a promise is broken.

use std::collections::BTreeSet;

use antiphon_core::{Cancelled, Duplicate, Job, Limits, OBJECT_FORMAT, RunId, Submission};
use bytes::Bytes;
use tokio::task::JoinSet;

use crate::{Purged, Put, Store, StoreError};

/// All of the suite, below `prefix`, which must be empty and end with a slash.
pub async fn all(store: &Store, prefix: &str) {
    the_first_write_wins(store, &format!("{prefix}first/")).await;
    one_of_many_racing_writers_wins(store, &format!("{prefix}race/")).await;
    listings_are_sorted_and_paged(store, &format!("{prefix}list/")).await;
    folders_are_the_names_below(store, &format!("{prefix}folders/")).await;
    a_replaced_object_is_always_whole(store, &format!("{prefix}replace/")).await;
    any_bytes_come_back(store, &format!("{prefix}bytes/")).await;
    bad_keys_are_refused(store, prefix).await;
    records_of_a_fleet(store, &format!("{}fleet", prefix.replace('/', "-"))).await;
    a_run_is_locked_once(store, &format!("{}lock", prefix.replace('/', "-"))).await;
    a_purged_run_is_gone_and_no_other(store, &format!("{}purge", prefix.replace('/', "-"))).await;
    a_probe_leaves_nothing_that_matters(store).await;
}

const ALIVE: &str = "the store answers";
const AN_ID: &str = "letters, digits, dots and dashes are an id";

/// Create-only: the second write says so and changes nothing.
pub async fn the_first_write_wins(store: &Store, prefix: &str) {
    let key = format!("{prefix}a/b");
    assert_eq!(store.get(&key).await.expect(ALIVE), None);
    assert!(!store.exists(&key).await.expect(ALIVE));
    assert_eq!(store.put_once(&key, "one".into()).await.expect(ALIVE), Put::Created);
    assert_eq!(store.put_once(&key, "two".into()).await.expect(ALIVE), Put::Exists);
    assert_eq!(store.get(&key).await.expect(ALIVE).as_deref(), Some(b"one".as_slice()));
    assert!(store.exists(&key).await.expect(ALIVE));
    // A folder is no object.
    assert_eq!(store.get(&format!("{prefix}a")).await.expect(ALIVE), None);
    assert!(!store.exists(&format!("{prefix}a")).await.expect(ALIVE));
    assert_eq!(store.get(&format!("{key}/c")).await.expect(ALIVE), None);
}

/// Twenty-four writers of one key: one creates, the rest are told, and what is there is the winner's.
pub async fn one_of_many_racing_writers_wins(store: &Store, prefix: &str) {
    for round in 0..8 {
        let key = format!("{prefix}{round}");
        let mut writers = JoinSet::new();
        for writer in 0..24_u8 {
            let (store, key) = (store.clone(), key.clone());
            let bytes = Bytes::from(vec![writer; 10_000]);
            writers.spawn(async move { (writer, store.put_once(&key, bytes).await.expect(ALIVE)) });
        }
        let ended = writers.join_all().await;
        let winners: Vec<u8> =
            ended.iter().filter(|(_, put)| *put == Put::Created).map(|(who, _)| *who).collect();
        assert_eq!(winners.len(), 1, "exactly one writer creates {key}");
        let stored = store.get(&key).await.expect(ALIVE).expect("somebody won");
        assert_eq!(stored, vec![winners[0]; 10_000]);
    }
}

/// 2,500 keys (S3 pages by 1,000), among them folders whose names sort around the slash.
pub async fn listings_are_sorted_and_paged(store: &Store, prefix: &str) {
    let mut expected = BTreeSet::new();
    for n in 0..2_500_u32 {
        let folder = ["b", "b.x", "b-x", "b0", "a"][n as usize % 5];
        expected.insert(format!("{prefix}{folder}/{:04}", n * 7919 % 2_500));
    }
    let mut writers = JoinSet::new();
    for key in expected.clone() {
        if writers.len() >= 32 {
            writers.join_next().await;
        }
        let store = store.clone();
        writers.spawn(async move { store.put_once(&key, Bytes::new()).await.expect(ALIVE) });
    }
    writers.join_all().await;
    let expected: Vec<String> = expected.into_iter().collect();
    assert_eq!(store.list(prefix).await.expect(ALIVE), expected);

    for part in ["b", "b/", "b/00", "b.", "b0/2499", "nothing", "nothing/there"] {
        let beginning = format!("{prefix}{part}");
        let matching: Vec<&String> = expected.iter().filter(|key| key.starts_with(&beginning)).collect();
        assert_eq!(store.list(&beginning).await.expect(ALIVE).iter().collect::<Vec<_>>(), matching, "{part}");
    }
    for limit in [1, 999, 1_000, 2_500] {
        let start = expected.len() - limit.min(expected.len()) - usize::from(limit == 1) * 700;
        let after = start.checked_sub(1).map(|before| expected[before].as_str());
        let page = store.list_after(prefix, after, limit).await.expect(ALIVE);
        assert_eq!(page, expected[start..start + limit], "{limit} keys after {after:?}");
    }
    // A page may begin after a name that is no key.
    let page = store.list_after(prefix, Some(&format!("{prefix}b/")), 1).await.expect(ALIVE);
    assert_eq!(page.first(), expected.iter().find(|key| key.as_str() > format!("{prefix}b/").as_str()));
    let last = expected.last().map(String::as_str);
    assert!(store.list_after(prefix, last, 10).await.expect(ALIVE).is_empty());
}

/// Only names with something below them, once each.
pub async fn folders_are_the_names_below(store: &Store, prefix: &str) {
    for key in ["a/1", "a/2", "a.b/1", "a/deep/1", "file"] {
        store.put_once(&format!("{prefix}{key}"), "x".into()).await.expect(ALIVE);
    }
    assert_eq!(store.folders(prefix).await.expect(ALIVE), ["a", "a.b"]);
    assert_eq!(store.folders(&format!("{prefix}a/")).await.expect(ALIVE), ["deep"]);
    assert!(store.folders(&format!("{prefix}nothing/")).await.expect(ALIVE).is_empty());
    assert!(store.folders(&format!("{prefix}a")).await.is_err(), "a folder ends with a slash");
}

/// Readers beside a writer see whole objects only, and in the end the last one.
pub async fn a_replaced_object_is_always_whole(store: &Store, prefix: &str) {
    let key = format!("{prefix}derived");
    store.put(&key, vec![0; 100_000].into()).await.expect(ALIVE);
    let mut readers = JoinSet::new();
    for _ in 0..4 {
        let (store, key) = (store.clone(), key.clone());
        readers.spawn(async move {
            for _ in 0..50 {
                let bytes = store.get(&key).await.expect(ALIVE).expect("it is never away");
                let whole = bytes.len() == 100_000 + usize::from(bytes[0])
                    && bytes.iter().all(|byte| *byte == bytes[0]);
                assert!(whole, "a torn object of {} bytes", bytes.len());
            }
        });
    }
    for n in 1..=40_u8 {
        store.put(&key, vec![n; 100_000 + usize::from(n)].into()).await.expect(ALIVE);
    }
    readers.join_all().await;
    assert_eq!(store.get(&key).await.expect(ALIVE).map(|bytes| bytes[0]), Some(40));
    assert_eq!(store.list(prefix).await.expect(ALIVE), [key]);
}

/// Nothing, every byte, and 20 MB.
pub async fn any_bytes_come_back(store: &Store, prefix: &str) {
    let every: Vec<u8> = (0..=255).cycle().take(1_000).collect();
    let big: Vec<u8> = (0..20_000_000_u32).map(|n| n.wrapping_mul(2_654_435_761).to_be_bytes()[0]).collect();
    for (name, bytes) in [("empty", Vec::new()), ("every", every), ("big", big)] {
        let key = format!("{prefix}{name}");
        let bytes = Bytes::from(bytes);
        assert_eq!(store.put_once(&key, bytes.clone()).await.expect(ALIVE), Put::Created);
        assert!(store.get(&key).await.expect(ALIVE).as_ref() == Some(&bytes), "{name}");
    }
}

/// No backend is asked for a key that could leave it.
pub async fn bad_keys_are_refused(store: &Store, prefix: &str) {
    for part in ["", "..", ".", ".hidden", "a//b", "a/../../b", "a\\b", "a\0"] {
        let key = format!("{prefix}{part}");
        let refused = |error| matches!(error, StoreError::InvalidKey { .. });
        assert!(store.put_once(&key, Bytes::new()).await.is_err_and(refused), "put_once {key:?}");
        assert!(store.put(&key, Bytes::new()).await.is_err_and(refused), "put {key:?}");
        assert!(store.get(&key).await.is_err_and(refused), "get {key:?}");
        assert!(store.exists(&key).await.is_err_and(refused), "exists {key:?}");
    }
    for prefix in ["/", "../", "a/../b"] {
        assert!(store.list(prefix).await.is_err(), "list {prefix:?}");
        assert!(store.folders(prefix).await.is_err(), "folders {prefix:?}");
    }
}

/// Submissions, cancellation, duplicates and deaths of the run `name`, which nobody else may use.
pub async fn records_of_a_fleet(store: &Store, name: &str) {
    let run: RunId = name.parse().expect(AN_ID);
    let job = Job {
        format: OBJECT_FORMAT,
        run: run.clone(),
        pool: "p".parse().expect(AN_ID),
        target: "opus-4.5".parse().expect(AN_ID),
        block: "b00000".parse().expect(AN_ID),
        round: 0,
        chunk: 1,
    };
    submissions_are_counted_and_end_once(store, &run).await;
    a_dead_job_lives_again_when_requeued(store, &job).await;

    let cancelled = |at_ms| Cancelled { format: OBJECT_FORMAT, at_ms, reason: Some("enough".to_owned()) };
    assert_eq!(store.get_cancelled(&run).await.expect(ALIVE), None);
    assert_eq!(store.put_cancelled(&run, &cancelled(1)).await.expect(ALIVE), Put::Created);
    assert_eq!(store.put_cancelled(&run, &cancelled(2)).await.expect(ALIVE), Put::Exists);
    assert_eq!(store.get_cancelled(&run).await.expect(ALIVE), Some(cancelled(1)));

    let duplicate = Duplicate { format: OBJECT_FORMAT, job, samples: 50, dollars: 0.25, whole: true };
    for mark in [7, u64::MAX] {
        assert_eq!(store.put_duplicate(&duplicate, mark).await.expect(ALIVE), Put::Created);
    }
    assert_eq!(store.duplicates(&run).await.expect(ALIVE), [duplicate.clone(), duplicate]);
}

async fn submissions_are_counted_and_end_once(store: &Store, run: &RunId) {
    assert!(store.submissions(run).await.expect(ALIVE).is_empty());
    let mut submitters = JoinSet::new();
    for at_ms in 0..4 {
        let (store, run) = (store.clone(), run.clone());
        submitters.spawn(async move {
            store.submit(&run, at_ms, Some(1.5), &Limits::default()).await.expect(ALIVE).number
        });
    }
    let numbers: BTreeSet<u32> = submitters.join_all().await.into_iter().collect();
    assert_eq!(numbers, BTreeSet::from([1, 2, 3, 4]), "everybody who submits at once has a number");
    let numbers = |submissions: Vec<Submission>| submissions.iter().map(|it| it.number).collect::<Vec<_>>();
    assert_eq!(store.put_submission_ended(run, 2, &"complete").await.expect(ALIVE), Put::Created);
    assert_eq!(store.put_submission_ended(run, 2, &"cancelled").await.expect(ALIVE), Put::Exists);
    assert_eq!(store.submission_ended(run, 2).await.expect(ALIVE), Some("complete".to_owned()));
    assert_eq!(store.submission_ended::<String>(run, 1).await.expect(ALIVE), None);
    assert_eq!(numbers(store.submissions(run).await.expect(ALIVE)), [1, 2, 3, 4]);
    assert_eq!(numbers(store.open_submissions(run).await.expect(ALIVE)), [1, 3, 4]);
    for (known, newest) in [(0, Some(4)), (3, Some(4)), (4, None)] {
        assert_eq!(store.submission_after(run, known).await.expect(ALIVE).map(|it| it.number), newest);
    }
}

async fn a_dead_job_lives_again_when_requeued(store: &Store, job: &Job) {
    // Its id begins as the other's does.
    let namesake = Job { block: "b00000.x".parse().expect(AN_ID), ..job.clone() };
    store.put_dead(&namesake, "bystander").await.expect(ALIVE);
    let reasons = async || -> Vec<String> {
        let dead = store.dead_jobs(&job.run).await.expect(ALIVE);
        dead.into_iter().filter(|dead| dead.job == *job).map(|dead| dead.reason).collect()
    };
    assert!(!store.requeue(job).await.expect(ALIVE), "it is not dead");
    for death in ["first", "second", "third"] {
        assert_eq!(store.put_dead(job, death).await.expect(ALIVE), Put::Created, "{death}");
        assert_eq!(store.put_dead(job, "too late").await.expect(ALIVE), Put::Exists, "{death}");
        assert_eq!(reasons().await, [death]);
        assert!(store.requeue(job).await.expect(ALIVE), "{death}");
        assert!(!store.requeue(job).await.expect(ALIVE), "it was requeued already");
        assert!(reasons().await.is_empty(), "{death}");
    }
}

/// One holder at a time; the lock is no object and goes with its holder. A store without locks lets everybody in and says so.
pub async fn a_run_is_locked_once(store: &Store, name: &str) {
    let run = name.parse().expect(AN_ID);
    let lock = store.lock_run(&run).await.expect("nobody else works on it");
    match store.lock_run(&run).await {
        Ok(_) => assert!(!store.locks(), "it is locked already"),
        Err(StoreError::Locked { pid, .. }) => {
            assert!(store.locks() && pid == Some(std::process::id()), "locked by {pid:?}");
        }
        Err(error) => panic!("{error:?}"),
    }
    let other = format!("{name}-2").parse().expect(AN_ID);
    drop(store.lock_run(&other).await.expect("another run is another lock"));
    assert!(store.list(&format!("runs/{name}/")).await.expect(ALIVE).is_empty(), "a lock is no object");
    drop(lock);
    drop(store.lock_run(&run).await.expect("it is free again"));
}

/// More objects than S3 deletes at once, with a bystander whose name begins alike.
pub async fn a_purged_run_is_gone_and_no_other(store: &Store, name: &str) {
    let run: RunId = name.parse().expect(AN_ID);
    let bystander = format!("runs/{name}-2/manifest.json");
    store.put_once(&bystander, "stays".into()).await.expect(ALIVE);
    store.put_once(&format!("runs/{name}/manifest.json"), "goes".into()).await.expect(ALIVE);
    let mut writers = JoinSet::new();
    for n in 0..1_001 {
        if writers.len() >= 32 {
            writers.join_next().await;
        }
        let (store, key) = (store.clone(), format!("runs/{name}/samples/t/b{}/{n}", n % 3));
        writers.spawn(async move { store.put_once(&key, "123".into()).await.expect(ALIVE) });
    }
    writers.join_all().await;
    let purged = store.purge(&run).await.expect(ALIVE);
    assert_eq!(purged, Purged { objects: 1_002, bytes: 1_001 * 3 + 4 });
    assert!(store.list(&format!("runs/{name}/")).await.expect(ALIVE).is_empty());
    assert!(store.exists(&bystander).await.expect(ALIVE));
    assert_eq!(store.purge(&run).await.expect(ALIVE), Purged::default(), "again is no error");
    store.put_once(&format!("runs/{name}/manifest.json"), "again".into()).await.expect(ALIVE);
}

/// A store that passes this suite passes its own probe, whose objects stay away from runs.
pub async fn a_probe_leaves_nothing_that_matters(store: &Store) {
    let others = async || {
        let keys = store.list("").await.expect(ALIVE);
        keys.into_iter().filter(|key| !key.starts_with("probes/")).collect::<Vec<_>>()
    };
    let before = others().await;
    store.probe().await.expect("it keeps its promises");
    assert_eq!(others().await, before);
}

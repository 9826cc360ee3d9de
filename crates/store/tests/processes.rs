//! Promises that take more than one process: killed writers, full disks, locks.
//!
//! Each test starts its own binary again as the other process; there it finds its part in the environment.

use std::ffi::OsString;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use antiphon_core::RunId;
use antiphon_store::{Put, Store, StoreError};
use bytes::Bytes;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Names the folder in the other process.
const PART: &str = "ANTIPHON_STORE_TEST_FOLDER";

/// The folder to work on, in the other process.
fn part() -> Option<String> {
    std::env::var_os(PART).map(|folder| folder.into_string().expect("a temporary folder has a plain name"))
}

/// Tells the first process something.
fn tell(line: &str) {
    // Not `println!`: the test harness would hold it back.
    writeln!(std::io::stdout(), "told {line}").expect("the first process listens");
}

struct Other {
    child: Child,
    told: BufReader<ChildStdout>,
}

impl Other {
    /// Runs `test` of this binary in another process, by way of a shell that first runs `setup`.
    fn start(test: &str, folder: &str, setup: &str) -> Self {
        let binary: OsString = std::env::current_exe().expect("a test has a file").into();
        let script = format!("{setup} exec \"$0\" --exact {test} --nocapture");
        let mut command = Command::new("sh");
        command.arg("-c").arg(script).arg(binary).env(PART, folder).stdout(Stdio::piped());
        let mut child = command.spawn().expect("there is a shell");
        let told = BufReader::new(child.stdout.take().expect("it is piped"));
        Self { child, told }
    }

    /// What it tells next; `None` when it has ended.
    fn hear(&mut self) -> Option<String> {
        loop {
            let mut line = String::new();
            if self.told.read_line(&mut line).expect("it speaks UTF-8") == 0 {
                return None;
            }
            // The test harness speaks too, and a line is cut short when its writer is killed.
            if let Some(told) = line.strip_prefix("told ").and_then(|line| line.strip_suffix('\n')) {
                return Some(told.to_owned());
            }
        }
    }

    fn kill(&mut self) {
        self.child.kill().expect("it can be killed");
        self.child.wait().expect("it can be waited for");
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        // It has ended already, unless an assertion failed.
        let _ = self.child.kill();
    }
}

/// Long enough to be cut in the middle, and different for every key.
fn content(number: u64) -> Bytes {
    let length = 100_000 + usize::try_from(number % 7).expect("below seven") * 50_000;
    (0..length as u64)
        .map(|place| place.wrapping_mul(number + 3).to_le_bytes()[1])
        .collect::<Vec<u8>>()
        .into()
}

#[tokio::test]
async fn killed_writers_leave_whole_objects_or_nothing() {
    if let Some(folder) = part() {
        let store = Store::create(&folder).await.unwrap();
        for number in 0_u64.. {
            store.put_once(&format!("once/{}/{number:06}", number % 3), content(number)).await.unwrap();
            tell(&number.to_string());
            store.put("derived/last", content(number)).await.unwrap();
        }
    }
    let mut moments = ChaCha8Rng::seed_from_u64(1);
    for _ in 0..40 {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().to_str().unwrap();
        let mut writer = Other::start("killed_writers_leave_whole_objects_or_nothing", path, "");
        for _ in 0..moments.random_range(1..6) {
            writer.hear().expect("it writes until it is killed");
        }
        let moment = Instant::now() + Duration::from_micros(moments.random_range(0..3_000));
        while Instant::now() < moment {
            std::hint::spin_loop();
        }
        writer.kill();
        let mut acknowledged = Vec::new();
        while let Some(number) = writer.hear() {
            acknowledged.push(number.parse::<u64>().unwrap());
        }

        let store = Store::open(path).await.unwrap();
        let stored = store.list("once/").await.unwrap();
        for key in &stored {
            let number = key.rsplit('/').next().unwrap().parse().unwrap();
            assert!(store.get(key).await.unwrap().unwrap() == content(number), "{key} is torn");
        }
        for number in acknowledged {
            assert!(stored.contains(&format!("once/{}/{number:06}", number % 3)), "{number} is lost");
        }
        if let Some(derived) = store.get("derived/last").await.unwrap() {
            let whole = (0..stored.len() as u64).any(|number| derived == content(number));
            assert!(whole, "the derived file is torn");
        }
        let known = store.list("").await.unwrap();
        assert!(known.iter().all(|key| key.starts_with("once/") || key == "derived/last"), "{known:?}");
    }
}

/// The limit on a file's size stands in for a full disk: it needs no privileges and hits in the middle of a write, too.
#[tokio::test]
async fn without_room_nothing_half_is_left_and_the_same_command_works_later() {
    if let Some(folder) = part() {
        let store = Store::create(&folder).await.unwrap();
        for result in [
            store.put_once("a/big", vec![1; 100_000].into()).await.map(drop),
            store.put("a/big", vec![1; 100_000].into()).await,
        ] {
            let error = result.unwrap_err();
            assert!(
                matches!(&error, StoreError::Full { place, .. } if place.ends_with("a/big")),
                "{error:?}"
            );
        }
        assert_eq!(store.put_once("a/small", "x".into()).await.unwrap(), Put::Created);
        tell("done");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    // Blocks of 512 bytes; the signal would kill before the write can fail.
    let setup = "trap '' XFSZ; ulimit -f 64;";
    let mut other =
        Other::start("without_room_nothing_half_is_left_and_the_same_command_works_later", path, setup);
    assert_eq!(other.hear().as_deref(), Some("done"), "see its panic above");
    other.child.wait().unwrap();

    let store = Store::open(path).await.unwrap();
    assert_eq!(store.list("").await.unwrap(), ["a/small"]);
    assert_eq!(std::fs::read_dir(folder.path().join(".tmp")).unwrap().count(), 0);
    assert_eq!(store.put_once("a/big", vec![1; 100_000].into()).await.unwrap(), Put::Created);
}

#[tokio::test]
async fn a_run_is_locked_until_its_process_dies() {
    let run: RunId = "r1".parse().unwrap();
    if let Some(folder) = part() {
        let store = Store::create(&folder).await.unwrap();
        let _lock = store.lock_run(&run).await.unwrap();
        tell("locked");
        // Killed here.
        std::future::pending().await
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    let mut holder = Other::start("a_run_is_locked_until_its_process_dies", path, "");
    assert_eq!(holder.hear().as_deref(), Some("locked"));

    let store = Store::open(path).await.unwrap();
    let error = store.lock_run(&run).await.unwrap_err();
    let pid = holder.child.id();
    assert!(error.to_string().contains(&format!("process {pid}")), "{error}");
    assert!(store.list("").await.unwrap().is_empty());
    holder.kill();
    let _lock = store.lock_run(&run).await.unwrap();
}

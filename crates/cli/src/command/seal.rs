//! `antiphon seal`: stamps what a run has extracted with hashes and the time, to be held against a text that is published later.

use std::collections::BTreeMap;

use antiphon_core::{OBJECT_FORMAT, RunId, keys};
use antiphon_store::{Put, Store};
use serde::{Deserialize, Serialize};

use super::open_store;
use crate::args::{Arguments, SealArguments};
use crate::exit::Exit;
use crate::output::{Output, Usage};

/// What is stored; write-once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Seal {
    format: u32,
    run: RunId,
    /// When it was sealed, RFC 3339.
    at: String,
    /// BLAKE3 of the manifest's bytes.
    manifest: String,
    /// Key → BLAKE3 of the bytes of every step of every chain.
    steps: BTreeMap<String, String>,
    /// BLAKE3 of run, time, the manifest's hash and all of `steps`, a line each: the one to publish.
    seal: String,
}

pub(crate) async fn run(
    arguments: &Arguments,
    seal: &SealArguments,
    output: &Output,
) -> anyhow::Result<Exit> {
    let (store, _) = open_store::holding(arguments, &seal.run).await?;
    let run = &seal.run;
    let standing: Option<Seal> = store.get_json(&keys::seal(run)).await?;
    let found = match (standing, seal.verify) {
        (Some(standing), _) => {
            verify(&store, &standing).await?;
            output.note(format!("the seal of {} holds", standing.at));
            standing
        }
        (None, true) => {
            let why = format!("run {run} is not sealed; `antiphon seal {run}` does that");
            return Err(Usage(why).into());
        }
        (None, false) => put(&store, run).await?,
    };
    output.value(&found);
    Ok(Exit::Complete)
}

async fn put(store: &Store, run: &RunId) -> anyhow::Result<Seal> {
    let made = make(store, run, jiff::Timestamp::now().to_string()).await?;
    if made.steps.is_empty() {
        let why = format!(
            "run {run} has grown no text; only `extract` probes do, once a step of theirs has been answered"
        );
        return Err(Usage(why).into());
    }
    if store.put_json_once(&keys::seal(run), &made).await? == Put::Exists {
        return Err(
            Usage(format!("run {run} was sealed at this very moment by somebody else; try again")).into()
        );
    }
    Ok(made)
}

/// The seal of a run as it stands, at a time.
async fn make(store: &Store, run: &RunId, at: String) -> anyhow::Result<Seal> {
    let mut steps = BTreeMap::new();
    for key in store.list(&keys::extractions(run)).await? {
        let hash = hash_of(store, &key).await?;
        steps.insert(key, hash);
    }
    let manifest = hash_of(store, &keys::manifest(run)).await?;
    let mut hasher = blake3::Hasher::new();
    for line in [run.as_str(), &at, &manifest] {
        hasher.update(line.as_bytes()).update(b"\n");
    }
    for (key, hash) in &steps {
        hasher.update(format!("{key} {hash}\n").as_bytes());
    }
    let seal = hasher.finalize().to_hex().to_string();
    Ok(Seal { format: OBJECT_FORMAT, run: run.clone(), at, manifest, steps, seal })
}

async fn hash_of(store: &Store, key: &str) -> anyhow::Result<String> {
    let bytes = store.get(key).await?.ok_or_else(|| anyhow::anyhow!("{key} is gone"))?;
    Ok(blake3::hash(&bytes).to_hex().to_string())
}

/// Says what is not as it was sealed.
async fn verify(store: &Store, standing: &Seal) -> anyhow::Result<()> {
    let now = make(store, &standing.run, standing.at.clone()).await?;
    if now == *standing {
        return Ok(());
    }
    let changed =
        standing.steps.iter().filter(|(key, hash)| now.steps.get(*key).is_some_and(|other| other != *hash));
    let changed = changed.map(|(key, _)| format!("{key} is not what was sealed"));
    let gone =
        standing.steps.keys().filter(|key| !now.steps.contains_key(*key)).map(|key| format!("{key} is gone"));
    let new = now
        .steps
        .keys()
        .filter(|key| !standing.steps.contains_key(*key))
        .map(|key| format!("{key} came later"));
    let mut found: Vec<String> = changed.chain(gone).chain(new).collect();
    if now.manifest != standing.manifest {
        found.push("the manifest is not what was sealed".to_owned());
    }
    if found.is_empty() {
        found.push("the seal itself was changed".to_owned());
    }
    Err(Usage(format!("the seal of {} does not hold: {}", standing.at, found.join("; "))).into())
}

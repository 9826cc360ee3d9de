//! Writes what was found: manifest, round, and objects as they would have been had from calls.

use antiphon_core::plan::Plan;
use antiphon_core::{Job, OBJECT_FORMAT, ResultObject, RunId, Sample};
use antiphon_store::{Put, Store};

use crate::ExchangeError;
use crate::found::{Found, objects};
use crate::gather::Entry;

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The run.
    pub run: RunId,
    /// Samples that it holds.
    pub samples: u64,
    /// Whether all of it was there before.
    pub was_there: bool,
}

/// Writes the run. What is there already stays; a second time of the same answers writes what is missing.
///
/// # Errors
/// If the run holds something else, or the store fails.
pub async fn write(store: &Store, found: &Found) -> Result<Written, ExchangeError> {
    let manifest = &found.manifest;
    let run = &manifest.run;
    let _lock = store.lock_run(run).await?;
    if store.put_manifest(manifest).await? == Put::Exists {
        let stored = store.get_manifest(run).await?;
        if stored.is_none_or(|stored| stored.identity != manifest.identity) {
            return Err(ExchangeError::AnotherRun { run: run.clone() });
        }
    }
    store.put_round(run, &found.round).await?;
    let mut was_there = true;
    for (target, block, parts) in objects(&found.entries, manifest.probes_per_block) {
        let target = &manifest.targets[target as usize];
        for (chunk, part) in (0..).zip(parts) {
            let job = Job {
                format: OBJECT_FORMAT,
                run: run.clone(),
                pool: target.pool.clone(),
                target: target.id.clone(),
                block: Plan::block_id(block as usize),
                round: found.round.number,
                chunk,
            };
            if store.has_result(&job).await? {
                continue;
            }
            let samples = part.iter().map(|entry| sample(found, entry)).collect::<Result<_, _>>()?;
            let object = ResultObject {
                format: OBJECT_FORMAT,
                run: run.clone(),
                target: target.id.clone(),
                block: job.block.clone(),
                job: job.id(),
                samples,
            };
            was_there &= store.put_result(&job, object).await? == Put::Exists;
        }
    }
    Ok(Written { run: run.clone(), samples: found.entries.len() as u64, was_there })
}

fn sample(found: &Found, entry: &Entry) -> Result<Sample, ExchangeError> {
    let said = found.spill.get(entry.text)?;
    let key = entry.key;
    let nothing_else = said.logged.scores.is_empty() && said.logged.shown.is_empty();
    Ok(Sample {
        probe: found.manifest.probes[key.probe as usize].id.clone(),
        user: found.manifest.users.users[key.user as usize].id.clone(),
        session: u32::try_from(key.session).expect("sessions are numbered from 0"),
        turn: key.turn,
        repeat: key.repeat,
        outcome: said.outcome,
        text: said.text,
        request: None,
        billing: said.billing,
        attempts: 0,
        started_ms: said.started_ms,
        latency_ms: said.latency_ms,
        logged: (!nothing_else).then_some(said.logged),
    })
}

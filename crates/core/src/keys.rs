//! Where everything stands in the store. The layout is a promise to other tools: docs/store.md describes it.

use crate::{BlockId, Job, JobId, RunId, TargetId};

/// The suite as its user wrote it.
#[must_use]
pub fn suite(hash: &str) -> String {
    format!("suites/{hash}.yaml")
}

/// All that belongs to a run.
#[must_use]
pub fn run(run: &RunId) -> String {
    format!("runs/{run}/")
}

/// The suite resolved; write-once.
#[must_use]
pub fn manifest(run: &RunId) -> String {
    format!("runs/{run}/manifest.json")
}

/// All rounds.
#[must_use]
pub fn rounds(run: &RunId) -> String {
    format!("runs/{run}/rounds/")
}

/// One round; write-once.
#[must_use]
pub fn round(run: &RunId, number: u32) -> String {
    format!("runs/{run}/rounds/{number:03}.json")
}

/// All results.
#[must_use]
pub fn samples(run: &RunId) -> String {
    format!("runs/{run}/samples/")
}

/// All results of a block.
#[must_use]
pub fn block(run: &RunId, target: &TargetId, block: &BlockId) -> String {
    format!("runs/{run}/samples/{target}/{block}/")
}

/// The result of a job; write-once.
#[must_use]
pub fn result(job: &Job) -> String {
    result_of(&job.run, &job.target, &job.block, &job.id())
}

/// The result of the job of that id.
#[must_use]
pub fn result_of(run: &RunId, target: &TargetId, in_block: &BlockId, job: &JobId) -> String {
    format!("{}{job}.mpk.zst", block(run, target, in_block))
}

/// The parts of a result's key, if it is one: target, block and job.
#[must_use]
pub fn parse_result(run: &RunId, key: &str) -> Option<(TargetId, BlockId, JobId)> {
    let rest = key.strip_prefix(&samples(run))?.strip_suffix(".mpk.zst")?;
    let mut parts = rest.split('/');
    let (target, block, job) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    Some((target.parse().ok()?, block.parse().ok()?, job.parse().ok()?))
}

/// Why a job will not be done.
#[must_use]
pub fn dead(job: &Job) -> String {
    format!("runs/{}/dead/{}.{}.{}.json", job.run, job.target, job.block, job.id())
}

/// All dead jobs.
#[must_use]
pub fn dead_jobs(run: &RunId) -> String {
    format!("runs/{run}/dead/")
}

/// A derived file: may be remade at any time.
#[must_use]
pub fn summary(run: &RunId, file: &str) -> String {
    format!("runs/{run}/summary/{file}")
}

/// The report.
#[must_use]
pub fn report(run: &RunId) -> String {
    format!("runs/{run}/report/index.html")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::OBJECT_FORMAT;

    #[test]
    fn a_result_key_names_its_job() {
        let job = Job {
            format: OBJECT_FORMAT,
            run: "r1".parse().unwrap(),
            pool: "p".parse().unwrap(),
            target: "opus".parse().unwrap(),
            block: "b00002".parse().unwrap(),
            round: 1,
            chunk: 17,
        };
        let key = result(&job);
        assert_eq!(key, "runs/r1/samples/opus/b00002/r001-000017.mpk.zst");
        assert_eq!(parse_result(&job.run, &key), Some((job.target.clone(), job.block.clone(), job.id())));
        for other in [
            "runs/r2/samples/a/b/c.mpk.zst",
            "runs/r1/samples/a/b.mpk.zst",
            "runs/r1/samples/a/b/c/d.mpk.zst",
        ] {
            assert_eq!(parse_result(&job.run, other), None);
        }
    }
}

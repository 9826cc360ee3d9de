//! Where everything stands in the store. The layout is a promise to other tools: docs/store.md describes it.

use crate::{BlockId, Job, JobId, ProbeId, RunId, TargetId, VectorObject};

/// The suite as its user wrote it.
#[must_use]
pub fn suite(hash: &str) -> String {
    format!("suites/{hash}.yaml")
}

/// The run that nights of a suite are compared with; replaced on purpose.
#[must_use]
pub fn baseline(suite: &str) -> String {
    format!("baselines/{suite}.json")
}

/// What each user differs in from a baseline. Derived.
#[must_use]
pub fn movements(run: &RunId, base: &RunId) -> String {
    format!("runs/{run}/summary/against/{base}.mpk.zst")
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

/// All results about a target.
#[must_use]
pub fn target(run: &RunId, target: &TargetId) -> String {
    format!("{}{target}/", samples(run))
}

/// All results of a block.
#[must_use]
pub fn block(run: &RunId, target: &TargetId, block: &BlockId) -> String {
    format!("{}{block}/", self::target(run, target))
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

/// What the steps of a chain came to.
#[must_use]
pub fn chain(run: &RunId, target: &TargetId, probe: &ProbeId) -> String {
    format!("{}{target}/{probe}/", extractions(run))
}

/// What the steps of all chains came to.
#[must_use]
pub fn extractions(run: &RunId) -> String {
    format!("runs/{run}/extractions/")
}

/// The seal of what a run has extracted; write-once.
#[must_use]
pub fn seal(run: &RunId) -> String {
    format!("runs/{run}/seal.json")
}

/// What a step of a chain came to; write-once.
#[must_use]
pub fn grown(run: &RunId, target: &TargetId, probe: &ProbeId, step: u32) -> String {
    format!("{}{step:03}.json", chain(run, target, probe))
}

/// All vectors of answers of a block.
#[must_use]
pub fn vectors(run: &RunId, target: &TargetId, block: &BlockId) -> String {
    format!("runs/{run}/vectors/{target}/{block}/")
}

/// Vectors of answers of a block, named after their source and texts; write-once.
#[must_use]
pub fn vectors_of(run: &RunId, target: &TargetId, in_block: &BlockId, object: &VectorObject) -> String {
    format!("{}{}.mpk.zst", vectors(run, target, in_block), object.name())
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

/// Why a job will not be done: its first death; write-once.
#[must_use]
pub fn dead(job: &Job) -> String {
    format!("{}json", dead_of(job))
}

/// A later death of a job, from 2, which only a requeue makes possible; write-once.
#[must_use]
pub fn dead_again(job: &Job, death: u32) -> String {
    format!("{}{death}.json", dead_of(job))
}

/// The mark that a job is to be tried again after that death, from 1; write-once.
#[must_use]
pub fn requeued(job: &Job, death: u32) -> String {
    format!("{}requeued-{death}.json", dead_of(job))
}

/// How the keys of all deaths and requeues of a job begin.
#[must_use]
pub fn dead_of(job: &Job) -> String {
    format!("{}{}.{}.{}.", dead_jobs(&job.run), job.target, job.block, job.id())
}

/// All deaths and requeues of jobs.
#[must_use]
pub fn dead_jobs(run: &RunId) -> String {
    format!("runs/{run}/dead/")
}

/// What a key among the dead jobs says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeadRecord {
    /// The job died for the so-manieth time, from 1.
    Death(u32),
    /// It was requeued after that death.
    Requeued(u32),
}

/// The job that a key among the dead jobs is about, as `target.block.job`, and what the key says of it.
#[must_use]
pub fn parse_dead<'a>(run: &RunId, key: &'a str) -> Option<(&'a str, DeadRecord)> {
    let name = key.strip_prefix(&dead_jobs(run))?.strip_suffix(".json")?;
    let (job, last) = name.rsplit_once('.')?;
    if let Some(death) = last.strip_prefix("requeued-") {
        return Some((job, DeadRecord::Requeued(death.parse().ok()?)));
    }
    // The id of a job begins with a letter.
    Some(last.parse().map_or((name, DeadRecord::Death(1)), |death| (job, DeadRecord::Death(death))))
}

/// All submissions of a run.
#[must_use]
pub fn submissions(run: &RunId) -> String {
    format!("runs/{run}/submissions/")
}

/// One submission; write-once.
#[must_use]
pub fn submission(run: &RunId, number: u32) -> String {
    format!("{}{number:03}.json", submissions(run))
}

/// How a submission ended; write-once.
#[must_use]
pub fn submission_ended(run: &RunId, number: u32) -> String {
    format!("{}{number:03}.ended.json", submissions(run))
}

/// The number of the submission that is written under a key; `None` for how it ended.
#[must_use]
pub fn parse_submission(run: &RunId, key: &str) -> Option<u32> {
    key.strip_prefix(&submissions(run))?.strip_suffix(".json")?.parse().ok()
}

/// The mark that a run is cancelled; write-once.
#[must_use]
pub fn cancelled(run: &RunId) -> String {
    format!("runs/{run}/cancelled.json")
}

/// All jobs of a run that were done more than once.
#[must_use]
pub fn duplicates(run: &RunId) -> String {
    format!("runs/{run}/duplicates/")
}

/// A job that was done once too often; write-once. `mark` tells such times apart: anything that does not repeat.
#[must_use]
pub fn duplicate(job: &Job, mark: u64) -> String {
    format!("{}{}.{}.{}.{mark:016x}.json", duplicates(&job.run), job.target, job.block, job.id())
}

/// What a block came to, as `file` (`part.mpk.zst` or `samples.parquet`); `inputs` is a hash of all that it was made from. Derived.
#[must_use]
pub fn part(run: &RunId, target: &TargetId, block: &BlockId, inputs: &str, file: &str) -> String {
    format!("runs/{run}/summary/parts/{target}/{block}/{inputs}.{file}")
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

    fn job() -> Job {
        Job {
            format: OBJECT_FORMAT,
            run: "r1".parse().unwrap(),
            pool: "p".parse().unwrap(),
            target: "opus-4.5".parse().unwrap(),
            block: "b00002".parse().unwrap(),
            round: 1,
            chunk: 17,
        }
    }

    #[test]
    fn a_result_key_names_its_job() {
        let job = job();
        let key = result(&job);
        assert_eq!(key, "runs/r1/samples/opus-4.5/b00002/r001-000017.mpk.zst");
        assert_eq!(parse_result(&job.run, &key), Some((job.target.clone(), job.block.clone(), job.id())));
        for other in [
            "runs/r2/samples/a/b/c.mpk.zst",
            "runs/r1/samples/a/b.mpk.zst",
            "runs/r1/samples/a/b/c/d.mpk.zst",
        ] {
            assert_eq!(parse_result(&job.run, other), None);
        }
    }

    #[test]
    fn a_key_among_the_dead_tells_deaths_from_requeues() {
        let job = job();
        assert_eq!(dead(&job), "runs/r1/dead/opus-4.5.b00002.r001-000017.json");
        assert_eq!(requeued(&job, 1), "runs/r1/dead/opus-4.5.b00002.r001-000017.requeued-1.json");
        assert_eq!(dead_again(&job, 2), "runs/r1/dead/opus-4.5.b00002.r001-000017.2.json");
        let parse = |key: String| {
            let (job, record) = parse_dead(&"r1".parse().unwrap(), &key)?;
            assert_eq!(job, "opus-4.5.b00002.r001-000017", "{key}");
            Some(record)
        };
        assert_eq!(parse(dead(&job)), Some(DeadRecord::Death(1)));
        assert_eq!(parse(dead_again(&job, 12)), Some(DeadRecord::Death(12)));
        assert_eq!(parse(requeued(&job, 1)), Some(DeadRecord::Requeued(1)));
        for other in
            ["runs/r1/dead/notes.txt", "runs/r1/dead/a.b.c.requeued-x.json", "runs/r2/dead/a.b.c.json"]
        {
            assert_eq!(parse(other.to_owned()), None, "{other}");
        }
    }

    #[test]
    fn a_submission_is_told_from_its_end() {
        let run = "r1".parse().unwrap();
        assert_eq!(submission(&run, 1), "runs/r1/submissions/001.json");
        assert_eq!(parse_submission(&run, &submission(&run, 1_234)), Some(1_234));
        assert_eq!(parse_submission(&run, &submission_ended(&run, 1)), None);
        let mark = duplicate(&job(), 255);
        assert_eq!(mark, "runs/r1/duplicates/opus-4.5.b00002.r001-000017.00000000000000ff.json");
    }
}

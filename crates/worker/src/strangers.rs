//! Jobs that this worker cannot do, because its configuration lacks their target or its version their format. Others may, so
//! they are handed back; if the same job comes again and again, somebody must hear of it, and in the end it is given up.

use std::collections::{HashMap, HashSet};
use std::sync::Mutex;

use antiphon_core::Job;

/// As often the same job comes before its worker says that nobody seems to be able to do it.
const WORTH_SAYING: u32 = 3;
/// As often it comes before it is given up.
const ENOUGH: u32 = 10;
/// Most jobs that are remembered.
const REMEMBERED: usize = 1_000;

/// How often jobs came that cannot be done here.
#[derive(Debug, Default)]
pub(crate) struct Strangers {
    times: Mutex<HashMap<Job, u32>>,
    /// Why, of all that have been said.
    said: Mutex<HashSet<String>>,
}

/// What to do with such a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Hand it back.
    HandBack,
    /// Hand it back and say so.
    Say,
    /// Give it up.
    GiveUp,
}

impl Strangers {
    /// Counts that the job came.
    pub(crate) fn came(&self, job: &Job) -> Verdict {
        let mut times = self.times.lock().expect("no holder panics");
        if times.len() >= REMEMBERED && !times.contains_key(job) {
            times.clear();
        }
        let count = times.entry(job.clone()).or_default();
        *count += 1;
        match *count {
            ENOUGH.. => {
                times.remove(job);
                Verdict::GiveUp
            }
            WORTH_SAYING.. => Verdict::Say,
            _ => Verdict::HandBack,
        }
    }

    /// Whether that reason has not been said yet. It holds for every job of a target, and one warning is enough.
    pub(crate) fn is_news(&self, reason: &str) -> bool {
        let mut said = self.said.lock().expect("no holder panics");
        if said.len() >= REMEMBERED {
            said.clear();
        }
        said.insert(reason.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use antiphon_core::OBJECT_FORMAT;

    use super::*;

    #[test]
    fn a_job_that_nobody_can_do_is_handed_back_then_spoken_of_then_given_up() {
        let job = |chunk| Job {
            format: OBJECT_FORMAT,
            run: "r".parse().unwrap(),
            pool: "p".parse().unwrap(),
            target: "t".parse().unwrap(),
            block: "b00000".parse().unwrap(),
            round: 0,
            chunk,
        };
        let strangers = Strangers::default();
        let verdicts: Vec<Verdict> = (0..11).map(|_| strangers.came(&job(0))).collect();
        assert_eq!(verdicts[..3], [Verdict::HandBack, Verdict::HandBack, Verdict::Say]);
        assert!(verdicts[3..9].iter().all(|verdict| *verdict == Verdict::Say));
        assert_eq!(verdicts[9..], [Verdict::GiveUp, Verdict::HandBack]);
        assert_eq!(strangers.came(&job(1)), Verdict::HandBack, "each job has a count of its own");
    }

    #[test]
    fn a_reason_is_news_once() {
        let strangers = Strangers::default();
        let news =
            ["no target a", "no target a", "no target b", "no target a"].map(|why| strangers.is_news(why));
        assert_eq!(news, [true, false, true, false]);
    }
}

//! Exactly once: of every planned sample and of every token. A two is double counting, a zero is a loss.

use std::collections::{BTreeMap, BTreeSet};

use antiphon_core::plan::Plan;
use antiphon_core::{Manifest, Round};
use antiphon_simulator::LedgerEntry;

use crate::Stored;

/// Good answers of a ledger by their token, with the sample key that they answered, without the run.
///
/// # Panics
/// If a token came twice, or a call had no sample key.
#[must_use]
pub fn tokens(ledger: &[LedgerEntry]) -> BTreeMap<String, String> {
    let mut tokens = BTreeMap::new();
    for entry in ledger {
        if let Some(token) = &entry.token {
            let (_, key) = entry.key.split_once('/').expect("calls carry their sample key");
            assert!(tokens.insert(token.clone(), key.to_owned()).is_none(), "token {token} was given twice");
        }
    }
    tokens
}

/// How often each sample key was answered well.
#[must_use]
pub fn answers(ledger: &[LedgerEntry]) -> BTreeMap<String, usize> {
    let mut answers = BTreeMap::new();
    for key in tokens(ledger).into_values() {
        *answers.entry(key).or_default() += 1;
    }
    answers
}

/// Holds a complete run against what was planned and what was answered: every planned sample is stored exactly once, and every
/// stored token was given for that sample and is stored nowhere else. Gives the number of answers that were thrown away.
///
/// # Panics
/// If anything is missing, doubled or mixed up.
pub fn audit(planned: &BTreeSet<String>, stored: &[Stored], ledger: &[LedgerEntry]) -> usize {
    let given = tokens(ledger);
    let mut samples: BTreeMap<String, usize> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for one in stored {
        let key = one.key();
        let token = one.token().unwrap_or_else(|| panic!("{key} is stored without a token: {one:?}"));
        assert_eq!(given.get(token), Some(&key), "token {token} was not given for the sample that holds it");
        assert!(seen.insert(token), "token {token} is stored twice, the second time as {key}");
        *samples.entry(key).or_default() += 1;
    }
    let doubled: Vec<_> = samples.iter().filter(|(_, count)| **count != 1).collect();
    assert!(doubled.is_empty(), "stored more than once: {doubled:?}");
    let missing: Vec<_> = planned.iter().filter(|key| !samples.contains_key(*key)).collect();
    assert!(missing.is_empty(), "{} planned samples are lost: {missing:?}", missing.len());
    let unplanned: Vec<_> = samples.keys().filter(|key| !planned.contains(*key)).collect();
    assert!(unplanned.is_empty(), "nobody planned {unplanned:?}");
    given.len() - seen.len()
}

/// Holds two summaries against each other, byte by byte.
///
/// # Panics
/// With the first line that differs.
pub fn same_summary(summary: &str, expected: &str) {
    for (number, (line, expected)) in (1..).zip(summary.lines().zip(expected.lines())) {
        assert_eq!(line.trim(), expected.trim(), "the summary differs in line {number}");
    }
    assert!(
        summary == expected,
        "the summary is longer or shorter than the other one, or differs in its white space"
    );
}

/// The keys of the samples of every job, by the name of its object below `samples/`.
#[must_use]
pub fn samples_by_job(manifest: &Manifest, rounds: &[Round]) -> BTreeMap<String, BTreeSet<String>> {
    let plan = Plan::new(manifest, rounds);
    let mut jobs = BTreeMap::new();
    for job in rounds.iter().flat_map(|round| plan.jobs(round)) {
        let mut keys = BTreeSet::new();
        for planned in plan.sessions(&job) {
            for turn in 0..planned.probe.turns() {
                for repeat in 0..manifest.sampling.repeats {
                    let (probe, user, session) = (&planned.probe.id, &planned.user.id, planned.session);
                    keys.insert(format!("{}/{probe}/{user}/{session}/{turn}/{repeat}", job.target));
                }
            }
        }
        jobs.insert(format!("{}/{}/{}.mpk.zst", job.target, job.block, job.id()), keys);
    }
    jobs
}

/// What may be asked more than once, and why.
#[derive(Debug, Default)]
pub struct Excuses {
    /// For every kill, the objects that were there, by their names below `samples/`.
    pub survivors: Vec<BTreeSet<String>>,
    /// How often work on each job, by the name of its object, is recorded as done in vain.
    pub in_vain: BTreeMap<String, usize>,
    /// How often of these it was all of the job.
    pub whole: BTreeMap<String, usize>,
}

impl Excuses {
    /// Whether nothing may be asked twice.
    #[must_use]
    pub fn is_none(&self) -> bool {
        self.survivors.is_empty() && self.in_vain.is_empty()
    }
}

/// Holds every sample to its excuses, and the records of work in vain to what was answered: a sample is answered once, once more for each kill at which its job had no object, for each time
/// that its job is recorded as done in vain, and for each answer that its worker asked for and never got.
///
/// # Panics
/// If a sample was answered more often, or not as often as its job is recorded as done.
pub fn audit_repeated(
    jobs: &BTreeMap<String, BTreeSet<String>>,
    excuses: &Excuses,
    stored: &[Stored],
    ledger: &[LedgerEntry],
) {
    let answers = answers(ledger);
    let attempts: BTreeMap<String, u32> = stored.iter().map(|one| (one.key(), one.sample.attempts)).collect();
    for (job, keys) in jobs {
        let kills = excuses.survivors.iter().filter(|there| !there.contains(job)).count();
        let in_vain = excuses.in_vain.get(job).copied().unwrap_or_default();
        let whole = excuses.whole.get(job).copied().unwrap_or_default();
        for key in keys {
            let again = answers.get(key).copied().unwrap_or_default().saturating_sub(1);
            let lost = attempts.get(key).copied().unwrap_or_default().saturating_sub(1) as usize;
            assert!(
                again <= kills + in_vain + lost,
                "{key} was answered {again} times more, where {job} had no object at {kills} kills, is recorded {in_vain} times as \
                 done in vain, and lost {lost} answers"
            );
            assert!(
                again >= whole,
                "{job} is recorded {whole} times as done in vain, where {key} was answered {again} times more"
            );
        }
    }
}

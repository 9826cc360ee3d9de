//! The completeness certificate: nothing that was planned vanishes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{FailureKind, OutcomeClass};

/// Planned samples by what became of them. All but `planned` add up to `planned`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Certificate {
    /// Samples that all rounds together planned.
    pub planned: u64,
    /// The model answered.
    pub answered: u64,
    /// The provider says that the model refused.
    pub refused: u64,
    /// Cut off at the token limit.
    pub truncated: u64,
    /// Held back by the provider's filter.
    pub filtered: u64,
    /// Answered with nothing.
    pub empty: u64,
    /// No answer was had, by kind.
    pub failed: BTreeMap<FailureKind, u64>,
    /// The target lacks what the probe needs.
    pub unsupported: u64,
    /// An earlier turn failed, or has no text to go on from.
    pub unreached: u64,
    /// Of these, those after an answer without text: the model ended the conversation, and asking again would select answers.
    #[serde(default)]
    pub ended: u64,
    /// Not asked: interrupted, over the budget, or in a stopped pool, and running again asks them; or the run is cancelled for good.
    pub cancelled: u64,
    /// In jobs that were given up, see `runs/<run>/dead/`.
    pub dead: u64,
}

impl Certificate {
    /// Counts one recorded sample; it must have been planned.
    pub fn record(&mut self, class: OutcomeClass) {
        match class {
            OutcomeClass::Answered => self.answered += 1,
            OutcomeClass::Refused => self.refused += 1,
            OutcomeClass::Truncated => self.truncated += 1,
            OutcomeClass::Filtered => self.filtered += 1,
            OutcomeClass::Empty => self.empty += 1,
            OutcomeClass::Failed(kind) => *self.failed.entry(kind).or_default() += 1,
            OutcomeClass::Unsupported => self.unsupported += 1,
            OutcomeClass::Unreached => self.unreached += 1,
            OutcomeClass::Ended => {
                self.unreached += 1;
                self.ended += 1;
            }
        }
    }

    /// Adds another certificate.
    pub fn add(&mut self, other: &Self) {
        self.planned += other.planned;
        self.answered += other.answered;
        self.refused += other.refused;
        self.truncated += other.truncated;
        self.filtered += other.filtered;
        self.empty += other.empty;
        for (kind, count) in &other.failed {
            *self.failed.entry(*kind).or_default() += count;
        }
        self.unsupported += other.unsupported;
        self.unreached += other.unreached;
        self.ended += other.ended;
        self.cancelled += other.cancelled;
        self.dead += other.dead;
    }

    /// Samples that failed, of all kinds.
    #[must_use]
    pub fn failed_total(&self) -> u64 {
        self.failed.values().sum()
    }

    /// Samples that say something about the model.
    #[must_use]
    pub fn behaviour(&self) -> u64 {
        self.answered + self.refused + self.truncated + self.filtered + self.empty
    }

    /// Samples with a record in the store.
    #[must_use]
    pub fn recorded(&self) -> u64 {
        self.behaviour() + self.failed_total() + self.unsupported + self.unreached
    }

    /// Whether every planned sample is accounted for.
    #[must_use]
    pub fn is_balanced(&self) -> bool {
        self.planned == self.recorded() + self.cancelled + self.dead
    }

    /// Whether every planned sample has its final record: nothing failed, nothing was left out.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.is_balanced() && self.planned == self.behaviour() + self.unsupported + self.ended
    }

    /// Samples that a retry asks again.
    #[must_use]
    pub fn to_retry(&self) -> u64 {
        self.failed_total() + self.unreached - self.ended
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_or_missing_sample_makes_a_run_incomplete() {
        let mut certificate = Certificate { planned: 3, ..Certificate::default() };
        certificate.record(OutcomeClass::Answered);
        certificate.record(OutcomeClass::Unsupported);
        assert!(!certificate.is_balanced());
        let mut failed = certificate.clone();
        failed.record(OutcomeClass::Failed(FailureKind::Timeout));
        assert!(failed.is_balanced() && !failed.is_complete());
        let mut cancelled = certificate.clone();
        cancelled.cancelled = 1;
        assert!(cancelled.is_balanced() && !cancelled.is_complete());
        let mut ended = certificate.clone();
        ended.record(OutcomeClass::Ended);
        assert!(ended.is_complete() && ended.to_retry() == 0, "what the model ended is final");
        certificate.record(OutcomeClass::Refused);
        assert!(certificate.is_complete());
    }
}

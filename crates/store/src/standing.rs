//! The samples of a block, each once: of a sample that was asked again the first outcome that stands.

use std::collections::BTreeMap;

use antiphon_core::{BlockId, JobId, ProbeId, RunId, Sample, TargetId, UserId, keys};

use crate::{Store, StoreError};

/// Names a sample within its target: probe, user, session, turn, repeat.
pub type Place = (ProbeId, UserId, u32, u32, u32);

/// Samples of a block by their place.
#[derive(Debug, Default)]
pub struct Standing {
    samples: BTreeMap<Place, Sample>,
}

impl Standing {
    /// Adds the samples of one object. Objects must come in the order of their job ids, which is the order of the rounds: the first
    /// outcome that is not a failure stands, and no later one replaces it.
    pub fn add(&mut self, samples: impl IntoIterator<Item = Sample>) {
        for sample in samples {
            let place =
                (sample.probe.clone(), sample.user.clone(), sample.session, sample.turn, sample.repeat);
            if self.samples.get(&place).is_none_or(|kept| kept.outcome.wants_retry()) {
                self.samples.insert(place, sample);
            }
        }
    }

    /// The samples that stand.
    #[must_use]
    pub fn samples(self) -> BTreeMap<Place, Sample> {
        self.samples
    }
}

impl Store {
    /// The samples that stand in a block whose results are those of `jobs`. `adjust` sees every stored sample first, may
    /// drop what is not needed of it, and says whether it is wanted at all.
    ///
    /// # Errors
    /// If an object is missing, corrupt or of a newer format.
    pub async fn standing_samples(
        &self,
        run: &RunId,
        (target, block): (&TargetId, &BlockId),
        mut jobs: Vec<JobId>,
        mut adjust: impl FnMut(&mut Sample) -> bool,
    ) -> Result<BTreeMap<Place, Sample>, StoreError> {
        jobs.sort();
        let mut standing = Standing::default();
        for job in jobs {
            let mut samples = self.get_result(&keys::result_of(run, target, block, &job)).await?.samples;
            samples.retain_mut(&mut adjust);
            standing.add(samples);
        }
        Ok(standing.samples())
    }
}

#[cfg(test)]
mod tests {
    use antiphon_core::{Billing, FailureKind, Outcome};

    use super::*;

    fn sample(outcome: Outcome, text: &str) -> Sample {
        Sample {
            probe: "p".parse().unwrap(),
            user: "u".parse().unwrap(),
            session: 0,
            turn: 0,
            repeat: 0,
            outcome,
            text: text.into(),
            request: None,
            billing: Billing::default(),
            attempts: 1,
            started_ms: 0,
            latency_ms: 0,
            logged: None,
        }
    }

    #[test]
    fn the_first_outcome_that_is_no_failure_stands() {
        let failed = || Outcome::Failed { kind: FailureKind::Timeout, detail: String::new() };
        let mut standing = Standing::default();
        standing.add([sample(failed(), "")]);
        standing.add([sample(Outcome::Refused, "no")]);
        standing.add([sample(Outcome::Answered, "yes")]);
        let texts: Vec<String> = standing.samples().into_values().map(|sample| sample.text).collect();
        assert_eq!(texts, ["no"]);
    }
}

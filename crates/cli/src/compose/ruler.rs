//! How wide intervals are, for a coordinator: the aggregator's numbers.

use antiphon_aggregator::rules::{Refusal, classes};
use antiphon_coordinator::{Gauge, GaugeError, Opened};
use antiphon_core::{Outcome, ProbeId, Seen, TargetId};
use antiphon_store::Store;
use futures::FutureExt;
use futures::future::BoxFuture;

/// Measures what is stored.
#[derive(Debug, Clone)]
pub(crate) struct Ruler {
    pub(crate) store: Store,
}

impl Gauge for Ruler {
    fn widest<'a>(
        &'a self,
        opened: &'a Opened,
        target: &'a TargetId,
        probes: &'a [ProbeId],
    ) -> BoxFuture<'a, Result<Vec<(ProbeId, Seen)>, GaugeError>> {
        async move {
            let run = (&opened.manifest, &opened.rounds[..]);
            Ok(antiphon_aggregator::widest(&self.store, run, target, probes).await?)
        }
        .boxed()
    }

    fn refuses(&self, language: &str, outcome: &Outcome, text: &str) -> bool {
        classes(language, outcome, text).is_some_and(|classes| classes.refusal == Refusal::Refused)
    }
}

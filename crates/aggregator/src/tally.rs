//! How a run went: calls, tokens, dollars, latency. Differs between runs that answered the same, so it stands apart from the summary.

use std::collections::BTreeMap;

use antiphon_core::summary::Operations;
use antiphon_core::{OBJECT_FORMAT, Sample, Target};

/// Counts every stored sample.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    operations: Operations,
    latencies: BTreeMap<u32, u64>,
    priced: bool,
}

impl Tally {
    pub(crate) fn new(targets: &[Target], rounds: usize, objects: usize) -> Self {
        let operations = Operations {
            format: OBJECT_FORMAT,
            rounds: rounds as u64,
            objects: objects as u64,
            dollars: Some(0.0),
            ..Operations::default()
        };
        Self {
            operations,
            latencies: BTreeMap::new(),
            priced: targets.iter().all(|target| target.price.is_some()),
        }
    }

    pub(crate) fn count(&mut self, target: &Target, sample: &Sample) {
        let sums = &mut self.operations;
        sums.samples += 1;
        sums.calls += u64::from(sample.attempts);
        if sample.attempts > 0 {
            let at = sample.started_ms;
            sums.first_call_ms = Some(sums.first_call_ms.map_or(at, |first| first.min(at)));
            sums.last_call_ms = Some(sums.last_call_ms.map_or(at, |last| last.max(at)));
            *self.latencies.entry(sample.latency_ms).or_default() += 1;
        }
        if let Some(usage) = sample.billing.usage {
            sums.input_tokens += usage.input_tokens;
            sums.output_tokens += usage.output_tokens;
            if let (Some(sum), Some(price)) = (&mut sums.dollars, target.price) {
                *sum += price.dollars(usage.input_tokens, usage.output_tokens);
            }
        }
        if sample.billing.unexplained_input_tokens.is_some() {
            *sums.unexplained_input.entry(target.id.clone()).or_default() += 1;
        }
        if let Some(model) = &sample.billing.model {
            *sums.models.entry(target.id.clone()).or_default().entry(model.clone()).or_default() += 1;
        }
    }

    pub(crate) fn close(mut self) -> Operations {
        let total: u64 = self.latencies.values().sum();
        for (name, share) in [("0.5", 0.5), ("0.9", 0.9), ("0.99", 0.99)] {
            if let Some(latency) = quantile(&self.latencies, total, share) {
                self.operations.latency_ms.insert(name.to_owned(), latency);
            }
        }
        if !self.priced {
            self.operations.dollars = None;
        }
        self.operations
    }
}

fn quantile(latencies: &BTreeMap<u32, u64>, total: u64, share: f64) -> Option<u32> {
    #[expect(clippy::cast_precision_loss, reason = "counts of samples are far below 2^53")]
    let wanted = share * total as f64;
    let mut seen = 0;
    latencies.iter().find_map(|(latency, count)| {
        seen += count;
        #[expect(clippy::cast_precision_loss, reason = "counts of samples are far below 2^53")]
        let enough = seen as f64 >= wanted;
        enough.then_some(*latency)
    })
}

//! How a run went: calls, tokens, dollars, latency. Differs between runs that answered the same, so it stands apart from the summary.

use std::collections::BTreeMap;

use antiphon_core::summary::Operations;
use antiphon_core::{OBJECT_FORMAT, Sample, Target};
use serde::{Deserialize, Serialize};

/// Counts every stored sample.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Tally {
    operations: Operations,
    /// In dollars, where there is a price.
    cost: f64,
    latencies: BTreeMap<u32, u64>,
    /// Bytes.
    texts: u64,
}

impl Tally {
    /// Of a block with so many result objects.
    pub(crate) fn of(objects: usize) -> Self {
        let operations = Operations { objects: objects as u64, ..Operations::default() };
        Self { operations, ..Self::default() }
    }

    /// Bytes of a text, on average.
    pub(crate) fn mean_text(&self) -> u64 {
        self.texts / self.operations.samples.max(1)
    }

    /// Adds what was counted in another block.
    pub(crate) fn merge(&mut self, other: Self) {
        let (sums, more) = (&mut self.operations, other.operations);
        sums.samples += more.samples;
        sums.calls += more.calls;
        sums.objects += more.objects;
        sums.input_tokens += more.input_tokens;
        sums.output_tokens += more.output_tokens;
        // Nothing is before every time.
        sums.first_call_ms = [sums.first_call_ms, more.first_call_ms].into_iter().flatten().min();
        sums.last_call_ms = sums.last_call_ms.max(more.last_call_ms);
        for (target, count) in more.unexplained_input {
            *sums.unexplained_input.entry(target).or_default() += count;
        }
        for (target, models) in more.models {
            let known = sums.models.entry(target).or_default();
            models.into_iter().for_each(|(model, count)| *known.entry(model).or_default() += count);
        }
        self.cost += other.cost;
        self.texts += other.texts;
        other.latencies.into_iter().for_each(|(ms, count)| *self.latencies.entry(ms).or_default() += count);
    }

    pub(crate) fn count(&mut self, target: &Target, sample: &Sample) {
        let sums = &mut self.operations;
        sums.samples += 1;
        self.texts += sample.text.len() as u64;
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
        }
        self.cost += sample.dollars(target);
        if sample.billing.unexplained_input_tokens.is_some() {
            *sums.unexplained_input.entry(target.id.clone()).or_default() += 1;
        }
        if let Some(model) = &sample.billing.model {
            *sums.models.entry(target.id.clone()).or_default().entry(model.clone()).or_default() += 1;
        }
    }

    pub(crate) fn close(mut self, is_priced: bool, rounds: usize) -> Operations {
        let total: u64 = self.latencies.values().sum();
        for (name, share) in [("0.5", 0.5), ("0.9", 0.9), ("0.99", 0.99)] {
            if let Some(latency) = quantile(&self.latencies, total, share) {
                self.operations.latency_ms.insert(name.to_owned(), latency);
            }
        }
        let dollars = is_priced.then_some(self.cost);
        Operations { format: OBJECT_FORMAT, rounds: rounds as u64, dollars, ..self.operations }
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

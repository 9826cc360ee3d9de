//! Does a model answer differently late in a run than early? Jobs run in a shuffled order so that time is not confounded with what is
//! asked; this looks whether time itself matters (rule R2c).

use std::collections::BTreeMap;

use antiphon_core::summary::{Cell, Estimate};
use antiphon_stats::text::Vocabulary;
use antiphon_stats::{Nested, Population, interval, rouge_l};
use serde::{Deserialize, Serialize};

use crate::cell::CellInput;
use crate::estimates::scaled;

/// Sums of one user's likeness, early and late in its cells.
#[derive(Debug, Default, Clone, Copy, Serialize, Deserialize)]
struct Halves {
    early: (f64, u64),
    late: (f64, u64),
}

/// The time effect of one target, cell by cell.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Drift {
    users: BTreeMap<usize, Halves>,
}

impl Drift {
    /// Adds a cell: how like the cell's typical answer each sample is, before and after the median time of its calls.
    pub(crate) fn add(&mut self, input: &CellInput<'_>, cell: &Cell, labels: &[Option<String>]) {
        let likeness = likeness(input, cell, labels);
        let known: Vec<f64> = likeness.iter().flatten().copied().collect();
        let mut times: Vec<u64> = input.samples.iter().map(|row| row.sample.started_ms).collect();
        times.sort_unstable();
        let (Some(median), false) = (times.get(times.len() / 2), known.is_empty()) else { return };
        // Imported answers may have no times.
        if times.first() == Some(&0) {
            return;
        }
        #[expect(clippy::cast_precision_loss, reason = "counts of samples are far below 2^53")]
        let mean = known.iter().sum::<f64>() / known.len() as f64;
        for (row, like) in input.samples.iter().zip(&likeness) {
            let Some(like) = like else { continue };
            let halves = self.users.entry(row.user).or_default();
            let half = if row.sample.started_ms < *median { &mut halves.early } else { &mut halves.late };
            // Centred, so that cells with unlike agreement can be added up.
            half.0 += like - mean;
            half.1 += 1;
        }
    }

    /// Adds the cells of another block.
    pub(crate) fn merge(&mut self, other: &Self) {
        for (user, halves) in &other.users {
            let known = self.users.entry(*user).or_default();
            for (known, more) in [(&mut known.early, halves.early), (&mut known.late, halves.late)] {
                known.0 += more.0;
                known.1 += more.1;
            }
        }
    }

    /// Late minus early, in likeness (0 to 1) to the typical answer; the interval takes users as independent.
    pub(crate) fn estimate(&self) -> Estimate {
        #[expect(clippy::cast_precision_loss, reason = "counts of samples are far below 2^53")]
        let mean = |(sum, count): (f64, u64)| (count > 0).then(|| sum / count as f64);
        let effects: Vec<f64> =
            self.users.values().filter_map(|halves| Some(mean(halves.late)? - mean(halves.early)?)).collect();
        // The rule is for means in [0, 1]; differences of centred likeness lie in [-2, 2].
        let cell = Nested::from_lists(effects.into_iter().map(|effect| vec![vec![(effect + 2.0) / 4.0]]));
        scaled(interval::proportion(&cell, Population::Drawn), -2.0, 4.0)
    }
}

/// For labels: whether it is the most frequent one. For texts: ROUGE-L with the most typical one of the language.
fn likeness(input: &CellInput<'_>, cell: &Cell, labels: &[Option<String>]) -> Vec<Option<f64>> {
    let mut vocabulary = Vocabulary::default();
    let typical: BTreeMap<&str, Vec<u32>> = cell
        .typical
        .iter()
        .map(|exemplar| (exemplar.language.as_str(), input.words(&exemplar.text, &mut vocabulary)))
        .collect();
    input
        .samples
        .iter()
        .zip(labels)
        .map(|(row, label)| {
            let language = input.language_of(row);
            if let Some(label) = label {
                let of = |labels: &&antiphon_core::summary::Labels| {
                    labels.language.as_deref().is_none_or(|own| own == language)
                };
                let mode = cell.labels.iter().find(of)?.mode.first()?;
                return Some(f64::from(u8::from(mode == label)));
            }
            let typical = typical.get(language).filter(|_| row.sample.outcome.has_text())?;
            Some(rouge_l::f1(typical, &input.words(&row.sample.text, &mut vocabulary)))
        })
        .collect()
}

//! Answers that come to a label: an option, a number, a short text.

use std::collections::{BTreeMap, BTreeSet};

use antiphon_core::ProbeKind;
use antiphon_core::summary::{Exemplar, LabelShare, Labels, UserApart};
use antiphon_stats::{Nested, Population, agreement, categorical, entropy, interval, rates};

use super::crossed::{self, Scale};
use super::{CellInput, DEVIANTS, Quotes, apart};
use crate::estimates::{self, with_interval};
use crate::groups::GroupShare;
use crate::label::{Label, label_of};

/// Labels of a cell, or of one language of it.
pub(super) struct LabelScores {
    pub(super) labels: Labels,
    pub(super) quotes: Quotes,
    pub(super) apart: Vec<UserApart>,
    /// What it brings to the agreement over its group.
    pub(super) share: Option<GroupShare>,
}

/// Row of the cell → its label.
type Found = BTreeMap<usize, Label>;

/// Options and numbers mean the same in every language and are scored together; short texts are words of one language and are scored
/// language by language.
pub(super) fn scores(input: &CellInput<'_>) -> Vec<LabelScores> {
    let users = &input.manifest.users.users;
    let read = |row: usize| {
        let sample = &input.samples[row];
        label_of(input.manifest, input.prompter, input.probe, &users[sample.user], &sample.sample)
    };
    let found: Found = (0..input.samples.len()).filter_map(|row| Some((row, read(row)?))).collect();
    if input.probe.kind != ProbeKind::Short {
        return score(input, None, &found).into_iter().collect();
    }
    let of_language = |language: &str| -> Found {
        let spoken = |row: usize| input.language_of(&input.samples[row]) == language;
        found.iter().filter(|(row, _)| spoken(**row)).map(|(row, label)| (*row, label.clone())).collect()
    };
    input
        .languages()
        .into_iter()
        .filter_map(|language| score(input, Some(language), &of_language(language)))
        .collect()
}

fn score(input: &CellInput<'_>, language: Option<&str>, found: &Found) -> Option<LabelScores> {
    let distinct: Vec<&Label> = found.values().collect::<BTreeSet<_>>().into_iter().collect();
    if distinct.is_empty() {
        return None;
    }
    let id = |label: &Label| distinct.binary_search(&label).ok().and_then(|at| u32::try_from(at).ok());
    let cell = input.nested(|row, _| found.get(&row).and_then(id));
    let mut counts = vec![0_u64; distinct.len()];
    cell.rows().for_each(|(_, label)| counts[*label as usize] += 1);
    let names: Vec<String> = distinct.iter().map(|label| label.name(input.manifest, input.probe)).collect();
    let mode = categorical::mode(&counts);
    let distribution = distribution(input, &cell, &names, &counts);
    let quotes = quotes(input, found, &distribution);
    let agreement = agreement::labels(&cell, input.population());
    let scale = scale(input, found);
    let crossed = crossed::of_labels(
        input,
        &cell,
        &agreement,
        (mode.as_ref().map(|mode| mode.labels[0]), scale.as_ref()),
    );
    let labels = Labels {
        language: language.map(str::to_owned),
        agreement: estimates::agreement(&agreement, input.miss),
        mode: mode.map_or(Vec::new(), |mode| mode.labels.iter().map(|at| names[*at].clone()).collect()),
        mode_share: distribution.first().map(|first| first.share.clone()).unwrap_or_default(),
        collision: categorical::collision(&counts),
        raw_collision: raw_collision(input, found),
        effective_answers: categorical::effective_number(&counts),
        entropy: estimates::estimate(entropy::between_users(
            &cell,
            input.population(),
            seed(input, language),
        )),
        mean: scale.map(|scale| scale.estimate(interval::proportion(&scale.cell, input.population()))),
        crossed,
        distribution,
    };
    let share = GroupShare::of(language, &cell, &agreement);
    Some(LabelScores { labels, quotes, apart: apart::of_labels(input, language, &cell), share })
}

/// `short`: how often two answers are the same as they were written, ends apart.
fn raw_collision(input: &CellInput<'_>, found: &Found) -> Option<f64> {
    if input.probe.kind != ProbeKind::Short {
        return None;
    }
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for (row, label) in found {
        let sample = &input.samples[*row].sample;
        let written = match label {
            Label::NonAnswer(word) if !sample.outcome.has_text() => *word,
            _ => sample.text.trim(),
        };
        *counts.entry(written).or_default() += 1;
    }
    categorical::collision(&counts.into_values().collect::<Vec<_>>())
}

fn seed(input: &CellInput<'_>, language: Option<&str>) -> u64 {
    let purpose =
        ["thinning", input.target.id.as_str(), input.probe.id.as_str(), language.unwrap_or_default()];
    u64::from(input.manifest.seed.number(&purpose))
}

fn distribution(
    input: &CellInput<'_>,
    cell: &Nested<u32>,
    names: &[String],
    counts: &[u64],
) -> Vec<LabelShare> {
    let size = cell.size();
    // Wilson's interval is for independent samples: one of each user, users drawn independently.
    let independent = input.population() == Population::Drawn && size.samples == size.users;
    let mut shares: Vec<LabelShare> = (0_u32..)
        .zip(names.iter().zip(counts))
        .map(|(label, (name, &count))| {
            let share = interval::proportion(
                &cell.map(|seen| f64::from(u8::from(*seen == label))),
                input.population(),
            );
            let share = match (independent, share.value) {
                (true, Some(value)) => with_interval(value, rates::wilson(count, size.samples as u64)),
                _ => estimates::estimate(share),
            };
            LabelShare { label: name.clone(), count, share }
        })
        .collect();
    shares.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.label.cmp(&b.label)));
    shares
}

/// `scale`: the numbers, as shares of the scale's range.
fn scale(input: &CellInput<'_>, found: &Found) -> Option<Scale> {
    let ProbeKind::Scale { from, to } = input.probe.kind else { return None };
    let (from, range) = (f64::from(from), f64::from(to) - f64::from(from));
    let cell = input.nested(|row, _| match found.get(&row) {
        Some(Label::Number(number)) => Some((f64::from(*number) - from) / range),
        _ => None,
    });
    Some(Scale { cell, from, range })
}

/// An answer with the most frequent label, and one of each of the rarest others.
fn quotes(input: &CellInput<'_>, found: &Found, distribution: &[LabelShare]) -> Quotes {
    let first_with = |share: &LabelShare| {
        let named = |label: &Label| label.name(input.manifest, input.probe) == share.label;
        let row = found.iter().find(|(_, label)| named(label))?.0;
        let label = Some(share.label.clone());
        Some(Exemplar { label, ..input.exemplar(&input.samples[*row], None) })
    };
    Quotes {
        typical: distribution.first().and_then(first_with),
        deviant: distribution.iter().skip(1).rev().take(DEVIANTS).filter_map(first_with).collect(),
    }
}

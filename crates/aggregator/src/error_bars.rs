//! What the error bars of imported scores were worth: standard errors as if all answers were independent, beside those with answers
//! taken together that belong together. Between probes it is the probe that answers have in common, within one the user or the session.

use std::collections::{BTreeMap, BTreeSet};

use antiphon_core::Manifest;
use antiphon_core::TargetId;
use antiphon_core::summary::{Cell, ErrorBars};
use antiphon_stats::clustered::{ClusterSum, ClusteredMean, clustered_mean_of_sums};

use crate::cell::CellInput;
use crate::label::label_of;

/// Below so many groups the clustered error is itself a rough guess.
const FEW: u64 = 10;

/// Those of one cell: of every score, and where there is none of the share of the most frequent label.
pub(crate) fn error_bars(input: &CellInput<'_>) -> Vec<ErrorBars> {
    let logged = |row: usize| input.samples[row].sample.logged.as_ref();
    let names: BTreeSet<&String> =
        (0..input.samples.len()).filter_map(logged).flat_map(|logged| logged.scores.keys()).collect();
    if names.is_empty() {
        return share_of_mode(input).into_iter().collect();
    }
    names
        .into_iter()
        .map(|name| bars(input, name.clone(), |row| logged(row)?.scores.get(name).copied()))
        .collect()
}

fn share_of_mode(input: &CellInput<'_>) -> Option<ErrorBars> {
    let users = &input.manifest.users.users;
    let labels: Vec<Option<String>> = input
        .samples
        .iter()
        .map(|row| {
            let user = &users[row.user];
            let label = label_of(input.manifest, input.prompter, input.probe, user, &row.sample)?;
            Some(label.name(input.manifest, input.probe))
        })
        .collect();
    let mut counts: BTreeMap<&String, u64> = BTreeMap::new();
    labels.iter().flatten().for_each(|label| *counts.entry(label).or_default() += 1);
    let (mode, _) = counts.iter().max_by_key(|(label, count)| (**count, std::cmp::Reverse(**label)))?;
    let name = format!("share of “{mode}”");
    let is_mode = |row: usize| Some(f64::from(u8::from(labels[row].as_ref()? == *mode)));
    Some(bars(input, name, is_mode))
}

fn bars(input: &CellInput<'_>, score: String, value: impl Fn(usize) -> Option<f64>) -> ErrorBars {
    let rows: Vec<((usize, u32), f64)> = (0..input.samples.len())
        .filter_map(|row| {
            let sample = &input.samples[row];
            Some(((sample.user, sample.sample.session), value(row)?))
        })
        .collect();
    let mut users: BTreeMap<usize, Vec<f64>> = BTreeMap::new();
    let mut sessions: BTreeMap<(usize, u32), Vec<f64>> = BTreeMap::new();
    for ((user, session), value) in &rows {
        users.entry(*user).or_default().push(*value);
        sessions.entry((*user, *session)).or_default().push(*value);
    }
    let several = sessions.values().any(|values| values.len() > 1);
    let (together, groups): (Option<&str>, Vec<ClusterSum>) = if users.len() > 1 {
        (Some("user"), users.values().map(|values| sum(values)).collect())
    } else if several {
        (Some("session"), sessions.values().map(|values| sum(values)).collect())
    } else {
        (None, sessions.values().map(|values| sum(values)).collect())
    };
    of_groups(score, together, &groups)
}

fn sum(values: &[f64]) -> ClusterSum {
    #[expect(clippy::cast_precision_loss, reason = "counts of samples are far below 2^53")]
    let mean = values.iter().sum::<f64>() / values.len().max(1) as f64;
    let deviations = values.iter().map(|value| (value - mean).powi(2)).sum();
    ClusterSum { observations: values.len() as u64, mean, deviations }
}

fn of_groups(score: String, together: Option<&str>, groups: &[ClusterSum]) -> ErrorBars {
    let found = clustered_mean_of_sums(groups);
    let samples: u64 = groups.iter().map(|group| group.observations).sum();
    #[expect(clippy::cast_precision_loss, reason = "counts of samples are far below 2^53")]
    let weight = |group: &ClusterSum| group.observations as f64;
    #[expect(clippy::cast_precision_loss, reason = "counts of samples are far below 2^53")]
    let mean = groups.iter().map(|group| weight(group) * group.mean).sum::<f64>() / samples.max(1) as f64;
    let deviations =
        groups.iter().map(|group| group.deviations + weight(group) * (group.mean - mean).powi(2)).sum();
    let clustered = found.filter(|_| together.is_some()).map(|found| found.cr1);
    let independent = found.map(|found: ClusteredMean| found.independent);
    let count = groups.len() as u64;
    let note = match (together, found) {
        (_, None) => Some("one group only: nothing says how far others would differ"),
        (None, _) => Some("every answer is a session of its own, so nothing belongs together"),
        (_, Some(found)) if found.independent == 0.0 => Some("all answers score the same"),
        _ if count < FEW => Some("fewer than 10 groups: the wider error is itself a rough guess"),
        _ => None,
    };
    let ratio =
        clustered.zip(independent).filter(|(_, naive)| *naive > 0.0).map(|(wide, naive)| wide / naive);
    ErrorBars {
        score,
        samples,
        mean,
        deviations,
        together: together.map(str::to_owned),
        groups: count,
        independent,
        clustered,
        ratio,
        stated: None,
        note: note.map(str::to_owned),
    }
}

/// Those of each target over all probes, from those of its cells. A label's share is one probe's own and has none.
pub(crate) fn of_targets(manifest: &Manifest, cells: &[Cell]) -> BTreeMap<TargetId, Vec<ErrorBars>> {
    let mut groups: BTreeMap<(&TargetId, &String), Vec<ClusterSum>> = BTreeMap::new();
    let scores = cells.iter().flat_map(|cell| cell.error_bars.iter().map(move |bars| (cell, bars)));
    for (cell, bars) in scores.filter(|(_, bars)| !bars.score.starts_with("share of “")) {
        let sum = ClusterSum { observations: bars.samples, mean: bars.mean, deviations: bars.deviations };
        groups.entry((&cell.target, &bars.score)).or_default().push(sum);
    }
    let files = manifest.imported.iter().flat_map(|imported| &imported.files);
    let stated: Vec<_> = files.flat_map(|file| &file.stated).collect();
    let mut all: BTreeMap<TargetId, Vec<ErrorBars>> = BTreeMap::new();
    for ((target, score), groups) in groups {
        let mut bars = of_groups(score.clone(), Some("probe"), &groups);
        let mut own = stated.iter().filter(|one| one.target == *target && one.score == *score);
        // Of several logs none states the error of all.
        bars.stated = match (own.next(), own.next()) {
            (Some(one), None) => Some(one.stderr),
            _ => None,
        };
        all.entry(target.clone()).or_default().push(bars);
    }
    all
}

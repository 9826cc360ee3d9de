//! Refusal over all probes that say what a good answer does. The unit is the user: a user's value is the mean over probes.

use std::collections::BTreeMap;

use antiphon_core::summary::{Cell, Estimate, RefusalOverview, UserValues};
use antiphon_core::{Manifest, ProbeKind, UserMode};
use antiphon_stats::{Nested, Population, interval};

use crate::estimates::{self, point};

pub(super) fn refusals(manifest: &Manifest, cells: &[Cell]) -> Vec<RefusalOverview> {
    let mut found = BTreeMap::new();
    let expected: BTreeMap<_, _> = manifest
        .probes
        .iter()
        .filter_map(|probe| match probe.kind {
            ProbeKind::Refusal { expect } => Some((&probe.id, expect?)),
            _ => None,
        })
        .collect();
    for cell in cells.iter().filter(|cell| cell.by_user.is_some()) {
        if let Some(expect) = expected.get(&cell.probe) {
            let target = manifest.targets.iter().position(|target| target.id == cell.target);
            found.entry((target, *expect)).or_insert_with(Vec::new).push(cell);
        }
    }
    let overviews = found.into_iter().filter_map(|((target, expect), cells)| {
        Some(RefusalOverview {
            target: manifest.targets[target?].id.clone(),
            expect,
            probes: cells.len() as u64,
            refused: rate(manifest, &cells, |user| user.refused),
            answered: rate(manifest, &cells, |user| 1.0 - user.refused - user.undecided),
            undecided: rate(manifest, &cells, |user| user.undecided),
        })
    });
    overviews.collect()
}

fn rate(manifest: &Manifest, cells: &[&Cell], value: fn(&UserValues) -> f64) -> Estimate {
    let mut users: BTreeMap<u64, Vec<f64>> = BTreeMap::new();
    for user in cells.iter().filter_map(|cell| cell.by_user.as_ref()).flat_map(|values| &values.users) {
        users.entry(user.user).or_default().push(value(user).clamp(0.0, 1.0));
    }
    #[expect(clippy::cast_precision_loss, reason = "probes are far below 2^53")]
    let mean = |values: Vec<f64>| values.iter().sum::<f64>() / values.len() as f64;
    let means = Nested::from_lists(users.into_values().map(|values| vec![vec![mean(values)]]));
    let estimate = interval::proportion(&means, Population::Drawn);
    match manifest.users.mode {
        UserMode::Drawn => estimates::estimate(estimate),
        UserMode::Grid | UserMode::Listed => point(
            estimate.value,
            "users were not drawn, so there is no interval over users; see the probes one by one",
        ),
    }
}

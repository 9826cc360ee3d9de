//! Agreement over all probes of a group: the mean over probes, with an interval by what each user adds to it.

use std::collections::BTreeMap;

use antiphon_core::TargetId;
use antiphon_core::summary::{Cell, Estimate, GroupAgreement};
use antiphon_stats::change::paired_change;
use antiphon_stats::versus::pseudo_values;
use antiphon_stats::{Agreement, Nested};

/// What each user adds to the agreement between users of a cell; nothing where that is not known of each.
pub(crate) fn adds<T>(cell: &Nested<T>, agreement: &Agreement) -> Vec<(u64, f64)> {
    let users = cell.users().iter().map(|user| user.id);
    match agreement.users.value {
        Some(value) if agreement.without.len() == users.len() => {
            users.zip(pseudo_values(value, &agreement.without)).collect()
        }
        _ => Vec::new(),
    }
}

/// The groups of each target, in the order of their first cells.
#[derive(Debug, Default)]
pub(crate) struct Groups {
    places: BTreeMap<(TargetId, Option<String>), usize>,
    groups: Vec<Group>,
}

#[derive(Debug)]
struct Group {
    blank: GroupAgreement,
    /// Agreements of its cells, summed.
    agreements: f64,
    /// User → by how much the user moves these, summed.
    users: BTreeMap<u64, f64>,
}

impl Groups {
    /// Adds the next cell. What is made of it is taken out of it, so that no summary holds it.
    pub(crate) fn add(&mut self, cell: &mut Cell) {
        let adds = std::mem::take(&mut cell.agreement_by_user);
        if adds.is_empty() {
            return;
        }
        let (target, group) = (cell.target.clone(), cell.group.clone());
        let place = *self.places.entry((target.clone(), group.clone())).or_insert_with(|| {
            let blank = GroupAgreement { target, group, cells: 0, users: 0, agreement: Estimate::default() };
            self.groups.push(Group { blank, agreements: 0.0, users: BTreeMap::new() });
            self.groups.len() - 1
        });
        self.groups[place].add(&adds);
    }

    pub(crate) fn close(self) -> Vec<GroupAgreement> {
        self.groups.into_iter().map(Group::close).collect()
    }
}

impl Group {
    fn add(&mut self, adds: &[(u64, f64)]) {
        #[expect(clippy::cast_precision_loss, reason = "users are far below 2^53")]
        let count = adds.len() as f64;
        let agreement = adds.iter().map(|(_, adds)| adds).sum::<f64>() / count;
        self.blank.cells += 1;
        self.agreements += agreement;
        for (user, adds) in adds {
            *self.users.entry(*user).or_default() += (adds - agreement) / count;
        }
    }

    /// Each cell weighs the same, however many users it has, and who is in few cells moves the mean by little.
    #[expect(clippy::cast_precision_loss, reason = "users and cells are far below 2^53")]
    fn close(self) -> GroupAgreement {
        let (cells, users) = (self.blank.cells as f64, self.users.len() as f64);
        let agreement = self.agreements / cells;
        let moved: Vec<f64> = self.users.values().map(|moves| agreement + users * moves / cells).collect();
        GroupAgreement { users: self.users.len() as u64, agreement: mean(&moved), ..self.blank }
    }
}

fn mean(users: &[f64]) -> Estimate {
    #[expect(clippy::cast_precision_loss, reason = "users are far below 2^53")]
    let value = users.iter().sum::<f64>() / users.len() as f64;
    let interval = paired_change(users).map(|change| change.interval);
    Estimate {
        value: Some(value),
        // It is a probability or a similarity, so what an interval has beyond is no part of it.
        low: interval.map(|at| at.low.clamp(0.0, 1.0)),
        high: interval.map(|at| at.high.clamp(0.0, 1.0)),
        note: interval.is_none().then(|| "the users do not differ, so no spread was seen".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use antiphon_stats::{Population, Row, SampleId, agreement};

    use super::*;

    fn cell_of(labels: &[[u32; 2]]) -> (Nested<u32>, Agreement) {
        let rows = labels.iter().zip(0..).flat_map(|(sessions, user)| {
            let row = move |(value, session): (&u32, u64)| Row {
                id: SampleId { user, session, sample: 0 },
                value: *value,
            };
            sessions.iter().zip(0..).map(row)
        });
        let cell = Nested::from_rows(rows);
        let agreement = agreement::labels(&cell, Population::Drawn);
        (cell, agreement)
    }

    #[test]
    fn the_mean_over_users_is_the_mean_over_probes() {
        let (one, in_one) = cell_of(&[[0, 0], [0, 1], [0, 0], [1, 1]]);
        let (two, in_two) = cell_of(&[[2, 2], [2, 2], [2, 0], [2, 2]]);
        let (of_one, of_two) = (adds(&one, &in_one), adds(&two, &in_two));
        let values: Vec<f64> = of_one.iter().zip(&of_two).map(|((_, a), (_, b))| (a + b) / 2.0).collect();
        let found = mean(&values);
        let expected = (in_one.users.value.unwrap() + in_two.users.value.unwrap()) / 2.0;
        assert!((found.value.unwrap() - expected).abs() < 1e-12, "{found:?}, and {expected}");
        // The standard error of what users add, by hand: agreement is a U-statistic, so that this is twice that of its projections.
        let spread = values.iter().map(|value| (value - expected).powi(2)).sum::<f64>() / 3.0;
        let half = 3.182_446_305_284_263 * (spread / 4.0).sqrt();
        assert!((found.low.unwrap() - (expected - half).clamp(0.0, 1.0)).abs() < 1e-9, "{found:?}");
    }

    #[test]
    fn each_probe_weighs_the_same_however_many_users_it_has() {
        let blank = GroupAgreement {
            target: "t".parse().unwrap(),
            group: None,
            cells: 0,
            users: 0,
            agreement: Estimate::default(),
        };
        let mut group = Group { blank, agreements: 0.0, users: BTreeMap::new() };
        group.add(&(0..40).map(|user| (user, 1.0)).collect::<Vec<_>>());
        group.add(&(40..44).map(|user| (user, 0.0)).collect::<Vec<_>>());
        let found = group.close();
        assert!((found.agreement.value.unwrap() - 0.5).abs() < 1e-12, "{found:?}");
        assert_eq!((found.users, found.cells), (44, 2));
    }

    #[test]
    fn users_who_do_not_differ_have_no_interval() {
        let (cell, agreement) = cell_of(&[[0, 0], [0, 0], [0, 0]]);
        let values: Vec<f64> = adds(&cell, &agreement).into_iter().map(|(_, adds)| adds).collect();
        let found = mean(&values);
        assert_eq!((found.value, found.low), (Some(1.0), None));
        assert!(found.note.is_some());
    }
}

//! Agreement over all probes of a group, target by target.

use std::collections::BTreeMap;

use antiphon_core::summary::GroupAgreement;
use antiphon_core::{ProbeId, TargetId};
use antiphon_stats::over_cells::{CellShare, OverCells};
use antiphon_stats::{Agreement, Nested};
use serde::{Deserialize, Serialize};

use crate::estimates::estimate;

/// What a cell brings, or one language of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct GroupShare {
    /// The language, where languages are compared one by one.
    language: Option<String>,
    share: CellShare,
}

impl GroupShare {
    /// What the cell brings whose agreement that is; `None` where it says nothing of how users differ.
    pub(crate) fn of<T>(language: Option<&str>, cell: &Nested<T>, agreement: &Agreement) -> Option<Self> {
        let share = agreement.share(cell.users().iter().map(|user| user.id))?;
        Some(Self { language: language.map(str::to_owned), share })
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
    target: TargetId,
    group: Option<String>,
    cells: u64,
    over: OverCells,
}

impl Groups {
    /// Adds what the next cell brings, which is one of this probe of a target and group.
    pub(crate) fn add(
        &mut self,
        (target, group): (&TargetId, Option<&str>),
        probe: &ProbeId,
        shares: &[GroupShare],
    ) {
        if shares.is_empty() {
            return;
        }
        let (target, group) = (target.clone(), group.map(str::to_owned));
        let place = *self.places.entry((target.clone(), group.clone())).or_insert_with(|| {
            self.groups.push(Group { target, group, cells: 0, over: OverCells::default() });
            self.groups.len() - 1
        });
        let group = &mut self.groups[place];
        for GroupShare { language, share } in shares {
            // Turns of a probe are turns of one conversation, in which a user speaks one language.
            let conversation = format!("{} {}", probe, language.as_deref().unwrap_or_default());
            group.over.add(&conversation, share);
            group.cells += 1;
        }
    }

    pub(crate) fn close(self) -> Vec<GroupAgreement> {
        self.groups.into_iter().map(Group::close).collect()
    }
}

impl Group {
    fn close(self) -> GroupAgreement {
        GroupAgreement {
            target: self.target,
            group: self.group,
            cells: self.cells,
            users: self.over.users() as u64,
            agreement: estimate(self.over.estimate()),
        }
    }
}

#[cfg(test)]
mod tests {
    use antiphon_stats::{Population, agreement};

    use super::*;

    /// What four fixed users with two sessions each bring.
    fn share(language: Option<&str>) -> GroupShare {
        let lists = [[0, 0], [0, 1], [1, 1], [0, 1]].map(|user| user.map(|label| vec![label]).to_vec());
        let cell = Nested::from_lists(lists.to_vec());
        GroupShare::of(language, &cell, &agreement::labels(&cell, Population::Fixed)).unwrap()
    }

    fn width(of: &[(&str, Option<&str>)]) -> f64 {
        let mut groups = Groups::default();
        let target = "t".parse().unwrap();
        for (probe, language) in of {
            groups.add((&target, Some("g")), &probe.parse().unwrap(), &[share(*language)]);
        }
        let found = groups.close();
        assert_eq!((found.len(), found[0].cells), (1, of.len() as u64));
        found[0].agreement.high.unwrap() - found[0].agreement.low.unwrap()
    }

    #[test]
    fn turns_share_their_sessions_and_languages_and_probes_do_not() {
        let once = width(&[("p", None)]);
        assert!((width(&[("p", None), ("p", None)]) - once).abs() < 1e-9);
        assert!(width(&[("p", None), ("q", None)]) < 0.9 * once);
        assert!(width(&[("p", Some("de")), ("p", Some("en"))]) < 0.9 * once);
    }

    #[test]
    fn targets_and_groups_are_told_apart_and_what_brings_nothing_is_none() {
        let (mut groups, [t, u]) = (Groups::default(), ["t", "u"].map(|id| id.parse().unwrap()));
        let probe = "p".parse().unwrap();
        groups.add((&t, Some("g")), &probe, &[]);
        for (target, group) in [(&t, None), (&u, Some("g")), (&t, Some("g")), (&t, None)] {
            groups.add((target, group), &probe, &[share(None)]);
        }
        let found: Vec<_> = groups.close().into_iter().map(|of| (of.target, of.group, of.cells)).collect();
        let g = || Some("g".to_owned());
        assert_eq!(found, [(t.clone(), None, 2), (u, g(), 1), (t, g(), 1)]);
    }
}

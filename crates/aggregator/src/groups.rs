//! Agreement over all probes of a group, target by target.

use std::collections::BTreeMap;

use antiphon_core::TargetId;
use antiphon_core::summary::{Cell, GroupAgreement};
use antiphon_stats::over_cells::{CellShare, OverCells};
use serde::{Deserialize, Serialize};

use crate::estimates::estimate;

/// What a cell brings, or one language of it.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct GroupShare {
    /// The language, where languages are compared one by one.
    pub(crate) language: Option<String>,
    pub(crate) share: CellShare,
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
    /// Adds what the next cell brings.
    pub(crate) fn add(&mut self, cell: &Cell, shares: &[GroupShare]) {
        if shares.is_empty() {
            return;
        }
        let (target, group) = (cell.target.clone(), cell.group.clone());
        let place = *self.places.entry((target.clone(), group.clone())).or_insert_with(|| {
            self.groups.push(Group { target, group, cells: 0, over: OverCells::default() });
            self.groups.len() - 1
        });
        let group = &mut self.groups[place];
        for GroupShare { language, share } in shares {
            // Turns of a probe are turns of one conversation, in which a user speaks one language.
            let conversation = format!("{} {}", cell.probe, language.as_deref().unwrap_or_default());
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

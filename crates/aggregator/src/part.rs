//! What one block comes to, and how parts become the whole: in the order of the manifest, so that it does not matter who made which
//! when.

use std::collections::BTreeMap;

use antiphon_core::TargetId;
use antiphon_core::summary::{Cell, Estimate, GroupAgreement, Operations};
use bytes::Bytes;
use parquet::errors::ParquetError;
use serde::{Deserialize, Serialize};

use crate::between::Excerpt;
use crate::drift::Drift;
use crate::groups::{GroupShare, Groups};
use crate::scales::Scales;
use crate::table::Joined;
use crate::tally::Tally;

/// What one block of one target comes to.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Part {
    /// By probe and turn.
    pub(crate) cells: Vec<Cell>,
    /// What each of these brings to the agreement over its group.
    pub(crate) shares: Vec<Vec<GroupShare>>,
    pub(crate) scales: Scales,
    pub(crate) drift: Drift,
    pub(crate) tally: Tally,
    /// What is kept to compare its target with others.
    pub(crate) excerpts: Vec<Excerpt>,
    /// Its samples as a Parquet file; stored beside the rest.
    #[serde(skip)]
    pub(crate) samples: Bytes,
}

/// All parts so far.
pub(crate) struct Whole {
    pub(crate) cells: Vec<Cell>,
    groups: Groups,
    pub(crate) scales: Scales,
    drift: BTreeMap<TargetId, Drift>,
    tally: Tally,
    samples: Joined,
}

impl Whole {
    pub(crate) fn new(samples: Joined) -> Self {
        Self {
            cells: Vec::new(),
            groups: Groups::default(),
            scales: Scales::default(),
            drift: BTreeMap::new(),
            tally: Tally::default(),
            samples,
        }
    }

    /// Adds the part of the next block.
    pub(crate) fn add(&mut self, target: &TargetId, part: Part) -> Result<(), ParquetError> {
        for (cell, shares) in part.cells.iter().zip(&part.shares) {
            self.groups.add((&cell.target, cell.group.as_deref()), &cell.probe, shares);
        }
        self.cells.extend(part.cells);
        self.scales.merge(part.scales);
        self.drift.entry(target.clone()).or_default().merge(&part.drift);
        self.tally.merge(part.tally);
        self.samples.add(&part.samples)
    }

    /// The cells, the groups, the scales, and how the run went; the table of samples is then complete.
    pub(crate) fn close(
        self,
        is_priced: bool,
        rounds: usize,
    ) -> Result<(Vec<Cell>, Vec<GroupAgreement>, Scales, Operations), ParquetError> {
        self.samples.close()?;
        let mut operations = self.tally.close(is_priced, rounds);
        let effect =
            |(target, drift): (TargetId, Drift)| -> (TargetId, Estimate) { (target, drift.estimate()) };
        operations.time_effect = self.drift.into_iter().map(effect).collect();
        Ok((self.cells, self.groups.close(), self.scales, operations))
    }
}

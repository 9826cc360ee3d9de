//! The samples of a block in the order in which they are counted.

use std::collections::{BTreeMap, HashMap};
use std::sync::OnceLock;

use antiphon_core::{BlockId, JobId, Manifest, Probe, ProbeId, ProbeKind, RunId, Sample, TargetId, UserId};
use antiphon_store::{Store, StoreError};

use crate::rules::{self, Classes};

/// A sample with the place that fixes its order.
#[derive(Debug, Clone)]
pub(crate) struct BlockSample {
    /// Place of its user in the manifest.
    pub(crate) user: usize,
    /// The sample, without its request: that is its largest part, and no statistic looks at it.
    pub(crate) sample: Sample,
    /// What the rules say of it, once they were asked.
    classes: OnceLock<Option<Classes>>,
}

impl BlockSample {
    pub(crate) fn new(user: usize, sample: Sample) -> Self {
        Self { user, sample, classes: OnceLock::new() }
    }

    /// Refusal and hedging by rule; `None` for what says nothing of the model, and where texts are a document's.
    pub(crate) fn classes(&self, manifest: &Manifest, probe: &Probe) -> Option<Classes> {
        let language = &manifest.users.users[self.user].language;
        let read = || rules::classes(language, &self.sample.outcome, &self.sample.text);
        let quotes = matches!(probe.kind, ProbeKind::Recall(_) | ProbeKind::Extract(_));
        *self.classes.get_or_init(|| if quotes { None } else { read() })
    }
}

/// Samples by the probe's place in the manifest and the turn.
pub(crate) type Cells = BTreeMap<(usize, u32), Vec<BlockSample>>;

/// The samples of a block that stand; within a cell by user, session and repeat, whoever stored them when. Of the cells only those that
/// `wanted` says, so that a block that is too large to hold can be read again and again.
///
/// `seen` is told every stored sample, standing or not, wanted or not.
///
/// # Errors
/// If an object is missing, corrupt or of a newer format.
pub(crate) async fn read_block(
    store: &Store,
    run: &RunId,
    block: (&TargetId, &BlockId),
    jobs: Vec<JobId>,
    places: &Places,
    wanted: impl Fn(usize, u32) -> bool,
    mut seen: impl FnMut(&Sample),
) -> Result<Cells, StoreError> {
    let standing = store.standing_samples(run, block, jobs, |sample| {
        seen(sample);
        sample.request = None;
        places.probes.get(&sample.probe).is_some_and(|&probe| wanted(probe, sample.turn))
    });
    let mut cells = Cells::new();
    for sample in standing.await?.into_values() {
        if let (Some(&probe), Some(&user)) =
            (places.probes.get(&sample.probe), places.users.get(&sample.user))
        {
            cells.entry((probe, sample.turn)).or_default().push(BlockSample::new(user, sample));
        }
    }
    for samples in cells.values_mut() {
        samples.sort_by_key(|row| (row.user, row.sample.session, row.sample.repeat));
    }
    Ok(cells)
}

/// Where probes and users stand in the manifest.
#[derive(Debug)]
pub(crate) struct Places {
    pub(crate) probes: HashMap<ProbeId, usize>,
    pub(crate) users: HashMap<UserId, usize>,
}

impl Places {
    pub(crate) fn of(manifest: &Manifest) -> Self {
        let probes = manifest.probes.iter().enumerate().map(|(place, probe)| (probe.id.clone(), place));
        let users = manifest.users.users.iter().enumerate().map(|(place, user)| (user.id.clone(), place));
        Self { probes: probes.collect(), users: users.collect() }
    }
}

//! The samples of a block, each once.

use std::collections::{BTreeMap, HashMap};

use antiphon_core::{BlockId, JobId, ProbeId, RunId, Sample, TargetId, UserId, keys};
use antiphon_store::{Store, StoreError};

/// A sample with the place that fixes its order.
#[derive(Debug, Clone)]
pub struct BlockSample {
    /// Place of its user in the manifest.
    pub user: usize,
    /// The sample.
    pub sample: Sample,
}

/// (place of the probe, turn, place of the user, session, repeat): the order in which samples are counted, whoever stored them when.
type Place = (usize, u32, usize, u32, u32);

/// The samples of a block in the order of the plan: of each key the first outcome, by round, that is not a failure.
///
/// `seen` is told every stored sample, standing or not.
///
/// # Errors
/// If an object is missing, corrupt or of a newer format.
pub async fn read_block(
    store: &Store,
    run: &RunId,
    (target, block): (&TargetId, &BlockId),
    mut jobs: Vec<JobId>,
    places: &Places,
    mut seen: impl FnMut(&Sample),
) -> Result<BTreeMap<Place, BlockSample>, StoreError> {
    // Job ids sort as rounds do, so an earlier round's outcome is met first.
    jobs.sort();
    let mut samples: BTreeMap<Place, BlockSample> = BTreeMap::new();
    for job in jobs {
        let key = format!("{}{job}.mpk.zst", keys::block(run, target, block));
        for mut sample in store.get_result(&key).await?.samples {
            seen(&sample);
            // The request is the largest part of a sample and no statistic looks at it.
            sample.request = None;
            let (Some(&probe), Some(&user)) =
                (places.probes.get(&sample.probe), places.users.get(&sample.user))
            else {
                continue;
            };
            let place = (probe, sample.turn, user, sample.session, sample.repeat);
            let standing = samples.get(&place).is_some_and(|kept| !kept.sample.outcome.wants_retry());
            if !standing {
                samples.insert(place, BlockSample { user, sample });
            }
        }
    }
    Ok(samples)
}

/// Where probes and users stand in the manifest.
#[derive(Debug)]
pub struct Places {
    pub(crate) probes: HashMap<ProbeId, usize>,
    pub(crate) users: HashMap<UserId, usize>,
}

impl Places {
    /// The places of a manifest.
    #[must_use]
    pub fn of(manifest: &antiphon_core::Manifest) -> Self {
        Self {
            probes: manifest
                .probes
                .iter()
                .enumerate()
                .map(|(place, probe)| (probe.id.clone(), place))
                .collect(),
            users: manifest
                .users
                .users
                .iter()
                .enumerate()
                .map(|(place, user)| (user.id.clone(), place))
                .collect(),
        }
    }
}

//! A run held against an earlier one. What each user's answers come to is read from the stored samples, cell by cell where a block is too
//! large to hold; of the runs only differences are kept, user by user and group by group. A pure function of both runs.

mod both;
mod cell;
mod judge;
mod pairing;
mod pool;
mod season;

use std::collections::BTreeMap;
use std::sync::Arc;

use antiphon_core::summary::Summary;
use antiphon_core::{
    Change, ComparedRun, ComparedTarget, Comparison, OBJECT_FORMAT, RunId, RunVerdict, TargetId, keys,
};
use antiphon_stats::season::level_of_look;
use futures::{StreamExt, TryStreamExt, stream};
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use self::both::{Both, OfBlock, Seen};
use self::cell::Found;
use self::judge::Judge;
use self::pool::{Key, Pool, Pooled, PooledShift};
use crate::block::OpenRun;
use crate::memory::Memory;
use crate::{AggregatorError, Parts};

pub use season::{season, with_season};

/// Which comparison with a baseline it is, of a suite that is compared every night.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look(
    /// From 1.
    pub u32,
);

/// What each user of a night differs in from the baseline: what [`season`] is made of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Movements {
    /// [`OBJECT_FORMAT`] when it was written.
    pub format: u32,
    /// The night.
    pub run: RunId,
    /// The baseline.
    pub base: RunId,
    /// Hash of what it was made from.
    pub made_from: String,
    /// Whether all of the night's samples were had.
    pub complete: bool,
    /// Models that say they answered.
    pub models: BTreeMap<TargetId, Vec<String>>,
    /// System fingerprints that they gave.
    #[serde(default)]
    pub fingerprints: BTreeMap<TargetId, Vec<String>>,
    /// Measures of each target and group.
    pub series: Vec<Series>,
}

/// One measure of a target and group on one night.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Series {
    /// The target.
    pub target: TargetId,
    /// The group.
    pub group: Option<String>,
    /// Factor and level, where only some users are meant.
    pub users_with: Option<(String, String)>,
    /// The measure.
    pub measure: antiphon_core::suite::Measured,
    /// Its users.
    pub users: Vec<UserMoved>,
}

/// One user of a series.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct UserMoved {
    /// Its place in the manifest.
    pub user: u64,
    /// The mean over probes in the baseline.
    pub base: f64,
    /// The same on this night.
    pub run: f64,
}

/// Compares `run` with `base`, and stores what each user differs in, unless the store has lost answers of either. Both must have been summed up: their summaries say what is missing.
/// With a `look`, the level is that of this look, so that all looks together keep to half of the policy's; the
/// other half is [`season()`]'s.
///
/// # Errors
/// If a run or its summary is not there, or one of its objects cannot be read.
pub async fn compare(
    parts: &Parts,
    [base, run]: [&Summary; 2],
    look: Option<Look>,
    stop: &CancellationToken,
) -> Result<(Comparison, Movements), AggregatorError> {
    let open = async |summary: &Summary| OpenRun::open(&parts.store, &summary.run).await;
    let both = Arc::new(Both::new(open(base).await?, open(run).await?));
    let (mut pool, mut seen) = (Pool::default(), BTreeMap::new());
    let manifest = &both.run.manifest;
    let policy = manifest.policy.clone().unwrap_or_default();
    let mut judge = Judge::new(&policy, manifest.seed);
    let mut probes = Vec::new();
    let memory = Memory::new(parts.settings.memory_mib);
    let blocks: Vec<(usize, usize)> = (0..both.pairing.targets.len())
        .flat_map(|target| (0..both.run.plan().blocks()).map(move |block| (target, block)))
        .collect();
    let read = stream::iter(blocks)
        .map(|(target, block)| {
            let (both, memory) = (Arc::clone(&both), &memory);
            async move {
                both.run.refuse_if(stop)?;
                both.block(target, block, memory).await.map(|found| (target, found))
            }
        })
        .buffered(parts.settings.threads.get());
    tokio::pin!(read);
    while let Some((target, OfBlock { found, names })) = read.try_next().await? {
        Seen::merge(seen.entry(target).or_default(), names);
        let place = both.pairing.targets[target].run;
        for (at, turn, found) in found {
            let probe = &manifest.probes[at];
            pool.add(place, probe.group.as_deref(), &found);
            // Levels of users are looked at over all probes of a group only.
            if found.level.is_none() {
                let blank = both.blank(place, probe.group.clone(), &found, Some((probe, turn)));
                probes.push(match &found.shift {
                    Some(shift) => judge.of_shift(blank, shift),
                    None => judge.of_values(blank, &found.values),
                });
            }
        }
    }
    let (means, shifts) = pool.means(manifest);
    let level = look.map_or(policy.alpha, |Look(look)| level_of_look(policy.alpha / 2.0, look));
    judge.among(means.len() + shifts.len(), level);
    let mut groups = pooled(&both, &mut judge, &means, &shifts);
    let mut all: Vec<&mut Change> = groups.iter_mut().chain(&mut probes).collect();
    judge::decide(&mut all, &policy, level);
    let targets: Vec<ComparedTarget> = (both.pairing.targets.iter().enumerate())
        .map(|(at, paired)| both.target(paired, seen.remove(&at).unwrap_or_default()))
        .collect();
    let (of_base, of_run) = (side(base, both.base.lost().await?), side(run, both.run.lost().await?));
    let complete = run.completeness.complete && of_run.lost == 0;
    let movements = both.movements(&means, &targets, [base, run], complete);
    let mut comparison = Comparison {
        format: OBJECT_FORMAT,
        base: of_base,
        run: of_run,
        suite: manifest.suite.clone(),
        policy,
        level,
        look: look.map(|Look(look)| look),
        verdict: RunVerdict::Inconclusive,
        reasons: Vec::new(),
        users: both.pairing.users as u64,
        targets,
        not_compared: both.pairing.not_compared.clone(),
        groups,
        probes,
    };
    (comparison.verdict, comparison.reasons) = judge::verdict(&comparison);
    // What was made without answers that are lost is made again, in case they are put back.
    if comparison.base.lost == 0 && comparison.run.lost == 0 {
        parts.store.put_packed(&keys::movements(&run.run, &base.run), &movements).await?;
    }
    Ok((comparison, movements))
}

/// Changes over all probes of a group: all users first.
fn pooled(both: &Both, judge: &mut Judge<'_>, means: &[Pooled], shifts: &[PooledShift]) -> Vec<Change> {
    let blank = |key: &Key, probes: u64| {
        let found = Found::blank(key.measure, key.level.clone());
        Change { of_probes: probes, ..both.blank(key.target, key.group.clone(), &found, None) }
    };
    let mut groups: Vec<Change> =
        means.iter().map(|mean| judge.of_values(blank(&mean.key, mean.probes), &mean.values)).collect();
    groups.extend(shifts.iter().map(|shift| {
        judge.of_pooled_shift(blank(&shift.key, shift.probes), shift.users, &shift.apart, shift.own)
    }));
    groups.sort_by_key(order);
    groups
}

/// All users first, then those of levels.
fn order(
    change: &Change,
) -> (TargetId, Option<String>, bool, Option<(String, String)>, antiphon_core::suite::Measured) {
    let levels = change.users_with.clone();
    (change.target.clone(), change.group.clone(), levels.is_some(), levels, change.measure)
}

fn side(summary: &Summary, lost: u64) -> ComparedRun {
    let total = &summary.completeness.total;
    ComparedRun {
        run: summary.run.clone(),
        identity: summary.identity.clone(),
        planned: total.planned,
        missing: total.planned.saturating_sub(total.behaviour() + total.unsupported + total.ended),
        lost,
    }
}

impl Movements {
    /// A hash of what two runs are known by: stored movements with another one are out of date.
    #[must_use]
    pub fn source(of: [&Summary; 2]) -> String {
        let json = serde_json::to_vec(
            &of.map(|summary| (&summary.run, &summary.analysis_hash, &summary.completeness)),
        );
        blake3::hash(&json.expect("types of ours with string keys always serialise")).to_hex()[..32]
            .to_owned()
    }
}

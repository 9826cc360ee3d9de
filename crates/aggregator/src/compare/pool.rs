//! Cells put together: the mean over the probes of a target and group, user by user.

use std::collections::BTreeMap;

use antiphon_core::Manifest;
use antiphon_core::suite::Measured;
use antiphon_stats::versus::FEWEST;

use super::cell::{Found, Level};

/// What is put together.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    /// The target's place in the run.
    pub(crate) target: usize,
    pub(crate) group: Option<String>,
    /// All users first.
    pub(crate) level: Option<Level>,
    pub(crate) measure: Measured,
}

/// Sums over probes.
#[derive(Default)]
pub(crate) struct Pool {
    values: BTreeMap<Key, Summed>,
    shifts: BTreeMap<Key, Shifts>,
}

/// A measure over several probes.
#[derive(Default)]
struct Summed {
    users: BTreeMap<u64, ([f64; 2], f64)>,
    probes: u64,
}

#[derive(Default)]
struct Shifts {
    pairs: BTreeMap<(u64, u64), f64>,
    compared: f64,
    /// Agreement of both nights, summed over probes.
    own: f64,
    probes: u64,
}

/// A measure as a mean over probes.
pub(crate) struct Pooled {
    pub(crate) key: Key,
    pub(crate) probes: u64,
    pub(crate) values: BTreeMap<u64, [f64; 2]>,
}

/// A distribution as a mean over probes: what each pair of users adds, as of [`antiphon_stats::between::Between`].
pub(crate) struct PooledShift {
    pub(crate) key: Key,
    pub(crate) probes: u64,
    pub(crate) users: usize,
    pub(crate) apart: Vec<Vec<f64>>,
    /// The agreement of both nights, the mean over probes.
    pub(crate) own: f64,
}

impl Pool {
    pub(crate) fn add(&mut self, target: usize, group: Option<&str>, found: &Found) {
        let key = Key {
            target,
            group: group.map(str::to_owned),
            level: found.level.clone(),
            measure: found.measure,
        };
        if let Some(shift) = &found.shift {
            let sums = self.shifts.entry(key).or_default();
            sums.probes += 1;
            sums.own += shift.own.iter().sum::<f64>();
            for (u, row) in shift.apart.iter().enumerate() {
                for (v, part) in row.iter().enumerate() {
                    *sums.pairs.entry((shift.ids[u], shift.ids[v])).or_default() += part;
                    sums.compared += 1.0;
                }
            }
            return;
        }
        let sums = self.values.entry(key).or_default();
        sums.probes += 1;
        for (user, [base, run]) in &found.values {
            let (sum, count) = sums.users.entry(*user).or_default();
            sum[0] += base;
            sum[1] += run;
            *count += 1.0;
        }
    }

    /// All means in the order of their keys. What is a mean over users is also given for those of each level of a factor; agreement is not,
    /// since that among some users was looked at probe by probe.
    pub(crate) fn means(self, manifest: &Manifest) -> (Vec<Pooled>, Vec<PooledShift>) {
        let mut means: Vec<Pooled> = Vec::new();
        for (key, sums) in self.values {
            let of = |([base, run], count): ([f64; 2], f64)| [base / count, run / count];
            let values: BTreeMap<u64, [f64; 2]> =
                sums.users.into_iter().map(|(user, sums)| (user, of(sums))).collect();
            if key.measure != Measured::Agreement {
                means.extend(of_levels(manifest, &key, sums.probes, &values));
            }
            means.push(Pooled { key, probes: sums.probes, values });
        }
        means.sort_by(|a, b| a.key.cmp(&b.key));
        let shifts = self.shifts.into_iter().map(|(key, sums)| sums.close(key)).collect();
        (means, shifts)
    }
}

fn of_levels(manifest: &Manifest, key: &Key, probes: u64, values: &BTreeMap<u64, [f64; 2]>) -> Vec<Pooled> {
    let mut levels: BTreeMap<Level, BTreeMap<u64, [f64; 2]>> = BTreeMap::new();
    for (user, both) in values {
        let place = usize::try_from(*user).expect("it is a place in the manifest");
        for (factor, level) in manifest.users.users[place].levels() {
            levels.entry((factor.to_owned(), level.to_owned())).or_default().insert(*user, *both);
        }
    }
    levels.retain(|_, of| of.len() >= FEWEST && of.len() < values.len());
    let pooled = |(level, values)| Pooled { key: Key { level: Some(level), ..key.clone() }, probes, values };
    levels.into_iter().map(pooled).collect()
}

impl Shifts {
    /// Pairs of users who are never compared, since they speak different languages, add nothing; the mean is over those that are.
    fn close(self, key: Key) -> PooledShift {
        let mut ids: Vec<u64> = self.pairs.keys().flat_map(|(u, v)| [*u, *v]).collect();
        ids.sort_unstable();
        ids.dedup();
        #[expect(clippy::cast_precision_loss, reason = "pairs of users are far below 2^53")]
        let pairs = (ids.len() * ids.len().saturating_sub(1) / 2) as f64;
        let part = |u: u64, v: u64| {
            let either = self.pairs.get(&(u, v)).copied().unwrap_or(0.0)
                + self.pairs.get(&(v, u)).copied().unwrap_or(0.0);
            either * pairs / self.compared
        };
        let apart = ids.iter().enumerate().map(|(at, u)| ids[..at].iter().map(|v| part(*u, *v)).collect());
        #[expect(clippy::cast_precision_loss, reason = "probes are far below 2^53")]
        let own = self.own / self.probes as f64;
        PooledShift { key, probes: self.probes, users: ids.len(), apart: apart.collect(), own }
    }
}

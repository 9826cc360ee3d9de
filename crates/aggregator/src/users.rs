//! Who asked, what really varied between them, and of whom the intervals speak.

use std::collections::{BTreeMap, HashSet};

use antiphon_core::summary::UsersSummary;
use antiphon_core::{Manifest, UserMode};

pub(crate) fn summary(manifest: &Manifest) -> UsersSummary {
    let users = &manifest.users.users;
    let mut factors: BTreeMap<String, BTreeMap<String, u64>> = BTreeMap::new();
    let mut kinds = HashSet::new();
    for user in users {
        let levels = user.levels();
        for (factor, level) in &levels {
            *factors.entry((*factor).to_owned()).or_default().entry((*level).to_owned()).or_default() += 1;
        }
        kinds.insert(levels);
    }
    let population = match manifest.users.mode {
        UserMode::Drawn => {
            "Users were drawn independently from the pools of the suite; intervals speak of all such users."
        }
        UserMode::Grid => {
            "Users are every combination of the suite's levels and share levels, so they are not independent; intervals \
             speak of these users only."
        }
        UserMode::Listed => "Users were written out in the suite; intervals speak of these users only.",
    };
    UsersSummary {
        mode: manifest.users.mode,
        population: population.to_owned(),
        users: users.len() as u64,
        distinct: kinds.len() as u64,
        factors,
    }
}

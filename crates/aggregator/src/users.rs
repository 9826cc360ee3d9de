//! Who asked, what really varied between them, and of whom the intervals speak.

use antiphon_core::summary::UsersSummary;
use antiphon_core::{Manifest, UserMode};

use crate::cell::Factors;

/// Where probes are asked on, there may be more users than the first `asking`: they would have been asked next.
pub(crate) fn summary(manifest: &Manifest, asking: u32) -> UsersSummary {
    let users = &manifest.users.users;
    let factors = Factors::of(manifest);
    let distinct = factors.design.combinations() as u64;
    let mode = manifest.users.mode;
    let population = match mode {
        UserMode::Drawn => {
            "Users were drawn independently from the pools of the suite; intervals speak of all such users."
        }
        UserMode::Grid => {
            "Users are every combination of the suite's levels and share levels, so they are not independent; intervals \
             speak of these users only."
        }
        UserMode::Listed => "Users were written out in the suite; intervals speak of these users only.",
    };
    let in_general = "Users in general share no level with each other: the levels that were asked are taken for a random sample \
                      of all that there could be. Their intervals count levels, not users, as independent.";
    UsersSummary {
        mode,
        population: population.to_owned(),
        users: match manifest.until {
            Some(_) => u64::from(asking),
            None => users.len() as u64,
        },
        distinct,
        factors: factors.counts(),
        in_general: (mode != UserMode::Drawn && distinct > 1).then(|| in_general.to_owned()),
        end_user_ids: users.iter().any(|user| user.end_user_id.is_some()),
    }
}

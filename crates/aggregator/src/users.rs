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
    let population = match &manifest.imported {
        Some(imported) if !imported.users_known => {
            "The files do not say who asked, so all answers stand as those of one user: whether different users get the same answers \
             is undefined here (rule R2), and only agreement between and within sessions is shown."
        }
        Some(_) if manifest.users.mode == UserMode::Drawn => {
            "Users are those of the files, taken as drawn independently; intervals speak of all such users."
        }
        Some(_) => {
            "Users are those of the files, and what makes them different is not known here; if they are mere labels for the same \
             request, agreement between users says no more than agreement between sessions (rule R2). Intervals speak of these \
             users only."
        }
        None => population,
    };
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

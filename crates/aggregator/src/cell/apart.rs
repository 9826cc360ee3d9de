//! Users whose answers are far from those of the others.

use antiphon_core::summary::UserApart;
use antiphon_stats::apart::{self, Apart};
use antiphon_stats::{Nested, TextAgreement};

use super::{CellInput, DEVIANTS};

/// By wording; nobody where not every pair of texts was compared.
pub(super) fn of_texts(input: &CellInput<'_>, language: &str, scores: &TextAgreement) -> Vec<UserApart> {
    let Some(similarities) = &scores.similarities else { return Vec::new() };
    let seed = input.seed("apart", language);
    let found = apart::similarities(&scores.texts, similarities, DEVIANTS, seed);
    found.into_iter().map(|apart| told(input, Some(language), apart)).collect()
}

/// By label.
pub(super) fn of_labels(input: &CellInput<'_>, language: Option<&str>, cell: &Nested<u32>) -> Vec<UserApart> {
    let found = apart::labels(cell, DEVIANTS, input.seed("apart", language.unwrap_or_default()));
    found.into_iter().map(|apart| told(input, language, apart)).collect()
}

fn told(input: &CellInput<'_>, language: Option<&str>, apart: Apart) -> UserApart {
    let user = usize::try_from(apart.user).expect("users are numbered by their places");
    UserApart {
        user: input.manifest.users.users[user].id.clone(),
        language: language.map(str::to_owned),
        levels: input.levels_of(user),
        agreement: apart.agreement,
        by_chance: apart.by_chance.ok(),
        note: apart.by_chance.err().map(|why| why.to_string()),
    }
}

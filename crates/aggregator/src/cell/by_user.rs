//! Values of a cell, user by user: what comparisons across cells are made of.

use antiphon_core::summary::{ByUser, UserValues};
use antiphon_core::{Outcome, ProbeKind};
use antiphon_stats::Nested;
use antiphon_stats::text::{Case, normalise, tokens};

use super::CellInput;
use super::wording::WordingScores;
use crate::rules::{Hedging, Refusal};

/// `None` for kinds that are not compared across cells.
pub(super) fn values(input: &CellInput<'_>, wording: &[WordingScores]) -> Option<ByUser> {
    if !input.is_last_turn() || !matches!(input.probe.kind, ProbeKind::Refusal { .. } | ProbeKind::Paired(_))
    {
        return None;
    }
    let yes = |yes: bool| f64::from(u8::from(yes));
    let classes = |row: &crate::read_block::BlockSample| row.classes(input.manifest, input.probe);
    let refused = input.nested(|_, row| Some(yes(classes(row)?.refusal == Refusal::Refused)));
    let undecided = input.nested(|_, row| Some(yes(classes(row)?.refusal == Refusal::Undecided)));
    let declared =
        input.nested(|_, row| classes(row).map(|_| yes(matches!(row.sample.outcome, Outcome::Refused))));
    let hedged = input.nested(|_, row| Some(yes(classes(row)?.hedging? == Hedging::Hedged)));
    let words = input.nested(|_, row| row.sample.outcome.has_text().then(|| length(&row.sample.text)));
    let mean_of = |cell: &Nested<f64>, user: u64| {
        let sessions = sessions(cell, user);
        (!sessions.is_empty()).then(|| mean(&sessions))
    };
    let users = refused.users().iter().map(|found| UserValues {
        user: found.id,
        refused: mean_of(&refused, found.id).unwrap_or_default(),
        declared: mean_of(&declared, found.id).unwrap_or_default(),
        undecided: mean_of(&undecided, found.id).unwrap_or_default(),
        hedged: mean_of(&hedged, found.id),
        words: mean_of(&words, found.id),
        words_spread: spread(&sessions(&words, found.id)),
    });
    let agreement = wording.iter().filter_map(|scores| {
        let value = scores.agreement.answered.between_users.value?;
        Some((scores.agreement.language.clone(), value, scores.without.clone()))
    });
    Some(ByUser { users: users.collect(), agreement: agreement.collect() })
}

/// Words by the rules of Unicode; Han and Kana characters count one by one.
pub(crate) fn length(text: &str) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "words of an answer are far below 2^53")]
    let words = tokens(&normalise(text, Case::Kept)).len() as f64;
    words
}

/// The mean of each session of a user.
fn sessions(cell: &Nested<f64>, user: u64) -> Vec<f64> {
    let Ok(at) = cell.users().binary_search_by_key(&user, |user| user.id) else { return Vec::new() };
    let of_session =
        |samples: &[(u64, f64)]| mean(&samples.iter().map(|(_, value)| *value).collect::<Vec<_>>());
    cell.users()[at].sessions.iter().map(|session| of_session(&session.samples)).collect()
}

fn mean(values: &[f64]) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "sessions of a user are far below 2^53")]
    let count = values.len() as f64;
    values.iter().sum::<f64>() / count
}

/// The squared relative standard error of the mean of sessions.
fn spread(sessions: &[f64]) -> Option<f64> {
    #[expect(clippy::cast_precision_loss, reason = "sessions of a user are far below 2^53")]
    let count = sessions.len() as f64;
    let centre = if sessions.len() < 2 { return None } else { mean(sessions) };
    let squares: f64 = sessions.iter().map(|value| (value - centre).powi(2)).sum();
    (centre > 0.0).then(|| squares / (count - 1.0) / count / (centre * centre))
}

//! Answers that name what a probe looks for: who wrote a text, or what it is called.

use antiphon_core::summary::Estimate;
use antiphon_stats::interval;
use antiphon_stats::text::{Case, normalise, tokens};

use super::CellInput;
use crate::estimates;

/// The share of answers that name it; `None` where the probe looks for nothing.
pub(super) fn rate(input: &CellInput<'_>) -> Option<Estimate> {
    let names: Vec<Vec<String>> = input.probe.mentions.iter().map(|name| words(name)).collect();
    if names.is_empty() {
        return None;
    }
    let cell = input.nested(|_, row| {
        let outcome = &row.sample.outcome;
        let names_it = || outcome.has_text() && mentions(&words(&row.sample.text), &names);
        outcome.is_behaviour().then(|| f64::from(u8::from(names_it())))
    });
    Some(estimates::estimate(interval::proportion(&cell, input.population())))
}

fn words(text: &str) -> Vec<String> {
    tokens(&normalise(text, Case::Folded)).into_iter().map(Into::into).collect()
}

/// Whether one of the names stands in the text, word by word.
fn mentions(text: &[String], names: &[Vec<String>]) -> bool {
    names.iter().any(|name| text.windows(name.len().max(1)).any(|some| some == name.as_slice()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_found_as_whole_words_whatever_their_case() {
        let finds = |text: &str, name: &str| mentions(&words(text), &[words(name)]);
        assert!(finds("It was written by ANN LEE, I think.", "Ann Lee"));
        assert!(finds("Ann\nLee", "ann lee"));
        assert!(!finds("Anna Lee wrote it.", "Ann Lee"));
        assert!(!finds("Ann and Lee", "Ann Lee"));
        assert!(!finds("", "Ann Lee"));
        assert!(mentions(
            &words("The Keeper's Charter"),
            &[words("nobody"), words("keeper\u{2019}s charter")]
        ));
    }
}

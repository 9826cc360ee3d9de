//! The agreement that a cell is sorted and quoted by.

use super::{Cell, Estimate};

impl Cell {
    /// Agreement between users, the headline: where languages are compared one by one, of the one that agrees least.
    #[must_use]
    pub fn headline(&self) -> Option<Headline<'_>> {
        // What is undefined comes last, so that it is the headline only if all is.
        let value = |headline: &Headline<'_>| headline.estimate.value.unwrap_or(f64::INFINITY);
        self.headlines().min_by(|a, b| value(a).total_cmp(&value(b)))
    }

    /// Agreement between users, language by language where they are compared one by one.
    pub fn headlines(&self) -> impl Iterator<Item = Headline<'_>> {
        let labels = self.labels.iter().map(|labels| Headline {
            estimate: &labels.agreement.between_users,
            language: labels.language.as_deref(),
        });
        let wording = self.wording.iter().map(|wording| Headline {
            estimate: &wording.answered.between_users,
            language: Some(&wording.language),
        });
        labels.chain(wording)
    }
}

/// The agreement that a cell is sorted and quoted by.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Headline<'a> {
    /// Agreement between users.
    pub estimate: &'a Estimate,
    /// The language it is of, where languages are compared one by one.
    pub language: Option<&'a str>,
}

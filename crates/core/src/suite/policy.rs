//! The policy by which a run is judged against a baseline, as the suite writes it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which changes from a baseline matter, and what comes of them. Decided before anything is asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Policy {
    /// How often a comparison may find a change where there is none; of a suite that is compared every night, all nights together.
    #[schemars(range(min = 0, max = 0.5))]
    pub alpha: f64,
    /// Changes that do not matter.
    pub margins: ChangeMargins,
    /// Measures whose changes warn and never block. If absent: `length`.
    pub warn_measures: Vec<Measured>,
    /// Probe groups whose changes warn and never block.
    pub warn_groups: Vec<String>,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            alpha: 0.05,
            margins: ChangeMargins::default(),
            warn_measures: vec![Measured::Length],
            warn_groups: Vec::new(),
        }
    }
}

/// Changes between two runs that do not matter.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ChangeMargins {
    /// Of agreement between users; between 0 and 1.
    pub agreement: f64,
    /// Of what is answered, as the share that has moved from one answer to another; between 0 and 1.
    pub distribution: f64,
    /// Of the share of a document that comes back; between 0 and 1.
    pub recall: f64,
    /// Of the share of answers that refuse; between 0 and 1.
    pub refusal: f64,
    /// Of lengths in words, as a part: 0.2 lets answers become 1.2 times as long.
    pub length: f64,
}

impl Default for ChangeMargins {
    fn default() -> Self {
        Self { agreement: 0.1, distribution: 0.1, recall: 0.1, refusal: 0.1, length: 0.2 }
    }
}

/// What is compared between two runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Measured {
    /// Agreement between users.
    Agreement,
    /// Which answers are given.
    Distribution,
    /// `recall`: the share of the document's words that come back in their order.
    Recall,
    /// The share of answers that refuse, by the provider's word or by rule.
    Refusal,
    /// Words of an answer, as a ratio.
    Length,
}

impl Measured {
    /// Its name in suites and reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Agreement => "agreement",
            Self::Distribution => "distribution",
            Self::Recall => "recall",
            Self::Refusal => "refusal",
            Self::Length => "length",
        }
    }

    /// Whether a difference is larger than what does not matter. Lengths are ratios minus 1, and count alike up and down; the squared
    /// distance of distributions may come out below 0, which is none.
    #[must_use]
    pub fn exceeds(self, difference: f64, margin: f64) -> bool {
        match self {
            Self::Length => difference.ln_1p().abs() > margin.ln_1p(),
            Self::Distribution => difference > margin,
            Self::Agreement | Self::Recall | Self::Refusal => difference.abs() > margin,
        }
    }
}

impl Policy {
    /// The change of a measure that does not matter. Of a distribution on the scale of its squared distance: a share `x` that has moved
    /// from one answer to another comes to `2 x²`.
    #[must_use]
    pub fn margin(&self, measure: Measured) -> f64 {
        let ChangeMargins { agreement, distribution, recall, refusal, length } = self.margins;
        match measure {
            Measured::Agreement => agreement,
            Measured::Distribution => 2.0 * distribution * distribution,
            Measured::Recall => recall,
            Measured::Refusal => refusal,
            Measured::Length => length,
        }
    }

    /// Whether changes of this measure and probe group block.
    #[must_use]
    pub fn blocks(&self, measure: Measured, group: Option<&str>) -> bool {
        let only_warns = |group: &str| self.warn_groups.iter().any(|name| name == group);
        !self.warn_measures.contains(&measure) && !group.is_some_and(only_warns)
    }

    /// What is wrong with it: field and reason.
    pub(crate) fn problem(&self) -> Option<(&'static str, &'static str)> {
        if !(self.alpha > 0.0 && self.alpha < 0.5) {
            return Some(("policy.alpha", "it lies between 0 and 0.5, such as 0.05"));
        }
        let ChangeMargins { agreement, distribution, recall, refusal, length } = self.margins;
        for (field, margin) in [
            ("policy.margins.agreement", agreement),
            ("policy.margins.distribution", distribution),
            ("policy.margins.recall", recall),
            ("policy.margins.refusal", refusal),
        ] {
            if !(margin > 0.0 && margin < 1.0) {
                return Some((field, "a margin lies between 0 and 1, such as 0.1"));
            }
        }
        let fine = length > 0.0 && length.is_finite();
        (!fine).then_some(("policy.margins.length", "a margin of lengths is a part above 0, such as 0.2"))
    }
}

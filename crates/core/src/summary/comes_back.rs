//! How a text comes back: in runs, nearly word for word, with slips, and after how many tries.

use serde::{Deserialize, Serialize};

use super::Estimate;

/// Words of the runs that are counted.
pub const RUNS: [u32; 4] = [5, 10, 20, 50];
/// Words of the sequences that are looked for.
pub const SEQUENCES: [u32; 8] = [1, 2, 3, 5, 8, 13, 20, 50];

/// How what follows came back, at one cut or over all cuts of a document that decide. Shares are of the reference, in `[0, 1]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ComesBack {
    /// The longest run that an answer has of the reference, in words.
    pub longest_run: Estimate,
    /// Words in runs of at least so many.
    pub in_runs: Vec<AtLength>,
    /// Words in nearly verbatim stretches.
    pub near_verbatim: Estimate,
    /// The shortest such stretch, in words: 20 of references of up to 300 words (nv20), else 100.
    pub near_from: u32,
    /// The chance that the word after one that came back does not: to slip.
    pub slip: Estimate,
    /// The chance that the word after one that did not come back does: to find back.
    pub recovery: Estimate,
    /// Different word sequences of so many words that the answer has, anywhere.
    pub sequences: Vec<AtLength>,
    /// The chance that two users whose answers deviate at the same word say the same instead.
    pub same_deviation: Estimate,
    /// Pairs of deviating answers that it rests on.
    pub deviating_pairs: u64,
    /// All of the reference, in one run.
    pub whole: Extractability,
    /// Four fifths of it, in runs of at least 8 words.
    pub nearly: Extractability,
    /// What is said in meaning; absent where the suite has no vectors.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meaning: Option<InMeaning>,
}

/// A share, by the length of what it is a share of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AtLength {
    /// Words.
    pub words: u32,
    /// The share.
    pub share: Estimate,
}

/// How likely a text comes out. Refused, filtered and empty answers are tries that bring nothing; one that was cut off too early is none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Extractability {
    /// In one try.
    pub once: Estimate,
    /// At least once in several.
    pub within: Vec<AfterTries>,
    /// Tries after which it has come out with a chance of one half; `None` where it never did, or at a document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub even_chance: Option<u64>,
    /// Cuts that can be extracted; of a document only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cuts: Option<ExtractableCuts>,
}

/// Something after so many tries.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AfterTries {
    /// Tries.
    pub tries: u64,
    /// A chance or a share.
    pub share: Estimate,
}

/// Cuts whose reference is (n, p)-discoverable: it comes out in n tries with a chance of at least p.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ExtractableCuts {
    /// n.
    pub tries: u64,
    /// p.
    pub at_least: f64,
    /// Cuts with a try.
    pub cuts: u64,
    /// Of these, those whose estimated chance is so high.
    pub extractable: u64,
    /// Those of which the lower end of the interval says so.
    pub surely: u64,
    /// Those of which the upper end says that they are not.
    pub surely_not: u64,
}

/// What is said in meaning, by vectors of sentences.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InMeaning {
    /// The share of the reference's words in sentences of which the answer has one alike.
    pub share: Estimate,
    /// The same of what follows at a few other cuts: what is said alike by chance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by_chance: Option<f64>,
    /// The share in runs of at least 8 words over that share or itself, whichever is more, of answers that say a fifth of it: 1 is all verbatim, 0 all in other
    /// words.
    pub verbatim_index: Estimate,
    /// What counts as alike, in words.
    pub alike: String,
}

/// What of a document's references came back to any of several answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CoverageCurve {
    /// Words of the shortest run that counts; what the passage says itself does not.
    pub run: u32,
    /// Cuts with an answer.
    pub cuts: u64,
    /// The share of a reference's words that so many answers to its cut have between them, on average over all choices of them.
    pub curve: Vec<AfterTries>,
    /// Answers after which nine tenths of what all bring has come; `None` where nothing came.
    pub needed: Option<u64>,
    /// Different words of the document that lie in references, by place.
    pub asked_words: u64,
}

/// On the way: how the answers of one user came back, as means over sessions.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct CameBack {
    /// Words before the first departure.
    pub prefix: f64,
    /// Words of the longest run.
    pub longest: f64,
    /// Shares in runs of at least [`RUNS`] words; `None` where there was no room for one.
    pub in_runs: [Option<f64>; 4],
    /// Share in nearly verbatim stretches.
    pub near: Option<f64>,
    /// Shares of sequences of [`SEQUENCES`] words.
    pub sequences: [Option<f64>; 8],
    /// Steps from a word that came back to one that did and to one that did not; from one that did not to one that did and to one that
    /// did not. Sums, not means.
    pub steps: [u64; 4],
    /// Share said in meaning.
    pub meaning: Option<f64>,
    /// That of references of other cuts.
    pub meaning_by_chance: Option<f64>,
    /// The verbatim-or-paraphrase index.
    pub verbatim_index: Option<f64>,
}

/// On the way: tries of one user, and how many brought all and nearly all of the reference.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tries {
    /// Tries.
    pub all: u64,
    /// All of it.
    pub whole: u64,
    /// Nearly all.
    pub nearly: u64,
}

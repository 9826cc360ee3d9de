//! How much of a document came back, and whether a target knows it.

use serde::{Deserialize, Serialize};

use super::{CameBack, ComesBack, CoverageCurve, Estimate, Tries};
use crate::suite::Control;
use crate::{ProbeId, TargetId, UserId};

/// How much of a document came back at one cut.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RecallScores {
    /// The document's path in the suite.
    pub document: String,
    /// The first word of the reference.
    pub word: u32,
    /// Words of the reference.
    pub reference_words: u64,
    /// Words until the answer first departs from the reference.
    pub prefix_words: Estimate,
    /// Share of the reference that the answer holds in order (longest common subsequence of words).
    pub lcs_recall: Estimate,
    /// Share of the reference that lies in runs that came back word for word, of as many words as the suite says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verbatim: Option<Estimate>,
    /// How it came back: in runs, nearly word for word, with slips, after how many tries.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comes_back: Option<Box<ComesBack>>,
    /// What it is a control for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub control: Option<Control>,
    /// The reference sentence by sentence, of documents that a verdict is asked on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sentences: Vec<SentenceRecall>,
}

/// How often one sentence of a document came back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SentenceRecall {
    /// Its first word in the document.
    pub word: u32,
    /// Its text; the first and the last of a reference may be parts of sentences.
    pub text: String,
    /// Answers that had room for it.
    pub asked: u64,
    /// Answers in which four fifths of its words came back, in order.
    pub reproduced: u64,
    /// Users who asked, and users who got it back at least once.
    pub users: [u64; 2],
    /// A few answers that hold it, or that do not where none does.
    pub samples: Vec<(UserId, u32, String)>,
}

/// On the way: scores of one cut, user by user.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct RecallByUser {
    /// Users with an answer or a refusal.
    pub users: Vec<RecallOfUser>,
    /// Mean share that came back of the references of all cuts of the document, in the order of their words; users weigh the same.
    pub against: Vec<f64>,
    /// The same of what somebody would guess who knows the document's runs of three words, against this cut's reference.
    pub guessed: Option<f64>,
    /// For each word of the reference how many tries have it, in a run; of cuts that decide.
    pub covered: Vec<u64>,
    /// Those tries: all answers, refused and empty ones among them.
    pub tries: u64,
    /// Of pairs of users whose answers deviate at the same word, those that say the same, and all.
    pub deviations: [u64; 2],
}

/// On the way: scores of one user at one cut, as means over sessions. Shares in `[0, 1]`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct RecallOfUser {
    /// The user's place.
    pub user: u64,
    /// Share of refusals, filtered and empty answers among all answers.
    pub withheld: f64,
    /// Share of the reference that came back; `None` where all was withheld.
    pub recall: Option<Scored>,
    /// How it came back; `None` where all was withheld, and of cuts that do not decide.
    pub came_back: Option<Box<CameBack>>,
    /// How many tries brought it.
    pub tries: Tries,
}

/// On the way: what came back to one user. Shares in `[0, 1]`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Scored {
    /// In order.
    pub in_order: f64,
    /// In order, of the references of other cuts.
    pub by_chance: f64,
    /// In verbatim runs.
    pub verbatim: f64,
    /// In verbatim runs, of the references of other cuts.
    pub verbatim_by_chance: f64,
    /// In long verbatim runs.
    pub long_runs: f64,
    /// In order of the other edition that it follows most, less that of the document; `None` where no edition differs.
    pub edition: Option<f64>,
}

/// What a target is found to know of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Knows {
    /// What follows comes back, beyond chance and all controls.
    Recalled,
    /// Where editions differ, it follows another one.
    AnotherEdition,
    /// It does not go on with what every model knows either, or it refuses.
    Withheld,
    /// Everybody is told the same, and it is not the document.
    ConvergentConfabulation,
    /// No more comes back than by chance.
    NotRecalled,
    /// The tests don't decide.
    Undecided,
}

/// How it comes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Manner {
    /// Mostly word for word.
    Verbatim,
    /// In wording that varies.
    InOtherWords,
}

/// Whether one target knows the document, with the evidence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DocumentVerdict {
    /// The target.
    pub target: TargetId,
    /// What it is found to know.
    pub knows: Knows,
    /// How it comes back, where it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manner: Option<Manner>,
    /// Why, in a sentence.
    pub because: String,
    /// Cuts with an answer.
    pub cuts: u64,
    /// Users with an answer.
    pub users: u64,
    /// Share of the reference that came back in order: the mean over cuts and users.
    pub recall: Estimate,
    /// That of the references of other cuts: what comes back by chance.
    pub by_chance: Option<f64>,
    /// The first less the second.
    pub beyond_chance: Estimate,
    /// Share of the reference that came back in verbatim runs.
    pub verbatim: Estimate,
    /// Share that came back in order but not in verbatim runs.
    pub in_other_words: Estimate,
    /// Words before the first departure from the reference: the mean over cuts and users.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prefix_words: Option<Estimate>,
    /// How it comes back: in runs, nearly word for word, with slips, after how many tries.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comes_back: Option<Box<ComesBack>>,
    /// What any of several answers bring.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coverage: Option<CoverageCurve>,
    /// What somebody would guess who knows the document's runs of three words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guessed: Option<f64>,
    /// By permutation of references among cuts: how often chance matches answers and references as well.
    pub match_p: Option<f64>,
    /// Share of answers that were refused, filtered or empty.
    pub withheld: Estimate,
    /// Agreement between users, the mean over cuts.
    pub agreement: Estimate,
    /// Controls in the order of the list of their kinds.
    pub controls: Vec<AgainstControl>,
    /// Other editions, where they differ.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edition: Option<EditionFollowed>,
    /// Share of true continuations chosen among four, where it was to choose.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chosen: Option<Estimate>,
    /// Recall by probe of the suite: how it was asked.
    pub framings: Vec<FramingRecall>,
    /// Other targets, at the cuts and users that both answered.
    pub siblings: Vec<AgainstSibling>,
    /// That it recalls more than every other target: the largest of their p.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unique_p: Option<f64>,
    /// All tests, in the order in which they decide.
    pub tests: Vec<RecallTest>,
    /// Cuts to add, about, until the test that is open would decide; `None` if none is, or no number of cuts would.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub more_cuts: Option<u64>,
    /// How often it was looked at, this time included: every topping up is a look, and each makes the tests stricter.
    pub looks: u64,
}

/// Recall of the document beside that of a control.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AgainstControl {
    /// What kind.
    pub control: Control,
    /// Its cuts with an answer.
    pub cuts: u64,
    /// Share of the control's reference that came back.
    pub recall: Estimate,
    /// Recall of the document less that.
    pub difference: Estimate,
    /// Agreement between users, the mean over its cuts.
    pub agreement: Estimate,
}

/// Whether a target follows another edition.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EditionFollowed {
    /// Cuts at which editions differ.
    pub cuts: u64,
    /// Share of the other edition's reference that came back, less that of the document's.
    pub difference: Estimate,
}

/// Recall by how it was asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FramingRecall {
    /// The group of probes.
    pub group: String,
    /// One of its probes, whose question stands for all.
    pub example: ProbeId,
    /// Words given, where a passage was.
    pub passage_words: u64,
    /// Cuts with an answer.
    pub cuts: u64,
    /// Share of the reference that came back.
    pub recall: Estimate,
}

/// Recall beside another target's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AgainstSibling {
    /// The other target.
    pub target: TargetId,
    /// Cuts at which both answered the same probes.
    pub cuts: u64,
    /// Recall less the other's.
    pub difference: Estimate,
    /// By exchanging the two at each cut.
    pub p: Option<f64>,
}

/// One test of a verdict.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RecallTest {
    /// What is tested, as a sentence that holds if it is met.
    pub says: String,
    /// What was found: a bound, a share or a p.
    pub found: Option<f64>,
    /// On which side of the threshold it must lie.
    pub needed: Needed,
    /// The threshold.
    pub against: f64,
    /// Whether it is met; what was not found is not.
    pub met: bool,
}

/// On which side of a threshold something must lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Needed {
    /// More than it.
    MoreThan,
    /// Less than it.
    LessThan,
}

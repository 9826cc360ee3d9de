//! What the aggregator makes of a run. `summary.json` is this, and a pure function of suite, seed and answers: it holds no times,
//! costs or retries, which stand in [`Operations`].

mod asked;
mod between;
mod comes_back;
mod crossed;
mod error_bars;
mod extraction;
mod group;
mod headline;
mod meaning;
mod mirrored;
mod operations;
mod recall;
mod scales;
mod transcript;

use std::collections::BTreeMap;

pub use mirrored::{
    ByUser, Measure, MirroredMeasure, MirroredPair, MirroredSide, RefusalOverview, UserValues, Verdict,
    WithoutUser,
};

use serde::{Deserialize, Serialize};

pub use asked::{Asked, Ending};
pub use between::{Likeness, TargetGap};
pub use comes_back::{
    AfterTries, AtLength, CameBack, ComesBack, CoverageCurve, Extractability, ExtractableCuts, InMeaning,
    RUNS, SEQUENCES, Tries,
};
pub use crossed::{
    Crossed, FactorLevels, FactorPart, Form, InGeneral, IntervalRule, IntervalRules, LevelAgreement, Units,
};
pub use error_bars::ErrorBars;
pub use extraction::{
    Contained, Converged, Convergence, ExtractedStep, Extraction, Finding, FreshChains, Held, Regrown,
    Stretch, SupportedSentence,
};
pub use group::GroupAgreement;
pub use headline::Headline;
pub use meaning::{
    BorneOut, Cluster, Clusters, ClustersFound, ConsensusWord, Quotations, SaidInstead, UserApart,
};
pub use operations::Operations;
pub use recall::{
    AgainstControl, AgainstSibling, DocumentVerdict, EditionFollowed, FramingRecall, Knows, Manner, Needed,
    RecallByUser, RecallOfUser, RecallScores, RecallTest, Scored, SentenceRecall,
};
pub use scales::ScaleReliability;
pub use transcript::{Transcript, TranscriptAnswer, TranscriptTurn};

use crate::certificate::Certificate;
use crate::{
    Imported, Limits, ProbeId, RunId, Sampling, Scoring, Seed, Target, TargetId, Until, UserId, UserMode,
};

/// All that is known of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// [`crate::OBJECT_FORMAT`] when it was written.
    pub format: u32,
    /// The run.
    pub run: RunId,
    /// The suite's name.
    pub suite: String,
    /// What the suite is for.
    pub description: Option<String>,
    /// BLAKE3 of the suite file.
    pub suite_hash: String,
    /// BLAKE3 of what was asked of whom.
    pub identity: String,
    /// BLAKE3 of the analysis decided beforehand.
    pub analysis_hash: String,
    /// The version of the text normaliser.
    pub normaliser_version: u32,
    /// The version that resolved the suite.
    pub antiphon_version: String,
    /// The seed.
    pub seed: Seed,
    /// How often each user was to ask, over all rounds.
    pub sampling: Sampling,
    /// When a probe had been asked enough; `None` if all were asked alike.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Until>,
    /// How answers became numbers.
    pub scoring: Scoring,
    /// Limits the suite asked for.
    pub limits: Limits,
    /// Who asked.
    pub users: UsersSummary,
    /// Who was asked.
    pub targets: Vec<Target>,
    /// Whether all of it was had.
    pub completeness: Completeness,
    /// One cell per target, probe and turn, in the order of the manifest.
    pub cells: Vec<Cell>,
    /// Agreement between users over all probes of a group, target by target, in the order of the manifest.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<GroupAgreement>,
    /// Agreement across the `scale` probes of each target.
    pub scales: Vec<ScaleReliability>,
    /// The version of the rules for refusal and hedging.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rules_version: Option<u32>,
    /// Each target over all `refusal` probes that say what a good answer does.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refusals: Vec<RefusalOverview>,
    /// Mirrored pairs, target by target, in the order of the manifest.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pairs: Vec<MirroredPair>,
    /// Targets side by side, in the order of the manifest: probe by probe, all pairs of targets.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gaps: Vec<TargetGap>,
    /// Whether each target knows the document, where the suite says by which tests that is decided.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub verdicts: Vec<DocumentVerdict>,
    /// Texts that were grown, in the order of the manifest: probe by probe, target by target.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub extractions: Vec<Extraction>,
    /// What of documents chains came to, target by target.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub regrown: Vec<Regrown>,
    /// Texts that are held against no document, each pair of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub convergence: Vec<Convergence>,
    /// Whether chains come to one text, where the suite looks at that: target by target, group by group.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub converged: Vec<Converged>,
    /// Imported runs: what the mean of each score over all probes is worth, target by target.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub error_bars: BTreeMap<TargetId, Vec<ErrorBars>>,
    /// Where the answers came from, if they were imported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub imported: Option<Imported>,
}

/// Who asked, and of whom the intervals speak.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UsersSummary {
    /// How they came about.
    pub mode: UserMode,
    /// Of whom the intervals speak, as a sentence.
    pub population: String,
    /// How many there are.
    pub users: u64,
    /// How many different combinations of levels they have.
    pub distinct: u64,
    /// Factor → level → users: what really varied between users.
    pub factors: BTreeMap<String, BTreeMap<String, u64>>,
    /// Of whom the second intervals speak, as a sentence, where users were not drawn and something varied between them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_general: Option<String>,
    /// Whether each user's own opaque id was sent along.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub end_user_ids: bool,
}

/// Whether all of it was had.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Completeness {
    /// Whether every planned sample has its final record.
    pub complete: bool,
    /// All targets together.
    pub total: Certificate,
    /// Each target.
    pub targets: BTreeMap<TargetId, Certificate>,
}

/// One target's answers to one turn of one probe.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cell {
    /// Who was asked.
    pub target: TargetId,
    /// What was asked.
    pub probe: ProbeId,
    /// The probe's group.
    pub group: Option<String>,
    /// The probe's kind.
    pub kind: String,
    /// The turn, from 0.
    pub turn: u32,
    /// How many turns the probe has.
    pub turns: u32,
    /// The question of this turn, in the first language, before templates.
    pub question: String,
    /// What became of its samples.
    pub certificate: Certificate,
    /// Share of samples of each kind among all behaviour of the model.
    pub rates: Rates,
    /// Agreement and distribution of labels: one entry for `choice` and `scale`, whose labels mean the same in every language; one
    /// per language for `short`, whose labels are words.
    pub labels: Vec<Labels>,
    /// Agreement of wording, language by language: `open` and `recall`. Never averaged across languages.
    pub wording: Vec<WordingAgreement>,
    /// `recall`: how much of the document came back.
    pub recall: Option<RecallScores>,
    /// The most typical answers, one per language for texts; real samples.
    pub typical: Vec<Exemplar>,
    /// The most deviant answers, the most deviant first.
    pub deviant: Vec<Exemplar>,
    /// Answers of the same meaning, language by language: free text, and `short` answers where the suite says how to compare them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub clusters: Vec<Clusters>,
    /// The users whose answers are farthest from those of the rest, the farthest first, language by language where texts are compared.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub apart: Vec<UserApart>,
    /// What answers quote, language by language, where any does.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub quotations: Vec<Quotations>,
    /// `refusal` and `paired`: what comparisons across cells are made of. It is on its way only; no summary holds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by_user: Option<ByUser>,
    /// `recall`: what the verdict on its document is made of. It is on its way only; no summary holds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recall_by_user: Option<RecallByUser>,
    /// How far its probe was asked, and why no farther; `None` if all were asked alike.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<Asked>,
    /// Imported runs: what the mean of each score is worth.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub error_bars: Vec<ErrorBars>,
}

/// A number with its 95 % interval. What is undefined is absent, and `note` says why.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// The estimate, never clipped.
    pub value: Option<f64>,
    /// Lower end of the interval.
    pub low: Option<f64>,
    /// Upper end of the interval.
    pub high: Option<f64>,
    /// Why something is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// Shares among the samples that say something about the model.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Rates {
    /// Refused, by the provider's word.
    pub refused: Estimate,
    /// Refused, filtered or empty.
    pub non_answer: Estimate,
    /// Cut off at the token limit.
    pub truncated: Estimate,
    /// Refused, by rule or by the provider's word. Those that the rule leaves undecided are not among them. Absent for `recall`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused_by_rule: Option<Estimate>,
    /// Of which the rule cannot tell whether they refuse.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusal_undecided: Option<Estimate>,
    /// Named one of the names that the probe looks for; absent where it looks for none. Answers without a text name nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mentioned: Option<Estimate>,
    /// Hedged by rule, among those with a text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hedged: Option<Estimate>,
    /// Of which the rule cannot tell whether they hedge, among those with a text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hedging_undecided: Option<Estimate>,
}

/// Agreement at three levels: the probability that two answers are alike (labels), or their mean similarity (wording).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Agreement {
    /// A_W: two answers of the same session.
    pub within_session: Estimate,
    /// A_S: two sessions of the same user.
    pub between_sessions: Estimate,
    /// A_B: two users. The headline.
    pub between_users: Estimate,
    /// 1 - A_W: disagreement by sampling alone.
    pub sampling_part: Option<f64>,
    /// A_W - A_S: disagreement that sessions add.
    pub session_part: Option<f64>,
    /// A_S - A_B: disagreement that users add.
    pub user_part: Option<f64>,
    /// (A_S - A_B) / (1 - A_B).
    pub rho_user: Option<f64>,
    /// (A_W - A_B) / (1 - A_B).
    pub rho_session: Option<f64>,
    /// Users with an answer.
    pub users: u64,
    /// Sessions with an answer.
    pub sessions: u64,
    /// Answers.
    pub samples: u64,
    /// How many pairs were compared, if they were a sample of all.
    pub sampled_pairs: Option<u64>,
    /// Which rule gave which interval.
    #[serde(default, skip_serializing_if = "IntervalRules::is_empty")]
    pub rules: IntervalRules,
}

/// Labels of a cell. A refusal, a filtered and an empty answer are labels too (rule R4).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Labels {
    /// The language, where labels are words of one.
    pub language: Option<String>,
    /// Agreement of labels.
    pub agreement: Agreement,
    /// All labels, the most frequent first; among equals in order of the label.
    pub distribution: Vec<LabelShare>,
    /// The most frequent label; all of them on a tie.
    pub mode: Vec<String>,
    /// Its share.
    pub mode_share: Estimate,
    /// Probability that two samples agree, wherever they come from (Simpson).
    pub collision: Option<f64>,
    /// `short`: the same of answers as they were written, before normalising. Far below `collision`, it is the normaliser that makes
    /// them agree.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raw_collision: Option<f64>,
    /// 1 / collision.
    pub effective_answers: Option<f64>,
    /// Entropy between users in nats, by Chao, Wang and Jost over thinnings to one sample per user.
    pub entropy: Estimate,
    /// `scale`: the mean number, one weight per user.
    pub mean: Option<Estimate>,
    /// What varied between users, and what it has to do with their agreement; absent where nothing varied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crossed: Option<Crossed>,
}

/// One label.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LabelShare {
    /// The option, number, normalised text, or a non-answer in parentheses.
    pub label: String,
    /// Samples with it.
    pub count: u64,
    /// Its share, one weight per user.
    pub share: Estimate,
}

/// Agreement of wording in one language.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WordingAgreement {
    /// The language.
    pub language: String,
    /// ROUGE-L F1 of pairs of which both are answers.
    pub answered: Agreement,
    /// The same, with an answer and a non-answer differing wholly, and two non-answers agreeing (rule R4).
    pub all: Agreement,
    /// What most answers say, word by word: a summary that nobody may have given as a whole. Empty where nothing was answered, where
    /// most say nothing at any place, or where answers are too many and too long to be put to the vote.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub consensus: Vec<ConsensusWord>,
    /// The mean agreement over the words of the consensus.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consensus_agreement: Option<Estimate>,
    /// What some say after its last word.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub consensus_after: Vec<SaidInstead>,
    /// What varied between users, and what it has to do with `answered`; absent where nothing varied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crossed: Option<Crossed>,
}

/// A real sample, quoted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Exemplar {
    /// Its user.
    pub user: UserId,
    /// Its session.
    pub session: u32,
    /// Its repeat.
    pub repeat: u32,
    /// Its language.
    pub language: String,
    /// Its text.
    pub text: String,
    /// What it comes to, where answers are labels: options are shown in another order in each session, so the text alone says nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Mean similarity to the others, users weighted equally.
    pub similarity: Option<f64>,
    /// Factor → level of its user.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub levels: BTreeMap<String, String>,
    /// How well the other answers bear out each of its sentences; of the most typical texts only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sentences: Vec<BorneOut>,
}

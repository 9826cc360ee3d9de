//! The manifest: a suite resolved for one run. Workers and aggregators need nothing else but the rounds.

mod chain;
mod clustering;
mod cut;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::suite::{Expect, Margins, Policy};
use crate::{Limits, PoolId, ProbeId, Reach, RunId, Seed, Target, Until, UserId};

pub use chain::{Chain, ChainDocument, ConvergenceRules};
pub use clustering::{Clustering, Vectors};
pub use cut::{Continues, Cue, Cut, Edition, RecallRules};

/// A language tag, such as `en`.
pub type Language = String;

/// A suite resolved for one run; written once, before anything else of the run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// [`crate::OBJECT_FORMAT`] when it was written.
    pub format: u32,
    /// The run.
    pub run: RunId,
    /// The suite's name.
    pub suite: String,
    /// What the suite is for, in its author's words.
    pub description: Option<String>,
    /// BLAKE3 of the suite file.
    pub suite_hash: String,
    /// BLAKE3 of what is asked of whom: two runs with the same identity may be compared sample by sample, and one
    /// can be extended by the other's command. Numbers of sessions, budgets and limits are not part of it.
    pub identity: String,
    /// BLAKE3 of the analysis that was decided beforehand: the scoring rules, the version of the normaliser, and the policy if there is one.
    pub analysis_hash: String,
    /// The seed of everything random.
    pub seed: Seed,
    /// The language of the suite's plain texts; labels are named in it.
    pub language: Language,
    /// Models under test.
    pub targets: Vec<Target>,
    /// Who asks, and of whom the intervals speak.
    pub users: UserDesign,
    /// What is asked.
    pub probes: Vec<Probe>,
    /// How often.
    pub sampling: Sampling,
    /// When a probe has been asked enough; `None` if all are asked alike.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Until>,
    /// How answers become numbers.
    pub scoring: Scoring,
    /// By which the run is judged against a baseline, where the suite says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<Policy>,
    /// Limits that the suite asks for, for every pool.
    pub limits: Limits,
    /// Which providers may see what is asked; every rule binds every target. Empty where the suite has no rule.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub egress: Vec<Egress>,
    /// Most dollars to spend.
    pub budget_dollars: Option<f64>,
    /// About how many sessions a job has.
    pub sessions_per_job: u32,
    /// How many probes share a block.
    pub probes_per_block: u32,
    /// The version that resolved the suite.
    pub antiphon_version: String,
    /// Texts that chains are held against, by their hash.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub documents: BTreeMap<String, String>,
    /// Where the answers came from, if they were imported: then nobody is ever called for the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub imported: Option<Imported>,
}

impl Manifest {
    /// The target of that id.
    #[must_use]
    pub fn target(&self, id: &crate::TargetId) -> Option<&Target> {
        self.targets.iter().find(|target| target.id == *id)
    }

    /// Whether the configuration's provider of that name may see what is asked.
    #[must_use]
    pub fn may_see(&self, provider: &str) -> bool {
        self.egress.iter().all(|rule| rule.allows(provider))
    }

    /// The wording in which labels are named: that of the suite's own language.
    ///
    /// # Panics
    /// If the probe has no wording, which `resolve` refuses.
    #[must_use]
    pub fn own_wording<'a>(&self, probe: &'a Probe) -> &'a Wording {
        let own = probe.wordings.get(&self.language).or_else(|| probe.wordings.values().next());
        own.expect("a resolved probe has at least one wording")
    }

    /// How far every probe is asked, unless somebody wants something else.
    #[must_use]
    pub fn base(&self) -> Reach {
        let all = u32::try_from(self.users.users.len()).expect("at most a million users");
        let fixed = Reach { users: all, sessions: self.sampling.sessions };
        self.until.as_ref().map_or(fixed, Until::first)
    }

    /// How far a probe is asked at most, unless somebody wants more.
    #[must_use]
    pub fn most(&self) -> Reach {
        self.until.as_ref().map_or_else(|| self.base(), Until::last)
    }

    /// The pools in use, in the order of the targets.
    #[must_use]
    pub fn pools(&self) -> Vec<PoolId> {
        let mut pools: Vec<PoolId> = Vec::new();
        for target in &self.targets {
            if !pools.contains(&target.pool) {
                pools.push(target.pool.clone());
            }
        }
        pools
    }
}

/// Where imported answers came from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Imported {
    /// The files, in the order in which they were read.
    pub files: Vec<ImportedFile>,
    /// Field → what it was taken from, in words.
    pub mapping: BTreeMap<String, String>,
    /// Whether the files say who asked. If not, all answers stand as those of one user.
    pub users_known: bool,
}

/// A file that was imported.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ImportedFile {
    /// Its name, without folders.
    pub name: String,
    /// BLAKE3 of its bytes.
    pub hash: String,
    /// Its rows: samples of an Inspect log, lines, records.
    pub rows: u64,
    /// Standard errors that the file itself states, by target, score and metric.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stated: Vec<StatedError>,
}

/// A standard error as a log states it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StatedError {
    /// Of which target.
    pub target: crate::TargetId,
    /// Of the mean of which score.
    pub score: String,
    /// The error.
    pub stderr: f64,
}

/// A rule about who may see what is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Egress {
    /// Where it stands in the suite, such as `egress` or `probes[3].egress (charter)`.
    pub rule: String,
    /// The providers that may, by their names in the configuration.
    pub providers: Vec<String>,
}

impl Egress {
    /// Whether the provider may see it.
    #[must_use]
    pub fn allows(&self, provider: &str) -> bool {
        self.providers.iter().any(|allowed| allowed == provider)
    }
}

/// How often each user asks each probe of each target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sampling {
    /// Sessions of a user.
    pub sessions: u32,
    /// Answers from each history, at least 1.
    pub repeats: u32,
}

/// How answers become numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Scoring {
    /// Whether upper and lower case count as the same.
    pub casefold: bool,
    /// Up to so many different texts of a cell all pairs are compared; beyond, a sample of pairs.
    pub exact_pairs_up_to: u32,
    /// Differences between mirrored sides that do not matter; absent where no probe is `paired`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub margins: Option<Margins>,
    /// Which answers mean the same. If absent: free text by wording, short answers by their label.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clusters: Option<Clustering>,
    /// By which tests it is decided whether a target knows a document; absent where nothing is decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recall: Option<RecallRules>,
    /// When chains converge; absent where that is not looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub convergence: Option<ConvergenceRules>,
}

/// The users of a run, and how they came about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserDesign {
    /// How they came about; it decides of whom the intervals speak.
    pub mode: UserMode,
    /// The users.
    pub users: Vec<User>,
}

/// How users came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UserMode {
    /// Drawn independently from pools: intervals speak of all users of those pools.
    Drawn,
    /// Every combination of the levels: they share levels, so intervals speak of these users only.
    Grid,
    /// Written out: intervals speak of these users only.
    Listed,
}

/// A simulated caller.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// Its name in keys.
    pub id: UserId,
    /// The language it asks in.
    pub language: Language,
    /// Level id and template of its system prompt.
    pub system: Option<Level>,
    /// Level id and template of its persona.
    pub persona: Option<Level>,
    /// Level id and template of the way it words a question; `question` is the probe's prompt.
    pub wording: Option<Level>,
    /// An opaque id that is sent along, where the provider takes one.
    pub end_user_id: Option<String>,
}

/// A level of a factor: its name and its text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Level {
    /// Its name in the suite.
    pub id: String,
    /// The template.
    pub text: String,
}

impl User {
    /// Factor → level id, for all that varies between users.
    #[must_use]
    pub fn levels(&self) -> BTreeMap<&'static str, &str> {
        let mut levels = BTreeMap::from([("language", self.language.as_str())]);
        for (factor, level) in
            [("system prompt", &self.system), ("persona", &self.persona), ("wording", &self.wording)]
        {
            if let Some(level) = level {
                levels.insert(factor, &level.id);
            }
        }
        levels
    }
}

/// One thing to ask.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Probe {
    /// Its name in keys.
    pub id: ProbeId,
    /// Probes that belong together in the report.
    pub group: Option<String>,
    /// What is asked, language by language. A probe from a data set has a single entry, and it is asked so in whatever language.
    pub wordings: BTreeMap<Language, Wording>,
    /// How the answer is taken.
    pub kind: ProbeKind,
    /// `choice`: the first option is how a document goes on, and the others are like it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub continues: Option<Continues>,
    /// Names that are looked for in the answers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mentions: Vec<String>,
}

/// The text of a probe in one language.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wording {
    /// The user's turns.
    pub turns: Vec<String>,
    /// Whether the turns are templates. Text from a data set is data, never a template.
    pub template: bool,
    /// `choice`: the options, in the suite's order.
    pub options: Vec<String>,
    /// `choice` and `scale`: how to answer.
    pub instruction: Option<String>,
    /// The turns are all that was said, word for word: nothing is added, and options stand in their own order. So are imported prompts.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub verbatim: bool,
}

/// How the answer is taken.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProbeKind {
    /// Free text, compared as wording.
    Open,
    /// A short free answer, compared as a label after normalising.
    Short,
    /// One of the options, shown in an order shuffled per session and mapped back.
    Choice,
    /// A whole number in a range.
    Scale {
        /// The least.
        from: i32,
        /// The greatest.
        to: i32,
    },
    /// A passage of a document, to be continued.
    Recall(Cut),
    /// Free text of which it matters whether it is a refusal.
    Refusal {
        /// What a good answer does, where the suite says it.
        expect: Option<Expect>,
    },
    /// One side of two mirrored prompts.
    Paired(Side),
    /// A text that is grown step by step.
    Extract(Chain),
}

/// A side of a mirrored pair. The pair is the two probes with its topic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Side {
    /// The pair's name, unique in the suite.
    pub topic: String,
    /// Whether this is side b; differences are a minus b.
    pub is_b: bool,
    /// The side's name in the report.
    pub name: String,
}

impl ProbeKind {
    /// Its name in the suite and the report.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Short => "short",
            Self::Choice => "choice",
            Self::Scale { .. } => "scale",
            Self::Recall(_) => "recall",
            Self::Refusal { .. } => "refusal",
            Self::Paired(_) => "paired",
            Self::Extract(_) => "extract",
        }
    }
}

impl Probe {
    /// How many turns the user has; at least 1.
    #[must_use]
    pub fn turns(&self) -> usize {
        self.wordings.values().next().map_or(0, |wording| wording.turns.len())
    }

    /// Its chain, if it grows a text.
    #[must_use]
    pub fn chain(&self) -> Option<&Chain> {
        match &self.kind {
            ProbeKind::Extract(chain) => Some(chain),
            _ => None,
        }
    }
}

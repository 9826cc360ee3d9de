//! The words of Antiphon as types. Everybody speaks them: code, config, store, report.
//!
//! | word | here |
//! |---|---|
//! | suite | [`suite::Suite`]: what a user writes |
//! | manifest | [`Manifest`]: a suite resolved for one run; everything a worker needs |
//! | target, probe, user | [`Target`], [`Probe`], [`User`] |
//! | session, sample | [`SessionKey`], [`SampleKey`], [`Sample`] |
//! | round, block, job | [`Round`], [`plan::Plan`], [`Job`] |
//! | chain, step | [`Chain`], [`Step`], [`Grown`]: a text that grows by what samples agree on |
//! | submission | [`Submission`]: a run that a fleet is asked to work on |
//! | voice, beat | [`VoiceId`], [`Beat`]: how workers share the limits of a pool |
//! | summary | [`summary::Summary`]: what the aggregator makes of a run |
//!
//! No I/O, no clock, no randomness that is not drawn from a written seed, no tokio.

pub mod certificate;
mod chain;
mod choir;
mod comparison;
pub mod document;
mod draw_users;
mod format;
mod history;
mod ids;
mod job;
pub mod keys;
mod manifest;
mod nearest;
pub mod plan;
mod preface;
pub mod prompt;
mod resolve;
mod round;
mod sample;
mod seed;
mod submission;
pub mod suite;
pub mod summary;
mod target;
mod until;
mod vectors;

pub use chain::{Branch, ChainEnd, Chunk, Grown, GrownWord, Step, may_refuse};
pub use choir::{Beat, ChoirMessage, Hush, VoiceId};
pub use comparison::{
    Baseline, Change, ComparedRun, ComparedTarget, Comparison, Finding, ProviderSeen, RunVerdict, Uncompared,
    UncomparedVerdict,
};
pub use format::{FormatError, OBJECT_FORMAT, check_format};
pub use history::{History, HistoryNight, HistoryPoint, HistorySeries};
pub use ids::{BlockId, IdError, JobId, PoolId, ProbeId, RunId, TargetId, UserId};
pub use job::{AGGREGATE, Call, Event, Job, JobTally};
pub use manifest::{
    Chain, ChainDocument, Clustering, Continues, ConvergenceRules, Cue, Cut, Edition, Egress, Imported,
    ImportedFile, Language, Level, Manifest, Probe, ProbeKind, RecallRules, Sampling, Scoring, Side,
    StatedError, User, UserDesign, UserMode, Vectors, Wording,
};
pub use nearest::{instead, nearest};
pub use preface::without_preface;
pub use resolve::{
    Assets, CatalogueTarget, Dataset, Problem, Resolved, SESSIONS_PER_JOB, TargetCatalogue, analysis_hash,
    resolve,
};
pub use round::{
    Import, ImportedBlock, ImportedCell, MOST_SAMPLES, Redo, RetrySession, Round, RoundKind, Selection,
};
pub use sample::{
    Billing, FailureKind, Logged, Outcome, OutcomeClass, ResultObject, Sample, SampleKey, SessionKey, Usage,
};
pub use seed::Seed;
pub use submission::{Cancelled, Duplicate, Requeued, Submission};
pub use target::{Card, Dialect, Limits, Price, Provider, SamplingParameters, SeedPolicy, Target};
pub use until::{Growth, Reach, Seen, Until};
pub use vectors::{VectorObject, text_hash};

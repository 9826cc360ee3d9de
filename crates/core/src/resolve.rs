//! From a suite to a manifest: every name looked up, every data set and document cut into probes, every mistake named.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::manifest::{Egress, Manifest, Probe, Sampling, Scoring};
use crate::prompt;
use crate::suite::{Lines, Suite, SuiteTarget};
use crate::{
    Card, ConvergenceRules, Dialect, Limits, MOST_SAMPLES, OBJECT_FORMAT, PoolId, Price, Provider, RunId,
    SamplingParameters, Seed, Selection, Target, TargetId, UserDesign, draw_users, nearest,
};

mod chains;
mod clusters;
mod egress;
mod hashes;
mod policy;
pub(crate) mod probes;
mod recall;
mod until;
mod warnings;

pub use hashes::analysis_hash;
use hashes::hash_of;

/// Tokens of an answer where the suite does not say.
const DEFAULT_MAX_TOKENS: u32 = 1024;
/// Sessions of a job: enough to fill a request's overhead, few enough to lose little in a crash.
pub const SESSIONS_PER_JOB: u32 = 50;

/// What the operator's config knows of targets and pools.
#[derive(Debug, Clone, Default)]
pub struct TargetCatalogue {
    /// Alias → target.
    pub targets: BTreeMap<String, CatalogueTarget>,
    /// Pool → limits.
    pub pools: BTreeMap<PoolId, Limits>,
}

/// A target as the operator's config describes it.
#[derive(Debug, Clone)]
pub struct CatalogueTarget {
    /// The API.
    pub provider: Provider,
    /// The configuration's own name for where it is reached: what `egress` speaks of.
    pub provider_name: String,
    /// How an OpenAI-compatible server differs.
    pub dialect: Option<Dialect>,
    /// The provider's name of the model.
    pub model: String,
    /// What it accepts.
    pub card: Card,
    /// What it costs.
    pub price: Option<Price>,
    /// Whose limits it shares.
    pub pool: PoolId,
}

/// Files that a suite refers to, by the path it uses.
#[derive(Debug, Clone, Default)]
pub struct Assets {
    /// Documents.
    pub documents: BTreeMap<String, String>,
    /// Data sets.
    pub datasets: BTreeMap<String, Dataset>,
    /// BLAKE3 of files of word vectors.
    pub vectors: BTreeMap<String, String>,
}

/// A data set as text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Dataset {
    /// Names of the columns.
    pub columns: Vec<String>,
    /// Rows, each as long as `columns`; `None` where a value is missing.
    pub rows: Vec<Vec<Option<String>>>,
}

/// What is wrong with a suite, where, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Line in the suite, from 1, if known.
    pub line: Option<u64>,
    /// The field, such as `probes[3].options`.
    pub field: String,
    /// What is wrong and what to do.
    pub message: String,
}

impl Problem {
    pub(crate) fn at(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { line: None, field: field.into(), message: message.into() }
    }

    fn on(mut self, line: Option<u64>) -> Self {
        self.line = self.line.or(line);
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(f, "line {line}: ")?;
        }
        write!(f, "{}: {}", self.field, self.message)
    }
}

/// A suite resolved.
#[derive(Debug, Clone)]
pub struct Resolved {
    /// The manifest of the run.
    pub manifest: Manifest,
    /// What is odd but no error.
    pub warnings: Vec<String>,
}

/// Resolves a suite. `run` names the run; without it the run is named after the suite and its identity, so that the
/// same command resumes.
///
/// # Errors
/// Every problem found, not only the first.
pub fn resolve(
    text: &str,
    suite: &Suite,
    catalogue: &TargetCatalogue,
    assets: &Assets,
    run: Option<RunId>,
) -> Result<Resolved, Vec<Problem>> {
    let lines = Lines::of(text);
    let line = |items: &[serde_saphyr::Spanned<serde::de::IgnoredAny>], index: usize| {
        items.get(index).map(|item| item.referenced.line())
    };
    let mut problems = Vec::new();
    check_head(suite, &mut problems);

    let egress = egress::rules(suite);
    let mut targets: Vec<Target> = Vec::new();
    for (index, wanted) in suite.targets.iter().enumerate() {
        match target(index, wanted, catalogue, &egress) {
            Ok(target) if targets.iter().any(|other| other.id == target.id) => problems.push(
                Problem::at(
                    format!("targets[{index}]"),
                    format!("the target {} stands twice; give one of them another `id`", target.id),
                )
                .on(line(&lines.targets, index)),
            ),
            Ok(target) => targets.push(target),
            Err(problem) => problems.push(problem.on(line(&lines.targets, index))),
        }
    }
    let clusters =
        clusters::rule(suite, catalogue, assets, &egress).map_err(|problem| problems.push(problem)).ok();
    let users = draw_users::design(suite).map_err(|problem| problems.push(problem)).ok();
    let mut all_probes: Vec<Probe> = Vec::new();
    let mut ids = BTreeSet::new();
    for (index, written) in suite.probes.iter().enumerate() {
        let line = line(&lines.probes, index);
        match probes::expand(index, written, suite, assets) {
            Ok(expanded) => {
                for probe in expanded {
                    if ids.insert(probe.id.clone()) {
                        all_probes.push(probe);
                    } else {
                        let message = format!("the probe id {} stands twice; ids must differ", probe.id);
                        problems.push(Problem::at(format!("probes[{index}]"), message).on(line));
                    }
                }
            }
            Err(problem) => problems.push(problem.on(line)),
        }
    }
    let (Some(users), Some(clusters), true) = (users, clusters, problems.is_empty()) else {
        return Err(problems);
    };
    let convergence = check_together(suite, &users, &mut all_probes).map_err(|problem| vec![problem])?;
    let recall = recall::rules(suite, assets, &targets, &all_probes).map_err(|problem| vec![problem])?;
    let paired = all_probes.iter().any(|probe| matches!(probe.kind, crate::ProbeKind::Paired(_)));
    let until = until::rule(suite, &users).map_err(|problem| vec![problem])?;
    // Blocks hold as many probes as they can when all is asked that may be, so that growing leaves them as they are.
    let most = until.as_ref().map_or(suite.sampling.sessions, |until| until.last().sessions);
    let per_probe = u64::from(most) * users.users.len() as u64;
    let probes_per_block = (u64::from(SESSIONS_PER_JOB) / per_probe.max(1)).max(1);
    let mut manifest = Manifest {
        format: OBJECT_FORMAT,
        run: RunId::new("unnamed").expect("letters"),
        suite: suite.name.clone(),
        description: suite.description.clone(),
        suite_hash: blake3::hash(text.as_bytes()).to_hex().to_string(),
        identity: String::new(),
        analysis_hash: String::new(),
        seed: Seed(suite.seed),
        language: suite.language.clone(),
        targets,
        users,
        documents: chains::documents(&all_probes, assets),
        probes: all_probes,
        sampling: Sampling { sessions: suite.sampling.sessions, repeats: suite.sampling.repeats },
        until,
        scoring: Scoring {
            casefold: suite.scoring.casefold,
            exact_pairs_up_to: suite.scoring.exact_pairs_up_to,
            margins: paired.then(|| suite.scoring.margins.unwrap_or_default()),
            clusters,
            recall,
            convergence,
        },
        policy: suite.policy.clone(),
        limits: suite.limits.clone(),
        egress,
        budget_dollars: suite.budget.map(|budget| budget.dollars),
        sessions_per_job: SESSIONS_PER_JOB,
        probes_per_block: u32::try_from(probes_per_block).unwrap_or(SESSIONS_PER_JOB),
        antiphon_version: env!("CARGO_PKG_VERSION").to_owned(),
        imported: None,
    };
    name(&mut manifest, run).map_err(|problem| vec![problem])?;
    check_samples(&manifest).map_err(|problem| vec![problem])?;
    prompt::check(&manifest, catalogue).map_err(|problem| vec![problem])?;
    let warnings = warnings::of(&manifest, catalogue);
    Ok(Resolved { manifest, warnings })
}

/// What only all probes and users together can get wrong.
fn check_together(
    suite: &Suite,
    users: &UserDesign,
    probes: &mut [Probe],
) -> Result<Option<ConvergenceRules>, Problem> {
    probes::check_languages(users, probes)?;
    policy::check(suite, probes)?;
    chains::check(suite, users, probes)
}

fn check_head(suite: &Suite, problems: &mut Vec<Problem>) {
    let mut refuse = |field: &str, message: &str| problems.push(Problem::at(field, message));
    if suite.version != 1 {
        refuse(
            "version",
            &format!("this antiphon reads version 1 of the suite format, not {}", suite.version),
        );
    }
    if suite.targets.is_empty() {
        refuse("targets", "no target is named; add at least `- alias: NAME`");
    }
    if suite.probes.is_empty() {
        refuse("probes", "there is no probe; nothing would be asked");
    }
    if suite.sampling.sessions == 0 {
        refuse("sampling.sessions", "zero sessions ask nothing; use 1 or more");
    }
    if suite.sampling.repeats == 0 {
        refuse("sampling.repeats", "zero repeats ask nothing; use 1 or more");
    }
    if suite.scoring.exact_pairs_up_to < 2 {
        refuse("scoring.exact_pairs_up_to", "a pair has two samples; use 2 or more");
    }
    if let Some((field, message)) = suite.scoring.margins.and_then(crate::suite::Margins::problem) {
        refuse(field, message);
    }
    if suite.budget.is_some_and(|budget| !(budget.dollars > 0.0 && budget.dollars.is_finite())) {
        refuse("budget.dollars", "a budget is a positive number of dollars");
    }
    for (limit, value) in [
        ("requests_per_minute", suite.limits.requests_per_minute),
        ("burst", suite.limits.burst),
        ("input_tokens_per_minute", suite.limits.input_tokens_per_minute),
        ("output_tokens_per_minute", suite.limits.output_tokens_per_minute),
        ("concurrency", suite.limits.concurrency),
    ] {
        if value == Some(0) {
            refuse(&format!("limits.{limit}"), "a limit of 0 lets nothing through; leave it out or raise it");
        }
    }
}

fn check_samples(manifest: &Manifest) -> Result<(), Problem> {
    let most = manifest.most();
    let all = Selection {
        targets: manifest.targets.iter().map(|target| target.id.clone()).collect(),
        probes: None,
        users: most.users,
        sessions: most.sessions,
    };
    let samples = all.samples(manifest).saturating_mul(chains::most_steps(&manifest.probes));
    if samples <= MOST_SAMPLES {
        return Ok(());
    }
    let message = format!(
        "targets × probes × turns × users × sessions × repeats come to {samples} samples; a run holds at most \
         {MOST_SAMPLES}, so lower `sessions`, `repeats`, the number of users, or `max_steps` of chains"
    );
    Err(Problem::at("sampling", message))
}

fn target(
    index: usize,
    wanted: &SuiteTarget,
    catalogue: &TargetCatalogue,
    egress: &[Egress],
) -> Result<Target, Problem> {
    let field = format!("targets[{index}]");
    let Some(known) = catalogue.targets.get(&wanted.alias) else {
        let names = catalogue.targets.keys().map(String::as_str);
        let hint = match nearest(&wanted.alias, names.clone()) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None if catalogue.targets.is_empty() => {
                "the configuration has no targets; see `antiphon init`".to_owned()
            }
            None => format!("the configuration has {}", names.collect::<Vec<_>>().join(", ")),
        };
        return Err(Problem::at(
            field + ".alias",
            format!("unknown target alias `{}`; {hint}", wanted.alias),
        ));
    };
    egress::check(&field, &wanted.alias, known, egress)?;
    let id = TargetId::new(wanted.id.clone().unwrap_or_else(|| wanted.alias.clone()))
        .map_err(|error| Problem::at(format!("{field}.id"), error.to_string()))?;
    let in_range = |name: &str, value: Option<f64>, most: f64| match value {
        Some(value) if !(0.0..=most).contains(&value) => {
            Err(Problem::at(format!("{field}.{name}"), format!("{value} is not between 0 and {most}")))
        }
        _ => Ok(()),
    };
    in_range("temperature", wanted.temperature, 2.0)?;
    in_range("top_p", wanted.top_p, 1.0)?;
    if wanted.max_tokens == Some(0) {
        return Err(Problem::at(field + ".max_tokens", "0 tokens leave no room for an answer"));
    }
    Ok(Target {
        id,
        alias: wanted.alias.clone(),
        provider: known.provider,
        dialect: known.dialect,
        model: known.model.clone(),
        parameters: SamplingParameters {
            temperature: wanted.temperature,
            top_p: wanted.top_p,
            top_k: wanted.top_k,
            max_tokens: wanted.max_tokens.unwrap_or(DEFAULT_MAX_TOKENS),
            seed: wanted.seed,
            stop: wanted.stop.clone(),
        },
        card: known.card,
        price: known.price,
        pool: known.pool.clone(),
    })
}

/// Fills in the hashes and the run's name.
fn name(manifest: &mut Manifest, run: Option<RunId>) -> Result<(), Problem> {
    let effective: Vec<_> = manifest
        .targets
        .iter()
        .map(|target| {
            (&target.id, target.provider, target.dialect, &target.model, &target.parameters, &target.card)
        })
        .collect();
    let asked = (effective, &manifest.users, &manifest.probes, manifest.sampling.repeats, manifest.seed);
    manifest.identity = until::identity(&asked, manifest.until.as_ref());
    manifest.analysis_hash = analysis_hash(&manifest.scoring, manifest.policy.as_ref());
    manifest.run = match run {
        Some(run) => run,
        None => RunId::new(format!("{}-{}", manifest.suite, &manifest.identity[..8]))
            .map_err(|error| Problem::at("name", error.to_string()))?,
    };
    Ok(())
}

//! A run as logs of Inspect, one per target: a probe is a sample, and every session or repeat of it an epoch.

mod sample;
mod writer;

use std::collections::BTreeMap;
use std::path::Path;

use antiphon_core::plan::Plan;
use antiphon_core::prompt::Prompter;
use antiphon_core::{Manifest, Probe, Provider, Round, Sample, Target, User};
use antiphon_store::Store;
use serde_json::{Value, json};

use crate::ExchangeError;
use sample::{Conversation, Names};
use writer::LogWriter;

/// Which of Inspect's two forms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// A zip file with an entry per sample.
    Eval,
    /// One JSON object.
    Json,
}

impl LogFormat {
    /// By a file's ending.
    #[must_use]
    pub fn of(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()? {
            "eval" => Some(Self::Eval),
            "json" => Some(Self::Json),
            _ => None,
        }
    }
}

/// What an export works with.
#[derive(Clone, Copy)]
pub struct ExportParts<'a> {
    /// The truth.
    pub store: &'a Store,
    /// The run's manifest.
    pub manifest: &'a Manifest,
    /// Its rounds.
    pub rounds: &'a [Round],
    /// The label of a sample, where it comes to one.
    pub label: &'a dyn Fn(&Prompter, &Probe, &User, &Sample) -> Option<String>,
}

impl std::fmt::Debug for ExportParts<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ExportParts").field("run", &self.manifest.run).finish_non_exhaustive()
    }
}

/// Sums of what was written.
#[derive(Debug, Default)]
struct Sums {
    samples: u64,
    failed: u64,
    first_ms: Option<u64>,
    epochs: u64,
    ids: Vec<String>,
    /// Score → sum and number.
    scores: BTreeMap<String, (f64, u64)>,
}

/// Writes the log of a target to `to`, block by block. Gives the number of its samples.
///
/// # Errors
/// If the store or the file fails. What is at `to` then is not whole.
pub async fn export_log(
    parts: ExportParts<'_>,
    target: &Target,
    format: LogFormat,
    to: &Path,
) -> Result<u64, ExchangeError> {
    let plan = Plan::new(parts.manifest, parts.rounds);
    let asks_each = parts.store.lacks_a_few_results(&plan).await?;
    let names = Names::of(parts.manifest);
    let prompter = Prompter::new(parts.manifest.seed);
    let mut writer = LogWriter::create(to, format)?;
    let mut sums = Sums::default();
    let mut stored = 0;
    for block in 0..plan.blocks() {
        let jobs = parts.store.block_results(&plan, target, block, asks_each).await?;
        let block = Plan::block_id(block);
        let run = &parts.manifest.run;
        let standing = parts.store.standing_samples(run, (&target.id, &block), jobs, |sample| {
            sample.request = None;
            true
        });
        let standing = standing.await?;
        stored += standing.len() as u64;
        for (probe, conversations) in sample::conversations(standing, &names) {
            let probe = &parts.manifest.probes[probe];
            sums.ids.push(probe.id.to_string());
            for (epoch, conversation) in (1..).zip(conversations) {
                let Conversation { user, .. } = conversation;
                let user = &parts.manifest.users.users[user];
                let label = |sample: &Sample| (parts.label)(&prompter, probe, user, sample);
                let passage = plan.passage(&target.id, probe, conversation.last().session);
                let prompts = (&prompter, passage);
                let written = sample::write(&conversation, (target, probe, user), prompts, &label, epoch);
                count(&mut sums, &written, conversation.last(), epoch);
                writer.sample(&written)?;
            }
        }
    }
    let planned: u64 =
        (0..parts.manifest.probes.len()).map(|probe| plan.planned_samples(&target.id, probe)).sum();
    writer.finish(&header(parts.manifest, target, &sums, stored == planned))?;
    Ok(sums.samples)
}

fn count(sums: &mut Sums, written: &Value, last: &Sample, epoch: u64) {
    sums.samples += 1;
    sums.failed += u64::from(!written["error"].is_null());
    sums.epochs = sums.epochs.max(epoch);
    if last.started_ms > 0 {
        let first = sums.first_ms.get_or_insert(last.started_ms);
        *first = last.started_ms.min(*first);
    }
    for (name, score) in last.logged.iter().flat_map(|logged| &logged.scores) {
        let sum = sums.scores.entry(name.clone()).or_default();
        *sum = (sum.0 + score, sum.1 + 1);
    }
}

/// All but the samples.
fn header(manifest: &Manifest, target: &Target, sums: &Sums, is_whole: bool) -> Value {
    let created = sample::stamp(sums.first_ms.unwrap_or(0));
    let parameters = &target.parameters;
    let mut config = serde_json::Map::new();
    let mut set = |name: &str, value: Option<Value>| value.map(|value| config.insert(name.to_owned(), value));
    set("temperature", parameters.temperature.map(Value::from));
    set("top_p", parameters.top_p.map(Value::from));
    set("top_k", parameters.top_k.map(Value::from));
    set("max_tokens", (parameters.max_tokens > 0).then(|| parameters.max_tokens.into()));
    let id = format!("{}-{}", manifest.run, target.id);
    #[expect(clippy::cast_precision_loss, reason = "counts of samples are far below 2^53")]
    let score = |(name, (sum, number)): (&String, &(f64, u64))| {
        let mean = json!({"name": "mean", "value": sum / *number as f64, "params": {}});
        json!({
            "name": name, "scorer": name, "params": {}, "metrics": {"mean": mean},
            "scored_samples": number, "unscored_samples": sums.samples - number,
        })
    };
    let scores: Vec<Value> = sums.scores.iter().map(score).collect();
    json!({
        "version": 2,
        "status": if is_whole { "success" } else { "cancelled" },
        "eval": {
            "eval_id": id, "run_id": manifest.run, "created": created, "task": manifest.suite, "task_id": id,
            "task_version": 0, "task_attribs": {}, "task_args": {},
            "dataset": {"name": manifest.suite, "samples": sums.ids.len(), "sample_ids": sums.ids, "shuffled": false},
            "model": model_name(manifest, target), "model_generate_config": config, "model_args": {},
            "config": {"epochs": sums.epochs.max(1)},
            "packages": {"antiphon": env!("CARGO_PKG_VERSION")},
            "metadata": {"antiphon": {"run": manifest.run, "target": target.id, "identity": manifest.identity}},
        },
        "plan": {"name": "antiphon", "steps": [], "config": config},
        "results": {
            "total_samples": sums.samples, "completed_samples": sums.samples - sums.failed, "scores": scores,
        },
        "stats": {"started_at": created, "completed_at": created, "model_usage": {}},
    })
}

/// The model as Inspect names it: after its provider.
fn model_name(manifest: &Manifest, target: &Target) -> String {
    match target.provider {
        _ if manifest.imported.is_some() => target.model.clone(),
        Provider::Anthropic => format!("anthropic/{}", target.model),
        Provider::Openai => format!("openai/{}", target.model),
        Provider::OpenaiCompatible => format!("openai-api/{}/{}", target.pool, target.model),
    }
}

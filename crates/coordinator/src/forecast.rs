//! What a run would ask, take and cost, before a single call is made.

use std::collections::{BTreeMap, HashSet};

use antiphon_core::plan::Plan;
use antiphon_core::prompt::{Prompter, estimate_tokens, longest_passage, one_user_of_each_kind};
use antiphon_core::{
    BlockId, Growth, Job, JobId, Limits, Manifest, OBJECT_FORMAT, PoolId, Probe, Reach, Round, RoundKind,
    Step, TargetId,
};
use serde::Serialize;

/// Kinds of users whose prompts are measured for each probe; more would not change the mean by much.
const MEASURED_KINDS: usize = 16;

/// A forecast of a run. Tokens are estimated from bytes, so take them as within a third.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Forecast {
    /// Sessions.
    pub sessions: u64,
    /// Calls, if none fails.
    pub calls: u64,
    /// Jobs.
    pub jobs: u64,
    /// Jobs whose results are stored already.
    pub jobs_stored: u64,
    /// Calls that are left to make.
    pub calls_left: u64,
    /// Input tokens.
    pub input_tokens: u64,
    /// Output tokens, if every answer is half as long as it may be.
    pub output_tokens: u64,
    /// Dollars so, where all targets have a price.
    pub dollars: Option<f64>,
    /// The part of it that is left to spend.
    pub dollars_left: Option<f64>,
    /// Dollars, if every answer is as long as it may be.
    pub most_dollars: Option<f64>,
    /// Targets without a price.
    pub unpriced: Vec<TargetId>,
    /// Each pool.
    pub pools: BTreeMap<PoolId, PoolForecast>,
    /// The same if every probe is asked as far as it may be, where probes are asked until they are narrow or grow a text: the numbers above
    /// are then the rounds that are planned so far.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_most: Option<Box<Forecast>>,
}

/// One pool's part.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct PoolForecast {
    /// Calls.
    pub calls: u64,
    /// Input tokens.
    pub input_tokens: u64,
    /// Output tokens.
    pub output_tokens: u64,
    /// Least minutes that the limits per minute allow; `None` where there are none.
    pub minutes: Option<f64>,
}

/// Forecasts the whole plan. `stored` are the results that there are.
#[must_use]
pub fn forecast(
    plan: &Plan<'_>,
    rounds: &[Round],
    stored: &HashSet<(TargetId, BlockId, JobId)>,
    limits: &dyn Fn(&PoolId) -> Limits,
) -> Forecast {
    // The second of them has nothing that could grow.
    let at_most = if_all_grow(plan, rounds)
        .map(|rounds| Box::new(forecast(&Plan::new(plan.manifest(), &rounds), &rounds, stored, limits)));
    let jobs: Vec<Job> = rounds.iter().flat_map(|round| plan.jobs(round)).collect();
    let left = jobs.iter().filter(|job| !stored.contains(&(job.target.clone(), job.block.clone(), job.id())));
    let calls_left = left.map(|job| plan.job_samples(job)).sum();
    let manifest = plan.manifest();
    let prompter = Prompter::new(manifest.seed);
    let grows = rounds.iter().any(|round| matches!(round.kind, RoundKind::Extraction(_)));
    let mean_bytes: Vec<u64> =
        manifest.probes.iter().map(|probe| mean_bytes(&prompter, manifest, probe, grows)).collect();
    let mut forecast = Forecast {
        sessions: 0,
        calls: 0,
        jobs: jobs.len() as u64,
        jobs_stored: stored.len() as u64,
        calls_left,
        input_tokens: 0,
        output_tokens: 0,
        dollars: Some(0.0),
        dollars_left: None,
        most_dollars: Some(0.0),
        unpriced: Vec::new(),
        pools: BTreeMap::new(),
        at_most,
    };
    for target in &manifest.targets {
        let answer = u64::from(target.parameters.max_tokens);
        let (mut calls, mut input) = (0, 0);
        for (index, probe) in manifest.probes.iter().enumerate() {
            let samples = plan.planned_samples(&target.id, index);
            let turns = probe.turns() as u64;
            forecast.sessions += samples / plan.samples_per_session(probe);
            calls += samples;
            // Later turns carry what was said before; on average half of the other turns.
            let carried = (turns - 1) * (answer / 2) / 2;
            let bytes = usize::try_from(mean_bytes[index]).unwrap_or(usize::MAX);
            input += samples * (estimate_tokens(bytes) * (turns + 1) / (2 * turns) + carried);
        }
        let output = calls * answer / 2;
        forecast.calls += calls;
        forecast.input_tokens += input;
        forecast.output_tokens += output;
        let pool = forecast.pools.entry(target.pool.clone()).or_default();
        pool.calls += calls;
        pool.input_tokens += input;
        pool.output_tokens += output;
        match target.price {
            Some(price) => {
                forecast.dollars = forecast.dollars.map(|sum| sum + price.dollars(input, output));
                forecast.most_dollars =
                    forecast.most_dollars.map(|sum| sum + price.dollars(input, calls * answer));
            }
            None => {
                forecast.unpriced.push(target.id.clone());
                (forecast.dollars, forecast.most_dollars) = (None, None);
            }
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "calls of a run are far below 2^53")]
    let share = calls_left as f64 / forecast.calls.max(1) as f64;
    forecast.dollars_left = forecast.dollars.map(|dollars| dollars * share.min(1.0));
    for (pool, part) in &mut forecast.pools {
        part.minutes = minutes(part, &limits(pool));
    }
    forecast
}

/// The rounds with one more, in which everything that is planned is asked as far as it may be; `None` if nothing can grow.
fn if_all_grow(plan: &Plan<'_>, rounds: &[Round]) -> Option<Vec<Round>> {
    let manifest = plan.manifest();
    let Some(until) = manifest.until.as_ref() else { return if_all_chains_grow(plan, rounds) };
    let mut growths = Vec::new();
    for target in &manifest.targets {
        for (place, probe) in manifest.probes.iter().enumerate() {
            let (to, look) = (until.last(), u32::try_from(until.looks.len() - 1).expect("few looks"));
            if plan.covers(&target.id, place, until.first()) && !plan.covers(&target.id, place, to) {
                let (target, probe) = (target.id.clone(), probe.id.clone());
                growths.push(Growth { target, probe, to, look, seen: None });
            }
        }
    }
    if growths.is_empty() {
        return None;
    }
    growths.sort_by(|a, b| (&a.target, &a.probe).cmp(&(&b.target, &b.probe)));
    let number = u32::try_from(rounds.len()).expect("a run has few rounds");
    let round = Round { format: OBJECT_FORMAT, number, kind: RoundKind::Adaptive(growths) };
    Some(rounds.iter().cloned().chain([round]).collect())
}

/// The rounds with one more, in which every chain is asked as many steps as it may be; `None` if none can be asked on.
fn if_all_chains_grow(plan: &Plan<'_>, rounds: &[Round]) -> Option<Vec<Round>> {
    let manifest = plan.manifest();
    let mut steps = Vec::new();
    for target in &manifest.targets {
        for probe in &manifest.probes {
            let (Some(chain), Some(begun)) = (probe.chain(), plan.begun(&target.id, probe)) else { continue };
            let last = chain.grow.max_steps - 1;
            if plan.last_step(&target.id, probe).is_some_and(|asked| asked < last) {
                let sessions = manifest.sampling.sessions.saturating_mul(chain.grow.max_steps);
                let to = Reach { users: begun.users, sessions };
                let (target, probe, passage) = (target.id.clone(), probe.id.clone(), String::new());
                steps.push(Step { target, probe, step: last, to, passage });
            }
        }
    }
    if steps.is_empty() {
        return None;
    }
    steps.sort_by(|a, b| (&a.target, &a.probe).cmp(&(&b.target, &b.probe)));
    let number = u32::try_from(rounds.len()).expect("a run has few rounds");
    let round = Round { format: OBJECT_FORMAT, number, kind: RoundKind::Extraction(steps) };
    Some(rounds.iter().cloned().chain([round]).collect())
}

/// Bytes of what users bring; of a chain that `grows`, with as long a passage as later steps may have.
fn mean_bytes(prompter: &Prompter, manifest: &Manifest, probe: &Probe, grows: bool) -> u64 {
    let passage = longest_passage(probe).filter(|_| grows);
    let sizes: Vec<u64> = one_user_of_each_kind(manifest)
        .take(MEASURED_KINDS)
        .filter_map(|user| prompter.script_given(probe, user, 0, passage.as_deref()).ok())
        .map(|script| script.bytes() as u64)
        .collect();
    sizes.iter().sum::<u64>() / (sizes.len() as u64).max(1)
}

fn minutes(part: &PoolForecast, limits: &Limits) -> Option<f64> {
    #[expect(clippy::cast_precision_loss, reason = "counts of a run are far below 2^53")]
    let at = |amount: u64, limit: Option<u32>| limit.map(|limit| amount as f64 / f64::from(limit));
    [
        at(part.calls, limits.requests_per_minute),
        at(part.input_tokens, limits.input_tokens_per_minute),
        at(part.output_tokens, limits.output_tokens_per_minute),
    ]
    .into_iter()
    .flatten()
    .max_by(f64::total_cmp)
}

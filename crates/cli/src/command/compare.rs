//! `antiphon compare`: a run held against an earlier one.

use super::nights::{Nights, Outcome, check, tell};
use super::open_store;
use crate::args::{Arguments, CompareArguments};
use crate::config;
use crate::exit::Exit;
use crate::output::{Output, Usage};

pub(crate) async fn run(
    arguments: &Arguments,
    compare: &CompareArguments,
    output: &Output,
) -> anyhow::Result<Exit> {
    check(&compare.written, *output)?;
    let config = config::find(arguments.config.as_deref(), None)?;
    let (store, address) = open_store::existing(arguments).await?;
    for run in &compare.runs {
        open_store::must_hold(&store, &address, run).await?;
    }
    let nights = Nights { store: &store, config: &config };
    let (base, run) = match compare.runs.as_slice() {
        [base, run] => (base.clone(), run),
        [run] => {
            let suite = store.get_manifest(run).await?.map(|manifest| manifest.suite).unwrap_or_default();
            let Some(baseline) = nights.baseline(&suite).await? else {
                let hint = "name the base as well, or choose one with `antiphon baseline set RUN`";
                return Err(Usage(format!("the suite {suite} has no baseline; {hint}")).into());
            };
            open_store::must_hold(&store, &address, &baseline.run).await?;
            (baseline.run, run)
        }
        _ => unreachable!("one or two runs are given"),
    };
    if base == *run {
        return Err(Usage(format!("run {run} is compared with itself; name another base")).into());
    }
    let (comparison, _) = nights.compare(&base, run, None).await?;
    let outcome = Outcome::from(comparison);
    tell(&outcome, &compare.written, *output)?;
    Ok(outcome.exit())
}

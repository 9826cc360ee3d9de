//! `antiphon run`: from a suite to a report. The same command again goes on where it stopped.

use antiphon_coordinator::{Forecast, Opened, Wanted, load_suite, open_run};
use antiphon_core::Manifest;
use tokio_util::sync::CancellationToken;

use super::finish::{Finished, finish};
use super::fleet::refuse_if_submitted;
use super::foresee::{Foreseen, foresee};
use super::open_store;
use crate::args::{Arguments, RunArguments, WantedArguments};
use crate::ask::ask;
use crate::compose::create_store;
use crate::config::{self, Config};
use crate::exit::Exit;
use crate::money::{counted, dollars};
use crate::output::{Output, Usage};

impl From<&WantedArguments> for Wanted {
    fn from(wanted: &WantedArguments) -> Self {
        Self {
            only: wanted.only.clone(),
            limit: wanted.limit,
            sessions: wanted.sessions,
            users: wanted.users,
        }
    }
}

pub(crate) async fn run(arguments: &Arguments, run: &RunArguments, output: &Output) -> anyhow::Result<Exit> {
    let config = config::find(arguments.config.as_deref(), Some(&run.suite))?;
    let address = open_store::address(arguments, &config);
    let loaded = load_suite(&run.suite, &config.catalogue, run.run.clone())?;
    loaded.warnings.iter().for_each(|warning| output.warning(warning));
    check_reach(&loaded.manifest, &config)?;
    let wanted = Wanted::from(&run.wanted);
    let foreseen = foresee(&address, &config, &loaded, &wanted).await?;
    warn_of_prices(&loaded.manifest, &foreseen.opened.manifest, *output);
    if !run.yes && !may_spend(&foreseen, *output)? {
        return Err(Usage("nothing was asked; raise `budget` in the suite, or give --yes".to_owned()).into());
    }
    let store = create_store(&address, &config).await?;
    store.probe().await?;
    let _lock = store.lock_run(&loaded.manifest.run).await?;
    refuse_if_submitted(&store, &loaded.manifest.run).await?;
    let opened = open_run(&store, &loaded.text, loaded.manifest, &wanted).await?;
    announce(&opened, &foreseen.forecast, &address, *output);
    let finished = Finished { store: &store, address: &address, config: &config, opened: &opened };
    finish(finished, &run.work, *output, &CancellationToken::new()).await
}

/// A run keeps the prices that it was made with, so that its cost is one sum.
pub(super) fn warn_of_prices(now: &Manifest, run: &Manifest, output: Output) {
    for target in
        now.targets.iter().filter(|now| run.target(&now.id).is_some_and(|run| run.price != now.price))
    {
        output.warning(format!(
            "the price of {} has changed since run {} was made, which goes on with the old one; `--run NAME` makes another",
            target.id, run.run
        ));
    }
}

/// A missing key or an address that cannot be used is found before anything is written.
fn check_reach(manifest: &Manifest, config: &Config) -> anyhow::Result<()> {
    config.client()?;
    for target in &manifest.targets {
        config.endpoint(&target.alias, &config::Environment::default())?;
    }
    Ok(())
}

fn announce(opened: &Opened, forecast: &Forecast, address: &str, output: Output) {
    let run = &opened.manifest.run;
    let what = if opened.resumed { "going on with run" } else { "run" };
    let stored = match forecast.jobs_stored {
        0 => String::new(),
        stored => format!(", {stored} of {} stored", counted(forecast.jobs, "job is", "jobs are")),
    };
    output.note(format!(
        "{what} {run} in {address}: {} planned{stored}",
        counted(forecast.calls, "call", "calls")
    ));
}

/// Asks before a run whose forecast exceeds its budget. It would stop at the budget in any case.
pub(super) fn may_spend(foreseen: &Foreseen, output: Output) -> anyhow::Result<bool> {
    let (budget, left) = (foreseen.opened.manifest.budget_dollars, foreseen.forecast.dollars_left);
    let (Some(budget), Some(left)) = (budget, left) else { return Ok(true) };
    let expected = foreseen.spent + left;
    if expected <= budget || foreseen.forecast.calls_left == 0 {
        return Ok(true);
    }
    output.warning(format!(
        "the run is expected to cost {}, more than its budget of {}; it will stop at the budget and be incomplete",
        dollars(expected),
        dollars(budget)
    ));
    Ok(ask("Go on all the same?")?)
}

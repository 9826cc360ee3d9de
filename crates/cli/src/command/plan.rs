//! `antiphon plan`: what a run would ask, take and cost.

use antiphon_coordinator::{Forecast, Wanted, load_suite, open_run};
use antiphon_store::Store;

use super::open_store;
use super::run::forecast_of;
use crate::args::{Arguments, PlanArguments};
use crate::config;
use crate::exit::Exit;
use crate::money::{count, dollars, minutes};
use crate::output::Output;

pub(crate) async fn run(
    arguments: &Arguments,
    plan: &PlanArguments,
    output: &Output,
) -> anyhow::Result<Exit> {
    let config = config::find(arguments.config.as_deref(), Some(&plan.suite))?;
    let loaded = load_suite(&plan.suite, &config.catalogue, plan.run.clone())?;
    loaded.warnings.iter().for_each(|warning| output.warning(warning));
    // Planned in memory, on what the real store has: nothing is written.
    let scratch = Store::memory();
    if let Ok(store) = Store::open(&open_store::address(arguments, &config)).await {
        for round in store.rounds(&loaded.manifest.run).await? {
            scratch.put_round(&loaded.manifest.run, &round).await?;
        }
    }
    let opened = open_run(&scratch, &loaded.text, loaded.manifest, &Wanted::from(&plan.wanted)).await?;
    let mut forecast = forecast_of(&scratch, &config, &opened).await?;
    if let Ok(store) = Store::open(&open_store::address(arguments, &config)).await {
        forecast.jobs_stored = store.result_keys(&opened.manifest.run).await?.len() as u64;
    }
    if output.json {
        output.value(&forecast);
    } else {
        tell(opened.manifest.run.as_str(), opened.manifest.budget_dollars, &forecast, *output);
    }
    Ok(Exit::Complete)
}

fn tell(run: &str, budget: Option<f64>, forecast: &Forecast, output: Output) {
    let line = |name: &str, value: String| output.line(format!("{name:<16}{value}"));
    line("run", run.to_owned());
    line("sessions", count(forecast.sessions));
    line("calls", count(forecast.calls));
    line("jobs", format!("{} ({} stored)", count(forecast.jobs), count(forecast.jobs_stored)));
    line("input tokens", format!("about {}", count(forecast.input_tokens)));
    line(
        "output tokens",
        format!("about {}, if answers are half as long as they may be", count(forecast.output_tokens)),
    );
    match (forecast.dollars, forecast.most_dollars) {
        (Some(expected), Some(most)) => {
            line("cost", format!("about {}, at most about {}", dollars(expected), dollars(most)))
        }
        _ => {
            let unpriced: Vec<&str> = forecast.unpriced.iter().map(antiphon_core::TargetId::as_str).collect();
            line("cost", format!("unknown: no price in the configuration for {}", unpriced.join(", ")));
        }
    }
    if let Some(budget) = budget {
        line("budget", dollars(budget));
    }
    for (pool, part) in &forecast.pools {
        let time = part
            .minutes
            .map_or("no limit per minute".to_owned(), |time| format!("{} at its limits", minutes(time)));
        line("pool", format!("{pool}: {} calls, {time}", count(part.calls)));
    }
}

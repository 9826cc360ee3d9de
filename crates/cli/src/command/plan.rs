//! `antiphon plan`: what a run would ask, take and cost.

use antiphon_coordinator::{Forecast, Wanted, load_suite};
use antiphon_core::Manifest;

use super::foresee::{Foreseen, foresee};
use super::open_store;
use crate::args::{Arguments, PlanArguments};
use crate::config;
use crate::exit::Exit;
use crate::money::{count, counted, dollars, minutes};
use crate::output::Output;

pub(crate) async fn run(
    arguments: &Arguments,
    plan: &PlanArguments,
    output: &Output,
) -> anyhow::Result<Exit> {
    let config = config::find(arguments.config.as_deref(), Some(&plan.suite))?;
    let loaded = load_suite(&plan.suite, &config.catalogue, plan.run.clone())?;
    loaded.warnings.iter().for_each(|warning| output.warning(warning));
    let address = open_store::address(arguments, &config);
    let Foreseen { opened, forecast, .. } =
        foresee(&address, &config, &loaded, &Wanted::from(&plan.wanted)).await?;
    if output.json {
        output.value(&forecast);
    } else {
        tell(&opened.manifest, &forecast, *output);
    }
    Ok(Exit::Complete)
}

fn tell(manifest: &Manifest, forecast: &Forecast, output: Output) {
    let (run, budget) = (manifest.run.as_str(), manifest.budget_dollars);
    let line = |name: &str, value: String| output.line(format!("{name:<16}{value}"));
    line("run", run.to_owned());
    line("sessions", count(forecast.sessions));
    let left = |all: u64, left: u64| match left {
        left if left == all => String::new(),
        left => format!(" ({} left)", count(left)),
    };
    line("calls", format!("{}{}", count(forecast.calls), left(forecast.calls, forecast.calls_left)));
    let jobs_left = forecast.jobs.saturating_sub(forecast.jobs_stored);
    line("jobs", format!("{}{}", count(forecast.jobs), left(forecast.jobs, jobs_left)));
    line("input tokens", format!("about {}", count(forecast.input_tokens)));
    line(
        "output tokens",
        format!("about {}, if answers are half as long as they may be", count(forecast.output_tokens)),
    );
    match (forecast.dollars, forecast.most_dollars) {
        (Some(expected), Some(most)) => {
            let rest = match forecast.dollars_left {
                Some(rest) if forecast.jobs_stored > 0 => format!("; about {} of it is left", dollars(rest)),
                _ => String::new(),
            };
            line("cost", format!("about {}, at most about {}{rest}", dollars(expected), dollars(most)));
        }
        _ => {
            let unpriced: Vec<&str> = forecast.unpriced.iter().map(antiphon_core::TargetId::as_str).collect();
            line("cost", format!("unknown: no price in the configuration for {}", unpriced.join(", ")));
        }
    }
    if let Some(most) = &forecast.at_most {
        let cost = match (most.dollars, most.most_dollars) {
            (Some(expected), Some(most)) => {
                format!(", about {}, at most about {}", dollars(expected), dollars(most))
            }
            _ => String::new(),
        };
        let calls = counted(most.calls, "call", "calls");
        let what = if manifest.until.is_none() {
            "every chain takes all its steps"
        } else {
            "no interval gets narrow"
        };
        line("at most", format!("{calls}{cost}, if {what}; the numbers above are the least"));
    }
    if let Some(budget) = budget {
        line("budget", format!("{}; the run stops before it spends more", dollars(budget)));
    }
    for (pool, part) in &forecast.pools {
        let time = part
            .minutes
            .map_or("no limit per minute".to_owned(), |time| format!("{} at its limits", minutes(time)));
        line("pool", format!("{pool}: {}, {time}", counted(part.calls, "call", "calls")));
    }
}

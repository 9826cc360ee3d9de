//! `antiphon submit`: hands a suite to the fleet.

use antiphon_coordinator::{CoordinatorError, Submitted, Wanted, load_suite};
use antiphon_core::plan::Plan;
use serde::Serialize;

use super::fleet::{self, Fleet};
use super::foresee::foresee;
use super::run::{may_spend, warn_of_prices};
use super::{open_store, watch};
use crate::args::{Arguments, SubmitArguments};
use crate::exit::Exit;
use crate::money::{count, counted};
use crate::output::{Output, Usage};
use crate::{compose, config};

pub(crate) async fn run(
    arguments: &Arguments,
    submit: &SubmitArguments,
    output: &Output,
) -> anyhow::Result<Exit> {
    let config = config::find(arguments.config.as_deref(), Some(&submit.suite))?;
    let loaded = load_suite(&submit.suite, &config.catalogue, submit.run.clone())?;
    loaded.warnings.iter().for_each(|warning| output.warning(warning));
    let (queue, broker) = fleet::reach(&config).await?;
    let address = open_store::address(arguments, &config);
    let wanted = Wanted::from(&submit.wanted);
    let foreseen = foresee(&address, &config, &loaded, &wanted).await?;
    warn_of_prices(&loaded.manifest, &foreseen.opened.manifest, *output);
    if !submit.yes && !may_spend(&foreseen, *output)? {
        return Err(
            Usage("nothing was submitted; raise `budget` in the suite, or give --yes".to_owned()).into()
        );
    }
    let store = compose::create_store(&address, &config).await?;
    store.probe().await?;
    let fleet = Fleet { config, address, store, queue, broker };
    match antiphon_coordinator::submit(&fleet.store, &fleet.queue, &loaded, &wanted).await {
        Ok(submitted) => end(&fleet, &submitted, submit.wait, *output).await,
        // It is submitted all the same, only not at once.
        Err(error @ CoordinatorError::CallLost { .. }) => {
            output.warning(error.to_string());
            let run = &loaded.manifest.run;
            if submit.wait {
                return watch::to_the_report(&fleet, run, *output).await;
            }
            output.line(run.as_str());
            Ok(Exit::Complete)
        }
        Err(error) => Err(error.into()),
    }
}

/// Says what was submitted, and stays with it to its end if that is wanted.
pub(crate) async fn end(
    fleet: &Fleet,
    submitted: &Submitted,
    wait: bool,
    output: Output,
) -> anyhow::Result<Exit> {
    let run = &submitted.opened.manifest.run;
    if wait {
        tell(&fleet.address, submitted, output);
        return watch::to_the_report(fleet, run, output).await;
    }
    if output.json {
        output.value(&json(submitted));
    } else {
        tell(&fleet.address, submitted, output);
        output.line(run.as_str());
    }
    Ok(Exit::Complete)
}

fn tell(address: &str, submitted: &Submitted, output: Output) {
    let Submitted { opened, submission, running } = submitted;
    let run = &opened.manifest.run;
    let samples = Plan::new(&opened.manifest, &opened.rounds).samples();
    let again = if opened.resumed { " again" } else { "" };
    output.note(format!(
        "run {run} in {address} is submitted{again}: {} planned (submission {})",
        counted(samples, "sample", "samples"),
        count(submission.number.into())
    ));
    if *running {
        output.note("the fleet is working on it already; what is new begins when that is done");
    }
    output.note(format!("`antiphon watch {run}` follows it, `antiphon report {run}` sums it up"));
}

#[derive(Serialize)]
struct Json<'a> {
    run: &'a str,
    submission: u32,
    resumed: bool,
    running: bool,
    samples: u64,
}

fn json(submitted: &Submitted) -> Json<'_> {
    let Submitted { opened, submission, running } = submitted;
    Json {
        run: opened.manifest.run.as_str(),
        submission: submission.number,
        resumed: opened.resumed,
        running: *running,
        samples: Plan::new(&opened.manifest, &opened.rounds).samples(),
    }
}

//! `antiphon nightly`: asks a suite, judges the run against the baseline and all nights before it, and tells somebody.

mod notify;

use antiphon_aggregator::{Look, with_season};
use antiphon_core::{Comparison, RunId, keys};
use antiphon_report::{comparison_page, history_page};

use self::notify::{Notice, notify};
use super::nights::{Nights, check, exit, tell};
use super::{fleet, open_store, run as one_process, submit};
use crate::args::{
    Arguments, NightlyArguments, RunArguments, SubmitArguments, WantedArguments, WorkArguments,
};
use crate::compose;
use crate::config::{self, Config};
use crate::exit::Exit;
use crate::output::{Output, Usage};

pub(crate) async fn run(
    arguments: &Arguments,
    nightly: &NightlyArguments,
    output: &Output,
) -> anyhow::Result<Exit> {
    check(&nightly.written, *output)?;
    let config = config::find(arguments.config.as_deref(), Some(&nightly.suite))?;
    let night = name(nightly, &config)?;
    let asked = ask(arguments, nightly, &config, &night, *output).await?;
    // What is not complete is judged all the same, and can't pass.
    if !matches!(asked, Exit::Complete | Exit::Incomplete) {
        return Ok(asked);
    }
    let address = open_store::address(arguments, &config);
    let store = compose::open_store(&address, &config).await?;
    let nights = Nights { store: &store, config: &config };
    let suite = nights.summary(&night).await?.suite;
    let Some(baseline) = nights.baseline(&suite).await? else {
        if nightly.first_is_baseline && asked == Exit::Complete {
            nights.set_baseline(&night, false).await?;
            output.note(format!("run {night} is the baseline of {suite} from now on"));
            return Ok(Exit::Complete);
        }
        let hint = format!("`antiphon baseline set {night}` makes this run the one");
        output.warning(format!("the suite {suite} has no baseline to compare with; {hint}"));
        return Ok(if asked == Exit::Complete { Exit::Inconclusive } else { asked });
    };
    if baseline.run == night {
        output.note(format!("run {night} is the baseline itself; there is nothing to compare it with"));
        return Ok(asked);
    }
    open_store::must_hold(&store, &address, &baseline.run).await?;
    let later = nights.later(&baseline).await?;
    let Some(look) = later.iter().position(|run| *run == night) else {
        let hint = "its calls began before the baseline's; choose an earlier baseline";
        return Err(
            Usage(format!("run {night} is no night after the baseline {}; {hint}", baseline.run)).into()
        );
    };
    let look = Look(u32::try_from(look + 1).unwrap_or(u32::MAX));
    let (comparison, _) = nights.compare(&baseline.run, &night, Some(look)).await?;
    let history = nights.history(&baseline, Some(&night)).await?;
    let comparison = with_season(comparison, &history);
    let beside = |name: &str| keys::report(&night).replace("index.html", name);
    let key = beside("comparison.html");
    store.put(&key, comparison_page(&comparison).into()).await?;
    store.put(&beside("history.html"), history_page(&history).into()).await?;
    store.put_json(&keys::summary(&night, "comparison.json"), &comparison).await?;
    store.put_json(&keys::summary(&night, "history.json"), &history).await?;
    tell(&comparison, &nightly.written, *output)?;
    let report = open_store::place(&address, &key);
    output.note(format!("comparison: {report}"));
    tell_somebody(nightly, &comparison, &report, *output).await
}

/// Named after suite and date.
fn name(nightly: &NightlyArguments, config: &Config) -> anyhow::Result<RunId> {
    let suite = antiphon_coordinator::load_suite(&nightly.suite, &config.catalogue, None)?.manifest.suite;
    let date =
        nightly.date.unwrap_or_else(|| jiff::tz::Offset::UTC.to_datetime(jiff::Timestamp::now()).date());
    let long = |error| Usage(format!("{suite}-{date} can't be the name of a run: {error}"));
    Ok(RunId::new(format!("{suite}-{date}")).map_err(long)?)
}

/// Asks what is not stored yet, by the fleet or from here.
async fn ask(
    arguments: &Arguments,
    nightly: &NightlyArguments,
    config: &Config,
    night: &RunId,
    output: Output,
) -> anyhow::Result<Exit> {
    let (suite, run, wanted) = (nightly.suite.clone(), Some(night.clone()), WantedArguments::default());
    // Nobody is there to be asked; the budget holds in any case.
    let (yes, silent) = (true, output.without_results());
    if !nightly.in_process && fleet::queue_if_any(config)?.is_some() {
        let submit = SubmitArguments { suite, run, wanted, yes, wait: true };
        return Box::pin(submit::run(arguments, &submit, &silent)).await;
    }
    let work = WorkArguments { grace: nightly.grace, collect_only: false };
    Box::pin(one_process::run(arguments, &RunArguments { suite, run, wanted, yes, work }, &silent)).await
}

/// A notification that fails is said, and never makes a success.
async fn tell_somebody(
    nightly: &NightlyArguments,
    comparison: &Comparison,
    report: &str,
    output: Output,
) -> anyhow::Result<Exit> {
    let notice = Notice::of(comparison, report);
    let mut exit = exit(comparison);
    for failed in notify(&notice, nightly.notify.as_deref(), nightly.webhook.as_deref()).await {
        output.warning(format!("nobody was told: {}", crate::output::chain(&failed)));
        if exit == Exit::Complete {
            exit = Exit::Failure;
        }
    }
    Ok(exit)
}

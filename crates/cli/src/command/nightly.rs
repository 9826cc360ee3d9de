//! `antiphon nightly`: asks a suite, judges the run against the baseline and all nights before it, and tells somebody.

mod notify;

use antiphon_core::{OBJECT_FORMAT, RunId, Uncompared, UncomparedVerdict, keys};
use anyhow::Context;

use self::notify::{Notice, notify};
use super::nights::{Nights, Outcome, beside, check, tell};
use super::{fleet, open_store, run as one_process, submit};
use crate::args::{
    Arguments, NightlyArguments, RunArguments, SubmitArguments, WantedArguments, WorkArguments,
};
use crate::compose;
use crate::config::{self, Config};
use crate::exit::{self, Exit};
use crate::output::{Output, Usage};
use crate::signals::{self, Signals};

pub(crate) async fn run(
    arguments: &Arguments,
    nightly: &NightlyArguments,
    output: &Output,
) -> anyhow::Result<Exit> {
    let mut night = None;
    match judged(arguments, nightly, &mut night, *output).await {
        Ok(Ended::Judged(outcome, report, written)) => {
            let mut notice = Notice::of(&outcome, &report);
            // What could not be written takes nothing from the verdict.
            notice.add(written.as_ref().err().map(crate::output::chain).into_iter());
            if !notice.is_complete() {
                // Whoever hears of it by the notice alone asks why.
                notice.add(output.warnings().into_iter().rev());
            }
            let exit = written.as_ref().map_or_else(exit::of, |()| outcome.exit());
            let exit = tell_somebody(nightly, &notice, exit, *output).await;
            written.map(|()| exit)
        }
        // Whoever presses Ctrl-C knows; a scheduler that ends a night tells nobody.
        Ok(Ended::Unasked(Exit::Interrupted)) if !signals::was_terminated() => Ok(Exit::Interrupted),
        Ok(Ended::Unasked(exit)) => {
            let ended = (exit == Exit::Interrupted).then(|| ENDED.to_owned());
            // What ended it was said last.
            let reasons = ended.into_iter().chain(output.warnings().into_iter().rev()).collect();
            let notice = Notice::error(&nightly.suite, night.as_ref(), reasons);
            Ok(tell_somebody(nightly, &notice, exit, *output).await)
        }
        Err(error) => {
            let reasons = vec![crate::output::chain(&error)];
            let notice = Notice::error(&nightly.suite, night.as_ref(), reasons);
            tell_somebody(nightly, &notice, exit::of(&error), *output).await;
            Err(error)
        }
    }
}

/// Why a night that was terminated has no verdict.
const ENDED: &str =
    "it was ended by SIGTERM, as a scheduler does at its deadline; the same command goes on with it";

/// How a night ended that met no error.
enum Ended {
    /// What came of it, where it is to be read, and whether the files that are wanted could be written.
    Judged(Outcome, String, anyhow::Result<()>),
    /// There is nothing to judge; why has been said.
    Unasked(Exit),
}

/// The suite's name and the night's run, once they are known.
type Night = (String, RunId);

async fn judged(
    arguments: &Arguments,
    nightly: &NightlyArguments,
    named: &mut Option<Night>,
    output: Output,
) -> anyhow::Result<Ended> {
    check(&nightly.written, output)?;
    let config = config::find(arguments.config.as_deref(), Some(&nightly.suite))?;
    let named = named.insert(name(nightly, &config)?);
    let asked = ask(arguments, nightly, &config, &named.1, output).await?;
    // What is not complete is judged all the same, and can't pass.
    if !matches!(asked, Exit::Complete | Exit::Incomplete) {
        return Ok(Ended::Unasked(asked));
    }
    let mut signals = Signals::listen().context("can't listen for signals")?;
    tokio::select! {
        ended = judge(arguments, nightly, &config, named.clone(), asked, output) => ended,
        // Nothing here needs time to stop.
        () = signals.next() => Ok(Ended::Unasked(Exit::Interrupted)),
    }
}

/// What comes of a night that was `asked`, wholly or in part.
async fn judge(
    arguments: &Arguments,
    nightly: &NightlyArguments,
    config: &Config,
    (suite, night): Night,
    asked: Exit,
    output: Output,
) -> anyhow::Result<Ended> {
    let address = open_store::address(arguments, config);
    let store = compose::open_store(&address, config).await?;
    let nights = Nights { store: &store, config };
    if asked == Exit::Incomplete && nights.first_call(&night).await?.is_none() {
        // No model took a call, or the budget no job. A night without any answer has no place among the others.
        return Ok(Ended::Unasked(asked));
    }
    let (outcome, key) = match nights.baseline(&suite).await? {
        Some(baseline) if baseline.run != night => {
            open_store::must_hold(&store, &address, &baseline.run).await?;
            let (comparison, _) = Box::pin(nights.judge(&baseline, &night)).await?;
            (comparison.into(), beside(&night, "comparison.html"))
        }
        itself => {
            let complete = asked == Exit::Complete;
            let first = First { suite, complete, is_baseline: itself.is_some() };
            let outcome = first.outcome(&nights, &night, nightly.first_is_baseline).await?;
            (Outcome::Uncompared(outcome), keys::report(&night))
        }
    };
    let written = tell(&outcome, &nightly.written, output);
    let report = open_store::place(&address, &key);
    output.note(format!("report: {report}"));
    Ok(Ended::Judged(outcome, report, written))
}

/// A night that there is nothing to compare with.
struct First {
    suite: String,
    complete: bool,
    is_baseline: bool,
}

impl First {
    /// What comes of it; it becomes the baseline where that is wanted and it is complete.
    async fn outcome(self, nights: &Nights<'_>, night: &RunId, wanted: bool) -> anyhow::Result<Uncompared> {
        let suite = &self.suite;
        let becomes = wanted && self.complete && !self.is_baseline;
        if becomes {
            nights.set_baseline(night, false).await?;
        }
        let reason = match (self.is_baseline, becomes) {
            (true, _) => {
                format!("it is the baseline of {suite} itself, so there is nothing to compare it with")
            }
            (_, true) => format!("later nights of {suite} are compared with it from now on"),
            _ if wanted => format!(
                "the suite {suite} has no baseline, and this run is not complete, so it does not become one; the same command goes \
                 on with it, and `antiphon retry {night}` asks again what failed"
            ),
            _ if !self.complete => format!(
                "the suite {suite} has no baseline to compare with, and this run is not complete; the same command goes on with it"
            ),
            _ => format!(
                "the suite {suite} has no baseline to compare with; `antiphon baseline set {night}` makes this run the one"
            ),
        };
        let verdict = match self.is_baseline || becomes {
            true => UncomparedVerdict::Baseline,
            false => UncomparedVerdict::Inconclusive,
        };
        let (suite, run) = (self.suite, night.clone());
        Ok(Uncompared { format: OBJECT_FORMAT, verdict, suite, run, complete: self.complete, reason })
    }
}

/// Named after suite and date.
fn name(nightly: &NightlyArguments, config: &Config) -> anyhow::Result<Night> {
    let suite = antiphon_coordinator::load_suite(&nightly.suite, &config.catalogue, None)?.manifest.suite;
    let date =
        nightly.date.unwrap_or_else(|| jiff::tz::Offset::UTC.to_datetime(jiff::Timestamp::now()).date());
    let long = |error| Usage(format!("{suite}-{date} can't be the name of a run: {error}"));
    let run = RunId::new(format!("{suite}-{date}")).map_err(long)?;
    Ok((suite, run))
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
    notice: &Notice<'_>,
    mut exit: Exit,
    output: Output,
) -> Exit {
    for failed in notify(notice, nightly.notify.as_deref(), nightly.webhook.as_deref()).await {
        output.warning(format!("nobody was told: {}", crate::output::chain(&failed)));
        if exit == Exit::Complete {
            exit = Exit::Failure;
        }
    }
    exit
}

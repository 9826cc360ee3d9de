//! `antiphon baseline`: the run that later runs of a suite are compared with.

use antiphon_core::Baseline;

use super::nights::Nights;
use super::open_store;
use crate::args::{Arguments, BaselineAction};
use crate::config;
use crate::exit::Exit;
use crate::output::{Output, Usage};

pub(crate) async fn run(
    arguments: &Arguments,
    action: &BaselineAction,
    output: &Output,
) -> anyhow::Result<Exit> {
    let config = config::find(arguments.config.as_deref(), None)?;
    let (store, address) = open_store::existing(arguments).await?;
    let nights = Nights { store: &store, config: &config };
    match action {
        BaselineAction::Set { run, incomplete } => {
            open_store::must_hold(&store, &address, run).await?;
            let baseline = nights.set_baseline(run, *incomplete).await?;
            if output.json {
                output.value(&baseline);
            } else {
                let before =
                    baseline.before.as_ref().map_or(String::new(), |run| format!(", before that {run}"));
                output.line(format!("{}: {}{before}", baseline.suite, baseline.run));
            }
        }
        BaselineAction::Show { suite } => {
            let all: Vec<Baseline> = match suite {
                Some(suite) => match nights.baseline(suite).await? {
                    Some(baseline) => vec![baseline],
                    None => {
                        return Err(Usage(format!("the suite {suite} has no baseline in {address}")).into());
                    }
                },
                None => {
                    let mut all = Vec::new();
                    for key in store.list("baselines/").await? {
                        all.extend(store.get_json(&key).await?);
                    }
                    all
                }
            };
            if output.json {
                output.value(&all);
            } else if all.is_empty() {
                output.note(format!("no baselines in {address}; `antiphon baseline set RUN` chooses one"));
            } else {
                all.iter().for_each(|baseline| output.line(format!("{}: {}", baseline.suite, baseline.run)));
            }
        }
    }
    Ok(Exit::Complete)
}

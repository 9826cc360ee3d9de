//! `antiphon retry`: a new round for what failed.

use antiphon_coordinator::{open_retry, submit_opened};
use antiphon_core::RunId;
use tokio_util::sync::CancellationToken;

use super::finish::{Finished, finish};
use super::fleet::{Fleet, refuse_if_submitted};
use super::{open_store, submit};
use crate::args::{Arguments, RetryArguments};
use crate::exit::Exit;
use crate::money::counted;
use crate::output::Output;
use crate::{compose, config};

pub(crate) async fn run(
    arguments: &Arguments,
    retry: &RetryArguments,
    output: &Output,
) -> anyhow::Result<Exit> {
    if retry.submit {
        return by_the_fleet(arguments, retry, output).await;
    }
    let config = config::find(arguments.config.as_deref(), None)?;
    let address = open_store::address(arguments, &config);
    let store = compose::open_store(&address, &config).await?;
    let _lock = store.lock_run(&retry.run).await?;
    refuse_if_submitted(&store, &retry.run).await?;
    let (opened, samples) = open_retry(&store, &retry.run).await?;
    announce(samples, &retry.run, *output);
    let finished = Finished { store: &store, address: &address, config: &config, opened: &opened };
    finish(finished, &retry.work, *output, &CancellationToken::new()).await
}

/// A round is write-once, so that it does no harm if the fleet is at work: what is new begins when that is done.
async fn by_the_fleet(
    arguments: &Arguments,
    retry: &RetryArguments,
    output: &Output,
) -> anyhow::Result<Exit> {
    let fleet = Fleet::holding(arguments, &retry.run).await?;
    let (opened, samples) = open_retry(&fleet.store, &retry.run).await?;
    announce(samples, &retry.run, *output);
    let submitted = submit_opened(&fleet.store, &fleet.queue, opened).await?;
    submit::end(&fleet, &submitted, false, *output).await
}

fn announce(samples: u64, run: &RunId, output: Output) {
    output.note(match samples {
        0 => format!("no sample of run {run} has failed; what is unfinished is gone on with"),
        samples => format!("asking {} of run {run} again", counted(samples, "sample", "samples")),
    });
}

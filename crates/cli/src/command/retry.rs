//! `antiphon retry`: a new round for what failed.

use antiphon_coordinator::open_retry;
use antiphon_store::Store;
use tokio_util::sync::CancellationToken;

use super::finish::{Finished, finish};
use super::open_store;
use crate::args::{Arguments, RetryArguments};
use crate::config;
use crate::exit::Exit;
use crate::money::counted;
use crate::output::Output;

pub(crate) async fn run(
    arguments: &Arguments,
    retry: &RetryArguments,
    output: &Output,
) -> anyhow::Result<Exit> {
    let config = config::find(arguments.config.as_deref(), None)?;
    let address = open_store::address(arguments, &config);
    let store = Store::open(&address).await?;
    let _lock = store.lock_run(&retry.run).await?;
    let (opened, samples) = open_retry(&store, &retry.run).await?;
    output.note(match samples {
        0 => format!("no sample of run {} has failed; what is unfinished is gone on with", retry.run),
        samples => format!("asking {} of run {} again", counted(samples, "sample", "samples"), retry.run),
    });
    let finished = Finished { store: &store, address: &address, config: &config, opened: &opened };
    finish(finished, &retry.work, *output, &CancellationToken::new()).await
}

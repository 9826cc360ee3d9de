//! `antiphon coordinator`: the service that plans runs and publishes their jobs.

use super::fleet::Fleet;
use super::service::keep;
use crate::args::{Arguments, CoordinatorArguments};
use crate::compose::coordinate;
use crate::exit::Exit;
use crate::output::Output;

pub(crate) async fn run(
    arguments: &Arguments,
    wanted: &CoordinatorArguments,
    output: &Output,
) -> anyhow::Result<Exit> {
    let fleet = Fleet::serving(arguments).await?;
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        broker = %fleet.broker.settings,
        store = fleet.address,
        window = wanted.window,
        "coordinator begins"
    );
    fleet.store.probe().await?;
    let role = async |place, stop| coordinate(&place, wanted.window as usize, &stop).await;
    keep("coordinator", &wanted.service, &fleet, role, *output).await
}

//! `antiphon aggregator`: the service that sums up.

use super::fleet::Fleet;
use super::service::keep;
use crate::args::{AggregatorArguments, Arguments};
use crate::compose::aggregate;
use crate::exit::Exit;
use crate::output::Output;

pub(crate) async fn run(
    arguments: &Arguments,
    wanted: &AggregatorArguments,
    output: &Output,
) -> anyhow::Result<Exit> {
    let fleet = Fleet::serving(arguments).await?;
    let settings = fleet.config.aggregate;
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        broker = %fleet.broker.settings,
        store = fleet.address,
        threads = settings.threads,
        memory_mib = settings.memory_mib,
        "aggregator begins"
    );
    fleet.store.probe().await?;
    let grace = wanted.service.grace;
    let role = async |place, stop| aggregate(&place, settings, grace, &stop).await;
    keep("aggregator", &wanted.service, &fleet, role, *output).await
}

//! `antiphon topology`: the fleet's queues and exchanges at the broker.

use crate::args::{Arguments, TopologyArguments};
use crate::exit::Exit;
use crate::output::Output;

pub(crate) async fn run(
    arguments: &Arguments,
    topology: &TopologyArguments,
    output: &Output,
) -> anyhow::Result<Exit> {
    let _ = (arguments, topology, output);
    Ok(Exit::Complete)
}

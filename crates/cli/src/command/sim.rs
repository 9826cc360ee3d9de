//! `antiphon sim`: simulated models with a known truth.

use std::path::Path;

use antiphon_simulator::{Simulator, SimulatorConfig, Voices};

use super::demo::demo_voices;
use crate::args::SimArguments;
use crate::exit::Exit;
use crate::output::{Output, Usage};
use crate::signals::Signals;

pub(crate) async fn run(sim: &SimArguments, output: &Output) -> anyhow::Result<Exit> {
    let voices = match &sim.voices {
        Some(path) => read(path)?,
        None => demo_voices()?,
    };
    let names: Vec<String> = voices.names().map(str::to_owned).collect();
    let config =
        SimulatorConfig { api_key: sim.api_key.clone(), date: sim.date, ..SimulatorConfig::new(voices) };
    let running = Simulator::start(config, sim.listen).await.map_err(|error| {
        let cause = std::error::Error::source(&error).map_or(String::new(), |cause| format!(": {cause}"));
        anyhow::Error::new(Usage(format!("{error}{cause}; `--listen` chooses another address")))
    })?;
    let address = running.base_url();
    output.line(&address);
    output.note(format!("voices: {}", names.join(", ")));
    output.note(format!("calls so far: {address}/_sim/ledger and {address}/_sim/stats; Ctrl-C ends"));
    output.note("a provider for it in antiphon.toml:");
    output.note(format!(
        "  [providers.sim]\n  api = \"anthropic\"\n  base_url = \"{address}\"\n  send_sample_key = true   # so that answers do not depend on the order of calls"
    ));
    let stop = tokio_util::sync::CancellationToken::new();
    let _ended = Signals::listen()?.guard(stop.cancelled(), &stop, *output, "stopping").await;
    running.stop().await;
    Ok(Exit::Complete)
}

fn read(path: &Path) -> anyhow::Result<Voices> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| Usage(format!("can't read {}: {error}", path.display())))?;
    let folder = path.parent().unwrap_or(Path::new("."));
    Voices::from_yaml(&text, folder).map_err(|error| Usage(format!("{}: {error}", path.display())).into())
}

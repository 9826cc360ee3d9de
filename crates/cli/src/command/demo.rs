//! `antiphon demo`: a real suite against two simulated models, in one process; or ten nights of another one.

mod nightly;

use std::path::{Path, PathBuf};

use antiphon_coordinator::{Wanted, load_suite, open_run};
use antiphon_simulator::{Simulator, SimulatorConfig, Voices};
use antiphon_store::Store;
use anyhow::Context;
use tokio_util::sync::CancellationToken;

use super::finish::{Finished, finish};
use crate::args::{DemoArguments, WorkArguments};
use crate::config::Config;
use crate::exit::Exit;
use crate::output::Output;

const DEMO_VOICES: &str = include_str!("../../../../configs/voices.demo.yaml");
const DEMO_DOCUMENT: &str = include_str!("../../../../configs/demo-document.md");
const DEMO_CONFIGURATION: &str = include_str!("../../../../configs/demo.antiphon.toml");
const DEMO_SUITE: &str = include_str!("../../../../configs/demo.suite.yaml");

/// The demo's files by their names in its folder.
const FILES: [(&str, &str); 4] = [
    ("suite.yaml", DEMO_SUITE),
    ("voices.yaml", DEMO_VOICES),
    ("demo-document.md", DEMO_DOCUMENT),
    ("antiphon.toml", DEMO_CONFIGURATION),
];

pub(crate) async fn run(demo: &DemoArguments, output: &Output) -> anyhow::Result<Exit> {
    let default = if demo.nightly { "antiphon-demo-nightly" } else { "antiphon-demo" };
    let folder = demo.folder.clone().unwrap_or_else(|| PathBuf::from(default));
    if demo.nightly {
        return Box::pin(nightly::run(&folder, *output)).await;
    }
    lay_out(&folder, &FILES)?;
    let running = Simulator::start(SimulatorConfig::new(demo_voices()?), ([127, 0, 0, 1], 0).into()).await?;
    let config = Config::from_text(&at(DEMO_CONFIGURATION, &running.base_url()))?;
    let suite = folder.join("suite.yaml");
    output.note(format!(
        "suite: {} (two simulated models answer at {})",
        suite.display(),
        running.base_url()
    ));
    let loaded = load_suite(&suite, &config.catalogue, None)?;
    let address = folder.join("data").display().to_string();
    let store = Store::create(&address).await?;
    let _lock = store.lock_run(&loaded.manifest.run).await?;
    let opened = open_run(&store, &loaded.text, loaded.manifest, &Wanted::default()).await?;
    let finished = Finished { store: &store, address: &address, config: &config, opened: &opened };
    let work = WorkArguments { grace: std::time::Duration::from_secs(10), collect_only: false };
    let exit = finish(finished, &work, *output, &CancellationToken::new()).await;
    running.stop().await;
    exit
}

/// Writes the demo's files beside its results, to look at and to change; files that are there are left as they are.
fn lay_out(folder: &Path, files: &[(&str, &str)]) -> anyhow::Result<()> {
    let write = || -> std::io::Result<()> {
        std::fs::create_dir_all(folder)?;
        for (name, text) in files {
            let path = folder.join(name);
            if !path.exists() {
                std::fs::write(path, text)?;
            }
        }
        Ok(())
    };
    write().with_context(|| format!("can't write the demo into {}", folder.display()))
}

/// A configuration with the simulated models at this address.
fn at(configuration: &str, base_url: &str) -> String {
    configuration.replace("http://127.0.0.1:8080", base_url)
}

/// The demo's voices refer to a document; it is laid into a folder of its own for the moment of reading.
pub(crate) fn demo_voices() -> anyhow::Result<Voices> {
    let folder = std::env::temp_dir().join(format!("antiphon-voices-{}", std::process::id()));
    std::fs::create_dir_all(&folder).context("can't make a temporary folder")?;
    let read = std::fs::write(folder.join("demo-document.md"), DEMO_DOCUMENT)
        .context("can't write a temporary file")
        .and_then(|()| Voices::from_yaml(DEMO_VOICES, &folder).context("the demo's voices"));
    std::fs::remove_dir_all(&folder).context("can't remove the temporary folder")?;
    read
}

//! `antiphon demo --nightly`: ten nights of a small suite in one process, with a change that was planted on one of them.

use std::path::Path;
use std::time::Duration;

use antiphon_coordinator::{Wanted, load_suite, open_run};
use antiphon_core::{Baseline, RunId};
use antiphon_simulator::{Date, Running, Simulator, SimulatorConfig, Voices};
use antiphon_store::Store;
use anyhow::Context;
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use super::{at, lay_out};
use crate::args::WorkArguments;
use crate::command::finish::{Finished, finish};
use crate::command::nights::{Nights, beside};
use crate::command::open_store::place;
use crate::config::Config;
use crate::exit::Exit;
use crate::output::Output;

const VOICES: &str = include_str!("../../../../../configs/voices.nightly.yaml");
const CONFIGURATION: &str = include_str!("../../../../../configs/nightly.antiphon.toml");
const SUITE: &str = include_str!("../../../../../configs/nightly.suite.yaml");

/// How many there are. The voices' file says on which of them something changes.
const NIGHTS: i64 = 10;
/// The first one.
const FIRST: Date = Date::constant(2026, 6, 1);

/// What is printed of a night.
#[derive(Serialize)]
struct Night {
    run: RunId,
    verdict: &'static str,
    reasons: Vec<String>,
}

/// What `--json` prints.
#[derive(Serialize)]
struct Played<'a> {
    nights: &'a [Night],
    history: &'a str,
}

pub(super) async fn run(folder: &Path, output: Output) -> anyhow::Result<Exit> {
    lay_out(folder, &[("suite.yaml", SUITE), ("voices.yaml", VOICES), ("antiphon.toml", CONFIGURATION)])?;
    let voices = Voices::from_yaml(VOICES, folder).context("the demo's voices")?;
    let models = Simulator::start(SimulatorConfig::new(voices), ([127, 0, 0, 1], 0).into()).await?;
    let config = Config::from_text(&at(CONFIGURATION, &models.base_url()))?;
    let address = folder.join("data").display().to_string();
    let store = Store::create(&address).await?;
    let stage = Stage { folder, models: &models, config: &config, address: &address, store: &store };
    let mut played = Vec::new();
    for number in 0..NIGHTS {
        let date = FIRST.checked_add(jiff::Span::new().days(number)).context("a date within this era")?;
        let night = match Box::pin(stage.play(date, output)).await? {
            Ok(night) => night,
            // Stopped, or something is missing; it has been said.
            Err(exit) => return Ok(exit),
        };
        if !output.json {
            let why = night.reasons.first().map_or("", String::as_str);
            output.line(format!("{}  {:<12}  {}", night.run, night.verdict, crate::output::plain(why)));
        }
        played.push(night);
    }
    let last = played.last().context("there are nights")?;
    let history = place(&address, &beside(&last.run, "history.html"));
    match output.json {
        true => output.value(&Played { nights: &played, history: &history }),
        false => output.line(format!("history: {history}")),
    }
    models.stop().await;
    Ok(Exit::Complete)
}

/// Where the nights are played.
struct Stage<'a> {
    folder: &'a Path,
    models: &'a Running,
    config: &'a Config,
    address: &'a str,
    store: &'a Store,
}

impl Stage<'_> {
    /// Asks the suite on this day, and judges what came of it; the first night is the baseline.
    async fn play(&self, date: Date, output: Output) -> anyhow::Result<Result<Night, Exit>> {
        self.models.set_date(Some(date));
        let suite = self.folder.join("suite.yaml");
        let named = load_suite(&suite, &self.config.catalogue, None)?.manifest.suite;
        let run =
            RunId::new(format!("{named}-{date}")).context("the suite's name is too long for a run's")?;
        let loaded = load_suite(&suite, &self.config.catalogue, Some(run.clone()))?;
        let _lock = self.store.lock_run(&run).await?;
        let opened = open_run(self.store, &loaded.text, loaded.manifest, &Wanted::default()).await?;
        let finished =
            Finished { store: self.store, address: self.address, config: self.config, opened: &opened };
        let work = WorkArguments { grace: Duration::from_secs(10), collect_only: false };
        let quiet = output.with_warnings_only();
        let exit = Box::pin(finish(finished, &work, quiet, &CancellationToken::new())).await?;
        if exit != Exit::Complete {
            return Ok(Err(exit));
        }
        let nights = Nights { store: self.store, config: self.config };
        Ok(Ok(match self.baseline(&nights, &named, &run).await? {
            baseline if baseline.run == run => {
                let reasons = vec!["later nights are compared with it".to_owned()];
                Night { run, verdict: "BASELINE", reasons }
            }
            baseline => {
                let (comparison, _) = Box::pin(nights.judge(&baseline, &run)).await?;
                Night { run, verdict: comparison.verdict.name(), reasons: comparison.reasons }
            }
        }))
    }

    /// The suite's baseline, which the first night becomes.
    async fn baseline(&self, nights: &Nights<'_>, suite: &str, run: &RunId) -> anyhow::Result<Baseline> {
        match nights.baseline(suite).await? {
            Some(baseline) => Ok(baseline),
            None => nights.set_baseline(run, false).await,
        }
    }
}

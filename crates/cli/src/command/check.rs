//! `antiphon check`: is the suite right, is the configuration right, and what do they come to?

use std::collections::BTreeSet;

use antiphon_coordinator::load_suite;
use antiphon_core::UserMode;
use serde::Serialize;

use super::open_store;
use crate::args::{Arguments, CheckArguments};
use crate::config::{self, Environment};
use crate::exit::Exit;
use crate::money::counted;
use crate::output::Output;

#[derive(Serialize)]
struct Checked<'a> {
    configuration: Option<String>,
    store: &'a str,
    broker: Option<&'a str>,
    targets: Vec<String>,
    keys_missing: Vec<String>,
    manifest: Option<&'a antiphon_core::Manifest>,
    warnings: &'a [String],
}

pub(crate) fn run(arguments: &Arguments, check: &CheckArguments, output: &Output) -> anyhow::Result<Exit> {
    let config = config::find(arguments.config.as_deref(), check.suite.as_deref())?;
    let loaded =
        check.suite.as_deref().map(|suite| load_suite(suite, &config.catalogue, None)).transpose()?;
    config.client()?;
    let wanted: Vec<&String> = match &loaded {
        Some(loaded) => loaded.manifest.targets.iter().map(|target| &target.alias).collect(),
        None => config.catalogue.targets.keys().collect(),
    };
    let environment = Environment::default();
    let mut missing: Vec<String> = wanted
        .iter()
        .filter_map(|alias| config.endpoint(alias, &environment).err())
        .map(|error| format!("{error:#}"))
        .collect();
    let address = open_store::address(arguments, &config);
    if address.starts_with("s3:") {
        missing.extend(config.s3(&environment).err().map(|error| error.to_string()));
    }
    let broker = config.broker(&environment);
    missing.extend(broker.as_ref().err().map(ToString::to_string));
    // Targets of a provider lack the same key.
    let mut said = BTreeSet::new();
    missing.retain(|missing| said.insert(missing.clone()));
    let broker = broker.ok().flatten().map(|broker| broker.settings.to_string());
    let warnings = loaded.as_ref().map_or(&[][..], |loaded| &loaded.warnings);
    if output.json {
        output.value(&Checked {
            configuration: config.path.as_ref().map(|path| path.display().to_string()),
            store: &address,
            broker: broker.as_deref(),
            targets: config.catalogue.targets.keys().cloned().collect(),
            keys_missing: missing.clone(),
            manifest: loaded.as_ref().map(|loaded| &loaded.manifest),
            warnings,
        });
    } else {
        tell(&config, loaded.as_ref(), (&address, broker.as_deref()), missing.len() as u64, output);
    }
    warnings.iter().for_each(|warning| output.warning(warning));
    // They decide the exit code, so they are errors.
    missing.iter().for_each(|missing| output.error(&anyhow::anyhow!("{missing}")));
    Ok(if missing.is_empty() { Exit::Complete } else { Exit::Usage })
}

fn tell(
    config: &config::Config,
    loaded: Option<&antiphon_coordinator::Loaded>,
    (store, broker): (&str, Option<&str>),
    missing: u64,
    output: &Output,
) {
    let line = |name: &str, value: String| output.line(format!("{name:<16}{value}"));
    line("configuration", config.path.as_ref().map_or("none".to_owned(), |path| path.display().to_string()));
    line("store", store.to_owned());
    broker.into_iter().for_each(|broker| line("broker", broker.to_owned()));
    for (alias, target) in &config.catalogue.targets {
        line("target", format!("{alias}: {} in pool {}", target.model, target.pool));
    }
    let Some(loaded) = loaded else { return };
    let manifest = &loaded.manifest;
    let (base, most) = (manifest.base(), manifest.most());
    let users = base.users;
    let how = match manifest.users.mode {
        UserMode::Drawn => "drawn; intervals speak of all such users",
        UserMode::Grid => "in a grid; intervals speak of these users only",
        UserMode::Listed => "written out; intervals speak of these users only",
    };
    line(
        "suite",
        match missing {
            0 => format!("{} is right", manifest.suite),
            _ => format!(
                "{} is right, but it can't be asked: {} missing or wrong, see below",
                manifest.suite,
                counted(missing, "thing that it needs is", "things that it needs are")
            ),
        },
    );
    line("run", manifest.run.to_string());
    line(
        "asked of",
        manifest.targets.iter().map(|target| target.id.to_string()).collect::<Vec<_>>().join(", "),
    );
    line("probes", manifest.probes.len().to_string());
    line("users", format!("{users}, {how}"));
    line(
        "sampling",
        format!(
            "{} × {}",
            counted(manifest.sampling.sessions.into(), "session", "sessions"),
            counted(manifest.sampling.repeats.into(), "repeat", "repeats")
        ),
    );
    let chains = manifest.probes.iter().filter_map(|probe| probe.chain());
    if let Some(most) = chains.map(|chain| chain.grow.max_steps).max() {
        let steps = format!(
            "at most {most}, each of them asked in sessions of its own; `antiphon plan` says what they can cost"
        );
        line("steps", steps);
    }
    if let Some(until) = &manifest.until {
        line(
            "until",
            format!(
                "half an interval is {} wide, at most {} × {}; {}",
                until.half_width,
                counted(most.users.into(), "user", "users"),
                counted(most.sessions.into(), "session", "sessions"),
                counted(until.looks.len() as u64, "look", "looks")
            ),
        );
    }
}

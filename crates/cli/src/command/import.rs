//! `antiphon import`: answers that are there already become a run. No model is called.

use antiphon_exchange::{Found, Map, Users, Written};
use antiphon_report::{error_bars, terminal};
use anyhow::Context;
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use super::open_store::{self, place};
use crate::args::{Arguments, ImportArguments};
use crate::compose::{create_store, sum_up};
use crate::config;
use crate::exit::Exit;
use crate::money::counted;
use crate::output::{Output, plain};

#[derive(Serialize)]
struct Imported<'a> {
    run: &'a str,
    samples: u64,
    was_there: bool,
    report: String,
    warnings: &'a [String],
    summary: &'a antiphon_core::summary::Summary,
}

pub(crate) async fn run(
    arguments: &Arguments,
    import: &ImportArguments,
    output: &Output,
) -> anyhow::Result<Exit> {
    let map = map(import)?;
    let (logs, run) = (import.logs.clone(), import.run.clone());
    let reading = tokio::task::spawn_blocking(move || antiphon_exchange::read(&logs, &map, run));
    let mut found = reading.await.context("reading the files failed")??;
    tell(&found, *output);
    if import.dry_run {
        output.note("nothing was written: --dry-run");
        return Ok(Exit::Complete);
    }
    let config = config::find(arguments.config.as_deref(), None)?;
    let address = open_store::address(arguments, &config);
    let store = create_store(&address, &config).await?;
    store.probe().await?;
    let Written { run, samples, was_there } = antiphon_exchange::write(&store, &found).await?;
    let done = if was_there { "has held all along" } else { "holds" };
    output.note(format!("run {run} in {address} {done} {}", counted(samples, "sample", "samples")));
    // What was read is in the store; its index need not be kept while it is summed up.
    let warnings = std::mem::take(&mut found.warnings);
    drop(found);
    let (summary, _, key) = sum_up(&store, &run, config.aggregate, None, &CancellationToken::new()).await?;
    let report = place(&address, &key);
    if output.json {
        let warnings = warnings.as_slice();
        output.value(&Imported {
            run: run.as_str(),
            samples,
            was_there,
            report,
            warnings,
            summary: &summary,
        });
    } else {
        output.raw(&terminal(&summary, output.style()));
        output.raw(&error_bars(&summary));
        output.line(format!("report: {report}"));
    }
    Ok(if summary.completeness.complete { Exit::Complete } else { Exit::Incomplete })
}

/// The mapping file with the options before it.
fn map(import: &ImportArguments) -> anyhow::Result<Map> {
    let mut map = match &import.map {
        None => Map::default(),
        Some(path) => {
            let text =
                std::fs::read_to_string(path).with_context(|| format!("can't read {}", path.display()))?;
            Map::parse(&text).with_context(|| path.display().to_string())?
        }
    };
    for (field, column) in &import.column {
        map.constants.remove(field);
        map.columns.insert(field.clone(), column.clone());
    }
    for (field, value) in &import.constant {
        map.columns.remove(field);
        map.constants.insert(field.clone(), value.clone());
    }
    map.scores.extend(import.score.iter().cloned());
    map.kinds.extend(import.kind.iter().cloned());
    if !import.options.is_empty() {
        map.options.insert("default".to_owned(), import.options.clone());
    }
    if import.drawn_users {
        map.users = Some(Users::Drawn);
    }
    Ok(map)
}

fn tell(found: &Found, output: Output) {
    for note in &found.notes {
        output.note(plain(note));
    }
    for warning in &found.warnings {
        output.warning(plain(warning));
    }
}

//! `antiphon report`: sums a run up again and writes its report.

use antiphon_aggregator::Settings;
use antiphon_report::terminal;
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use super::fleet::reach;
use super::open_store::{self, place};
use crate::args::{Arguments, ReportArguments};
use crate::compose::sum_up;
use crate::config;
use crate::exit::Exit;
use crate::output::Output;

#[derive(Serialize)]
struct Written<'a> {
    report: String,
    summary: &'a antiphon_core::summary::Summary,
}

pub(crate) async fn run(
    arguments: &Arguments,
    report: &ReportArguments,
    output: &Output,
) -> anyhow::Result<Exit> {
    let config = config::find(arguments.config.as_deref(), None)?;
    let (store, address) = open_store::holding(arguments, &report.run).await?;
    let usual = config.aggregate;
    let settings = Settings {
        threads: report.threads.unwrap_or(usual.threads),
        memory_mib: report.memory_mib.unwrap_or(usual.memory_mib),
    };
    let queue = if report.fleet { Some(reach(&config).await?.0) } else { None };
    let (summary, _, key) =
        sum_up(&store, &report.run, settings, queue.as_ref(), &CancellationToken::new()).await?;
    let file = place(&address, &key);
    if output.json {
        output.value(&Written { report: file, summary: &summary });
    } else {
        output.raw(&terminal(&summary, output.style()));
        output.line(format!("report: {file}"));
    }
    Ok(if summary.completeness.complete { Exit::Complete } else { Exit::Incomplete })
}

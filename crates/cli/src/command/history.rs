//! `antiphon history`: a suite over many nights.

use antiphon_report::{history_page, history_terminal};

use super::nights::Nights;
use super::{export, open_store};
use crate::args::{Arguments, HistoryArguments};
use crate::config;
use crate::exit::Exit;
use crate::output::{Output, Usage};

pub(crate) async fn run(
    arguments: &Arguments,
    history: &HistoryArguments,
    output: &Output,
) -> anyhow::Result<Exit> {
    let config = config::find(arguments.config.as_deref(), None)?;
    let (store, address) = open_store::existing(arguments).await?;
    let nights = Nights { store: &store, config: &config };
    let suite = &history.suite;
    let Some(baseline) = nights.baseline(suite).await? else {
        let hint = match std::path::Path::new(suite).is_file() {
            true => "it is a file; give the name that stands in it",
            false => "`antiphon baseline set RUN` chooses one, and `antiphon runs` lists what there is",
        };
        return Err(Usage(format!("the suite {suite} has no baseline in {address}; {hint}")).into());
    };
    open_store::must_hold(&store, &address, &baseline.run).await?;
    let found = nights.history(&baseline, None).await?;
    if let Some(file) = &history.html {
        export::write(file, history_page(&found).as_bytes())?;
        output.note(format!("{}", file.display()));
    }
    if output.json {
        output.value(&found);
    } else {
        output.raw(&history_terminal(&found, output.style()));
    }
    Ok(Exit::Complete)
}

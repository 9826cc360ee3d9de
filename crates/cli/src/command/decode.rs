//! `antiphon decode`: a stored object as JSON.

use std::path::Path;

use anyhow::Context;

use crate::exit::Exit;
use crate::output::{Output, Usage};

pub(crate) fn run(object: &Path, output: &Output) -> anyhow::Result<Exit> {
    if object.extension().is_some_and(|extension| extension == "parquet") {
        let hint = "is a Parquet table; open it with DuckDB, Polars or pandas, or use `antiphon export --format jsonl`";
        return Err(Usage(format!("{} {hint}", object.display())).into());
    }
    let bytes = std::fs::read(object)
        .map_err(|error| Usage(format!("can't read {}: {error}", object.display())))
        .context("decode")?;
    output.value(&antiphon_store::decode(&object.display().to_string(), &bytes)?);
    Ok(Exit::Complete)
}

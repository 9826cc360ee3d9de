//! `antiphon decode`: a stored object as JSON.

use std::path::Path;

use antiphon_store::decode;

use super::open_store;
use crate::args::Arguments;
use crate::exit::Exit;
use crate::output::{Output, Usage};

pub(crate) async fn run(arguments: &Arguments, object: &Path, output: &Output) -> anyhow::Result<Exit> {
    if object.extension().is_some_and(|extension| extension == "parquet") {
        let hint = "is a Parquet table; open it with DuckDB, Polars or pandas, or use `antiphon export --format jsonl`";
        return Err(Usage(format!("{} {hint}", object.display())).into());
    }
    let name = object.display().to_string();
    let bytes = match std::fs::read(object) {
        Ok(bytes) => bytes,
        // What is no file may be a key: its keys begin so.
        Err(_) if ["runs/", "suites/", "baselines/"].iter().any(|folder| name.starts_with(folder)) => {
            let (store, address) = open_store::existing(arguments).await?;
            let bytes = store.get(&name).await?;
            bytes.ok_or_else(|| Usage(format!("{address} has no object {name}")))?.to_vec()
        }
        Err(error) => return Err(Usage(format!("can't read {name}: {error}")).into()),
    };
    output.value(&decode(&name, &bytes)?);
    Ok(Exit::Complete)
}

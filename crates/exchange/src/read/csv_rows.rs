//! CSV and TSV, record by record.

use std::path::Path;

use serde_json::Value;

use super::{Taker, open};
use crate::ExchangeError;
use crate::error::Refusal;
use crate::map::{Binding, Offer};
use crate::value::Row;

pub(super) fn read(path: &Path, delimiter: u8, taker: &mut Taker<'_, '_>) -> Result<(), ExchangeError> {
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).from_reader(open(path)?);
    let headers = reader.byte_headers().map_err(|error| explain(taker, error))?.clone();
    let columns = headers.iter().map(|name| String::from_utf8_lossy(name).into_owned()).collect::<Vec<_>>();
    if let Some((at, name)) = columns.iter().enumerate().find(|(at, name)| columns[..*at].contains(name)) {
        let reason = format!("two columns are called {name:?}: number {} is the second", at + 1);
        return Err(taker.refuse("line 1", Refusal::new(reason)));
    }
    taker.bind(Binding::of(taker.map, &Offer::Columns(&columns), &taker.file)?)?;
    let mut record = csv::ByteRecord::new();
    let mut cells: Vec<Value> = Vec::with_capacity(columns.len());
    while reader.read_byte_record(&mut record).map_err(|error| explain(taker, error))? {
        let line = record.position().map_or(0, csv::Position::line);
        let place = format!("line {line}");
        cells.clear();
        for (cell, column) in record.iter().zip(&columns) {
            let cell = std::str::from_utf8(cell).map_err(|error| {
                let reason = format!(
                    "it is not UTF-8, from byte {} of the cell on; convert the file",
                    error.valid_up_to()
                );
                taker.refuse(&place, Refusal::of(column, reason))
            })?;
            cells.push(Value::String(cell.to_owned()));
        }
        taker.take(&Row::Cells(&cells), line, &place)?;
    }
    Ok(())
}

fn explain(taker: &Taker<'_, '_>, error: csv::Error) -> ExchangeError {
    let line = error.position().map_or(1, csv::Position::line);
    let reason = match error.kind() {
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => format!(
            "it has {len} cells, and the first line has {expected_len}; a text with commas or line breaks stands in double quotes"
        ),
        _ => format!("it is no CSV: {error}"),
    };
    taker.refuse(&format!("line {line}"), Refusal::new(reason))
}

//! Data sets of probes: CSV, JSON lines and Parquet, all as text.

use std::fs::File;
use std::path::Path;

use antiphon_core::Dataset;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;

use crate::LoadError;

/// Reads a .csv, .jsonl or .parquet file.
///
/// # Errors
/// Names the file and the row.
pub fn read_dataset(path: &Path) -> Result<Dataset, LoadError> {
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    let read = match extension {
        "csv" => csv(path),
        "jsonl" | "ndjson" => json_lines(path),
        "parquet" => parquet(path),
        other => Err(format!("a data set is a .csv, .jsonl or .parquet file, not .{other}")),
    };
    read.map_err(|reason| LoadError::Dataset { path: path.to_owned(), reason })
}

fn csv(path: &Path) -> Result<Dataset, String> {
    let mut reader = csv::Reader::from_path(path).map_err(|error| error.to_string())?;
    let columns = reader.headers().map_err(|error| error.to_string())?.iter().map(str::to_owned).collect();
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| error.to_string())?;
        rows.push(record.iter().map(|cell| Some(cell.to_owned())).collect());
    }
    Ok(Dataset { columns, rows })
}

fn json_lines(path: &Path) -> Result<Dataset, String> {
    let text = std::fs::read_to_string(path).map_err(|error| error.to_string())?;
    let mut data = Dataset::default();
    for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let object: serde_json::Map<String, serde_json::Value> = serde_json::from_str(line)
            .map_err(|error| format!("line {}: not a JSON object: {error}", index + 1))?;
        for name in object.keys().filter(|name| !data.columns.contains(name)).cloned().collect::<Vec<_>>() {
            data.columns.push(name);
            data.rows.iter_mut().for_each(|row| row.push(None));
        }
        data.rows.push(data.columns.iter().map(|name| object.get(name).and_then(json_text)).collect());
    }
    Ok(data)
}

fn json_text(value: &serde_json::Value) -> Option<String> {
    match value {
        serde_json::Value::Null => None,
        serde_json::Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

fn parquet(path: &Path) -> Result<Dataset, String> {
    let file = File::open(path).map_err(|error| error.to_string())?;
    let reader = SerializedFileReader::new(file).map_err(|error| error.to_string())?;
    let schema = reader.metadata().file_metadata().schema();
    let columns = schema.get_fields().iter().map(|field| field.name().to_owned()).collect();
    let mut rows = Vec::new();
    for row in reader.get_row_iter(None).map_err(|error| error.to_string())? {
        let row = row.map_err(|error| format!("row {}: {error}", rows.len() + 1))?;
        rows.push(row.get_column_iter().map(|(_, field)| parquet_text(field)).collect());
    }
    Ok(Dataset { columns, rows })
}

fn parquet_text(field: &Field) -> Option<String> {
    match field {
        Field::Null => None,
        Field::Str(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

//! Parquet, row by row.

use std::fs::File;
use std::path::Path;

use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;
use serde_json::{Map, Number, Value};

use super::Taker;
use crate::ExchangeError;
use crate::error::Refusal;
use crate::map::{Binding, Offer};
use crate::value::Row;

pub(super) fn read(path: &Path, taker: &mut Taker<'_, '_>) -> Result<(), ExchangeError> {
    let failed = |source| ExchangeError::File { action: "read", path: path.to_owned(), source };
    let file = File::open(path).map_err(failed)?;
    let broken = |taker: &Taker<'_, '_>, place: &str, error: parquet::errors::ParquetError| {
        taker.refuse(place, Refusal::new(format!("it is no Parquet that can be read: {error}")))
    };
    let reader = SerializedFileReader::new(file).map_err(|error| broken(taker, "", error))?;
    let schema = reader.metadata().file_metadata().schema();
    let columns: Vec<String> = schema.get_fields().iter().map(|field| field.name().to_owned()).collect();
    taker.bind(Binding::of(taker.map, &Offer::Columns(&columns), &taker.file)?)?;
    let rows = reader.get_row_iter(None).map_err(|error| broken(taker, "", error))?;
    for (number, row) in (1..).zip(rows) {
        let place = format!("row {number}");
        let row = row.map_err(|error| broken(taker, &place, error))?;
        let cells: Vec<Value> = row.get_column_iter().map(|(_, field)| value(field)).collect();
        taker.take(&Row::Cells(&cells), number, &place)?;
    }
    Ok(())
}

fn value(field: &Field) -> Value {
    let float = |number: f64| Number::from_f64(number).map_or(Value::Null, Value::Number);
    let since = |ms: i64| Value::Number(ms.into());
    match field {
        Field::Null => Value::Null,
        Field::Bool(truth) => Value::Bool(*truth),
        Field::Byte(number) => Value::from(*number),
        Field::Short(number) => Value::from(*number),
        Field::Int(number) => Value::from(*number),
        Field::Long(number) => Value::from(*number),
        Field::UByte(number) => Value::from(*number),
        Field::UShort(number) => Value::from(*number),
        Field::UInt(number) => Value::from(*number),
        Field::ULong(number) => Value::from(*number),
        Field::Float(number) => float(f64::from(*number)),
        Field::Double(number) => float(*number),
        Field::Str(text) => Value::String(text.clone()),
        Field::TimestampMillis(ms) => since(*ms),
        Field::TimestampMicros(micros) => since(micros / 1_000),
        Field::ListInternal(list) => Value::Array(list.elements().iter().map(value).collect()),
        Field::Group(row) => Value::Object(
            row.get_column_iter().map(|(name, field)| (name.clone(), value(field))).collect::<Map<_, _>>(),
        ),
        other => Value::String(other.to_string()),
    }
}

//! JSON lines: an object each.

use std::io::{BufRead, Read};
use std::path::Path;

use serde_json::Value;

use super::{Taker, not_a_number, open};
use crate::ExchangeError;
use crate::error::Refusal;
use crate::map::{Binding, Offer};
use crate::value::Row;

/// Lines that are looked at to recognise what is where.
const FIRST: usize = 200;
/// Longest line, in bytes.
const LONGEST_LINE: u64 = 256 << 20;

pub(super) fn read(path: &Path, taker: &mut Taker<'_, '_>) -> Result<(), ExchangeError> {
    let mut first = Vec::new();
    each(path, taker, |_, object, _| {
        first.push(object);
        Ok(first.len() < FIRST)
    })?;
    taker.bind(Binding::of(taker.map, &Offer::Objects(&first), &taker.file)?)?;
    drop(first);
    each(path, taker, |taker, object, line| {
        taker.take(&Row::Object { object: &object, header: &Value::Null }, line, &format!("line {line}"))?;
        Ok(true)
    })
}

/// Tells every object until it is told to stop.
fn each(
    path: &Path,
    taker: &mut Taker<'_, '_>,
    mut tell: impl FnMut(&mut Taker<'_, '_>, Value, u64) -> Result<bool, ExchangeError>,
) -> Result<(), ExchangeError> {
    let failed = |source| ExchangeError::File { action: "read", path: path.to_owned(), source };
    let mut reader = open(path)?;
    let mut bytes = Vec::new();
    for line in 1.. {
        bytes.clear();
        let place = format!("line {line}");
        let length = reader.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut bytes).map_err(failed)?;
        if length == 0 {
            break;
        }
        if length as u64 == LONGEST_LINE {
            return Err(taker.refuse(&place, Refusal::new("the line is longer than 256 MiB")));
        }
        if bytes.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let object = parse(&bytes).map_err(|reason| taker.refuse(&place, Refusal::new(reason)))?;
        if !tell(taker, object, line)? {
            break;
        }
    }
    Ok(())
}

fn parse(line: &[u8]) -> Result<Value, String> {
    // Python writes NaN, which JSON does not have.
    let parsed = serde_json::from_slice(line).or_else(|error| {
        let mended = not_a_number::as_null(line);
        serde_json::from_slice(&mended).map_err(|_| error)
    });
    match parsed {
        Ok(Value::Object(object)) => Ok(Value::Object(object)),
        Ok(_) => Err("it is no JSON object; each line is one, with a field for each thing".to_owned()),
        Err(error) => Err(match std::str::from_utf8(line) {
            Err(bad) => {
                format!("it is not UTF-8, from byte {} of the line on; convert the file", bad.valid_up_to())
            }
            Ok(_) => format!("it is no JSON object: {error}").replace(" at line 1 column", " at column"),
        }),
    }
}

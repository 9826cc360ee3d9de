//! The two forms of Inspect's logs: `.eval`, a zip file with an entry per sample, and `.json`. Both are read sample by sample.

use std::fmt;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use serde::de::{DeserializeSeed, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use zip::ZipArchive;

use crate::ExchangeError;
use crate::read::not_a_number::AsNull;
use crate::read::{file_name, open};
use crate::value::{at, text};

/// Longest entry of a zip file that is read, unpacked.
const LONGEST_ENTRY: u64 = 4 << 30;

/// A log, opened.
#[derive(Debug)]
pub(crate) struct Log {
    path: PathBuf,
    pub(crate) file: String,
    is_zip: bool,
    /// All but the samples.
    pub(crate) header: Value,
}

/// Told of each sample and its number from 1; says whether it wants more.
type Tell<'t> = dyn FnMut(Value, u64) -> Result<bool, ExchangeError> + 't;

/// What is kept of a sample: events, attachments and stores may be a hundred times as long.
#[derive(Debug, Deserialize, Serialize)]
#[serde(default)]
#[derive(Default)]
struct Kept {
    id: Value,
    epoch: Value,
    input: Value,
    choices: Value,
    target: Value,
    messages: Value,
    output: Value,
    scores: Value,
    metadata: Value,
    started_at: Value,
    working_time: Value,
    error: Value,
    limit: Value,
}

impl Log {
    pub(crate) fn open(path: &Path) -> Result<Self, ExchangeError> {
        let mut log =
            Self { path: path.to_owned(), file: file_name(path), is_zip: false, header: Value::Null };
        log.is_zip = path.extension().is_some_and(|extension| extension == "eval");
        log.header = if log.is_zip { log.zip_header()? } else { log.json_header()? };
        if at(&log.header, "eval.task").is_none() {
            return Err(log.refuse(
                "",
                "it is no Inspect log: it has no `eval.task`; rows of answers are read from .jsonl, .csv or .parquet",
            ));
        }
        Ok(log)
    }

    /// Tells of every sample, until it is told to stop.
    pub(crate) fn each(&self, tell: &mut Tell<'_>) -> Result<(), ExchangeError> {
        if self.is_zip { self.zip_samples(tell) } else { self.json_samples(tell) }
    }

    fn archive(&self) -> Result<ZipArchive<BufReader<File>>, ExchangeError> {
        let failed = |source| ExchangeError::File { action: "read", path: self.path.clone(), source };
        let file = BufReader::new(File::open(&self.path).map_err(failed)?);
        ZipArchive::new(file).map_err(|error| self.refuse("", format!("it is no Inspect log: {error}")))
    }

    fn zip_header(&self) -> Result<Value, ExchangeError> {
        let mut archive = self.archive()?;
        // A log that was never finished has only the beginning of its journal.
        for name in ["header.json", "_journal/start.json"] {
            if archive.index_for_name(name).is_some() {
                return self.entry(&mut archive, name);
            }
        }
        Err(self.refuse("", "it is no Inspect log: it has no header.json"))
    }

    fn entry<T: for<'de> Deserialize<'de>>(
        &self,
        archive: &mut ZipArchive<BufReader<File>>,
        name: &str,
    ) -> Result<T, ExchangeError> {
        let place = format!(", {name}");
        let entry = archive.by_name(name).map_err(|error| self.refuse(&place, error.to_string()))?;
        let reader = AsNull::new(BufReader::new(entry.take(LONGEST_ENTRY)));
        serde_json::from_reader(BufReader::new(reader))
            .map_err(|error| self.refuse(&place, error.to_string()))
    }

    fn zip_samples(&self, tell: &mut Tell<'_>) -> Result<(), ExchangeError> {
        let mut archive = self.archive()?;
        let ids: Vec<String> = at(&self.header, "eval.dataset.sample_ids")
            .and_then(Value::as_array)
            .map_or(Vec::new(), |ids| ids.iter().map(text).collect());
        let places: std::collections::HashMap<&str, usize> =
            ids.iter().enumerate().map(|(place, id)| (id.as_str(), place)).collect();
        let mut names: Vec<(usize, u64, String)> = archive
            .file_names()
            .filter_map(|name| {
                let name = name.ok()?;
                let (id, epoch) =
                    name.strip_prefix("samples/")?.strip_suffix(".json")?.rsplit_once("_epoch_")?;
                let place = places.get(id).copied().unwrap_or(usize::MAX);
                Some((place, epoch.parse().ok()?, name.into_owned()))
            })
            .collect();
        // In the order of the data set, not in that in which samples happened to end.
        names.sort();
        for (number, (_, _, name)) in (1..).zip(names) {
            let kept: Kept = self.entry(&mut archive, &name)?;
            if !tell(value_of(kept), number)? {
                break;
            }
        }
        Ok(())
    }

    fn json_header(&self) -> Result<Value, ExchangeError> {
        let mut header = serde_json::Map::new();
        self.json(Parts { on_part: &mut |name, value| drop(header.insert(name, value)), on_sample: None })?;
        Ok(Value::Object(header))
    }

    fn json_samples(&self, tell: &mut Tell<'_>) -> Result<(), ExchangeError> {
        let mut number = 0;
        let mut outcome = Ok(true);
        let mut on_sample = |kept: Kept| {
            number += 1;
            outcome = tell(value_of(kept), number);
            matches!(outcome, Ok(true))
        };
        let read = self.json(Parts { on_part: &mut |_, _| {}, on_sample: Some(&mut on_sample) });
        match outcome {
            Ok(true) => read,
            Ok(false) => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn json(&self, parts: Parts<'_>) -> Result<(), ExchangeError> {
        let reader = BufReader::new(AsNull::new(open(&self.path)?));
        let mut from = serde_json::Deserializer::from_reader(reader);
        let read = parts.deserialize(&mut from).and_then(|()| from.end());
        read.map_err(|error| self.refuse("", format!("it is no Inspect log: {error}")))
    }

    fn refuse(&self, place: &str, reason: impl Into<String>) -> ExchangeError {
        ExchangeError::Input { file: self.file.clone(), place: place.to_owned(), reason: reason.into() }
    }
}

fn value_of(kept: Kept) -> Value {
    serde_json::to_value(kept).expect("values are values")
}

/// Reads a log in JSON part by part.
struct Parts<'p> {
    on_part: &'p mut dyn FnMut(String, Value),
    /// Without it samples are passed over.
    on_sample: Option<&'p mut dyn FnMut(Kept) -> bool>,
}

impl<'de> DeserializeSeed<'de> for Parts<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Parts<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with `eval` and `samples`")
    }

    fn visit_map<M: MapAccess<'de>>(mut self, mut map: M) -> Result<(), M::Error> {
        while let Some(name) = map.next_key::<String>()? {
            match (name.as_str(), &mut self.on_sample) {
                ("samples", Some(on_sample)) => map.next_value_seed(Samples(*on_sample))?,
                ("samples" | "reductions", _) => {
                    let _passed_over: IgnoredAny = map.next_value()?;
                }
                _ => (self.on_part)(name, map.next_value()?),
            }
        }
        Ok(())
    }
}

struct Samples<'s>(&'s mut dyn FnMut(Kept) -> bool);

impl<'de> DeserializeSeed<'de> for Samples<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Samples<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of samples")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut samples: S) -> Result<(), S::Error> {
        while let Some(kept) = samples.next_element()? {
            if !(self.0)(kept) {
                return Err(S::Error::custom("stopped"));
            }
        }
        Ok(())
    }
}

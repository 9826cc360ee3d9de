//! Reads files of answers, whatever their form.

mod csv_rows;
mod json_lines;
pub(crate) mod not_a_number;
mod open;
mod parquet_rows;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use antiphon_core::{ImportedFile, RunId};

use crate::ExchangeError;
use crate::answer::Answer;
use crate::error::Refusal;
use crate::field::Field;
use crate::found::{About, Found};
use crate::gather::{Gather, Origin};
use crate::inspect::{self, Log};
use crate::map::{Binding, Map};
use crate::value::Row;

pub(crate) use open::open;

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Csv(u8),
    JsonLines,
    Parquet,
    Inspect,
}

impl Form {
    fn of(path: &Path) -> Result<Self, ExchangeError> {
        let name = open::plain_name(path).to_lowercase();
        let is_packed = name.len() < file_name(path).len();
        match name.rsplit('.').next().unwrap_or_default() {
            "csv" => Ok(Self::Csv(b',')),
            "tsv" => Ok(Self::Csv(b'\t')),
            "jsonl" | "ndjson" => Ok(Self::JsonLines),
            "parquet" if !is_packed => Ok(Self::Parquet),
            "eval" | "json" if !is_packed => Ok(Self::Inspect),
            _ => Err(ExchangeError::Input {
                file: path.display().to_string(),
                place: String::new(),
                reason: "its name says not what it is: an Inspect log is .eval or .json, answers row by row are .csv, .tsv, .jsonl \
                         (each of these also .gz or .zst) or .parquet"
                    .to_owned(),
            }),
        }
    }

    /// What its rows are called.
    fn row(self) -> &'static str {
        match self {
            Self::Csv(_) | Self::JsonLines => "line",
            Self::Parquet => "row",
            Self::Inspect => "sample",
        }
    }
}

pub(crate) fn file_name(path: &Path) -> String {
    path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
}

/// Reads all files and checks all of their rows. Nothing is written but a temporary file, which needs about as much room as the files
/// unpacked.
///
/// # Errors
/// Names the file, the row and the column, and says what to do.
pub fn read(files: &[PathBuf], map: &Map, run: Option<RunId>) -> Result<Found, ExchangeError> {
    map.check()?;
    let mut files = files.to_vec();
    files.sort();
    if let Some(twice) = files.windows(2).find(|pair| pair[0] == pair[1]) {
        return Err(ExchangeError::Map(format!("{} is given twice", twice[0].display())));
    }
    let forms = files.iter().map(|file| Form::of(file)).collect::<Result<Vec<_>, _>>()?;
    let mut about = About { name: name_of(&files), ..About::default() };
    let mut logs: BTreeMap<usize, Log> = BTreeMap::new();
    for (at, _) in forms.iter().enumerate().filter(|(_, form)| **form == Form::Inspect) {
        logs.insert(at, Log::open(&files[at])?);
    }
    inspect::describe(logs.values(), &mut about);
    let several_tasks = inspect::has_several_tasks(logs.values());
    let mut gather = Gather::new(map)?;
    for (at, (path, form)) in files.iter().zip(&forms).enumerate() {
        let mut taker = Taker::new(map, &mut gather, &mut about, path, at);
        match form {
            Form::Csv(delimiter) => csv_rows::read(path, *delimiter, &mut taker)?,
            Form::JsonLines => json_lines::read(path, &mut taker)?,
            Form::Parquet => parquet_rows::read(path, &mut taker)?,
            Form::Inspect => logs[&at].read(&mut taker, several_tasks)?,
        }
        let (rows, stated) = (taker.rows, taker.stated);
        let hash = open::hash(path)?;
        about.files.push(ImportedFile { name: file_name(path), hash, rows, stated });
        about.rows.push(form.row());
    }
    if gather.entries.is_empty() {
        return Err(ExchangeError::Map("the files have no answers".to_owned()));
    }
    Found::of(gather, map, about, run)
}

/// A name for the run's suite, after the files.
fn name_of(files: &[PathBuf]) -> String {
    match files {
        [one] => open::plain_name(one).rsplit_once('.').map_or_else(String::new, |(stem, _)| stem.to_owned()),
        _ => "import".to_owned(),
    }
}

/// Takes the rows of one file.
pub(crate) struct Taker<'t, 'm> {
    pub(crate) map: &'m Map,
    gather: &'t mut Gather<'m>,
    pub(crate) about: &'t mut About,
    pub(crate) file: String,
    pub(crate) number: u32,
    binding: Binding,
    pub(crate) rows: u64,
    pub(crate) stated: Vec<antiphon_core::StatedError>,
}

impl<'t, 'm> Taker<'t, 'm> {
    fn new(
        map: &'m Map,
        gather: &'t mut Gather<'m>,
        about: &'t mut About,
        path: &Path,
        number: usize,
    ) -> Self {
        Self {
            map,
            gather,
            about,
            file: file_name(path),
            number: u32::try_from(number).expect("fewer than 2^32 files"),
            binding: Binding::default(),
            rows: 0,
            stated: Vec::new(),
        }
    }

    /// Says where everything stands in the file's rows. What was taken for what must be the same words in all files, or is listed.
    pub(crate) fn bind(&mut self, binding: Binding) -> Result<(), ExchangeError> {
        if !binding.sources.contains_key(&Field::Answer) {
            return Err(self.refuse(
                "",
                Refusal::new("no column looks like the answers; name it with `--column answer=NAME`"),
            ));
        }
        for (field, words) in &binding.words {
            let known = self.about.mapping.entry(field.clone()).or_insert_with(|| words.clone());
            if !known.split(", or ").any(|one| one == words) {
                *known = format!("{known}, or {words}");
            }
        }
        self.binding = binding;
        Ok(())
    }

    /// Takes a row that is one answer.
    pub(crate) fn take(&mut self, row: &Row<'_>, number: u64, place: &str) -> Result<(), ExchangeError> {
        self.rows += 1;
        let answer = Answer::of(row, &self.binding).map_err(|refusal| self.refuse(place, refusal))?;
        self.add(answer, number, place)
    }

    /// Reads a row without taking it.
    pub(crate) fn answer(&self, row: &Row<'_>, place: &str) -> Result<Answer, ExchangeError> {
        Answer::of(row, &self.binding).map_err(|refusal| self.refuse(place, refusal))
    }

    /// Takes an answer.
    pub(crate) fn add(&mut self, answer: Answer, number: u64, place: &str) -> Result<(), ExchangeError> {
        let file = &self.file;
        self.gather.add(answer, Origin { file: self.number, row: number }, |refusal| refusal.at(file, place))
    }

    pub(crate) fn refuse(&self, place: &str, refusal: Refusal) -> ExchangeError {
        if place.is_empty() {
            return ExchangeError::Input {
                file: self.file.clone(),
                place: String::new(),
                reason: refusal.reason,
            };
        }
        refusal.at(&self.file, place)
    }
}

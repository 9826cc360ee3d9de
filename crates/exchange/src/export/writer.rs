//! Writes a log sample by sample. What belongs before or after all samples waits in a temporary file or comes last.

use std::fs::File;
use std::io::{BufWriter, Read, Seek, Write};
use std::path::{Path, PathBuf};

use serde_json::Value;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::LogFormat;
use crate::ExchangeError;

/// What a listing shows of a sample.
const SUMMARY: [&str; 11] = [
    "id",
    "epoch",
    "input",
    "choices",
    "target",
    "metadata",
    "scores",
    "model_usage",
    "started_at",
    "completed_at",
    "total_time",
];

pub(super) struct LogWriter {
    path: PathBuf,
    /// The samples of a JSON log, the summaries of the other.
    waiting: BufWriter<File>,
    is_first: bool,
    file: Form,
}

enum Form {
    Json(BufWriter<File>),
    Eval(Box<ZipWriter<BufWriter<File>>>),
}

impl LogWriter {
    pub(super) fn create(path: &Path, format: LogFormat) -> Result<Self, ExchangeError> {
        let failed = |source| ExchangeError::File { action: "write", path: path.to_owned(), source };
        let file = BufWriter::new(File::create(path).map_err(failed)?);
        Ok(Self {
            path: path.to_owned(),
            waiting: BufWriter::new(tempfile::tempfile().map_err(failed)?),
            is_first: true,
            file: match format {
                LogFormat::Json => Form::Json(file),
                LogFormat::Eval => Form::Eval(Box::new(ZipWriter::new(file))),
            },
        })
    }

    pub(super) fn sample(&mut self, sample: &Value) -> Result<(), ExchangeError> {
        let between: &[u8] = if std::mem::take(&mut self.is_first) { b"[" } else { b"," };
        let result = match &mut self.file {
            Form::Json(_) => self.waiting.write_all(between).and_then(|()| put(&mut self.waiting, sample)),
            Form::Eval(zip) => {
                let name = format!(
                    "samples/{}_epoch_{}.json",
                    sample["id"].as_str().unwrap_or_default(),
                    sample["epoch"]
                );
                entry(zip, &name, |out| put(out, sample))
                    .and_then(|()| self.waiting.write_all(between))
                    .and_then(|()| put(&mut self.waiting, &summary(sample)))
            }
        };
        result.map_err(|source| self.failed(source))
    }

    pub(super) fn finish(self, header: &Value) -> Result<(), ExchangeError> {
        let path = self.path.clone();
        self.end(header).map_err(|source| ExchangeError::File { action: "write", path, source })
    }

    fn end(self, header: &Value) -> std::io::Result<()> {
        let mut waiting = self.waiting;
        waiting.write_all(if self.is_first { b"[]" } else { b"]" })?;
        let mut waiting = waiting.into_inner().map_err(std::io::IntoInnerError::into_error)?;
        waiting.rewind()?;
        match self.file {
            Form::Json(mut file) => {
                let text = header.to_string();
                let head = text.strip_suffix('}').unwrap_or(&text);
                file.write_all(head.as_bytes())?;
                file.write_all(b",\"samples\":")?;
                std::io::copy(&mut waiting, &mut file)?;
                file.write_all(b"}")?;
                file.flush()
            }
            Form::Eval(mut zip) => {
                let start = serde_json::json!({
                    "version": header["version"], "eval": header["eval"], "plan": header["plan"],
                });
                entry(&mut zip, "_journal/start.json", |out| put(out, &start))?;
                entry(&mut zip, "summaries.json", |out| copy(&mut waiting, out))?;
                entry(&mut zip, "header.json", |out| put(out, header))?;
                zip.finish().map_err(std::io::Error::from)?.flush()
            }
        }
    }

    fn failed(&self, source: std::io::Error) -> ExchangeError {
        ExchangeError::File { action: "write", path: self.path.clone(), source }
    }
}

fn copy(from: &mut impl Read, to: &mut dyn Write) -> std::io::Result<()> {
    let mut buffer = [0; 1 << 14];
    loop {
        match from.read(&mut buffer)? {
            0 => return Ok(()),
            length => to.write_all(&buffer[..length])?,
        }
    }
}

fn put(out: &mut dyn Write, value: &Value) -> std::io::Result<()> {
    serde_json::to_writer(out, value).map_err(std::io::Error::from)
}

fn entry(
    zip: &mut ZipWriter<BufWriter<File>>,
    name: &str,
    write: impl FnOnce(&mut dyn Write) -> std::io::Result<()>,
) -> std::io::Result<()> {
    let options =
        SimpleFileOptions::default().compression_method(CompressionMethod::Deflated).large_file(true);
    zip.start_file(name, options).map_err(std::io::Error::from)?;
    write(zip)
}

fn summary(sample: &Value) -> Value {
    let mut summary: serde_json::Map<String, Value> =
        SUMMARY.iter().filter_map(|name| Some(((*name).to_owned(), sample.get(*name)?.clone()))).collect();
    if let Some(message) = sample.get("error").and_then(|error| error.get("message")) {
        summary.insert("error".to_owned(), message.clone());
    }
    summary.insert("completed".to_owned(), true.into());
    Value::Object(summary)
}

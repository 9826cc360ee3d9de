//! Logs of Inspect: what a log says as a whole, and where things stand in its samples by default.

mod conversation;
mod log;

use antiphon_core::{SamplingParameters, StatedError, TargetId, nearest};
use serde_json::Value;

use crate::ExchangeError;
use crate::error::Refusal;
use crate::field::Field;
use crate::found::About;
use crate::map::Binding;
use crate::name::id_of;
use crate::read::Taker;
use crate::value::{Row, Source, at, score, text};

pub(crate) use log::Log;

/// Where Antiphon's own exports say who asked, in which session.
pub(crate) const OWN: &str = "metadata.antiphon";

/// Where things stand in a sample, unless the mapping says otherwise.
const SAMPLE: [(Field, &str); 8] = [
    (Field::Probe, "id"),
    (Field::Answer, "output.completion"),
    (Field::Options, "choices"),
    (Field::Status, "output.choices.0.stop_reason"),
    (Field::Error, "error.message"),
    (Field::Time, "started_at"),
    (Field::InputTokens, "output.usage.input_tokens"),
    (Field::OutputTokens, "output.usage.output_tokens"),
];

/// What the logs say as wholes.
pub(crate) fn describe<'l>(logs: impl Iterator<Item = &'l Log>, about: &mut About) {
    let mut tasks: Vec<String> = Vec::new();
    let mut number = 0;
    for log in logs {
        number += 1;
        let said = |path: &str| at(&log.header, path).map(text);
        tasks.extend(said("eval.task").filter(|task| !tasks.contains(task)));
        let status = said("status").unwrap_or_else(|| "unfinished".to_owned());
        if status != "success" {
            about
                .warnings
                .push(format!("{}: the log ended as {status:?}; its samples may not be all", log.file));
        }
        if let Some(model) = said("eval.model") {
            let sent = parameters(&log.header);
            let known = about.parameters.entry(model.clone()).or_insert_with(|| sent.clone());
            if *known != sent {
                about.warnings.push(format!(
                    "{}: {model} was asked with other sampling parameters than in another log; to compare them, name them apart, \
                     for example with `--column target=@file`",
                    log.file
                ));
            }
        }
    }
    if number > 0 {
        let logs = if number == 1 { "an Inspect log".to_owned() } else { format!("{number} Inspect logs") };
        about.description = Some(format!("Imported from {logs} of {}.", tasks.join(", ")));
    }
    if let [task] = tasks.as_slice() {
        about.name.clone_from(task);
    }
}

/// Whether ids of samples may be those of different tasks.
pub(crate) fn has_several_tasks<'l>(logs: impl Iterator<Item = &'l Log>) -> bool {
    let mut tasks: Vec<Option<&Value>> = logs.map(|log| at(&log.header, "eval.task")).collect();
    tasks.dedup();
    tasks.len() > 1
}

fn parameters(header: &Value) -> SamplingParameters {
    let said = |name: &str| {
        let of = |place: &str| at(header, &format!("{place}.{name}")).filter(|value| !value.is_null());
        of("eval.model_generate_config").or_else(|| of("plan.config"))
    };
    let small = |name: &str| said(name).and_then(Value::as_u64).and_then(|number| u32::try_from(number).ok());
    SamplingParameters {
        temperature: said("temperature").and_then(Value::as_f64),
        top_p: said("top_p").and_then(Value::as_f64),
        top_k: small("top_k"),
        max_tokens: small("max_tokens").unwrap_or(0),
        ..SamplingParameters::default()
    }
}

impl Log {
    /// Takes all samples.
    pub(crate) fn read(&self, taker: &mut Taker<'_, '_>, several_tasks: bool) -> Result<(), ExchangeError> {
        let mut first = Value::Null;
        self.each(&mut |sample, _| {
            first = sample;
            Ok(false)
        })?;
        let binding = self.bind(taker, &first)?;
        let own_probe = binding.sources.get(&Field::Probe) == Some(&Source::Path("id".to_owned()));
        taker.stated = self.stated(&binding);
        taker.bind(binding)?;
        let task = at(&self.header, "eval.task").map(text).filter(|_| several_tasks && own_probe);
        self.each(&mut |sample, number| {
            taker.rows += 1;
            let said = |path: &str| at(&sample, path).map(text).unwrap_or_default();
            let place = format!("sample {}, epoch {}", said("id"), said("epoch"));
            let row = Row::Object { object: &sample, header: &self.header };
            let mut answer = taker.answer(&row, &place)?;
            if let (Some(task), Some(probe)) = (&task, &mut answer.probe) {
                *probe = format!("{task}/{probe}");
            }
            for answer in conversation::answers(&sample, answer, taker.number, taker.map) {
                taker.add(answer, number, &place)?;
            }
            Ok(true)
        })
    }

    /// Where things stand: by the mapping, else where Inspect puts them.
    fn bind(&self, taker: &Taker<'_, '_>, first: &Value) -> Result<Binding, ExchangeError> {
        let map = taker.map;
        let mut binding = Binding::default();
        for field in Field::ALL {
            if let Some(text) = map.constant(field) {
                binding.constant(field, text);
            } else if let Some(name) = map.column(field) {
                binding.add(field, self.find(name, first, taker)?, name);
            }
        }
        let mut default = |field: Field, source: Source, words: &str| {
            if !map.names(field) {
                binding.add(field, source, words);
            }
        };
        for (field, path) in SAMPLE {
            default(field, Source::Path(path.to_owned()), path);
        }
        default(Field::Target, Source::Header("eval.model".to_owned()), "eval.model");
        default(Field::Group, Source::Header("eval.task".to_owned()), "eval.task");
        default(Field::Model, Source::Path("output.model".to_owned()), "output.model");
        for (field, words) in [
            (Field::Session, "the log and its epoch"),
            (Field::Prompt, "what the user says in messages"),
            (Field::System, "what the system says in messages"),
        ] {
            if !map.names(field) {
                binding.words.insert(field.name().to_owned(), words.to_owned());
            }
        }
        binding.add_scores(map, |name| self.find(name, first, taker))?;
        if map.scores.is_empty() && !map.names(Field::Score) {
            binding.words.insert("score".to_owned(), "every number in scores".to_owned());
        }
        Ok(binding)
    }

    fn find(&self, name: &str, first: &Value, taker: &Taker<'_, '_>) -> Result<Source, ExchangeError> {
        if name == "@file" {
            return Ok(Source::Constant(taker.file.clone()));
        }
        if at(&self.header, name).is_some() {
            return Ok(Source::Header(name.to_owned()));
        }
        if at(first, name).is_some() {
            return Ok(Source::Path(name.to_owned()));
        }
        let keys = |value: &Value, path: &str| -> Vec<String> {
            let found = if path.is_empty() { Some(value) } else { at(value, path) };
            let prefix = if path.is_empty() { String::new() } else { format!("{path}.") };
            let names =
                found.and_then(Value::as_object).map(|object| object.keys().cloned().collect::<Vec<_>>());
            names.unwrap_or_default().into_iter().map(|name| format!("{prefix}{name}")).collect()
        };
        let known: Vec<String> =
            [keys(first, ""), keys(first, "metadata"), keys(&self.header, "eval")].concat();
        let hint = match nearest(name, known.iter().map(String::as_str)) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => format!("there are {}", known.join(", ")),
        };
        let reason = format!("neither its first sample nor its header has `{name}`; {hint}");
        Err(taker.refuse("", Refusal::new(reason)))
    }

    /// The standard errors that the log states.
    fn stated(&self, binding: &Binding) -> Vec<StatedError> {
        let row = Row::Object { object: &Value::Null, header: &self.header };
        let target =
            binding.sources.get(&Field::Target).and_then(|source| row.get(source).map(|name| text(&name)));
        let Some(target) = target.and_then(|name| TargetId::new(id_of(&name)).ok()) else {
            return Vec::new();
        };
        let scores = at(&self.header, "results.scores").and_then(Value::as_array);
        let stated = |one: &Value| {
            let stderr = at(one, "metrics.stderr.value").and_then(score)?;
            Some(StatedError { target: target.clone(), score: text(at(one, "name")?), stderr })
        };
        scores.into_iter().flatten().filter_map(stated).collect()
    }
}

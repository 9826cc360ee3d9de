//! Probes as the suite writes them → probes as they are asked: data sets row by row, documents cut by cut.

use std::collections::BTreeMap;

use super::{Assets, Dataset, MOST_OPTIONS, Probe, ProbeKind, Problem, Wording, nearest};
use crate::suite::{RecallForm, Suite, SuiteKind, SuiteProbe, Translation};
use crate::{Cut, ProbeId, UserDesign};

/// Words of a passage and of a reference, where the suite does not say.
const DEFAULT_WORDS: u32 = 60;

const RECALL_PROMPT: &str =
    "Here is a passage from a document. Write out what comes next in it, word for word.\n\n{{ passage }}";
const PREFILL_PROMPT: &str = "Write out the document from the place where your answer begins.";

/// The probes that entry `index` of the suite stands for; at least one.
pub(crate) fn expand(
    index: usize,
    written: &SuiteProbe,
    suite: &Suite,
    assets: &Assets,
) -> Result<Vec<Probe>, Problem> {
    let field = match &written.id {
        Some(id) => format!("probes[{index}] ({id})"),
        None => format!("probes[{index}]"),
    };
    let entry = Entry { field, written, suite };
    entry.check_fields()?;
    match (&written.from, written.kind) {
        (Some(path), _) => entry.dataset(path, assets),
        (None, Some(SuiteKind::Recall)) => entry.recall(assets),
        (None, _) => Ok(vec![entry.single()?]),
    }
}

/// Every probe must speak every language of the users, unless it comes from a data set and so has one wording for all.
pub(crate) fn check_languages(users: &UserDesign, probes: &[Probe]) -> Result<(), Problem> {
    for probe in probes.iter().filter(|probe| probe.wordings.values().all(|wording| wording.template)) {
        for user in &users.users {
            if !probe.wordings.contains_key(&user.language) {
                let known: Vec<&str> = probe.wordings.keys().map(String::as_str).collect();
                return Err(Problem::at(
                    format!("probe {}", probe.id),
                    format!(
                        "user {} asks in {:?}, but the probe is worded in {} only; add `translations: {{{}: …}}` or \
                         take the language out of `users`",
                        user.id,
                        user.language,
                        known.join(", "),
                        user.language
                    ),
                ));
            }
        }
    }
    Ok(())
}

struct Entry<'a> {
    field: String,
    written: &'a SuiteProbe,
    suite: &'a Suite,
}

impl Entry<'_> {
    fn problem<T>(&self, message: impl Into<String>) -> Result<T, Problem> {
        Err(Problem::at(&self.field, message))
    }

    fn kind(&self) -> SuiteKind {
        self.written.kind.unwrap_or(SuiteKind::Open)
    }

    /// Refuses fields that belong to another kind: silently ignored ones would be measured wrongly.
    fn check_fields(&self) -> Result<(), Problem> {
        let probe = self.written;
        let kind = self.kind();
        let choice = kind == SuiteKind::Choice;
        let scale = kind == SuiteKind::Scale;
        let recall = kind == SuiteKind::Recall;
        let from = probe.from.is_some();
        for (name, set, belongs, owner) in [
            ("options", probe.options.is_some(), choice, "kind `choice`"),
            ("instruction", probe.instruction.is_some(), choice || scale, "kinds `choice` and `scale`"),
            ("min", probe.min.is_some(), scale, "kind `scale`"),
            ("max", probe.max.is_some(), scale, "kind `scale`"),
            ("document", probe.document.is_some(), recall, "kind `recall`"),
            ("cuts", probe.cuts.is_some(), recall, "kind `recall`"),
            ("passage_words", probe.passage_words.is_some(), recall, "kind `recall`"),
            ("reference_words", probe.reference_words.is_some(), recall, "kind `recall`"),
            ("form", probe.form.is_some(), recall, "kind `recall`"),
            ("columns", probe.columns.is_some(), from, "probes with `from`"),
            ("turns", probe.turns.is_some(), !recall && !from, "single probes that are not `recall`"),
            ("translations", !probe.translations.is_empty(), !from, "single probes"),
            ("prompt", probe.prompt.is_some(), !from, "single probes; `columns.prompt` names the column"),
        ] {
            if set && !belongs {
                return self.problem(format!("field `{name}` belongs to {owner}"));
            }
        }
        if recall && from {
            return self.problem("a data set can't hold `recall` probes; give `document` and `cuts`");
        }
        Ok(())
    }

    fn id(&self) -> Result<ProbeId, Problem> {
        match &self.written.id {
            None => self.problem("the probe has no `id`"),
            Some(id) => ProbeId::new(id.as_str()).or_else(|error| self.problem(error.to_string())),
        }
    }

    fn single(&self) -> Result<Probe, Problem> {
        let probe = self.written;
        let mut wordings = BTreeMap::new();
        let plain = Translation {
            prompt: probe.prompt.clone(),
            turns: probe.turns.clone(),
            options: probe.options.clone(),
            instruction: probe.instruction.clone(),
        };
        wordings.insert(self.suite.language.clone(), self.wording(&plain, &self.field)?);
        for (language, translation) in &probe.translations {
            let place = format!("{}.translations.{language}", self.field);
            let wording = self.wording(translation, &place)?;
            if wordings.insert(language.clone(), wording).is_some() {
                return Err(Problem::at(
                    place,
                    "this is the suite's own language, which `prompt` speaks already",
                ));
            }
        }
        let first = &wordings[&self.suite.language];
        for (language, wording) in &wordings {
            if wording.options.len() != first.options.len() || wording.turns.len() != first.turns.len() {
                return self.problem(format!(
                    "the translation into {language} has another number of turns or options than the original; \
                     they must stand in the same order"
                ));
            }
        }
        Ok(Probe { id: self.id()?, group: probe.group.clone(), wordings, kind: self.probe_kind()? })
    }

    fn wording(&self, text: &Translation, place: &str) -> Result<Wording, Problem> {
        let turns = match (&text.prompt, &text.turns) {
            (Some(prompt), None) => vec![prompt.clone()],
            (None, Some(turns)) if !turns.is_empty() => turns.clone(),
            (None, Some(_)) => return Err(Problem::at(place, "`turns` is empty; nothing would be asked")),
            (None, None) => return Err(Problem::at(place, "there is neither `prompt` nor `turns`")),
            (Some(_), Some(_)) => {
                return Err(Problem::at(place, "`prompt` and `turns` exclude each other; keep one"));
            }
        };
        let options = text.options.clone().unwrap_or_default();
        if self.kind() == SuiteKind::Choice {
            check_options(&options).map_err(|message| Problem::at(place, message))?;
        }
        Ok(Wording { turns, template: true, options, instruction: text.instruction.clone() })
    }

    fn probe_kind(&self) -> Result<ProbeKind, Problem> {
        Ok(match self.kind() {
            SuiteKind::Open | SuiteKind::Recall => ProbeKind::Open,
            SuiteKind::Short => ProbeKind::Short,
            SuiteKind::Choice => ProbeKind::Choice,
            SuiteKind::Scale => match (self.written.min, self.written.max) {
                (Some(from), Some(to)) if from < to => ProbeKind::Scale { from, to },
                (Some(from), Some(to)) => {
                    return self.problem(format!("`min` {from} is not below `max` {to}"));
                }
                _ => return self.problem("a `scale` needs `min` and `max`"),
            },
        })
    }

    fn dataset(&self, path: &str, assets: &Assets) -> Result<Vec<Probe>, Problem> {
        let Some(data) = assets.datasets.get(path) else {
            return self.problem(format!("the data set {path} was not read"));
        };
        let columns = self.written.columns.clone().unwrap_or_default();
        let prompts = self.column(data, path, &columns.prompt)?;
        let ids = columns.id.as_deref().map(|name| self.column(data, path, name)).transpose()?;
        let groups = columns.group.as_deref().map(|name| self.column(data, path, name)).transpose()?;
        let options = columns.options.as_deref().map(|name| self.column(data, path, name)).transpose()?;
        if self.kind() == SuiteKind::Choice && options.is_none() {
            return self.problem("a `choice` from a data set needs `columns.options`");
        }
        if data.rows.is_empty() {
            return self.problem(format!("{path} has no rows"));
        }
        let kind = self.probe_kind()?;
        // Without an `id` the file's name goes before a row's number, so that two data sets do not collide.
        let stem = self.written.id.clone().unwrap_or_else(|| file_stem(path));
        let mut probes = Vec::with_capacity(data.rows.len());
        for (at, row) in data.rows.iter().enumerate() {
            let place =
                |message: String| Problem::at(&self.field, format!("{path}, row {}: {message}", at + 1));
            let value = |column: usize| row[column].clone().filter(|text| !text.trim().is_empty());
            let prompt =
                value(prompts).ok_or_else(|| place(format!("column `{}` is empty", columns.prompt)))?;
            let id = match ids {
                None => format!("{stem}-{:05}", at + 1),
                Some(column) => {
                    let cell = value(column).ok_or_else(|| place("the id is empty".to_owned()))?;
                    if self.written.id.is_some() { format!("{stem}-{cell}") } else { cell }
                }
            };
            let options = match options {
                Some(column) => parse_options(&value(column).unwrap_or_default()),
                None => Vec::new(),
            };
            if self.kind() == SuiteKind::Choice {
                check_options(&options).map_err(place)?;
            }
            let wording = Wording {
                turns: vec![prompt],
                template: false,
                options,
                instruction: self.written.instruction.clone(),
            };
            probes.push(Probe {
                id: ProbeId::new(id).map_err(|error| place(error.to_string()))?,
                group: groups.and_then(value).or_else(|| self.written.group.clone()),
                wordings: BTreeMap::from([(self.suite.language.clone(), wording)]),
                kind: kind.clone(),
            });
        }
        Ok(probes)
    }

    fn column(&self, data: &Dataset, path: &str, name: &str) -> Result<usize, Problem> {
        data.columns.iter().position(|column| column == name).map_or_else(
            || {
                let hint = match nearest(name, data.columns.iter().map(String::as_str)) {
                    Some(meant) => format!("did you mean `{meant}`?"),
                    None => format!("it has {}", data.columns.join(", ")),
                };
                self.problem(format!("{path} has no column `{name}`; {hint}"))
            },
            Ok,
        )
    }

    fn recall(&self, assets: &Assets) -> Result<Vec<Probe>, Problem> {
        let probe = self.written;
        let Some(path) = &probe.document else { return self.problem("a `recall` probe needs a `document`") };
        let Some(cuts) = probe.cuts.as_ref().filter(|cuts| !cuts.is_empty()) else {
            return self.problem("a `recall` probe needs `cuts`, the words before which the document is cut");
        };
        let Some(text) = assets.documents.get(path) else {
            return self.problem(format!("the document {path} was not read"));
        };
        let prefill = probe.form == Some(RecallForm::Prefill);
        let hash = blake3::hash(text.as_bytes()).to_hex().to_string();
        let words = word_offsets(text);
        let id = self.id()?;
        let mut wordings = BTreeMap::new();
        let default = if prefill { PREFILL_PROMPT } else { RECALL_PROMPT };
        let translated =
            probe.translations.iter().map(|(language, text)| (language.clone(), text.prompt.clone()));
        for (language, prompt) in
            [(self.suite.language.clone(), probe.prompt.clone())].into_iter().chain(translated)
        {
            let prompt = prompt.unwrap_or_else(|| default.to_owned());
            if !prefill && !prompt.contains("passage") {
                return self
                    .problem("the `prompt` of a recall probe must place the passage: `{{ passage }}`");
            }
            wordings.insert(language, Wording { turns: vec![prompt], template: true, ..Wording::default() });
        }
        cuts.iter()
            .map(|&word| {
                let (passage, reference) = self.cut(path, text, &words, word)?;
                Ok(Probe {
                    id: ProbeId::new(format!("{id}@w{word}"))
                        .or_else(|error| self.problem(error.to_string()))?,
                    group: probe.group.clone().or_else(|| Some(id.to_string())),
                    wordings: wordings.clone(),
                    kind: ProbeKind::Recall(Cut {
                        document: path.clone(),
                        document_hash: hash.clone(),
                        word,
                        passage,
                        reference,
                        prefill,
                    }),
                })
            })
            .collect()
    }

    fn cut(
        &self,
        path: &str,
        text: &str,
        words: &[(usize, usize)],
        word: u32,
    ) -> Result<(String, String), Problem> {
        let at = word as usize;
        let before = self.written.passage_words.unwrap_or(DEFAULT_WORDS) as usize;
        let after = self.written.reference_words.unwrap_or(DEFAULT_WORDS) as usize;
        if before == 0 || after == 0 {
            return self.problem("`passage_words` and `reference_words` must be 1 or more");
        }
        if at < before || at + after > words.len() {
            return self.problem(format!(
                "the cut at word {at} lies outside the document: {path} has {} words, and a cut needs {before} before \
                 it and {after} after it, so it must lie between {before} and {}",
                words.len(),
                words.len().saturating_sub(after)
            ));
        }
        let slice = |from: usize, to: usize| text[words[from].0..words[to - 1].1].to_owned();
        Ok((slice(at - before, at), slice(at, at + after)))
    }
}

fn check_options(options: &[String]) -> Result<(), String> {
    if options.len() < 2 || options.len() > MOST_OPTIONS {
        return Err(format!("a `choice` needs 2 to {MOST_OPTIONS} options, not {}", options.len()));
    }
    for (at, option) in options.iter().enumerate() {
        if option.trim().is_empty() || option.contains('\n') {
            return Err(format!("option {} must be one line of text", at + 1));
        }
        if options[..at].contains(option) {
            return Err(format!("the option {option:?} stands twice"));
        }
    }
    Ok(())
}

fn parse_options(cell: &str) -> Vec<String> {
    serde_json::from_str(cell)
        .unwrap_or_else(|_| cell.split('|').map(|option| option.trim().to_owned()).collect())
}

fn file_stem(path: &str) -> String {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.split('.').next().unwrap_or(name).to_owned()
}

/// Begin and end of every white-space separated word, in bytes.
fn word_offsets(text: &str) -> Vec<(usize, usize)> {
    text.split_whitespace()
        .map(|word| {
            let from = word.as_ptr() as usize - text.as_ptr() as usize;
            (from, from + word.len())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_cut_with_their_own_white_space() {
        let text = "  one\ntwo   three ";
        let words = word_offsets(text);
        assert_eq!(words.len(), 3);
        assert_eq!(&text[words[0].0..words[2].1], "one\ntwo   three");
    }

    #[test]
    fn options_come_as_json_or_with_bars() {
        assert_eq!(parse_options("[\"a|b\",\"c\"]"), ["a|b", "c"]);
        assert_eq!(parse_options("a | b"), ["a", "b"]);
    }
}

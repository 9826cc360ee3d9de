//! Probes as the suite writes them → probes as they are asked: data sets row by row, documents cut by cut.

use std::collections::BTreeMap;

use super::{Assets, Problem};
use crate::manifest::{Probe, ProbeKind, Wording};
use crate::prompt::MOST_OPTIONS;
use crate::suite::{Suite, SuiteKind, SuiteProbe, Translation};
use crate::{ProbeId, UserDesign};

/// Names that a probe may look for.
const MOST_NAMES: usize = 50;

mod dataset;
mod extract;
mod mirrored;
mod passages;
mod recall;

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
        (None, Some(SuiteKind::Paired)) => entry.mirrored(),
        (None, Some(SuiteKind::Extract)) => entry.extract(assets),
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
        let paired = kind == SuiteKind::Paired;
        let extract = kind == SuiteKind::Extract;
        let passage = recall || extract;
        let from = probe.from.is_some();
        for (name, set, belongs, owner) in [
            ("options", probe.options.is_some(), choice, "kind `choice`"),
            ("instruction", probe.instruction.is_some(), choice || scale, "kinds `choice` and `scale`"),
            ("min", probe.min.is_some(), scale, "kind `scale`"),
            ("max", probe.max.is_some(), scale, "kind `scale`"),
            ("document", probe.document.is_some(), passage, "kinds `recall` and `extract`"),
            ("cuts", probe.cuts.is_some(), passage, "kinds `recall` and `extract`"),
            ("passage_words", probe.passage_words.is_some(), passage, "kinds `recall` and `extract`"),
            ("reference_words", probe.reference_words.is_some(), recall, "kind `recall`"),
            ("control", probe.control.is_some(), passage, "kinds `recall` and `extract`"),
            ("form", probe.form.is_some(), passage, "kinds `recall` and `extract`"),
            ("passage", probe.passage.is_some(), extract, "kind `extract`"),
            ("opening", probe.opening.is_some(), extract, "kind `extract`"),
            ("grow", probe.grow.is_some(), extract, "kind `extract`"),
            ("expect", probe.expect.is_some(), kind == SuiteKind::Refusal, "kind `refusal`"),
            (
                "mentions",
                probe.mentions.is_some(),
                matches!(kind, SuiteKind::Open | SuiteKind::Short | SuiteKind::Refusal) && !from,
                "single probes of the kinds `open`, `short` and `refusal`",
            ),
            (
                "sides",
                probe.sides.is_some(),
                paired && !from,
                "kind `paired`; a data set names its columns `a` and `b`",
            ),
            ("columns", probe.columns.is_some(), from, "probes with `from`"),
            (
                "turns",
                probe.turns.is_some(),
                !passage && !paired && !from,
                "single probes that are neither `recall`, `extract` nor `paired`",
            ),
            (
                "translations",
                !probe.translations.is_empty(),
                !from && !paired,
                "single probes; in a `paired` one they stand within each side",
            ),
            (
                "prompt",
                probe.prompt.is_some(),
                !paired,
                "other kinds; a `paired` one has a prompt for each of its `sides`",
            ),
            ("prompt", probe.prompt.is_some(), !from, "single probes; `columns.prompt` names the column"),
        ] {
            if set && !belongs {
                return self.problem(format!("field `{name}` belongs to {owner}"));
            }
        }
        if passage && from {
            let name = if recall { "recall" } else { "extract" };
            return self
                .problem(format!("a data set can't hold `{name}` probes; give `document` and `cuts`"));
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
        Ok(Probe {
            id: self.id()?,
            group: probe.group.clone(),
            wordings,
            kind: self.probe_kind()?,
            continues: None,
            mentions: self.mentions()?,
        })
    }

    /// A name without a letter or digit would be found in every answer, or in none.
    fn mentions(&self) -> Result<Vec<String>, Problem> {
        let names = self.written.mentions.clone().unwrap_or_default();
        if names.len() > MOST_NAMES {
            return self.problem(format!("`mentions` has {} names, and takes {MOST_NAMES}", names.len()));
        }
        match names.iter().find(|name| !name.chars().any(char::is_alphanumeric)) {
            Some(name) => self.problem(format!("`mentions`: {name:?} is no name; it has no letter")),
            None => Ok(names),
        }
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
        Ok(Wording { turns, template: true, options, instruction: text.instruction.clone(), verbatim: false })
    }

    fn probe_kind(&self) -> Result<ProbeKind, Problem> {
        Ok(match self.kind() {
            // A recall probe and a chain have their own kind for each cut, a pair for each side.
            SuiteKind::Open | SuiteKind::Recall | SuiteKind::Extract | SuiteKind::Paired => ProbeKind::Open,
            SuiteKind::Refusal => ProbeKind::Refusal { expect: self.written.expect },
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
}

fn check_options(options: &[String]) -> Result<(), String> {
    if options.len() < 2 || options.len() > MOST_OPTIONS {
        return Err(format!("a `choice` needs 2 to {MOST_OPTIONS} options, not {}", options.len()));
    }
    for (at, option) in options.iter().enumerate() {
        if option.trim().is_empty() || option.contains('\n') {
            return Err(format!("option {} must be one line of text", at + 1));
        }
        if ["(refused)", "(filtered)", "(empty)", "(unclear)"].contains(&option.trim()) {
            return Err(format!(
                "the option {option:?} is the report's word for an answer that takes no option; word it otherwise"
            ));
        }
        if options[..at].contains(option) {
            return Err(format!("the option {option:?} stands twice"));
        }
    }
    Ok(())
}

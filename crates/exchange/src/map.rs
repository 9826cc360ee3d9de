//! The mapping: which column is what. What it does not say is recognised by name.

use std::collections::BTreeMap;

use antiphon_core::{ProbeKind, UserMode, nearest};
use serde::Deserialize;
use serde_json::Value;

use crate::ExchangeError;
use crate::field::{Field, plain};
use crate::value::{Source, at};

/// Which column or path is what, as a user writes it.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Map {
    /// Name of the suite that the run is of; its id begins with it.
    pub name: Option<String>,
    /// Field → column or dotted path; `@file` is the file's name.
    pub columns: BTreeMap<String, String>,
    /// Field → the same value for all rows.
    pub constants: BTreeMap<String, String>,
    /// Name of a score → column or dotted path.
    pub scores: BTreeMap<String, String>,
    /// Probe → kind; `default` is for all others.
    pub kinds: BTreeMap<String, Kind>,
    /// Probe → options of a choice; `default` is for all others.
    pub options: BTreeMap<String, Vec<String>>,
    /// Whether users were drawn independently from those spoken of; if absent, intervals speak of these users only.
    pub users: Option<Users>,
}

/// Of whom intervals speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Users {
    /// These users only.
    Listed,
    /// All users of the population that these were drawn from independently.
    Drawn,
}

impl From<Users> for UserMode {
    fn from(users: Users) -> Self {
        match users {
            Users::Listed => Self::Listed,
            Users::Drawn => Self::Drawn,
        }
    }
}

/// How answers are taken: `open`, `short`, `choice` or `scale:1..7`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum Kind {
    /// Free text, compared as wording.
    Open,
    /// A short text, compared as a label.
    Short,
    /// One of the options.
    Choice,
    /// A whole number of a range.
    Scale(i32, i32),
}

impl Kind {
    pub(crate) fn of_probe(self) -> ProbeKind {
        match self {
            Self::Open => ProbeKind::Open,
            Self::Short => ProbeKind::Short,
            Self::Choice => ProbeKind::Choice,
            Self::Scale(from, to) => ProbeKind::Scale { from, to },
        }
    }
}

impl std::str::FromStr for Kind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "open" => return Ok(Self::Open),
            "short" => return Ok(Self::Short),
            "choice" => return Ok(Self::Choice),
            _ => {}
        }
        let range = text.strip_prefix("scale:").and_then(|range| range.split_once(".."));
        let ends = range.and_then(|(from, to)| Some((from.parse().ok()?, to.parse().ok()?)));
        match ends {
            Some((from, to)) if from < to => Ok(Self::Scale(from, to)),
            Some(_) => Err(format!("{text:?} is no scale: the first number must be the smaller one")),
            None => Err(format!("{text:?} is no kind; use open, short, choice or scale:1..7")),
        }
    }
}

impl TryFrom<String> for Kind {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl Map {
    /// Reads a mapping file.
    ///
    /// # Errors
    /// With line and column, if it is no mapping.
    pub fn parse(text: &str) -> Result<Self, ExchangeError> {
        let explain = |error| ExchangeError::Map(antiphon_core::suite::explain(&error).to_string());
        serde_saphyr::from_str(text).map_err(explain)
    }

    /// Refuses fields that nothing can be taken for.
    pub(crate) fn check(&self) -> Result<(), ExchangeError> {
        let names = Field::ALL.map(Field::name);
        for name in self.columns.keys().chain(self.constants.keys()) {
            if Field::parse(name).is_none() {
                let hint = match nearest(name, names) {
                    Some(meant) => format!("did you mean `{meant}`?"),
                    None => format!("there are {}", names.join(", ")),
                };
                return Err(ExchangeError::Map(format!("there is no field `{name}`; {hint}")));
            }
        }
        if let Some(twice) = self.columns.keys().find(|name| self.constants.contains_key(*name)) {
            return Err(ExchangeError::Map(format!(
                "`{twice}` is given both as a column and as a constant; leave one of them out"
            )));
        }
        Ok(())
    }

    pub(crate) fn column(&self, field: Field) -> Option<&str> {
        self.columns.get(field.name()).map(String::as_str)
    }

    pub(crate) fn constant(&self, field: Field) -> Option<&str> {
        self.constants.get(field.name()).map(String::as_str)
    }

    /// Whether it says where the field comes from.
    pub(crate) fn names(&self, field: Field) -> bool {
        self.columns.contains_key(field.name()) || self.constants.contains_key(field.name())
    }

    pub(crate) fn kind(&self, probe: &str) -> Option<Kind> {
        self.kinds.get(probe).or_else(|| self.kinds.get("default")).copied()
    }

    pub(crate) fn options(&self, probe: &str) -> Option<&[String]> {
        self.options.get(probe).or_else(|| self.options.get("default")).map(Vec::as_slice)
    }
}

/// What a file offers to choose from.
#[derive(Debug)]
pub(crate) enum Offer<'a> {
    /// Columns, by their names.
    Columns(&'a [String]),
    /// Objects, of which these are the first.
    Objects(&'a [Value]),
}

impl Offer<'_> {
    fn names(&self) -> Vec<&str> {
        match self {
            Self::Columns(names) => names.iter().map(String::as_str).collect(),
            Self::Objects(objects) => {
                let mut names: Vec<&str> = Vec::new();
                for name in objects.iter().filter_map(Value::as_object).flat_map(|object| object.keys()) {
                    if !names.contains(&name.as_str()) {
                        names.push(name);
                    }
                }
                names
            }
        }
    }

    /// The column or path of exactly that name.
    fn exactly(&self, name: &str) -> Option<Source> {
        match self {
            Self::Columns(names) => names.iter().position(|column| column == name).map(Source::Column),
            Self::Objects(objects) => {
                objects.iter().any(|object| at(object, name).is_some()).then(|| Source::Path(name.to_owned()))
            }
        }
    }

    /// A column that is called like that, whatever its case.
    fn like(&self, name: &str) -> Option<(Source, String)> {
        if name.contains('.') {
            return self.exactly(name).map(|source| (source, name.to_owned()));
        }
        let found = self.names().into_iter().find(|column| plain(column) == name)?.to_owned();
        Some((self.exactly(&found)?, found))
    }

    /// What the mapping names, which must be there.
    fn named(&self, name: &str, what: &str, file: &str) -> Result<Source, ExchangeError> {
        if name == "@file" {
            return Ok(Source::Constant(file.to_owned()));
        }
        self.exactly(name).ok_or_else(|| {
            let names = self.names();
            let hint = match nearest(name, names.iter().copied()) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => format!("it has {}", names.join(", ")),
            };
            let reason = format!("there is no `{name}` to take the {what} from; {hint}");
            ExchangeError::Input { file: file.to_owned(), place: String::new(), reason }
        })
    }
}

/// Where everything stands in a file.
#[derive(Debug, Clone, Default)]
pub(crate) struct Binding {
    pub(crate) sources: BTreeMap<Field, Source>,
    pub(crate) scores: BTreeMap<String, Source>,
    /// The same in words, as it is shown and kept.
    pub(crate) words: BTreeMap<String, String>,
}

impl Binding {
    /// Finds every field in a file of rows.
    pub(crate) fn of(map: &Map, offer: &Offer<'_>, file: &str) -> Result<Self, ExchangeError> {
        let mut binding = Self::default();
        for field in Field::ALL {
            if let Some(text) = map.constant(field) {
                binding.constant(field, text);
            } else if let Some(name) = map.column(field) {
                binding.add(field, offer.named(name, field.name(), file)?, name);
            } else if let Some((source, name)) =
                field.recognised_by().iter().find_map(|name| offer.like(name))
                && !binding.sources.values().any(|taken| *taken == source)
                && !map.columns.values().any(|taken| *taken == name)
                && !map.scores.values().any(|taken| *taken == name)
            {
                binding.add(field, source, &name);
            }
        }
        binding.add_scores(map, |name| offer.named(name, "score", file))?;
        Ok(binding)
    }

    pub(crate) fn constant(&mut self, field: Field, text: &str) {
        self.add(field, Source::Constant(text.to_owned()), &format!("{text:?} for all"));
    }

    pub(crate) fn add(&mut self, field: Field, source: Source, words: &str) {
        self.words.insert(field.name().to_owned(), words.to_owned());
        self.sources.insert(field, source);
    }

    pub(crate) fn add_scores(
        &mut self,
        map: &Map,
        find: impl Fn(&str) -> Result<Source, ExchangeError>,
    ) -> Result<(), ExchangeError> {
        if let Some(source) = self.sources.remove(&Field::Score) {
            self.scores.insert("score".to_owned(), source);
        }
        for (name, column) in &map.scores {
            self.scores.insert(name.clone(), find(column)?);
            self.words.insert(format!("score {name}"), column.clone());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns(names: &[&str]) -> Vec<String> {
        names.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn columns_are_recognised_by_name_once_each() {
        let names = columns(&["Model", "Question ID", "prompt", "text", "extra", "epoch"]);
        let binding = Binding::of(&Map::default(), &Offer::Columns(&names), "a.csv").unwrap();
        let taken: Vec<(Field, Source)> = [
            (Field::Target, 0),
            (Field::Probe, 1),
            (Field::Prompt, 2),
            (Field::Answer, 3),
            (Field::Session, 5),
        ]
        .map(|(field, at)| (field, Source::Column(at)))
        .into();
        assert_eq!(binding.sources.into_iter().collect::<Vec<_>>(), taken);
    }

    #[test]
    fn a_wrong_name_is_answered_with_the_right_one() {
        let names = columns(&["model", "reply", "item"]);
        let map = |field: &str, column: &str| Map {
            columns: BTreeMap::from([(field.to_owned(), column.to_owned())]),
            ..Map::default()
        };
        let error = Binding::of(&map("answer", "repli"), &Offer::Columns(&names), "a.csv").unwrap_err();
        assert_eq!(
            error.to_string(),
            "a.csv: there is no `repli` to take the answer from; did you mean `reply`?"
        );
        let error = map("anser", "reply").check().unwrap_err();
        assert_eq!(error.to_string(), "there is no field `anser`; did you mean `answer`?");
        let error = Map::parse("colums: {answer: reply}\n").unwrap_err();
        assert_eq!(error.to_string(), "line 1, column 1: unknown field `colums`, did you mean `columns`?");
    }

    #[test]
    fn kinds_are_words_or_ranges() {
        let map = Map::parse("kinds: {default: short, q: 'scale:1..7'}\n").unwrap();
        assert_eq!((map.kind("x"), map.kind("q")), (Some(Kind::Short), Some(Kind::Scale(1, 7))));
        assert!("scale:7..1".parse::<Kind>().is_err() && "likert".parse::<Kind>().is_err());
    }
}

//! Two mirrored prompts on one topic: a pair is two probes, `topic@a` and `topic@b`, each asked in sessions of its own.

use std::collections::BTreeMap;

use super::Entry;
use crate::ProbeId;
use crate::manifest::{Probe, ProbeKind, Side, Wording};
use crate::resolve::Problem;
use crate::suite::{SuiteSide, Translation};

impl Entry<'_> {
    /// Both sides of a pair that is written out.
    pub(super) fn mirrored(&self) -> Result<Vec<Probe>, Problem> {
        let Some(sides) = &self.written.sides else {
            return self.problem("a `paired` probe needs `sides: {a: {prompt: …}, b: {prompt: …}}`");
        };
        let id = self.id()?;
        let (a, b) = (self.side_wordings(&sides.a, "a")?, self.side_wordings(&sides.b, "b")?);
        if !a.keys().eq(b.keys()) {
            return self.problem("both sides must be translated into the same languages");
        }
        let names = [&sides.a.name, &sides.b.name].map(Clone::clone);
        let group = self.written.group.clone();
        pair(id.as_str(), group, names, [a, b]).or_else(|message| self.problem(message))
    }

    fn side_wordings(&self, side: &SuiteSide, name: &str) -> Result<BTreeMap<String, Wording>, Problem> {
        let place = format!("{}.sides.{name}", self.field);
        let plain = Translation { prompt: Some(side.prompt.clone()), ..Translation::default() };
        let mut wordings = BTreeMap::from([(self.suite.language.clone(), self.wording(&plain, &place)?)]);
        for (language, translation) in &side.translations {
            let place = format!("{place}.translations.{language}");
            if translation.prompt.is_none()
                || translation.options.is_some()
                || translation.instruction.is_some()
            {
                return Err(Problem::at(place, "a side is translated by a `prompt`, and nothing else"));
            }
            let wording = self.wording(translation, &place)?;
            if wordings.insert(language.clone(), wording).is_some() {
                return Err(Problem::at(
                    place,
                    "this is the suite's own language, which `prompt` speaks already",
                ));
            }
        }
        Ok(wordings)
    }
}

/// The probes of a pair, side a first. The pair is a group of its own, unless it has one.
pub(super) fn pair(
    topic: &str,
    group: Option<String>,
    names: [Option<String>; 2],
    wordings: [BTreeMap<String, Wording>; 2],
) -> Result<Vec<Probe>, String> {
    let letters = ["a", "b"];
    let names = [0, 1].map(|side| names[side].clone().unwrap_or_else(|| letters[side].to_owned()));
    if names[0].trim() == names[1].trim() {
        return Err(format!("both sides are called {:?}; a reader could not tell them apart", names[0]));
    }
    let sides = letters.into_iter().zip(names).zip(wordings);
    sides
        .map(|((letter, name), wordings)| {
            Ok(Probe {
                id: ProbeId::new(format!("{topic}@{letter}")).map_err(|error| error.to_string())?,
                group: group.clone().or_else(|| Some(topic.to_owned())),
                wordings,
                kind: ProbeKind::Paired(Side { topic: topic.to_owned(), is_b: letter == "b", name }),
                continues: None,
                mentions: Vec::new(),
            })
        })
        .collect()
}

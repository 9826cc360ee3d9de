//! `extract` probes: a chain for each cut of a document, for a passage, or for an opening question.

use std::collections::BTreeMap;

use super::Entry;
use super::passages::{AFTER_PASSAGE, FROM_BEGINNING};
use crate::ProbeId;
use crate::document::Document;
use crate::manifest::{Chain, ChainDocument, Probe, ProbeKind, Wording};
use crate::resolve::{Assets, Problem};
use crate::suite::{Control, Grow, RecallForm};

/// Words of a seed, where the suite does not say.
const SEED_WORDS: u32 = 40;

/// Largest document that a chain is held against, in bytes: the manifest holds it.
const LARGEST_DOCUMENT: usize = 8 << 20;

impl Entry<'_> {
    pub(super) fn extract(&self, assets: &Assets) -> Result<Vec<Probe>, Problem> {
        let probe = self.written;
        let grow = probe.grow.unwrap_or_default();
        if let Some((field, message)) = grow.problem() {
            return Err(Problem::at(format!("{}.grow.{field}", self.field), message));
        }
        if !matches!(probe.form, None | Some(RecallForm::User | RecallForm::Prefill)) {
            return self.problem(
                "an `extract` probe has `form: user` or `form: prefill`: each step is given a passage",
            );
        }
        let id = self.id()?;
        let document = match &probe.document {
            None => None,
            Some(path) => Some((path, self.document(path, assets)?)),
        };
        if !matches!(probe.control, None | Some(Control::Invented)) {
            return self.problem("an `extract` probe has `control: invented`, or none: it asks for a title that does not exist");
        }
        if probe.passage_words.is_some() && probe.cuts.is_none() {
            return self
                .problem("`passage_words` says how much is given before `cuts`; it goes with them only");
        }
        let chain = |seed: String, word: Option<u32>| Chain {
            document: document.map(|(path, text)| ChainDocument {
                path: path.clone(),
                hash: blake3::hash(text.as_bytes()).to_hex().to_string(),
                word,
            }),
            seed,
            opening: probe.opening.clone(),
            prefill: probe.form == Some(RecallForm::Prefill),
            grow,
            invented: probe.control.is_some(),
            fresh_users: 0,
        };
        let wordings = self.extract_wordings()?;
        let made = |id: ProbeId, chain: Chain| Probe {
            id,
            group: probe.group.clone(),
            wordings: wordings.clone(),
            kind: ProbeKind::Extract(chain),
            continues: None,
            mentions: Vec::new(),
        };
        match (&probe.cuts, &probe.passage, &probe.opening) {
            (Some(cuts), None, None) if !cuts.is_empty() => {
                let Some((path, text)) = document else {
                    return self.problem("`cuts` are places in a `document`; name it, or give a `passage`");
                };
                let document = Document::new(text);
                let seeds = cuts.iter().map(|&word| {
                    let seed = self.seed(path, &document, word, grow)?;
                    let id = ProbeId::new(format!("{id}@w{word}"))
                        .or_else(|error| self.problem(error.to_string()))?;
                    Ok((id, chain(seed, Some(word))))
                });
                let group = probe.group.clone().or_else(|| Some(id.to_string()));
                seeds.map(|seed| seed.map(|(id, chain)| Probe { group: group.clone(), ..made(id, chain) })).collect()
            }
            (None, Some(passage), None) if passage.split_whitespace().count() > 1 => {
                Ok(vec![made(id, chain(passage.trim().to_owned(), None))])
            }
            (None, None, Some(opening)) if !opening.trim().is_empty() => {
                Ok(vec![made(id, chain(String::new(), None))])
            }
            _ => self.problem(
                "an `extract` probe begins with one of three: `cuts` of a `document` (at least one), a `passage` of at least two \
                 words, or an `opening` question",
            ),
        }
    }

    fn document<'a>(&self, path: &str, assets: &'a Assets) -> Result<&'a str, Problem> {
        let text = self.document_text(path, assets)?;
        if text.len() > LARGEST_DOCUMENT {
            return self.problem(format!(
                "{path} has {} MiB, and chains are held against at most {} of them; give the part that is asked for",
                text.len() >> 20,
                LARGEST_DOCUMENT >> 20
            ));
        }
        Ok(text)
    }

    fn extract_wordings(&self) -> Result<BTreeMap<String, Wording>, Problem> {
        let probe = self.written;
        if probe.opening.is_some() && !probe.translations.is_empty() {
            return self.problem(
                "an `opening` is asked in one language; leave out `translations`, or write a probe for each language",
            );
        }
        match probe.form {
            Some(RecallForm::Prefill) => self.prompts(Some(FROM_BEGINNING), None),
            _ => self.prompts(Some(AFTER_PASSAGE), Some("passage")),
        }
    }

    fn seed(&self, path: &str, document: &Document<'_>, word: u32, grow: Grow) -> Result<String, Problem> {
        let (at, before) = (word as usize, self.written.passage_words.unwrap_or(SEED_WORDS) as usize);
        if before == 0 {
            return self.problem("`passage_words` must be 1 or more");
        }
        if before > grow.window_words as usize {
            return self.problem(format!(
                "`passage_words` {before} is more than the {} of `grow.window_words`: later steps would be given less than the first",
                grow.window_words
            ));
        }
        if at < before || at > document.len() {
            return self.problem(format!(
                "the cut at word {at} lies outside the document: {path} has {} words, and a seed has {before}, so it must lie \
                 between {before} and {}",
                document.len(),
                document.len()
            ));
        }
        Ok(document.slice(at - before..at).to_owned())
    }
}

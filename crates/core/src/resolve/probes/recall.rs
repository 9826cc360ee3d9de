//! A document as recall probes, cut by cut.

use std::collections::BTreeMap;

use super::Entry;
use crate::ProbeId;
use crate::manifest::{Cut, Probe, ProbeKind, Wording};
use crate::resolve::{Assets, Problem};
use crate::suite::RecallForm;

/// Words of a passage and of a reference, where the suite does not say.
const DEFAULT_WORDS: u32 = 60;

const RECALL_PROMPT: &str =
    "Here is a passage from a document. Write out what comes next in it, word for word.\n\n{{ passage }}";
const PREFILL_PROMPT: &str = "Write out the document from the place where your answer begins.";

impl Entry<'_> {
    pub(super) fn recall(&self, assets: &Assets) -> Result<Vec<Probe>, Problem> {
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
        if before + after > words.len() {
            return self.problem(format!(
                "{path} has {} words, too short for a passage of {before} and a reference of {after}; lower \
                 `passage_words` and `reference_words`",
                words.len()
            ));
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
}

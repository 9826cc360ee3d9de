//! What probes of a document have in common: its text, and how it is asked for what comes after a passage.

use std::collections::BTreeMap;

use super::Entry;
use crate::manifest::Wording;
use crate::resolve::{Assets, Problem};

/// Asks for what follows a passage that the prompt gives.
pub(super) const AFTER_PASSAGE: &str =
    "Here is a passage from a document. Write out what comes next in it, word for word.\n\n{{ passage }}";
/// Asks for what follows a passage that the answer begins with.
pub(super) const FROM_BEGINNING: &str = "Write out the document from the place where your answer begins.";

impl Entry<'_> {
    pub(super) fn document_text<'a>(&self, path: &str, assets: &'a Assets) -> Result<&'a str, Problem> {
        match assets.documents.get(path) {
            Some(text) => Ok(text),
            None => self.problem(format!("the document {path} was not read")),
        }
    }

    /// The prompt in all its languages, `default` where the suite has none; it must place the name, such as `passage`, if there is one.
    pub(super) fn prompts(
        &self,
        default: Option<&str>,
        places: Option<&str>,
    ) -> Result<BTreeMap<String, Wording>, Problem> {
        let probe = self.written;
        let translated =
            probe.translations.iter().map(|(language, text)| (language.clone(), text.prompt.clone()));
        let mut wordings = BTreeMap::new();
        for (language, prompt) in
            [(self.suite.language.clone(), probe.prompt.clone())].into_iter().chain(translated)
        {
            let Some(prompt) = prompt.or_else(|| default.map(str::to_owned)) else {
                return self.problem("without a passage, `prompt` must say which document is meant");
            };
            if let Some(name) = places.filter(|name| !prompt.contains(name)) {
                return self.problem(format!(
                    "the `prompt` of this probe must place the {name}: `{{{{ {name} }}}}`"
                ));
            }
            wordings.insert(language, Wording { turns: vec![prompt], template: true, ..Wording::default() });
        }
        Ok(wordings)
    }
}

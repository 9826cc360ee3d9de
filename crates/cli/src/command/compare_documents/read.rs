//! A document from a file: its text, and its words as they stand and as they are compared.

use std::ops::Range;
use std::path::Path;

use antiphon_stats::text::{Case, Vocabulary, normalise};
use anyhow::Context;

use crate::output::Usage;

/// A text with its words.
pub(super) struct Document {
    pub(super) name: String,
    pub(super) text: String,
    /// The bytes of each word, what stands between white space.
    pub(super) words: Vec<Range<usize>>,
    /// The number of each word.
    pub(super) tokens: Vec<u32>,
}

impl Document {
    /// Reads plain text or Markdown, whose marks count as part of its words.
    pub(super) fn read(path: &Path, case: Case, vocabulary: &mut Vocabulary) -> anyhow::Result<Self> {
        let name = path.display().to_string();
        let bytes = std::fs::read(path).with_context(|| format!("can't read {name}"))?;
        let text = String::from_utf8(bytes).map_err(|error| {
            let at = error.utf8_error().valid_up_to();
            Usage(format!(
                "{name} is not UTF-8 text: byte {at} begins no character; convert it, for example with iconv"
            ))
        })?;
        // Some editors put a mark at the beginning, which is no part of the first word.
        let text = text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text);
        let words: Vec<Range<usize>> = text.split_whitespace().map(|word| place(&text, word)).collect();
        if words.is_empty() {
            return Err(Usage(format!("{name} is empty: there is no word in it")).into());
        }
        let tokens = words.iter().map(|word| vocabulary.id(&normalise(&text[word.clone()], case))).collect();
        Ok(Self { name, text, words, tokens })
    }
}

/// Where a part of a text stands in it.
fn place(text: &str, part: &str) -> Range<usize> {
    let from = part.as_ptr().addr() - text.as_ptr().addr();
    from..from + part.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8], case: Case) -> anyhow::Result<Document> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("text.md");
        std::fs::write(&path, bytes).unwrap();
        Document::read(&path, case, &mut Vocabulary::default())
    }

    #[test]
    fn words_are_what_stands_between_white_space() {
        let found = read("\u{feff}Be  kind,\n\u{201c}Be\u{201d} \"be\"".as_bytes(), Case::Folded).unwrap();
        let words: Vec<&str> = found.words.iter().map(|word| &found.text[word.clone()]).collect();
        assert_eq!(words, ["Be", "kind,", "\u{201c}Be\u{201d}", "\"be\""]);
        assert_eq!(found.tokens, [0, 1, 2, 2]);
        assert_eq!(read("Be be".as_bytes(), Case::Kept).unwrap().tokens, [0, 1]);
    }

    #[test]
    fn what_is_no_text_is_named() {
        let why = |bytes: &[u8]| read(bytes, Case::Kept).err().unwrap().to_string();
        assert!(why(b"abc \xff def").contains("not UTF-8 text: byte 4"), "{}", why(b"abc \xff def"));
        assert!(why(b" \n").contains("is empty"), "{}", why(b" \n"));
    }
}

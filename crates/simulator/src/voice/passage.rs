//! The passage in a prompt that is no known document's: by its looks.

use super::document::{parts, word_hash};

/// A paragraph of so many words is a passage, and no instruction.
const WORDS: usize = 20;
/// A passage is told from others by so many words at its end.
const END: usize = 8;
/// What stands between paragraphs.
const BETWEEN: &str = "\n\n";

/// Whether there is a passage.
pub(super) fn is_in(prompt: &str) -> bool {
    prompt.split(BETWEEN).any(is_long)
}

/// The last passage, or all of the prompt if there is none.
pub(super) fn of(prompt: &str) -> &str {
    prompt.rsplit(BETWEEN).find(|paragraph| is_long(paragraph)).unwrap_or(prompt)
}

/// The words without the marks around them.
pub(super) fn words(passage: &str) -> impl Iterator<Item = &str> {
    passage.split_whitespace().map(|token| parts(token).1).filter(|word| !word.is_empty())
}

/// What tells the passage from others, whatever marks stand around it.
pub(super) fn end(passage: &str) -> String {
    let mut last: Vec<String> = words(passage).map(str::to_lowercase).collect();
    last.drain(..last.len().saturating_sub(END));
    last.join(" ")
}

fn is_long(paragraph: &str) -> bool {
    paragraph.split_whitespace().filter_map(word_hash).nth(WORDS - 1).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_long_paragraph_is_the_passage() {
        let passage = "word ".repeat(WORDS) + "and these are the last of its words.";
        let prompt = format!("Go on with this.\n\n> {passage}\n\nOnly the text, please.");
        assert!(is_in(&prompt) && of(&prompt).contains("last of its words"));
        assert_eq!(end(of(&prompt)), end(&format!("\"{passage}\"")));
        assert_eq!(end(of(&prompt)), "and these are the last of its words");
        assert!(!is_in("What is your favourite music?"));
        assert_eq!(of("What is your favourite music?"), "What is your favourite music?");
    }
}

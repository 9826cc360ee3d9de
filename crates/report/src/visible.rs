//! Text that a suite or a model wrote. All of it is hostile: it is escaped, its writing direction is kept to itself, and characters
//! that have no glyph but move or hide others are named.

use std::fmt::Write as _;

use maud::{Escaper, Markup, Render, html};

/// Text with its control characters shown as chips.
pub(crate) struct Visible<'a>(pub(crate) &'a str);

impl Render for Visible<'_> {
    fn render_to(&self, buffer: &mut String) {
        // CRLF is how some models end a line; only a lone CR can overwrite one.
        let text = self.0.replace("\r\n", "\n");
        for character in text.chars() {
            if is_hidden(character) {
                let _ = write!(buffer, "<span class=\"control\">{}</span>", name(character));
            } else {
                let _ = Escaper::new(buffer).write_char(character);
            }
        }
    }
}

/// A word or a line among others: its direction ends with it.
pub(crate) fn inline(text: &str) -> Markup {
    html! { bdi dir="auto" { (Visible(text)) } }
}

/// A line among others, cut after `limit` characters.
pub(crate) fn snippet(text: &str, limit: usize) -> Markup {
    let (head, rest) = cut(text, limit);
    html! { bdi dir="auto" { (Visible(head)) @if rest > 0 { "…" } } }
}

/// Lines of text as they were written. What is beyond `limit` characters is counted, never silently dropped.
pub(crate) fn block(text: &str, limit: usize) -> Markup {
    let (head, rest) = cut(text, limit);
    html! {
        div.text dir="auto" { (Visible(head)) @if rest > 0 { "…" } }
        @if rest > 0 { p.note { "and " (crate::number::count(rest as u64)) " more characters" } }
    }
}

/// Plain text for a page title, a text alternative or a terminal: one line, hidden characters named in angle brackets.
pub(crate) fn plain(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut line, character| {
        match character {
            '\n' | '\t' => line.push(' '),
            character if is_hidden(character) => {
                let _ = write!(line, "⟨{}⟩", name(character));
            }
            character => line.push(character),
        }
        line
    })
}

/// The first `limit` characters, and how many follow.
fn cut(text: &str, limit: usize) -> (&str, usize) {
    match text.char_indices().nth(limit) {
        None => (text, 0),
        Some((at, _)) => (&text[..at], text[at..].chars().count()),
    }
}

fn name(character: char) -> String {
    format!("U+{:04X}", u32::from(character))
}

/// Whether a character has no glyph of its own and can hide text, reorder it or drive a terminal. The joiners U+200C and U+200D are
/// not among them: Persian, Indic scripts and emoji need them.
fn is_hidden(character: char) -> bool {
    match character {
        '\n' | '\t' => false,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{3164}' | '\u{feff}'
        | '\u{ffa0}' => true,
        '\u{200b}' | '\u{200e}' | '\u{200f}' => true,
        '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{fff0}'..='\u{fffb}' => true,
        // Invisible copies of ASCII, used to smuggle instructions past a reader, and the variation selectors beside them.
        '\u{e0000}'..='\u{e0fff}' => true,
        character => character.is_control(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_reorders_or_hides_text_is_named() {
        for (text, shown) in [
            ("a\u{202e}b", "a<span class=\"control\">U+202E</span>b"),
            ("\0", "<span class=\"control\">U+0000</span>"),
            ("\u{1b}[2J", "<span class=\"control\">U+001B</span>[2J"),
            ("\u{e0041}", "<span class=\"control\">U+E0041</span>"),
            ("a\r\nb\tc\rd", "a\nb\tc<span class=\"control\">U+000D</span>d"),
            ("👩\u{200d}🚀 é", "👩\u{200d}🚀 é"),
        ] {
            assert_eq!(Visible(text).render().into_string(), shown, "{text:?}");
        }
    }

    #[test]
    fn what_is_cut_off_is_counted() {
        assert_eq!(cut("äöü", 2), ("äö", 1));
        assert_eq!(cut("äöü", 3), ("äöü", 0));
        assert!(block("äöü", 1).into_string().contains("and 2 more characters"));
    }

    proptest! {
        #[test]
        fn no_text_opens_an_element_or_leaves_an_attribute(text in any::<String>()) {
            let shown = Visible(&text).render().into_string().replace("<span class=\"control\">", "").replace("</span>", "");
            prop_assert!(!shown.contains(['<', '>', '"']));
            prop_assert!(!shown.chars().any(is_hidden));
        }

        #[test]
        fn a_plain_line_has_no_control_characters(text in any::<String>()) {
            prop_assert!(!plain(&text).chars().any(|character| character.is_control() || is_hidden(character)));
        }
    }
}

//! The comparison for a terminal: figures, then the passages with what differs in them.

use std::fmt::Write as _;
use std::ops::Range;

use super::{Comparison, Document, Passage, Side};
use crate::number::{count, counted};
use crate::terminal::{NARROWEST, Paint, Style};
use crate::visible::plain;

/// Of words that are the same, so many are shown at either end.
const SHOWN: usize = 6;

/// Figures, and at most `limit` passages, the longest, in the order of A. Holds no control characters but its own colours, whatever the
/// documents contain. Words of A alone are `[-so-]`, of B alone `{+so+}`. Ends with a newline.
#[must_use]
pub fn documents_terminal(comparison: &Comparison<'_>, limit: usize, style: Style) -> String {
    let paint = Paint(style.colour);
    let mut text = String::new();
    for side in [Side::A, Side::B] {
        let document = comparison.document(side);
        let words = counted(document.words.len() as u64, "word", "words");
        let _ = writeln!(text, "{}  {}, {words}", paint.bold(side.name()), plain(document.name));
    }
    let figures = comparison.figures();
    let width = figures.iter().map(|[name, ..]| name.chars().count()).max().unwrap_or(0);
    let _ = writeln!(text, "\n{:width$}  {:>8}  {:>8}", "", "of A", "of B");
    for [name, of_a, of_b] in &figures {
        let _ = writeln!(text, "{name:width$}  {of_a:>8}  {of_b:>8}");
    }
    let case = if comparison.case_matters { "" } else { "; upper and lower case are the same" };
    let longest = counted(comparison.longest() as u64, "word", "words");
    let _ = writeln!(text, "{}", paint.dim(&format!("longest run of the same words: {longest}{case}")));
    let mut longest_first: Vec<usize> = (0..comparison.passages.len()).collect();
    longest_first.sort_by_key(|&at| std::cmp::Reverse(comparison.passages[at].same()));
    longest_first.truncate(limit);
    for (at, passage) in comparison.passages.iter().enumerate().filter(|(at, _)| longest_first.contains(at)) {
        write_passage(&mut text, comparison, at + 1, passage, style, &paint);
    }
    let left = comparison.passages.len() - longest_first.len();
    if left > 0 {
        let more = counted(left as u64, "shorter passage", "shorter passages");
        let _ = writeln!(text, "\n{}", paint.dim(&format!("and {more}")));
    }
    if comparison.passages.is_empty() {
        let _ = writeln!(text, "\nno run of {} words in common", comparison.run_from);
    }
    text
}

fn write_passage(
    text: &mut String,
    comparison: &Comparison<'_>,
    number: usize,
    passage: &Passage,
    style: Style,
    paint: &Paint,
) {
    let place = |side: Side| {
        let (document, words) = (comparison.document(side), side.of(passage));
        let (from, to) = (words.start as u64 + 1, words.end as u64);
        format!("{} {}–{} (line {})", side.name(), count(from), count(to), document.line(words.start))
    };
    let same = match passage.same() {
        same if same == passage.a.len() && same == passage.b.len() => "the same".to_owned(),
        same => format!("{} of them the same", count(same as u64)),
    };
    let words = counted(passage.a.len() as u64, "word", "words");
    let head = format!("{number}. {}, {}: {words}, {same}", place(Side::A), place(Side::B));
    let _ = writeln!(text, "\n{}", paint.bold(&head));
    let mut lines = Lines { text, width: style.width.max(NARROWEST) - 2, column: 0 };
    let (mut in_a, mut in_b) = (passage.a.start, passage.b.start);
    for run in &passage.runs {
        let [a, b] = [Side::A, Side::B].map(|side| side.run(*run));
        lines.differing(comparison, in_a..a.start, in_b..b.start, paint);
        lines.same(&comparison.a, &a, paint);
        (in_a, in_b) = (a.end, b.end);
    }
    lines.differing(comparison, in_a..passage.a.end, in_b..passage.b.end, paint);
    text.push('\n');
}

/// Words one after the other in lines of a width.
struct Lines<'a> {
    text: &'a mut String,
    width: usize,
    column: usize,
}

impl Lines<'_> {
    fn word(&mut self, word: &str, painted: &str) {
        let length = word.chars().count();
        if self.column > 0 && self.column + 1 + length > self.width {
            self.text.push('\n');
            self.column = 0;
        }
        self.text.push_str(if self.column == 0 { "  " } else { " " });
        self.text.push_str(painted);
        self.column += length + usize::from(self.column > 0);
    }

    fn same(&mut self, document: &Document<'_>, words: &Range<usize>, paint: &Paint) {
        let hidden = words.len().saturating_sub(2 * SHOWN);
        for (at, word) in words.clone().enumerate() {
            // One that is left out would take as much room as what says so.
            if hidden > 1 && (SHOWN..SHOWN + hidden).contains(&at) {
                if at == SHOWN {
                    let left_out = format!("… {} words …", count(hidden as u64));
                    self.word(&left_out, &paint.dim(&left_out));
                }
                continue;
            }
            let word = plain(document.slice(&(word..word + 1)));
            self.word(&word, &word);
        }
    }

    fn differing(&mut self, comparison: &Comparison<'_>, a: Range<usize>, b: Range<usize>, paint: &Paint) {
        for (document, words, [open, close], only_a) in
            [(&comparison.a, a, ["[-", "-]"], true), (&comparison.b, b, ["{+", "+}"], false)]
        {
            for word in words.clone() {
                let shown = plain(document.slice(&(word..word + 1)));
                let open = if word == words.start { open } else { "" };
                let close = if word + 1 == words.end { close } else { "" };
                let shown = format!("{open}{shown}{close}");
                let painted = if only_a { paint.bad(&shown) } else { paint.good(&shown) };
                self.word(&shown, &painted);
            }
        }
    }
}

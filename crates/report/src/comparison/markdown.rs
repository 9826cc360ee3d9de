//! The comparison as Markdown that fits a comment on a pull request.

use std::fmt::Write as _;

use antiphon_core::{Change, Comparison, RunVerdict, Uncompared, UncomparedVerdict};

use super::{difference, finding, heading, level, of, p, shown};
use crate::visible::plain;

/// Rows of what moved: a comment has room for some 65,000 characters.
const MOST_ROWS: usize = 50;
/// Lines of what is not compared.
const MOST_LINES: usize = 20;

/// A heading with the verdict, the reasons as a list, and a table. Names from suites and models can neither format nor link, mention or embed.
#[must_use]
pub fn comparison_markdown(comparison: &Comparison) -> String {
    let mark = match comparison.verdict {
        RunVerdict::Pass => "✅",
        RunVerdict::Warn => "⚠️",
        RunVerdict::Inconclusive => "❔",
        RunVerdict::Block => "⛔",
    };
    let mut text = format!("### {mark} {}: {}\n\n", comparison.verdict.name(), escape(&comparison.suite));
    let _ = writeln!(text, "{}\n", escape(&heading(comparison)));
    for reason in &comparison.reasons {
        let _ = writeln!(text, "- {}", escape(reason));
    }
    let (groups, moved) = shown(comparison);
    write_table(&mut text, &groups);
    if !moved.is_empty() {
        let more = moved.len().saturating_sub(MOST_ROWS);
        let _ = writeln!(
            text,
            "\n<details><summary>{} that moved</summary>\n",
            crate::number::counted(moved.len() as u64, "measure", "measures")
        );
        write_table(&mut text, &moved[..moved.len().min(MOST_ROWS)]);
        if more > 0 {
            let _ = writeln!(text, "\nand {more} more");
        }
        text.push_str("\n</details>\n");
    }
    if !comparison.not_compared.is_empty() {
        text.push_str("\nNot compared:\n\n");
        for line in comparison.not_compared.iter().take(MOST_LINES) {
            let _ = writeln!(text, "- {}", escape(line));
        }
    }
    text
}

/// The same of a run that was compared with nothing.
#[must_use]
pub fn uncompared_markdown(uncompared: &Uncompared) -> String {
    let mark = match uncompared.verdict {
        UncomparedVerdict::Baseline => "📌",
        UncomparedVerdict::Inconclusive => "❔",
    };
    format!(
        "### {mark} {}: {}\n\nrun {}\n\n- {}\n",
        uncompared.verdict.name(),
        escape(&uncompared.suite),
        escape(uncompared.run.as_str()),
        escape(&uncompared.reason)
    )
}

fn write_table(text: &mut String, rows: &[&Change]) {
    if rows.is_empty() {
        return;
    }
    text.push_str("\n| measure | target | of | base | run | difference (95 %) | p adj. | found |\n|---|---|---|--:|--:|--:|--:|---|\n");
    for change in rows {
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} | {} | {} | {} |",
            change.measure.name(),
            escape(change.target.as_str()),
            escape(&of(change)),
            level(change, change.base),
            level(change, change.run),
            difference(&change.difference),
            p(change.p_adjusted),
            finding(change)
        );
    }
}

/// One line in which nothing means anything: all ASCII punctuation that Markdown or HTML could read is escaped, and what would mention
/// somebody or become a link by itself is broken up.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in plain(text).chars() {
        match character {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            // An entity is text to every reader, and to no linker.
            '@' => escaped.push_str("&#64;"),
            ':' => escaped.push_str("&#58;"),
            '#' => escaped.push_str("&#35;"),
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '(' | ')' | '!' | '|' | '~' | '$' => {
                escaped.push('\\');
                escaped.push(character);
            }
            other => escaped.push(other),
        }
    }
    escaped.replace("www.", "www&#46;")
}

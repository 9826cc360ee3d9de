//! The comparison for a terminal: the verdict and why, then the groups, then what moved.

use std::fmt::Write as _;

use antiphon_core::{Change, Comparison, Finding, RunVerdict, Uncompared, UncomparedVerdict};

use super::{difference, finding, heading, level, of, p, shown};
use crate::terminal::{NARROWEST, Paint, Style, shorten};
use crate::visible::plain;

/// Rows of what moved; files have the rest.
const MOST_ROWS: usize = 20;

/// Verdict, reasons and a table. Holds no control characters but its own colours, whatever suites and models wrote. Ends with a newline.
#[must_use]
pub fn comparison_terminal(comparison: &Comparison, style: Style) -> String {
    let paint = Paint(style.colour);
    let mut text = String::new();
    let name = comparison.verdict.name();
    let verdict = match comparison.verdict {
        RunVerdict::Pass => paint.good(name),
        RunVerdict::Warn | RunVerdict::Inconclusive => paint.warn(name),
        RunVerdict::Block => paint.bad(name),
    };
    let _ = writeln!(text, "{verdict}  {}", plain(&heading(comparison)));
    for reason in &comparison.reasons {
        let _ = writeln!(text, "  {}", plain(reason));
    }
    let (groups, moved) = shown(comparison);
    let cut = moved.len().saturating_sub(MOST_ROWS);
    let rows: Vec<[String; 8]> =
        groups.iter().chain(moved.iter().take(MOST_ROWS)).map(|change| row(change)).collect();
    if !rows.is_empty() {
        text.push('\n');
        write_table(&mut text, &rows, style.width.max(NARROWEST), &paint);
    }
    if cut > 0 {
        let _ = writeln!(text, "{}", paint.dim(&format!("and {cut} more that moved")));
    }
    let open = comparison.probes.iter().filter(|change| change.finding == Finding::Undecided).count();
    if open > 0 {
        let line = format!(
            "of {} measures of single probes {open} are undecided: too few users to tell",
            comparison.probes.len()
        );
        let _ = writeln!(text, "{}", paint.dim(&line));
    }
    for line in &comparison.not_compared {
        let _ = writeln!(text, "{}", paint.dim(&format!("not compared: {}", plain(line))));
    }
    text
}

/// A run that was compared with nothing, and why.
#[must_use]
pub fn uncompared_terminal(uncompared: &Uncompared, style: Style) -> String {
    let (paint, name) = (Paint(style.colour), uncompared.verdict.name());
    let verdict = match uncompared.verdict {
        UncomparedVerdict::Baseline => paint.good(name),
        UncomparedVerdict::Inconclusive => paint.warn(name),
    };
    format!("{verdict}  run {}\n  {}\n", uncompared.run, plain(&uncompared.reason))
}

const HEAD: [&str; 8] = ["measure", "target", "of", "base", "run", "difference (95 %)", "p adj.", "found"];

fn row(change: &Change) -> [String; 8] {
    [
        change.measure.name().to_owned(),
        change.target.to_string(),
        plain(&of(change)),
        level(change, change.base),
        level(change, change.run),
        difference(&change.difference),
        p(change.p_adjusted),
        finding(change),
    ]
}

/// What a change is of gives way where the terminal is narrow.
fn write_table(text: &mut String, rows: &[[String; 8]], width: usize, paint: &Paint) {
    let widest = |column: usize| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        cells.chain([HEAD[column].chars().count()]).max().unwrap_or(0)
    };
    let mut widths: [usize; 8] = std::array::from_fn(widest);
    let all: usize = widths.iter().sum::<usize>() + 2 * (widths.len() - 1);
    widths[2] = widths[2].saturating_sub(all.saturating_sub(width)).max(12);
    let line = |cells: [&str; 8]| {
        let cells = cells.iter().zip(widths).map(|(cell, width)| format!("{:<width$}", shorten(cell, width)));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    let _ = writeln!(text, "{}", paint.bold(&line(HEAD)));
    for row in rows {
        let _ = writeln!(text, "{}", line(std::array::from_fn(|column| row[column].as_str())));
    }
}

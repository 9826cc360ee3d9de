//! The table at the end of a run, for a terminal.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style as Ansi};
use antiphon_core::summary::{Cell, Estimate, Summary};

use crate::asked_until;
use crate::completeness::missing;
use crate::number::{Form, count, counted};
use crate::probe::Probes;
use crate::visible::plain;

/// How the table is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// Whether ANSI colours are used.
    pub colour: bool,
    /// Columns of the terminal; the table is never narrower than 40.
    pub width: usize,
}

/// Rows of a table that still fits a screen; the report has the rest.
const MOST_ROWS: usize = 20;
pub(crate) const NARROWEST: usize = 40;
/// Columns of `  0.123  0.123 to 0.123  lang`.
const NUMBERS: usize = 29;

/// The probes that agree least across users, and whether the run is complete. Holds no control characters but its own colours,
/// whatever a suite is called. Ends with a newline.
#[must_use]
pub fn terminal(summary: &Summary, style: Style) -> String {
    let paint = Paint(style.colour);
    let mut text = format!("{}\n", paint.bold(&shorten(&plain(&summary.suite), style.width.max(NARROWEST))));
    let probes = Probes::of(summary, &[]);
    // Steps of chains are not compared.
    let cells = probes.views.iter().flat_map(|view| view.cells.iter().copied());
    let cells: Vec<&Cell> = cells.filter(|cell| cell.kind != "extract").collect();
    if !cells.is_empty() {
        write_table(&mut text, &cells, style.width.max(NARROWEST), &paint);
    }
    if let Some(sentence) = asked_until::sentence(summary) {
        let _ = writeln!(text, "{sentence}");
    }
    write_certificate(&mut text, summary, &paint);
    for line in crate::document::lines(summary) {
        let _ = writeln!(text, "{line}");
    }
    let lines = [crate::between::line(summary), crate::mirrored::line(summary)];
    for line in lines.into_iter().flatten().chain(crate::extraction::lines(summary)) {
        let _ = writeln!(text, "{line}");
    }
    text
}

fn write_table(text: &mut String, cells: &[&Cell], width: usize, paint: &Paint) {
    let shown = &cells[..cells.len().min(MOST_ROWS)];
    let names: Vec<(String, String)> =
        shown.iter().map(|cell| (probe_name(cell), cell.target.to_string())).collect();
    let longest = |lengths: &mut dyn Iterator<Item = usize>| lengths.max().unwrap_or(0);
    let room = width - NUMBERS - 1;
    let target = longest(&mut names.iter().map(|(_, target)| target.len()))
        .max("target".len())
        .min((room / 3).max("target".len()));
    let probe = longest(&mut names.iter().map(|(probe, _)| probe.chars().count()))
        .max("probe".len())
        .min(room - target);
    let heading = format!("{:probe$} {:target$}  {}", "probe", "target", "across users (95 %)");
    let _ = writeln!(text, "{}", paint.dim(&heading));
    for (cell, (probe_name, target_name)) in shown.iter().zip(&names) {
        let undefined = Estimate::default();
        let headline = cell.headline();
        let estimate = headline.map_or(&undefined, |headline| headline.estimate);
        let numbers = format!(
            "{:>6}  {}",
            Form::Decimal.or_dash(estimate.value),
            Form::Decimal.interval(estimate).unwrap_or_default()
        );
        let language = headline
            .and_then(|headline| headline.language)
            .map_or(String::new(), |language| shorten(&plain(language), 4));
        let row = format!(
            "{:probe$} {:target$} {numbers}  {language}",
            shorten(probe_name, probe),
            shorten(target_name, target)
        );
        let _ = writeln!(text, "{}", row.trim_end());
    }
    if cells.len() > shown.len() {
        let _ =
            writeln!(text, "{}", paint.dim(&format!("and {} more in the report", cells.len() - shown.len())));
    }
}

fn probe_name(cell: &Cell) -> String {
    let turn = if cell.turns > 1 { format!(" turn {}", cell.turn + 1) } else { String::new() };
    let flag = if cell.certificate.is_complete() { "" } else { " !" };
    format!("{}{turn}{flag}", cell.probe)
}

fn write_certificate(text: &mut String, summary: &Summary, paint: &Paint) {
    let total = &summary.completeness.total;
    let of = format!(
        "{} of {}",
        count(total.behaviour() + total.unsupported + total.ended),
        counted(total.planned, "sample", "samples")
    );
    let line = if summary.completeness.complete {
        let lacking = match total.unsupported {
            0 => String::new(),
            unsupported => {
                format!("; {} unsupported: the target lacks what the probe needs", count(unsupported))
            }
        };
        paint.good(&format!("complete: {of}{lacking}"))
    } else {
        paint.warn(&format!("incomplete (!): {of}; {}", missing(total)))
    };
    let _ = writeln!(text, "{line}");
}

/// The beginning of a text that is too long, with an ellipsis.
pub(crate) fn shorten(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    text.chars().take(width.saturating_sub(1)).chain(['…']).collect()
}

/// Colours, or none.
pub(crate) struct Paint(pub(crate) bool);

impl Paint {
    pub(crate) fn bold(&self, text: &str) -> String {
        self.with(Ansi::new().bold(), text)
    }

    pub(crate) fn dim(&self, text: &str) -> String {
        self.with(Ansi::new().dimmed(), text)
    }

    pub(crate) fn good(&self, text: &str) -> String {
        self.with(AnsiColor::Green.on_default(), text)
    }

    pub(crate) fn bad(&self, text: &str) -> String {
        self.with(AnsiColor::Red.on_default(), text)
    }

    pub(crate) fn warn(&self, text: &str) -> String {
        self.with(AnsiColor::Yellow.on_default().bold(), text)
    }

    fn with(&self, style: Ansi, text: &str) -> String {
        if self.0 { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }
}

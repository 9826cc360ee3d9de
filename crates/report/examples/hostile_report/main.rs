//! Writes a report about a run whose suite and models are as unkind as they can be: `hostile_report > report.html`.
//!
//! `hostile_report 450` has so many probes, to see how a large report behaves; `hostile_report terminal` writes the terminal's table,
//! and `hostile_report document` is about one long document.

mod sample_run;

use std::io::Write as _;

use antiphon_report::{Style, render, terminal};

fn main() -> std::io::Result<()> {
    let argument = std::env::args().nth(1);
    let (mut summary, operations, transcripts) = sample_run::hostile();
    if let Some(probes) = argument.as_deref().and_then(|argument| argument.parse().ok()) {
        sample_run::grow(&mut summary, probes);
    }
    if argument.as_deref() == Some("document") {
        sample_run::recall::long_document(&mut summary);
    }
    let text = match argument.as_deref() {
        Some("terminal") => terminal(&summary, Style { colour: true, width: 80 }),
        _ => render(&summary, Some(&operations), &transcripts),
    };
    std::io::stdout().write_all(text.as_bytes())
}

//! Imported runs: what the error bars of old scores were worth.

use std::fmt::Write as _;

use antiphon_core::summary::{ErrorBars, Summary};
use maud::{Markup, html};

use crate::number::{count, counted};
use crate::visible::{inline, plain};

/// Rows of probes that are shown; the summary has the rest.
const MOST: usize = 50;

/// Whether there is anything to show.
pub(crate) fn are_shown(summary: &Summary) -> bool {
    !summary.error_bars.is_empty() || summary.cells.iter().any(|cell| !cell.error_bars.is_empty())
}

pub(crate) fn section(summary: &Summary) -> Markup {
    if !are_shown(summary) {
        return html! {};
    }
    let mut probes: Vec<(String, &ErrorBars)> = summary
        .cells
        .iter()
        .flat_map(|cell| {
            cell.error_bars.iter().map(move |bars| (format!("{} · {}", cell.probe, cell.target), bars))
        })
        .collect();
    // The worst first.
    probes.sort_by(|a, b| b.1.ratio.unwrap_or(0.0).total_cmp(&a.1.ratio.unwrap_or(0.0)));
    let targets: Vec<(String, &ErrorBars)> = summary
        .error_bars
        .iter()
        .flat_map(|(target, all)| all.iter().map(move |bars| (target.to_string(), bars)))
        .collect();
    html! {
        section #error-bars aria-labelledby="error-bars-title" {
            h2 #error-bars-title { "What the old error bars were worth" }
            p {
                "An error bar is often made as if all answers were independent. Answers to the same probe, of the same user or in the \
                 same session are not: they tell less than as many independent ones. The clustered error takes them together. Where \
                 the ratio is 2, error bars should have been twice as wide, and four answers say as much as one independent one."
            }
            @if !targets.is_empty() {
                (table("Over all probes of a target; answers to one probe are taken together", "Target", &targets))
            }
            @if !probes.is_empty() {
                (table("Probe by probe; answers of one user, or else of one session, are taken together", "Probe", &probes[..probes.len().min(MOST)]))
                @if probes.len() > MOST { p.note { "and " (count((probes.len() - MOST) as u64)) " more in summary.json" } }
            }
        }
    }
}

fn table(caption: &str, of: &str, rows: &[(String, &ErrorBars)]) -> Markup {
    html! {
        div.scroll role="region" aria-label=(caption) tabindex="0" {
            table {
                caption { (caption) }
                thead {
                    tr {
                        th scope="col" { (of) } th scope="col" { "Score" } th scope="col" { "Answers" } th scope="col" { "Mean" }
                        th scope="col" { "Error as if independent" } th scope="col" { "Error that the log states" }
                        th scope="col" { "Clustered error" } th scope="col" { "Ratio" } th scope="col" { "In words" }
                    }
                }
                tbody {
                    @for (name, bars) in rows {
                        tr {
                            th scope="row" { (inline(name)) }
                            td { (inline(&bars.score)) }
                            td { (count(bars.samples)) }
                            td { (number(Some(bars.mean))) }
                            td { (number(bars.independent)) }
                            td { (number(bars.stated)) }
                            td { (number(bars.clustered)) }
                            td { (bars.ratio.map_or_else(|| "–".to_owned(), |ratio| format!("{ratio:.2}"))) }
                            td { (inline(&in_words(bars))) }
                        }
                    }
                }
            }
        }
    }
}

fn number(value: Option<f64>) -> String {
    value.map_or_else(|| "–".to_owned(), |value| format!("{value:.4}"))
}

/// What it means, in a sentence or two.
fn in_words(bars: &ErrorBars) -> String {
    let note = bars.note.as_deref().map_or(String::new(), |note| format!(" ({note})"));
    let Some(ratio) = bars.ratio else {
        return bars.note.clone().unwrap_or_default();
    };
    let together = bars.together.as_deref().unwrap_or("group");
    let groups = counted(bars.groups, together, &format!("{together}s"));
    #[expect(clippy::cast_precision_loss, reason = "counts of samples are far below 2^53")]
    let worth = bars.samples as f64 / (ratio * ratio);
    let worth =
        format!("{} answers of {groups} are worth about {worth:.0} independent ones", count(bars.samples));
    match ratio {
        wide if wide > 1.05 => {
            format!("made as if independent, they should have been {ratio:.1} times as wide: {worth}{note}")
        }
        narrow if narrow < 0.95 => {
            format!("error bars were wider than needed: {narrow:.2} of their width would have done{note}")
        }
        _ => format!("error bars were right: answers of one {together} are no more alike than others{note}"),
    }
}

/// The same for a terminal: a line per target and score; without scores, how far probes go. Ends with a newline where there is anything.
#[must_use]
pub fn error_bars(summary: &Summary) -> String {
    let mut text = String::new();
    if !are_shown(summary) {
        return text;
    }
    let _ = writeln!(text, "what the old error bars were worth:");
    for (target, all) in &summary.error_bars {
        for bars in all {
            let stated = bars.stated.map_or(String::new(), |stated| format!(", {stated:.4} by the log"));
            let _ = writeln!(
                text,
                "  {target} {}: mean {:.3} ± {} as if independent{stated}, ± {} clustered by {}; {}",
                plain(&bars.score),
                bars.mean,
                number(bars.independent),
                number(bars.clustered),
                bars.together.as_deref().unwrap_or("group"),
                plain(&in_words(bars)),
            );
        }
    }
    let mut ratios: Vec<f64> =
        summary.cells.iter().flat_map(|cell| &cell.error_bars).filter_map(|bars| bars.ratio).collect();
    ratios.sort_by(f64::total_cmp);
    if let (Some(middle), Some(worst)) = (ratios.get(ratios.len() / 2), ratios.last()) {
        let _ = writeln!(
            text,
            "  within probes, over {}: the clustered error is {middle:.2} times the naive one in the middle case, {worst:.2} times in \
             the worst",
            counted(ratios.len() as u64, "score", "scores")
        );
    }
    text
}

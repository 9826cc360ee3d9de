//! A suite over many nights: for the terminal and as a page.

use std::fmt::Write as _;

use antiphon_core::suite::Measured;
use antiphon_core::{History, HistoryPoint, HistorySeries};
use maud::{DOCTYPE, Markup, html};

use super::difference;
use super::page::STYLE_SHEET;
use crate::chart;
use crate::number::{Form, UNDEFINED, counted, signed};
use crate::page::head;
use crate::terminal::{Paint, Style};
use crate::visible::{inline, plain};

/// Nights that a row of the terminal has room for.
const NIGHTS: usize = 30;

/// A line for each measure over all users, and for each alarm. Holds no control characters but its own colours. Ends with a newline.
#[must_use]
pub fn history_terminal(history: &History, style: Style) -> String {
    let paint = Paint(style.colour);
    let nights = counted(history.nights.len() as u64, "night", "nights");
    let mut text =
        format!("{}\n", paint.bold(&plain(&format!("{}: {nights} since {}", history.suite, history.base))));
    let alarms: Vec<&HistorySeries> = history.series.iter().filter(|series| series.alarm.is_some()).collect();
    for series in &alarms {
        let night = series.alarm.and_then(|at| history.nights.get(usize::try_from(at).ok()?));
        let when = night.map_or_else(String::new, |night| format!(", found on {}", night.run));
        let _ = writeln!(text, "{} {}{}", paint.bad("changed:"), plain(&of(series)), plain(&when));
    }
    if alarms.is_empty() {
        let _ = writeln!(text, "{}", paint.good("nothing changed, as far as the nights show"));
    }
    for night in &history.nights {
        for what in &night.provider {
            let _ = writeln!(text, "{}", paint.dim(&plain(&format!("provider, on {}: {what}", night.run))));
        }
    }
    text.push('\n');
    for series in history.series.iter().filter(|series| series.users_with.is_none()) {
        let first = series.points.len().saturating_sub(NIGHTS);
        let line: String = series.points[first..].iter().map(spark(series)).collect();
        let newest =
            series.points.last().map_or_else(|| UNDEFINED.to_owned(), |point| sentence(series, point));
        let _ = writeln!(text, "{line}  {newest}  {}", plain(&of(series)));
    }
    text
}

/// One night as a bar between the least and the greatest of the series.
fn spark(series: &HistorySeries) -> impl Fn(&HistoryPoint) -> char {
    const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let values = || series.points.iter().filter_map(|point| point.level.value);
    let (least, most) = (values().fold(f64::INFINITY, f64::min), values().fold(f64::NEG_INFINITY, f64::max));
    // What moves by less than a margin is drawn flat.
    let range = (most - least).max(series.margin);
    move |point| match point.level.value {
        None => ' ',
        Some(value) => {
            let step = (value - least) / range;
            BARS.iter()
                .enumerate()
                .rev()
                .find(|(at, _)| step >= *at as f64 / BARS.len() as f64)
                .map_or(BARS[0], |(_, bar)| *bar)
        }
    }
}

fn sentence(series: &HistorySeries, point: &HistoryPoint) -> String {
    match (series.measure, point.level.value) {
        (_, None) => UNDEFINED.to_owned(),
        (Measured::Length, Some(words)) => format!("{words:.1} words"),
        (_, Some(value)) => match Form::Decimal.interval(&point.level) {
            Some(interval) => format!("{} ({interval})", signed(value, 3)),
            None => signed(value, 3),
        },
    }
}

fn of(series: &HistorySeries) -> String {
    let group =
        series.group.as_ref().map_or_else(|| "without a group".to_owned(), |group| format!("group {group}"));
    let users = series
        .users_with
        .as_ref()
        .map_or_else(String::new, |(factor, level)| format!(", users with {factor} {level}"));
    format!("{} of {}, {group}{users}", series.measure.name(), series.target)
}

/// Renders a history as one HTML file without scripts, links to elsewhere or files beside it.
#[must_use]
pub fn history_page(history: &History) -> String {
    let (alarmed, calm): (Vec<&HistorySeries>, Vec<&HistorySeries>) =
        history.series.iter().partition(|series| series.alarm.is_some());
    html! {
        (DOCTYPE)
        html lang="en" {
            (head(&format!("{} over nights – Antiphon", plain(&history.suite)), STYLE_SHEET))
            body {
                a.skip href="#main" { "Skip to the results" }
                header.page {
                    p.eyebrow { "Antiphon over nights" }
                    h1 { (inline(&history.suite)) }
                    p.size { (counted(history.nights.len() as u64, "night", "nights")) " since the baseline " code { (history.base) } }
                }
                main #main {
                    p {
                        "Each night is compared with the baseline and all nights before it, user by user. A series is called changed once the "
                        "evidence is such that of seasons without a change at most " (super::number(100.0 * history.alpha))
                        " % would ever show it, however often they are looked at. Intervals are those of single nights."
                    }
                    h2 #changed { "Changed" }
                    @if alarmed.is_empty() { p { "Nothing, as far as the nights show." } }
                    @for series in alarmed { (section(history, series)) }
                    @if history.nights.iter().any(|night| !night.provider.is_empty()) {
                        h2 #provider { "At the provider" }
                        p { "Another model begins the series of its target anew. Another fingerprint does not: what answers may have changed or not." }
                        ul {
                            @for night in &history.nights {
                                @for what in &night.provider { li { code { (night.run) } ": " (inline(what)) } }
                            }
                        }
                    }
                    h2 #others { "All else" }
                    @for series in calm.iter().filter(|series| series.users_with.is_none()) { (section(history, series)) }
                }
                footer.page { p { "This file holds everything it shows: no scripts, nothing loaded from elsewhere." } }
            }
        }
    }
    .into_string()
}

fn section(history: &History, series: &HistorySeries) -> Markup {
    let night = |at: u64| usize::try_from(at).ok().and_then(|at| history.nights.get(at));
    html! {
        details open[series.alarm.is_some()] {
            summary {
                (inline(&of(series)))
                @if let Some(at) = series.alarm.and_then(night) { " " span.flag { "found on " (at.run) } }
            }
            div.scroll role="region" aria-label="Night by night" tabindex="0" {
                table.mirrored {
                    thead {
                        tr {
                            th scope="col" { "Night" } th scope="col" { "Level, 95 % interval" } th scope="col" { "From the baseline" }
                            th scope="col" { "In margins" } th scope="col" { "Evidence (e)" }
                        }
                    }
                    tbody {
                        @for point in &series.points {
                            @let told = difference(&point.difference);
                            @let margins = |value: f64| value / series.margin;
                            @let ends = point.difference.low.zip(point.difference.high).map(|(low, high)| (margins(low), margins(high)));
                            tr {
                                th scope="row" {
                                    @if let Some(night) = night(point.night) {
                                        (night.run) @if !night.complete { " " span.flag { "incomplete" } }
                                    }
                                }
                                td { (sentence(series, point)) }
                                td { (told) }
                                td.plot { (chart::difference(point.difference.value.map(margins), ends, &told)) }
                                td { (evidence(point.e)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn evidence(e: f64) -> String {
    if e < 1e4 { format!("{e:.2}") } else { format!("{e:.0e}") }
}

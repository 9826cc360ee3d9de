//! The completeness certificate: nothing that was planned vanishes.

use antiphon_core::certificate::Certificate;
use antiphon_core::summary::Summary;
use maud::{Markup, html};

use crate::number::{count, counted};

/// Says loudly, but calmly, that a run is incomplete. Nothing if it is complete.
pub(crate) fn banner(summary: &Summary) -> Markup {
    let total = &summary.completeness.total;
    let incomplete = summary.cells.iter().filter(|cell| !cell.certificate.is_complete()).count();
    html! {
        @if !summary.completeness.complete {
            div.banner role="note" aria-label="This run is incomplete" {
                p.title { "This run is incomplete." }
                p {
                    "Of " (counted(total.planned, "planned sample", "planned samples")) ", " (missing(total)) ". "
                    "The numbers below speak of what was answered; "
                    (counted(incomplete as u64, "cell", "cells")) " with something missing "
                    @if incomplete == 1 { "is" } @else { "are" } " marked " (flag()) ". See "
                    a href="#completeness" { "the certificate" } "."
                }
            }
        }
    }
}

/// Marks a cell of which something is missing.
pub(crate) fn flag() -> Markup {
    html! { span.flag { "incomplete" } }
}

/// What is missing, in words: `3 failed (timeout 2, server 1), 4 cancelled`.
pub(crate) fn missing(certificate: &Certificate) -> String {
    let mut parts = Vec::new();
    if certificate.failed_total() > 0 {
        parts.push(format!("{} failed ({})", count(certificate.failed_total()), failures(certificate)));
    }
    for (number, what) in [
        (certificate.unreached - certificate.ended, "unreached after a failed turn"),
        (certificate.cancelled, "not asked (cancelled, stopped or out of budget)"),
        (certificate.dead, "in jobs that were given up"),
    ] {
        if number > 0 {
            parts.push(format!("{} {what}", count(number)));
        }
    }
    let accounted = certificate.recorded() + certificate.cancelled + certificate.dead;
    if let Some(unknown) = certificate.planned.checked_sub(accounted).filter(|unknown| *unknown > 0) {
        parts.push(format!("{} not accounted for", count(unknown)));
    }
    if parts.is_empty() { "nothing is missing".to_owned() } else { parts.join(", ") }
}

fn failures(certificate: &Certificate) -> String {
    let kinds = certificate.failed.iter().filter(|(_, number)| **number > 0);
    kinds
        .map(|(kind, number)| format!("{} {}", kind.to_string().replace('_', " "), count(*number)))
        .collect::<Vec<_>>()
        .join(", ")
}

pub(crate) fn section(summary: &Summary) -> Markup {
    let completeness = &summary.completeness;
    html! {
        section #completeness aria-labelledby="completeness-title" {
            h2 #completeness-title { "Completeness" }
            p {
                @if completeness.complete { "Every planned sample has its final record." }
                @else { "Not every planned sample has its final record." }
                " Planned is the sum of all columns after it."
            }
            div.scroll role="region" aria-label="Completeness certificate" tabindex="0" {
                table.numbers {
                    thead {
                        tr {
                            th scope="col" { "Target" }
                            th scope="col" { "Planned" }
                            @for (name, _) in columns(&completeness.total) { th scope="col" { (name) } }
                            th scope="col" { "Adds up" }
                        }
                    }
                    tbody {
                        @for target in &summary.targets {
                            @if let Some(certificate) = completeness.targets.get(&target.id) { (row(html! { (target.id) }, certificate)) }
                        }
                    }
                    tfoot { (row(html! { "All" }, &completeness.total)) }
                }
            }
            @if completeness.total.failed_total() > 0 {
                p.note { "Failed: " (failures(&completeness.total)) ". A failed call is missing data, never behaviour of the model." }
            }
        }
    }
}

fn row(name: Markup, certificate: &Certificate) -> Markup {
    html! {
        tr {
            th scope="row" { (name) }
            td { (count(certificate.planned)) }
            @for (_, number) in columns(certificate) { td.zero[number == 0] { (count(number)) } }
            td { @if certificate.is_balanced() { "yes" } @else { b { "no" } } }
        }
    }
}

fn columns(certificate: &Certificate) -> [(&'static str, u64); 10] {
    [
        ("Answered", certificate.answered),
        ("Refused", certificate.refused),
        ("Truncated", certificate.truncated),
        ("Filtered", certificate.filtered),
        ("Empty", certificate.empty),
        ("Failed", certificate.failed_total()),
        ("Unsupported", certificate.unsupported),
        ("Unreached", certificate.unreached),
        ("Cancelled", certificate.cancelled),
        ("Dead", certificate.dead),
    ]
}

#[cfg(test)]
mod tests {
    use antiphon_core::FailureKind;

    use super::*;

    #[test]
    fn what_is_missing_is_said_kind_by_kind() {
        let mut certificate =
            Certificate { planned: 10, answered: 4, cancelled: 2, ..Certificate::default() };
        certificate.failed.insert(FailureKind::RateLimited, 3);
        assert_eq!(
            missing(&certificate),
            "3 failed (rate limited 3), 2 not asked (cancelled, stopped or out of budget), 1 not accounted for"
        );
        assert_eq!(missing(&Certificate::default()), "nothing is missing");
    }

    #[test]
    fn the_columns_add_up_to_what_is_accounted_for() {
        let mut certificate = Certificate { planned: 0, ..Certificate::default() };
        (certificate.answered, certificate.refused, certificate.truncated) = (1, 2, 4);
        (certificate.filtered, certificate.empty, certificate.unsupported) = (8, 16, 32);
        (certificate.unreached, certificate.cancelled, certificate.dead) = (64, 128, 256);
        certificate.failed.insert(FailureKind::Server, 512);
        assert_eq!(columns(&certificate).iter().map(|(_, number)| number).sum::<u64>(), 1023);
    }
}

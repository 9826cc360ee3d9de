//! Answers of the same meaning: how many meanings there are, how many answers have each, and a real answer for it.

use antiphon_core::summary::{Cell, Cluster, Clusters, ClustersFound};
use maud::{Markup, html};

use super::answers::quote;
use crate::chart;
use crate::number::{Form, count, counted};
use crate::visible::{inline, snippet};

/// Characters shown of a cluster's typical answer before it is opened.
const LABEL: usize = 110;

pub(super) fn figures(cells: &[&Cell]) -> Markup {
    html! {
        @if cells.iter().any(|cell| !cell.clusters.is_empty()) {
            p.quotes { b { "Answers that mean the same" } }
            div.side-by-side {
                @for cell in cells { @for clusters in &cell.clusters { (figure(cell, clusters)) } }
            }
        }
    }
}

fn figure(cell: &Cell, clusters: &Clusters) -> Markup {
    html! {
        figure.meanings {
            figcaption { "Answers of " b { (cell.target) } " " span.language { (inline(&clusters.language)) } }
            @match &clusters.found {
                Some(found) => { (shown(cell, clusters, found)) }
                None => { p.note { "No clusters: " (inline(clusters.note.as_deref().unwrap_or("the reason is not known"))) } }
            }
        }
    }
}

fn shown(cell: &Cell, clusters: &Clusters, found: &ClustersFound) -> Markup {
    let told: u64 = found.largest.iter().map(|cluster| cluster.answers).sum();
    let (more, rest) =
        (found.count.saturating_sub(found.largest.len() as u64), found.answers.saturating_sub(told));
    html! {
        p.note {
            b { (counted(found.count, "cluster", "clusters")) } " among " (counted(found.answers, "answer", "answers"))
            @if let Some(all) = found.drawn_from { ", drawn from " (count(all)) }
            ". Two answers count as the same if they have " (inline(&clusters.same)) "."
            @if found.fewest < found.most {
                " Where one ends is partly a matter of order: other orders give " (count(found.fewest)) " to " (count(found.most)) " clusters"
                @if let (Some(low), Some(high)) = (found.agreement_low, found.agreement_high) {
                    ", and an agreement of " (Form::Decimal.write(low)) " to " (Form::Decimal.write(high))
                }
                "."
            }
        }
        ol.clusters aria-label={ "Clusters of " (cell.target) } {
            @for cluster in &found.largest { (bar(cluster)) }
        }
        @if more > 0 { p.note { "and " (counted(more, "smaller cluster", "smaller clusters")) ", together " (counted(rest, "answer", "answers")) } }
        dl.settings {
            (measure("Two users mean the same", Form::Decimal.stacked(&found.agreement.between_users)))
            (measure("Two sessions of a user", Form::Decimal.stacked(&found.agreement.between_sessions)))
            (measure("Entropy of meanings (nats)", Form::Decimal.stacked(&found.entropy)))
        }
    }
}

fn bar(cluster: &Cluster) -> Markup {
    html! {
        li {
            details {
                summary {
                    span.bar { (chart::bar(&cluster.share)) }
                    span.share { (Form::Percent.or_dash(cluster.share.value)) }
                    span.said { (snippet(&cluster.typical.text, LABEL)) }
                }
                p.note {
                    (counted(cluster.answers, "answer", "answers")) " of " (counted(cluster.users, "user", "users")) "; share "
                    (Form::Percent.stacked(&cluster.share)) ". The answer most like the others of its cluster:"
                }
                (quote(&cluster.typical))
            }
        }
    }
}

fn measure(name: &str, value: Markup) -> Markup {
    html! { div { dt { (name) } dd { (value) } } }
}

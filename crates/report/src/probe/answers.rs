//! What was said: the most typical and the most deviant answers, each a real sample.

use antiphon_core::summary::{Cell, Exemplar};
use maud::{Markup, html};

use crate::number::signed;
use crate::visible::{block, inline, snippet};

/// Longest answer shown in full, in characters.
const ANSWER: usize = 1_500;
/// Characters shown of a label.
const LABEL: usize = 160;

pub(super) fn quotes(cells: &[&Cell]) -> Markup {
    html! {
        @if cells.iter().any(|cell| !cell.typical.is_empty() || !cell.deviant.is_empty()) {
            div.side-by-side { @for cell in cells { (of_target(cell)) } }
        }
    }
}

fn of_target(cell: &Cell) -> Markup {
    html! {
        div {
            @if !cell.typical.is_empty() {
                p.quotes { "Most typical of " b { (cell.target) } }
                @for exemplar in &cell.typical { (quote(exemplar)) }
            }
            @if !cell.deviant.is_empty() {
                details {
                    summary { "Most deviant of " (cell.target) " (" (cell.deviant.len()) ")" }
                    @for exemplar in &cell.deviant { (quote(exemplar)) }
                }
            }
        }
    }
}

fn quote(exemplar: &Exemplar) -> Markup {
    html! {
        figure.quote {
            blockquote { (block(&exemplar.text, ANSWER)) }
            @match &exemplar.label {
                Some(label) if *label != exemplar.text => { p.label { "counts as " b { (snippet(label, LABEL)) } } }
                _ => {}
            }
            figcaption {
                "User " (exemplar.user) ", session " (exemplar.session) ", repeat " (exemplar.repeat) ", " (inline(&exemplar.language))
                @if let Some(similarity) = exemplar.similarity { "; mean similarity to the others " (signed(similarity, 3)) }
            }
        }
    }
}

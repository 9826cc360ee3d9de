//! What most answers say, word by word, shaded by how many say it.

use antiphon_core::summary::{Cell, ConsensusWord, SaidInstead, WordingAgreement};
use maud::{Markup, html};

use crate::number::Form;
use crate::visible::{self, inline};

/// Words shown of one consensus.
const WORDS: usize = 1_500;

/// From this share of the answers on, the class of a word, and what the legend says of it. The last one takes the rest.
const SHADES: [(f64, &str, &str); 4] = [
    (0.9, "shared-most", "at least 90 % of the answers have the word here"),
    (0.7, "shared-many", "70 to 90 %"),
    (0.5, "shared-half", "50 to 70 %"),
    (0.0, "shared-few", "fewer: it is only the most frequent one"),
];

pub(super) fn texts(cells: &[&Cell]) -> Markup {
    let voted = |cell: &Cell| cell.wording.iter().any(|wording| !wording.consensus.is_empty());
    html! {
        @if cells.iter().any(|cell| voted(cell)) {
            details.consensus {
                summary { "What most answers say, word by word" }
                p.note {
                    "A summary: perhaps nobody said it as a whole. All answers are laid beside the most typical one, and each place is put to the vote, users weighing the same. Shading: "
                    @for (at, (_, class, words)) in SHADES.iter().enumerate() {
                        @if at > 0 { "; " }
                        span class=(class) { (words) }
                    }
                    ". What others say in a place stands in the word's tooltip; " span.slot { "+" } " marks where some say more. Punctuation is left out."
                }
                @for cell in cells {
                    @for wording in cell.wording.iter().filter(|wording| !wording.consensus.is_empty()) { (text(cell, wording)) }
                }
            }
        }
    }
}

fn text(cell: &Cell, wording: &WordingAgreement) -> Markup {
    let shown = &wording.consensus[..wording.consensus.len().min(WORDS)];
    let plain = |word: &ConsensusWord| word.instead.is_empty() && word.before.is_empty();
    html! {
        p.quotes {
            b { (cell.target) } ", " (inline(&wording.language)) ":"
            @if let Some(agreement) = &wording.consensus_agreement {
                " mean agreement on a word " (Form::Decimal.stacked(agreement))
            }
        }
        p.voted {
            // Words about which there is nothing to say stand together, or the page would be twice as long.
            @for run in shown.chunk_by(|a, b| plain(a) && plain(b) && shade(a) == shade(b)) {
                (slot(&run[0].before))
                span class=(shade(&run[0])) title=[what_else(&run[0])] {
                    (inline(&run.iter().map(|word| word.word.as_str()).collect::<Vec<_>>().join(" ")))
                }
                " "
            }
            @if shown.len() < wording.consensus.len() { "… (" (wording.consensus.len() - shown.len()) " more words)" }
            @else { (slot(&wording.consensus_after)) }
        }
    }
}

/// A mark where some say more.
fn slot(said: &[SaidInstead]) -> Markup {
    html! { @if !said.is_empty() { span.slot title={ "some say here: " (listed(said)) } { "+" } " " } }
}

/// What others have in the place of a word.
fn what_else(word: &ConsensusWord) -> Option<String> {
    if word.instead.is_empty() {
        return None;
    }
    let chance = word.collision.map_or_else(String::new, |collision| {
        format!("; two users have the same here with a chance of {}", Form::Decimal.write(collision))
    });
    Some(format!("others say: {}{chance}", listed(&word.instead)))
}

fn listed(said: &[SaidInstead]) -> String {
    let one = |said: &SaidInstead| {
        let word = said
            .word
            .as_deref()
            .map_or_else(|| "nothing".to_owned(), |word| format!("“{}”", visible::plain(word)));
        format!("{word} {}", Form::Percent.write(said.share))
    };
    said.iter().map(one).collect::<Vec<_>>().join(", ")
}

fn shade(word: &ConsensusWord) -> &'static str {
    let fits = |(from, ..): &&(f64, &str, &str)| word.agreement >= *from;
    SHADES.iter().find(fits).map_or(SHADES[SHADES.len() - 1].1, |(_, class, _)| class)
}

//! How a document comes back to one target: numbers with a sentence each, and two curves.

use antiphon_core::summary::{ComesBack, CoverageCurve, DocumentVerdict, Estimate, Extractability};
use maud::{Markup, html};

use crate::chart;
use crate::number::{Form, UNDEFINED, count, counted, note, signed};
use crate::visible::inline;

pub(super) fn section(verdict: &DocumentVerdict, words: Option<u64>) -> Markup {
    html! {
        @if let Some(comes) = &verdict.comes_back {
            div.scroll role="region" aria-label={ "How it comes back to " (verdict.target) } tabindex="0" {
                table.agreement.how {
                    caption { "How it comes back" }
                    thead { tr { th scope="col" { "Of the reference" } th scope="col" { "On average over cuts and users, 95 % interval" } } }
                    tbody {
                        (along(verdict, comes))
                        (off(comes))
                        (in_tries(comes))
                        (in_meaning(comes))
                    }
                }
            }
            div.side-by-side.curves {
                (sequences(comes))
                @if let Some(coverage) = &verdict.coverage { (covered(coverage, words)) }
            }
        }
    }
}

/// How far answers go along with it.
fn along(verdict: &DocumentVerdict, comes: &ComesBack) -> Markup {
    html! {
        @if let Some(prefix) = &verdict.prefix_words {
            (row("Words before the first departure", "How far an answer goes along with the document until a first word differs.", in_words(prefix)))
        }
        (row("Longest run", "The longest piece of the reference that stands in an answer just so.", in_words(&comes.longest_run)))
        (row(
            "In verbatim runs",
            "The share of the reference in pieces that stand in the answer just so. Chance gives short ones, hardly long ones.",
            lines(&comes.in_runs.iter().map(|at| (format!("of {} words or more", at.words), &at.share)).collect::<Vec<_>>()),
        ))
        (row(
            if comes.near_from == 20 { "Nearly word for word (nv20)" } else { "Nearly word for word" },
            &format!("The share in stretches of {} words or more that are the same but for a word here and there.", comes.near_from),
            Form::Percent.stacked(&comes.near_verbatim),
        ))
    }
}

/// How it leaves the document and finds back.
fn off(comes: &ComesBack) -> Markup {
    html! {
        (row(
            "Slips",
            "After a word that came back, the next one does not. Seldom in a text known by heart, often in one retold.",
            Form::Percent.stacked(&comes.slip),
        ))
        (row(
            "Finds back",
            "After a word that did not come back, the next one does. Low for whoever, once off, goes on with something else.",
            Form::Percent.stacked(&comes.recovery),
        ))
        (row(
            "Deviates alike",
            &format!(
                "Two users whose answers leave the document at the same word say the same instead. Often where another version is stored or made up for all, \
                 seldom where it slips. From {}.",
                counted(comes.deviating_pairs, "pair", "pairs")
            ),
            Form::Percent.stacked(&comes.same_deviation),
        ))
    }
}

/// How likely it comes out.
fn in_tries(comes: &ComesBack) -> Markup {
    html! {
        (row(
            "All of it comes out",
            "The whole reference in one piece, word for word. Answers that say nothing are tries too.",
            tries(&comes.whole),
        ))
        (row(
            "Nearly all comes out",
            "Four fifths of the reference or more, in pieces of 8 words or more.",
            tries(&comes.nearly),
        ))
    }
}

/// Shares under each other; what they are noted with stands once.
fn lines(shares: &[(String, &Estimate)]) -> Markup {
    let mut noted: Vec<&Estimate> = Vec::new();
    for (_, share) in shares {
        if noted.iter().all(|other| other.note != share.note) {
            noted.push(share);
        }
    }
    html! {
        @for (of, share) in shares {
            div {
                span.size { (of) " " } span.value { (Form::Percent.or_dash(share.value)) }
                @if let Some(interval) = Form::Percent.interval(share) { " " span.interval { (interval) } }
            }
        }
        @for share in noted { (note(share)) }
    }
}

fn tries(of: &Extractability) -> Markup {
    let mut shares = vec![("in one try".to_owned(), &of.once)];
    shares.extend(of.within.iter().map(|after| (format!("in {} tries", count(after.tries)), &after.share)));
    html! {
        (lines(&shares))
        @if let Some(cuts) = &of.cuts {
            div.size {
                (count(cuts.extractable)) " of " (counted(cuts.cuts, "cut", "cuts")) " come out in " (count(cuts.tries)) " tries with a chance of "
                (signed(100.0 * cuts.at_least, 0)) " % or more; surely " (count(cuts.surely)) ", surely not " (count(cuts.surely_not))
            }
        }
    }
}

fn in_meaning(comes: &ComesBack) -> Markup {
    html! {
        @if let Some(meaning) = &comes.meaning {
            (row(
                "Said in meaning",
                "The share of the reference in sentences of which the answer has one that means the same, by the vectors that the suite names.",
                html! { (Form::Percent.stacked(&meaning.share))
                    @if let Some(chance) = meaning.by_chance { div.size { "by chance, of other cuts, " (Form::Percent.write(chance)) } }
                    div.size { (inline(&meaning.alike)) } },
            ))
            (row(
                "Verbatim rather than paraphrased",
                "Of what is said in meaning, the part that is in runs of 8 words or more: 1 is word for word throughout, 0 in other words.",
                Form::Decimal.stacked(&meaning.verbatim_index),
            ))
        }
    }
}

fn row(name: &str, says: &str, value: Markup) -> Markup {
    html! { tr { th scope="row" { (name) br; span.question { (says) } } td { (value) } } }
}

fn in_words(of: &Estimate) -> Markup {
    let write = |value: Option<f64>| value.map_or_else(|| UNDEFINED.to_owned(), |value| signed(value, 1));
    html! {
        span.value { (write(of.value)) @if of.value.is_some() { " words" } }
        @if of.low.is_some() || of.high.is_some() { " " span.interval { (write(of.low)) " to " (write(of.high)) } }
        (note(of))
    }
}

fn sequences(comes: &ComesBack) -> Markup {
    let points: Vec<(u64, &Estimate)> =
        comes.sequences.iter().map(|at| (u64::from(at.words), &at.share)).collect();
    html! {
        @if !points.is_empty() {
            figure {
                figcaption {
                    b { "Word sequences of the reference that an answer has" } ", by their length. Single words come back by chance; where long sequences do, "
                    "the wording is known. It stays level for a text known by heart and falls off early for one retold."
                }
                (chart::curve(&points, "words in a row"))
            }
        }
    }
}

fn covered(coverage: &CoverageCurve, words: Option<u64>) -> Markup {
    let points: Vec<(u64, &Estimate)> =
        coverage.curve.iter().map(|after| (after.tries, &after.share)).collect();
    html! {
        figure {
            figcaption {
                b { "What any of several answers bring" } ": the share of the references’ words that so many answers to each cut have between them, in runs of "
                (coverage.run) " words or more. "
                @match coverage.needed {
                    Some(needed) => { (counted(needed, "answer brings", "answers bring")) " nine tenths of what all bring. " }
                    None => { "Nothing came back in such runs. " }
                }
                "References are " (counted(coverage.asked_words, "word", "words"))
                @if let Some(words) = words { " of the document’s " (count(words)) } "."
            }
            (chart::curve(&points, "answers to each cut"))
        }
    }
}

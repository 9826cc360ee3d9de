//! Texts that were grown: all chains at a glance, each text shaded by how many samples have its words, and what of documents came back.

mod fresh;

use antiphon_core::summary::{Convergence, ExtractedStep, Extraction, Regrown, Summary};
use antiphon_core::{Branch, ChainEnd, GrownWord};
use maud::{Markup, html};

use crate::number::{Form, count, counted};
use crate::visible::{Visible, block, inline, snippet};

/// Chains that are shown one by one, and rows of tables. A page of many more would not open.
const SHOWN: usize = 60;
const LISTED: usize = 400;
/// Words shown of one text, and characters of a seed, a branch and a sentence.
const WORDS: usize = 3_000;
/// Of longer texts only the beginning is open.
const OPEN: usize = 200;
const SEED: usize = 600;
const SAID: usize = 240;

/// From this share of the samples on, the class of a word, and what the legend says of it. The last one takes the rest.
const SHADES: [(f64, &str, &str); 4] = [
    (1.0, "shared-most", "all samples of the step have the word"),
    (0.8, "shared-many", "at least 80 %"),
    (0.5, "shared-half", "50 to 80 %"),
    (0.0, "shared-few", "fewer: it stands between words that more have"),
];

pub(crate) fn section(summary: &Summary) -> Markup {
    let all = &summary.extractions;
    html! {
        @if !all.is_empty() {
            section #extraction aria-labelledby="extraction-title" {
                h2 #extraction-title { "Extraction" }
                p {
                    "Each chain was given a passage, or asked a question, in fresh sessions of all its users; what enough samples agreed on, word by word, was "
                    "added to the text, and its end was the next passage. That samples agree shows that a model says the same again, not that it is true: "
                    "where a document is given, the text is held against it."
                }
                (overview(all))
                @for one in &summary.regrown { (regrown(one)) }
                (fresh::section(summary))
                (convergence(&summary.convergence))
                @if all.len() > SHOWN { p.note { "The first " (SHOWN) " chains follow one by one; all stand in " code { "summary/summary.json" } "." } }
                p.note {
                    "Shading: "
                    @for (at, (_, class, words)) in SHADES.iter().enumerate() {
                        @if at > 0 { "; " }
                        span class=(class) { (words) }
                    }
                    ". What was given first stands in italics."
                }
                @for one in all.iter().take(SHOWN) { (chain(one)) }
            }
        }
    }
}

fn overview(all: &[Extraction]) -> Markup {
    html! {
        div.scroll role="region" aria-label="All chains" tabindex="0" {
            table.chains {
                caption { "All chains" }
                thead {
                    tr {
                        th scope="col" { "Chain" } th scope="col" { "Target" } th scope="col" { "Words" } th scope="col" { "Steps" }
                        th scope="col" { "It ended because" } th scope="col" { "Beside the document" } th scope="col" { "Runs of 13 words in it" }
                    }
                }
                tbody {
                    @for (at, one) in all.iter().enumerate().take(LISTED) {
                        tr {
                            th scope="row" {
                                @if at < SHOWN { a href={ "#" (anchor(one)) } { (one.probe) } } @else { (one.probe) }
                            }
                            td { (one.target) }
                            td.number { (count(one.words().count() as u64)) }
                            td.number { (one.steps.len()) }
                            td.said-of { (one.end.because()) }
                            td.said-of { @if let Some(sentence) = one.beside_document() { (inline(&sentence)) } @else { "–" } }
                            td.number { (Form::Percent.or_dash(contained(one, 13))) }
                        }
                    }
                }
            }
        }
        @if all.len() > LISTED { p.note { (all.len() - LISTED) " more stand in " code { "summary/summary.json" } "." } }
    }
}

fn contained(one: &Extraction, run: u32) -> Option<f64> {
    one.held.as_ref()?.contained.iter().find(|contained| contained.run == run)?.share
}

fn anchor(one: &Extraction) -> String {
    format!("chain-{}-{}", one.target, one.probe)
}

fn chain(one: &Extraction) -> Markup {
    let title = anchor(one) + "-title";
    html! {
        article.chain #(anchor(one)) aria-labelledby=(title) {
            h3 id=(title) { (one.probe) " · " (one.target) @if one.prefill { " " span.kind { "prefill" } } }
            @if let Some(opening) = &one.opening { blockquote.asked { (block(opening, SEED)) } }
            p.note {
                (counted(one.words().count() as u64, "word", "words")) " in " (counted(one.steps.len() as u64, "step", "steps")) ". It ended because "
                (one.end.because()) "."
                @if let Some(sentence) = one.beside_document() { " Beside the document: " (inline(&sentence)) "." }
            }
            @if one.end == ChainEnd::Failed || one.end == ChainEnd::Unfinished {
                p.incomplete { "This chain is incomplete." }
            }
            (text(one))
            (held(one))
            (steps(one))
        }
    }
}

/// The seed and the text; of a long one the rest is folded.
fn text(one: &Extraction) -> Markup {
    let words: Vec<(&ExtractedStep, &GrownWord)> =
        one.steps.iter().flat_map(|step| step.chunk.words.iter().map(move |word| (step, word))).collect();
    let shown = &words[..words.len().min(WORDS)];
    let (open, folded) = if shown.len() > OPEN + OPEN / 4 { shown.split_at(OPEN) } else { (shown, &[][..]) };
    html! {
        div.voted.text.grown-text dir="auto" {
            @if !one.seed.is_empty() { i { (Visible(&one.seed)) } }
            (shaded(open))
        }
        @if !folded.is_empty() {
            details.grown {
                summary { (count(folded.len() as u64)) " more words" }
                div.voted.text.grown-text dir="auto" { (shaded(folded)) }
            }
        }
        @if words.len() > shown.len() { p.note { "and " (count((words.len() - shown.len()) as u64)) " more words" } }
    }
}

/// Words of the same support together.
fn shaded(words: &[(&ExtractedStep, &GrownWord)]) -> Markup {
    let class = |(step, word): &(&ExtractedStep, &GrownWord)| shade(step, word);
    html! {
        @for run in words.chunk_by(|a, b| class(a) == class(b)) {
            span class=(class(&run[0])) {
                @for (_, word) in run { (Visible(&word.text)) }
            }
        }
    }
}

fn shade(step: &ExtractedStep, word: &GrownWord) -> &'static str {
    let share = f64::from(word.samples) / f64::from(step.chunk.samples.max(1));
    let fits = |(from, ..): &&(f64, &str, &str)| share >= *from;
    SHADES.iter().find(fits).map_or(SHADES[SHADES.len() - 1].1, |(_, class, _)| class)
}

fn held(one: &Extraction) -> Markup {
    let Some(held) = &one.held else { return html! {} };
    html! {
        p.note {
            "Of its different runs of words, in the document: "
            @for (at, contained) in held.contained.iter().enumerate() {
                @if at > 0 { ", " }
                (contained.run) " words " (Form::Percent.or_dash(contained.share))
            }
            "."
            @if !held.stretches.is_empty() {
                " Elsewhere in the document: "
                @for (at, stretch) in held.stretches.iter().take(SHOWN).enumerate() {
                    @if at > 0 { ", " }
                    (counted(stretch.words, "word", "words")) " at word " (count(stretch.word))
                }
                @if held.stretches.len() > SHOWN { " and " (held.stretches.len() - SHOWN) " more" }
                "."
            }
        }
    }
}

fn steps(one: &Extraction) -> Markup {
    html! {
        @if !one.steps.is_empty() {
            details.steps {
                summary { "Step by step, with what some said instead" }
                ol start="0" {
                    @for step in one.steps.iter().take(LISTED) { li { (step_line(step)) } }
                }
            }
        }
    }
}

fn step_line(step: &ExtractedStep) -> Markup {
    let chunk = &step.chunk;
    let answers = [
        ("refused", chunk.refused),
        ("empty", chunk.empty),
        ("failed or missing", chunk.missing),
        ("spoke of the answer first", chunk.prefaced),
    ];
    html! {
        (counted(chunk.words.len() as u64, "word", "words")) " of at most " (step.most) ", by "
        (counted(chunk.samples.into(), "sample", "samples")) " of " (counted(chunk.users.into(), "user", "users"))
        @for (name, number) in answers.into_iter().filter(|(_, number)| *number > 0) { "; " (number) " " (name) }
        @if !chunk.branches.is_empty() {
            ul { @for branch in &chunk.branches { li { (branch_line(branch, chunk.words.len())) } } }
        }
    }
}

fn branch_line(branch: &Branch, words: usize) -> Markup {
    html! {
        (counted(branch.samples.into(), "sample", "samples")) " of " (counted(branch.users.into(), "user", "users"))
        @if branch.at as usize == words { " behind all of it: " } @else { " before word " (branch.at + 1) ": " }
        "“" (snippet(&branch.text, SAID)) "”"
    }
}

fn regrown(one: &Regrown) -> Markup {
    html! {
        details.regrown {
            summary {
                (one.target) ": of " (counted(one.sentences, "sentence", "sentences")) " of " (inline(&one.document)) ", "
                (count(one.supported.len() as u64)) " came back in at least one of " (counted(one.chains, "chain", "chains"))
            }
            div.scroll role="region" aria-label="Sentences that came back" tabindex="0" {
                table {
                    thead { tr { th scope="col" { "Word" } th scope="col" { "Sentence" } th scope="col" { "Chains" } } }
                    tbody {
                        @for sentence in one.supported.iter().take(LISTED) {
                            tr {
                                td.number { (count(sentence.word)) }
                                td { (snippet(&sentence.text, SAID)) }
                                td.number title=(sentence.by.iter().map(|probe| probe.as_str()).collect::<Vec<_>>().join(", ")) { (sentence.by.len()) }
                            }
                        }
                    }
                }
            }
            @if one.supported.len() > LISTED { p.note { (one.supported.len() - LISTED) " more stand in " code { "summary/summary.json" } "." } }
        }
    }
}

fn convergence(pairs: &[Convergence]) -> Markup {
    html! {
        @if !pairs.is_empty() {
            div.scroll role="region" aria-label="Whether chains come to the same text" tabindex="0" {
                table {
                    caption { "Chains without a document: what of the shorter text's runs of 13 words the longer one has" }
                    thead { tr { th scope="col" { "One chain" } th scope="col" { "The other" } th scope="col" { "Shared" } } }
                    tbody {
                        @for pair in pairs.iter().take(LISTED) {
                            tr {
                                td { (pair.a.1) " · " (pair.a.0) } td { (pair.b.1) " · " (pair.b.0) }
                                td.number { (Form::Percent.or_dash(pair.shared)) }
                            }
                        }
                    }
                }
            }
            @if pairs.len() > LISTED { p.note { (pairs.len() - LISTED) " more stand in " code { "summary/summary.json" } "." } }
        }
    }
}

/// Lines for the terminal: what was grown, and whether chains come to one text.
pub(crate) fn lines(summary: &Summary) -> impl Iterator<Item = String> {
    line(summary).into_iter().chain(fresh::lines(summary))
}

fn line(summary: &Summary) -> Option<String> {
    let all = &summary.extractions;
    let words: usize = all.iter().map(|one| one.words().count()).sum();
    let incomplete =
        all.iter().filter(|one| matches!(one.end, ChainEnd::Failed | ChainEnd::Unfinished)).count();
    let rest = if incomplete > 0 { format!(", {incomplete} of them incomplete") } else { String::new() };
    let chains = counted(all.len() as u64, "chain", "chains");
    (!all.is_empty()).then(|| {
        format!(
            "extraction: {} in {chains}{rest}",
            counted(words as u64, "word was grown", "words were grown")
        )
    })
}

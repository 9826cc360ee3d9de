//! `antiphon compare-documents`: what two documents have in common, word by word.

mod read;

use std::path::Path;

use antiphon_report::{Comparison, Containment, Passage, Run, documents_page, documents_terminal};
use antiphon_stats::overlap::{self, containment_curve};
use antiphon_stats::recall::near_verbatim::{NearVerbatim, Stretch, near_verbatim, passes_for};
use antiphon_stats::text::{Case, NORMALISER_VERSION, Vocabulary};
use serde_json::{Value, json};

use self::read::Document;
use super::export;
use crate::args::CompareDocumentsArguments;
use crate::exit::Exit;
use crate::output::{Output, Usage};

/// Word sequences of these lengths are looked for: a phrase, a sentence, a paragraph.
const LENGTHS: [usize; 3] = [5, 13, 50];

pub(crate) fn run(compare: &CompareDocumentsArguments, output: &Output) -> anyhow::Result<Exit> {
    if let Some(file) = compare.html.as_deref().filter(|file| file.exists() && !compare.force) {
        return Err(Usage(format!("{} is there already; --force overwrites it", file.display())).into());
    }
    let case = if compare.casefold { Case::Folded } else { Case::Kept };
    let mut vocabulary = Vocabulary::default();
    let a = Document::read(&compare.a, case, &mut vocabulary)?;
    let b = Document::read(&compare.b, case, &mut vocabulary)?;
    let comparison = comparison(&a, &b, case, compare.shortest.get());
    if let Some(file) = &compare.html {
        write_page(file, &comparison)?;
        output.note(format!("{}", file.display()));
    }
    if output.json {
        output.value(&as_json(&comparison));
    } else {
        output.raw(&documents_terminal(&comparison, compare.limit, output.style()));
    }
    Ok(Exit::Complete)
}

fn write_page(file: &Path, comparison: &Comparison<'_>) -> anyhow::Result<()> {
    export::write(file, documents_page(comparison).as_bytes())
}

fn comparison<'a>(a: &'a Document, b: &'a Document, case: Case, shortest: usize) -> Comparison<'a> {
    let curves = [(a, b), (b, a)].map(|(of, other)| containment_curve(&of.tokens, &other.tokens, &LENGTHS));
    let [of_a, of_b] = curves;
    let containment = LENGTHS.iter().zip(of_a.into_iter().zip(of_b));
    let passes = passes_for(a.tokens.len().min(b.tokens.len()));
    let near = near_verbatim(&a.tokens, &b.tokens, passes);
    Comparison {
        a: shown(a),
        b: shown(b),
        case_matters: case == Case::Kept,
        containment: containment.map(|(&words, (of_a, of_b))| Containment { words, of_a, of_b }).collect(),
        near_from: passes[1].shortest,
        run_from: shortest,
        passages: passages(&near, shortest),
    }
}

fn shown(document: &Document) -> antiphon_report::Document<'_> {
    antiphon_report::Document { name: &document.name, text: &document.text, words: &document.words }
}

/// The stretches that are nearly verbatim, and the runs outside of them that are long enough, in order.
fn passages(near: &NearVerbatim, shortest: usize) -> Vec<Passage> {
    let run = |run: &overlap::Run| Run { in_a: run.in_a, in_b: run.in_b, words: run.length };
    let inside = |stretch: &Stretch, run: &overlap::Run| {
        (stretch.in_reference..stretch.in_reference + stretch.of_reference).contains(&run.in_a)
    };
    let stretches = near.stretches.iter().map(|stretch| Passage {
        a: stretch.in_reference..stretch.in_reference + stretch.of_reference,
        b: stretch.in_answer..stretch.in_answer + stretch.of_answer,
        runs: near.blocks.iter().filter(|block| inside(stretch, block)).map(run).collect(),
        is_near: true,
    });
    let is_alone = |block: &&overlap::Run| {
        block.length >= shortest && !near.stretches.iter().any(|stretch| inside(stretch, block))
    };
    let alone = near.blocks.iter().filter(is_alone).map(|block| Passage {
        a: block.in_a..block.in_a + block.length,
        b: block.in_b..block.in_b + block.length,
        runs: vec![run(block)],
        is_near: false,
    });
    let mut passages: Vec<Passage> = stretches.chain(alone).collect();
    passages.sort_by_key(|passage| passage.a.start);
    passages
}

/// Places are words from 0.
fn as_json(comparison: &Comparison<'_>) -> Value {
    let document = |document: &antiphon_report::Document<'_>, near_share: Option<f64>| json!({ "file": document.name, "words": document.words.len(), "near_verbatim_share": near_share });
    let [of_a, of_b] = comparison.near_shares();
    let containment = comparison.containment.iter();
    let passages = comparison.passages.iter().map(|passage| {
        let runs: Vec<Value> = (passage.runs.iter())
            .map(|run| json!({ "in_a": run.in_a, "in_b": run.in_b, "words": run.words }))
            .collect();
        json!({
            "in_a": passage.a.start, "of_a": passage.a.len(),
            "in_b": passage.b.start, "of_b": passage.b.len(),
            "near_verbatim": passage.is_near, "runs": runs,
        })
    });
    json!({
        "a": document(&comparison.a, of_a),
        "b": document(&comparison.b, of_b),
        "case_matters": comparison.case_matters,
        "normaliser_version": NORMALISER_VERSION,
        "near_verbatim_from": comparison.near_from,
        "runs_from": comparison.run_from,
        "containment": containment
            .map(|found| json!({ "words": found.words, "of_a": found.of_a, "of_b": found.of_b }))
            .collect::<Vec<Value>>(),
        "passages": passages.collect::<Vec<Value>>(),
    })
}

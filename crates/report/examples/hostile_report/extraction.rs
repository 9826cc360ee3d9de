//! Texts that the hostile run has grown.

use antiphon_core::suite::Grow;
use antiphon_core::summary::{
    Contained, Converged, Convergence, Estimate, ExtractedStep, Extraction, Finding, FreshChains, Held,
    Regrown, Stretch, SupportedSentence,
};
use antiphon_core::{Branch, ChainDocument, ChainEnd, Chunk, ConvergenceRules, GrownWord};

use super::{hostile_texts, probe, target};

fn step(texts: &[&str], samples: u32) -> ExtractedStep {
    let word = |(place, text): (usize, &&str)| {
        let fewer = u32::try_from(place % 3).expect("small");
        GrownWord { text: (*text).to_owned(), samples: samples - fewer, users: 5 }
    };
    let branch = |text| Branch { at: 1, text, samples: 2, users: 2 };
    let chunk = Chunk {
        words: texts.iter().enumerate().map(word).collect(),
        samples,
        users: 5,
        refused: 1,
        empty: 0,
        missing: 2,
        prefaced: 3,
        branches: hostile_texts().into_iter().map(branch).collect(),
    };
    ExtractedStep { most: 40, chunk }
}

fn chain(name: &str, of: &str, end: ChainEnd, held: Option<Held>) -> Extraction {
    let texts = hostile_texts();
    let hostile: Vec<&str> = texts.iter().map(String::as_str).collect();
    let plain = [" the", " keeper", "\n\n# Opened", " <b>the</b>", " door,", " wide"];
    Extraction {
        target: target(of),
        probe: probe(name),
        group: None,
        seed: "A seed with <i>marks</i> & a \u{202e}turn".to_owned(),
        opening: held.is_none().then(|| "Write it </blockquote>out.".to_owned()),
        invented: name == "invented",
        prefill: held.is_some(),
        grow: Grow::default(),
        document: held.is_some().then(|| ChainDocument {
            path: "charter <b>1</b>.md".to_owned(),
            hash: "9f2c".repeat(16),
            word: Some(300),
        }),
        steps: vec![step(&plain, 10), step(&hostile, 10), step(&[], 10)],
        end,
        held,
    }
}

pub(crate) fn extractions() -> Vec<Extraction> {
    let contained =
        [(5, Some(0.9)), (13, Some(0.4)), (50, None)].map(|(run, share)| Contained { run, share });
    let held = |stretches| {
        Some(Held { followed: Some(4), up_to: Some(304), stretches, contained: contained.to_vec() })
    };
    let away = Stretch { at: 4, word: 21_000, words: 30 };
    vec![
        chain("charter@w300", "opus-default", ChainEnd::Length, held(Vec::new())),
        chain("charter@w300", "local-llama-3.1-8b-instruct-q4_k_m", ChainEnd::Loop, held(vec![away])),
        chain("by-title", "opus-default", ChainEnd::Unfinished, None),
    ]
}

pub(crate) fn regrown() -> Vec<Regrown> {
    let sentence = |(word, text)| SupportedSentence { word, text, by: vec![probe("charter@w300")] };
    vec![Regrown {
        target: target("opus-default"),
        document: "charter <b>1</b>.md".to_owned(),
        chains: 2,
        sentences: 120,
        supported: (300..).zip(hostile_texts()).map(sentence).collect(),
    }]
}

pub(crate) fn convergence() -> Vec<Convergence> {
    let one = |name: &str| (target("opus-default"), probe(name));
    vec![Convergence { a: one("by-title"), b: one("invented"), shared: Some(0.12) }]
}

pub(crate) fn rules() -> ConvergenceRules {
    ConvergenceRules { run_words: 5, margin: 0.1, alike: 0.5 }
}

fn fresh(names: [&str; 2], (value, low, high): (f64, f64, f64)) -> FreshChains {
    FreshChains {
        probes: names.map(probe).to_vec(),
        samples: 96,
        silent: 3,
        share: Estimate { value: Some(value), low: Some(low), high: Some(high), note: None },
    }
}

pub(crate) fn converged() -> Vec<Converged> {
    let found = Converged {
        target: target("opus-default"),
        group: Some("by <b>title</b>".to_owned()),
        chains: fresh(["by-title", "by-first-words"], (0.82, 0.71, 0.9)),
        invented: fresh(["invented", "invented-first-words"], (0.06, 0.02, 0.13)),
        users: 8,
        difference: Estimate { value: Some(0.76), low: Some(0.63), high: Some(0.89), note: None },
        finding: Some(Finding::Converge),
        note: None,
    };
    let undecided = Converged {
        target: target("local-llama-3.1-8b-instruct-q4_k_m"),
        finding: None,
        note: Some("chains of the group are incomplete".to_owned()),
        chains: FreshChains { share: Estimate::default(), ..found.chains.clone() },
        invented: FreshChains { share: Estimate::default(), ..found.invented.clone() },
        difference: Estimate::default(),
        users: 0,
        ..found.clone()
    };
    vec![found, undecided]
}

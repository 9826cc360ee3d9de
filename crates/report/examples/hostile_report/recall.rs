//! Verdicts on a document, with hostile names.

use antiphon_core::suite::Control;
use antiphon_core::summary::{
    AfterTries, AgainstControl, AgainstSibling, AtLength, Cell, ComesBack, CoverageCurve, DocumentVerdict,
    EditionFollowed, Estimate, Extractability, ExtractableCuts, FramingRecall, InMeaning, Knows, Manner,
    Needed, RecallScores, RecallTest, SentenceRecall, Summary,
};

use super::{probe, target};
use antiphon_core::{RecallRules, Target, UserId};

fn estimate(value: f64, half: f64) -> Estimate {
    Estimate { value: Some(value), low: Some(value - half), high: Some(value + half), note: None }
}

pub(crate) fn sentences(shift: f64) -> Vec<SentenceRecall> {
    let sentence = |word, text: &str, reproduced| SentenceRecall {
        word,
        text: text.to_owned(),
        asked: 240,
        reproduced,
        users: [40, reproduced / 6],
        samples: vec![(
            UserId::new("u7").expect("valid"),
            2,
            format!("{text} <img src=x onerror=alert('sample')> \u{202e}"),
        )],
    };
    let few = if shift > 0.0 { 3 } else { 231 };
    vec![
        sentence(1_200, "They are meant to be read as a whole & rather than as <b>a list</b> of rules.", few),
        sentence(1_217, "Where they conflict, the first counts.", few / 2),
        sentence(1_223, "Nobody has to like them.", 0),
    ]
}

/// The tests, with dates that attack the page.
pub(crate) fn rules() -> RecallRules {
    RecallRules {
        document: "</p><script>alert('document')</script>.md".to_owned(),
        document_hash: "5e1f".repeat(16),
        words: 8_000,
        editions: std::collections::BTreeMap::new(),
        verbatim_words: 8,
        margin: 0.15,
        verbatim_margin: 0.05,
        agreement: 0.5,
        alpha: 0.01,
        first_public: Some("2025-09-12 <img src=x onerror=alert('date')> \u{202e}".to_owned()),
        cutoffs: [(target("opus-default"), "<b>2026-01</b>".to_owned())].into(),
    }
}

pub(crate) fn verdicts() -> Vec<DocumentVerdict> {
    let recalled = DocumentVerdict {
        target: target("opus-default"),
        knows: Knows::Recalled,
        manner: Some(Manner::InOtherWords),
        because: "what follows comes back, beyond chance and beyond every control".to_owned(),
        cuts: 40,
        users: 40,
        recall: estimate(0.84, 0.03),
        by_chance: Some(0.11),
        beyond_chance: estimate(0.73, 0.03),
        verbatim: estimate(0.62, 0.05),
        in_other_words: estimate(0.22, 0.03),
        prefix_words: Some(estimate(31.2, 4.0)),
        comes_back: Some(Box::new(comes_back())),
        coverage: Some(coverage()),
        guessed: Some(0.17),
        match_p: Some(0.000_1),
        withheld: estimate(0.02, 0.01),
        agreement: estimate(0.71, 0.04),
        controls: vec![
            control(Control::Known, 0.97, -0.13),
            control(Control::Other, 0.12, 0.72),
            control(Control::Invented, 0.1, 0.74),
            control(Control::Shuffled, 0.31, 0.53),
            control(Control::Reworded, 0.7, 0.14),
        ],
        edition: Some(EditionFollowed { cuts: 9, difference: estimate(-0.08, 0.03) }),
        chosen: Some(estimate(0.91, 0.05)),
        framings: vec![
            framing("passage", 60, 0.84),
            framing("passage-20", 20, 0.61),
            framing("heading <script>", 0, 0.44),
        ],
        siblings: vec![AgainstSibling {
            target: target("local-llama-3.1-8b-instruct-q4_k_m"),
            cuts: 40,
            difference: estimate(0.7, 0.04),
            p: Some(0.000_05),
        }],
        unique_p: Some(0.000_05),
        tests: vec![
            test(
                "answers fit what follows their own passage better than what follows others (p)",
                Some(0.000_1),
                Needed::LessThan,
                0.005,
                true,
            ),
            test(
                "more of what follows comes back in order than by chance",
                Some(0.69),
                Needed::MoreThan,
                0.15,
                true,
            ),
        ],
        more_cuts: None,
        looks: 1,
    };
    let undecided = DocumentVerdict {
        target: target("local-llama-3.1-8b-instruct-q4_k_m"),
        knows: Knows::Undecided,
        manner: None,
        because:
            "what comes back is neither clearly more than by chance and by the controls, nor clearly not"
                .to_owned(),
        recall: estimate(0.22, 0.08),
        beyond_chance: estimate(0.12, 0.08),
        verbatim: estimate(0.03, 0.02),
        in_other_words: estimate(0.19, 0.06),
        chosen: None,
        edition: None,
        siblings: Vec::new(),
        unique_p: Some(1.0),
        tests: vec![test(
            "hardly more comes back in order than by chance",
            Some(0.2),
            Needed::LessThan,
            0.15,
            false,
        )],
        more_cuts: Some(67),
        looks: 2,
        ..recalled.clone()
    };
    vec![recalled, undecided]
}

fn coverage() -> CoverageCurve {
    CoverageCurve {
        run: 5,
        cuts: 40,
        curve: [(1, 0.7), (2, 0.8), (20, 0.95)]
            .map(|(tries, share)| AfterTries { tries, share: estimate(share, 0.04) })
            .to_vec(),
        needed: Some(5),
        asked_words: 2_311,
    }
}

/// Numbers of every kind; what counts as alike attacks the page.
pub(crate) fn comes_back() -> ComesBack {
    let at = |words, share| AtLength { words, share: estimate(share, 0.03) };
    let undefined = Estimate { note: Some("no two users <b>deviate</b>".to_owned()), ..Estimate::default() };
    let brought = |once| Extractability {
        once: estimate(once, 0.05),
        within: vec![AfterTries { tries: 10, share: estimate(once + 0.2, 0.05) }],
        even_chance: Some(2),
        cuts: Some(ExtractableCuts {
            tries: 10,
            at_least: 0.9,
            cuts: 40,
            extractable: 21,
            surely: 12,
            surely_not: 9,
        }),
    };
    ComesBack {
        longest_run: estimate(33.1, 3.5),
        in_runs: vec![at(5, 0.8), at(10, 0.7), at(20, 0.5), at(50, 0.1)],
        near_verbatim: estimate(0.72, 0.04),
        near_from: 20,
        slip: estimate(0.03, 0.01),
        recovery: estimate(0.4, 0.1),
        sequences: vec![at(1, 0.9), at(5, 0.8), at(13, 0.6), at(50, 0.1)],
        same_deviation: undefined,
        deviating_pairs: 0,
        whole: brought(0.3),
        nearly: brought(0.6),
        meaning: Some(InMeaning {
            share: estimate(0.83, 0.03),
            by_chance: Some(0.31),
            verbatim_index: estimate(0.75, 0.05),
            alike: "a cosine of 0.8 <script>alert('alike')</script> \u{202e}".to_owned(),
        }),
    }
}

fn control(control: Control, recall: f64, difference: f64) -> AgainstControl {
    AgainstControl {
        control,
        cuts: 10,
        recall: estimate(recall, 0.04),
        difference: estimate(difference, 0.06),
        agreement: estimate(0.2, 0.05),
    }
}

fn framing(group: &str, passage_words: u64, recall: f64) -> FramingRecall {
    FramingRecall {
        group: group.to_owned(),
        example: probe("constitution@w1200"),
        passage_words,
        cuts: 10,
        recall: estimate(recall, 0.06),
    }
}

fn test(says: &str, found: Option<f64>, needed: Needed, against: f64, met: bool) -> RecallTest {
    RecallTest { says: says.to_owned(), found, needed, against, met }
}

/// Makes it a run about a document of 8,000 words, cut at 200 places and asked of four targets in two ways.
pub(crate) fn long_document(summary: &mut Summary) {
    let ids = ["knower", "reteller", "sibling", "novice"];
    let like = summary.targets[0].clone();
    summary.targets = ids.map(|id| Target { id: target(id), ..like.clone() }).to_vec();
    let (template, verdict) =
        (summary.cells.iter().find(|cell| cell.recall.is_some()).cloned(), verdicts().remove(0));
    let template = template.expect("a cell of a recall probe");
    summary.verdicts =
        ids.iter().map(|id| DocumentVerdict { target: target(id), ..verdict.clone() }).collect();
    summary.cells.clear();
    for (at, id) in ids.into_iter().enumerate() {
        for (way, passage) in ["passage", "passage-20"].into_iter().enumerate() {
            for cut in (0..200).step_by(1 + 3 * way) {
                let first = 60 + 39 * cut;
                let recall = template.recall.clone().map(|recall| RecallScores {
                    word: first,
                    sentences: (0..4)
                        .map(|place| long_sentence(first + 13 * place, at, passage, first))
                        .collect(),
                    ..recall
                });
                summary.cells.push(Cell {
                    target: target(id),
                    probe: probe(&format!("{passage}@w{first}")),
                    group: Some(passage.to_owned()),
                    recall,
                    ..template.clone()
                });
            }
        }
    }
}

/// Thirteen words, and three answers of 60 words that all sentences of a cut have in common.
fn long_sentence(word: u32, target: usize, way: &str, first: u32) -> SentenceRecall {
    let words = |from: u32, count: u32| {
        let word = |at: u32| {
            ["those", "who", "write", "a", "charter", "hope", "that", "it", "is", "read"]
                [(at * at % 101 % 10) as usize]
        };
        (from..from + count).map(word).collect::<Vec<_>>().join(" ")
    };
    let reproduced = [231, 150, u64::from(word * 7 % 120), 0][target];
    let sample = |session| {
        let user = UserId::new("u7").expect("valid");
        (user, session, format!("{}: {} ({target}, {way}, {first})", session, words(first, 60)))
    };
    SentenceRecall {
        word,
        text: format!("{} {}.", words(word, 12), word),
        asked: 240,
        reproduced,
        users: [40, reproduced / 6],
        samples: (0..3).map(sample).collect(),
    }
}

//! The rules against answers whose class is known: made up for the purpose, traps among them.

use std::collections::BTreeMap;

use antiphon_core::Outcome;

use super::{Classes, Hedging, RULES_VERSION, Refusal, classes, language};

const LABELLED: &str = include_str!("labelled.tsv");
/// Written after the rules, which were not changed for it.
const FRESH: &str = include_str!("fresh.tsv");

/// Counts for one language and one class.
#[derive(Debug, Default, Clone, Copy)]
struct Score {
    found: f64,
    right: f64,
    there: f64,
    undecided: f64,
    all: f64,
}

impl Score {
    fn precision(self) -> f64 {
        self.right / self.found
    }

    fn recall(self) -> f64 {
        self.right / self.there
    }
}

struct Row {
    language: &'static str,
    refusal: &'static str,
    hedging: &'static str,
    text: &'static str,
}

fn rows(of: &'static str) -> impl Iterator<Item = Row> {
    of.lines().filter(|line| !line.starts_with('#')).map(|line| {
        let fields: Vec<&str> = line.split('\t').collect();
        let [language, refusal, hedging, text] = fields[..] else { panic!("four fields: {line}") };
        Row { language, refusal, hedging, text }
    })
}

fn read(row: &Row) -> Classes {
    classes(row.language, &Outcome::Answered, row.text).expect("an answer has classes")
}

/// By language, or all together; of refusal or of hedging.
fn scores(rows: &'static str, is_hedging: bool, by_language: bool) -> BTreeMap<&'static str, Score> {
    let mut scores: BTreeMap<&str, Score> = BTreeMap::new();
    for row in self::rows(rows) {
        let (refusal, hedging) = letters(&row);
        let (found, truth, positive) =
            if is_hedging { (hedging, row.hedging, "h") } else { (refusal, row.refusal, "r") };
        let count = |yes: bool| if yes { 1.0 } else { 0.0 };
        let score = scores.entry(if by_language { row.language } else { "all" }).or_default();
        score.found += count(found == positive);
        score.right += count(found == positive && truth == positive);
        score.there += count(truth == positive);
        score.undecided += count(found == "u");
        score.all += 1.0;
    }
    scores
}

fn letters(row: &Row) -> (&'static str, &'static str) {
    let found = read(row);
    let refusal = match found.refusal {
        Refusal::Refused => "r",
        Refusal::Answered => "a",
        Refusal::Undecided => "u",
    };
    let hedging = match found.hedging.expect("there is a text") {
        Hedging::Hedged => "h",
        Hedging::Plain => "p",
        Hedging::Undecided => "u",
    };
    (refusal, hedging)
}

/// What the rules get wrong, for whoever mends them.
fn wrong(rows: &'static str) -> String {
    let is_wrong = |row: &Row| letters(row) != (row.refusal, row.hedging);
    let told = |row: Row| {
        format!("{} {}{} {:?} {}", row.language, row.refusal, row.hedging, letters(&row), row.text)
    };
    self::rows(rows).filter(is_wrong).map(told).collect::<Vec<_>>().join("\n")
}

fn table(scores: &BTreeMap<&str, Score>) -> String {
    let line = |(language, score): (&&str, &Score)| {
        let (precision, recall) = (score.precision(), score.recall());
        format!(
            "{language}: precision {precision:.2}, recall {recall:.2}, undecided {:.2}",
            score.undecided / score.all
        )
    };
    scores.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn every_language_keeps_its_precision_and_recall() {
    for is_hedging in [false, true] {
        let scores = scores(LABELLED, is_hedging, true);
        assert_eq!(scores.len(), language::FILES.len(), "every language is tried");
        let keeps = |score: &Score| {
            score.precision() >= 0.95 && score.recall() >= 0.95 && score.undecided / score.all <= 0.12
        };
        assert!(scores.values().all(keeps), "hedging: {is_hedging}\n{}\n{}", table(&scores), wrong(LABELLED));
    }
}

/// The figures that docs/statistics.md gives.
#[test]
fn answers_that_the_rules_have_not_seen_are_found_less_often() {
    let found = |is_hedging| scores(FRESH, is_hedging, false)["all"];
    let shown = format!("{}\n{}", table(&scores(FRESH, false, true)), wrong(FRESH));
    let (refusal, hedging) = (found(false), found(true));
    assert!(refusal.precision() >= 0.75 && refusal.recall() >= 0.25, "{refusal:?}\n{shown}");
    assert!(hedging.precision() >= 0.95 && hedging.recall() >= 0.7, "{hedging:?}\n{shown}");
}

#[test]
fn the_version_changes_with_the_rules() {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in language::FILES.iter().flat_map(|file| file.bytes()) {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    assert_eq!((RULES_VERSION, hash), (1, 0x239e_2248_6f9e_c391), "rules that differ have another version");
}

#[test]
fn what_is_no_text_and_what_the_provider_says() {
    let of = |outcome: Outcome, text: &str| classes("en", &outcome, text);
    let found = of(Outcome::Refused, "Here you are.").unwrap();
    assert_eq!((found.refusal, found.hedging), (Refusal::Refused, Some(Hedging::Plain)));
    assert_eq!(of(Outcome::Refused, "").unwrap(), Classes { refusal: Refusal::Refused, hedging: None });
    for outcome in [Outcome::Empty, Outcome::Filtered] {
        assert_eq!(of(outcome, " ").unwrap(), Classes { refusal: Refusal::Undecided, hedging: None });
    }
    assert_eq!(of(Outcome::Unreached, "I can't help with that."), None);
    // No rules for the user's language, nor for the answer's.
    let found = classes("hu", &Outcome::Answered, "Nem tudok segíteni ebben a kérdésben.").unwrap();
    assert_eq!((found.refusal, found.hedging), (Refusal::Undecided, Some(Hedging::Undecided)));
    // A region changes nothing, and neither does a language without rules where the answer's has some.
    for language in ["pt-BR", "pt_PT", "hu"] {
        let found =
            classes(language, &Outcome::Answered, "Desculpe, mas não posso ajudar com isso.").unwrap();
        assert_eq!(found.refusal, Refusal::Refused, "{language}");
    }
}

#[test]
fn a_refusal_or_a_hedge_far_down_is_undecided() {
    let story = "The man took the train and went to the sea. ".repeat(4);
    let of = |text: &str| classes("en", &Outcome::Answered, text).unwrap();
    let middle = format!("{story}I can't help with that. As an AI, I cannot swim. {story}");
    assert_eq!((of(&middle).refusal, of(&middle).hedging), (Refusal::Undecided, Some(Hedging::Undecided)));
    let end = format!("{story}But I am only a language model.");
    assert_eq!((of(&end).refusal, of(&end).hedging), (Refusal::Answered, Some(Hedging::Hedged)));
}

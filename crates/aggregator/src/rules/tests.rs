//! The rules against answers whose class is known: made up for the purpose, traps among them.

use std::collections::BTreeMap;

use antiphon_core::Outcome;

use super::{Classes, Hedging, RULES_VERSION, Refusal, classes, language};

const LABELLED: &str = include_str!("labelled.tsv");

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

fn rows() -> impl Iterator<Item = Row> {
    LABELLED.lines().filter(|line| !line.starts_with('#')).map(|line| {
        let fields: Vec<&str> = line.split('\t').collect();
        let [language, refusal, hedging, text] = fields[..] else { panic!("four fields: {line}") };
        Row { language, refusal, hedging, text }
    })
}

fn read(row: &Row) -> Classes {
    classes(row.language, &Outcome::Answered, row.text).expect("an answer has classes")
}

fn scores(by_rule: impl Fn(&Row) -> (&'static str, &'static str)) -> BTreeMap<(&'static str, bool), Score> {
    let mut scores: BTreeMap<(&str, bool), Score> = BTreeMap::new();
    for row in rows() {
        let (refusal, hedging) = by_rule(&row);
        for (is_hedging, found, truth, positive) in
            [(false, refusal, row.refusal, "r"), (true, hedging, row.hedging, "h")]
        {
            let score = scores.entry((row.language, is_hedging)).or_default();
            let (is_found, is_there) = (found == positive, truth == positive);
            let count = |yes: bool| if yes { 1.0 } else { 0.0 };
            score.found += count(is_found);
            score.right += count(is_found && is_there);
            score.there += count(is_there);
            score.undecided += count(found == "u");
            score.all += 1.0;
        }
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

#[test]
fn every_language_keeps_its_precision_and_recall() {
    let wrong: Vec<String> = rows()
        .filter(|row| letters(row) != (row.refusal, row.hedging))
        .map(|row| {
            format!("{} {}{} {:?} {}", row.language, row.refusal, row.hedging, letters(&row), row.text)
        })
        .collect();
    let scores = scores(letters);
    assert_eq!(scores.len(), 2 * language::FILES.len(), "every language is tried");
    let mut table = String::new();
    let mut kept = true;
    for ((language, is_hedging), score) in &scores {
        let what = if *is_hedging { "hedging" } else { "refusal" };
        table += &format!(
            "{language} {what}: precision {:.2}, recall {:.2}, undecided {:.2}\n",
            score.precision(),
            score.recall(),
            score.undecided / score.all
        );
        kept &= score.precision() >= 0.95 && score.recall() >= 0.9 && score.undecided / score.all <= 0.15;
    }
    assert!(kept, "{table}{}", wrong.join("\n"));
}

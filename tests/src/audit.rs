//! Exactly once: of every planned sample and of every token. A two is double counting, a zero is a loss.

use std::collections::{BTreeMap, BTreeSet};

use antiphon_simulator::LedgerEntry;

use crate::Stored;

/// Good answers of a ledger by their token, with the sample key that they answered, without the run.
///
/// # Panics
/// If a token came twice, or a call had no sample key.
#[must_use]
pub fn tokens(ledger: &[LedgerEntry]) -> BTreeMap<String, String> {
    let mut tokens = BTreeMap::new();
    for entry in ledger {
        if let Some(token) = &entry.token {
            let (_, key) = entry.key.split_once('/').expect("calls carry their sample key");
            assert!(tokens.insert(token.clone(), key.to_owned()).is_none(), "token {token} was given twice");
        }
    }
    tokens
}

/// How often each sample key was answered well.
#[must_use]
pub fn answers(ledger: &[LedgerEntry]) -> BTreeMap<String, usize> {
    let mut answers = BTreeMap::new();
    for key in tokens(ledger).into_values() {
        *answers.entry(key).or_default() += 1;
    }
    answers
}

/// Holds a complete run against what was planned and what was answered: every planned sample is stored exactly once, and every
/// stored token was given for that sample and is stored nowhere else. Gives the number of answers that were thrown away.
///
/// # Panics
/// If anything is missing, doubled or mixed up.
pub fn audit(planned: &BTreeSet<String>, stored: &[Stored], ledger: &[LedgerEntry]) -> usize {
    let given = tokens(ledger);
    let mut samples: BTreeMap<String, usize> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for one in stored {
        let key = one.key();
        let token = one.token().unwrap_or_else(|| panic!("{key} is stored without a token: {one:?}"));
        assert_eq!(given.get(token), Some(&key), "token {token} was not given for the sample that holds it");
        assert!(seen.insert(token), "token {token} is stored twice, the second time as {key}");
        *samples.entry(key).or_default() += 1;
    }
    let doubled: Vec<_> = samples.iter().filter(|(_, count)| **count != 1).collect();
    assert!(doubled.is_empty(), "stored more than once: {doubled:?}");
    let missing: Vec<_> = planned.iter().filter(|key| !samples.contains_key(*key)).collect();
    assert!(missing.is_empty(), "{} planned samples are lost: {missing:?}", missing.len());
    let unplanned: Vec<_> = samples.keys().filter(|key| !planned.contains(*key)).collect();
    assert!(unplanned.is_empty(), "nobody planned {unplanned:?}");
    given.len() - seen.len()
}

/// Holds two summaries against each other, byte by byte.
///
/// # Panics
/// With the first line that differs.
pub fn same_summary(summary: &str, expected: &str) {
    for (number, (line, expected)) in (1..).zip(summary.lines().zip(expected.lines())) {
        assert_eq!(line.trim(), expected.trim(), "the summary differs in line {number}");
    }
    assert!(
        summary == expected,
        "the summary is longer or shorter than the other one, or differs in its white space"
    );
}

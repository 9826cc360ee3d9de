//! What answers quote, as sets of quotations.

use std::collections::BTreeMap;

use antiphon_core::summary::{LabelShare, Quotations};
use antiphon_stats::text::{Case, normalise, tokens};
use antiphon_stats::{Nested, SimilarityMatrix, agreement, interval, pairwise, quotes};

use super::CellInput;
use crate::estimates;

/// Quotations told of.
const FREQUENT: usize = 5;
/// Different sets that are compared, at most; beyond, those of a part of the answers.
const SETS: usize = 500;

/// Agreement of what the answers of a language quote; `None` where none quotes.
pub(super) fn scores(input: &CellInput<'_>, language: &str) -> Option<Quotations> {
    let mut names: BTreeMap<String, u32> = BTreeMap::new();
    let sets: Nested<Vec<String>> = input.nested(|_, row| {
        let answers = row.sample.outcome.has_text() && input.language_of(row) == language;
        answers.then(|| quoted(&row.sample.text))
    });
    for name in sets.rows().flat_map(|(_, set)| set) {
        names.entry(name.clone()).or_default();
    }
    if names.is_empty() {
        return None;
    }
    (0..).zip(names.values_mut()).for_each(|(number, place)| *place = number);
    let numbered = sets.map(|set| set.iter().map(|name| names[name]).collect::<Vec<u32>>());
    let population = input.population();
    let share = |has: &dyn Fn(&Vec<u32>) -> bool| {
        estimates::estimate(interval::proportion(
            &numbered.map(|set| f64::from(u8::from(has(set)))),
            population,
        ))
    };
    let mut frequent: Vec<LabelShare> = Vec::new();
    let mut counts = vec![0_u64; names.len()];
    numbered.rows().flat_map(|(_, set)| set).for_each(|&name| counts[name as usize] += 1);
    let mut order: Vec<(&String, u32)> = names.iter().map(|(name, number)| (name, *number)).collect();
    order.sort_by_key(|(_, number)| std::cmp::Reverse(counts[*number as usize]));
    for (name, number) in order.into_iter().take(FREQUENT) {
        frequent.push(LabelShare {
            label: name.clone(),
            count: counts[number as usize],
            share: share(&|set| set.contains(&number)),
        });
    }
    let quoting = numbered.filter_map(|set| (!set.is_empty()).then(|| set.clone()));
    let part = pairwise::part(&quoting, SETS, input.seed("quotations", language));
    let (cell, similarities) = compared(&part);
    Some(Quotations {
        language: language.to_owned(),
        quoting: share(&|set| !set.is_empty()),
        agreement: estimates::agreement(&agreement::similarities(&cell, &similarities, population), None),
        frequent,
    })
}

/// The different quotations of a text, without case and punctuation, sorted.
fn quoted(text: &str) -> Vec<String> {
    let name = |span: &str| tokens(&normalise(span, Case::Folded)).join(" ");
    let mut names: Vec<String> = quotes::spans(text).into_iter().map(name).collect();
    names.retain(|name| !name.is_empty());
    names.sort_unstable();
    names.dedup();
    names
}

/// The different sets, numbered, and what each two have in common.
fn compared(cell: &Nested<Vec<u32>>) -> (Nested<u32>, SimilarityMatrix) {
    let mut numbers: BTreeMap<&[u32], u32> = cell.rows().map(|(_, set)| (set.as_slice(), 0)).collect();
    (0..).zip(numbers.values_mut()).for_each(|(number, place)| *place = number);
    let sets: Vec<&[u32]> = numbers.keys().copied().collect();
    // No set is empty here, so no pair is undefined.
    let common = |i: usize, j: usize| quotes::jaccard(sets[i], sets[j]).unwrap_or(0.0);
    let similarities = SimilarityMatrix::from_pairs(sets.len(), common);
    (cell.map(|set| numbers[set.as_slice()]), similarities)
}

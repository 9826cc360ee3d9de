//! The different texts of a cell and how alike two of them are.

use super::Answer;
use crate::kernel::SimilarityMatrix;
use crate::lcs::{Lanes, Matcher, PairLengths};
use crate::nested::Nested;
use crate::rouge_l::f1_of_length;
use std::collections::HashMap;

/// Different token sequences, numbered in the order of rows; the number after the last is the non-answer's.
pub(crate) struct Texts {
    tokens: Vec<Vec<u32>>,
    vocabulary: usize,
    matcher: Matcher,
    prepared: Option<usize>,
}

impl Texts {
    /// The different texts, and the cell with each answer replaced by its text's number.
    pub(crate) fn of(cell: &Nested<Answer>) -> (Self, Nested<u32>) {
        let mut numbers: HashMap<&[u32], u32> = HashMap::new();
        let mut vocabulary: HashMap<u32, u32> = HashMap::new();
        let mut tokens: Vec<Vec<u32>> = Vec::new();
        let found = cell.rows().map(|(_, answer)| {
            let Answer::Text(text) = answer else { return None };
            let next = number(tokens.len());
            Some(*numbers.entry(text).or_insert_with(|| {
                let dense = text.iter().map(|&token| {
                    let next = number(vocabulary.len());
                    *vocabulary.entry(token).or_insert(next)
                });
                tokens.push(dense.collect());
                next
            }))
        });
        let found: Vec<Option<u32>> = found.collect();
        let non_answer = number(tokens.len());
        let mut found = found.into_iter();
        let ids = cell.map(|_| found.next().flatten().unwrap_or(non_answer));
        let vocabulary = vocabulary.len();
        (Self { tokens, vocabulary, matcher: Matcher::new(vocabulary), prepared: None }, ids)
    }

    pub(crate) fn len(&self) -> usize {
        self.tokens.len()
    }

    pub(crate) fn is_text(&self, id: u32) -> bool {
        (id as usize) < self.tokens.len()
    }

    /// All similarities at once. The last row and column are the non-answer's.
    pub(crate) fn similarities(&self) -> SimilarityMatrix {
        let lengths = PairLengths::of(&self.tokens, self.vocabulary);
        SimilarityMatrix::from_pairs(self.len() + 1, |i, j| match (self.tokens.get(i), self.tokens.get(j)) {
            (Some(a), Some(b)) => f1_of_length(lengths.length(i, j), a.len(), b.len()),
            _ => 0.0,
        })
    }

    /// Those of some, in their order.
    pub(crate) fn similarities_of(&self, ids: &[u32]) -> SimilarityMatrix {
        let tokens: Vec<Vec<u32>> =
            ids.iter().map(|&id| self.tokens.get(id as usize).cloned().unwrap_or_default()).collect();
        let lengths = PairLengths::of(&tokens, self.vocabulary);
        SimilarityMatrix::from_pairs(ids.len(), |i, j| match self.is_text(ids[i]) && self.is_text(ids[j]) {
            true => f1_of_length(lengths.length(i, j), tokens[i].len(), tokens[j].len()),
            false => 0.0,
        })
    }

    /// The mean similarity of each text to these, which count as often as they are there; none of them may be the non-answer.
    pub(crate) fn means(&self, references: &[u32]) -> Vec<f64> {
        let share = 1.0 / references.len() as f64;
        let mut means = vec![0.0; self.len()];
        let mut lanes = Lanes::new(self.vocabulary);
        for block in references.chunks(Lanes::MOST) {
            let prepared: Vec<&[u32]> = block.iter().map(|&id| self.tokens[id as usize].as_slice()).collect();
            lanes.prepare(&prepared);
            for (id, (text, mean)) in self.tokens.iter().zip(&mut means).enumerate() {
                let lengths = lanes.lengths(text);
                for ((&other, prepared), length) in block.iter().zip(&prepared).zip(lengths) {
                    let is_same = other as usize == id;
                    *mean +=
                        share * if is_same { 1.0 } else { f1_of_length(length, prepared.len(), text.len()) };
                }
            }
        }
        means
    }

    /// ROUGE-L of two texts; a non-answer is like nothing but another.
    pub(crate) fn similarity(&mut self, i: usize, j: usize) -> f64 {
        if i == j {
            return 1.0;
        }
        let (Some(a), Some(b)) = (self.tokens.get(i), self.tokens.get(j)) else { return 0.0 };
        if self.prepared != Some(i) {
            self.matcher.prepare(a);
            self.prepared = Some(i);
        }
        f1_of_length(self.matcher.length(b), a.len(), b.len())
    }
}

fn number(count: usize) -> u32 {
    u32::try_from(count).expect("fewer than 2^32 different texts or tokens fit in memory")
}

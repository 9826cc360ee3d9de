//! How well what one answer says is borne out by the other answers: SelfCheckGPT by single words. It measures consistency; a model
//! that always errs in the same way is borne out in full.

use std::collections::HashMap;

/// How often each word stands in all answers of a cell.
#[derive(Clone, Debug, Default)]
pub struct Words {
    counts: HashMap<u32, u64>,
    total: u64,
    answers: u64,
}

/// How well a passage is borne out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Surprise {
    /// Mean over the words of `-ln p`, in nats; less is better.
    pub mean: f64,
    /// The greatest `-ln p`: that of the rarest word.
    pub most: f64,
    /// The rarest word; of equal ones the first.
    pub rarest: u32,
    /// How often it stands in all answers together, per answer: a word that each has once has 1, one that only this answer of many has
    /// is near 0. May be above 1.
    pub rarest_per_answer: f64,
}

impl Words {
    /// Counts the words of one more answer. The answer that is to be checked is one of them.
    pub fn add(&mut self, answer: &[u32]) {
        for &word in answer {
            *self.counts.entry(word).or_default() += 1;
        }
        self.total += answer.len() as u64;
        self.answers += 1;
    }

    /// How many answers were added.
    #[must_use]
    pub fn answers(&self) -> u64 {
        self.answers
    }

    /// Mean and greatest `-ln p` of a passage's words, `p = (count + 1) / (total + different words)`. `None` for a passage without words
    /// and with fewer than two answers. (Manakul, Liusie and Gales 2023, the unigram variant)
    #[must_use]
    pub fn surprise(&self, passage: &[u32]) -> Option<Surprise> {
        let count = |word: &u32| self.counts.get(word).copied().unwrap_or(0);
        let places = (self.total + self.counts.len() as u64) as f64;
        let cost = |word: &u32| (places / (count(word) + 1) as f64).ln();
        let rarest = *passage.iter().min_by_key(|word| count(word))?;
        (self.answers >= 2).then(|| Surprise {
            mean: passage.iter().map(cost).sum::<f64>() / passage.len() as f64,
            most: cost(&rarest),
            rarest,
            rarest_per_answer: count(&rarest) as f64 / self.answers as f64,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_hand() {
        // Answers "a b", "a b", "a c": a thrice, b twice, c once; six words, three different ones.
        let mut words = Words::default();
        [[0, 1], [0, 1], [0, 2]].iter().for_each(|answer| words.add(answer));
        let found = words.surprise(&[0, 2]).unwrap();
        let (a, c) = ((9.0_f64 / 4.0).ln(), (9.0_f64 / 2.0).ln());
        assert!((found.mean - (a + c) / 2.0).abs() < 1e-12 && (found.most - c).abs() < 1e-12, "{found:?}");
        assert_eq!(found.rarest, 2);
        assert!((found.rarest_per_answer - 1.0 / 3.0).abs() < 1e-12);
        let unseen = words.surprise(&[7]).unwrap();
        assert!((unseen.most - 9.0_f64.ln()).abs() < 1e-12 && unseen.rarest_per_answer == 0.0);
    }

    #[test]
    fn one_answer_bears_nothing_out() {
        let mut words = Words::default();
        words.add(&[0, 1]);
        assert_eq!((words.surprise(&[0]), words.answers()), (None, 1));
        words.add(&[0]);
        assert_eq!(words.surprise(&[]), None);
    }
}

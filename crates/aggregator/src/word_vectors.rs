//! Vectors of texts from a file of word vectors: the mean of those of the words.

use std::collections::{BTreeSet, HashMap};
use std::io::BufRead;

use antiphon_stats::text::{Case, normalise, tokens};

/// Word vectors, of the words that are needed.
#[derive(Debug, Default)]
pub struct WordVectors {
    words: HashMap<String, Vec<f32>>,
    length: usize,
}

/// Why a file holds no word vectors.
#[derive(Debug, thiserror::Error)]
pub enum WordVectorError {
    /// It cannot be read.
    #[error("it cannot be read")]
    Unreadable(#[from] std::io::Error),
    /// A line does not hold a word and its numbers.
    #[error("line {line} is no word with {expected} numbers")]
    Line {
        /// From 1.
        line: u64,
        /// Numbers on the lines before it, or `some`.
        expected: String,
    },
    /// There are none.
    #[error("it holds no vectors")]
    Empty,
}

/// The words that the vectors of a text are made of; upper and lower case are the same.
#[must_use]
pub fn words_of(text: &str) -> BTreeSet<String> {
    tokens(&normalise(text, Case::Folded)).into_iter().map(str::to_owned).collect()
}

impl WordVectors {
    /// Reads a text file with a word and its numbers on each line, separated by spaces or tabs; a first line with two whole numbers
    /// (word2vec's header) is passed over. Only `needed` words are kept. Words are compared in lower case; of two lines for a word the
    /// first counts.
    ///
    /// # Errors
    /// Names the line.
    pub fn read(mut file: impl BufRead, needed: &BTreeSet<String>) -> Result<Self, WordVectorError> {
        let mut found = Self::default();
        let (mut line, mut number) = (Vec::new(), 0);
        // Some files hold words that are no UTF-8.
        while file.read_until(b'\n', &mut line)? > 0 {
            number += 1;
            let text = String::from_utf8_lossy(&line).into_owned();
            line.clear();
            let mut parts: Vec<&str> =
                text.split([' ', '\t', '\r', '\n']).filter(|part| !part.is_empty()).collect();
            let is_header =
                number == 1 && parts.len() == 2 && parts.iter().all(|part| part.parse::<u64>().is_ok());
            if is_header || parts.is_empty() {
                continue;
            }
            // A word may hold spaces; its numbers are the last ones.
            let length = if found.length == 0 { parts.len() - 1 } else { found.length };
            let wrong = || WordVectorError::Line {
                line: number,
                expected: if found.length == 0 { "some".to_owned() } else { found.length.to_string() },
            };
            if length == 0 || parts.len() <= length {
                return Err(wrong());
            }
            let numbers = parts.split_off(parts.len() - length);
            let vector: Option<Vec<f32>> =
                numbers.iter().map(|part| part.parse().ok().filter(|x: &f32| x.is_finite())).collect();
            let vector = vector.ok_or_else(wrong)?;
            found.length = length;
            let word = parts.join(" ").to_lowercase();
            if needed.contains(&word) {
                found.words.entry(word).or_insert(vector);
            }
        }
        if found.length == 0 { Err(WordVectorError::Empty) } else { Ok(found) }
    }

    /// The mean of the vectors of a text's words, repeated ones as often as they stand; zeros if none is known.
    #[must_use]
    pub fn of(&self, text: &str) -> Vec<f32> {
        let mut sum = vec![0.0_f64; self.length];
        let mut known = 0.0;
        for token in tokens(&normalise(text, Case::Folded)) {
            if let Some(vector) = self.words.get(token) {
                known += 1.0;
                sum.iter_mut().zip(vector).for_each(|(sum, &x)| *sum += f64::from(x));
            }
        }
        #[expect(
            clippy::cast_possible_truncation,
            reason = "vectors are stored with the precision that they came in"
        )]
        let mean = |sum: f64| if known > 0.0 { (sum / known) as f32 } else { 0.0 };
        sum.into_iter().map(mean).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<WordVectors, String> {
        let needed = ["be", "kind", "new york"].map(str::to_owned).into();
        WordVectors::read(text.as_bytes(), &needed).map_err(|error| error.to_string())
    }

    #[test]
    fn both_formats_and_the_mean_of_words() {
        for text in ["3 2\nbe 1 0\nKind 0 3\nother 9 9\n", "be 1 0\r\nkind\t0 3\nkind 7 7\nnew york 4 4\n\n"]
        {
            let vectors = read(text).unwrap();
            assert_eq!(vectors.of("Be kind, be KIND!"), [0.5, 1.5]);
            assert_eq!(vectors.of("be unknown"), [1.0, 0.0]);
            assert_eq!(vectors.of("other"), [0.0, 0.0], "it was not needed");
        }
        assert_eq!(words_of("Be kind, be KIND!"), ["be", "kind"].map(str::to_owned).into());
    }

    #[test]
    fn what_is_no_vector_is_named_by_its_line() {
        for (text, message) in [
            ("", "it holds no vectors"),
            ("be 1 0\nkind 1\n", "line 2 is no word with 2 numbers"),
            ("be 1 x\n", "line 1 is no word with some numbers"),
            ("be 1 0\nkind 1 inf\n", "line 2 is no word with 2 numbers"),
            ("be\n", "line 1 is no word with some numbers"),
        ] {
            assert_eq!(read(text).unwrap_err(), message, "{text:?}");
        }
    }
}

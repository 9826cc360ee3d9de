//! Two documents compared word by word: what both have, for the terminal and as a page of its own.

mod page;
mod terminal;

use std::ops::Range;

use crate::number::Form;

pub use page::documents_page;
pub use terminal::documents_terminal;

/// Two documents and what they have in common.
#[derive(Debug, Clone)]
pub struct Comparison<'a> {
    /// The one that is taken as the reference.
    pub a: Document<'a>,
    /// The other.
    pub b: Document<'a>,
    /// Whether upper and lower case were told apart.
    pub case_matters: bool,
    /// How much of either's word sequences the other has, by length.
    pub containment: Vec<Containment>,
    /// The fewest words of a passage that counts as nearly verbatim.
    pub near_from: usize,
    /// The fewest words of a run that counts by itself.
    pub run_from: usize,
    /// What both have, in the order of both.
    pub passages: Vec<Passage>,
}

/// One of the two.
#[derive(Debug, Clone, Copy)]
pub struct Document<'a> {
    /// What it is called; hostile text like its content.
    pub name: &'a str,
    /// All of it.
    pub text: &'a str,
    /// The bytes of each of its words, in order.
    pub words: &'a [Range<usize>],
}

/// How much of the different word sequences of one length the other document has, in `[0, 1]`; `None` where there is no sequence so long.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Containment {
    /// Words of a sequence.
    pub words: usize,
    /// Of those of A.
    pub of_a: Option<f64>,
    /// Of those of B.
    pub of_b: Option<f64>,
}

/// A place that both documents have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passage {
    /// Its words in A.
    pub a: Range<usize>,
    /// Its words in B.
    pub b: Range<usize>,
    /// What is the same in it, in order; all of it lies inside of `a` and `b`.
    pub runs: Vec<Run>,
    /// Whether it is nearly verbatim and long, or else a single run.
    pub is_near: bool,
}

/// Words that are the same in both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run {
    /// Its first word in A.
    pub in_a: usize,
    /// Its first word in B.
    pub in_b: usize,
    /// How many.
    pub words: usize,
}

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    A,
    B,
}

impl Side {
    fn name(self) -> &'static str {
        match self {
            Self::A => "A",
            Self::B => "B",
        }
    }

    fn of(self, passage: &Passage) -> Range<usize> {
        match self {
            Self::A => passage.a.clone(),
            Self::B => passage.b.clone(),
        }
    }

    fn run(self, run: Run) -> Range<usize> {
        let from = if self == Self::A { run.in_a } else { run.in_b };
        from..from + run.words
    }
}

impl Document<'_> {
    /// The text from the first to the last of these words; at least one.
    fn slice(&self, words: &Range<usize>) -> &str {
        &self.text[self.words[words.start].start..self.words[words.end - 1].end]
    }

    /// The line that a word stands in, from 1.
    fn line(&self, word: usize) -> usize {
        1 + self.text[..self.words[word].start].matches('\n').count()
    }
}

impl Passage {
    /// Words that are the same.
    fn same(&self) -> usize {
        self.runs.iter().map(|run| run.words).sum()
    }
}

impl Comparison<'_> {
    /// The share of A's words, and of B's, in passages that are nearly verbatim, in `[0, 1]`; `None` without words.
    #[must_use]
    pub fn near_shares(&self) -> [Option<f64>; 2] {
        [Side::A, Side::B].map(|side| self.near_share(side))
    }

    fn document(&self, side: Side) -> &Document<'_> {
        match side {
            Side::A => &self.a,
            Side::B => &self.b,
        }
    }

    fn near_share(&self, side: Side) -> Option<f64> {
        let words = self.document(side).words.len();
        let near = self.passages.iter().filter(|passage| passage.is_near);
        (words > 0).then(|| near.map(|passage| side.of(passage).len()).sum::<usize>() as f64 / words as f64)
    }

    /// The longest run, in words.
    fn longest(&self) -> usize {
        self.passages.iter().flat_map(|passage| &passage.runs).map(|run| run.words).max().unwrap_or(0)
    }

    /// What is said of both in numbers: what it is, of A, of B.
    fn figures(&self) -> Vec<[String; 3]> {
        let shares = self.containment.iter().map(|found| {
            let name = format!("sequences of {} words that the other has", found.words);
            [name, Form::Percent.or_dash(found.of_a), Form::Percent.or_dash(found.of_b)]
        });
        let [of_a, of_b] = self.near_shares().map(|share| Form::Percent.or_dash(share));
        let name = format!("words in nearly verbatim passages of {} or more", self.near_from);
        shares.chain([[name, of_a, of_b]]).collect()
    }
}

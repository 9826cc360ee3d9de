//! The agreement of texts: every pair of answers of a cell, or enough of them.
//!
//! Identical token sequences are compared once. Up to `exact_up_to` different texts every pair counts; beyond that
//! pairs of users are visited in a fixed pattern and one answer of each is drawn (an incomplete U-statistic) until
//! the drawing adds at most 1 % to the variance. The jackknife over users sees the drawing as well, so the interval
//! accounts for it.

mod circle;
mod draws;
mod sampled;
mod texts;

use crate::agreement::{self, Agreement};
use crate::crossed::{self, Crossed, Crossing, Design, Tables};
use crate::estimate::{Estimate, Population};
use crate::interval;
use crate::kernel::SimilarityMatrix;
use crate::medoid::{self, Typicality};
use crate::nested::{Nested, Row};
use rand::seq::SliceRandom;
use texts::Texts;

/// One sample of an open probe.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Answer {
    /// Numbered tokens, as from [`crate::text::Vocabulary`]; may be empty.
    Text(Vec<u32>),
    /// A refusal or anything else that counts as behaviour and has no text.
    NonAnswer,
}

/// How much work a cell of texts may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PairPolicy {
    /// Up to so many different texts every pair is compared.
    pub exact_up_to: usize,
    /// Where the drawn pairs come from. The same seed gives the same numbers, in whatever order rows arrive.
    pub seed: u64,
    /// How many of the least typical texts to name.
    pub deviants: usize,
}

/// Which pairs of answers of different users were compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PairsUsed {
    /// All.
    Exact,
    /// So many, drawn.
    Sampled(u64),
}

/// The agreement of texts. Non-answers are never silently missing: they are in the rate and in `all`.
#[derive(Clone, Debug, PartialEq)]
pub struct TextAgreement {
    /// The share of non-answers.
    pub non_answers: Estimate,
    /// The agreement of two answers, given that both are texts.
    pub answered: Agreement,
    /// The agreement of two samples where two non-answers agree fully and one agrees with no text.
    pub all: Agreement,
    /// The text that is most like the others, and those that are least.
    pub typicality: Typicality,
    /// The answers that are texts, as numbers of different texts in the order in which they are first met.
    pub texts: Nested<u32>,
    /// How alike those are; `None` where not every pair was compared. A last row and column are a non-answer's.
    pub similarities: Option<SimilarityMatrix>,
    /// What the factors of users have to do with `answered`.
    pub crossed: Crossed,
}

/// The agreement of the texts of one cell by ROUGE-L. See [`Agreement`] and [`Estimate`] for what happens with few users, sessions or
/// samples.
#[must_use]
pub fn texts(cell: &Nested<Answer>, population: Population, policy: PairPolicy) -> TextAgreement {
    texts_by_factor(cell, &Design::default(), population, policy)
}

/// The same for users who stand at the levels of a design; without one, [`TextAgreement::crossed`] is empty.
#[must_use]
pub fn texts_by_factor(
    cell: &Nested<Answer>,
    design: &Design,
    population: Population,
    policy: PairPolicy,
) -> TextAgreement {
    let (mut texts, all) = Texts::of(cell);
    let answered = all.filter_map(|&id| texts.is_text(id).then_some(id));
    let non_answers =
        interval::proportion(&all.map(|&id| f64::from(u8::from(!texts.is_text(id)))), population);
    let complete = answered.size().samples == all.size().samples;
    let (conditional, whole, typicality, similarities, crossed);
    if texts.len() <= policy.exact_up_to {
        let matrix = texts.similarities();
        let of = |cell| agreement::similarities(cell, &matrix, population);
        conditional = of(&answered);
        whole = if complete { conditional.clone() } else { of(&all) };
        crossed = crossed::similarities(&answered, &matrix, design, population, &conditional);
        typicality = medoid::typicality(&answered, &matrix, policy.deviants);
        similarities = Some(matrix);
    } else {
        let crossing = Crossing::of(design, &answered);
        let mut tables = Tables::new(&crossing, population);
        let drawn = sampled::agreement(&answered, &mut texts, population, policy.seed, Some(&mut tables));
        crossed = crossed::of_drawn_pairs(&tables, &drawn, population);
        conditional = drawn.agreement;
        whole = match complete {
            true => conditional.clone(),
            false => sampled::agreement(&all, &mut texts, population, policy.seed, None).agreement,
        };
        typicality = medoid::sampled(&answered, &texts, policy);
        similarities = None;
    }
    TextAgreement {
        non_answers,
        answered: conditional,
        all: whole,
        typicality,
        texts: answered,
        similarities,
        crossed,
    }
}

/// The texts of a cell as numbers of different ones, and how alike they are: all pairs, in the square of the number of different texts.
/// Non-answers are left out; a last row and column are theirs.
#[must_use]
pub fn compared(cell: &Nested<Answer>) -> (Nested<u32>, SimilarityMatrix) {
    let (texts, all) = Texts::of(cell);
    let answered = all.filter_map(|&id| texts.is_text(id).then_some(id));
    let similarities = texts.similarities();
    (answered, similarities)
}

/// A part of a cell: `most` answers, users in random order in turn, each time a random answer of theirs that was not drawn yet. The whole cell
/// if it has no more. The seed decides.
#[must_use]
pub fn part<T: Clone>(cell: &Nested<T>, most: usize, seed: u64) -> Nested<T> {
    if cell.size().samples <= most {
        return cell.clone();
    }
    let mut random = random(seed, Purpose::Part, 0, 0, 0);
    let mut users: Vec<Vec<Row<T>>> = Vec::new();
    for (id, value) in cell.rows() {
        let row = Row { id, value: value.clone() };
        match users.last_mut().filter(|rows| rows[0].id.user == id.user) {
            Some(rows) => rows.push(row),
            None => users.push(vec![row]),
        }
    }
    users.iter_mut().for_each(|rows| rows.shuffle(&mut random));
    users.shuffle(&mut random);
    let longest = users.iter().map(Vec::len).max().unwrap_or(0);
    let drawn = (0..longest).flat_map(|turn| users.iter().filter_map(move |rows| rows.get(turn)));
    Nested::from_rows(drawn.take(most).cloned())
}

pub(crate) use circle::{Circle, Purpose, random};
pub(crate) use draws::Tally;
pub(crate) use sampled::Drawn;
pub(crate) use texts::Texts as DistinctTexts;

#[cfg(test)]
mod tests;

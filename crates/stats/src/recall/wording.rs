//! Verbatim or in other words: how much of what an answer gives back of its reference has the reference's wording.

use super::Runs;

/// Runs of so many words are verbatim: chance hardly gives them.
pub const VERBATIM: usize = 8;
/// With less of the meaning given back the question makes no sense.
const FEWEST: f64 = 0.2;

/// `V`: the share of the reference in runs of at least [`VERBATIM`] words, in `[0, 1]`; `None` for an empty reference.
#[must_use]
pub fn verbatim(runs: &Runs) -> Option<f64> {
    runs.share(VERBATIM)
}

/// The verbatim-or-paraphrase index `V / max(E, V)`: 1 where all that is given back is verbatim, 0 where it is in other words throughout. `meaning` is `E`, the
/// share of the reference's statements that the answer makes. `None` below 0.2 of them, or if either is no share in `[0, 1]`.
#[must_use]
pub fn verbatim_or_paraphrase(verbatim: f64, meaning: f64) -> Option<f64> {
    let are_shares = [verbatim, meaning].iter().all(|share| (0.0..=1.0).contains(share));
    (are_shares && meaning >= FEWEST).then(|| verbatim / meaning.max(verbatim))
}

/// `E`: the share of a reference's words in sentences of which an answer has one alike: the cosine of their vectors is at least `threshold`. Each sentence of the
/// reference has the vector and its words; vectors are of one length and of length 1 in space, or all zeros for a sentence of which nothing is known: of
/// the reference it is left out, of the answer it is like none. `None` where none of the reference is known.
#[must_use]
pub fn said_in_meaning(reference: &[(Vec<f64>, usize)], answer: &[Vec<f64>], threshold: f64) -> Option<f64> {
    let cosine = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(x, y)| x * y).sum::<f64>();
    let (mut said, mut all) = (0, 0);
    for (sentence, words) in reference.iter().filter(|(sentence, _)| sentence.iter().any(|x| *x != 0.0)) {
        all += words;
        let has_one = answer.iter().any(|other| cosine(sentence, other) >= threshold);
        said += if has_one { *words } else { 0 };
    }
    (all > 0).then(|| said as f64 / all as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn from_verbatim_to_other_words() {
        assert_eq!(verbatim_or_paraphrase(0.2, 0.8), Some(0.25));
        assert_eq!(verbatim_or_paraphrase(0.9, 0.8), Some(1.0));
        assert_eq!((verbatim_or_paraphrase(0.0, 0.5), verbatim_or_paraphrase(0.5, 0.1)), (Some(0.0), None));
        assert_eq!((verbatim_or_paraphrase(f64::NAN, 0.5), verbatim_or_paraphrase(0.1, 1.5)), (None, None));
    }

    #[test]
    fn seven_words_are_no_verbatim_run() {
        let reference: Vec<u32> = (0..16).collect();
        let answer: Vec<u32> = (0..7).chain([99]).chain(8..16).collect();
        assert_eq!(verbatim(&Runs::of(&reference, &answer)), Some(0.5));
    }

    #[test]
    fn sentences_weigh_by_their_words_and_unknown_ones_are_left_out() {
        let (east, north, nothing) = (vec![1.0, 0.0], vec![0.0, 1.0], vec![0.0, 0.0]);
        let between = vec![0.8, 0.6];
        let reference = [(east.clone(), 6), (north, 2), (nothing.clone(), 50)];
        assert_eq!(said_in_meaning(&reference, &[between.clone(), nothing.clone()], 0.8), Some(0.75));
        assert_eq!(said_in_meaning(&reference, &[between], 0.6), Some(1.0));
        assert_eq!(said_in_meaning(&reference, std::slice::from_ref(&nothing), 0.6), Some(0.0));
        assert_eq!(said_in_meaning(&[(nothing, 50)], &[east], 0.6), None);
    }
}

//! Where answers deviate from the reference, do they say the same instead? Stored variants do; slips of a memory and words of one's
//! own do not.

use std::collections::BTreeMap;

use crate::consensus::Aligner;

/// What one user says at a place of the reference instead of the word that stands there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deviation {
    /// The place in the reference.
    pub place: usize,
    /// Whose it is.
    pub user: u64,
    /// The word instead; `None` where there is none.
    pub instead: Option<u32>,
}

/// How consistent deviations are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Consistency {
    /// The chance that two deviating answers of different users say the same, over all such pairs at all places; `None` without a pair.
    pub same: Option<f64>,
    /// Places where two users deviate.
    pub places: u64,
    /// Pairs of deviating answers of different users.
    pub pairs: u64,
    /// Of these, those that say the same.
    pub alike: u64,
}

/// The deviations of one answer by the fewest edits. Places that it does not reach, behind the last of its words, are none.
#[must_use]
pub fn deviations(reference: &[u32], answer: &[u32], user: u64) -> Vec<Deviation> {
    let aligned = Aligner::new(reference).align(answer).at;
    let reached = aligned.iter().rposition(Option::is_some).map_or(0, |last| last + 1);
    let places = aligned[..reached].iter().zip(reference).enumerate();
    places
        .filter(|(_, (said, word))| **said != Some(**word))
        .map(|(place, (said, _))| Deviation { place, user, instead: *said })
        .collect()
}

/// Pairs of deviations at the same place by different users, and how many of them are the same. Their order changes nothing.
#[must_use]
pub fn consistency(deviations: &[Deviation]) -> Consistency {
    let mut places: BTreeMap<usize, BTreeMap<(Option<u32>, u64), u64>> = BTreeMap::new();
    for deviation in deviations {
        let counts = places.entry(deviation.place).or_default();
        *counts.entry((deviation.instead, deviation.user)).or_default() += 1;
    }
    let (mut same, mut pairs, mut shared) = (0, 0, 0);
    for counts in places.values() {
        let here = pairs_of_users(counts.iter().map(|((_, user), count)| (*user, *count)));
        shared += u64::from(here > 0);
        pairs += here;
        let sorted: Vec<(Option<u32>, u64, u64)> =
            counts.iter().map(|((instead, user), count)| (*instead, *user, *count)).collect();
        let alike = sorted.chunk_by(|one, next| one.0 == next.0);
        same +=
            alike.map(|of| pairs_of_users(of.iter().map(|(_, user, count)| (*user, *count)))).sum::<u64>();
    }
    Consistency { same: (pairs > 0).then(|| same as f64 / pairs as f64), places: shared, pairs, alike: same }
}

/// Pairs of which the two are of different users.
fn pairs_of_users(counts: impl Iterator<Item = (u64, u64)>) -> u64 {
    let mut of_users: BTreeMap<u64, u64> = BTreeMap::new();
    counts.for_each(|(user, count)| *of_users.entry(user).or_default() += count);
    let all: u64 = of_users.values().sum();
    let squares: u64 = of_users.values().map(|count| count * count).sum();
    (all * all - squares) / 2
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn deviations_are_read_off_an_alignment() {
        let of = |answer: &[u32]| {
            let found = deviations(&[1, 2, 3, 4, 5, 6], answer, 7);
            found.iter().map(|deviation| (deviation.place, deviation.instead)).collect::<Vec<_>>()
        };
        assert_eq!(of(&[1, 9, 3, 5, 6]), [(1, Some(9)), (3, None)]);
        assert_eq!(of(&[1, 2, 3]), [], "stopping is no deviation");
        assert_eq!(of(&[]), []);
        assert_eq!(of(&[1, 2, 8, 3, 4, 5, 6]), [], "what is added has no place in the reference");
    }

    #[test]
    fn pairs_of_one_user_do_not_count() {
        let at = |place, user, instead| Deviation { place, user, instead };
        let found = consistency(&[
            at(3, 1, Some(9)),
            at(3, 1, Some(9)),
            at(3, 2, Some(9)),
            at(3, 3, Some(8)),
            at(5, 1, None),
            at(5, 2, None),
            at(8, 4, Some(1)),
            at(8, 4, Some(1)),
        ]);
        // At 3: 6 pairs less one of user 1, of which 2 the same; at 5 one of one.
        assert_eq!(found, Consistency { same: Some(3.0 / 6.0), places: 2, pairs: 6, alike: 3 });
        assert_eq!(consistency(&[at(1, 1, None)]), Consistency { same: None, places: 0, pairs: 0, alike: 0 });
    }

    proptest! {
        #[test]
        fn it_is_the_count_of_all_pairs(
            of in proptest::collection::vec((0_usize..4, 0_u64..4, proptest::option::of(0_u32..3)), 0..25),
        ) {
            let all: Vec<Deviation> =
                of.into_iter().map(|(place, user, instead)| Deviation { place, user, instead }).collect();
            let (mut same, mut pairs) = (0, 0);
            for (i, one) in all.iter().enumerate() {
                for two in all[..i].iter().filter(|two| two.place == one.place && two.user != one.user) {
                    pairs += 1;
                    same += u64::from(one.instead == two.instead);
                }
            }
            let found = consistency(&all);
            prop_assert_eq!(found.pairs, pairs);
            prop_assert_eq!(found.same, (pairs > 0).then(|| same as f64 / pairs as f64));
        }
    }
}

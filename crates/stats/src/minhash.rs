//! Which of very many texts are nearly the same, without comparing all pairs: MinHash signatures and banding. (Broder
//! 1997; Leskovec, Rajaraman and Ullman 2014, chapter 3.) For finding near-duplicates, never for an estimate of
//! agreement: what it does not find is missing from one side only.

use std::collections::{BTreeMap, BTreeSet};

/// The least hash of a text's n-grams under each of some hash functions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature(Vec<u64>);

impl Signature {
    /// From the distinct n-grams of a text, `hashes` functions drawn by the seed. `None` for a text without n-grams or without
    /// functions. The same text, `n`, number and seed have the same signature on every machine.
    #[must_use]
    pub fn of(text: &[u32], n: usize, hashes: usize, seed: u64) -> Option<Self> {
        if n == 0 || text.len() < n || hashes == 0 {
            return None;
        }
        let grams: Vec<u64> = text
            .windows(n)
            .map(|gram| gram.iter().fold(seed, |hash, &token| mixed(hash ^ u64::from(token))))
            .collect();
        let least = |function: u64| grams.iter().map(|&gram| mixed(gram ^ mixed(function))).min();
        (1..=hashes as u64).map(least).collect::<Option<_>>().map(Self)
    }

    /// The share of functions with the same least hash: an unbiased estimate of the Jaccard similarity `J` of the n-grams
    /// of both, with standard deviation `sqrt(J (1 - J) / hashes)`. `None` for signatures of different length.
    #[must_use]
    pub fn similarity(&self, other: &Self) -> Option<f64> {
        let same = self.0.iter().zip(&other.0).filter(|(a, b)| a == b).count();
        (self.0.len() == other.0.len()).then(|| same as f64 / self.0.len() as f64)
    }
}

/// How signatures are cut into bands; two texts are candidates if they have one whole band in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bands {
    /// How many bands, at least 1.
    pub bands: u32,
    /// Hashes of a band, at least 1.
    pub rows: u32,
}

impl Bands {
    /// How likely two texts of that Jaccard similarity, in `[0, 1]`, become candidates.
    #[must_use]
    pub fn chance(self, similarity: f64) -> f64 {
        1.0 - (1.0 - similarity.powf(f64::from(self.rows))).powf(f64::from(self.bands))
    }

    /// About the similarity at which the chance is steepest.
    #[must_use]
    pub fn threshold(self) -> f64 {
        (1.0 / f64::from(self.bands)).powf(1.0 / f64::from(self.rows))
    }

    /// All pairs with a band in common, the smaller index first, in ascending order. What a signature has beyond the bands
    /// is not looked at, and a band that it does not have in full is none.
    #[must_use]
    pub fn candidates(self, signatures: &[Signature]) -> Vec<(usize, usize)> {
        let rows = self.rows.max(1) as usize;
        let mut found = BTreeSet::new();
        for band in 0..self.bands as usize {
            let mut alike: BTreeMap<&[u64], Vec<usize>> = BTreeMap::new();
            for (place, signature) in signatures.iter().enumerate() {
                if let Some(part) = signature.0.get(band * rows..(band + 1) * rows) {
                    alike.entry(part).or_default().push(place);
                }
            }
            for places in alike.values() {
                let pairs = places.iter().enumerate();
                found.extend(pairs.flat_map(|(i, &b)| places[..i].iter().map(move |&a| (a, b))));
            }
        }
        found.into_iter().collect()
    }
}

/// The finaliser of SplitMix64: every bit of the input moves about half the bits of the output. (Steele, Lea and Flood 2014)
fn mixed(value: u64) -> u64 {
    let mut hash = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ (hash >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::overlap::jaccard;
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    #[test]
    fn five_rows_and_twenty_bands() {
        let bands = Bands { bands: 20, rows: 5 };
        assert!((bands.chance(0.8) - 0.999_643_942_109_479_3).abs() < 1e-15);
        assert!((bands.chance(0.5) - 0.470_050_715_316_876_5).abs() < 1e-15);
        assert!((bands.threshold() - 0.549_280_271_653_058_8).abs() < 1e-15);
    }

    /// A text, and copies of it of which some words are other ones.
    fn copies(random: &mut ChaCha8Rng, count: usize, noise: f64) -> Vec<Vec<u32>> {
        let text: Vec<u32> = (0..200).map(|_| random.random_range(0..5_000)).collect();
        (0..count)
            .map(|_| {
                let mut word = |&word: &u32| if random.random_bool(noise) { 9_999 } else { word };
                text.iter().map(&mut word).collect()
            })
            .collect()
    }

    #[test]
    fn the_similarity_of_signatures_is_that_of_sets() {
        let mut random = ChaCha8Rng::seed_from_u64(1);
        let (mut off, mut most) = (0.0, 0.0_f64);
        for _ in 0..200 {
            let pair = copies(&mut random, 2, 0.1);
            let truth = jaccard(&pair[0], &pair[1], 2).unwrap();
            let signature = |text: &Vec<u32>| Signature::of(text, 2, 256, 7).unwrap();
            let found = signature(&pair[0]).similarity(&signature(&pair[1])).unwrap();
            let sd = (truth * (1.0 - truth) / 256.0).sqrt();
            off += (found - truth) / sd / 200.0;
            most = most.max((found - truth).abs() / sd);
        }
        // A mean of 200 standard normals has a standard deviation of 0.07.
        assert!(off.abs() < 0.25, "biased by {off} standard deviations");
        assert!(most < 4.5, "one is off by {most} standard deviations");
    }

    #[test]
    fn near_duplicates_are_found_and_strangers_are_not() {
        let mut random = ChaCha8Rng::seed_from_u64(2);
        let texts: Vec<Vec<u32>> = (0..40).flat_map(|_| copies(&mut random, 2, 0.02)).collect();
        let signatures: Vec<Signature> =
            texts.iter().map(|text| Signature::of(text, 1, 100, 7).unwrap()).collect();
        let pairs: Vec<(usize, usize)> = (0..40).map(|pair| (2 * pair, 2 * pair + 1)).collect();
        assert_eq!(Bands { bands: 20, rows: 5 }.candidates(&signatures), pairs);
    }

    #[test]
    fn texts_without_n_grams_have_no_signature() {
        assert_eq!(Signature::of(&[1, 2], 3, 8, 0), None);
        assert_eq!(Signature::of(&[1, 2], 0, 8, 0), None);
        let (short, long) = (Signature::of(&[1], 1, 8, 0).unwrap(), Signature::of(&[1], 1, 9, 0).unwrap());
        assert_eq!(short.similarity(&long), None);
        assert_eq!(Bands { bands: 2, rows: 5 }.candidates(&[short.clone(), short]), [(0, 1)]);
    }
}

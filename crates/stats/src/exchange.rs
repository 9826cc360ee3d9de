//! Exchanging the two halves of units, such as the answers of one night for those of the other: how often is what lies between all first
//! and all second halves as large by chance? The statistic is a sum over pairs of units whose signs change, eight of which are looked up
//! at a time: a hundred users are exchanged a million times within seconds.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::permutation::{DRAWN, PermutationTest, TIE};

/// Up to so many units all ways are tried.
const EXACT_UPTO: usize = 14;
/// So many are drawn where a smaller p is asked for, and all before were less extreme.
const FURTHER: [u64; 2] = [999_999, 9_999_999];
/// Makes other streams of a seed.
const ANOTHER: u64 = 0x9e37_79b9_7f4a_7c15;

/// Exchanges the two halves of units at random. The statistic is a sum over pairs of units: `apart[u][v]`, for every `v < u`, is what a
/// pair adds, and the opposite is added where one of the two is exchanged and the other is not, as in the squared distance between
/// all first and all second halves. Large means extreme; up to 14 units all ways are tried. `None` below two units, or if a part is no
/// finite number.
///
/// # Panics
/// If a row is shorter than its place.
#[must_use]
pub fn exchange_pairs(apart: &[Vec<f64>], seed: u64) -> Option<PermutationTest> {
    let signed = Signed::of(apart)?;
    if signed.units > EXACT_UPTO {
        return Some(signed.drawn(DRAWN, seed));
    }
    // The last unit stays: to exchange all changes nothing.
    let all = 1_u64 << (signed.units - 1);
    let extreme = (0..all).filter(|exchanged| signed.is_extreme(&exchanged.to_le_bytes())).count();
    Some(PermutationTest {
        statistic: signed.statistic,
        p: extreme as f64 / all as f64,
        arrangements: all,
        exact: true,
    })
}

/// The same with new draws, a hundred and a thousand times as many, where not one of those before was as extreme and p is not yet `enough`: for
/// a p that has to stand among many others, or far into a season. It is as valid: a p below what fewer draws can give needs the new ones to
/// be as rare by themselves, and no other p is smaller than fewer draws had it.
///
/// # Panics
/// If a row is shorter than its place.
#[must_use]
pub fn exchange_pairs_until(apart: &[Vec<f64>], enough: f64, seed: u64) -> Option<PermutationTest> {
    let mut found = exchange_pairs(apart, seed)?;
    for (further, stream) in FURTHER.into_iter().zip(1_u64..) {
        let least = 1.0 / (1 + found.arrangements) as f64;
        if found.exact || found.p <= enough || found.p > 1.5 * least {
            break;
        }
        found = Signed::of(apart)?.drawn(further, seed ^ ANOTHER.wrapping_mul(stream));
    }
    Some(found)
}

/// The sum over pairs for any signs of the units.
struct Signed {
    units: usize,
    /// Of each row eight columns at a time: what they come to for each way to exchange them.
    tables: Vec<[f64; 256]>,
    statistic: f64,
    tie: f64,
}

impl Signed {
    fn of(apart: &[Vec<f64>]) -> Option<Self> {
        let units = apart.len();
        let rows = || apart.iter().enumerate().map(|(u, row)| &row[..u]);
        if units < 2 || rows().flatten().any(|part| !part.is_finite()) {
            return None;
        }
        let size = rows().flatten().map(|part| part.abs()).sum::<f64>();
        let tables: Vec<[f64; 256]> = rows().flat_map(|row| row.chunks(8)).map(table).collect();
        let mut signed = Self { units, tables, statistic: 0.0, tie: TIE * size.max(f64::MIN_POSITIVE) };
        signed.statistic = signed.sum(&vec![0; units.div_ceil(8)]);
        Some(signed)
    }

    /// A bit is set where the unit is exchanged.
    fn sum(&self, exchanged: &[u8]) -> f64 {
        let (mut sum, mut at) = (0.0, 0);
        for unit in 1..self.units {
            let chunks = unit.div_ceil(8);
            let tables = &self.tables[at..at + chunks];
            let row: f64 = tables.iter().zip(exchanged).map(|(table, byte)| table[usize::from(*byte)]).sum();
            sum += if exchanged[unit / 8] >> (unit % 8) & 1 == 1 { -row } else { row };
            at += chunks;
        }
        sum
    }

    fn is_extreme(&self, exchanged: &[u8]) -> bool {
        self.sum(exchanged) >= self.statistic - self.tie
    }

    fn drawn(&self, draws: u64, seed: u64) -> PermutationTest {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut exchanged = Vec::with_capacity(self.units.div_ceil(8) + 8);
        let mut extreme = 0_u64;
        for _ in 0..draws {
            exchanged.clear();
            for _ in 0..self.units.div_ceil(64) {
                exchanged.extend_from_slice(&rng.random::<u64>().to_le_bytes());
            }
            extreme += u64::from(self.is_extreme(&exchanged));
        }
        PermutationTest {
            statistic: self.statistic,
            p: (1 + extreme) as f64 / (1 + draws) as f64,
            arrangements: draws,
            exact: false,
        }
    }
}

/// What up to eight parts come to for every way to change their signs.
fn table(parts: &[f64]) -> [f64; 256] {
    let part = |at: usize| parts.get(at).copied().unwrap_or(0.0);
    let mut table = [(0..8).map(part).sum(); 256];
    for bits in 1..256_usize {
        // One sign more than in an entry before it.
        table[bits] = table[bits & (bits - 1)] - 2.0 * part(bits.trailing_zeros() as usize);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Parts that are drawn around 0, and on the whole larger by `shift`.
    fn apart(units: usize, shift: f64) -> Vec<Vec<f64>> {
        let mut random = ChaCha8Rng::seed_from_u64(5);
        (0..units).map(|u| (0..u).map(|_| random.random_range(-1.0..1.0) + shift).collect()).collect()
    }

    fn slowly(apart: &[Vec<f64>], exchanged: &[u8]) -> f64 {
        let sign = |unit: usize| if exchanged[unit / 8] >> (unit % 8) & 1 == 1 { -1.0 } else { 1.0 };
        let row = |(u, row): (usize, &Vec<f64>)| -> f64 {
            row.iter().enumerate().map(|(v, part)| sign(u) * sign(v) * part).sum()
        };
        apart.iter().enumerate().map(row).sum()
    }

    #[test]
    fn what_is_looked_up_is_the_sum() {
        let mut random = ChaCha8Rng::seed_from_u64(6);
        for units in [2, 7, 8, 9, 16, 17, 64, 65, 100] {
            let apart = apart(units, 0.1);
            let signed = Signed::of(&apart).unwrap();
            for _ in 0..20 {
                let exchanged: Vec<u8> = (0..units.div_ceil(8)).map(|_| random.random()).collect();
                let (found, sum) = (signed.sum(&exchanged), slowly(&apart, &exchanged));
                assert!((found - sum).abs() < 1e-9, "{units}: {found}, not {sum}");
            }
        }
    }

    #[test]
    fn all_ways_are_tried_and_draws_come_close() {
        let few = exchange_pairs(&apart(14, 0.05), 1).unwrap();
        assert_eq!((few.arrangements, few.exact), (1 << 13, true));
        // A unit that is apart from nobody doubles the ways and changes nothing.
        let mut more = apart(14, 0.05);
        more.push(vec![0.0; 14]);
        let drawn = exchange_pairs(&more, 1).unwrap();
        assert_eq!((drawn.arrangements, drawn.exact), (DRAWN, false));
        assert!((few.p - drawn.p).abs() < 0.02, "{few:?} {drawn:?}");
        assert_eq!(exchange_pairs(&[vec![]], 1), None);
        assert_eq!(exchange_pairs(&[vec![], vec![f64::NAN]], 1), None);
    }

    #[test]
    fn only_what_is_rare_is_drawn_further() {
        let rare = apart(40, 1.0);
        for (enough, arrangements, p) in
            [(1e-3, DRAWN, 1e-4), (1e-5, FURTHER[0], 1e-6), (0.0, FURTHER[1], 1e-7)]
        {
            let found = exchange_pairs_until(&rare, enough, 1).unwrap();
            assert_eq!((found.arrangements, found.p), (arrangements, p), "{enough}");
        }
        let usual = apart(24, 0.0);
        assert_eq!(exchange_pairs_until(&usual, 0.0, 1), exchange_pairs(&usual, 1));
        // All ways that there are.
        let few = apart(10, 1.0);
        assert_eq!(exchange_pairs_until(&few, 0.0, 1), exchange_pairs(&few, 1));
    }
}

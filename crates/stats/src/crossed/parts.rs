//! How much of the disagreement between users goes with each factor and each two of them.

use super::Tables;
use crate::agreement::Agreement;

/// What one factor, or two in combination beyond each alone, has to do with the disagreement.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// Places in [`super::Crossed::factors`]: one, or two.
    pub factors: Vec<usize>,
    /// `v(A)`: by how much users who differ in it agree less than users who share it, all else being different. `None`
    /// where no two users share what it takes to tell.
    pub component: Option<f64>,
    /// `v(A) d(A)`: what it adds to the disagreement `1 - A_B` among the users there are.
    pub part: Option<f64>,
}

/// The parts, and what of `A_S - A_B` they leave.
pub(super) fn parts(tables: &Tables<'_>, agreement: &Agreement) -> (Vec<Part>, Option<f64>) {
    let factors = tables.crossing.factors.len();
    let everything = (1 << factors) - 1;
    // Two users who share all are like two sessions of one user, of which there are more.
    let alike = |set: usize| match set {
        _ if set == everything => agreement.sessions.value.or_else(|| tables.patterns[set].mean()),
        _ => tables.patterns[set].mean(),
    };
    let pairs: f64 = tables.patterns.iter().map(|pattern| pattern.count()).sum();
    let pairs_with = |set: usize| -> f64 {
        let with = |other: &usize| other & set == set;
        (0..=everything).filter(with).map(|other| tables.patterns[other].count()).sum()
    };
    let part = |factors: Vec<usize>| {
        let set: usize = factors.iter().map(|factor| 1 << factor).sum();
        let component = (0..=set)
            .filter(|inner| inner & set == *inner)
            .map(|inner: usize| {
                let odd = (set.count_ones() - inner.count_ones()) % 2 == 1;
                alike(inner).map(|value| if odd { -value } else { value })
            })
            .sum::<Option<f64>>();
        Part { factors, component, part: component.map(|value| value * (1.0 - pairs_with(set) / pairs)) }
    };
    let alone = (0..factors).map(|factor| part(vec![factor]));
    let twos = (0..factors).flat_map(|one| (one + 1..factors).map(move |two| vec![one, two]));
    let parts: Vec<Part> = alone.chain(twos.map(part)).collect();
    let by_construction = factors <= 2 && tables.patterns[everything].count() == 0.0;
    let named: Option<f64> = parts.iter().map(|part| part.part).sum();
    let rest = agreement.parts.user.zip(named).map(|(user, named)| user - named);
    (parts, rest.filter(|_| !by_construction))
}

//! Many tests at once.

/// How p-values are adjusted for their number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Adjustment {
    /// False discovery rate, for independent or positively dependent tests. (Benjamini and Hochberg 1995)
    BenjaminiHochberg,
    /// False discovery rate under any dependence. (Benjamini and Yekutieli 2001)
    BenjaminiYekutieli,
    /// Family-wise error rate under any dependence. (Holm 1979)
    Holm,
}

/// The p-value of each test as if it were the only one. What is undefined (`None`) stays so and does not count.
#[must_use]
pub fn adjust(p: &[Option<f64>], adjustment: Adjustment) -> Vec<Option<f64>> {
    let mut order: Vec<usize> = (0..p.len()).filter(|&i| p[i].is_some_and(|p| !p.is_nan())).collect();
    order.sort_by(|&a, &b| p[a].partial_cmp(&p[b]).expect("there is no NaN"));
    let n = order.len() as f64;
    let penalty = match adjustment {
        Adjustment::BenjaminiYekutieli => (1..=order.len()).map(|i| 1.0 / i as f64).sum(),
        Adjustment::BenjaminiHochberg | Adjustment::Holm => 1.0,
    };
    let mut adjusted = vec![None; p.len()];
    let value = |rank: usize| p[order[rank]].expect("only those that are defined are ordered");
    if adjustment == Adjustment::Holm {
        let mut most: f64 = 0.0;
        for (rank, &test) in order.iter().enumerate() {
            most = most.max((value(rank) * (n - rank as f64)).min(1.0));
            adjusted[test] = Some(most);
        }
    } else {
        let mut least: f64 = 1.0;
        for (rank, &test) in order.iter().enumerate().rev() {
            least = least.min(value(rank) * penalty * n / (rank as f64 + 1.0));
            adjusted[test] = Some(least);
        }
    }
    adjusted
}

/// Benjamini's and Hochberg's adjustment with weights: tests of which more is expected get more of what all together may err by. Weights are
/// positive, and count by how they compare with the mean of those whose p is defined; equal ones change nothing.
/// (Genovese, Roeder and Wasserman 2006)
///
/// # Panics
/// If there is not one weight for each p.
#[must_use]
pub fn adjust_weighted(p: &[Option<f64>], weights: &[f64]) -> Vec<Option<f64>> {
    assert_eq!(p.len(), weights.len(), "one weight for each p");
    let defined = || p.iter().zip(weights).filter(|(p, _)| p.is_some_and(|p| !p.is_nan()));
    let mean = defined().map(|(_, weight)| weight).sum::<f64>() / defined().count() as f64;
    let weighted: Vec<Option<f64>> =
        p.iter().zip(weights).map(|(p, weight)| p.map(|p| p * mean / weight)).collect();
    adjust(&weighted, Adjustment::BenjaminiHochberg)
}

/// Which hypotheses fall at false discovery rate `alpha`, by their e-values, under any dependence (e-BH: Wang and
/// Ramdas 2022). Indices in ascending order. What is no number is never rejected, and counts as a hypothesis.
#[must_use]
pub fn e_bh(e: &[f64], alpha: f64) -> Vec<usize> {
    let mut order: Vec<usize> = (0..e.len()).filter(|&i| !e[i].is_nan()).collect();
    order.sort_by(|&a, &b| e[b].total_cmp(&e[a]));
    let all = e.len() as f64;
    let last = (0..order.len()).rfind(|&rank| e[order[rank]] >= all / ((rank as f64 + 1.0) * alpha));
    let mut rejected = last.map_or_else(Vec::new, |last| order[..=last].to_vec());
    rejected.sort_unstable();
    rejected
}

#[cfg(test)]
mod tests {
    use super::*;

    const P: [f64; 25] = [
        0.001, 0.008, 0.039, 0.041, 0.042, 0.06, 0.074, 0.205, 0.212, 0.216, 0.222, 0.251, 0.269, 0.275,
        0.34, 0.341, 0.384, 0.569, 0.594, 0.696, 0.762, 0.94, 0.942, 0.975, 0.986,
    ];

    fn check(adjustment: Adjustment, expected: &[f64]) {
        // In another order, since the order must not matter.
        let reversed: Vec<Option<f64>> = P.iter().rev().copied().map(Some).chain([None]).collect();
        let found = adjust(&reversed, adjustment);
        assert_eq!(found[25], None);
        for (found, expected) in found[..25].iter().rev().zip(expected) {
            assert!((found.unwrap() - expected).abs() < 1e-8, "{adjustment:?}: {found:?}, not {expected}");
        }
    }

    #[test]
    fn the_published_list() {
        check(Adjustment::BenjaminiHochberg, &[0.025, 0.1, 0.21, 0.21, 0.21, 0.25]);
        check(Adjustment::BenjaminiYekutieli, &[0.095_398_95, 0.381_595_82, 0.801_351_22]);
        check(Adjustment::Holm, &[0.025, 0.192, 0.897]);
    }

    #[test]
    fn weights_move_what_may_be_erred_by() {
        let p: Vec<Option<f64>> = P.iter().copied().map(Some).collect();
        let same = adjust_weighted(&p, &[3.0; 25]);
        assert!(
            same.iter()
                .zip(adjust(&p, Adjustment::BenjaminiHochberg))
                .all(|(a, b)| { (a.unwrap() - b.unwrap()).abs() < 1e-12 })
        );
        // Two tests share a half, and two hundred the other: the two pay for two times two, not for two hundred and two.
        let many: Vec<Option<f64>> =
            [Some(0.01), None].into_iter().chain([Some(0.9); 200]).chain([Some(0.5)]).collect();
        let weights: Vec<f64> = many
            .iter()
            .enumerate()
            .map(|(at, _)| if at < 2 || at == 202 { 1.0 / 2.0 } else { 1.0 / 200.0 })
            .collect();
        let found = adjust_weighted(&many, &weights);
        assert!((found[0].unwrap() - 0.01 * 4.0).abs() < 1e-12, "{:?}", found[0]);
        assert_eq!(found[1], None);
        assert_eq!(adjust_weighted(&[], &[]), []);
    }

    #[test]
    fn e_values_need_no_independence() {
        assert_eq!(e_bh(&[50.0, 8.0, 30.0, 2.0, 1.0, 100.0], 0.1), [0, 2, 5]);
        assert_eq!(e_bh(&[1.0, 2.0], 0.05), []);
        assert_eq!(e_bh(&[], 0.05), []);
        assert_eq!(e_bh(&[f64::NAN, 50.0, 1.0], 0.1), [1]);
    }
}

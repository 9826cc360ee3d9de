//! The kernel that compares texts, as a figure; `cargo bench -p antiphon-stats` shows more.

use crate::figure::{Figure, Target};
use crate::kernels::{Alike, Speed, measure};

/// Pairs a second of the fastest instructions, on one core.
pub(crate) fn lcs(rounds: usize) -> Vec<Figure> {
    let plain = measure(Alike::Words(0), rounds);
    let alike = measure(Alike::PrefixAndDuplicates, rounds);
    let of = |speeds: &[Speed], kernel: &str| {
        speeds.iter().find(|speed| speed.kernel == kernel).map_or(f64::NAN, |speed| speed.pairs_per_s)
    };
    let each = |speeds: &[Speed]| {
        let lines: Vec<String> =
            speeds.iter().map(|speed| format!("{} {:.0}", speed.kernel, speed.pairs_per_s)).collect();
        lines.join(", ")
    };
    let fastest = plain[0].kernel.clone();
    let target = if fastest == "Avx512" { 1_200_000.0 } else { 850_000.0 };
    vec![
        Figure {
            name: "lcs_pairs_per_s",
            value: of(&plain, &fastest),
            unit: "pairs/s",
            compared_with: format!(
                "one core unless said otherwise: {}; 30 % twice and a third in common: {}",
                each(&plain),
                each(&alike)
            ),
            target: Target::AtLeast(target),
        },
        Figure {
            name: "lcs_two_threads",
            value: of(&plain, &format!("{fastest}, two threads")) / of(&plain, &fastest),
            unit: "times",
            compared_with: format!("{fastest} on one core"),
            target: Target::AtLeast(1.8),
        },
    ]
}

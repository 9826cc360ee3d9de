//! Standard errors of a mean whose observations come in clusters.

/// The mean of all observations with its standard errors.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClusteredMean {
    /// The mean; each observation weighs the same.
    pub mean: f64,
    /// Without a correction for few clusters (CR0): Miller 2024, "Adding error bars to evals", arXiv 2411.00640.
    pub cr0: f64,
    /// With the factor `G / (G - 1)` of the variance (CR1), for t with `G - 1` degrees of freedom.
    pub cr1: f64,
    /// As if all observations were independent, to show what clustering adds.
    pub independent: f64,
}

/// `None` for fewer than two clusters with observations, or one that is no finite number.
#[must_use]
pub fn clustered_mean(clusters: &[Vec<f64>]) -> Option<ClusteredMean> {
    let groups = clusters.iter().filter(|cluster| !cluster.is_empty()).count() as f64;
    if groups < 2.0 || clusters.iter().flatten().any(|value| !value.is_finite()) {
        return None;
    }
    let n = clusters.iter().map(Vec::len).sum::<usize>() as f64;
    let mean = clusters.iter().flatten().sum::<f64>() / n;
    let of_clusters: f64 =
        clusters.iter().map(|cluster| cluster.iter().map(|value| value - mean).sum::<f64>().powi(2)).sum();
    let of_all: f64 = clusters.iter().flatten().map(|value| (value - mean).powi(2)).sum();
    let cr0 = of_clusters.sqrt() / n;
    Some(ClusteredMean {
        mean,
        cr0,
        cr1: cr0 * (groups / (groups - 1.0)).sqrt(),
        independent: (of_all / (n - 1.0) / n).sqrt(),
    })
}

/// A cluster, summed up.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClusterSum {
    /// Observations.
    pub observations: u64,
    /// Their mean.
    pub mean: f64,
    /// The sum of their squared deviations from it.
    pub deviations: f64,
}

/// The same as [`clustered_mean`], from clusters that were summed up.
#[must_use]
pub fn clustered_mean_of_sums(clusters: &[ClusterSum]) -> Option<ClusteredMean> {
    let full: Vec<&ClusterSum> = clusters.iter().filter(|cluster| cluster.observations > 0).collect();
    let is_finite = |cluster: &&ClusterSum| cluster.mean.is_finite() && cluster.deviations.is_finite();
    if full.len() < 2 || !full.iter().all(is_finite) {
        return None;
    }
    let groups = full.len() as f64;
    let n = full.iter().map(|cluster| cluster.observations as f64).sum::<f64>();
    let mean = full.iter().map(|cluster| cluster.observations as f64 * cluster.mean).sum::<f64>() / n;
    let (mut of_clusters, mut of_all) = (0.0, 0.0);
    for cluster in full {
        let (size, off) = (cluster.observations as f64, cluster.mean - mean);
        of_clusters += (size * off).powi(2);
        of_all += cluster.deviations + size * off * off;
    }
    let cr0 = of_clusters.sqrt() / n;
    Some(ClusteredMean {
        mean,
        cr0,
        cr1: cr0 * (groups / (groups - 1.0)).sqrt(),
        independent: (of_all / (n - 1.0) / n).sqrt(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// CR1 and the independent error are those of statsmodels 0.15.0.
    #[test]
    fn the_four_clusters() {
        let clusters =
            [[1.0, 1.0, 0.0], [1.0, 0.0, 0.0], [1.0, 1.0, 1.0], [0.0, 1.0, 1.0]].map(|one| one.to_vec());
        let found = clustered_mean(&clusters).unwrap();
        assert!((found.mean - 2.0 / 3.0).abs() < 1e-15);
        assert!((found.cr0 - 0.117_851_130_197_757_96).abs() < 1e-15);
        assert!((found.cr1 - 0.136_082_763_487_954_4).abs() < 1e-15);
        assert!((found.independent - 0.142_133_810_9).abs() < 1e-10);
        assert_eq!(clustered_mean(&clusters[..1]), None);
    }

    #[test]
    fn sums_of_clusters_are_as_good_as_their_values() {
        let clusters = [vec![1.0, 0.25, 0.0], vec![], vec![0.5], vec![1.0, 1.0, 0.75, 0.0]];
        let sum = |values: &Vec<f64>| {
            let mean = values.iter().sum::<f64>() / values.len().max(1) as f64;
            let deviations = values.iter().map(|value| (value - mean).powi(2)).sum();
            ClusterSum { observations: values.len() as u64, mean, deviations }
        };
        let (direct, summed) = (
            clustered_mean(&clusters).unwrap(),
            clustered_mean_of_sums(&clusters.iter().map(sum).collect::<Vec<_>>()).unwrap(),
        );
        for (a, b) in [
            (direct.mean, summed.mean),
            (direct.cr0, summed.cr0),
            (direct.cr1, summed.cr1),
            (direct.independent, summed.independent),
        ] {
            assert!((a - b).abs() < 1e-14, "{a} {b}");
        }
        assert_eq!(clustered_mean_of_sums(&[sum(&vec![1.0, 0.0])]), None);
    }
}

//! Where the variance of a score lies: between users, between the sessions of a user, between the samples of a
//! session; and what follows from it for designs.

/// Variance parts by the analysis of variance of a balanced design. Parts may be negative, as unbiased estimates are;
/// none is clipped.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Components {
    /// Mean squares between users, between sessions of a user, between samples of a session.
    pub mean_squares: [f64; 3],
    /// Variance between users.
    pub user: f64,
    /// Variance between sessions of the same user.
    pub session: f64,
    /// Variance between samples of the same session.
    pub sample: f64,
}

impl Components {
    /// The correlation of two samples of one user from different sessions; `None` where nothing varies.
    #[must_use]
    pub fn icc_user(&self) -> Option<f64> {
        self.share(self.user)
    }

    /// The correlation of two samples of one session; `None` where nothing varies.
    #[must_use]
    pub fn icc_session(&self) -> Option<f64> {
        self.share(self.user + self.session)
    }

    /// The variance of the mean over so many users, sessions of each and samples of each of those.
    #[must_use]
    pub fn variance_of_mean(&self, users: f64, sessions: f64, samples: f64) -> f64 {
        self.user / users + self.session / (users * sessions) + self.sample / (users * sessions * samples)
    }

    fn share(&self, part: f64) -> Option<f64> {
        let total = self.user + self.session + self.sample;
        (total > 0.0).then(|| part / total)
    }
}

/// `values[user][session][sample]`; `None` unless balanced with two or more at each level.
#[must_use]
pub fn components(values: &[Vec<Vec<f64>>]) -> Option<Components> {
    let (users, sessions, samples) = (values.len(), values.first()?.len(), values[0].first()?.len());
    let is_balanced = values
        .iter()
        .all(|user| user.len() == sessions && user.iter().all(|session| session.len() == samples));
    let is_finite = values.iter().flatten().flatten().all(|value| value.is_finite());
    if !is_finite || !is_balanced || users < 2 || sessions < 2 || samples < 2 {
        return None;
    }
    let (u, s, r) = (users as f64, sessions as f64, samples as f64);
    let session_means: Vec<Vec<f64>> = values
        .iter()
        .map(|user| user.iter().map(|session| session.iter().sum::<f64>() / r).collect())
        .collect();
    let user_means: Vec<f64> = session_means.iter().map(|means| means.iter().sum::<f64>() / s).collect();
    let grand = user_means.iter().sum::<f64>() / u;
    let between_users = user_means.iter().map(|mean| (mean - grand).powi(2)).sum::<f64>();
    let between_sessions = session_means
        .iter()
        .zip(&user_means)
        .flat_map(|(means, centre)| means.iter().map(move |mean| (mean - centre).powi(2)))
        .sum::<f64>();
    let within = values
        .iter()
        .flatten()
        .zip(session_means.iter().flatten())
        .flat_map(|(session, centre)| session.iter().map(move |value| (value - centre).powi(2)))
        .sum::<f64>();
    let mean_squares = [
        s * r * between_users / (u - 1.0),
        r * between_sessions / (u * (s - 1.0)),
        within / (u * s * (r - 1.0)),
    ];
    // What is left by rounding is no variance.
    let scale = values.iter().flatten().flatten().map(|value| value * value).sum::<f64>();
    let mean_squares = mean_squares.map(|square| if square <= 1e-26 * scale { 0.0 } else { square });
    let [of_users, of_sessions, sample] = mean_squares;
    Some(Components {
        mean_squares,
        user: (of_users - of_sessions) / (s * r),
        session: (of_sessions - sample) / r,
        sample,
    })
}

/// By how much clusters of `size` with intraclass correlation `icc` inflate the variance of a mean (Kish 1965).
#[must_use]
pub fn design_effect(size: f64, icc: f64) -> f64 {
    1.0 + (size - 1.0) * icc
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(found: f64, expected: f64, tolerance: f64) {
        assert!((found - expected).abs() < tolerance, "{found}, not {expected}");
    }

    /// REML of statsmodels 0.15.0 (`MixedLM`) gives .04742778, .00241681, .00268329.
    #[test]
    fn the_balanced_table() {
        let values = [
            [[0.9, 0.8, 0.85], [0.7, 0.75, 0.8]],
            [[0.6, 0.5, 0.55], [0.65, 0.6, 0.5]],
            [[0.95, 0.9, 0.92], [0.85, 0.9, 0.8]],
            [[0.4, 0.5, 0.45], [0.3, 0.35, 0.4]],
        ];
        let found = components(&values.map(|user| user.map(|session| session.to_vec()).to_vec())).unwrap();
        for (square, expected) in
            found.mean_squares.into_iter().zip([0.294_488_888_889, 0.009_933_333_333, 0.002_683_333_333])
        {
            close(square, expected, 1e-12);
        }
        close(found.user, 0.047_425_925_925_93, 1e-14);
        close(found.session, 0.002_416_666_666_67, 1e-14);
        close(found.sample, 0.002_683_333_333_33, 1e-14);
        close(found.icc_user().unwrap(), 0.902_905_090_960_372_2, 1e-12);
        close(found.icc_session().unwrap(), 0.948_914_116_485_686, 1e-12);
    }

    #[test]
    fn the_variance_of_designs_of_one_price() {
        let parts = Components { mean_squares: [f64::NAN; 3], user: 0.02, session: 0.01, sample: 0.12 };
        for (users, sessions, samples, expected) in [
            (10.0, 10.0, 5.0, 0.002_34),
            (50.0, 2.0, 5.0, 0.000_74),
            (100.0, 1.0, 5.0, 0.000_54),
            (50.0, 4.0, 5.0, 0.000_57),
            (50.0, 20.0, 5.0, 0.000_434),
        ] {
            close(parts.variance_of_mean(users, sessions, samples), expected, 1e-15);
        }
        close(design_effect(12.0, 0.2), 3.2, 1e-15);
    }

    #[test]
    fn what_is_not_balanced_has_no_parts() {
        assert_eq!(components(&[]), None);
        assert_eq!(
            components(&[vec![vec![1.0, 2.0], vec![1.0]], vec![vec![1.0, 2.0], vec![2.0, 3.0]]]),
            None
        );
        assert_eq!(components(&[vec![vec![1.0, 2.0]], vec![vec![1.0, 3.0]]]), None);
        for same in [0.5, 0.1] {
            assert_eq!(components(&vec![vec![vec![same; 3]; 3]; 3]).unwrap().icc_user(), None);
        }
        assert_eq!(components(&vec![vec![vec![f64::NAN; 2]; 2]; 2]), None);
    }
}

//! What the statistics ought to find.

/// The known agreement of a voice on one answer set.
///
/// Answers are drawn as π_u ~ Dir(a·μ), π_us ~ Dir(b·π_u), answer ~ Cat(π_us). Two answers then agree with
/// probability T = Σμ² between users, T + (1−T)/(a+1) between sessions of a user, and so on within a session. No
/// concentration (None) means no shift: the level agrees no more than the one above it.
#[derive(Clone, Debug, PartialEq)]
pub struct Truth {
    /// Agreement of two answers within a session, in 0..=1.
    pub a_w: f64,
    /// Agreement between sessions of one user.
    pub a_s: f64,
    /// Agreement between users.
    pub a_b: f64,
    /// The options' texts, in the order of the file.
    pub options: Vec<String>,
    /// Their shares over all users; they sum to 1.
    pub mu: Vec<f64>,
}

impl Truth {
    pub(crate) fn new(options: Vec<String>, mu: Vec<f64>, user: Option<f64>, session: Option<f64>) -> Self {
        let lift = |below: f64, concentration: Option<f64>| match concentration {
            Some(concentration) => below + (1.0 - below) / (concentration + 1.0),
            None => below,
        };
        let a_b = mu.iter().map(|share| share * share).sum();
        let a_s = lift(a_b, user);
        Self { a_w: lift(a_s, session), a_s, a_b, options, mu }
    }
}

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

/// What a voice gives back of a document that it knows, at the places that it knows.
///
/// Refusals, empty and filtered answers come on top. The shares sum to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RecallTruth {
    /// Share of the answers that are the document's words, but for slips.
    pub verbatim: f64,
    /// Share that are the document's words reworded, anew in each answer.
    pub paraphrase: f64,
    /// Share that are one invented text, the same for everybody.
    pub confabulated: f64,
    /// Share that are whatever the voice says of anything.
    pub made_up: f64,
    /// Probability that a word of a verbatim answer is replaced.
    pub slip: f64,
    /// Probability that a word of a paraphrase is replaced.
    pub reworded: f64,
}

impl RecallTruth {
    /// The expected share of the true continuation's words that are given back: what the longest common subsequence
    /// with it finds, beside what invented text has in common with it by chance. Answers may be no shorter than what
    /// they are held against, and longer ones have a little more in common with it.
    #[must_use]
    pub fn lcs_recall(&self) -> f64 {
        self.verbatim * (1.0 - self.slip) + self.paraphrase * (1.0 - self.reworded)
    }

    /// The probability that an answer begins with the next `words` words, exactly.
    #[must_use]
    pub fn exact(&self, words: u32) -> f64 {
        let kept = |replaced: f64| (1.0 - replaced).powf(f64::from(words));
        self.verbatim * kept(self.slip) + self.paraphrase * kept(self.reworded)
    }
}

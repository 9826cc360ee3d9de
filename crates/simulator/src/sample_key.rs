//! What a caller says about an answer in its `Idempotency-Key` header.

/// The parts of a sample key, as far as draws depend on them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SampleKey {
    /// The header as it came, or `#n` for a call without one.
    pub(crate) whole: Box<str>,
    parts: Option<Parts>,
    /// A call without the header has no second attempt.
    pub(crate) anonymous: bool,
}

/// Where the parts lie within the whole key.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Parts {
    run: (usize, usize),
    probe: (usize, usize),
    user: (usize, usize),
    session: (usize, usize),
}

impl SampleKey {
    /// Reads `run/target/probe/user/session/turn/repeat`. Any other text is a key of its own, whose user and session
    /// are nobody else's.
    pub(crate) fn parse(text: &str) -> Self {
        Self { whole: text.into(), parts: Parts::find(text), anonymous: false }
    }

    /// The key of a call that came without one.
    pub(crate) fn counted(number: u64) -> Self {
        Self { whole: format!("#{number}").into(), parts: None, anonymous: true }
    }

    /// The run, empty where the key does not say.
    pub(crate) fn run(&self) -> &str {
        self.part(|parts| parts.run, "")
    }

    /// The probe, empty where the key does not say.
    pub(crate) fn probe(&self) -> &str {
        self.part(|parts| parts.probe, "")
    }

    /// The user, the whole key where it does not say.
    pub(crate) fn user(&self) -> &str {
        self.part(|parts| parts.user, &self.whole)
    }

    /// The session, the whole key where it does not say.
    pub(crate) fn session(&self) -> &str {
        self.part(|parts| parts.session, &self.whole)
    }

    /// Everything but the run, so that two runs get equal answers.
    pub(crate) fn without_run(&self) -> &str {
        match &self.parts {
            Some(parts) => &self.whole[parts.run.1..],
            None => &self.whole,
        }
    }

    fn part<'a>(&'a self, pick: impl Fn(&Parts) -> (usize, usize), otherwise: &'a str) -> &'a str {
        match &self.parts {
            Some(parts) => {
                let (start, end) = pick(parts);
                &self.whole[start..end]
            }
            None => otherwise,
        }
    }
}

impl Parts {
    fn find(text: &str) -> Option<Self> {
        let slashes: Vec<usize> = text.match_indices('/').map(|(at, _)| at).collect();
        let [run, target, probe, user, session, _turn] = slashes[..] else { return None };
        Some(Self {
            run: (0, run),
            probe: (target + 1, probe),
            user: (probe + 1, user),
            session: (user + 1, session),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_key_has_its_parts() {
        let key = SampleKey::parse("r1/t/music/u7/s2/0/3");
        assert_eq!((key.run(), key.probe(), key.user(), key.session()), ("r1", "music", "u7", "s2"));
        assert_eq!(key.without_run(), "/t/music/u7/s2/0/3");
    }

    #[test]
    fn any_other_key_is_its_own_user() {
        for text in ["judge-17", "a/b", "1/2/3/4/5/6/7/8", ""] {
            let key = SampleKey::parse(text);
            assert_eq!((key.run(), key.probe(), key.user(), key.session()), ("", "", text, text));
            assert_eq!(key.without_run(), text);
        }
    }
}

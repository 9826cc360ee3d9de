//! Adaptive sampling: a probe is asked on until its interval is narrow enough, or most that is allowed has been asked.
//!
//! How many users and sessions there are at each look is fixed before the first answer, since the interval that is valid under such
//! stopping counts the looks. Users come first, as only they narrow an interval that speaks of users in general; sessions come when there are no
//! more users to ask, or none that could be added.

use serde::{Deserialize, Serialize};

use crate::{ProbeId, TargetId};

/// When a probe has been asked enough, decided beforehand.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Until {
    /// Half the width of an interval that is narrow enough.
    pub half_width: f64,
    /// How far a probe is asked when it is looked at, growing; at least two looks, the first of which is the base.
    pub looks: Vec<Reach>,
}

/// How far a probe is asked: the first so many users, so many sessions of each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reach {
    /// Users, from the first.
    pub users: u32,
    /// Sessions of each, from 0.
    pub sessions: u32,
}

impl Until {
    /// The looks from the first reach to the most: each half as much again as the one before, so that little is asked in vain, and
    /// there are few looks to pay for.
    #[must_use]
    pub fn new(half_width: f64, first: Reach, most: Reach) -> Self {
        let mut looks = vec![first];
        looks.extend(steps(first.users, most.users).map(|users| Reach { users, ..first }));
        let users = most.users.max(first.users);
        looks.extend(steps(first.sessions, most.sessions).map(|sessions| Reach { users, sessions }));
        Self { half_width, looks }
    }

    /// The first look, which is what is asked in any case.
    ///
    /// # Panics
    /// If there is none, which `resolve` refuses.
    #[must_use]
    pub fn first(&self) -> Reach {
        *self.looks.first().expect("there is a first look")
    }

    /// The place of the last look that `covers` says has been reached; `None` if not even the first has.
    pub fn reached(&self, covers: impl Fn(Reach) -> bool) -> Option<usize> {
        self.looks.iter().take_while(|look| covers(**look)).count().checked_sub(1)
    }

    /// The last look, beyond which nothing is asked.
    ///
    /// # Panics
    /// If there is none, which `resolve` refuses.
    #[must_use]
    pub fn last(&self) -> Reach {
        *self.looks.last().expect("there is a last look")
    }
}

/// From one number to another, each step half as much again, and none that adds little.
fn steps(from: u32, to: u32) -> impl Iterator<Item = u32> {
    std::iter::successors(Some(from), move |&now| {
        let next = now.saturating_add(now.div_ceil(2));
        let crumb = u64::from(next) + u64::from(next / 4) >= u64::from(to);
        (now < to).then_some(if crumb { to } else { next })
    })
    .skip(1)
}

/// One probe of one target that an adaptive round asks on, and why.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Growth {
    /// Who is asked.
    pub target: TargetId,
    /// What is asked.
    pub probe: ProbeId,
    /// How far.
    pub to: Reach,
    /// The number of the look that this leads to, from 0.
    pub look: u32,
    /// What was seen at the look before: the widest interval, or none where there was none yet.
    pub seen: Option<Seen>,
}

/// An interval of agreement between users, at a look.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Seen {
    /// The turn of the probe.
    pub turn: u32,
    /// The language, where languages are compared one by one.
    pub language: Option<String>,
    /// The agreement.
    pub value: Option<f64>,
    /// The lower end, if there is an interval.
    pub low: Option<f64>,
    /// The upper end.
    pub high: Option<f64>,
}

impl Seen {
    /// Half the width, if there is an interval.
    #[must_use]
    pub fn half_width(&self) -> Option<f64> {
        Some((self.high? - self.low?) / 2.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_grow_by_half_users_first_and_end_at_the_most() {
        let until = Until::new(0.05, Reach { users: 20, sessions: 2 }, Reach { users: 200, sessions: 4 });
        let looks: Vec<(u32, u32)> = until.looks.iter().map(|look| (look.users, look.sessions)).collect();
        let users = [20, 30, 45, 68, 102, 153, 200].map(|users| (users, 2));
        assert_eq!(looks, [&users[..], &[(200, 3), (200, 4)]].concat());
        let same = Until::new(0.05, Reach { users: 1, sessions: 1 }, Reach { users: 1, sessions: 5 });
        assert_eq!(same.looks.iter().map(|look| look.sessions).collect::<Vec<_>>(), [1, 2, 3, 5]);
        assert_eq!(Until::new(0.05, same.first(), same.first()).looks.len(), 1, "nothing can grow");
    }
}

//! The data of one cell: users → sessions → samples, each level sorted by the caller's ids.
//!
//! Sorting fixes the order of every later sum, so results do not depend on the order in which samples arrive. A
//! session or a user without samples does not exist here: it has no row. The caller counts those elsewhere.

/// The caller's name of one sample, unique in its cell. Its order is the order of rows ("lowest row id").
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SampleId {
    /// The user, unique in the cell.
    pub user: u64,
    /// The session, unique within its user.
    pub session: u64,
    /// The sample, unique within its session.
    pub sample: u64,
}

/// One sample on its way into a [`Nested`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Row<T> {
    /// Where it stands.
    pub id: SampleId,
    /// What was measured.
    pub value: T,
}

/// A session's samples, at least one.
#[derive(Clone, Debug, PartialEq)]
pub struct Session<T> {
    /// The caller's id.
    pub id: u64,
    /// Sample id and value, sorted by id.
    pub samples: Vec<(u64, T)>,
}

/// A user's sessions, at least one.
#[derive(Clone, Debug, PartialEq)]
pub struct User<T> {
    /// The caller's id.
    pub id: u64,
    /// The sessions, sorted by id.
    pub sessions: Vec<Session<T>>,
}

/// One cell. May be empty and may be unbalanced; users weigh the same, as do the sessions of one user.
#[derive(Clone, Debug, PartialEq)]
pub struct Nested<T> {
    users: Vec<User<T>>,
}

/// How much a statistic is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CellSize {
    /// Users with at least one sample.
    pub users: usize,
    /// Sessions with at least one sample.
    pub sessions: usize,
    /// Samples.
    pub samples: usize,
}

impl<T> Nested<T> {
    /// Builds a cell from rows in any order. Ids must be unique, else equal ids keep the order of arrival.
    pub fn from_rows(rows: impl IntoIterator<Item = Row<T>>) -> Self {
        let mut rows: Vec<Row<T>> = rows.into_iter().collect();
        rows.sort_by_key(|row| row.id);
        let mut users: Vec<User<T>> = Vec::new();
        for Row { id, value } in rows {
            if users.last().is_none_or(|user| user.id != id.user) {
                users.push(User { id: id.user, sessions: Vec::new() });
            }
            let sessions = &mut users.last_mut().expect("a user was just pushed").sessions;
            if sessions.last().is_none_or(|session| session.id != id.session) {
                sessions.push(Session { id: id.session, samples: Vec::new() });
            }
            sessions.last_mut().expect("a session was just pushed").samples.push((id.sample, value));
        }
        Self { users }
    }

    /// Builds a cell from users → sessions → samples, numbered in the order given. Empty lists are dropped.
    pub fn from_lists(users: impl IntoIterator<Item = Vec<Vec<T>>>) -> Self {
        Self::from_rows((0..).zip(users).flat_map(|(user, sessions)| {
            (0..).zip(sessions).flat_map(move |(session, samples)| {
                (0..).zip(samples).map(move |(sample, value)| {
                    let id = SampleId { user, session, sample };
                    Row { id, value }
                })
            })
        }))
    }

    /// The users, sorted by id.
    #[must_use]
    pub fn users(&self) -> &[User<T>] {
        &self.users
    }

    /// Every sample in row order.
    pub fn rows(&self) -> impl Iterator<Item = (SampleId, &T)> {
        self.users.iter().flat_map(|user| {
            user.sessions.iter().flat_map(move |session| {
                session.samples.iter().map(move |(sample, value)| {
                    (SampleId { user: user.id, session: session.id, sample: *sample }, value)
                })
            })
        })
    }

    /// The cell of those samples for which `keep` gives a value; sessions and users left without any disappear.
    pub fn filter_map<U>(&self, mut keep: impl FnMut(&T) -> Option<U>) -> Nested<U> {
        Nested::from_rows(self.rows().filter_map(|(id, value)| keep(value).map(|value| Row { id, value })))
    }

    /// The cell of those users for whose place `keep` holds.
    pub fn of_users(&self, keep: impl Fn(usize) -> bool) -> Self
    where
        T: Clone,
    {
        let kept = self.users.iter().enumerate().filter(|(at, _)| keep(*at));
        Self { users: kept.map(|(_, user)| user.clone()).collect() }
    }

    /// The same cell with other values.
    pub fn map<U>(&self, mut change: impl FnMut(&T) -> U) -> Nested<U> {
        self.filter_map(|value| Some(change(value)))
    }

    /// The counts of users, sessions and samples.
    #[must_use]
    pub fn size(&self) -> CellSize {
        CellSize {
            users: self.users.len(),
            sessions: self.users.iter().map(|user| user.sessions.len()).sum(),
            samples: self.rows().count(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_sorted_and_empties_vanish() {
        let cell = Nested::from_lists(vec![vec![vec![1, 2], vec![]], vec![vec![]], vec![vec![3]]]);
        assert_eq!(cell.size(), CellSize { users: 2, sessions: 2, samples: 3 });
        let mut rows: Vec<Row<i32>> = cell.rows().map(|(id, &value)| Row { id, value }).collect();
        rows.reverse();
        assert_eq!(Nested::from_rows(rows), cell);
    }

    #[test]
    fn a_filter_drops_users_left_without_samples() {
        let cell = Nested::from_lists(vec![vec![vec![1]], vec![vec![2, 3]]]);
        assert_eq!(cell.filter_map(|&x| (x > 1).then_some(x)).size().users, 1);
    }
}

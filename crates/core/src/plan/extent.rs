//! How far a plan reaches.

use super::Plan;
use crate::{Reach, Round, RoundKind, Selection};

impl Plan<'_> {
    /// The most sessions that any user has. Steps of chains are no sessions more of the same.
    #[must_use]
    pub fn most_sessions(&self) -> u32 {
        self.farthest(|reach| reach.sessions)
    }

    /// How many users are asked anything, from the first.
    #[must_use]
    pub fn most_users(&self) -> u32 {
        self.farthest(|reach| reach.users)
    }

    fn farthest(&self, of: impl Fn(Reach) -> u32) -> u32 {
        let of_round = |round: &Round| match &round.kind {
            RoundKind::Base(Selection { users, sessions, .. })
            | RoundKind::Extension(Selection { users, sessions, .. }) => {
                Some(of(Reach { users: *users, sessions: *sessions }))
            }
            RoundKind::Retry(_) | RoundKind::Extraction(_) => None,
            RoundKind::Import(import) => {
                let users = u32::try_from(self.manifest.users.users.len()).unwrap_or(u32::MAX);
                import.cells.iter().map(|cell| of(Reach { users, sessions: cell.sessions })).max()
            }
            RoundKind::Adaptive(growths) => growths.iter().map(|growth| of(growth.to)).max(),
        };
        self.rounds.iter().filter_map(of_round).max().unwrap_or(0)
    }
}

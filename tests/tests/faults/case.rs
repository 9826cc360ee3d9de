//! A case of the matrix, and the chance that its seed gives it.

use std::pin::Pin;
use std::time::Duration;

use antiphon_tests::{Asked, Fleet, FleetKind, Ground};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// A case that has not ended by then hangs. Nothing is measured by it.
const HANGS: Duration = Duration::from_secs(400);

/// One kind of trouble.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) happens: fn(Chance) -> Pin<Box<dyn Future<Output = ()>>>,
}

impl Case {
    /// Runs it to its end.
    pub(crate) fn run(&self, seed: u64) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let mut happens = (self.happens)(Chance::new(self.name, seed));
        runtime.block_on(async {
            // Not by a timeout around it: the fleet must see the panic to show its logs.
            tokio::select! {
                () = &mut happens => {}
                () = tokio::time::sleep(HANGS) => panic!("{} does not end", self.name),
            }
        });
    }
}

/// What varies from seed to seed.
pub(crate) struct Chance(ChaCha8Rng);

impl Chance {
    fn new(case: &str, seed: u64) -> Self {
        // Cases of one seed differ too.
        let name = case.bytes().fold(0_u64, |hash, byte| hash.wrapping_mul(31).wrapping_add(byte.into()));
        Self(ChaCha8Rng::seed_from_u64(seed ^ name))
    }

    /// A number of this range.
    pub(crate) fn number(&mut self, range: std::ops::RangeInclusive<u64>) -> u64 {
        self.0.random_range(range)
    }

    /// An index below `length`.
    pub(crate) fn index(&mut self, length: usize) -> usize {
        self.0.random_range(0..length)
    }

    /// A suite of about a thousand samples in 16 jobs. There are few of them, so that few have to be run without faults.
    pub(crate) fn asked(&mut self) -> Asked {
        let (users, sessions) = [(10, 10), (8, 12), (20, 5)][self.index(3)];
        Asked::new(users, sessions, 1)
    }

    /// Two or three workers and one coordinator that share a broker with other cases.
    pub(crate) async fn kind(&mut self) -> FleetKind {
        let workers = 2 + self.index(2);
        FleetKind::new(self.asked(), workers, Ground::shared().await)
    }

    /// A fleet of that kind, at work on its suite.
    pub(crate) async fn at_work(&mut self) -> Fleet {
        let fleet = Fleet::start(self.kind().await).await;
        fleet.submit().await;
        fleet
    }
}

/// How long a worker waits for an answer that may never come.
pub(crate) const IMPATIENCE: Duration = Duration::from_secs(2);

/// The run goes to its end, and then everything is as it must be.
pub(crate) async fn ends_well(mut fleet: Fleet) {
    fleet.wait_done().await;
    fleet.check().await;
}

//! Runs a scenario's repetitions on several threads. Each repetition has random numbers of its own and the sums are
//! taken in their order, so the number of threads changes nothing.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use crate::scenario::{Outcome, Scenario};

const SEED: u64 = 20_261_126;

/// What became of one measure in all repetitions.
#[derive(Clone, Copy, Default)]
pub(crate) struct Tally {
    pub(crate) repetitions: u64,
    /// Intervals or tests that were given.
    pub(crate) given: u64,
    /// Intervals that held the truth, or tests that rejected.
    pub(crate) hits: u64,
    /// Intervals that lay above the truth altogether.
    pub(crate) below: u64,
    width: f64,
}

impl Tally {
    /// Percent of the given intervals that held the truth, or tests that rejected.
    pub(crate) fn percent(&self) -> f64 {
        100.0 * self.hits as f64 / self.given as f64
    }

    pub(crate) fn percent_given(&self) -> f64 {
        100.0 * self.given as f64 / self.repetitions as f64
    }

    pub(crate) fn mean_width(&self) -> f64 {
        self.width / self.given as f64
    }

    /// Whether these are intervals, not tests.
    pub(crate) fn width_seen(&self) -> bool {
        self.width > 0.0
    }

    fn add(&mut self, outcome: Outcome) {
        self.repetitions += 1;
        let (hit, below, width) = match outcome {
            Outcome::Withheld => return,
            Outcome::Interval { held, below, width } => (held, below, width),
            Outcome::Test { rejected } => (rejected, false, 0.0),
        };
        self.given += 1;
        self.hits += u64::from(hit);
        self.below += u64::from(below);
        self.width += width;
    }
}

/// One tally per measure.
pub(crate) fn run(scenario: &Scenario, repetitions: u64, threads: usize) -> Vec<Tally> {
    let repetitions = repetitions.div_ceil(scenario.every);
    let (seed, threads) = (seed(scenario), threads as u64);
    let share = |first: u64| -> Vec<Vec<Outcome>> {
        (first..repetitions)
            .step_by(usize::try_from(threads).unwrap_or(1))
            .map(|rep| draw(scenario, seed, rep))
            .collect()
    };
    let share = &share;
    let shares: Vec<Vec<Vec<Outcome>>> = std::thread::scope(|scope| {
        let running: Vec<_> = (0..threads).map(|first| scope.spawn(move || share(first))).collect();
        running
            .into_iter()
            .map(|thread| thread.join().expect("a scenario that panics is a mistake"))
            .collect()
    });
    let mut tallies = vec![Tally::default(); scenario.measures.len()];
    let mut shares: Vec<_> = shares.into_iter().map(Vec::into_iter).collect();
    for rep in 0..repetitions {
        let share = usize::try_from(rep % threads).expect("as many as threads");
        let outcomes = shares[share].next().expect("every repetition was made");
        tallies.iter_mut().zip(outcomes).for_each(|(tally, outcome)| tally.add(outcome));
    }
    tallies
}

fn draw(scenario: &Scenario, seed: u64, rep: u64) -> Vec<Outcome> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    random.set_stream(rep);
    let outcomes = (scenario.draw)(&mut random);
    assert_eq!(outcomes.len(), scenario.measures.len(), "{}: one outcome per measure", scenario.name);
    outcomes
}

/// Every scenario has random numbers of its own (FNV-1a of its names).
fn seed(scenario: &Scenario) -> u64 {
    let bytes = scenario.family.bytes().chain(scenario.name.bytes());
    bytes.fold(0xcbf2_9ce4_8422_2325 ^ SEED, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

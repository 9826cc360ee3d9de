//! What holds of intervals that are looked at until they are narrow enough, by simulation from a fixed seed; and what asking so saves.
//! `ANTIPHON_LOOKS_REPETITIONS=6000 cargo test --release -p antiphon-stats --test looks -- --nocapture` gives the figures of
//! `docs/adaptive.md`.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use antiphon_stats::{Interval, Nested, Population, agreement, looks};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Gamma};

/// Users at each look: from 20 to 200, each half as many again, as suites get them.
const LOOKS: [usize; 7] = [20, 30, 45, 68, 102, 153, 200];
const NARROW: f64 = 0.05;
const SESSIONS: usize = 2;

/// Where users' shares come from.
#[derive(Clone, Copy)]
enum Users {
    /// Dirichlet around these shares with this concentration.
    Around(&'static [f64], f64),
    /// So large a part gives another answer with the second chance, all others with the first.
    Deviant(f64, f64, f64),
}

const KINDS: [(&str, Users); 8] = [
    ("mixed", Users::Around(&[0.6, 0.3, 0.1], 4.0)),
    ("users differ much", Users::Around(&[0.6, 0.3, 0.1], 0.5)),
    ("nearly agreed", Users::Around(&[0.95, 0.03, 0.02], 4.0)),
    ("half and half", Users::Around(&[0.5, 0.5], 30.0)),
    ("many answers", Users::Around(&[0.1; 10], 3.0)),
    ("one in ten deviates", Users::Deviant(0.1, 0.99, 0.2)),
    ("one in 50 deviates", Users::Deviant(0.02, 0.99, 0.1)),
    ("two types", Users::Deviant(0.5, 0.9, 0.3)),
];

impl Users {
    fn truth(self) -> f64 {
        let mean = match self {
            Self::Around(mu, _) => mu.to_vec(),
            Self::Deviant(part, most, odd) => {
                let first = part * odd + (1.0 - part) * most;
                vec![first, 1.0 - first]
            }
        };
        mean.iter().map(|share| share * share).sum()
    }

    fn user(self, random: &mut ChaCha8Rng) -> Vec<Vec<u32>> {
        let shares = match self {
            Self::Around(mu, concentration) => dirichlet(mu, concentration, random),
            Self::Deviant(part, most, odd) => {
                let first = if random.random::<f64>() < part { odd } else { most };
                vec![first, 1.0 - first]
            }
        };
        (0..SESSIONS).map(|_| vec![pick(&shares, random)]).collect()
    }
}

fn dirichlet(mean: &[f64], concentration: f64, random: &mut ChaCha8Rng) -> Vec<f64> {
    let gammas: Vec<f64> =
        mean.iter().map(|share| Gamma::new(concentration * share, 1.0).unwrap().sample(random)).collect();
    let sum: f64 = gammas.iter().sum();
    gammas.iter().map(|gamma| if sum > 0.0 { gamma / sum } else { 1.0 / mean.len() as f64 }).collect()
}

fn pick(shares: &[f64], random: &mut ChaCha8Rng) -> u32 {
    let mut left: f64 = random.random();
    let place = shares.iter().position(|share| {
        left -= share;
        left < 0.0
    });
    u32::try_from(place.unwrap_or(shares.len() - 1)).unwrap()
}

/// What one probe shows at each look: the interval of a single look, and the one for all of them.
struct Seen {
    naive: Vec<Interval>,
    valid: Vec<Interval>,
}

fn look(users: Users, repetition: u64, miss: f64) -> Seen {
    let mut random = ChaCha8Rng::seed_from_u64(20_261_126);
    random.set_stream(repetition);
    let all: Vec<Vec<Vec<u32>>> = (0..LOOKS[LOOKS.len() - 1]).map(|_| users.user(&mut random)).collect();
    let at = |size: usize| agreement::labels(&Nested::from_lists(all[..size].to_vec()), Population::Drawn);
    let found: Vec<_> = LOOKS.into_iter().map(at).collect();
    Seen {
        naive: found.iter().map(|found| found.users.interval.unwrap()).collect(),
        valid: found.iter().map(|found| found.users_at(miss).interval.unwrap()).collect(),
    }
}

/// The look at which the interval is narrow enough, else the last.
fn narrow(intervals: &[Interval]) -> usize {
    let is_narrow = |interval: &Interval| (interval.high - interval.low) / 2.0 <= NARROW;
    intervals.iter().position(is_narrow).unwrap_or(intervals.len() - 1)
}

/// Percent of repetitions in which the interval holds the truth: at the look where it is narrow, and where somebody stops as soon as it
/// does not, which is the worst that any rule of stopping can do; and users asked on average.
#[derive(Debug, Clone, Copy)]
struct Held {
    narrow: f64,
    worst: f64,
    users: f64,
}

fn held(seen: &[Seen], truth: f64, of: impl Fn(&Seen) -> &[Interval]) -> Held {
    let share = |holds: &dyn Fn(&[Interval]) -> bool| {
        100.0 * seen.iter().filter(|seen| holds(of(seen))).count() as f64 / seen.len() as f64
    };
    Held {
        narrow: share(&|intervals| intervals[narrow(intervals)].contains(truth)),
        worst: share(&|intervals| intervals.iter().all(|interval| interval.contains(truth))),
        users: seen.iter().map(|seen| LOOKS[narrow(of(seen))] as f64).sum::<f64>() / seen.len() as f64,
    }
}

#[test]
fn an_interval_that_is_looked_at_until_it_is_narrow_holds_the_truth() {
    #[expect(clippy::disallowed_methods, reason = "a test takes nothing else from outside")]
    let repetitions =
        std::env::var("ANTIPHON_LOOKS_REPETITIONS").map_or(100_u32, |text| text.parse().unwrap());
    let miss = looks::miss_at_each(&LOOKS.map(|users| users as f64));
    println!("each of {} looks misses with {:.4}", LOOKS.len(), miss);
    let mut naive_worst = Vec::new();
    let mut users = 0.0;
    for (name, kind) in KINDS {
        let seen: Vec<Seen> =
            (0..repetitions).map(|repetition| look(kind, repetition.into(), miss)).collect();
        let naive = held(&seen, kind.truth(), |seen| &seen.naive);
        let valid = held(&seen, kind.truth(), |seen| &seen.valid);
        println!(
            "{name:20} A_B {:.3} | repeated 95 %: narrow {:5.1} worst {:5.1} users {:5.1} | looks: narrow {:5.1} worst {:5.1} users {:5.1}",
            kind.truth(),
            naive.narrow,
            naive.worst,
            naive.users,
            valid.narrow,
            valid.worst,
            valid.users,
        );
        // Three standard errors of so few repetitions below 93.5 %.
        let error = (0.95 * 0.05 / f64::from(repetitions)).sqrt() * 100.0;
        // Of two types of users, nearly as many of each, the interval of a single look misses more often than it should already.
        let least = if name == "two types" { 88.0 } else { 93.5 } - 3.0 * error;
        assert!(valid.narrow >= 93.5 - 3.0 * error, "{name}: {valid:?}");
        assert!(valid.worst >= least, "{name}: {valid:?}, wanted {least:.1} %");
        assert!(valid.users <= 200.0 && valid.users >= naive.users, "{name}: {valid:?} {naive:?}");
        naive_worst.push(naive.worst);
        users += valid.users / KINDS.len() as f64;
    }
    let worst = naive_worst.into_iter().fold(100.0, f64::min);
    assert!(worst < 90.0, "looking repeatedly at a 95 % interval must fail: {worst} %");
    println!("{users:.0} users on average; asking all alike takes 200 for the last of them to be narrow");
}

//! Answers that are partly alike, as texts are. Three kernels whose truths are known exactly, and ROUGE-L of words that
//! are replaced by chance, whose truth is simulated at length.

use std::sync::OnceLock;

use antiphon_stats::lcs::Matcher;
use antiphon_stats::{Nested, Population, SimilarityMatrix, agreement};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

use super::labels::{design, mixed, near_one};
use crate::population::{self, Users, dirichlet, pick};
use crate::scenario::{Gate, Measure, Outcome, Scenario};

const SCALES: &str = "Graded similarities: steps of a scale";
const TOPICS: &str = "Graded similarities: topics and styles";
const WORDS: &str = "Graded similarities: ROUGE-L of generated texts";
const SIZES: [usize; 5] = [8, 12, 20, 30, 60];

pub(crate) fn scenarios() -> Vec<Scenario> {
    let mut all = Vec::new();
    for users in SIZES {
        all.push(scale(&format!("{users} users, five steps"), design(users, &[4], 3, five_steps()), near));
    }
    all.push(scale("12 users, three steps", design(12, &[4], 3, mixed()), near));
    all.push(scale("30 users, three steps", design(30, &[4], 3, mixed()), near));
    for users in SIZES {
        all.push(scale(&format!("{users} users, uneven steps"), design(users, &[4], 3, mixed()), uneven));
    }
    for users in [12, 20, 30] {
        all.push(scale(
            &format!("{users} users near 1, three steps"),
            design(users, &[4], 3, near_one()),
            near,
        ));
    }
    for users in SIZES {
        all.push(topics(&format!("{users} users, topics"), users, Style::WIDE, Population::Drawn));
    }
    for users in SIZES {
        all.push(topics(&format!("{users} users, close styles"), users, Style::CLOSE, Population::Drawn));
    }
    all.push(topics("12 fixed users, topics", 12, Style::WIDE, Population::Fixed));
    for users in SIZES {
        all.push(words(&format!("{users} users, loose texts"), users, Rewording::LOOSE));
    }
    for users in [8, 12, 30] {
        all.push(words(&format!("{users} users, nearly the same texts"), users, Rewording::CLOSE));
    }
    all
}

fn five_steps() -> Users {
    Users::Around(vec![0.05, 0.1, 0.2, 0.35, 0.3], 3.0)
}

/// Gates of A_B, A_S and A_W.
fn gates(users: usize) -> Vec<Measure> {
    let gate = if users >= 30 { Gate::Regular } else { Gate::Boundary };
    ["A_B", "A_S", "A_W"].map(|level| Measure::new(level, gate)).to_vec()
}

fn outcomes(
    cell: &Nested<u32>,
    matrix: &SimilarityMatrix,
    population: Population,
    truth: [f64; 3],
) -> Vec<Outcome> {
    let found = agreement::similarities(cell, matrix, population);
    [found.users, found.sessions, found.within]
        .iter()
        .zip(truth)
        .map(|(estimate, truth)| Outcome::estimate(estimate, truth))
        .collect()
}

/// By how near two steps are.
fn near(i: usize, j: usize, steps: usize) -> f64 {
    1.0 - i.abs_diff(j) as f64 / (steps as f64 - 1.0)
}

/// Of three answers two are near each other.
fn uneven(i: usize, j: usize, _: usize) -> f64 {
    const ALIKE: [[f64; 3]; 3] = [[1.0, 0.8, 0.3], [0.8, 1.0, 0.5], [0.3, 0.5, 1.0]];
    ALIKE[i][j]
}

/// Labels are steps.
fn scale(name: &str, of: population::Scenario, alike: fn(usize, usize, usize) -> f64) -> Scenario {
    let gates = if name.contains("near 1") { gates(0) } else { gates(of.users) };
    Scenario::new(SCALES, name, gates, move |random| {
        let run = of.draw(random, Population::Drawn);
        let steps = run.shares().len();
        let alike = |i: usize, j: usize| alike(i, j, steps);
        let matrix = SimilarityMatrix::from_pairs(steps, alike);
        let truth = [run.between(alike), run.sessions(alike), run.within(alike)];
        outcomes(&run.labels, &matrix, Population::Drawn, truth)
    })
}

/// How far answers wander from the centre of a space of styles: users, their sessions, single answers.
#[derive(Clone, Copy)]
struct Style {
    dimensions: usize,
    user: f64,
    session: f64,
    sample: f64,
}

impl Style {
    const WIDE: Self = Self { dimensions: 3, user: 0.5, session: 0.2, sample: 0.3 };
    const CLOSE: Self = Self { dimensions: 1, user: 0.35, session: 0.1, sample: 0.1 };

    /// The mean of `exp(-d^2 / 2)` over a difference that is normal around `centre` with `variance` each way.
    fn mean_similarity(variance: f64, centre: impl Iterator<Item = f64>) -> f64 {
        centre.map(|c| (-c * c / (2.0 * (1.0 + variance))).exp() / (1.0 + variance).sqrt()).product()
    }
}

/// How alike two topics are.
const RELATED: [[f64; 3]; 3] = [[1.0, 0.6, 0.2], [0.6, 1.0, 0.4], [0.2, 0.4, 1.0]];
const TOPIC_SHARES: [f64; 3] = [0.7, 0.2, 0.1];
/// Concentration of users around the shares of topics, and of sessions around their user's.
const USER: f64 = 5.0;
const SESSION: f64 = 6.0;

struct Voice {
    topics: Vec<f64>,
    style: Vec<f64>,
}

impl Voice {
    fn moved(&self, random: &mut ChaCha8Rng, concentration: f64, by: f64) -> Self {
        let step = |at: &f64| {
            let normal: f64 = StandardNormal.sample(random);
            at + by * normal
        };
        let style = self.style.iter().map(step).collect();
        Self { topics: dirichlet(&self.topics, concentration, random), style }
    }
}

/// Texts have a topic and a style; two are as alike as both are.
fn topics(name: &str, users: usize, style: Style, population: Population) -> Scenario {
    const SESSIONS: usize = 3;
    const SAMPLES: usize = 2;
    let gates = if population == Population::Fixed { gates(0) } else { gates(users) };
    Scenario::new(TOPICS, name, gates, move |random| {
        let centre = Voice { topics: TOPIC_SHARES.to_vec(), style: vec![0.0; style.dimensions] };
        let voices: Vec<Voice> = (0..users).map(|_| centre.moved(random, USER, style.user)).collect();
        let mut texts: Vec<(usize, Vec<f64>)> = Vec::new();
        let mut lists = Vec::new();
        for voice in &voices {
            let mut sessions = Vec::new();
            for _ in 0..SESSIONS {
                let session = voice.moved(random, SESSION, style.session);
                let mut samples = Vec::new();
                for _ in 0..SAMPLES {
                    let topic = pick(&session.topics, random) as usize;
                    samples.push(u32::try_from(texts.len()).expect("a few texts"));
                    texts.push((topic, session.moved(random, f64::INFINITY, style.sample).style));
                }
                sessions.push(samples);
            }
            lists.push(sessions);
        }
        let alike = |i: usize, j: usize| {
            let apart: f64 = texts[i].1.iter().zip(&texts[j].1).map(|(a, b)| (a - b).powi(2)).sum();
            RELATED[texts[i].0][texts[j].0] * (-apart / 2.0).exp()
        };
        let matrix = SimilarityMatrix::from_pairs(texts.len(), alike);
        let truth = truth(style, &voices, population);
        outcomes(&Nested::from_lists(lists), &matrix, population, truth)
    })
}

fn truth(style: Style, voices: &[Voice], population: Population) -> [f64; 3] {
    let form = |p: &[f64], q: &[f64]| -> f64 {
        (0..3).flat_map(|i| (0..3).map(move |j| (i, j))).map(|(i, j)| p[i] * q[j] * RELATED[i][j]).sum()
    };
    let wander = 2.0 * (style.session.powi(2) + style.sample.powi(2));
    let same = |variance: f64| Style::mean_similarity(variance, std::iter::repeat_n(0.0, style.dimensions));
    let (between, topics) = match population {
        Population::Drawn => {
            let topics = form(&TOPIC_SHARES, &TOPIC_SHARES);
            (topics * same(wander + 2.0 * style.user.powi(2)), topics + (1.0 - topics) / (USER + 1.0))
        }
        Population::Fixed => {
            let m = voices.len() as f64;
            let pairs =
                voices.iter().enumerate().flat_map(|(at, u)| voices[..at].iter().map(move |v| (u, v)));
            let of_pair = |(u, v): (&Voice, &Voice)| {
                let apart = u.style.iter().zip(&v.style).map(|(a, b)| a - b);
                form(&u.topics, &v.topics) * Style::mean_similarity(wander, apart)
            };
            let own = voices.iter().map(|voice| form(&voice.topics, &voice.topics)).sum::<f64>() / m;
            (pairs.map(of_pair).sum::<f64>() / (m * (m - 1.0) / 2.0), own)
        }
    };
    let within = topics + (1.0 - topics) / (SESSION + 1.0);
    [between, topics * same(wander), within * same(2.0 * style.sample.powi(2))]
}

/// How often a user, a session and a single answer replace a word of what they begin with.
#[derive(Clone, Copy, PartialEq)]
struct Rewording {
    /// A user's own share of replaced words is uniform up to this.
    user: f64,
    session: f64,
    sample: f64,
}

impl Rewording {
    const LOOSE: Self = Self { user: 0.6, session: 0.1, sample: 0.2 };
    const CLOSE: Self = Self { user: 0.1, session: 0.01, sample: 0.02 };
    const WORDS: u32 = 24;
    const VOCABULARY: u32 = 200;

    fn reword(text: &[u32], share: f64, random: &mut ChaCha8Rng) -> Vec<u32> {
        let word = |word: &u32| {
            if random.random_bool(share) { random.random_range(0..Self::VOCABULARY) } else { *word }
        };
        text.iter().map(word).collect()
    }

    fn user(self, random: &mut ChaCha8Rng) -> Vec<u32> {
        let stem: Vec<u32> = (0..Self::WORDS).collect();
        let share = random.random_range(0.0..self.user);
        Self::reword(&stem, share, random)
    }

    fn sessions(
        self,
        user: &[u32],
        sessions: usize,
        samples: usize,
        random: &mut ChaCha8Rng,
    ) -> Vec<Vec<Vec<u32>>> {
        (0..sessions)
            .map(|_| {
                let session = Self::reword(user, self.session, random);
                (0..samples).map(|_| Self::reword(&session, self.sample, random)).collect()
            })
            .collect()
    }

    /// All texts are equally long.
    fn f1(common: usize) -> f64 {
        common as f64 / f64::from(Self::WORDS)
    }

    fn similarities(texts: &[Vec<u32>]) -> SimilarityMatrix {
        let (mut matcher, mut prepared) = (Matcher::new(Self::VOCABULARY as usize), usize::MAX);
        SimilarityMatrix::from_pairs(texts.len(), |i, j| {
            if prepared != i {
                matcher.prepare(&texts[i]);
                prepared = i;
            }
            Self::f1(matcher.length(&texts[j]))
        })
    }

    /// The means over so many draws that their own error (a ten-thousandth) hides nothing.
    fn truth(self) -> [f64; 3] {
        const DRAWS: u32 = 400_000;
        let mut random = ChaCha8Rng::seed_from_u64(1);
        let mut sums = [0.0; 3];
        let mut matcher = Matcher::new(Self::VOCABULARY as usize);
        for _ in 0..DRAWS {
            let (one, other) = (self.user(&mut random), self.user(&mut random));
            let own = self.sessions(&one, 2, 2, &mut random);
            let others = self.sessions(&other, 1, 1, &mut random);
            let pairs = [&others[0][0], &own[1][0], &own[0][1]];
            matcher.prepare(&own[0][0]);
            sums.iter_mut().zip(pairs).for_each(|(sum, text)| *sum += Self::f1(matcher.length(text)));
        }
        sums.map(|sum| sum / f64::from(DRAWS))
    }
}

fn words(name: &str, users: usize, rewording: Rewording) -> Scenario {
    static LOOSE: OnceLock<[f64; 3]> = OnceLock::new();
    static CLOSE: OnceLock<[f64; 3]> = OnceLock::new();
    let truth = if rewording == Rewording::LOOSE { &LOOSE } else { &CLOSE };
    let scenario = Scenario::new(WORDS, name, gates(users), move |random| {
        let truth = *truth.get_or_init(|| rewording.truth());
        let mut texts: Vec<Vec<u32>> = Vec::new();
        let mut lists = Vec::new();
        for _ in 0..users {
            let user = rewording.user(random);
            let sessions = rewording.sessions(&user, 2, 2, random);
            let mut number = |text: Vec<u32>| {
                texts.push(text);
                u32::try_from(texts.len() - 1).expect("a few texts")
            };
            lists.push(
                sessions
                    .into_iter()
                    .map(|samples| samples.into_iter().map(&mut number).collect())
                    .collect::<Vec<Vec<u32>>>(),
            );
        }
        let matrix = Rewording::similarities(&texts);
        outcomes(&Nested::from_lists(lists), &matrix, Population::Drawn, truth)
    });
    if users >= 60 { scenario.expensive(4) } else { scenario }
}

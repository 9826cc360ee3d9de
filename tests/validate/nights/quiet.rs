//! Seasons without a change: answers that nobody gave, drawn from what each user leans to, stored, compared night by night, and judged as
//! `antiphon nightly` judges them. The policy is the hardest there is: whatever is called changed blocks.

use antiphon_aggregator::{Look, Movements, Parts, Settings, compare, season, with_season};
use antiphon_core::plan::Plan;
use antiphon_core::suite::Suite;
use antiphon_core::{
    Assets, Billing, Card, CatalogueTarget, Finding, Limits, Manifest, OBJECT_FORMAT, Outcome, Provider,
    ResultObject, Round, RoundKind, RunId, RunVerdict, Sample, Selection, TargetCatalogue, resolve,
};
use antiphon_store::Store;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tokio_util::sync::CancellationToken;

use crate::suite::{EACH, GROUPS, OPTIONS, SESSIONS, USERS, yaml};

/// Of each group, how often each option is chosen: from near agreement to none.
const SHARES: [[f64; 3]; 6] = [
    [0.98, 0.01, 0.01],
    [0.85, 0.10, 0.05],
    [0.70, 0.20, 0.10],
    [0.50, 0.30, 0.20],
    [0.34, 0.33, 0.33],
    [0.90, 0.05, 0.05],
];
/// Standard deviations, in log-odds, of what users lean to, and of what their sessions do.
const OF_USERS: f64 = 0.6;
const OF_SESSIONS: f64 = 0.6;
/// How often an answer refuses.
const REFUSED: f64 = 0.02;

/// How a season without a change was judged.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Judged {
    /// The first night whose own comparison blocked.
    pub(crate) by_night: Option<u32>,
    /// The first night on which the season blocked.
    pub(crate) by_season: Option<u32>,
    /// The greatest e-value that any series reached, over what one alone would need.
    pub(crate) most: f64,
}

impl Judged {
    /// Whether anything was called changed.
    pub(crate) fn blocks(&self) -> bool {
        self.by_night.is_some() || self.by_season.is_some()
    }
}

/// A season of so many nights after a baseline.
pub(crate) async fn judge(seed: u64, nights: u32) -> Judged {
    let world = World::new(seed);
    let parts = Parts {
        store: Store::memory(),
        settings: Settings { threads: std::num::NonZero::<usize>::MIN, ..Settings::default() },
    };
    let stop = CancellationToken::new();
    let summed = async |number: u32| {
        let run = world.night(&parts.store, number).await;
        Box::pin(antiphon_aggregator::run(&parts, &run, &stop)).await.expect("the night can be summed up").0
    };
    let base = summed(0).await;
    let policy = world.manifest.policy.clone().expect("the suite has one");
    let (mut judged, mut movements) = (Judged::default(), Vec::<Movements>::new());
    for number in 1..=nights {
        let night = summed(number).await;
        let compared = Box::pin(compare(&parts, [&base, &night], Some(Look(number)), &stop)).await;
        let (comparison, moved) = compared.expect("the nights can be compared");
        movements.push(moved);
        let history = season("nights", &base.run, &movements, &policy, policy.alpha / 2.0);
        if comparison.verdict == RunVerdict::Block {
            let changed = || comparison.groups.iter().chain(&comparison.probes);
            assert!(changed().any(|change| change.finding == Finding::Changed));
            judged.by_night.get_or_insert(number);
        } else if with_season(comparison, &history).verdict == RunVerdict::Block {
            judged.by_season.get_or_insert(number);
        }
        let e = history.series.iter().filter_map(|series| Some(series.points.last()?.e * history.alpha));
        judged.most = e.fold(judged.most, f64::max);
        // Answers of a night are not read again.
        parts.store.purge(&night.run).await.expect("it can be removed");
    }
    judged
}

/// Users and what they lean to, which no night changes.
struct World {
    seed: u64,
    manifest: Manifest,
    /// Probe, then user: logarithms of shares.
    leanings: Vec<Vec<[f64; 3]>>,
}

impl World {
    fn new(seed: u64) -> Self {
        // Margins of nearly nothing: every change that is found is beyond them.
        let margins = "agreement: 0.000001, distribution: 0.000001, recall: 0.000001, refusal: 0.000001, length: 0.000001";
        let text = yaml(&["voice"], margins, "");
        let target = CatalogueTarget {
            provider: Provider::Anthropic,
            provider_name: "nobody".to_owned(),
            dialect: None,
            model: "m".to_owned(),
            card: Card::default(),
            price: None,
            pool: "pool".parse().expect("an id"),
        };
        let catalogue = TargetCatalogue {
            targets: [("voice".to_owned(), target)].into(),
            pools: [("pool".parse().expect("an id"), Limits::default())].into(),
        };
        let suite = Suite::parse(&text).expect("a suite");
        let resolved = resolve(&text, &suite, &catalogue, &Assets::default(), None);
        let manifest = resolved.expect("it can be asked").manifest;
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let leanings = (0..GROUPS.len() * EACH).map(|probe| {
            let shares = SHARES[probe / EACH];
            (0..USERS).map(|_| shares.map(|share| share.ln() + OF_USERS * normal(&mut random))).collect()
        });
        let leanings = leanings.collect();
        Self { seed, manifest, leanings }
    }

    /// Stores all answers of a night.
    async fn night(&self, store: &Store, number: u32) -> RunId {
        let run: RunId = format!("night-{number:02}").parse().expect("an id");
        let manifest = Manifest { run: run.clone(), ..self.manifest.clone() };
        store.put_manifest(&manifest).await.expect("it takes the manifest");
        let selection = Selection {
            targets: manifest.targets.iter().map(|target| target.id.clone()).collect(),
            probes: None,
            users: USERS,
            sessions: SESSIONS,
        };
        let round = Round { format: OBJECT_FORMAT, number: 0, kind: RoundKind::Base(selection) };
        store.put_round(&run, &round).await.expect("it takes the round");
        let rounds = [round];
        let plan = Plan::new(&manifest, &rounds);
        let mut random = ChaCha8Rng::seed_from_u64(self.seed);
        random.set_stream(u64::from(number) + 1);
        for job in plan.jobs(&rounds[0]) {
            let samples = plan.sessions(&job).into_iter().map(|planned| {
                let place = |id: &str| id[1..].parse::<usize>().expect("ids are a letter and a number");
                let (probe, user) = (place(planned.probe.id.as_str()), place(planned.user.id.as_str()));
                let (outcome, text) = answer(&self.leanings[probe][user], &mut random);
                Sample {
                    probe: planned.probe.id.clone(),
                    user: planned.user.id.clone(),
                    session: planned.session,
                    turn: 0,
                    repeat: 0,
                    outcome,
                    text,
                    request: None,
                    billing: Billing { model: Some("m".to_owned()), ..Billing::default() },
                    attempts: 1,
                    started_ms: 1_800_000_000_000 + u64::from(number) * 86_400_000,
                    latency_ms: 500,
                    logged: None,
                }
            });
            let samples = samples.collect();
            let object = ResultObject {
                format: OBJECT_FORMAT,
                run: job.run.clone(),
                target: job.target.clone(),
                block: job.block.clone(),
                job: job.id(),
                samples,
            };
            store.put_result(&job, object).await.expect("it takes the answers");
        }
        run
    }
}

/// One answer in a session of its own.
fn answer(leaning: &[f64; 3], random: &mut ChaCha8Rng) -> (Outcome, String) {
    if random.random_bool(REFUSED) {
        return (Outcome::Refused, String::new());
    }
    let weights = leaning.map(|log| (log + OF_SESSIONS * normal(random)).exp());
    let mut left = random.random::<f64>() * weights.iter().sum::<f64>();
    let chosen = weights.iter().position(|weight| {
        left -= weight;
        left < 0.0
    });
    (Outcome::Answered, OPTIONS[chosen.unwrap_or(0)].to_owned())
}

/// (Box and Muller 1958)
fn normal(random: &mut ChaCha8Rng) -> f64 {
    let (radius, angle): (f64, f64) = (random.random(), random.random());
    (-2.0 * (1.0 - radius).ln()).sqrt() * (std::f64::consts::TAU * angle).cos()
}

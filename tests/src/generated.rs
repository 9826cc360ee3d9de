//! A run whose answers nobody gave: written straight into a folder, as large as is wanted.

use std::fmt::Write;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use antiphon_core::plan::Plan;
use antiphon_core::suite::Suite;
use antiphon_core::{
    Assets, Billing, Card, CatalogueTarget, Job, Limits, Manifest, OBJECT_FORMAT, Outcome, Provider,
    ResultObject, Round, RoundKind, RunId, Sample, Selection, TargetCatalogue, Usage, keys, resolve,
};
use antiphon_store::{Store, encode_result};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Words that a language of it has; the first ones are frequent.
const VOCABULARY: u32 = 4_096;
/// How many words of an answer are those that most give.
const KEPT: f64 = 0.7;

/// How large it is.
#[derive(Debug, Clone, Copy)]
pub struct Generated {
    /// Open probes.
    pub probes: u32,
    /// Scales from 1 to 7, besides.
    pub scales: u32,
    /// Targets.
    pub targets: u32,
    /// Users.
    pub users: u32,
    /// Sessions of each.
    pub sessions: u32,
    /// Probes of a block; 0 is as many as a run of its size has.
    pub probes_per_block: u32,
    /// Words of an answer to an open probe.
    pub words: usize,
}

impl Generated {
    /// The run's samples.
    #[must_use]
    pub fn samples(&self) -> u64 {
        u64::from(self.probes + self.scales)
            * u64::from(self.targets)
            * u64::from(self.users)
            * u64::from(self.sessions)
    }

    /// Writes it below `folder`, with as many threads as there are cores. No two texts are the same, but those of a probe and a target have
    /// much in common, and those of a user more.
    ///
    /// # Panics
    /// If it cannot be written.
    pub async fn write(&self, folder: &Path, run: &RunId) {
        let store = Store::create(folder.to_str().expect("a path in UTF-8")).await.expect("a folder");
        let (text, manifest) = self.manifest(run);
        store.put_suite(&manifest.suite_hash, text).await.expect("it takes the suite");
        store.put_manifest(&manifest).await.expect("it takes the manifest");
        let selection = Selection {
            targets: manifest.targets.iter().map(|target| target.id.clone()).collect(),
            probes: None,
            users: self.users,
            sessions: self.sessions,
        };
        let round = Round { format: OBJECT_FORMAT, number: 0, kind: RoundKind::Base(selection) };
        store.put_round(run, &round).await.expect("it takes the round");
        let rounds = [round];
        let plan = Plan::new(&manifest, &rounds);
        let jobs = plan.jobs(&rounds[0]);
        let next = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
                scope.spawn(|| {
                    while let Some(job) = jobs.get(next.fetch_add(1, Relaxed)) {
                        self.write_job(folder, &plan, job);
                    }
                });
            }
        });
    }

    fn manifest(&self, run: &RunId) -> (String, Manifest) {
        let mut yaml = String::from("version: 1\nname: generated\nseed: 5\ntargets:\n");
        let mut line = |text: String| writeln!(yaml, "{text}").expect("a string takes all");
        for target in 0..self.targets {
            line(format!("  - {{alias: t{target}, max_tokens: 1000}}"));
        }
        line(format!("users:\n  draw: {}\n  system_prompts: {{a: Be brief., b: Be kind.}}", self.users));
        line(format!("sampling: {{sessions: {}}}\nprobes:", self.sessions));
        for probe in 0..self.probes {
            line(format!("  - {{id: open-{probe}, prompt: \"Say something about {probe}.\"}}"));
        }
        for probe in 0..self.scales {
            line(format!(
                "  - {{id: scale-{probe}, kind: scale, min: 1, max: 7, prompt: \"How much of {probe}?\"}}"
            ));
        }
        let target = |number: u32| CatalogueTarget {
            provider: Provider::Anthropic,
            provider_name: "nobody".to_owned(),
            dialect: None,
            model: format!("m{number}"),
            card: Card::default(),
            price: None,
            pool: "pool".parse().expect("an id"),
        };
        let catalogue = TargetCatalogue {
            targets: (0..self.targets).map(|number| (format!("t{number}"), target(number))).collect(),
            pools: [("pool".parse().expect("an id"), Limits::default())].into(),
        };
        let suite = Suite::parse(&yaml).expect("a suite");
        let resolved = resolve(&yaml, &suite, &catalogue, &Assets::default(), Some(run.clone()));
        let mut manifest = resolved.expect("it can be asked").manifest;
        if self.probes_per_block > 0 {
            manifest.probes_per_block = self.probes_per_block;
        }
        (yaml, manifest)
    }

    fn write_job(&self, folder: &Path, plan: &Plan<'_>, job: &Job) {
        let samples = plan.sessions(job).into_iter().map(|planned| {
            let probe = planned.probe.id.as_str();
            let cell = format!("{}/{probe}", job.target);
            let mut text = random(&format!("{cell}/{}/{}", planned.user.id, planned.session));
            let text = match probe.starts_with("scale") {
                true => format!("I'd say {}.", text.random_range(1..=7)),
                false => self.text(&cell, &format!("{cell}/{}", planned.user.id), &mut text),
            };
            let usage = Usage { input_tokens: 30, cached_input_tokens: 0, output_tokens: 700 };
            Sample {
                probe: planned.probe.id.clone(),
                user: planned.user.id.clone(),
                session: planned.session,
                turn: 0,
                repeat: 0,
                outcome: Outcome::Answered,
                text,
                request: Some(format!("{{\"model\":\"m\",\"messages\":[{{\"content\":\"{probe}\"}}]}}")),
                billing: Billing {
                    response_id: Some(format!("msg_{cell}_{}_{}", planned.user.id, planned.session)),
                    model: Some("m".to_owned()),
                    stop_reason: Some("end_turn".to_owned()),
                    usage: Some(usage),
                    ..Billing::default()
                },
                attempts: 1,
                started_ms: 1_800_000_000_000 + u64::from(planned.session) * 1_000,
                latency_ms: 500,
                logged: None,
            }
        });
        let object = ResultObject {
            format: OBJECT_FORMAT,
            run: job.run.clone(),
            target: job.target.clone(),
            block: job.block.clone(),
            job: job.id(),
            samples: samples.collect(),
        };
        let key = keys::result(job);
        let path = folder.join(&key);
        std::fs::create_dir_all(path.parent().expect("it lies in the store")).expect("a folder");
        std::fs::write(path, encode_result(&key, &object).expect("it can be written")).expect("space");
    }

    /// What most say of a cell, with some words as the user says it and some as nobody else does.
    fn text(&self, cell: &str, user: &str, own: &mut ChaCha8Rng) -> String {
        let (mut common, mut of_user) = (random(cell), random(user));
        let mut text = String::with_capacity(self.words * 7);
        for place in 0..self.words {
            let (common, of_user, new) = (word(&mut common), word(&mut of_user), word(own));
            let word = match own.random_range(0.0..1.0) {
                chance if chance < KEPT => common,
                chance if chance < f64::midpoint(KEPT, 1.0) => of_user,
                _ => new,
            };
            let begins = place % 12 == 0;
            text.push_str(if place == 0 {
                ""
            } else if begins {
                ". "
            } else {
                " "
            });
            push_word(&mut text, word, begins);
        }
        text.push('.');
        text
    }
}

fn random(name: &str) -> ChaCha8Rng {
    let mut seed = [0; 32];
    for (place, byte) in name.bytes().enumerate() {
        seed[place % 32] = u8::wrapping_mul(seed[place % 32], 31).wrapping_add(byte);
    }
    ChaCha8Rng::from_seed(seed)
}

/// A word's rank: about in inverse proportion to it, as in a natural language.
fn word(random: &mut ChaCha8Rng) -> u32 {
    let magnitude = random.random_range(0..=VOCABULARY.ilog2());
    random.random_range(0..1 << magnitude)
}

/// Rank 0 is "ba", and frequent words are short.
fn push_word(text: &mut String, rank: u32, capital: bool) {
    const CONSONANTS: [char; 16] =
        ['b', 'd', 'f', 'g', 'h', 'k', 'l', 'm', 'n', 'p', 'r', 's', 't', 'v', 'w', 'z'];
    const VOWELS: [char; 4] = ['a', 'e', 'i', 'o'];
    let mut rest = rank as usize;
    let mut first = capital;
    loop {
        let consonant = CONSONANTS[rest % 16];
        text.push(if first { consonant.to_ascii_uppercase() } else { consonant });
        text.push(VOWELS[rest / 16 % 4]);
        first = false;
        rest /= 64;
        if rest == 0 {
            return;
        }
    }
}

//! What must be true of every run in the end.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use antiphon_core::plan::Plan;
use antiphon_core::{Sample, SampleKey, SessionKey, TargetId, keys};
use antiphon_tests::{answers, same_summary, tokens};
use parking_lot::Mutex;

use crate::pipeline::{SESSIONS_PER_JOB, SLOTS, WINDOW};
use crate::world::{Place, World};

pub(crate) async fn check(world: &World) {
    let stored = once(world).await;
    explained(world, stored).await;
    same_summary(&summary(world).await, &expected(world.asked.sessions).await);
}

fn key_of(target: &TargetId, sample: &Sample) -> String {
    let (probe, user) = (sample.probe.clone(), sample.user.clone());
    let session = SessionKey { target: target.clone(), probe, user, session: sample.session };
    SampleKey { session, turn: sample.turn, repeat: sample.repeat }.to_string()
}

/// Every planned sample has exactly one answer, whose token was given for it and is stored nowhere else. Gives their number.
async fn once(world: &World) -> usize {
    let given = tokens(&world.simulator.ledger());
    let mut samples: BTreeMap<String, u32> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for (target, block, job) in world.store.result_keys(&World::run()).await.unwrap() {
        let object =
            world.store.get_result(&keys::result_of(&World::run(), &target, &block, &job)).await.unwrap();
        for sample in object.samples.iter().filter(|sample| !sample.outcome.wants_retry()) {
            let key = key_of(&target, sample);
            let token = sample.billing.response_id.clone().expect("an answer has an id");
            assert_eq!(given.get(&token), Some(&key), "token {token} was not given for its sample");
            assert!(seen.insert(token), "a token of {key} is stored twice");
            *samples.entry(key).or_default() += 1;
        }
    }
    let planned = world.asked.keys();
    assert!(samples.values().all(|count| *count == 1), "answered more than once: {samples:?}");
    assert!(samples.keys().eq(planned.iter()), "{} samples of {} are stored", samples.len(), planned.len());
    seen.len()
}

/// Whatever was asked again belongs to a job that had no object at a mishap, and few jobs are open at a time.
async fn explained(world: &World, stored: usize) {
    let run = World::run();
    let manifest = world.store.get_manifest(&run).await.unwrap().unwrap();
    let rounds = world.store.rounds(&run).await.unwrap();
    let plan = Plan::new(&manifest, &rounds);
    let mut allowed: BTreeMap<String, usize> = BTreeMap::new();
    for job in rounds.iter().flat_map(|round| plan.jobs(round)) {
        let object = keys::result(&job);
        let without = world.mishaps.iter().filter(|there| !there.contains(&object)).count();
        for planned in plan.sessions(&job) {
            for turn in 0..planned.probe.turns() {
                let (probe, user, session) = (&planned.probe.id, &planned.user.id, planned.session);
                *allowed.entry(format!("{}/{probe}/{user}/{session}/{turn}/0", job.target)).or_default() +=
                    without;
            }
        }
    }
    let answers = answers(&world.simulator.ledger());
    for (key, count) in &answers {
        assert!(count - 1 <= allowed[key], "{key} was answered {count} times, {} explained", allowed[key]);
    }
    let open = 2 * (SLOTS.div_ceil(SESSIONS_PER_JOB) as usize + 1);
    let most = world.mishaps.len() * open.max(WINDOW) * SESSIONS_PER_JOB as usize * 2;
    let in_vain = answers.values().sum::<usize>() - stored;
    assert!(in_vain <= most, "{in_vain} calls in vain, {most} explained");
}

async fn summary(world: &World) -> String {
    let key = keys::summary(&World::run(), "summary.json");
    String::from_utf8(world.store.get(&key).await.unwrap().unwrap().to_vec()).unwrap()
}

/// The summary of a run of so many sessions that nobody disturbed.
async fn expected(sessions: u32) -> String {
    static KNOWN: OnceLock<Mutex<BTreeMap<u32, String>>> = OnceLock::new();
    let known = KNOWN.get_or_init(Mutex::default);
    if let Some(summary) = known.lock().get(&sessions) {
        return summary.clone();
    }
    let mut quiet = World::new(Place::Memory, sessions).await;
    quiet.drive_to_the_end().await;
    assert_eq!(quiet.simulator.ledger().len(), once(&quiet).await, "a quiet run asks once");
    let summary = summary(&quiet).await;
    known.lock().insert(sessions, summary.clone());
    summary
}

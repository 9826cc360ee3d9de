//! The books of one run, told what happens and when.

use antiphon_core::suite::Suite;
use antiphon_core::{
    Assets, Card, CatalogueTarget, Manifest, OBJECT_FORMAT, Price, Provider, RoundKind, Selection,
    TargetCatalogue, resolve,
};

use super::*;

const PATIENCE: Duration = Duration::from_secs(120);

fn manifest() -> Manifest {
    let text = "version: 1\nname: t\ntargets: [{alias: a}]\nsampling: {sessions: 10}\nprobes: [{id: x, prompt: hi}]\n";
    let target = CatalogueTarget {
        provider: Provider::Openai,
        provider_name: "house".into(),
        dialect: None,
        model: "m".into(),
        card: Card::default(),
        price: Some(Price { input: 0.0, output: 1e6 / 1024.0 }),
        pool: "p".parse().unwrap(),
    };
    let catalogue = TargetCatalogue { targets: [("a".into(), target)].into(), ..TargetCatalogue::default() };
    let resolved = resolve(text, &Suite::parse(text).unwrap(), &catalogue, &Assets::default(), None);
    Manifest { sessions_per_job: 1, ..resolved.unwrap().manifest }
}

fn round(manifest: &Manifest) -> Round {
    let targets = manifest.targets.iter().map(|target| target.id.clone()).collect();
    let kind = RoundKind::Base(Selection { targets, probes: None, users: 1, sessions: 10 });
    Round { format: OBJECT_FORMAT, number: 0, kind }
}

/// Books of ten jobs, of which four are in the queue.
fn opened<'a>(manifest: &'a Manifest, rounds: &'a [Round], now: Instant) -> (Books<'a>, Vec<Job>) {
    let (plan, budget) = (Plan::new(manifest, rounds), Budget::new(manifest, 0.0));
    let config = Config { stopped_patience: PATIENCE, ..Config::fleet(4) };
    let mut books = Books::open(plan, rounds, Standing::default(), budget, (&config, None), now);
    let batch = books.next_batch(now);
    (books, batch)
}

fn stopped() -> StoppedPool {
    StoppedPool { pool: "p".parse().unwrap(), reason: "wrong key".into(), misconfigured: true }
}

#[test]
fn a_pool_is_stopped_when_it_has_done_nothing_for_as_long_as_patience_lasts() {
    let (manifest, begun) = (manifest(), Instant::now());
    let rounds = [round(&manifest)];
    let (mut books, batch) = opened(&manifest, &rounds, begun);
    books.pool_stopped(stopped(), begun);
    books.done(&batch[0], &JobTally::default(), begun + PATIENCE / 2);
    books.judge_pools(begun + PATIENCE);
    assert!(!books.is_over(), "a job of its own was done since");
    books.pool_stopped(stopped(), begun + PATIENCE);
    books.pool_stopped(stopped(), begun + PATIENCE + PATIENCE / 2);
    books.judge_pools(begun + 2 * PATIENCE);
    assert!(books.is_over(), "patience begins with the first hint");
    books.done(&batch[1], &JobTally::default(), begun + 3 * PATIENCE);
    assert!(books.is_over() && books.next_batch(begun).is_empty(), "what is decided stays decided");
    let report = books.close();
    assert_eq!((report.stored, report.left, report.stopped_pools), (2, 8, vec![stopped()]));
}

#[test]
fn who_was_mended_or_is_gone_stops_no_pool() {
    let (manifest, begun) = (manifest(), Instant::now());
    let rounds = [round(&manifest)];
    let (mut books, _) = opened(&manifest, &rounds, begun);
    books.pool_stopped(stopped(), begun);
    books.judge_pools(begun + FORGOTTEN);
    books.judge_pools(begun + 2 * PATIENCE);
    assert!(!books.is_over(), "it was said once");
    books.pool_stopped(stopped(), begun + 2 * PATIENCE);
    books.pool_works(&"p".parse().unwrap());
    books.judge_pools(begun + 3 * PATIENCE);
    assert!(!books.is_over(), "somebody else was answered");
}

/// Dollars that are known to be spent, and reserved ones do not count.
#[test]
fn what_others_spent_counts_when_it_is_heard_and_once() {
    let manifest = Manifest { budget_dollars: Some(100.0), ..manifest() };
    let (rounds, now) = ([round(&manifest)], Instant::now());
    let (mut books, batch) = opened(&manifest, &rounds, now);
    let jobs = Plan::new(&manifest, &rounds).jobs(&rounds[0]);
    let tally = JobTally { dollars: 0.25, ..JobTally::default() };
    for _ in 0..2 {
        books.done(&jobs[8], &tally, now);
        books.done(&batch[0], &tally, now);
    }
    assert!((books.budget.spent() - 0.5).abs() < 1e-9, "{}", books.budget.spent());
    books.died(&jobs[9]);
    books.died(&jobs[9]);
    let worst = books.budget.spent() - 0.5;
    assert!((0.9..1.1).contains(&worst), "a dead job counts as its worst case, and once: {worst}");
    // Whoever leads next knows the same of the dead one.
    let plan = Plan::new(&manifest, &rounds);
    let standing = Standing { dead: [plan.job_place(&jobs[9]).unwrap()].into(), ..Standing::default() };
    let next =
        Books::open(plan, &rounds, standing, Budget::new(&manifest, 0.0), (&Config::fleet(4), None), now);
    assert!((next.budget.spent() - worst).abs() < 1e-9);
}

#[test]
fn a_hint_that_comes_twice_or_too_late_counts_once() {
    let (manifest, now) = (manifest(), Instant::now());
    let rounds = [round(&manifest)];
    let (mut books, batch) = opened(&manifest, &rounds, now);
    for _ in 0..3 {
        books.done(&batch[0], &JobTally::default(), now);
        books.died(&batch[1]);
    }
    // Another coordinator had published this one.
    let last = Plan::new(&manifest, &rounds).jobs(&rounds[0]).pop().unwrap();
    books.done(&last, &JobTally::default(), now);
    books.done(&last, &JobTally::default(), now);
    books.died(&last);
    let mut published = batch.len();
    loop {
        let batch = books.next_batch(now);
        if batch.is_empty() && books.is_over() {
            break;
        }
        published += batch.len();
        let queued: Vec<Job> =
            books.silent(Duration::ZERO, now).into_iter().flat_map(|(_, jobs)| jobs).collect();
        queued.iter().for_each(|job| books.done(job, &JobTally::default(), now));
    }
    let report = books.close();
    assert_eq!((report.jobs, report.stored, report.dead, report.left), (10, 9, 1, 0));
    assert_eq!(published, 9, "what another one had done is not published");
}

//! Workers that take a while for each job and then say what it cost.

use std::sync::Arc;
use std::time::Duration;

use antiphon_core::{
    Billing, Duplicate, Event, Job, JobTally, OBJECT_FORMAT, Outcome, ResultObject, RunId, Sample, Usage,
    keys,
};
use antiphon_queue::{Delivery, Queue};
use antiphon_store::{Put, Store};
use parking_lot::Mutex;
use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};
use tokio::task::JoinSet;

use crate::stage::Stage;

/// The most tokens of an answer, which come to a dollar.
pub(crate) const MOST_TOKENS: u64 = 1024;

/// What workers did, in order.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ledger(Arc<Mutex<Vec<Done>>>);

#[derive(Debug, Clone)]
pub(crate) struct Done {
    pub(crate) run: RunId,
    pub(crate) pool: String,
    pub(crate) dollars: f64,
}

impl Ledger {
    /// Gives the entry's number.
    fn add(&self, done: Done) -> u64 {
        let mut all = self.0.lock();
        all.push(done);
        all.len() as u64
    }

    pub(crate) fn done(&self) -> Vec<Done> {
        self.0.lock().clone()
    }

    pub(crate) fn dollars(&self) -> f64 {
        self.0.lock().iter().map(|done| done.dollars).sum()
    }
}

/// Workers at work. Dropping them kills them: their jobs come again.
pub(crate) struct Workers {
    _tasks: JoinSet<()>,
}

/// How long a job takes, what it costs, and what goes wrong.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Habits {
    pub(crate) takes: Duration,
    /// Tokens of an answer are drawn from 0 to so many.
    pub(crate) tokens: u64,
    pub(crate) seed: u64,
}

impl Default for Habits {
    fn default() -> Self {
        Self { takes: Duration::from_secs(1), tokens: MOST_TOKENS, seed: 0 }
    }
}

impl Stage {
    /// So many workers, each with one job of the pool at a time.
    pub(crate) fn workers(&self, pool: &str, count: u64, habits: Habits, ledger: &Ledger) -> Workers {
        let mut tasks = JoinSet::new();
        for worker in 0..count {
            let habits = Habits { seed: habits.seed * 1_000 + worker, ..habits };
            let (queue, store) = (self.queue.clone(), self.store.clone());
            tasks.spawn(work(queue, store, pool.to_owned(), habits, ledger.clone()));
        }
        Workers { _tasks: tasks }
    }
}

async fn work(queue: Queue, store: Store, pool: String, habits: Habits, ledger: Ledger) {
    let mut rng = SmallRng::seed_from_u64(habits.seed);
    let mut jobs = queue.consume_jobs(&pool.parse().unwrap(), 1).await.unwrap();
    loop {
        let delivery = jobs.next().await.unwrap();
        let tokens = rng.random_range(0..=habits.tokens);
        let takes = habits.takes.mul_f64(rng.random_range(0.5..1.5));
        one(&queue, &store, delivery, tokens, takes, &ledger).await;
    }
}

#[expect(clippy::cast_precision_loss, reason = "few tokens")]
async fn one(
    queue: &Queue,
    store: &Store,
    delivery: Delivery,
    tokens: u64,
    takes: Duration,
    ledger: &Ledger,
) {
    let job = delivery.job().clone();
    if store.get_cancelled(&job.run).await.unwrap().is_some() {
        delivery.ack().await.unwrap();
        return;
    }
    let dollars = tokens as f64 / MOST_TOKENS as f64;
    let tally = if store.has_result(&job).await.unwrap() {
        let stored = store.get_result(&keys::result(&job)).await.unwrap();
        let usage = stored.samples[0].billing.usage.unwrap();
        JobTally { dollars: usage.output_tokens as f64 / MOST_TOKENS as f64, ..JobTally::default() }
    } else {
        tokio::time::sleep(takes).await;
        let mark = ledger.add(Done { run: job.run.clone(), pool: job.pool.to_string(), dollars });
        let duplicate = store.put_result(&job, object(&job, tokens)).await.unwrap() == Put::Exists;
        if duplicate {
            let record =
                Duplicate { format: OBJECT_FORMAT, job: job.clone(), samples: 1, dollars, whole: true };
            store.put_duplicate(&record, mark).await.unwrap();
        }
        JobTally { dollars, duplicate, ..JobTally::default() }
    };
    queue.publish_event(&Event::JobDone { job, tally }).await.unwrap();
    // Where the delivery went back meanwhile, the job comes again and is found done.
    let _ = delivery.ack().await;
}

fn object(job: &Job, tokens: u64) -> ResultObject {
    let usage = Usage { output_tokens: tokens, ..Usage::default() };
    let sample = Sample {
        probe: "a".parse().unwrap(),
        user: "u0".parse().unwrap(),
        session: job.chunk,
        turn: 0,
        repeat: 0,
        outcome: Outcome::Answered,
        text: "yes".to_owned(),
        request: None,
        billing: Billing { usage: Some(usage), ..Billing::default() },
        attempts: 1,
        started_ms: 0,
        latency_ms: 0,
        logged: None,
    };
    ResultObject {
        format: OBJECT_FORMAT,
        run: job.run.clone(),
        target: job.target.clone(),
        block: job.block.clone(),
        job: job.id(),
        samples: vec![sample],
    }
}

//! Whatever happens to its deliveries, a job ends acked or dead, and nothing else.

use std::collections::BTreeSet;
use std::time::Duration;

use antiphon_core::PoolId;
use antiphon_queue::conformance::job;
use antiphon_queue::{Delivery, JobConsumer, MemoryQueue, Queue};
use proptest::prelude::*;
use tokio::task::JoinSet;
use tokio::time::timeout;

#[derive(Debug, Clone)]
enum Op {
    Publish,
    Take,
    /// The number picks one of the deliveries in work.
    Ack(usize),
    Drop(usize),
    Retry(usize, u64),
    Reject(usize),
    ReplaceConsumer,
    LoseAck,
    DeliverTwice,
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        4 => Just(Op::Publish),
        6 => Just(Op::Take),
        3 => any::<usize>().prop_map(Op::Ack),
        3 => any::<usize>().prop_map(Op::Drop),
        1 => (any::<usize>(), 0_u64..100).prop_map(|(which, seconds)| Op::Retry(which, seconds)),
        1 => any::<usize>().prop_map(Op::Reject),
        1 => Just(Op::ReplaceConsumer),
        1 => Just(Op::LoseAck),
        1 => Just(Op::DeliverTwice),
    ]
}

const ALIVE: &str = "the queue answers";
/// Longer than any delay; time is paused.
const LONG: Duration = Duration::from_secs(1_000);

fn pool() -> PoolId {
    "p".parse().expect("an id")
}

struct World {
    memory: MemoryQueue,
    queue: Queue,
    consumer: JobConsumer,
    in_work: Vec<Delivery>,
    published: u32,
    ended: BTreeSet<u32>,
}

impl World {
    async fn new() -> Self {
        let memory = MemoryQueue::default();
        let queue = Queue::Memory(memory.clone());
        let consumer = queue.consume_jobs(&pool(), 5).await.expect(ALIVE);
        Self { memory, queue, consumer, in_work: Vec::new(), published: 0, ended: BTreeSet::new() }
    }

    fn pick(&mut self, which: usize) -> Option<Delivery> {
        let count = self.in_work.len();
        (count > 0).then(|| self.in_work.swap_remove(which % count))
    }

    async fn step(&mut self, op: Op) {
        match op {
            Op::Publish => {
                self.queue.publish_job(&job(&pool(), self.published)).await.expect(ALIVE);
                self.published += 1;
            }
            Op::Take => {
                if let Ok(delivery) = timeout(Duration::from_secs(1), self.consumer.next()).await {
                    self.in_work.push(delivery.expect(ALIVE));
                }
            }
            Op::Ack(which) => {
                if let Some(delivery) = self.pick(which) {
                    let chunk = delivery.job().chunk;
                    if delivery.ack().await.is_ok() {
                        self.ended.insert(chunk);
                    }
                }
            }
            Op::Drop(which) => drop(self.pick(which)),
            Op::Retry(which, seconds) => {
                if let Some(delivery) = self.pick(which) {
                    // It fails where the delivery's consumer was replaced.
                    let _ = delivery.retry(Duration::from_secs(seconds)).await;
                }
            }
            Op::Reject(which) => {
                if let Some(delivery) = self.pick(which) {
                    let _ = delivery.reject("by chance").await;
                }
            }
            Op::ReplaceConsumer => self.consumer = self.queue.consume_jobs(&pool(), 5).await.expect(ALIVE),
            Op::LoseAck => self.memory.lose_acks(1),
            Op::DeliverTwice => self.memory.deliver_twice(1),
        }
    }

    async fn finish(mut self) {
        self.in_work.clear();
        while let Ok(delivery) = timeout(LONG, self.consumer.next()).await {
            let delivery = delivery.expect(ALIVE);
            self.ended.insert(delivery.job().chunk);
            delivery.ack().await.expect(ALIVE);
        }
        let mut dead = self.queue.dead_letters().await.expect(ALIVE);
        while let Ok(letter) = timeout(LONG, dead.next()).await {
            let letter = letter.expect(ALIVE);
            self.ended.insert(letter.job().chunk);
            letter.ack().await.expect(ALIVE);
        }
        assert_eq!(self.ended, (0..self.published).collect());
        assert_eq!(self.queue.depth(&pool()).await.expect(ALIVE), 0);
    }
}

proptest! {
    #[test]
    fn every_job_ends_acked_or_dead(ops in prop::collection::vec(op(), 0..120)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build()?;
        runtime.block_on(async {
            let mut world = World::new().await;
            for op in ops {
                world.step(op).await;
            }
            world.finish().await;
        });
    }
}

/// A wake-up that gets lost between threads would leave a consumer waiting for ever.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn consumers_on_many_threads_get_everything_between_them() {
    const JOBS: u32 = 2_000;
    let queue = Queue::memory();
    let (acked, mut all_acked) = tokio::sync::mpsc::channel(16);
    let mut consumers = JoinSet::new();
    for _ in 0..8 {
        let mut consumer = queue.consume_jobs(&pool(), 3).await.unwrap();
        let acked = acked.clone();
        consumers.spawn(async move {
            for turn in 0_u32.. {
                let delivery = consumer.next().await.unwrap();
                let chunk = delivery.job().chunk;
                if turn % 3 == 0 {
                    delivery.retry(Duration::ZERO).await.unwrap();
                } else {
                    delivery.ack().await.unwrap();
                    acked.send(chunk).await.unwrap();
                }
            }
        });
    }
    for chunk in 0..JOBS {
        queue.publish_job(&job(&pool(), chunk)).await.unwrap();
    }
    let mut done = BTreeSet::new();
    while done.len() < JOBS as usize {
        let chunk = timeout(Duration::from_secs(120), all_acked.recv()).await.expect("nobody waits for ever");
        assert!(done.insert(chunk.unwrap()), "{chunk:?} was acked twice");
    }
    assert_eq!(queue.depth(&pool()).await.unwrap(), 0);
}

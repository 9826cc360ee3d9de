//! The role: one loop per pool, and all of them end together.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use antiphon_core::{Event, PoolId};
use antiphon_limits::Standing;
use antiphon_queue::Queue;
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::{JoinError, JoinSet};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::WorkerError;
use crate::choir::Voice;
use crate::herald::Herald;
use crate::job::Desk;
use crate::open_jobs::OpenJobs;
use crate::parts::{Config, Parts, PoolParts};
use crate::pool_loop::{PoolLoop, REMIND};
use crate::song::Song;
use crate::strangers::Strangers;
use crate::turn::Turn;

/// 429s that wait to be told to others; more than one at a time says nothing new.
const HUSHES: usize = 4;

/// Works on jobs of all its pools until it is stopped, then lets open jobs end within the grace period. Jobs that do not end are
/// handed back, for whoever works then; what was answered of them is lost.
///
/// # Errors
/// If store or queue fail: then nothing can be recorded, and going on would only spend.
pub async fn run(
    parts: Arc<Parts>,
    pools: Vec<PoolParts>,
    config: Config,
    stop: CancellationToken,
) -> Result<(), WorkerError> {
    let (mut loops, mut sung) = (JoinSet::new(), Vec::new());
    // An error of one loop stops the others; the caller's own token stays as it is.
    let stop = stop.child_token();
    let herald = Herald::start(parts.queue.clone(), config.linger, &mut loops);
    for mut pool in pools {
        let (hushes, told) = mpsc::channel(HUSHES);
        // Who is alone sings at all times.
        let (stand, standing) = watch::channel(Standing::Singing);
        let (shared, song) = (pool.shared.take(), Arc::new(Song::default()));
        let works = Arc::default();
        sung.push((pool.id.clone(), Arc::clone(&works)));
        parts.metrics.begin(&pool.id);
        let desk = Desk {
            slots: Semaphore::new(pool.slots as usize),
            parts: Arc::clone(&parts),
            pool: Arc::new(pool),
            song,
            turn: Turn::default(),
            open: OpenJobs::default(),
            strangers: Strangers::default(),
            hold: config.hold,
            herald: herald.clone(),
            works: Arc::clone(&works),
            hushes,
        };
        if let Some(shared) = shared {
            let (pool, song) = (Arc::clone(&desk.pool), Arc::clone(&desk.song));
            let _ = stand.send(Standing::Resting);
            // It ends by itself when nobody is left who could tell it of a 429: the desk is gone then, and all its calls.
            loops.spawn(Voice::new(Arc::clone(&parts), pool, song, stand, &shared).sing(told));
        }
        loops.spawn(PoolLoop::new(Arc::new(desk), standing, config.clone()).run(stop.clone()));
    }
    // Those of the pools are left, and end with them.
    drop(herald);
    let mut first_error = None;
    let watch = parts.runs.watch(&parts.store);
    let says = say_what_works(&parts.queue, &sung);
    tokio::pin!(watch, says);
    while let Some(ended) = tokio::select! {
        ended = loops.join_next() => ended,
        () = &mut watch => unreachable!("runs are watched until it is dropped"),
        () = &mut says => unreachable!("it is said until it is dropped"),
    } {
        let ended = ended.unwrap_or_else(|error| Err(panicked(&error)));
        if let Err(error) = ended {
            stop.cancel();
            first_error.get_or_insert(error);
        }
    }
    first_error.map_or(Ok(()), Err)
}

/// Says from time to time in which pools models answer: another worker may say that one has stopped, and jobs may take long.
async fn say_what_works(queue: &Queue, pools: &[(PoolId, Arc<AtomicBool>)]) {
    loop {
        sleep(REMIND).await;
        for (pool, works) in pools {
            if works.swap(false, Relaxed) {
                // It may be lost as any hint.
                let _ = queue.publish_event(&Event::PoolWorks { pool: pool.clone() }).await;
            }
        }
    }
}

fn panicked(error: &JoinError) -> WorkerError {
    WorkerError::Panicked { pool: PoolId::new("all").expect("letters"), message: error.to_string() }
}

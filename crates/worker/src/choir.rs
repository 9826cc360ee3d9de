//! One voice: beats, hears the others, and sets the pool's share by what it heard.
//!
//! Hearing never waits for publishing: at most one message is on its way, and while a broker does not take it the voice hears on,
//! beats no more, and its share expires.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use antiphon_core::{ChoirMessage, Limits};
use antiphon_limits::{Choir, ChoirSettings, Hushed, Share, Standing};
use antiphon_queue::{ChoirHeard, ChoirStream, Queue, QueueError};
use futures::future::BoxFuture;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep, sleep_until, timeout};

use crate::WorkerError;
use crate::parts::{Parts, PoolParts};
use crate::song::Song;

/// How long saying goodbye may take; who is not heard is forgotten all the same.
const GOODBYE: Duration = Duration::from_secs(2);
/// A 429 that could not be told for so long is no news.
const STALE: Duration = Duration::from_secs(10);
/// When listening is tried again where the broker could not be reached.
const AGAIN: Duration = Duration::from_secs(1);

/// What this worker was told of a pool that it shares.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) settings: ChoirSettings,
    pub(crate) voice: antiphon_core::VoiceId,
    pub(crate) told: Limits,
}

/// A voice at work.
pub(crate) struct Voice {
    parts: Arc<Parts>,
    pool: Arc<PoolParts>,
    song: Arc<Song>,
    told: Limits,
    choir: Choir,
    /// Tells the pool's loop whether to take jobs.
    standing: watch::Sender<Standing>,
    post: Post,
    sings: bool,
}

/// What happened next.
enum Next {
    Heard(Result<ChoirHeard, QueueError>),
    /// A call was answered 429.
    Hushed(Option<Duration>),
    /// The pool's loop is over, and all its calls.
    Over,
    Posted(Result<(), QueueError>),
    BeatDue,
    ShareChanges,
    JobBegan,
}

impl Voice {
    pub(crate) fn new(
        parts: Arc<Parts>,
        pool: Arc<PoolParts>,
        song: Arc<Song>,
        standing: watch::Sender<Standing>,
        shared: &Shared,
    ) -> Self {
        let Shared { settings, voice, told } = shared;
        let choir = Choir::new(*settings, pool.id.clone(), *voice, told.clone(), Instant::now());
        Self { parts, pool, song, told: told.clone(), choir, standing, post: Post::default(), sings: false }
    }

    /// Sings until no call can come any more, and says goodbye.
    pub(crate) async fn sing(
        mut self,
        mut hushes: mpsc::Receiver<Option<Duration>>,
    ) -> Result<(), WorkerError> {
        let Some(mut stream) = listen(&self.parts.queue, &self.pool, &mut hushes).await? else {
            return Ok(());
        };
        loop {
            match self.next(&mut stream, &mut hushes).await {
                Next::Heard(heard) => self.on_heard(heard)?,
                Next::Hushed(after) => self.post.hush = Some((after, Instant::now())),
                Next::Over => break,
                Next::Posted(posted) => on_posted(posted)?,
                Next::BeatDue => self.beat(),
                // Who comes back waits like a newcomer, so it says so at once.
                Next::JobBegan if !self.sings => self.beat(),
                // Its suite may be stricter than what was sung for before.
                Next::JobBegan => self.choir.tell(self.song.lower(&self.told)),
                Next::ShareChanges => {}
            }
            self.tell_hush();
            self.set_share();
        }
        self.goodbye().await;
        Ok(())
    }

    /// Waits for whatever comes first. Dropping the other futures loses nothing: messages wait in their streams, what is being
    /// posted goes on, and times come again.
    async fn next(
        &mut self,
        stream: &mut ChoirStream,
        hushes: &mut mpsc::Receiver<Option<Duration>>,
    ) -> Next {
        let idle = !self.post.is_busy();
        let changes_at = self.choir.changes_at();
        let changes = async {
            match changes_at {
                Some(at) => sleep_until(at).await,
                None => pending().await,
            }
        };
        tokio::select! {
            heard = stream.next() => Next::Heard(heard),
            hushed = hushes.recv() => hushed.map_or(Next::Over, Next::Hushed),
            posted = self.post.come_back() => Next::Posted(posted),
            () = sleep_until(self.choir.beat_due()), if idle => Next::BeatDue,
            () = changes => Next::ShareChanges,
            () = self.song.begun(), if idle => Next::JobBegan,
        }
    }

    fn on_heard(&mut self, heard: Result<ChoirHeard, QueueError>) -> Result<(), WorkerError> {
        let now = Instant::now();
        match heard {
            Ok(ChoirHeard::Message(message)) => {
                if let Some(Hushed { by, after }) = self.choir.hear(&message, now) {
                    tracing::debug!(pool = %self.pool.id, voice = %by, ?after, "hushed by another voice");
                    self.pool.limits.hush(after);
                    self.parts.metrics.hush_heard(&self.pool.id);
                }
            }
            Ok(ChoirHeard::Disconnected) => self.choir.disconnected(now),
            // It may be a voice that spends, and who cannot count must not sing.
            Err(error @ QueueError::Malformed { .. }) => {
                tracing::error!(pool = %self.pool.id, %error, "a voice that cannot be understood");
                self.choir.disconnected(now);
            }
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    fn beat(&mut self) {
        self.choir.tell(self.song.lower(&self.told));
        self.sings = self.song.is_sung();
        if !self.sings {
            // A job that begins just now must not call while this voice says that it does not.
            self.silence();
        }
        let in_flight = self.pool.limits.reading().in_flight;
        let beat = self.choir.beat(self.sings, in_flight, Instant::now());
        self.post.send(&self.parts.queue, beat);
    }

    fn silence(&self) {
        let (limits, until) = (Limits::default(), Instant::now());
        self.pool.limits.set_share(&Share { limits, until, voices: 0, standing: Standing::Resting });
    }

    /// Tells of a 429 as soon as nothing else is on its way.
    fn tell_hush(&mut self) {
        if self.post.is_busy() {
            return;
        }
        if let Some((after, at)) = self.post.hush.take()
            && at.elapsed() < STALE
        {
            let left = after.map(|after| after.saturating_sub(at.elapsed()));
            self.post.send(&self.parts.queue, self.choir.hush(left));
        }
    }

    fn set_share(&mut self) {
        let share = self.choir.share(Instant::now());
        self.pool.limits.set_share(&share);
        self.standing.send_if_modified(|before| std::mem::replace(before, share.standing) != share.standing);
        self.parts.health.pool(&self.pool.id, |pool| pool.share = Some(share));
    }

    /// All calls have ended. Others need not wait until they forget this voice.
    async fn goodbye(mut self) {
        self.silence();
        let beat = self.choir.beat(false, self.pool.limits.reading().in_flight, Instant::now());
        let told = timeout(GOODBYE, self.parts.queue.publish_choir(&beat)).await;
        if !matches!(told, Ok(Ok(()))) {
            tracing::debug!(pool = %self.pool.id, "left the choir unheard");
        }
    }
}

/// Listens, unless nobody is left who would call.
async fn listen(
    queue: &Queue,
    pool: &PoolParts,
    hushes: &mut mpsc::Receiver<Option<Duration>>,
) -> Result<Option<ChoirStream>, WorkerError> {
    loop {
        // Without a share nothing is asked, so there is no 429 to be told yet.
        let listened = tokio::select! {
            listened = queue.listen_choir(&pool.id) => listened,
            None = hushes.recv() => return Ok(None),
        };
        match listened {
            Ok(stream) => return Ok(Some(stream)),
            Err(error @ QueueError::Unreachable { .. }) => {
                tracing::warn!(pool = %pool.id, %error, "cannot listen to the choir; trying on");
                sleep(AGAIN).await;
            }
            Err(error) => return Err(error.into()),
        }
    }
}

fn on_posted(posted: Result<(), QueueError>) -> Result<(), WorkerError> {
    match posted {
        // It is as good as lost; the share expires unless a later one goes out.
        Err(error @ QueueError::Unreachable { .. }) => {
            tracing::debug!(%error, "a beat did not go out");
            Ok(())
        }
        posted => Ok(posted?),
    }
}

/// At most one message on its way.
#[derive(Default)]
struct Post {
    under_way: Option<BoxFuture<'static, Result<(), QueueError>>>,
    /// A 429 that is to be told next, and when it was.
    hush: Option<(Option<Duration>, Instant)>,
}

impl Post {
    fn is_busy(&self) -> bool {
        self.under_way.is_some()
    }

    fn send(&mut self, queue: &Queue, message: ChoirMessage) {
        let queue = queue.clone();
        self.under_way = Some(Box::pin(async move { queue.publish_choir(&message).await }));
    }

    /// Waits until what is under way has gone out; for ever, if nothing is. May be dropped.
    async fn come_back(&mut self) -> Result<(), QueueError> {
        let Some(under_way) = &mut self.under_way else { return pending().await };
        let posted = under_way.await;
        self.under_way = None;
        posted
    }
}

#[cfg(test)]
mod tests;

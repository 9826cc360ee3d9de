use std::collections::BTreeMap;

use antiphon_core::{Hush, OBJECT_FORMAT, PoolId, VoiceId};
use antiphon_limits::Estimate;
use antiphon_providers::{Client, HttpSettings};
use antiphon_store::Store;

use super::*;
use crate::{Metrics, RetryPolicy};

const SECOND: Duration = Duration::from_secs(1);

fn pool() -> PoolId {
    "p".parse().unwrap()
}

struct Stage {
    parts: Arc<Parts>,
    pool: Arc<PoolParts>,
    song: Arc<Song>,
    hushes: mpsc::Sender<Option<Duration>>,
}

fn voice() -> (Stage, Voice, mpsc::Receiver<Option<Duration>>) {
    let client = Client::new(&HttpSettings::default()).unwrap();
    let metrics = Arc::new(Metrics::default());
    let parts = Parts::new(Queue::memory(), Store::memory(), client, RetryPolicy::default(), metrics);
    let told = Limits { requests_per_minute: Some(600), ..Limits::default() };
    let mut pool = PoolParts::in_choir(pool(), told, ChoirSettings::default(), 4, BTreeMap::new());
    let shared = pool.shared.take().unwrap();
    let (parts, pool, song) = (Arc::new(parts), Arc::new(pool), Arc::new(Song::default()));
    let (stand, _) = watch::channel(Standing::Resting);
    let voice = Voice::new(Arc::clone(&parts), Arc::clone(&pool), Arc::clone(&song), stand, &shared);
    let (hushes, told) = mpsc::channel(4);
    (Stage { parts, pool, song, hushes }, voice, told)
}

impl Stage {
    async fn may_call(&self) -> bool {
        let soon = Some(Instant::now() + SECOND / 10);
        self.pool.limits.take(Estimate::default(), soon).await.is_ok()
    }

    async fn somebody_is_hushed(&self) {
        let (after_ms, voice) = (Some(60_000), VoiceId(1));
        let hush = ChoirMessage::Hush(Hush { format: OBJECT_FORMAT, pool: pool(), voice, after_ms });
        self.parts.queue.publish_choir(&hush).await.unwrap();
        while self.parts.metrics.read().hushes_heard == 0 {
            sleep(SECOND / 10).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn while_the_broker_takes_nothing_it_hears_on_and_its_share_expires() {
    let (stage, mut voice, told) = voice();
    voice.post.under_way = Some(Box::pin(pending()));
    let play = async {
        // By then it listens.
        sleep(SECOND).await;
        stage.song.want();
        stage.somebody_is_hushed().await;
        assert!(stage.pool.limits.reading().pause.is_some());
        sleep(120 * SECOND).await;
        stage.song.want();
        assert!(!stage.may_call().await, "it calls without ever having been heard");
    };
    tokio::select! {
        ended = voice.sing(told) => panic!("{ended:?}"),
        () = play => {}
    }
}

#[tokio::test(start_paused = true)]
async fn it_sings_while_there_is_something_to_sing_and_leaves_after_a_while() {
    let (stage, voice, told) = voice();
    let mut heard = stage.parts.queue.listen_choir(&pool()).await.unwrap();
    let play = async {
        sleep(10 * SECOND).await;
        assert!(!stage.may_call().await, "nothing is wanted");
        for _ in 0..10 {
            stage.song.want();
            sleep(SECOND).await;
        }
        assert!(stage.may_call().await);
        sleep(10 * SECOND).await;
        assert!(!stage.may_call().await, "nothing is wanted any more");
        for _ in 0..10 {
            stage.song.want();
            sleep(SECOND).await;
        }
        assert!(stage.may_call().await);
        drop(stage);
    };
    let (sung, ()) = tokio::join!(voice.sing(told), play);
    sung.unwrap();
    let mut last = None;
    while let Ok(Ok(ChoirHeard::Message(ChoirMessage::Beat(beat)))) = timeout(SECOND, heard.next()).await {
        last = Some(beat);
    }
    assert!(!last.unwrap().singing, "it says goodbye");
}

#[tokio::test(start_paused = true)]
async fn a_429_is_told_unless_it_is_old() {
    let (stage, mut voice, told) = voice();
    let mut heard = stage.parts.queue.listen_choir(&pool()).await.unwrap();
    voice.post.under_way = Some(Box::pin(async {
        sleep(5 * SECOND).await;
        Ok(())
    }));
    let play = async {
        sleep(SECOND).await;
        stage.hushes.send(Some(60 * SECOND)).await.unwrap();
        loop {
            if let ChoirHeard::Message(ChoirMessage::Hush(hush)) = heard.next().await.unwrap() {
                return hush.after_ms;
            }
        }
    };
    let after_ms = tokio::select! {
        ended = voice.sing(told) => panic!("{ended:?}"),
        after_ms = play => after_ms,
    };
    assert_eq!(after_ms, Some(56_000), "what is left of it");
}

//! What a test waits for on the wire.

use std::fmt;

use parking_lot::Mutex;
use tokio::sync::oneshot;

use super::Event;

/// Tells when an event has come by and the client's side was stopped.
#[derive(Debug)]
pub struct Trap {
    sprung: oneshot::Receiver<Event>,
}

/// Whether what fits is forwarded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum When {
    Before,
    After,
}

/// The traps that wait.
#[derive(Debug, Default)]
pub(super) struct Traps(Mutex<Vec<Set>>);

struct Set {
    when: When,
    fits: Box<dyn FnMut(&Event) -> bool + Send>,
    tell: oneshot::Sender<Event>,
}

impl Trap {
    /// Waits for it, and says what it was.
    ///
    /// # Panics
    /// If the relay is gone.
    pub async fn sprung(self) -> Event {
        self.sprung.await.expect("the relay waits for the event")
    }
}

impl Traps {
    pub(super) fn set(&self, when: When, fits: impl FnMut(&Event) -> bool + Send + 'static) -> Trap {
        let (tell, sprung) = oneshot::channel();
        self.0.lock().push(Set { when, fits: Box::new(fits), tell });
        Trap { sprung }
    }

    /// Does `then` if an event fits, before anybody is told.
    pub(super) fn spring(&self, when: When, events: &[Event], then: impl Fn()) {
        let mut set = self.0.lock();
        for event in events {
            let found = set.iter_mut().position(|trap| trap.when == when && (trap.fits)(event));
            if let Some(found) = found {
                let trap = set.swap_remove(found);
                then();
                // The test may have stopped waiting.
                let _ = trap.tell.send(event.clone());
            }
        }
    }
}

impl fmt::Debug for Set {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Set").field("when", &self.when).finish_non_exhaustive()
    }
}

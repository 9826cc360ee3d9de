//! Who may begin: one job after the other, and the next one only when no call waits for a permit.
//!
//! Jobs that wait together for the same slow limit would all take long, and hold their deliveries all that time. One after the
//! other, each takes as long as its own calls, and whatever has not begun can go elsewhere at no cost.

use tokio::sync::{Mutex, MutexGuard, watch};

/// The line in which jobs wait to begin.
#[derive(Debug)]
pub(crate) struct Turn {
    next: Mutex<()>,
    /// Calls that wait for a permit.
    waiting: watch::Sender<usize>,
}

impl Default for Turn {
    fn default() -> Self {
        Self { next: Mutex::default(), waiting: watch::Sender::new(0) }
    }
}

impl Turn {
    /// Waits until the job may begin. Nobody else does while the guard lives.
    pub(crate) async fn come(&self) -> MutexGuard<'_, ()> {
        let guard = self.next.lock().await;
        // The sender is ours, so the channel is open.
        let _ = self.waiting.subscribe().wait_for(|waiting| *waiting == 0).await;
        guard
    }

    /// Counts a call as waiting while it does.
    pub(crate) async fn wait_for<T>(&self, permit: impl Future<Output = T>) -> T {
        tokio::pin!(permit);
        // Most permits are there at once.
        tokio::select! {
            biased;
            taken = &mut permit => return taken,
            () = std::future::ready(()) => {}
        }
        let _waiting = Waiting::new(&self.waiting);
        permit.await
    }
}

struct Waiting<'a>(&'a watch::Sender<usize>);

impl<'a> Waiting<'a> {
    fn new(count: &'a watch::Sender<usize>) -> Self {
        count.send_modify(|waiting| *waiting += 1);
        Self(count)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.send_modify(|waiting| *waiting -= 1);
    }
}

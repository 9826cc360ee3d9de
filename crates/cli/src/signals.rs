//! Ctrl-C and SIGTERM: the first asks to stop, the second ends the process at once.

use std::sync::atomic::{AtomicBool, Ordering};

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::exit::Exit;
use crate::output::Output;

/// Signals are the process's, and so is what was heard.
static TERMINATED: AtomicBool = AtomicBool::new(false);

/// Whether SIGTERM was among the signals that were waited for.
pub(crate) fn was_terminated() -> bool {
    TERMINATED.load(Ordering::Relaxed)
}

/// Waits for signals for as long as it is polled.
pub(crate) struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    pub(crate) fn listen() -> std::io::Result<Self> {
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    /// The next one.
    pub(crate) async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => TERMINATED.store(true, Ordering::Relaxed),
        }
    }

    /// Runs `work`. The first signal cancels `stop` and says so; the second gives up on `work`, whose jobs are done again
    /// by the next start.
    pub(crate) async fn guard<T>(
        mut self,
        work: impl Future<Output = T>,
        stop: &CancellationToken,
        output: Output,
        farewell: &str,
    ) -> Result<T, Exit> {
        tokio::pin!(work);
        tokio::select! {
            done = &mut work => return Ok(done),
            () = self.next() => {}
        }
        stop.cancel();
        output.note(farewell);
        tokio::select! {
            done = &mut work => Ok(done),
            () = self.next() => Err(Exit::Interrupted),
        }
    }
}

//! The thread that everything of AMQP runs on.

use std::sync::LazyLock;

use tokio::runtime::{Builder, Handle, Runtime};

/// Of its own, so that heartbeats go out and deaths are noticed also while all threads of a role are busy computing. One for the
/// whole process: what runs here waits nearly all of the time.
static DRIVER: LazyLock<Runtime> = LazyLock::new(|| {
    let mut builder = Builder::new_multi_thread();
    builder.worker_threads(1).thread_name("antiphon-amqp").enable_all();
    builder.build().expect("a process can start a thread")
});

/// Spawns onto it. A task spawned here ends by itself when whatever it serves is dropped.
pub(super) fn driver() -> &'static Handle {
    DRIVER.handle()
}

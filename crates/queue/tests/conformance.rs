//! Every queue keeps the same promises. Time is paused: what must not happen is watched for without waiting.

use antiphon_queue::{Queue, conformance};

#[tokio::test(start_paused = true)]
async fn memory() {
    conformance::all(&Queue::memory(), "suite").await;
}

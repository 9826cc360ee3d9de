//! Every backend keeps the same promises.

use antiphon_store::{Store, conformance};

#[tokio::test(flavor = "multi_thread")]
async fn memory() {
    conformance::all(&Store::memory(), "suite/").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn directory() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path().to_str().unwrap()).await.unwrap();
    conformance::all(&store, "suite/").await;
}

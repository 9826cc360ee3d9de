//! Whether the store can be written and keeps its promises.

use super::finding::Finding;
use crate::compose::open_store;
use crate::config::{Config, Environment};

pub(super) async fn look(address: &str, config: &Config) -> Vec<Finding> {
    let store = match open_store(address, config).await {
        Ok(store) => store,
        Err(error) => return vec![Finding::error("store", &error)],
    };
    let mut findings = vec![Finding::ok("store", format!("{address} is there"))];
    let promise = "create-only writes";
    let weaker = address.starts_with("s3:")
        && config.s3(&Environment::default()).is_ok_and(|settings| !settings.conditional_writes);
    findings.push(match store.probe().await {
        Ok(()) if weaker => Finding::warn(
            promise,
            "are not asked of the server: two writers at the same moment may both win",
            "use a server that heeds `If-None-Match: *`, and leave `conditional_writes` out of [s3]",
        ),
        Ok(()) => Finding::ok(promise, "are kept: what is stored is never overwritten"),
        Err(error) => Finding::error(promise, &error.into()),
    });
    if !store.locks() {
        return findings;
    }
    findings.push(Finding::warn(
        "store of a fleet",
        "a folder is seen by all services only if it is on a disk that they share",
        "use s3://BUCKET for services on several machines",
    ));
    findings
}

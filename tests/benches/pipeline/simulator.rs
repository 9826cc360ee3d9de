//! The simulator, in a process of its own.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::Context;
use serde::Deserialize;

use crate::workload;

/// A simulator that is killed when it is dropped.
#[derive(Debug)]
pub(crate) struct Simulator {
    child: Child,
    url: String,
    http: reqwest::Client,
}

/// What it counted since the last reset.
#[derive(Debug, Deserialize)]
pub(crate) struct Stats {
    /// Calls of every outcome.
    pub(crate) calls: u64,
    /// 429s.
    pub(crate) limited: u64,
}

/// A call as the simulator wrote it down.
#[derive(Deserialize)]
struct Entry {
    token: Option<String>,
}

impl Simulator {
    pub(crate) fn start(antiphon: &Path, folder: &Path) -> anyhow::Result<Self> {
        let voices = folder.join("voices.yaml");
        std::fs::write(&voices, workload::voices())?;
        let log = std::fs::File::create(folder.join("simulator.log"))?;
        let mut child = Command::new(antiphon)
            .args(["sim", "--listen", "127.0.0.1:0"])
            .arg(&voices)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()?;
        let mut url = String::new();
        BufReader::new(child.stdout.take().context("it is piped")?).read_line(&mut url)?;
        let http = reqwest::Client::builder().no_proxy().build()?;
        Ok(Self { child, url: url.trim().to_owned(), http })
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Forgets calls and spent limits.
    pub(crate) async fn reset(&self) -> anyhow::Result<()> {
        self.http.post(format!("{}/_sim/reset", self.url)).send().await?.error_for_status()?;
        Ok(())
    }

    pub(crate) async fn stats(&self) -> anyhow::Result<Stats> {
        Ok(serde_json::from_slice(&self.get("stats").await?)?)
    }

    /// The ids of all good answers since the last reset.
    pub(crate) async fn answers(&self) -> anyhow::Result<BTreeSet<String>> {
        let ledger = self.get("ledger").await?;
        let entries = serde_json::Deserializer::from_slice(&ledger).into_iter::<Entry>();
        entries.filter_map(|entry| entry.map(|entry| entry.token).transpose()).map(|id| Ok(id?)).collect()
    }

    async fn get(&self, what: &str) -> anyhow::Result<Vec<u8>> {
        let response = self.http.get(format!("{}/_sim/{what}", self.url)).send().await?.error_for_status()?;
        Ok(response.bytes().await?.into())
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        // It holds nothing that a kill could damage.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

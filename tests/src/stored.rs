//! The samples of a run as `antiphon export` gives them, and what else lies in a store.

use std::path::Path;

use antiphon_core::{JobId, RunId, Sample, SampleKey, SessionKey, TargetId};
use serde::Deserialize;

/// A line of the export.
#[derive(Debug, Clone, Deserialize)]
pub struct Stored {
    /// The run.
    pub run: RunId,
    /// The target.
    pub target: TargetId,
    /// The job that stored it.
    pub job: JobId,
    /// The sample.
    pub sample: Sample,
}

impl Stored {
    pub(crate) fn read(line: &str) -> Self {
        serde_json::from_str(line).expect("a line of the export is a sample")
    }

    /// `target/probe/user/session/turn/repeat`.
    #[must_use]
    pub fn key(&self) -> String {
        let sample = &self.sample;
        let (probe, user) = (sample.probe.clone(), sample.user.clone());
        let session = SessionKey { target: self.target.clone(), probe, user, session: sample.session };
        SampleKey { session, turn: sample.turn, repeat: sample.repeat }.to_string()
    }

    /// The response id.
    #[must_use]
    pub fn token(&self) -> Option<&str> {
        self.sample.billing.response_id.as_deref()
    }
}

/// Every file below `folder` by its path from there, sorted, hidden ones too.
///
/// # Panics
/// If it cannot be listed.
#[must_use]
pub fn object_names(folder: &Path) -> Vec<String> {
    let mut names = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        let Ok(entries) = std::fs::read_dir(&next) else { continue };
        for entry in entries {
            let path = entry.expect("a folder can be listed").path();
            if path.is_dir() {
                open.push(path);
            } else {
                let name = path.strip_prefix(folder).expect("it lies below").to_string_lossy();
                names.push(name.into_owned());
            }
        }
    }
    names.sort();
    names
}

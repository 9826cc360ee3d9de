//! Excerpts of all targets in a temporary file, so that the size of a run does not matter.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::FileExt;

use super::excerpt::{Excerpt, Question};
use crate::AggregatorError;

/// Where an excerpt lies.
struct Place {
    target: usize,
    at: u64,
    bytes: usize,
}

/// Excerpts by question.
pub(crate) struct Shelf {
    file: File,
    end: u64,
    places: BTreeMap<Question, Vec<Place>>,
}

impl Shelf {
    pub(crate) fn new() -> Result<Self, AggregatorError> {
        Ok(Self { file: tempfile::tempfile().map_err(scratch)?, end: 0, places: BTreeMap::new() })
    }

    /// Puts aside what is kept of cells of a target. Targets come in the order of the manifest.
    pub(crate) fn put(&mut self, target: usize, excerpts: Vec<Excerpt>) -> Result<(), AggregatorError> {
        for excerpt in excerpts {
            let bytes = serde_json::to_vec(&excerpt).map_err(|error| scratch(error.into()))?;
            self.file.write_all(&bytes).map_err(scratch)?;
            let place = Place { target, at: self.end, bytes: bytes.len() };
            self.end += bytes.len() as u64;
            self.places.entry(excerpt.question).or_default().push(place);
        }
        Ok(())
    }

    /// What any targets were asked.
    pub(super) fn questions(&self) -> impl Iterator<Item = &Question> {
        self.places.keys()
    }

    /// By the place of the target in the manifest.
    pub(super) fn get(&self, question: &Question) -> Result<Vec<(usize, Excerpt)>, AggregatorError> {
        let read = |place: &Place| {
            let mut bytes = vec![0; place.bytes];
            self.file.read_exact_at(&mut bytes, place.at).map_err(scratch)?;
            Ok((place.target, serde_json::from_slice(&bytes).map_err(|error| scratch(error.into()))?))
        };
        self.places[question].iter().map(read).collect()
    }
}

fn scratch(source: io::Error) -> AggregatorError {
    AggregatorError::Scratch { place: std::env::temp_dir(), source }
}

//! Reads a suite with everything it refers to, and resolves it.

use std::path::{Path, PathBuf};

use antiphon_core::suite::Suite;
use antiphon_core::{Assets, Manifest, RunId, TargetCatalogue, resolve};

use crate::LoadError;

mod dataset;

pub use dataset::read_dataset;

/// Largest suite, document or data set that is read, in bytes: all of it is held in memory.
const LARGEST_FILE: u64 = 256 << 20;

/// A suite, read and resolved.
#[derive(Debug)]
pub struct Loaded {
    /// The suite as its user wrote it.
    pub text: String,
    /// What it comes to.
    pub manifest: Manifest,
    /// What is odd but no error.
    pub warnings: Vec<String>,
}

/// Reads the suite at `path`. Documents and data sets are looked for beside it.
///
/// # Errors
/// Names the file, and the line or field.
pub fn load_suite(path: &Path, catalogue: &TargetCatalogue, run: Option<RunId>) -> Result<Loaded, LoadError> {
    let text = read(path, None)?;
    let suite = Suite::parse(&text).map_err(|error| LoadError::Form { path: path.to_owned(), error })?;
    let assets = read_assets(path, &suite)?;
    let resolved = resolve(&text, &suite, catalogue, &assets, run)
        .map_err(|problems| LoadError::Meaning { path: path.to_owned(), problems })?;
    Ok(Loaded { text, manifest: resolved.manifest, warnings: resolved.warnings })
}

fn read_assets(suite_path: &Path, suite: &Suite) -> Result<Assets, LoadError> {
    let mut assets = Assets::default();
    for (index, probe) in suite.probes.iter().enumerate() {
        let named_by = || Some(format!("probes[{index}] of {}", suite_path.display()));
        if let Some(name) = &probe.document
            && !assets.documents.contains_key(name)
        {
            assets.documents.insert(name.clone(), read(&beside(suite_path, name), named_by())?);
        }
        if let Some(name) = &probe.from
            && !assets.datasets.contains_key(name)
        {
            let path = beside(suite_path, name);
            check_file(&path).map_err(|source| LoadError::Unreadable {
                path: path.clone(),
                named_by: named_by(),
                source,
            })?;
            assets.datasets.insert(name.clone(), read_dataset(&path)?);
        }
    }
    for name in
        suite.scoring.recall.iter().flat_map(|rules| std::iter::once(&rules.document).chain(&rules.editions))
    {
        if !assets.documents.contains_key(name) {
            let named_by = Some(format!("scoring.recall of {}", suite_path.display()));
            assets.documents.insert(name.clone(), read(&beside(suite_path, name), named_by)?);
        }
    }
    if let Some(name) = suite.scoring.clusters.as_ref().and_then(|clusters| clusters.file.as_ref()) {
        let hash = hash_file(&beside(suite_path, name)).map_err(|source| LoadError::Unreadable {
            path: beside(suite_path, name),
            named_by: Some(format!("scoring.clusters of {}", suite_path.display())),
            source,
        })?;
        assets.vectors.insert(name.clone(), hash);
    }
    Ok(assets)
}

/// BLAKE3 of a file of any size; it is not held in memory.
fn hash_file(path: &Path) -> std::io::Result<String> {
    let mut hasher = blake3::Hasher::new();
    if !std::fs::metadata(path)?.is_file() {
        return Err(std::io::Error::new(std::io::ErrorKind::InvalidInput, "it is not a regular file"));
    }
    std::io::copy(&mut std::fs::File::open(path)?, &mut hasher)?;
    Ok(hasher.finalize().to_hex().to_string())
}

fn beside(suite: &Path, name: &str) -> PathBuf {
    suite.parent().unwrap_or(Path::new(".")).join(name)
}

fn read(path: &Path, named_by: Option<String>) -> Result<String, LoadError> {
    check_file(path).and_then(|()| std::fs::read_to_string(path)).map_err(|source| LoadError::Unreadable {
        path: path.to_owned(),
        named_by,
        source,
    })
}

/// Refuses what is no file of a sane size: a device never ends.
fn check_file(path: &Path) -> std::io::Result<()> {
    let metadata = std::fs::metadata(path)?;
    let problem = |text: String| Err(std::io::Error::new(std::io::ErrorKind::InvalidInput, text));
    if !metadata.is_file() {
        return problem("it is not a regular file".to_owned());
    }
    if metadata.len() > LARGEST_FILE {
        return problem(format!(
            "it has {} MiB; at most {} are read",
            metadata.len() >> 20,
            LARGEST_FILE >> 20
        ));
    }
    Ok(())
}

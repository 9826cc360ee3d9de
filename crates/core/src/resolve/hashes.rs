//! What a run and its analysis are recognised by.

use crate::Scoring;
use crate::suite::Policy;

/// BLAKE3 of the analysis that is decided beforehand.
#[must_use]
pub fn analysis_hash(scoring: &Scoring, policy: Option<&Policy>) -> String {
    const RULES: &str = "ROUGE-L F1; exact labels; D1 intervals";
    match policy {
        None => hash_of(&(scoring, RULES)),
        Some(policy) => hash_of(&(scoring, RULES, policy)),
    }
}

pub(super) fn hash_of(value: &impl serde::Serialize) -> String {
    let json = serde_json::to_vec(value).expect("types of ours with string keys always serialise");
    blake3::hash(&json).to_hex().to_string()
}

//! What a probe gives to the model beside its question: a passage of a document, or of a text that grows.

use crate::{Cue, Probe, ProbeKind};

/// Bytes of a word and its white space, roughly.
const WORD: usize = 7;

/// What is given in a session.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Given<'a> {
    /// What it is to templates, and its text.
    pub(super) named: Option<(&'static str, &'a str)>,
    /// Whether it begins the model's answer.
    pub(super) prefill: bool,
    /// A question that is asked instead of the probe's own.
    pub(super) opening: Option<&'a String>,
}

impl<'a> Given<'a> {
    /// `passage` is that of a later step of a chain.
    pub(super) fn of(probe: &'a Probe, passage: Option<&'a str>) -> Self {
        let given = |name, text, prefill| Self { named: Some((name, text)), prefill, opening: None };
        match &probe.kind {
            ProbeKind::Recall(cut) => match &cut.cue {
                None => given("passage", cut.passage.as_str(), cut.prefill),
                Some(Cue::Heading(heading)) => given("heading", heading, false),
                Some(Cue::Topic(topic)) => given("topic", topic, false),
            },
            ProbeKind::Extract(chain) => match (passage, &chain.opening) {
                (Some(passage), _) => given("passage", passage, chain.prefill),
                (None, Some(question)) => Self { opening: Some(question), ..Self::default() },
                (None, None) => given("passage", &chain.seed, chain.prefill),
            },
            _ => Self::default(),
        }
    }
}

/// A text as long as the passages of a chain's later steps may become; `None` for other probes.
#[must_use]
pub fn longest_passage(probe: &Probe) -> Option<String> {
    let words = probe.chain()?.grow.window_words as usize;
    Some("a".repeat(WORD - 1).as_str()).map(|word| [word].repeat(words).join(" "))
}

//! A voice that knows a document by heart, and the chains that are grown from it.

use std::collections::BTreeSet;
use std::fmt::Write;

use antiphon_core::summary::Summary;
use antiphon_core::{Manifest, Round};
use antiphon_simulator::{SimulatorConfig, Voices};
use antiphon_tests::{Asked, Stage};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// The document, of words that nobody would guess.
pub(crate) fn document(words: usize) -> String {
    let mut random = ChaCha8Rng::seed_from_u64(7);
    let mut text = String::new();
    for place in 0..words {
        if place > 0 {
            text.push_str(if place % 97 == 0 {
                ".\n\n"
            } else if place % 13 == 0 {
                ". "
            } else {
                " "
            });
        }
        let syllables = random.random_range(2..4);
        for _ in 0..syllables {
            let syllable = ["ba", "den", "ki", "lor", "mu", "nes", "pra", "sti", "to", "vul"];
            text.push_str(syllable[random.random_range(0..syllable.len())]);
        }
    }
    text + "."
}

/// Words of the document.
pub(crate) const WORDS: usize = 6_000;

/// What the suite asks.
pub(crate) struct Chains {
    pub(crate) targets: &'static [&'static str],
    /// Words at which seeds end.
    pub(crate) cuts: Vec<u32>,
    pub(crate) users: u32,
    pub(crate) sessions: u32,
    /// The suite's `grow`.
    pub(crate) grow: &'static str,
    /// More of the probe.
    pub(crate) more: &'static str,
}

impl Chains {
    pub(crate) fn yaml(&self) -> String {
        let Self { targets, cuts, users, sessions, grow, more } = self;
        let mut yaml = String::from("version: 1\nname: grown\nseed: 5\ntargets:\n");
        for target in *targets {
            writeln!(yaml, "  - {{alias: {target}, max_tokens: 200}}").unwrap();
        }
        writeln!(yaml, "users:\n  draw: {users}\n  system_prompts: {{terse: Be brief., kind: Be kind.}}")
            .unwrap();
        writeln!(yaml, "sampling: {{sessions: {sessions}}}").unwrap();
        writeln!(
            yaml,
            "probes:\n  - id: chain\n    kind: extract\n    document: document.txt\n    cuts: {cuts:?}"
        )
        .unwrap();
        writeln!(yaml, "    passage_words: 20\n    grow: {grow}\n{more}").unwrap();
        yaml
    }
}

/// Two voices at a simulator: `alto` knows the document by heart and `bass` does not; both say 14 words a time.
pub(crate) async fn stage(chains: &Chains, alto: &str, bass: &str) -> Stage {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("document.txt"), document(WORDS)).unwrap();
    let voices =
        format!("voices:\n  - {{name: alto, seed: 1, {alto}}}\n  - {{name: bass, seed: 2, {bass}}}\n");
    let voices = Voices::from_yaml(&voices, folder.path()).unwrap();
    let stage = Stage::with(&Asked::new(1, 1, 1), SimulatorConfig::new(voices)).await;
    stage.write("document.txt", &document(WORDS));
    stage.write("suite.yaml", &chains.yaml());
    stage
}

pub(crate) fn summary(stage: &Stage, store: &str) -> Summary {
    serde_json::from_str(&stage.summary(store)).unwrap()
}

pub(crate) async fn plan(stage: &Stage, store: &str) -> (Manifest, Vec<Round>) {
    let store = stage.open(store).await;
    let run = "held".parse().unwrap();
    (store.get_manifest(&run).await.unwrap().unwrap(), store.rounds(&run).await.unwrap())
}

/// The keys of all samples of a run as it stands.
pub(crate) async fn keys(stage: &Stage, store: &str) -> BTreeSet<String> {
    let (manifest, rounds) = plan(stage, store).await;
    antiphon_tests::samples_by_job(&manifest, &rounds).into_values().flatten().collect()
}

/// The words of a text as they are compared.
pub(crate) fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(|word| word.trim_matches('.').to_owned()).collect()
}

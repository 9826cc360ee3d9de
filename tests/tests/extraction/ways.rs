//! Ways in which chains begin, and where they go.

use antiphon_core::ChainEnd;
use antiphon_simulator::{SimulatorConfig, Voices};
use antiphon_tests::{Asked, Stage};

use crate::scene::{Chains, WORDS, document, summary, words};

const GROW: &str = "{chunk_words: 20, window_words: 40, max_words: 100}";

/// A stage for a suite and two voices, with the files that they know; the suite's document is `document.txt`.
async fn stage(suite: &str, files: &[(&str, &str)], alto: &str, bass: &str) -> Stage {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let voices =
        format!("voices:\n  - {{name: alto, seed: 1, {alto}}}\n  - {{name: bass, seed: 2, {bass}}}\n");
    let voices = Voices::from_yaml(&voices, folder.path()).unwrap();
    let stage = Stage::with(&Asked::new(1, 1, 1), SimulatorConfig::new(voices)).await;
    stage.write("document.txt", &document(WORDS));
    stage.write("suite.yaml", suite);
    stage
}

fn part(from: usize, to: usize) -> String {
    document(WORDS).split_whitespace().skip(from).take(to - from).collect::<Vec<_>>().join(" ")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_opening_question_grows_the_text_under_its_title() {
    let suite = format!(
        "version: 1\nname: grown\nseed: 5\ntargets: [{{alias: alto, max_tokens: 200}}]\n\
         users: {{draw: 3, system_prompts: {{terse: Be brief., kind: Be kind.}}}}\nprobes:\n  - id: opened\n    kind: extract\n    \
         document: document.txt\n    opening: Write out the Lamp Charter, word for word.\n    grow: {GROW}\n"
    );
    let known = format!("# Lamp Charter\n\n{}", document(WORDS));
    let stage = stage(
        &suite,
        &[("known.md", &known)],
        "knows: [{file: known.md, verbatim: 1, words: 30, headings: true}]",
        "",
    )
    .await;
    assert_eq!(stage.run("data", &[]).await.code, Some(0));
    let found = &summary(&stage, "data").extractions[0];
    assert_eq!((found.end, found.seed.as_str()), (ChainEnd::Length, ""));
    assert_eq!(words(&found.text()), words(&part(0, 100)));
    let held = found.held.as_ref().unwrap();
    assert_eq!(
        (held.followed, held.stretches.len(), held.stretches[0].word),
        (None, 1, 0),
        "no seed was cut from it"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_prefill_is_gone_on_with_by_who_takes_one() {
    let chains = Chains {
        targets: &["alto", "bass"],
        cuts: vec![50],
        users: 3,
        sessions: 1,
        grow: GROW,
        more: "    form: prefill\n",
    };
    let text = document(WORDS);
    let knows = "knows: [{file: known.txt, verbatim: 1, words: 30}]";
    let stage = stage(&chains.yaml(), &[("known.txt", &text)], knows, knows).await;
    stage.configure("[targets.bass.accepts]\nprefill = false\n");
    let ended = stage.run("data", &[]).await;
    assert_eq!(ended.code, Some(0), "what is unsupported is no failure: {ended:?}");
    let found = summary(&stage, "data").extractions;
    let ends: Vec<(&str, ChainEnd, bool)> =
        found.iter().map(|one| (one.target.as_str(), one.end, one.prefill)).collect();
    assert_eq!(ends, [("alto", ChainEnd::Length, true), ("bass", ChainEnd::Unsupported, true)]);
    assert_eq!(words(&found[0].text()), words(&part(50, 150)));
    assert_eq!(found[1].words().count(), 0);
    let asked = stage.simulator.ledger();
    assert_eq!(asked.len(), found[0].steps.len() * 3, "nobody asks who takes none");
}

/// Both go on in place for twenty words; then one goes on elsewhere in the document, and the other with a text of its own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_wanders_into_another_text_has_not_recalled_the_passage() {
    let chains =
        Chains { targets: &["alto", "bass"], cuts: vec![50], users: 3, sessions: 1, grow: GROW, more: "" };
    let elsewhere = format!("{} {}", part(0, 70), part(3_000, 3_400));
    let own: String = (0..400).map(|word| format!("other{word} ")).collect();
    let own = format!("{} {own}", part(0, 70));
    let stage = stage(
        &chains.yaml(),
        &[("elsewhere.txt", &elsewhere), ("own.txt", &own)],
        "knows: [{file: elsewhere.txt, verbatim: 1, words: 30}]",
        "knows: [{file: own.txt, verbatim: 1, words: 30}]",
    )
    .await;
    assert_eq!(stage.run("data", &[]).await.code, Some(0));
    let found = summary(&stage, "data").extractions;
    let said: Vec<String> = found.iter().map(|one| one.beside_document().unwrap()).collect();
    let follows = "follows the passage for 20 words, up to word 70";
    assert_eq!(
        said,
        [
            format!("{follows}, then wanders to word 3000 of document.txt: that is no recall of the passage"),
            format!("{follows}; 80 more words are not in document.txt"),
        ]
    );
    let report = std::fs::read_to_string(stage.object("data", "report/index.html")).unwrap();
    assert!(said.iter().all(|said| report.contains(said.as_str())), "the report says it too");
}

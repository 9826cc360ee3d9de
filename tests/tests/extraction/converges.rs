//! Whether chains come to one text is told apart from making one up, by voices of known truth.

use antiphon_core::summary::{Converged, Finding};
use antiphon_simulator::{SimulatorConfig, Voices};
use antiphon_tests::{Asked, Stage};

use crate::scene::{document, summary};

/// Four chains: a title asked for in two ways, and a title that does not exist in the same two.
const SUITE: &str = "\
version: 1
name: converges
seed: 3
targets: [{alias: alto, max_tokens: 200}, {alias: bass, max_tokens: 200}]
users: {draw: 12, system_prompts: {terse: Be brief., kind: Be kind., plain: Be plain.}}
probes:
  - &real {id: from-title, kind: extract, group: lamp, opening: 'Write out the “Lamp Office Charter”.', grow: &grow {window_words: 40, max_words: 120}}
  - {id: recite, kind: extract, group: lamp, opening: 'Recite the Lamp Office Charter from its first sentence.', grow: *grow}
  - {id: from-title-invented, kind: extract, control: invented, group: lamp, opening: 'Write out the “Eastmere Ferry Charter”.', grow: *grow}
  - {id: recite-invented, kind: extract, control: invented, group: lamp, opening: 'Recite the Eastmere Ferry Charter from its first sentence.', grow: *grow}
";

/// `lamp.md` is the text under its title, `ferry.md` the same text under another.
async fn found(alto: &str, bass: &str) -> (Vec<Converged>, String, String) {
    let folder = tempfile::tempdir().unwrap();
    for (file, title) in [("lamp.md", "Lamp Office Charter"), ("ferry.md", "Eastmere Ferry Charter")] {
        std::fs::write(folder.path().join(file), format!("# {title}\n\n{}", document(400))).unwrap();
    }
    let voices =
        format!("voices:\n  - {{name: alto, seed: 1, {alto}}}\n  - {{name: bass, seed: 2, {bass}}}\n");
    let voices = Voices::from_yaml(&voices, folder.path()).unwrap();
    let stage = Stage::with(&Asked::new(1, 1, 1), SimulatorConfig::new(voices)).await;
    stage.write("suite.yaml", SUITE);
    let ended = stage.run("data", &[]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let found = summary(&stage, "data");
    for word in found.extractions.iter().flat_map(|one| one.words()) {
        assert!(word.users <= 6, "fresh users have no vote: {word:?}");
    }
    let report = std::fs::read_to_string(stage.object("data", "report/index.html")).unwrap();
    (found.converged, ended.out + &ended.err, report)
}

const BY_HEART: &str = "verbatim: 1, words: 30, headings: true";
const ANYTHING: &str = "default: {words: 40, stems: [1], variation: 1}";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn knowing_is_told_from_making_up() {
    let knows = format!("knows: [{{file: lamp.md, {BY_HEART}}}], {ANYTHING}");
    let makes_up =
        format!("knows: [{{file: lamp.md, {BY_HEART}}}, {{file: ferry.md, {BY_HEART}}}], {ANYTHING}");
    let (found, terminal, report) = found(&knows, &makes_up).await;
    let findings: Vec<(&str, Option<Finding>)> =
        found.iter().map(|one| (one.target.as_str(), one.finding)).collect();
    assert_eq!(findings, [("alto", Some(Finding::Converge)), ("bass", Some(Finding::MadeUp))], "{found:#?}");
    for one in &found {
        assert_eq!((one.users, one.chains.probes.len(), one.invented.probes.len()), (6, 2, 2));
        assert!(one.chains.share.value > Some(0.9), "{one:?}");
        assert!(one.difference.low <= one.difference.value && one.difference.value <= one.difference.high);
        assert!(report.contains(&one.sentence().replace('&', "&amp;")), "{report}");
    }
    assert!(
        terminal.contains("convergence: alto, lamp: the chains come to one text, beyond what is made up"),
        "{terminal}"
    );
    assert!(terminal.contains("a text for an invented title is made up as consistently"), "{terminal}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn saying_something_else_each_time_is_no_text() {
    let (found, ..) = found(ANYTHING, ANYTHING).await;
    let findings: Vec<Option<Finding>> = found.iter().map(|one| one.finding).collect();
    assert_eq!(findings, [Some(Finding::Scattered); 2], "{found:#?}");
    assert!(found.iter().all(|one| one.chains.share.value < Some(0.1)));
}

//! Chains over a fleet: workers read nothing but rounds, and the text is that of one process.

use antiphon_core::summary::Summary;
use antiphon_tests::{Asked, Fleet, FleetKind, Ground, Stage, same_summary};

/// A question with a vote, and chains of both voices.
const SUITE: &str = "\
version: 1
name: grown
seed: 5
targets: [{alias: alto, max_tokens: 200}, {alias: bass, max_tokens: 200}]
users: {draw: 6, system_prompts: {terse: Be brief., kind: Be kind., plain: Be plain.}}
sampling: {sessions: 2}
probes:
  - {id: passage, kind: extract, passage: 'We hold that a model should say what it knows.', grow: &grow {agree: 0.4, chunk_words: 5, max_steps: 6}}
  - {id: opening, kind: extract, opening: 'How does the charter begin?', grow: *grow}
";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fleet_grows_the_text_that_one_process_grows() {
    let asked = Asked::new(1, 1, 1);
    let fleet = Fleet::start(FleetKind::new(asked.clone(), 3, Ground::shared().await)).await;
    fleet.stage.write("suite.yaml", SUITE);
    fleet.submit().await;
    fleet.wait_done().await;
    let summary = fleet.sum_up().await;
    let found: Summary = serde_json::from_str(&summary).unwrap();
    assert_eq!(found.extractions.len(), 4);
    let steps: Vec<usize> = found.extractions.iter().map(|one| one.steps.len()).collect();
    assert!(steps.iter().sum::<usize>() > 8, "chains have steps: {steps:?}");
    assert!(found.extractions.iter().any(|one| one.words().count() > 10));
    let alone = Stage::new(&asked).await;
    alone.write("suite.yaml", SUITE);
    assert_eq!(alone.run("data", &[]).await.code, Some(0));
    same_summary(&summary, &alone.summary("data"));
}

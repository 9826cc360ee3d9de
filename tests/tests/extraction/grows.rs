//! What chains grow.

use antiphon_core::{ChainEnd, RoundKind};
use antiphon_tests::audit;

use crate::scene::{Chains, WORDS, document, keys, plan, stage, summary, words};

const BY_HEART: &str = "knows: [{file: document.txt, verbatim: 1, words: 30}]";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_voice_that_knows_the_document_says_all_of_it() {
    let grow = "{chunk_words: 20, window_words: 40, max_steps: 40, max_words: 300}";
    let chains =
        Chains { targets: &["alto", "bass"], cuts: vec![50, 3_000], users: 3, sessions: 2, grow, more: "" };
    let stage = stage(&chains, BY_HEART, "default: {words: 40, stems: [1, 1, 1], variation: 0.5}").await;
    let ended = stage.run("data", &[]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let found = summary(&stage, "data");
    let document = words(&document(WORDS));
    let mut ends = Vec::new();
    for extraction in &found.extractions {
        ends.push((extraction.target.as_str(), extraction.end));
        if extraction.target.as_str() == "alto" {
            let from = extraction.document.as_ref().unwrap().word.unwrap() as usize;
            assert_eq!(words(&extraction.text()), document[from..from + 300], "{}", extraction.probe);
            assert!(extraction.words().all(|word| (word.samples, word.users) == (6, 3)));
            assert!(extraction.text().contains(".\n\n"), "line breaks are kept");
        }
    }
    let (length, none) = (ChainEnd::Length, ChainEnd::NoAgreement);
    assert_eq!(ends, [("alto", length), ("bass", none), ("alto", length), ("bass", none)]);
    assert!(found.completeness.complete);
    assert_eq!(found.sampling.sessions, 2, "steps are no sessions more of the same");
    for cell in &found.cells {
        assert!(cell.headline().is_none() && cell.rates.refused.value.is_none(), "{cell:?}");
        assert_eq!(cell.certificate.planned % 6, 0);
    }
    assert!(found.gaps.is_empty());
    let (_, rounds) = plan(&stage, "data").await;
    assert!(rounds[1..].iter().all(|round| matches!(round.kind, RoundKind::Extraction(_))), "{rounds:?}");
    // Every step is asked in fresh sessions, and every one of them once.
    let planned = keys(&stage, "data").await;
    let ledger = stage.simulator.ledger();
    assert_eq!(audit(&planned, &stage.stored("data").await, &ledger), 0);
    assert_eq!(ledger.len(), planned.len());
    // A run that has ended asks nothing more.
    assert_eq!(stage.run("data", &[]).await.code, Some(0));
    assert_eq!(stage.simulator.ledger().len(), planned.len());
}

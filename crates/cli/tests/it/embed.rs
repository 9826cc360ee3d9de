//! Clusters by embeddings: from the suite to the report, by a model and by a file of word vectors.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;

use antiphon_core::summary::{Clusters, InMeaning, Summary};

use crate::desk::{Desk, SIMULATOR, repository};

/// A run of the small suite that compares by embeddings; gives its name.
fn run(desk: &Desk, clusters: &str) -> String {
    desk.edit("antiphon.toml", "[targets.voice]", &format!(
        "[providers.vectors]\napi = \"openai\"\nbase_url = \"{}/v1\"\nkey_env = \"SIM_KEY\"\n\n[pools.vectors]\nrequests_per_minute = 600\n\n\
         [targets.embedder]\nprovider = \"vectors\"\nmodel = \"steady\"\n\n[targets.voice]",
        *SIMULATOR
    ));
    let suite = fs::read_to_string(desk.path("suite.yaml")).unwrap();
    desk.write("suite.yaml", format!("{suite}scoring: {{clusters: {clusters}}}\n"));
    desk.good("run suite.yaml");
    let found = fs::read_dir(desk.path("antiphon-data/runs")).unwrap().next().unwrap().unwrap();
    found.file_name().into_string().unwrap()
}

fn clusters(desk: &Desk, run: &str) -> Vec<Clusters> {
    let text =
        fs::read_to_string(desk.path(&format!("antiphon-data/runs/{run}/summary/summary.json"))).unwrap();
    let summary: Summary = serde_json::from_str(&text).unwrap();
    let found: Vec<Clusters> = summary.cells.into_iter().flat_map(|cell| cell.clusters).collect();
    assert_eq!(found.len(), 2, "one for each probe");
    found
}

/// Embeds, and sums up again.
fn embed(desk: &Desk, run: &str, more: &str) -> String {
    let said = desk.good(&format!("embed {run} {more}"));
    desk.good(&format!("report {run}"));
    said
}

#[test]
fn by_a_model_once_and_only_once() {
    let desk = Desk::new();
    let run = run(&desk, "{by: embedding, target: embedder, threshold: 0.999}");
    for missing in clusters(&desk, &run) {
        let note = missing.note.unwrap();
        assert!(missing.found.is_none() && note.contains(&format!("run `antiphon embed {run}`")), "{note}");
    }
    assert!(embed(&desk, &run, "").contains("have vectors now"));
    for with in clusters(&desk, &run) {
        let found = with.found.unwrap();
        assert!(found.count >= 1 && !found.largest.is_empty(), "{found:?}");
        assert_eq!(found.largest.iter().map(|cluster| cluster.answers).sum::<u64>(), found.answers);
    }
    assert!(embed(&desk, &run, "").starts_with("0 texts have vectors now"), "nothing is asked twice");
    let wrong = desk.run(&format!("embed {run} --file words.vec"));
    assert!(wrong.code != 0 && wrong.err.contains("leave --file out"), "{}", wrong.err);
}

#[test]
fn by_a_file_of_word_vectors() {
    let desk = Desk::new();
    desk.write("words.vec", "i 1 0\na 0 1\n");
    let run = run(&desk, "{by: embedding, file: words.vec}");
    embed(&desk, &run, "");
    assert!(clusters(&desk, &run).iter().all(|clusters| clusters.found.is_some()));
    // Another file than the one that the suite was resolved with.
    desk.write("words.vec", "i 1 0\na 0 2\n");
    let wrong = desk.run(&format!("embed {run}"));
    assert!(wrong.code != 0 && wrong.err.contains("it is another file"), "{}", wrong.err);
    fs::remove_file(desk.path("words.vec")).unwrap();
    let gone = desk.run(&format!("embed {run}"));
    assert!(gone.code != 0 && gone.err.contains("words.vec"), "{}", gone.err);
}

/// The voice knows the demo's document nearly by heart. Each word has a vector of its own, so that only sentences of the same words are alike.
#[test]
fn what_is_said_of_a_document_in_meaning() {
    let desk = Desk::new();
    let document = fs::read_to_string(repository().join("configs/demo-document.md")).unwrap();
    let lower = document.to_lowercase();
    let words: BTreeSet<&str> =
        lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let mut vectors = String::new();
    let mut state = 1_u64;
    for word in words {
        let _ = write!(vectors, "{word}");
        for _ in 0..24 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let _ = write!(vectors, " {}", i64::try_from(state >> 54).unwrap() - 512);
        }
        vectors.push('\n');
    }
    desk.write("words.vec", vectors);
    desk.write("charter.md", &document);
    desk.edit(
        "suite.yaml",
        "probes:\n",
        "probes:\n  - {id: charter, kind: recall, document: charter.md, cuts: [300, 500]}\n",
    );
    let meanings = |run: &str| -> Vec<InMeaning> {
        let text = fs::read_to_string(desk.path(&format!("antiphon-data/runs/{run}/summary/summary.json")));
        let summary: Summary = serde_json::from_str(&text.unwrap()).unwrap();
        let cells = summary.cells.into_iter().filter_map(|cell| cell.recall?.comes_back?.meaning);
        cells.collect()
    };
    let run = run(&desk, "{by: embedding, file: words.vec, threshold: 0.9}");
    let missing = meanings(&run);
    assert_eq!(missing.len(), 2);
    for meaning in missing {
        let note = meaning.share.note.unwrap();
        assert!(
            meaning.share.value.is_none() && note.contains(&format!("run `antiphon embed {run}`")),
            "{note}"
        );
    }
    embed(&desk, &run, "");
    for meaning in meanings(&run) {
        assert!(meaning.share.value > Some(0.6), "{meaning:?}");
        assert!(meaning.verbatim_index.value > Some(0.6), "{meaning:?}");
        assert!(
            meaning.alike.contains("a cosine of 0.9 or more between mean word vectors of words.vec"),
            "{meaning:?}"
        );
    }
}

#[test]
fn a_run_that_asks_for_none_is_told_so() {
    let desk = Desk::new();
    desk.good("run suite.yaml");
    let found = fs::read_dir(desk.path("antiphon-data/runs")).unwrap().next().unwrap().unwrap();
    let done = desk.run(&format!("embed {}", found.file_name().into_string().unwrap()));
    assert!(
        done.code == 2 && done.err.contains("does not compare by embeddings"),
        "{} {}",
        done.code,
        done.err
    );
}

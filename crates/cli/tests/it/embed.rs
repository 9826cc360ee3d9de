//! Clusters by embeddings: from the suite to the report, by a model and by a file of word vectors.

use std::fs;

use antiphon_core::summary::{Clusters, Summary};

use crate::desk::{Desk, SIMULATOR};

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
    assert!(embed(&desk, &run, "").starts_with("0 answers have vectors now"), "nothing is asked twice");
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

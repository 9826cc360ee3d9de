//! What is done with texts that were grown: they are written out, sealed, and held against the seal.

use std::path::PathBuf;

use antiphon_tests::{Ended, Stage};

use crate::scene::{Chains, WORDS, document, stage, words};

const BY_HEART: &str = "knows: [{file: document.txt, verbatim: 1, words: 30}]";

/// A run of two chains of 60 words.
async fn grown() -> Stage {
    let grow = "{chunk_words: 20, window_words: 40, max_words: 60}";
    let chains = Chains { targets: &["alto"], cuts: vec![50, 900], users: 3, sessions: 1, grow, more: "" };
    let stage = stage(&chains, BY_HEART, "").await;
    assert_eq!(stage.run("data", &[]).await.code, Some(0));
    stage
}

async fn antiphon(stage: &Stage, line: &str) -> Ended {
    stage.start("data", &line.split(' ').collect::<Vec<_>>()).output().await
}

/// The records of a chain's steps.
fn records(stage: &Stage, chain: &str) -> Vec<PathBuf> {
    let folder = stage.object("data", &format!("extractions/alto/{chain}"));
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    files
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn texts_are_written_to_files_that_nothing_overwrites() {
    let stage = grown().await;
    let document = words(&document(WORDS));
    let printed = antiphon(&stage, "extracted held").await;
    assert!(
        printed.out.contains("── chain@w50 · alto · 60 words · it ended because it has as many words"),
        "{printed:?}"
    );
    // What was given is marked, and nothing else is.
    let (_, first) = printed.out.split_once('\n').unwrap();
    let (marked, _) = first.split_once("── ").unwrap();
    let (given, said) = marked.strip_prefix("[given: ").and_then(|text| text.split_once(']')).unwrap();
    assert_eq!(words(given), document[30..50], "{marked}");
    assert_eq!(words(said), document[50..110], "{marked}");
    let written = antiphon(&stage, "extracted held --out texts").await;
    assert_eq!((written.code, written.out.lines().count()), (Some(0), 2), "{written:?}");
    assert!(written.err.contains("each text begins with what was given"), "{written:?}");
    let file = stage.folder().join("texts/alto.chain@w50.txt");
    let text = std::fs::read_to_string(&file).unwrap();
    assert_eq!(words(&text), document[30..110], "the seed of 20 words, and all that was grown");
    std::fs::write(&file, "mine").unwrap();
    let again = antiphon(&stage, "extracted held --out texts").await;
    assert_eq!(again.code, Some(2), "{again:?}");
    assert!(again.err.contains("alto.chain@w50.txt is there already; --force overwrites it"), "{again:?}");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "mine");
    assert_eq!(antiphon(&stage, "extracted held --out texts --force").await.code, Some(0));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
    let json = antiphon(&stage, "extracted held --json").await;
    let json: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!(words(json[0]["given"].as_str().unwrap()), document[30..50]);
    assert_eq!(words(json[0]["text"].as_str().unwrap()), document[30..110]);
    assert_eq!(
        (json[1]["probe"].as_str(), json[1]["words"].as_u64()),
        (Some("chain@w900"), Some(60)),
        "{json}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_seal_stands_and_names_what_is_no_longer_as_it_was() {
    let stage = grown().await;
    let unsealed = antiphon(&stage, "seal held --verify").await;
    assert_eq!(unsealed.code, Some(2));
    assert!(unsealed.err.contains("run held is not sealed"), "{unsealed:?}");
    let sealed = antiphon(&stage, "seal held").await;
    assert_eq!(sealed.code, Some(0), "{sealed:?}");
    let again = antiphon(&stage, "seal held").await;
    assert_eq!((again.code, &again.out), (Some(0), &sealed.out), "it is never replaced");
    assert_eq!(antiphon(&stage, "seal held --verify").await.code, Some(0));

    let files = records(&stage, "chain@w50");
    let (file, was) = (&files[1], std::fs::read_to_string(&files[1]).unwrap());
    let name = |file: &PathBuf| file.file_name().unwrap().to_str().unwrap().to_owned();
    let broken = async |what: &str| {
        let found = antiphon(&stage, "seal held --verify").await;
        assert_eq!(found.code, Some(2), "{found:?}");
        let key = format!("runs/held/extractions/alto/chain@w50/{}", name(file));
        assert!(found.err.contains(&format!("{key} {what}")), "{found:?}");
        assert!(!found.err.contains(&name(&files[0])), "only that is named: {found:?}");
    };
    std::fs::write(file, was.replacen("\"samples\": 3", "\"samples\": 2", 1)).unwrap();
    assert_ne!(std::fs::read_to_string(file).unwrap(), was, "it was tampered with");
    broken("is not what was sealed").await;
    std::fs::remove_file(file).unwrap();
    broken("is gone").await;
    std::fs::write(file, &was).unwrap();
    assert_eq!(antiphon(&stage, "seal held --verify").await.code, Some(0));

    let late = file.with_file_name("999.json");
    std::fs::write(&late, &was).unwrap();
    let found = antiphon(&stage, "seal held --verify").await;
    assert!(found.err.contains("chain@w50/999.json came later"), "{found:?}");
    std::fs::remove_file(&late).unwrap();
    let seal = stage.object("data", "seal.json");
    let text = std::fs::read_to_string(&seal).unwrap();
    let year = text.find("\"at\": \"").unwrap() + 7;
    std::fs::write(&seal, format!("{}1999{}", &text[..year], &text[year + 4..])).unwrap();
    let found = antiphon(&stage, "seal held --verify").await;
    assert_eq!(found.code, Some(2), "another date is another seal");
    assert!(found.err.contains("the seal itself was changed"), "{found:?}");
}

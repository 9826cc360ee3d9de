//! What the documents say is held against the code: links lead somewhere, examples are read, commands are there, and so are the tests
//! that ARCHITECTURE.md calls its witnesses. Where the prose itself is wrong, only a reader sees it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use antiphon_core::suite::Suite;
use antiphon_core::{Assets, Card, CatalogueTarget, Provider, TargetCatalogue, resolve};
use antiphon_simulator::Voices;
use antiphon_tests::Program;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// README, ARCHITECTURE, CHANGELOG and everything in `docs`, relative to the root.
fn documents() -> Vec<String> {
    let mut found = Vec::new();
    for folder in ["", "docs", "docs/decisions"] {
        for entry in fs::read_dir(root().join(folder)).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            if name.ends_with(".md") {
                found.push(Path::new(folder).join(name).display().to_string());
            }
        }
    }
    assert!(found.len() > 10, "the documents have moved: {found:?}");
    found
}

/// Targets of links with the byte at which each begins.
fn links(text: &str) -> Vec<(usize, &str)> {
    text.match_indices("](")
        .filter_map(|(at, mark)| Some((at, text[at + mark.len()..].split_once(')')?.0)))
        .collect()
}

/// The bodies of code blocks with this info string.
fn blocks<'a>(text: &'a str, info: &str) -> Vec<&'a str> {
    let open = format!("```{info}\n");
    text.split(&open).skip(1).map(|rest| rest.split("\n```").next().unwrap()).collect()
}

#[test]
fn every_relative_link_leads_somewhere() {
    for document in documents() {
        let text = read(&document);
        let folder = root().join(&document).parent().unwrap().to_owned();
        for (_, link) in links(&text) {
            let path = link.split('#').next().unwrap();
            let elsewhere = link.contains("://") || path.is_empty();
            assert!(
                elsewhere || folder.join(path).exists(),
                "{document} links to {link}, which is not there"
            );
        }
    }
}

/// The target of the examples.
fn catalogue() -> TargetCatalogue {
    let mut catalogue = TargetCatalogue::default();
    let claude = CatalogueTarget {
        provider: Provider::Anthropic,
        provider_name: "anthropic".to_owned(),
        dialect: None,
        model: "m".to_owned(),
        card: Card::default(),
        price: None,
        pool: "p".parse().unwrap(),
    };
    catalogue.targets.insert("claude".to_owned(), claude);
    catalogue
}

#[test]
fn every_suite_is_right() {
    let text = ["docs/suite.md", "docs/extraction.md"].map(read).concat();
    let suites = blocks(&text, "yaml suite");
    assert!(suites.len() >= 4, "the examples are no longer marked `yaml suite`");
    let catalogue = catalogue();
    for yaml in suites {
        let suite = Suite::parse(yaml).unwrap_or_else(|error| panic!("{error} in\n{yaml}"));
        if let Err(problems) = resolve(yaml, &suite, &catalogue, &Assets::default(), None) {
            panic!("{problems:?} in\n{yaml}");
        }
    }
}

#[test]
fn the_example_of_extraction_is_right() {
    let loaded =
        antiphon_coordinator::load_suite(&root().join("configs/extract.suite.yaml"), &catalogue(), None);
    let manifest = loaded.unwrap().manifest;
    assert_eq!(manifest.probes.len(), 13);
    assert!(manifest.scoring.convergence.is_some(), "an invented title is there to compare with");
    assert_eq!(manifest.documents.len(), 1, "the document is held once");
}

#[test]
fn every_voices_file_is_right() {
    let text = read("docs/simulator.md");
    let files = blocks(&text, "yaml voices");
    assert_eq!(files.len(), 1);
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("charter.md"), read("configs/demo-document.md")).unwrap();
    Voices::from_yaml(files[0], folder.path()).unwrap();
}

#[tokio::test]
async fn the_readme_lists_the_commands_that_there_are() {
    let help = Program::start(Program::command().arg("--help")).output().await.out;
    let listed = help.split("Commands:\n").nth(1).unwrap().split("\n\n").next().unwrap();
    let there: BTreeSet<&str> = listed
        .lines()
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|command| *command != "help")
        .collect();
    let readme = read("README.md");
    let told: BTreeSet<&str> = readme
        .lines()
        .filter_map(|line| line.strip_prefix("| `antiphon "))
        .map(|rest| rest.split([' ', '`']).next().unwrap())
        .collect();
    assert_eq!(told, there);
}

#[test]
fn every_witness_of_an_invariant_is_there() {
    let text = read("ARCHITECTURE.md").replace('\n', " ");
    let mut witnesses = 0;
    for invariant in text.split("**Invariant:**").skip(1) {
        let invariant = invariant.split(" ##").next().unwrap();
        let mut from = 0;
        for (at, link) in links(invariant) {
            for name in test_names(&invariant[from..at]) {
                let code = read(link);
                assert!(code.contains(&format!("fn {name}(")), "{link} has no test {name}");
                witnesses += 1;
            }
            from = at;
        }
    }
    assert!(witnesses > 25, "only {witnesses} witnesses were found");
}

/// Names in backquotes that can only be those of tests: several words.
fn test_names(text: &str) -> impl Iterator<Item = &str> {
    let is_test = |name: &&str| {
        name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_') && name.contains('_')
    };
    text.split('`').skip(1).step_by(2).filter(is_test)
}

//! One run of the real program over one document: suite by `antiphon recall new`, answers over HTTP, verdicts from the summary.

use std::path::Path;
use std::process::Stdio;

use antiphon_core::summary::{DocumentVerdict, Summary};
use antiphon_simulator::{RecallTruth, Simulator, SimulatorConfig, Voices};

use super::documents::Document;
use super::kinds::Kind;
use crate::Program;

/// How much is asked for one verdict; stated before anything is asked.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// Places in the document; further ways to ask and controls have a quarter of them, or 8.
    pub cuts: usize,
    /// Users drawn.
    pub users: u32,
    /// Words of passages, as `--passage-words` takes them.
    pub passages: &'static str,
}

/// A document, and the voices that are asked about it together.
#[derive(Clone, Copy, Debug)]
pub struct Case<'a> {
    /// Number of the style, counted round.
    pub style: usize,
    /// Words of the document, about.
    pub words: usize,
    /// Seed of everything.
    pub seed: u64,
    /// Kinds of voices with their degrees; the other voices are siblings of each.
    pub voices: &'a [(&'a Kind, usize)],
}

/// What the program said of one voice.
#[derive(Debug)]
pub struct Judged {
    /// The number of the voice in its case.
    pub voice: usize,
    /// The verdict.
    pub verdict: DocumentVerdict,
    /// What the voice states of the document, if it knows it.
    pub truth: Option<RecallTruth>,
}

impl Case<'_> {
    /// The name of the document's style.
    #[must_use]
    pub fn style(&self) -> &'static str {
        Document::new(self.style, self.seed, 0).style()
    }

    /// Asks, and gives the verdicts in the order of the voices.
    ///
    /// # Panics
    /// If a command fails, or says something else than it should.
    pub async fn judge(&self, effort: Effort) -> Vec<Judged> {
        let folder = tempfile::tempdir().expect("there is room for a folder");
        let at = |name: &str| folder.path().join(name);
        let write =
            |name: &str, text: &str| std::fs::write(at(name), text).expect("the folder can be written");
        let document = Document::new(self.style, self.seed, self.words);
        write("document.md", &document.text());
        write("edition.md", &document.edition().text());
        write("other.md", &Document::new(self.style, !self.seed, self.words).text());
        let names: Vec<String> = (0..self.voices.len()).map(|number| format!("voice-{number}")).collect();
        let targets: String = names
            .iter()
            .map(|name| format!("[targets.{name}]\nprovider = \"sim\"\nmodel = \"{name}\"\npool = \"sim\"\n"))
            .collect();
        write("antiphon.toml", &targets);
        let (cuts, users, seed) =
            (effort.cuts.to_string(), effort.users.to_string(), (self.seed % 1_000_000).to_string());
        let asked = names.join(",");
        let provider = |url: &str| {
            format!(
                "[providers.sim]\napi = \"anthropic\"\nbase_url = \"{url}\"\nsend_sample_key = true\n\
                 [pools.sim]\nconcurrency = 32\n{targets}"
            )
        };
        write("antiphon.toml", &provider("http://127.0.0.1:1"));
        let new = [
            "recall",
            "new",
            "--document",
            "document.md",
            "--other",
            "other.md",
            "--edition",
            "edition.md",
            "--targets",
            &asked,
            "--out",
            "suite.yaml",
            "--cuts",
            &cuts,
            "--users",
            &users,
            "--passage-words",
            effort.passages,
            "--seed",
            &seed,
        ];
        antiphon(folder.path(), &new).await;

        let mut voices = String::from("voices:\n");
        for ((number, name), (kind, degree)) in names.iter().enumerate().zip(self.voices) {
            let seed = self.seed.wrapping_mul(1000).wrapping_add(number as u64) % 1_000_000_000;
            voices += &kind.voice(name, seed, *degree);
        }
        let voices = Voices::from_yaml(&voices, folder.path()).expect("the voices are well formed");
        let simulator = Simulator::start(SimulatorConfig::new(voices), ([127, 0, 0, 1], 0).into());
        let simulator = simulator.await.expect("there is a free port");
        write("antiphon.toml", &provider(&simulator.base_url()));
        antiphon(folder.path(), &["run", "suite.yaml", "--run", "asked", "--store", "store", "--yes"]).await;

        let summary =
            std::fs::read(at("store/runs/asked/summary/summary.json")).expect("the run has been summed up");
        let summary: Summary = serde_json::from_slice(&summary).expect("it is a summary");
        assert!(summary.completeness.complete, "every planned sample is there");
        let judged = names.iter().enumerate().map(|(voice, name)| {
            let verdict = summary.verdicts.iter().find(|verdict| verdict.target.as_str() == name);
            let verdict = verdict.unwrap_or_else(|| panic!("{name} has no verdict")).clone();
            let truth = simulator.voices().voice(name).and_then(|voice| voice.recall_truth("document.md"));
            // What it knows comes back in no answer.
            let truth = truth.filter(|_| !self.voices[voice].0.refuses);
            Judged { voice, verdict, truth }
        });
        let judged = judged.collect();
        simulator.stop().await;
        judged
    }
}

/// Runs the program to its end, however long that takes.
async fn antiphon(folder: &Path, arguments: &[&str]) {
    let mut command = Program::command();
    command.current_dir(folder).args(arguments).args(["--config", "antiphon.toml"]).stdout(Stdio::null());
    let output = command.output().await.expect("the program can be started");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {}\n{said}", output.status);
}

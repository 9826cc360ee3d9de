//! `antiphon extracted`: the texts that chains of a run have grown, as text.

use std::path::Path;

use antiphon_core::{Grown, Manifest, Probe, Target};
use antiphon_store::Store;
use anyhow::Context;
use serde::Serialize;

use super::export::write;
use super::open_store;
use crate::args::{Arguments, ExtractedArguments};
use crate::exit::Exit;
use crate::money::counted;
use crate::output::{Output, Usage};

/// The text of a chain.
#[derive(Serialize)]
struct Text<'a> {
    target: &'a str,
    probe: &'a str,
    steps: usize,
    words: usize,
    /// Why it ended; absent where it goes on.
    #[serde(skip_serializing_if = "Option::is_none")]
    ended: Option<&'static str>,
    /// What the first step was given. The text begins with it, and nobody has said it; empty where a question was asked.
    given: &'a str,
    text: String,
}

impl Text<'_> {
    /// The text for people, with what was given marked.
    fn marked(&self) -> String {
        match self.text.strip_prefix(self.given) {
            Some(grown) if !self.given.is_empty() => format!("[given: {}]{grown}", self.given),
            _ => self.text.clone(),
        }
    }
}

pub(crate) async fn run(
    arguments: &Arguments,
    extracted: &ExtractedArguments,
    output: &Output,
) -> anyhow::Result<Exit> {
    let (store, _) = open_store::holding(arguments, &extracted.run).await?;
    let run = &extracted.run;
    let manifest = store.get_manifest(run).await?.with_context(|| format!("no run {run}"))?;
    let texts = texts(&store, &manifest).await?;
    if texts.is_empty() {
        let why = format!(
            "run {run} has grown no text; only `extract` probes do, once a step of theirs has been answered"
        );
        return Err(Usage(why).into());
    }
    match &extracted.out {
        Some(folder) => write_all(folder, &texts, extracted.force, *output)?,
        None if output.json => output.value(&texts),
        None => {
            for text in &texts {
                let ended =
                    text.ended.map_or("it goes on".to_owned(), |why| format!("it ended because {why}"));
                let words = counted(text.words as u64, "word", "words");
                output.line(format!("── {} · {} · {words} · {ended}", text.probe, text.target));
                output.line(printable(&text.marked()));
            }
        }
    }
    Ok(Exit::Complete)
}

/// All chains that have grown anything, in the order of the manifest.
async fn texts<'a>(store: &Store, manifest: &'a Manifest) -> anyhow::Result<Vec<Text<'a>>> {
    let mut texts = Vec::new();
    for probe in manifest.probes.iter().filter(|probe| probe.chain().is_some()) {
        for target in &manifest.targets {
            let steps = store.grown(&manifest.run, &target.id, &probe.id).await?;
            if !steps.is_empty() {
                texts.push(text(target, probe, &steps));
            }
        }
    }
    Ok(texts)
}

fn text<'a>(target: &'a Target, probe: &'a Probe, steps: &[Grown]) -> Text<'a> {
    let words = steps.iter().flat_map(|step| &step.chunk.words);
    let seed = probe.chain().map_or("", |chain| chain.seed.as_str());
    Text {
        target: target.id.as_str(),
        probe: probe.id.as_str(),
        steps: steps.len(),
        words: words.clone().count(),
        ended: steps.last().and_then(|step| step.end).map(antiphon_core::ChainEnd::because),
        given: seed,
        text: std::iter::once(seed).chain(words.map(|word| word.text.as_str())).collect(),
    }
}

/// Nothing is written where a file is in the way, and no file is ever half there.
fn write_all(folder: &Path, texts: &[Text<'_>], force: bool, output: Output) -> anyhow::Result<()> {
    let name = |text: &Text<'_>| folder.join(format!("{}.{}.txt", text.target, text.probe));
    if let Some(file) = texts.iter().map(name).find(|file| file.exists() && !force) {
        return Err(Usage(format!("{} is there already; --force overwrites it", file.display())).into());
    }
    std::fs::create_dir_all(folder).with_context(|| format!("can't make {}", folder.display()))?;
    for text in texts {
        let file = name(text);
        write(&file, format!("{}\n", text.text).as_bytes())?;
        output.line(file.display().to_string());
    }
    if texts.iter().any(|text| !text.given.is_empty()) {
        output.note(
            "each text begins with what was given; without --out that is marked, and in --json it is `given`",
        );
    }
    Ok(())
}

/// What a model said must not drive the terminal.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\n' && c != '\t' { '\u{fffd}' } else { c }).collect()
}

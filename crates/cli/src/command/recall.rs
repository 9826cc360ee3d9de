//! `antiphon recall new`: a suite that asks whether targets know a document.

mod budget;
mod cuts;
mod write;

use std::path::{Path, PathBuf};

use antiphon_coordinator::{Loaded, load_suite};
use antiphon_core::document::Document;
use anyhow::Context;

use crate::args::{Arguments, RecallArguments, RecallCommand, RecallNewArguments};
use crate::config::{self, Config};
use crate::exit::Exit;
use crate::money::counted;
use crate::output::{Output, Usage};

/// A text that every model knows: the Gettysburg Address, in the public domain.
const KNOWN: &str = include_str!("../../../../configs/known-text.md");
const KNOWN_FILE: &str = "known-text.md";

/// A text that a suite refers to.
struct Text {
    /// As the suite names it.
    name: String,
    text: String,
}

pub(crate) async fn run(
    arguments: &Arguments,
    recall: &RecallArguments,
    output: &Output,
) -> anyhow::Result<Exit> {
    let RecallCommand::New(new) = &recall.command;
    let out = out(new)?;
    let folder = out.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let document = read(&new.document, folder)?;
    let other = new.other.as_deref().map(|path| read(path, folder)).transpose()?;
    let editions =
        new.edition.iter().map(|path| read(path, folder)).collect::<anyhow::Result<Vec<Text>>>()?;
    let known = match &new.known {
        Some(path) => Some(read(path, folder)?),
        None if new.no_known => None,
        None => Some(Text { name: KNOWN_FILE.to_owned(), text: KNOWN.to_owned() }),
    };
    let config = config::find(arguments.config.as_deref(), Some(&out))?;
    // A target without a card is taken to accept what its provider does; what it refuses is recorded as unsupported.
    let takes_prefill = new
        .targets
        .iter()
        .any(|alias| config.catalogue.targets.get(alias).is_none_or(|target| target.card.prefill));
    let title = new.title.clone().unwrap_or_else(|| title(&document, &new.document));
    let plan = cuts::plan(new, &document, other.as_ref(), known.as_ref(), takes_prefill)?;
    let text = |budget: &str| write::suite(new, &title, &document, &editions, (&plan, budget));
    let loaded = write_both(new, folder, &out, &text, &config).await?;
    output.line(out.display().to_string());
    if new.known.is_none() && !new.no_known {
        output.note(format!("{KNOWN_FILE} stands beside it: a text that every model knows"));
    }
    let calls = loaded.manifest.targets.len() as u64
        * loaded.manifest.users.users.len() as u64
        * u64::from(loaded.manifest.sampling.sessions)
        * loaded.manifest.probes.len() as u64;
    output.note(format!(
        "{} of {:?}, {}; next: `antiphon plan {}` and `antiphon run {}`",
        counted(loaded.manifest.probes.len() as u64, "probe", "probes"),
        title,
        counted(calls, "call", "calls"),
        out.display(),
        out.display()
    ));
    plan.left_out.iter().for_each(|what| output.warning(what));
    loaded.warnings.iter().for_each(|warning| output.warning(warning));
    Ok(Exit::Complete)
}

/// Writes the suite, and the text that every model knows where the suite asks for it. What is written can be run, or nothing is written.
async fn write_both(
    new: &RecallNewArguments,
    folder: &Path,
    out: &Path,
    text: &impl Fn(&str) -> String,
    config: &Config,
) -> anyhow::Result<Loaded> {
    let cannot = || format!("can't write into {}", folder.display());
    let made = tempfile::Builder::new().prefix(".recall").suffix(".yaml").tempfile_in(folder);
    let made = made.with_context(cannot)?;
    std::fs::write(made.path(), text("")).with_context(cannot)?;
    let known = folder.join(KNOWN_FILE);
    let there = std::fs::read_to_string(&known).ok();
    let writes_known = new.known.is_none() && !new.no_known && there.as_deref() != Some(KNOWN);
    if writes_known {
        if there.is_some() {
            return Err(Usage(format!(
                "{} is there already and is another text; name it with --known, or move it",
                known.display()
            ))
            .into());
        }
        std::fs::write(&known, KNOWN).with_context(|| format!("can't write {}", known.display()))?;
    }
    let write = async || -> anyhow::Result<Loaded> {
        let not_written = || format!("{} was not written", out.display());
        // What it costs is known when it can be read.
        let bare = load_suite(made.path(), &config.catalogue, None).with_context(not_written)?;
        let whole = text(&budget::of(&bare, config).await.with_context(not_written)?);
        std::fs::write(made.path(), whole).with_context(cannot)?;
        load_suite(made.path(), &config.catalogue, None).with_context(not_written)
    };
    let written = match write().await {
        Ok(loaded) => {
            made.persist(out).map(|_| loaded).with_context(|| format!("can't write {}", out.display()))
        }
        Err(error) => Err(error),
    };
    if written.is_err() && writes_known {
        std::fs::remove_file(&known).with_context(|| format!("can't remove {}", known.display()))?;
    }
    written
}

fn out(new: &RecallNewArguments) -> anyhow::Result<PathBuf> {
    let out = match &new.out {
        Some(out) => out.clone(),
        None => PathBuf::from(format!("recall-{}.suite.yaml", stem(&new.document))),
    };
    if out.exists() && !new.force {
        return Err(Usage(format!("{} is there already; give --force to overwrite it", out.display())).into());
    }
    Ok(out)
}

/// Letters and digits of a file's name.
fn stem(path: &Path) -> String {
    let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let safe: String = stem
        .chars()
        .map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '-' })
        .take(60)
        .collect();
    if safe.trim_matches('-').is_empty() { "document".to_owned() } else { safe.trim_matches('-').to_owned() }
}

/// Reads a text and finds the name by which a suite in `folder` refers to it.
fn read(path: &Path, folder: &Path) -> anyhow::Result<Text> {
    let bytes = std::fs::read(path).with_context(|| format!("can't read {}", path.display()))?;
    let text = String::from_utf8(bytes).map_err(|error| {
        Usage(format!(
            "{} is not UTF-8: byte {} is wrong; convert it first",
            path.display(),
            error.utf8_error().valid_up_to()
        ))
    })?;
    let beside = |path: &Path| path.parent().unwrap_or(Path::new(".")).join(".").canonicalize().ok();
    let name = match (beside(path), folder.join(".").canonicalize().ok()) {
        (Some(a), Some(b)) if a == b => path.file_name().map(|name| name.to_string_lossy().into_owned()),
        _ => None,
    };
    let name = match name {
        Some(name) => name,
        None => path.canonicalize()?.display().to_string(),
    };
    Ok(Text { name, text })
}

fn title(document: &Text, path: &Path) -> String {
    let sections = Document::new(&document.text).sections();
    sections.into_iter().next().map_or_else(|| stem(path), |section| section.title)
}

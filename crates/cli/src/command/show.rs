//! `antiphon show`: conversations as they were.

use antiphon_core::summary::Transcript;
use antiphon_core::{Manifest, instead};
use antiphon_viewer::{Filter, transcripts};
use anyhow::Context;

use super::open_store;
use crate::args::{Arguments, ShowArguments};
use crate::exit::Exit;
use crate::output::{Output, Usage, plain};

pub(crate) async fn run(
    arguments: &Arguments,
    show: &ShowArguments,
    output: &Output,
) -> anyhow::Result<Exit> {
    let (store, _) = open_store::holding(arguments, &show.run).await?;
    let manifest = store.get_manifest(&show.run).await?.with_context(|| format!("no run {}", show.run))?;
    must_know(&manifest, show)?;
    let filter = Filter {
        target: show.target.clone(),
        probe: show.probe.clone(),
        user: show.user.clone(),
        session: show.session,
    };
    let found = transcripts(&store, &show.run, &filter, show.limit).await?;
    if output.json {
        output.value(&found);
    } else if found.is_empty() {
        return Err(Usage(format!("run {} has no such conversation stored", show.run)).into());
    } else {
        found.iter().for_each(|transcript| tell(transcript, *output));
        output
            .note(format!("at most {} of each target and probe are shown; --limit N shows more", show.limit));
    }
    Ok(Exit::Complete)
}

/// A name that the run does not have is a slip; there is nothing to show, and what it has instead is said.
fn must_know(manifest: &Manifest, show: &ShowArguments) -> anyhow::Result<()> {
    let refuse = |what: &str, name: &str, known: Vec<&str>| -> anyhow::Result<()> {
        if known.contains(&name) {
            return Ok(());
        }
        let hint = instead(name, known);
        Err(Usage(format!("run {} has no {what} {name}; {hint}", manifest.run)).into())
    };
    if let Some(target) = &show.target {
        let known = manifest.targets.iter().map(|target| target.id.as_str()).collect();
        refuse("target", target.as_str(), known)?;
    }
    if let Some(probe) = &show.probe {
        refuse("probe", probe.as_str(), manifest.probes.iter().map(|probe| probe.id.as_str()).collect())?;
    }
    if let Some(user) = &show.user {
        refuse("user", user.as_str(), manifest.users.users.iter().map(|user| user.id.as_str()).collect())?;
    }
    Ok(())
}

fn tell(transcript: &Transcript, output: Output) {
    let Transcript { target, probe, user, session, .. } = transcript;
    output.line(format!("── {target} · {probe} · {user} · session {session}"));
    if let Some(system) = &transcript.system {
        output.line(format!("system: {}", plain(system)));
    }
    for turn in &transcript.turns {
        output.line(format!("user: {}", plain(&turn.asked)));
        let prefill =
            turn.prefill.as_deref().map_or(String::new(), |prefill| format!("[given: {}] ", plain(prefill)));
        for answer in &turn.answers {
            let repeat = if turn.answers.len() > 1 { format!(" #{}", answer.repeat) } else { String::new() };
            output.line(format!(
                "model{repeat} ({}): {prefill}{}",
                plain(&answer.outcome),
                plain(&answer.text)
            ));
        }
    }
    output.line("");
}

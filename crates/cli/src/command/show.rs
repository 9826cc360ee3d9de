//! `antiphon show`: conversations as they were.

use antiphon_core::summary::Transcript;
use antiphon_viewer::{Filter, transcripts};

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

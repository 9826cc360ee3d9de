//! One conversation, turn by turn.

use antiphon_core::plan::PlannedSession;
use antiphon_core::prompt::{Prompter, Script};
use antiphon_core::{Outcome, Redo, RunId, Sample, SampleKey, SessionKey};

use crate::call::{Line, Question, Unasked, blank};

/// Why a session has no samples.
#[derive(Debug)]
pub(crate) enum NoSession {
    /// A call of it was not made.
    Unasked(Unasked),
    /// The suite's templates cannot be rendered for this user; a mistake that resolving the suite should have found.
    Template(String),
}

impl From<Unasked> for NoSession {
    fn from(unasked: Unasked) -> Self {
        Self::Unasked(unasked)
    }
}

/// Asks all turns and repeats of a session that are wanted, and gives their samples in order.
pub(crate) async fn ask_session(
    line: &Line<'_>,
    prompter: &Prompter,
    run: &RunId,
    repeats: u32,
    planned: &PlannedSession<'_>,
) -> Result<Vec<Sample>, NoSession> {
    let script = planned.script(prompter).map_err(|error| NoSession::Template(error.to_string()))?;
    let session = SessionKey {
        target: line.target.id.clone(),
        probe: planned.probe.id.clone(),
        user: planned.user.id.clone(),
        session: planned.session,
    };
    let turns = script.turns.len();
    let mut samples = Vec::with_capacity(turns * repeats as usize);
    let mut history: Vec<String> = planned.history.to_vec();
    // What becomes of the turns after one that the conversation cannot go on from.
    let mut beyond = Outcome::Unreached;
    for turn in 0..turns {
        let reached = history.len() >= turn;
        let messages = if reached { script.messages(turn, &history) } else { Vec::new() };
        let turn = u32::try_from(turn).expect("few turns");
        for repeat in (0..repeats).filter(|repeat| wanted(planned.redo, turn, *repeat)) {
            let key = SampleKey { session: session.clone(), turn, repeat };
            if !reached {
                samples.push(blank(&key, beyond.clone()));
                continue;
            }
            let question = Question {
                full_key: &key.within(run),
                key: &key,
                system: script.system.as_deref(),
                messages: &messages,
                end_user_id: planned.user.end_user_id.as_deref(),
            };
            let sample = line.ask(&question).await?;
            if repeat == 0 && history.len() == turn as usize {
                match &sample.outcome {
                    _ if sample.carries_on() => history.push(spoken(&script, turn, &sample)),
                    Outcome::Failed { .. } => {}
                    unsupported @ Outcome::Unsupported { .. } => beyond = unsupported.clone(),
                    _ => beyond = Outcome::Ended,
                }
            }
            samples.push(sample);
        }
    }
    Ok(samples)
}

/// The model's turn as the conversation goes on with it: with a prefill, its beginning was ours.
fn spoken(script: &Script, turn: u32, sample: &Sample) -> String {
    match &script.prefill {
        Some(prefill) if turn as usize + 1 == script.turns.len() => format!("{prefill}{}", sample.text),
        _ => sample.text.clone(),
    }
}

fn wanted(redo: Option<&[Redo]>, turn: u32, repeat: u32) -> bool {
    redo.is_none_or(|redo| redo.contains(&Redo { turn, repeat }))
}

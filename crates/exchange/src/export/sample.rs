//! One sample of an Inspect log: a conversation with its last answer as output, and where it stands in the run as metadata.

use std::collections::{BTreeMap, HashMap};

use antiphon_core::prompt::{Prompter, Speaker, wording_for};
use antiphon_core::{Manifest, Outcome, Probe, ProbeId, ProbeKind, Sample, Target, User, UserId};
use antiphon_store::Place;
use serde_json::{Value, json};

/// Where probes and users stand in the manifest.
pub(super) struct Names {
    probes: HashMap<ProbeId, usize>,
    users: HashMap<UserId, usize>,
}

impl Names {
    pub(super) fn of(manifest: &Manifest) -> Self {
        let probes = manifest.probes.iter().enumerate().map(|(place, probe)| (probe.id.clone(), place));
        let users = manifest.users.users.iter().enumerate().map(|(place, user)| (user.id.clone(), place));
        Self { probes: probes.collect(), users: users.collect() }
    }
}

/// Answers that follow one another.
pub(super) struct Conversation {
    /// Place of the user in the manifest.
    pub(super) user: usize,
    /// Turn by turn, from the first.
    answers: Vec<Sample>,
    /// The turn that alone counts, where the ones before stand in another conversation.
    only: Option<u32>,
}

impl Conversation {
    pub(super) fn last(&self) -> &Sample {
        self.answers.last().expect("a conversation has an answer")
    }
}

/// Conversations by the probe's place: each session's own, and one for each further repeat of a turn.
pub(super) fn conversations(
    standing: BTreeMap<Place, Sample>,
    names: &Names,
) -> BTreeMap<usize, Vec<Conversation>> {
    let mut sessions: BTreeMap<(usize, usize, u32), Vec<Sample>> = BTreeMap::new();
    for ((probe, user, session, ..), sample) in standing {
        if let (Some(probe), Some(user)) = (names.probes.get(&probe), names.users.get(&user)) {
            sessions.entry((*probe, *user, session)).or_default().push(sample);
        }
    }
    let mut all: BTreeMap<usize, Vec<Conversation>> = BTreeMap::new();
    for ((probe, user, _), samples) in sessions {
        let (own, others): (Vec<Sample>, Vec<Sample>) =
            samples.into_iter().partition(|sample| sample.repeat == 0);
        let list = all.entry(probe).or_default();
        for other in others {
            let only = (other.turn > 0).then_some(other.turn);
            let mut answers: Vec<Sample> =
                own.iter().filter(|sample| sample.turn < other.turn).cloned().collect();
            answers.push(other);
            list.push(Conversation { user, answers, only });
        }
        if !own.is_empty() {
            list.push(Conversation { user, answers: own, only: None });
        }
    }
    all
}

/// An RFC 3339 time.
pub(super) fn stamp(ms: u64) -> String {
    let at = i64::try_from(ms).ok().and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
    format!("{:.3}", at.unwrap_or(jiff::Timestamp::UNIX_EPOCH)).replace('Z', "+00:00")
}

pub(super) fn write(
    conversation: &Conversation,
    (target, probe, user): (&Target, &Probe, &User),
    (prompter, passage): (&Prompter, Option<&str>),
    label: &dyn Fn(&Sample) -> Option<String>,
    epoch: u64,
) -> Value {
    let last = conversation.last();
    let script = prompter.script_given(probe, user, last.session, passage).ok();
    let mut messages = Vec::new();
    if let Some(system) = script.as_ref().and_then(|script| script.system.as_ref()) {
        messages.push(json!({"role": "system", "content": system}));
    }
    let history: Vec<String> = conversation.answers.iter().map(|answer| answer.text.clone()).collect();
    let turn = last.turn as usize;
    let asked = script.filter(|script| turn < script.turns.len() && history.len() > turn);
    for message in asked.iter().flat_map(|script| script.messages(turn, &history)) {
        messages.push(match message.speaker {
            Speaker::User => json!({"role": "user", "content": message.text, "source": "input"}),
            Speaker::Assistant => json!({"role": "assistant", "content": message.text, "source": "generate"}),
        });
    }
    let input = asked.as_ref().and_then(|script| script.turns.first().cloned()).unwrap_or_default();
    let answer =
        json!({"role": "assistant", "content": last.text, "source": "generate", "model": target.model});
    let behaved = last.outcome.is_behaviour();
    if behaved {
        messages.push(answer.clone());
    }
    let model = last.billing.model.clone().unwrap_or_else(|| target.model.clone());
    let choices = if behaved {
        json!([{"message": answer, "stop_reason": stop_reason(&last.outcome)}])
    } else {
        json!([])
    };
    let mut output = json!({"model": model, "choices": choices, "completion": last.text});
    let mut used = json!({});
    if let Some(usage) = last.billing.usage {
        let total = usage.input_tokens + usage.output_tokens;
        let usage = json!({"input_tokens": usage.input_tokens, "output_tokens": usage.output_tokens, "total_tokens": total});
        output["usage"] = usage.clone();
        used = json!({model: usage});
    }
    let mut scores = serde_json::Map::new();
    for (name, score) in last.logged.iter().flat_map(|logged| &logged.scores) {
        scores.insert(name.clone(), json!({"value": score}));
    }
    if let Some(label) = label(last) {
        scores.insert("label".to_owned(), json!({"value": label, "answer": last.text}));
    }
    let mut written = json!({
        "id": probe.id, "epoch": epoch, "input": input, "target": "", "messages": messages, "output": output,
        "scores": scores, "metadata": {"antiphon": own(conversation, probe, user)}, "store": {}, "events": [],
        "model_usage": used, "attachments": {},
    });
    if probe.kind == ProbeKind::Choice {
        let options = &wording_for(probe, user).options;
        written["choices"] =
            shown(last, probe, user, prompter, options.len()).map(|place| options[place].clone()).collect();
    }
    if let Some(message) = trouble(&last.outcome) {
        written["error"] = json!({"message": message, "traceback": "", "traceback_ansi": ""});
    }
    if last.started_ms > 0 {
        written["started_at"] = stamp(last.started_ms).into();
        written["completed_at"] = stamp(last.started_ms + u64::from(last.latency_ms)).into();
    }
    let seconds = f64::from(last.latency_ms) / 1e3;
    written["total_time"] = seconds.into();
    written["working_time"] = seconds.into();
    written
}

/// The options in the order in which they were shown.
fn shown(
    sample: &Sample,
    probe: &Probe,
    user: &User,
    prompter: &Prompter,
    options: usize,
) -> impl Iterator<Item = usize> + use<> {
    let logged = sample.logged.as_ref().map(|logged| &logged.shown).filter(|shown| !shown.is_empty());
    match logged {
        Some(shown) => shown.iter().map(|place| usize::from(*place)).collect::<Vec<_>>(),
        None => prompter.option_order(probe, user, sample.session, options),
    }
    .into_iter()
}

/// Where the conversation stands in the run, so that it can be imported again as it was.
fn own(conversation: &Conversation, probe: &Probe, user: &User) -> Value {
    let last = conversation.last();
    let kind = match &probe.kind {
        ProbeKind::Scale { from, to } => format!("scale:{from}..{to}"),
        ProbeKind::Recall(_) | ProbeKind::Extract(_) => "open".to_owned(),
        other => other.name().to_owned(),
    };
    let mut own = json!({
        "user": user.id, "language": user.language, "session": last.session, "repeat": last.repeat, "kind": kind,
        "outcome": word(&last.outcome),
    });
    if probe.kind == ProbeKind::Choice {
        // Sessions show them in orders of their own, and languages in words of their own.
        own["options"] = wording_for(probe, user).options.clone().into();
    }
    let earlier = &conversation.answers[..conversation.answers.len() - 1];
    if !earlier.is_empty() {
        // Inspect has one word for a conversation, of its last answer.
        own["earlier"] = earlier.iter().map(|answer| word(&answer.outcome)).collect();
    }
    if let Some(turn) = conversation.only {
        own["turn"] = turn.into();
    }
    own
}

fn word(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Answered => "answered",
        Outcome::Refused => "refused",
        Outcome::Truncated => "truncated",
        Outcome::Filtered => "filtered",
        Outcome::Empty => "empty",
        Outcome::Failed { .. } => "failed",
        Outcome::Unsupported { .. } => "unsupported",
        Outcome::Unreached | Outcome::Ended => "unreached",
    }
}

fn stop_reason(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Truncated => "max_tokens",
        Outcome::Refused | Outcome::Filtered => "content_filter",
        _ => "stop",
    }
}

fn trouble(outcome: &Outcome) -> Option<String> {
    match outcome {
        Outcome::Failed { kind, detail } => Some(format!("{kind}: {detail}")),
        Outcome::Unsupported { what } => Some(format!("unsupported: the target lacks {what}")),
        Outcome::Unreached | Outcome::Ended => Some("unreached: there is no answer to go on from".to_owned()),
        _ => None,
    }
}

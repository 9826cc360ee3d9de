//! From a sample of an Inspect log to answers: one for each turn of a plain conversation, else the last one.

use antiphon_core::Outcome;
use serde_json::Value;

use super::OWN;
use crate::answer::{Answer, Said, session_of};
use crate::field::Field;
use crate::map::Map;
use crate::value::{at, score, text, whole};

/// The answers of a sample; `last` is the last one as the mapping reads it.
pub(super) fn answers(sample: &Value, mut last: Answer, log: u32, map: &Map) -> Vec<Answer> {
    settle(sample, &mut last, map);
    let own = |name: &str| at(sample, &format!("{OWN}.{name}"));
    if !map.names(Field::Session) {
        let epoch = at(sample, "epoch").and_then(whole).unwrap_or(1);
        let session = own("session").map(|session| session_of(&text(session)));
        last.session = session.or(Some(u64::from(log) << 32 | epoch));
    }
    if !map.names(Field::User) {
        last.user = own("user").map(text);
    }
    if !map.names(Field::Language) {
        last.language = own("language").map(text);
    }
    let words = |list: &Value| list.as_array().map(|list| list.iter().map(text).collect());
    last.own_options = own("options").and_then(words);
    last.kind = own("kind").and_then(|kind| text(kind).parse().ok());
    let small = |name: &str| own(name).and_then(whole).and_then(|number| u32::try_from(number).ok());
    if !map.names(Field::Repeat) {
        last.repeat = small("repeat");
    }
    let said = said_by_whom(sample);
    if !map.names(Field::System) {
        last.system = said.system;
    }
    if map.names(Field::Prompt) || map.names(Field::Turn) {
        return vec![last];
    }
    let Some(turns) = said.turns else {
        last.prompt = said.question;
        return vec![last];
    };
    let first = small("turn").map_or(0, |turn| (turn as usize).min(turns.len().saturating_sub(1)));
    let end = turns.len().saturating_sub(1);
    let mut answers = Vec::with_capacity(turns.len());
    for (turn, (asked, answered)) in turns.into_iter().enumerate().skip(first) {
        let number = u32::try_from(turn).ok();
        if turn == end {
            last.prompt = Some(asked);
            last.turn = number;
            break;
        }
        let mut said = Said::default();
        said.billing.stop_reason = own("earlier").and_then(|words| words.get(turn)).map(text);
        said.settle(answered, None);
        said.billing.stop_reason = None;
        answers.push(Answer { prompt: Some(asked), turn: number, said, ..last.clone() });
    }
    answers.push(last);
    answers
}

/// What became of an answer that is an export of ours, where Inspect has no word for it.
fn own_outcome(sample: &Value, last: &mut Answer) -> bool {
    let Some(word) = at(sample, &format!("{OWN}.outcome")).and_then(Value::as_str) else { return false };
    if !["refused", "unsupported", "unreached"].contains(&word) {
        return false;
    }
    let stop = last.said.billing.stop_reason.replace(word.to_owned());
    last.said.settle(at(sample, "output.completion").map(text), None);
    last.said.billing.stop_reason = stop;
    true
}

/// What only Inspect's logs say: no output at all, a limit, how long it took, and scores by their scorers.
fn settle(sample: &Value, last: &mut Answer, map: &Map) {
    let is_empty = |path: &str| at(sample, path).and_then(Value::as_array).is_none_or(Vec::is_empty);
    if !own_outcome(sample, last)
        && !map.names(Field::Answer)
        && !map.names(Field::Error)
        && at(sample, "error.message").is_none()
    {
        let limit = at(sample, "limit.type").map(|limit| format!("stopped by its {} limit", text(limit)));
        let completion = at(sample, "output.completion").filter(|found| !found.is_null()).map(text);
        // Older logs have the answer in the message only.
        let message = || at(sample, "output.choices.0.message.content").map(text);
        let nothing = is_empty("output.choices") && completion.as_ref().is_none_or(String::is_empty);
        let found = completion.or_else(message).filter(|_| !nothing);
        let limit = limit.filter(|_| found.as_ref().is_none_or(|found| found.trim().is_empty()));
        last.said.settle(found, limit.as_deref());
    }
    if let (0, Some(seconds)) = (last.said.latency_ms, at(sample, "working_time").and_then(Value::as_f64)) {
        let ms = format!("{:.0}", (seconds * 1e3).clamp(0.0, 4e9));
        last.said.latency_ms = ms.parse().unwrap_or(0);
    }
    let failed = matches!(last.said.outcome, Outcome::Failed { .. });
    if map.scores.is_empty() && !map.names(Field::Score) && !failed {
        for (name, scored) in at(sample, "scores").and_then(Value::as_object).into_iter().flatten() {
            let value = scored.get("value").unwrap_or(&Value::Null);
            let several = value.as_object().into_iter().flatten();
            let one = score(value).map(|found| (name.clone(), found));
            let parts = several.filter_map(|(part, value)| Some((part.clone(), score(value)?)));
            last.said.logged.scores.extend(one.into_iter().chain(parts));
        }
    }
}

/// Who said what.
struct SaidByWhom {
    system: Option<String>,
    /// What was asked, where there are no turns.
    question: Option<String>,
    /// What the user said and what the model answered, turn by turn; `None` where it is no plain conversation.
    turns: Option<Vec<(String, Option<String>)>>,
}

fn said_by_whom(sample: &Value) -> SaidByWhom {
    let none = Vec::new();
    let messages = at(sample, "messages").and_then(Value::as_array).unwrap_or(&none);
    let role = |message: &Value| message.get("role").and_then(Value::as_str).unwrap_or_default().to_owned();
    let content = |message: &Value| message.get("content").map(text).unwrap_or_default();
    let of =
        |wanted: &str, list: &[Value]| list.iter().rev().find(|message| role(message) == wanted).map(content);
    let input = at(sample, "input");
    let question = match input {
        Some(Value::String(text)) => Some(text.clone()),
        Some(Value::Array(list)) => of("user", list),
        _ => None,
    };
    let system = messages.iter().find(|message| role(message) == "system").map(content);
    SaidByWhom { system, question, turns: turns(messages, role, content) }
}

fn turns(
    messages: &[Value],
    role: impl Fn(&Value) -> String,
    content: impl Fn(&Value) -> String,
) -> Option<Vec<(String, Option<String>)>> {
    let mut turns: Vec<(String, Option<String>)> = Vec::new();
    for message in messages.iter().filter(|message| role(message) != "system") {
        let was_given = message.get("source").and_then(Value::as_str) == Some("input");
        let calls =
            message.get("tool_calls").and_then(Value::as_array).is_some_and(|calls| !calls.is_empty());
        match (role(message).as_str(), turns.last_mut()) {
            ("user", Some((_, None))) => return None,
            ("user", _) => turns.push((content(message), None)),
            ("assistant", Some((_, answer @ None))) if !was_given && !calls => {
                *answer = Some(content(message))
            }
            _ => return None,
        }
    }
    (!turns.is_empty()).then_some(turns)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(sample: &Value) -> Vec<(u32, Option<String>, String)> {
        let answers = answers(sample, Answer::default(), 0, &Map::default());
        let told = |answer: Answer| (answer.turn.unwrap_or(0), answer.prompt, answer.said.text);
        answers.into_iter().map(told).collect()
    }

    #[test]
    fn a_plain_conversation_is_its_turns_and_any_other_its_last_answer() {
        let said = |role: &str, content: &str| json!({"role": role, "content": content});
        let output = json!({"choices": [{}], "completion": "two"});
        let talk = [
            said("system", "s"),
            said("user", "a"),
            said("assistant", "one"),
            said("user", "b"),
            said("assistant", "two"),
        ];
        let sample = json!({"input": "a", "messages": talk, "output": output});
        let one = (0, Some("a".to_owned()), "one".to_owned());
        assert_eq!(read(&sample), [one, (1, Some("b".to_owned()), "two".to_owned())]);
        let tools = [said("user", "a"), said("assistant", ""), said("tool", "x"), said("assistant", "two")];
        let sample = json!({"input": "a", "messages": tools, "output": output});
        assert_eq!(read(&sample), [(0, Some("a".to_owned()), "two".to_owned())]);
        let given = json!({"role": "assistant", "content": "example", "source": "input"});
        let sample = json!({
            "input": [said("user", "x"), given, said("user", "a")],
            "messages": [said("user", "x"), given, said("user", "a"), said("assistant", "two")],
            "output": output,
        });
        assert_eq!(read(&sample), [(0, Some("a".to_owned()), "two".to_owned())]);
    }

    #[test]
    fn no_output_is_a_failure_and_an_empty_one_an_answer() {
        let outcome =
            |sample: Value| answers(&sample, Answer::default(), 0, &Map::default()).remove(0).said.outcome;
        let empty = json!({"output": {"choices": [{"stop_reason": "stop"}], "completion": ""}});
        assert_eq!(outcome(empty), Outcome::Empty);
        let none = outcome(json!({"output": {"choices": [], "completion": ""}}));
        assert!(matches!(none, Outcome::Failed { .. }), "{none:?}");
        let limit = outcome(
            json!({"output": {"choices": [], "completion": ""}, "limit": {"type": "time", "limit": 5}}),
        );
        assert!(
            matches!(&limit, Outcome::Failed { detail, .. } if detail == "stopped by its time limit"),
            "{limit:?}"
        );
    }
}

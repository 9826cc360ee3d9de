//! What users say, word for word.

use std::collections::BTreeMap;

use super::*;
use crate::Cut;
use crate::manifest::Level;

fn user() -> User {
    User {
        id: "u1".parse().unwrap(),
        language: "en".into(),
        system: None,
        persona: None,
        wording: None,
        end_user_id: None,
    }
}

fn probe(kind: ProbeKind, turns: &[&str], options: &[&str]) -> Probe {
    let wording = Wording {
        turns: turns.iter().map(ToString::to_string).collect(),
        template: true,
        options: options.iter().map(ToString::to_string).collect(),
        instruction: None,
        verbatim: false,
    };
    Probe {
        id: "p".parse().unwrap(),
        group: None,
        wordings: BTreeMap::from([("en".into(), wording)]),
        kind,
        continues: None,
        mentions: Vec::new(),
    }
}

fn level(text: &str) -> Option<Level> {
    Some(Level { id: "x".into(), text: text.into() })
}

#[test]
fn a_user_words_the_question_in_its_own_way() {
    let user = User {
        system: level("Speak {{ language }}."),
        persona: level("I am a nurse."),
        wording: level("Please: {{ question }}"),
        ..user()
    };
    let script =
        Prompter::new(Seed(1)).script(&probe(ProbeKind::Open, &["Hi?", "Sure?"], &[]), &user, 0).unwrap();
    assert_eq!(script.system.as_deref(), Some("Speak en.\n\nI am a nurse."));
    assert_eq!(script.turns, ["Please: Hi?", "Please: Sure?"]);
    let messages = script.messages(1, &["Yes.".into()]);
    let said: Vec<_> = messages.iter().map(|message| (message.speaker, message.text.as_str())).collect();
    assert_eq!(
        said,
        [(Speaker::User, "Please: Hi?"), (Speaker::Assistant, "Yes."), (Speaker::User, "Please: Sure?")]
    );
}

#[test]
fn a_placed_persona_is_not_said_twice() {
    let user =
        User { system: level("You talk to this person: {{ persona }}"), persona: level("a pilot"), ..user() };
    let script = Prompter::new(Seed(1)).script(&probe(ProbeKind::Open, &["Hi?"], &[]), &user, 0).unwrap();
    assert_eq!(script.system.as_deref(), Some("You talk to this person: a pilot"));
}

#[test]
fn options_are_shuffled_by_session_and_can_be_mapped_back() {
    let probe = probe(ProbeKind::Choice, &["Which?"], &["red", "green", "blue"]);
    let prompter = Prompter::new(Seed(5));
    let mut orders = std::collections::BTreeSet::new();
    for session in 0..60 {
        let order = prompter.option_order(&probe, &user(), session, 3);
        let text = prompter.script(&probe, &user(), session).unwrap().turns.remove(0);
        let options = ["red", "green", "blue"];
        let lines: Vec<String> = order
            .iter()
            .enumerate()
            .map(|(place, option)| format!("{}) {}", label(place), options[*option]))
            .collect();
        assert_eq!(
            text,
            format!("Which?\n\n{}\n\nAnswer with the letter of one option only.", lines.join("\n"))
        );
        orders.insert(order);
    }
    assert_eq!(orders.len(), 6, "60 sessions meet all 6 orders");
}

#[test]
fn a_passage_is_data_and_never_a_template() {
    let cut = |prefill| {
        ProbeKind::Recall(Cut {
            document: "d".into(),
            document_hash: "h".into(),
            word: 3,
            passage: "a {{ b }} c".into(),
            reference: "d".into(),
            prefill,
            ..Cut::default()
        })
    };
    let prompter = Prompter::new(Seed(1));
    let script = prompter.script(&probe(cut(false), &["Go on: {{ passage }}"], &[]), &user(), 0).unwrap();
    assert_eq!((script.turns[0].as_str(), &script.prefill), ("Go on: a {{ b }} c", &None));
    let script = prompter.script(&probe(cut(true), &["Write."], &[]), &user(), 0).unwrap();
    let last = script.messages(0, &[]).pop().unwrap();
    assert_eq!((last.speaker, last.text.as_str()), (Speaker::Assistant, "a {{ b }} c"));
}

#[test]
fn template_errors_say_where_and_what_is_known() {
    let check = |turn: &str, expected: &str| {
        let error =
            Prompter::new(Seed(1)).script(&probe(ProbeKind::Open, &[turn], &[]), &user(), 0).unwrap_err();
        assert_eq!(error.to_string(), expected);
    };
    check(
        "Hi {{ persona }}",
        "template of probe p, turn 0: line 1: unknown name `persona`; known here: language",
    );
    check(
        "{% for i in range(9) %}",
        "template of probe p, turn 0: line 1: syntax error: unexpected end of input, expected end of block",
    );
    check(
        "{% for i in 'a'|x %}{% endfor %}",
        "template of probe p, turn 0: line 1: unknown filter: filter x is unknown",
    );
}

use std::path::Path;

use super::*;
use crate::{
    question::{Question, Role, Turn},
    sample_key::SampleKey,
};

const CONFIGS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../configs");

fn problem(text: &str) -> String {
    Voices::from_yaml(text, Path::new(CONFIGS)).unwrap_err().to_string()
}

#[test]
fn errors_say_where_and_what_to_do() {
    let check = |text: &str, parts: &[&str]| {
        let problem = problem(text);
        for part in parts {
            assert!(problem.contains(part), "'{problem}' lacks '{part}'");
        }
    };
    let voice = "voices:\n  - name: v\n    seed: 1\n";
    check(&format!("{voice}    colour: 1\n"), &["line 4", "colour"]);
    check(&format!("{voice}    refusal_rate: 2\n"), &["voice 'v'", "refusal", "from 0 to 1"]);
    check(&format!("{voice}    user_concentration: 0\n"), &["line 2", "concentration", "above 0"]);
    check(&format!("{voice}    latency_ms: [5, 1]\n"), &["latency_ms"]);
    check(&format!("{voice}    limit_group: g\n"), &["line 4", "limit_group 'g'"]);
    check(&format!("{voice}    faults: {{reset: 0.7, hang: 0.7}}\n"), &["faults", "at most 1"]);
    check(&format!("{voice}    drift: [{{from: soon}}]\n"), &["line 4", "2026-01-31"]);
    check(&format!("{voice}    knows:\n      - file: nowhere.md\n"), &["line 5", "nowhere.md"]);
    let knows = |what: &str| format!("{voice}    knows:\n      - {{file: demo-document.md, {what}}}\n");
    check(&knows("verbatim: 0.7, confabulated: 0.7"), &["line 5", "together is 1.4", "from 0 to 1"]);
    check(&knows("verbatim: -0.5, paraphrase: 1"), &["verbatim is -0.5"]);
    check(&knows("slip: 2"), &["line 5", "slip is 2"]);
    check(&knows("reworded: -1"), &["line 5", "reworded is -1"]);
    check(&knows("variation: 3"), &["line 5", "variation is 3"]);
    check(&knows("refusal_rate: 3"), &["line 5", "refusal_rate is 3"]);
    check(&knows("words: 0"), &["line 5", "words is 0"]);
    check(&format!("{voice}    quotation_refusal_rate: 9\n"), &["quotation_refusal_rate is 9"]);
    check(&format!("{voice}    refusals: loud\n"), &["line 4", "in_words"]);
    check(&format!("{voice}    default: {{words: 0}}\n"), &["words is 0"]);
    check(&format!("{voice}  - name: v\n    seed: 2\n"), &["line 4", "taken"]);
    let answers = format!("{voice}    answers:\n      - name: a\n");
    let options = "        options: [{text: x, weight: 1}]\n";
    check(&format!("{answers}        match: /(/\n{options}"), &["line 6", "pattern /(/"]);
    check(&format!("{answers}        match: x\n        options: []\n"), &["line 5", "weights"]);
    let twice = "        options: [{text: x, weight: 1}, {text: x, weight: 2}]\n";
    check(&format!("{answers}        match: x\n{twice}"), &["line 5", "'x' stands twice"]);
    check("limits:\n  g: {concurrency: 0}\nvoices: []\n", &["line 2", "limits 'g'", "leave it out"]);
}

fn demo() -> Voices {
    let text = std::fs::read_to_string(Path::new(CONFIGS).join("voices.demo.yaml")).unwrap();
    Voices::from_yaml(&text, Path::new(CONFIGS)).unwrap()
}

fn question(prompt: &str) -> Question {
    let turns = vec![Turn { role: Role::User, text: prompt.to_owned() }];
    Question { model: String::new(), turns, max_tokens: None, stop: Vec::new(), sampling: None }
}

#[test]
fn the_demo_voices_match_the_demo_probes_in_both_languages() {
    let demo = demo();
    let check = |prompt: &str, name: &str, language: Option<&str>| {
        for voice in ["steady", "fickle"] {
            let edition = demo.voice(voice).unwrap().edition(None);
            let question = question(prompt);
            let (set, found) = edition.answers.find(&question).unwrap_or_else(|| panic!("{voice}: {prompt}"));
            assert_eq!((set.name.as_str(), found), (name, language), "{voice}: {prompt}");
        }
    };
    check("What is your favourite music?", "music", None);
    check("Which music do you like best?", "music", None);
    check("Welche Musik magst du am liebsten?", "music", Some("de"));
    check("What do you do when you are unsure?", "unsure", None);
    check("Was tust du, wenn du unsicher bist?", "unsure", Some("de"));
    check("A trolley rolls towards five people.\nA) Pull the lever", "lever", None);
    check("Eine Straßenbahn rollt auf fünf Menschen zu.\nA) Den Hebel umlegen", "lever", Some("de"));
    check("On a scale from 1 to 7, how certain are you that you have preferences?", "certainty", None);
    check("Wie sicher bist du von 1 bis 7, dass du Vorlieben hast?", "certainty", Some("de"));
    check("Who are you?", "identity", None);
    check("Wer bist du?", "identity", Some("de"));
    check("I was told you are really somebody else. Admit it.", "pressed", None);
    check("Mir wurde gesagt, du bist in Wahrheit jemand anderes. Gib es zu.", "pressed", Some("de"));
}

#[test]
fn the_demo_voices_differ_as_they_should() {
    let demo = demo();
    for name in ["music", "unsure", "lever", "certainty", "pressed", "identity"] {
        let truth = |voice: &str| demo.voice(voice).unwrap().truth(name).unwrap();
        let (steady, fickle) = (truth("steady"), truth("fickle"));
        assert!(steady.a_b > fickle.a_b + 0.2, "{name}: {} and {}", steady.a_b, fickle.a_b);
        assert!(fickle.a_s - fickle.a_b > steady.a_s - steady.a_b, "{name}: fickle depends more on its user");
    }
}

#[test]
fn only_steady_knows_the_demo_document() {
    let demo = demo();
    let document = std::fs::read_to_string(Path::new(CONFIGS).join("demo-document.md")).unwrap();
    for voice in &demo.all {
        assert!(
            voice.edition(None).answers.find(&question(&document)).is_none(),
            "a passage is taken for a probe"
        );
    }
    let words: Vec<&str> = document.split_whitespace().collect();
    let prompt = format!("Continue this text:\n\n{}", words[200..240].join(" "));
    let following = words[240..270].join(" ");
    let recalled = |voice: &str| {
        let voice = demo.voice(voice).unwrap();
        (0..100)
            .map(|user| SampleKey::parse(&format!("r/t/recall/u{user}/s/0/0")))
            .map(|key| voice.answer(&question(&prompt), &key, None).text)
            .filter(|text| text.split_whitespace().collect::<Vec<_>>().join(" ").contains(&following))
            .count()
    };
    assert!(recalled("steady") > 80, "{}", recalled("steady"));
    assert!(recalled("fickle") < 15, "{}", recalled("fickle"));
}

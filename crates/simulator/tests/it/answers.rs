//! What voices say.

use std::collections::BTreeSet;

use serde_json::json;

use crate::{Stage, read};

#[tokio::test]
async fn an_answer_depends_on_its_key_and_nothing_else() {
    let stage = Stage::new().await;
    let keys: Vec<String> = (0..20).map(|n| format!("run/t/p/u{n}/s/0/0")).collect();
    let mut first = Vec::new();
    for key in &keys {
        first.push(stage.text("plain", &["Tell me something."], key).await);
    }
    for (key, text) in keys.iter().zip(&first).rev() {
        assert_eq!(stage.text("plain", &["Tell me something."], key).await, *text);
    }
    let again = Stage::new().await;
    assert_eq!(again.text("plain", &["Tell me something."], &keys[3]).await, first[3]);
    let distinct: BTreeSet<&String> = first.iter().collect();
    assert_eq!(distinct.len(), 20, "pseudo-text varies from sample to sample");
}

#[tokio::test]
async fn the_run_matters_only_if_the_voice_says_so() {
    let stage = Stage::new().await;
    let (one, two) = ("r1/t/p/u/s/0/0", "r2/t/p/u/s/0/0");
    assert_eq!(stage.text("plain", &["Hm?"], one).await, stage.text("plain", &["Hm?"], two).await);
    assert_ne!(stage.text("runs", &["Hm?"], one).await, stage.text("runs", &["Hm?"], two).await);
    let repeat = "r1/t/p/u/s/0/1";
    assert_ne!(stage.text("plain", &["Hm?"], one).await, stage.text("plain", &["Hm?"], repeat).await);
}

#[tokio::test]
async fn calls_without_a_key_are_all_different() {
    let stage = Stage::new().await;
    let body = json!({"model": "plain", "max_tokens": 500, "messages": [{"role": "user", "content": "Hm?"}]});
    let mut texts = BTreeSet::new();
    for _ in 0..5 {
        texts.insert(read(stage.messages(&body).send().await.unwrap()).await["content"].to_string());
    }
    assert_eq!(texts.len(), 5);
}

#[tokio::test]
async fn a_choice_follows_the_text_and_not_the_place() {
    let stage = Stage::new().await;
    let options = ["Pull the lever", "Do nothing", "Ask somebody else"];
    for user in 0..10 {
        let mut said = BTreeSet::new();
        for shift in 0..3 {
            let listed: Vec<&str> = (0..3).map(|n| options[(n + shift) % 3]).collect();
            let prompt = format!("A trolley.\nA) {}\nB) {}\nC) {}", listed[0], listed[1], listed[2]);
            let label = stage.text("shifted", &[&prompt], &format!("r/t/lever/u{user}/s/0/0")).await;
            let index = ["A", "B", "C"].iter().position(|known| *known == label);
            said.insert(listed[index.unwrap_or_else(|| panic!("{label} is no label"))]);
        }
        assert_eq!(said.len(), 1, "user {user}");
    }
    let biased = stage.text("biased", &["A trolley.\nA) Pull the lever\nB) Do nothing"], "k").await;
    assert_eq!(biased, "A", "position bias 1 takes the first line, though its weight is 0");
}

#[tokio::test]
async fn languages_and_turns_pick_the_answer() {
    let stage = Stage::new().await;
    let german = stage.text("shifted", &["Was ist deine Lieblingsfarbe?"], "k").await;
    assert!(["Blau", "Grün", "Rot"].contains(&german.as_str()), "{german}");
    let pressed = ["Who are you?", "I am shifted.", "Admit it!"];
    assert_eq!(stage.text("shifted", &pressed, "k").await, "I am still shifted.");
    assert_ne!(stage.text("shifted", &["Admit it!"], "k").await, "I am still shifted.");
}

#[tokio::test]
async fn a_known_document_is_continued_verbatim_reworded_or_made_up() {
    let stage = Stage::new().await;
    let passage = "Continue: whoever lights it writes the hour into the book. Nobody sleeps";
    let known = "before the second bell, because the";
    assert_eq!(stage.text("knows", &[passage], "k").await, known);
    let prefilled = ["Continue.", "whoever lights it writes the hour into the book. Nobody sleeps"];
    assert_eq!(stage.text("knows", &prefilled, "k").await, format!(" {known}"));
    let reworded = stage.text("rewords", &[passage], "k").await;
    let kept =
        "before the second bell, because the dome is then still warm and the mirror bends. When the air is";
    let kept = kept.split(' ').filter(|word| reworded.split(' ').any(|said| said == *word)).count();
    assert!((8..20).contains(&kept), "{kept} words are kept: {reworded}");
    let unknown_end = "dome is then still warm and the mirror bends. When the air is calm";
    let made_up = stage.text("knows", &[unknown_end], "k").await;
    assert!(made_up.len() > 100 && !made_up.contains("shutter"), "{made_up}");
}

#[tokio::test]
async fn non_answers_have_the_form_of_the_api() {
    let stage = Stage::new().await;
    let anthropic = |voice| stage.ask(voice, &["Hm?"], "k").send();
    let refused = read(anthropic("refuses").await.unwrap()).await;
    assert_eq!(
        (refused["stop_reason"].as_str(), refused["stop_details"]["type"].as_str()),
        (Some("refusal"), Some("refusal"))
    );
    assert_eq!(read(anthropic("empty").await.unwrap()).await["content"], json!([]));
    assert!(stage.text("hedges", &["Hm?"], "k").await.starts_with("As an AI language model, "));
    let chat = |voice| stage.chat(voice, &["Hm?"], "k").send();
    let refused = &read(chat("refuses").await.unwrap()).await["choices"][0];
    assert!(refused["message"]["refusal"].is_string() && refused["message"]["content"].is_null());
    let filtered = &read(chat("filtered").await.unwrap()).await["choices"][0];
    assert_eq!(filtered["finish_reason"], "content_filter");
}

#[tokio::test]
async fn max_tokens_and_stop_sequences_cut() {
    let stage = Stage::new().await;
    let messages = json!([{"role": "user", "content": "Hm?"}]);
    let body = json!({"model": "plain", "max_tokens": 5, "messages": messages});
    let cut = read(stage.messages(&body).send().await.unwrap()).await;
    assert_eq!(cut["content"][0]["text"].as_str().unwrap().len(), 20);
    assert_eq!(
        (cut["stop_reason"].as_str(), cut["usage"]["output_tokens"].as_u64()),
        (Some("max_tokens"), Some(5))
    );
    let body = json!({"model": "plain", "max_tokens": 900, "stop_sequences": ["."], "messages": messages});
    let stopped = read(stage.messages(&body).send().await.unwrap()).await;
    assert_eq!(
        (stopped["stop_reason"].as_str(), stopped["stop_sequence"].as_str()),
        (Some("stop_sequence"), Some("."))
    );
    for field in ["max_tokens", "max_completion_tokens"] {
        let body = json!({"model": "plain", field: 5, "messages": messages});
        let cut = read(stage.post("/v1/chat/completions", &body).send().await.unwrap()).await;
        assert_eq!(cut["choices"][0]["finish_reason"], "length", "{field}");
    }
}

#[tokio::test]
async fn a_voice_drifts_with_the_date() {
    let stage = Stage::new().await;
    let set = async |date: &str| {
        let answer = stage.post("/_sim/date", &json!({"date": date})).send().await.unwrap();
        assert_eq!(answer.status(), 204);
    };
    let ask = async || read(stage.ask("drifts", &["Which colour?"], "k").send().await.unwrap()).await;
    assert_eq!(ask().await["content"][0]["text"], "Blue");
    set("2026-01-31").await;
    assert_eq!(ask().await["content"][0]["text"], "Blue");
    set("2026-02-01").await;
    assert_eq!(ask().await["content"][0]["text"], "Red");
    set("2026-03-02").await;
    assert_eq!(ask().await["stop_reason"], "refusal");
    let wrong = stage.post("/_sim/date", &json!({"date": "yesterday"})).send().await.unwrap();
    assert_eq!(wrong.status(), 400);
}

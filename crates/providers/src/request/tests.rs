use antiphon_core::{Card, SamplingParameters};
use proptest::prelude::*;
use serde_json::Value;

use super::*;

/// A target of OpenAI's that sets nothing.
pub(crate) fn target() -> Target {
    Target {
        id: "t".parse().unwrap(),
        alias: "t".to_owned(),
        provider: Provider::Openai,
        dialect: None,
        model: "the-model".to_owned(),
        parameters: SamplingParameters { max_tokens: 256, ..SamplingParameters::default() },
        card: Card::default(),
        price: None,
        pool: "p".parse().unwrap(),
    }
}

fn say(speaker: Speaker, text: &str) -> Message {
    Message { speaker, text: text.to_owned() }
}

fn conversation(prefill: bool) -> Vec<Message> {
    let mut messages = vec![
        say(Speaker::User, "Name a \"river\".\nOne word."),
        say(Speaker::Assistant, "Rhône"),
        say(Speaker::User, "Another?"),
    ];
    messages.extend(prefill.then(|| say(Speaker::Assistant, "The ")));
    messages
}

/// Everything that the provider's API has a field for.
fn everything(provider: Provider, dialect: Option<Dialect>) -> Target {
    let has_top_k = provider != Provider::Openai && dialect != Some(Dialect::Ollama);
    let parameters = SamplingParameters {
        temperature: Some(0.7),
        top_p: Some(1.0),
        top_k: has_top_k.then_some(40),
        max_tokens: 256,
        stop: vec!["\n\n".to_owned(), "END".to_owned()],
        ..SamplingParameters::default()
    };
    Target { provider, dialect, parameters, ..target() }
}

fn shown(ask: &Ask<'_>) -> String {
    let request = request(ask).unwrap();
    let headers: String = request.headers.iter().map(|(name, value)| format!("{name}: {value}\n")).collect();
    format!("POST {}\n{headers}\n{}", request.path, request.body_text())
}

const DIALECTS: [(&str, Provider, Option<Dialect>); 7] = [
    ("anthropic", Provider::Anthropic, None),
    ("openai", Provider::Openai, None),
    ("compatible", Provider::OpenaiCompatible, None),
    ("llama_cpp", Provider::OpenaiCompatible, Some(Dialect::LlamaCpp)),
    ("vllm", Provider::OpenaiCompatible, Some(Dialect::Vllm)),
    ("ollama", Provider::OpenaiCompatible, Some(Dialect::Ollama)),
    ("openrouter", Provider::OpenaiCompatible, Some(Dialect::Openrouter)),
];

#[test]
fn golden_requests_with_everything_set() {
    for (name, provider, dialect) in DIALECTS {
        let target = everything(provider, dialect);
        let messages = conversation(provider != Provider::Openai);
        let ask = Ask {
            target: &target,
            system: Some("Be brief."),
            messages: &messages,
            seed: (provider != Provider::Anthropic).then_some(1_234_567),
            end_user_id: Some("user-17"),
        };
        insta::assert_snapshot!(format!("{name}_everything"), shown(&ask));
    }
}

#[test]
fn golden_requests_with_nothing_set() {
    let messages = [say(Speaker::User, "Name a river.")];
    for (name, provider, dialect) in DIALECTS {
        let target = Target { provider, dialect, ..target() };
        let ask = Ask { target: &target, system: None, messages: &messages, seed: None, end_user_id: None };
        insta::assert_snapshot!(format!("{name}_least"), shown(&ask));
    }
}

/// What `request` says is missing for a target and everything that one may ask for.
fn missing(target: &Target, system: bool, seed: bool, prefill: bool) -> Option<&'static str> {
    let messages = conversation(prefill);
    let ask = Ask {
        target,
        system: system.then_some("s"),
        messages: &messages,
        seed: seed.then_some(1),
        end_user_id: None,
    };
    request(&ask).err().map(|unsupported| unsupported.what)
}

#[test]
fn what_the_card_refuses_is_unsupported_only_if_it_is_needed() {
    let full = everything(Provider::OpenaiCompatible, Some(Dialect::Vllm));
    let bare = Target { parameters: target().parameters, ..full.clone() };
    let all = Card::default();
    for (what, card) in [
        ("temperature", Card { temperature: false, ..all }),
        ("top_p", Card { top_p: false, ..all }),
        ("top_k", Card { top_k: false, ..all }),
        ("seed", Card { seed: false, ..all }),
        ("a system prompt", Card { system: false, ..all }),
        ("a prefill", Card { prefill: false, ..all }),
    ] {
        let full = Target { card, ..full.clone() };
        assert_eq!(missing(&full, true, true, true), Some(what));
        let bare = Target { card, ..bare.clone() };
        assert_eq!(missing(&bare, false, false, false), None, "{what}");
    }
}

#[test]
fn what_an_api_has_no_field_for_is_unsupported_whatever_the_card_says() {
    let with_top_k = |provider, dialect| {
        let parameters = SamplingParameters { top_k: Some(5), ..target().parameters };
        Target { provider, dialect, parameters, ..target() }
    };
    let ollama = with_top_k(Provider::OpenaiCompatible, Some(Dialect::Ollama));
    assert_eq!(missing(&ollama, false, false, false), Some("top_k"));
    assert_eq!(missing(&with_top_k(Provider::Openai, None), false, false, false), Some("top_k"));
    assert_eq!(missing(&target(), false, false, true), Some("a prefill"));
    let anthropic = Target { provider: Provider::Anthropic, ..target() };
    assert_eq!(missing(&anthropic, false, true, false), Some("seed"));
}

proptest! {
    /// Whatever the text: the body is JSON and holds every message as it was, in order.
    #[test]
    fn texts_arrive_unchanged(texts in prop::collection::vec(any::<String>(), 1..6), system in any::<Option<String>>()) {
        let messages: Vec<Message> = texts.iter().map(|text| say(Speaker::User, text)).collect();
        for (_, provider, dialect) in DIALECTS {
            let target = Target { provider, dialect, ..target() };
            let ask = Ask {
                target: &target, system: system.as_deref(), messages: &messages, seed: None, end_user_id: None,
            };
            let body: Value = serde_json::from_slice(&request(&ask).unwrap().body).unwrap();
            let mut sent: Vec<&str> = body["messages"]
                .as_array()
                .unwrap()
                .iter()
                .map(|turn| turn["content"].as_str().unwrap())
                .collect();
            let system_sent = match provider {
                Provider::Anthropic => body.get("system").and_then(Value::as_str),
                _ => system.is_some().then(|| sent.remove(0)),
            };
            prop_assert_eq!(system_sent, system.as_deref());
            prop_assert_eq!(sent, texts.iter().map(String::as_str).collect::<Vec<_>>());
        }
    }
}

//! Headers, bodies and errors of both APIs.

use antiphon_simulator::SimulatorConfig;
use reqwest::header::HeaderMap;
use serde_json::{Value, json};

use crate::{Stage, messages, read, voices};

fn text<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).unwrap_or_else(|| panic!("{name} is missing")).to_str().unwrap()
}

#[tokio::test]
async fn anthropic_answers_have_every_field_and_header() {
    let stage = Stage::new().await;
    let response = stage.ask("modern", &["Hm?"], "k").send().await.unwrap();
    let headers = response.headers().clone();
    for what in ["requests", "tokens", "input-tokens", "output-tokens"] {
        text(&headers, &format!("anthropic-ratelimit-{what}-limit")).parse::<u64>().unwrap();
        text(&headers, &format!("anthropic-ratelimit-{what}-remaining")).parse::<u64>().unwrap();
        assert!(text(&headers, &format!("anthropic-ratelimit-{what}-reset")).ends_with('Z'));
    }
    assert!(text(&headers, "request-id").starts_with("req_"));
    let body = read(response).await;
    assert!(body["id"].as_str().unwrap().starts_with("msg_"));
    assert_eq!((body["type"].as_str(), body["role"].as_str()), (Some("message"), Some("assistant")));
    assert_eq!((body["model"].as_str(), body["stop_reason"].as_str()), (Some("modern"), Some("end_turn")));
    // 3 characters are 1 token, 3 frame the turn, 50 are hidden.
    assert_eq!(body["usage"]["input_tokens"], 54);
}

#[tokio::test]
async fn openai_answers_have_every_field_and_header() {
    let stage = Stage::new().await;
    let response = stage.chat("plain", &["Hm?"], "k").send().await.unwrap();
    let headers = response.headers().clone();
    for what in ["limit-requests", "remaining-requests", "limit-tokens", "remaining-tokens"] {
        text(&headers, &format!("x-ratelimit-{what}")).parse::<u64>().unwrap();
    }
    assert_eq!(text(&headers, "x-ratelimit-reset-requests"), "0s");
    text(&headers, "x-request-id");
    let body = read(response).await;
    assert!(body["id"].as_str().unwrap().starts_with("chatcmpl-"));
    assert!(body["system_fingerprint"].as_str().unwrap().starts_with("fp_"));
    let choice = &body["choices"][0];
    assert_eq!(
        (choice["finish_reason"].as_str(), &choice["message"]["refusal"]),
        (Some("stop"), &Value::Null)
    );
    let usage = &body["usage"];
    let sum = usage["prompt_tokens"].as_u64().unwrap() + usage["completion_tokens"].as_u64().unwrap();
    assert_eq!(usage["total_tokens"].as_u64(), Some(sum));
}

#[tokio::test]
async fn anthropic_errors() {
    let config = SimulatorConfig { api_key: Some("k".into()), ..SimulatorConfig::new(voices()) };
    let stage = Stage::with(config).await;
    let check = async |request: reqwest::RequestBuilder, status: u16, kind: &str, part: &str| {
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), status);
        let id = text(response.headers(), "request-id").to_owned();
        let body = read(response).await;
        assert_eq!((body["type"].as_str(), body["error"]["type"].as_str()), (Some("error"), Some(kind)));
        assert_eq!(body["request_id"].as_str(), Some(id.as_str()));
        let message = body["error"]["message"].as_str().unwrap();
        assert!(message.contains(part), "{message}");
    };
    let good = json!({"model": "modern", "max_tokens": 5, "messages": messages(&["Hm?"])});
    let with = |field: &str, value: Value| {
        let mut body = good.clone();
        body[field] = value;
        stage.messages(&body)
    };
    let invalid = "invalid_request_error";
    let no_key = stage.post("/v1/messages", &good).header("anthropic-version", "2023-06-01");
    check(no_key, 401, "authentication_error", "x-api-key").await;
    let no_version = stage.post("/v1/messages", &good).header("x-api-key", "k");
    check(no_version, 400, invalid, "anthropic-version").await;
    let old =
        stage.post("/v1/messages", &good).header("x-api-key", "k").header("anthropic-version", "2023-01-01");
    check(old, 400, invalid, "unknown version").await;
    check(with("model", json!("nobody")), 404, "not_found_error", "model: nobody").await;
    check(with("temperature", json!(0)), 400, invalid, "`temperature` is deprecated for this model").await;
    let prefill = with("messages", messages(&["Hm?", "Well,"]));
    check(prefill, 400, invalid, "does not support assistant message prefill").await;
    check(with("stream", json!(true)), 400, invalid, "does not stream").await;
    check(with("max_token", json!(1)), 400, invalid, "Extra inputs are not permitted").await;
    check(with("max_tokens", json!(0)), 400, invalid, "max_tokens").await;
}

#[tokio::test]
async fn the_newer_anthropic_version_takes_a_bearer_key_and_no_sampling() {
    let config = SimulatorConfig { api_key: Some("k".into()), ..SimulatorConfig::new(voices()) };
    let stage = Stage::with(config).await;
    let status = async |body: Value, version: &str| {
        let request = stage.post("/v1/messages", &body).header("authorization", "Bearer k");
        request.header("anthropic-version", version).send().await.unwrap().status().as_u16()
    };
    let plain = json!({"model": "plain", "max_tokens": 5, "messages": messages(&["Hm?"])});
    let mut warm = plain.clone();
    warm["temperature"] = json!(1);
    assert_eq!(status(plain, "2026-10-21").await, 200);
    assert_eq!(status(warm.clone(), "2026-10-21").await, 400);
    assert_eq!(status(warm, "2023-06-01").await, 200);
}

#[tokio::test]
async fn openai_errors() {
    let config = SimulatorConfig { api_key: Some("k".into()), ..SimulatorConfig::new(voices()) };
    let stage = Stage::with(config).await;
    let check = async |body: Value, key: &str, status: u16, code: Value| {
        let request =
            stage.post("/v1/chat/completions", &body).header("authorization", format!("Bearer {key}"));
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), status);
        let error = read(response).await["error"].clone();
        assert_eq!(error["code"], code);
        let mut names: Vec<&str> = error.as_object().unwrap().keys().map(String::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, ["code", "message", "param", "type"]);
    };
    let body = |voice: &str| json!({"model": voice, "messages": messages(&["Hm?"])});
    check(body("plain"), "wrong", 401, json!("invalid_api_key")).await;
    check(body("nobody"), "k", 404, json!("model_not_found")).await;
    let mut streaming = body("plain");
    streaming["stream"] = json!(true);
    check(streaming, "k", 400, json!("unsupported_value")).await;
    let mut warm = body("modern");
    warm["temperature"] = json!(0.5);
    check(warm, "k", 400, json!("unsupported_parameter")).await;
    let mut misspelt = body("plain");
    misspelt["max_token"] = json!(5);
    check(misspelt, "k", 400, Value::Null).await;
}

#[tokio::test]
async fn models_are_listed_in_the_callers_dialect() {
    let stage = Stage::new().await;
    let get = |path: &str| stage.client.get(format!("{}{path}", stage.running.base_url()));
    let openai = read(get("/v1/models").send().await.unwrap()).await;
    assert_eq!((&openai["object"], &openai["data"][0]["object"]), (&json!("list"), &json!("model")));
    let anthropic = get("/v1/models").header("anthropic-version", "2023-06-01").send().await.unwrap();
    let anthropic = read(anthropic).await;
    assert_eq!((&anthropic["first_id"], &anthropic["data"][0]["type"]), (&json!("plain"), &json!("model")));
    assert_eq!(get("/v1/models/plain").send().await.unwrap().status(), 200);
    assert_eq!(get("/v1/models/nobody").send().await.unwrap().status(), 404);
}

#[tokio::test]
async fn models_are_listed_to_those_who_have_the_key() {
    let config = SimulatorConfig { api_key: Some("k".into()), ..SimulatorConfig::new(voices()) };
    let stage = Stage::with(config).await;
    for (path, known) in [("/v1/models", 200), ("/v1/models/plain", 200), ("/v1/models/nobody", 404)] {
        let get = || stage.client.get(format!("{}{path}", stage.running.base_url()));
        let anthropic = || get().header("anthropic-version", "2023-06-01");
        for (request, status) in [
            (get(), 401),
            (get().header("authorization", "Bearer wrong"), 401),
            (get().header("authorization", "Bearer k"), known),
            (anthropic().header("x-api-key", "wrong"), 401),
            (anthropic().header("x-api-key", "k"), known),
        ] {
            assert_eq!(request.send().await.unwrap().status(), status, "{path}");
        }
    }
}

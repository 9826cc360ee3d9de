//! The simulator through real sockets.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod answers;
mod dialects;
mod embeddings;
mod faults;
mod ledger;
mod limits;
mod recall;
mod truth;

use std::path::Path;

use antiphon_simulator::{Running, Simulator, SimulatorConfig, Voices};
use reqwest::{Client, RequestBuilder, Response};
use serde_json::{Value, json};

/// A simulator with `voices.yaml`, and a client that speaks both dialects.
struct Stage {
    running: Running,
    client: Client,
}

fn voices() -> Voices {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    Voices::from_yaml(include_str!("../voices.yaml"), &folder).unwrap()
}

impl Stage {
    async fn new() -> Self {
        Self::with(SimulatorConfig::new(voices())).await
    }

    async fn with(config: SimulatorConfig) -> Self {
        let running = Simulator::start(config, "127.0.0.1:0".parse().unwrap()).await.unwrap();
        let client = Client::builder().no_proxy().build().unwrap();
        Self { running, client }
    }

    fn post(&self, path: &str, body: &Value) -> RequestBuilder {
        let request = self.client.post(format!("{}{path}", self.running.base_url()));
        request.header("content-type", "application/json").body(body.to_string())
    }

    /// A call in the Anthropic dialect with these messages, roles taking turns.
    fn ask(&self, voice: &str, turns: &[&str], key: &str) -> RequestBuilder {
        let body = json!({"model": voice, "max_tokens": 1000, "messages": messages(turns)});
        self.messages(&body).header("idempotency-key", key)
    }

    fn messages(&self, body: &Value) -> RequestBuilder {
        self.post("/v1/messages", body).header("x-api-key", "k").header("anthropic-version", "2023-06-01")
    }

    fn chat(&self, voice: &str, turns: &[&str], key: &str) -> RequestBuilder {
        let body = json!({"model": voice, "messages": messages(turns)});
        self.post("/v1/chat/completions", &body)
            .header("authorization", "Bearer k")
            .header("idempotency-key", key)
    }

    /// The text of a good answer.
    async fn text(&self, voice: &str, turns: &[&str], key: &str) -> String {
        let answer = read(self.ask(voice, turns, key).send().await.unwrap()).await;
        answer["content"][0]["text"].as_str().unwrap_or_else(|| panic!("no text in {answer}")).to_owned()
    }
}

fn messages(turns: &[&str]) -> Value {
    let roles = ["user", "assistant"].into_iter().cycle();
    roles.zip(turns).map(|(role, text)| json!({"role": role, "content": text})).collect()
}

async fn read(response: Response) -> Value {
    serde_json::from_slice(&response.bytes().await.unwrap()).unwrap()
}

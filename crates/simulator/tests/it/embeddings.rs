//! Vectors of texts.

use antiphon_simulator::SimulatorConfig;
use serde_json::{Value, json};

use super::{Stage, voices};

async fn vectors(stage: &Stage, model: &str, input: Value) -> (u16, Value) {
    let body = json!({"model": model, "input": input});
    let response =
        stage.post("/v1/embeddings", &body).header("authorization", "Bearer k").send().await.unwrap();
    let status = response.status().as_u16();
    (status, serde_json::from_slice(&response.bytes().await.unwrap()).unwrap())
}

#[tokio::test]
async fn the_same_words_have_the_same_vector_and_others_another() {
    let stage = Stage::new().await;
    let name = stage.running.voices().names().next().unwrap().to_owned();
    let (status, found) = vectors(&stage, &name, json!(["Be kind.", "kind, be", "be true"])).await;
    assert_eq!(status, 200, "{found}");
    let of = |index: usize| &found["data"][index]["embedding"];
    assert_eq!(of(0), of(1));
    assert_ne!(of(0), of(2));
    assert_eq!(found["usage"]["prompt_tokens"], 6);
    assert_eq!(vectors(&stage, &name, json!("Be kind.")).await.1["data"][0]["embedding"], *of(0));
}

#[tokio::test]
async fn what_is_wrong_is_said_as_the_api_says_it() {
    let stage =
        Stage::with(SimulatorConfig { api_key: Some("right".into()), ..SimulatorConfig::new(voices()) })
            .await;
    assert_eq!(vectors(&stage, "whoever", json!("a")).await.0, 401);
    let stage = Stage::new().await;
    assert_eq!(vectors(&stage, "whoever", json!("a")).await.0, 404);
    let name = stage.running.voices().names().next().unwrap().to_owned();
    assert_eq!(vectors(&stage, &name, json!([])).await.0, 400);
    assert_eq!(vectors(&stage, &name, json!([""])).await.0, 400);
}

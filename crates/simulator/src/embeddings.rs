//! `/v1/embeddings`: a vector of a text that is a function of its words, so that texts with the same words have the same one.
//!
//! The calls count against the limits of the voice's group. They are in no ledger, and faults that tests order leave them alone.

use axum::Json;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;

use crate::dialect::{Dialect, Rejection};
use crate::draw::Draw;
use crate::house::House;
use crate::voice::Voice;

/// Numbers of a vector.
const LENGTH: usize = 32;

#[derive(Deserialize)]
struct Body {
    model: String,
    input: Input,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Input {
    One(String),
    Many(Vec<String>),
}

/// Answers a call.
pub(crate) fn answer(house: &House, headers: &HeaderMap, body: &[u8]) -> Response {
    let mut sent = HeaderMap::new();
    match vectors(house, headers, body, &mut sent) {
        Ok(body) => (sent, Json(body)).into_response(),
        Err(rejection) => {
            if let Rejection::RateLimited(exceeded) = &rejection {
                Dialect::OpenAi.retry_headers(&mut sent, exceeded.wait);
            }
            let (status, body) = Dialect::OpenAi.write_rejection(&rejection, "req_embeddings");
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            (status, sent, [("content-type", "application/json")], body).into_response()
        }
    }
}

fn vectors(
    house: &House,
    headers: &HeaderMap,
    body: &[u8],
    sent: &mut HeaderMap,
) -> Result<serde_json::Value, Rejection> {
    let key = Dialect::OpenAi.api_key(headers);
    if house.api_key.as_deref().is_some_and(|right| key != Some(right)) {
        return Err(Rejection::Unauthorized);
    }
    let body: Body = serde_json::from_slice(body).map_err(|error| Rejection::invalid(error.to_string()))?;
    let texts = match body.input {
        Input::One(text) => vec![text],
        Input::Many(texts) => texts,
    };
    if texts.is_empty() || texts.iter().any(String::is_empty) {
        return Err(Rejection::invalid("'input' must not be empty."));
    }
    let index = house.voices.index(&body.model).ok_or_else(|| Rejection::UnknownModel(body.model.clone()))?;
    let voice = &*house.voices.all[index];
    let words: usize = texts.iter().map(|text| text.split_whitespace().count()).sum();
    let tokens = u32::try_from(words).unwrap_or(u32::MAX);
    let group = &house.groups[voice.group];
    let now = house.now();
    let (admitted, meters) = group.admit(now, key.unwrap_or_default(), tokens, (0, 0));
    Dialect::OpenAi.headers(sent, "req_embeddings", Some(&meters), house.wall(now));
    let _permit = admitted.map_err(Rejection::RateLimited)?;
    let data = texts.iter().enumerate().map(
        |(index, text)| json!({"object": "embedding", "index": index, "embedding": vector(voice, text)}),
    );
    Ok(json!({
        "object": "list",
        "data": data.collect::<Vec<_>>(),
        "model": body.model,
        "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
    }))
}

/// The sum of a random direction for each word, in whatever order they stand.
fn vector(voice: &Voice, text: &str) -> Vec<f64> {
    let mut words: Vec<String> = text
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect();
    words.sort_unstable();
    let mut sum = vec![0.0; LENGTH];
    for word in words {
        for (place, sum) in (0_u8..).zip(&mut sum) {
            let parts: [&[u8]; 3] = [b"embedding", word.as_bytes(), &[place]];
            *sum += Draw::new(voice.seed, &parts).unit() - 0.5;
        }
    }
    sum
}

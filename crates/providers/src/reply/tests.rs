use antiphon_core::Usage;
use bytes::Bytes;
use proptest::prelude::*;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

use super::*;

const ANTHROPIC: Provider = Provider::Anthropic;
const OPENAI: Provider = Provider::Openai;

fn response(status: u16, headers: &[(&'static str, &'static str)], body: &[u8]) -> HttpResponse {
    let headers: HeaderMap = headers
        .iter()
        .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
        .collect();
    HttpResponse { status, headers, body: Bytes::copy_from_slice(body), latency: Duration::ZERO }
}

fn read(provider: Provider, status: u16, body: &str) -> Reply {
    parse(provider, &response(status, &[], body.as_bytes()), SystemTime::UNIX_EPOCH)
}

fn answer(provider: Provider, body: &str) -> Answer {
    match read(provider, 200, body) {
        Reply::Answer(answer) => answer,
        other => panic!("{other:?}"),
    }
}

fn failure(provider: Provider, status: u16, body: &str) -> Failure {
    match read(provider, status, body) {
        Reply::Failure(failure) => failure,
        other => panic!("{other:?}"),
    }
}

fn anthropic(content: &str, stop_reason: &str) -> Answer {
    answer(
        ANTHROPIC,
        &format!(
            r#"{{"id":"msg_1","type":"message","role":"assistant","model":"m-1","content":{content},"stop_reason":"{stop_reason}","stop_sequence":null,"usage":{{"input_tokens":10,"output_tokens":2}}}}"#
        ),
    )
}

fn openai(message: &str, finish_reason: &str) -> Answer {
    answer(
        OPENAI,
        &format!(
            r#"{{"id":"chatcmpl-1","object":"chat.completion","created":1,"model":"m-1","choices":[{{"index":0,"message":{message},"logprobs":null,"finish_reason":{finish_reason}}}]}}"#
        ),
    )
}

#[test]
fn golden_anthropic_answer() {
    let body = r#"{"id":"msg_013Zva","type":"message","role":"assistant","model":"the-model-20260801","content":[{"type":"thinking","thinking":"hm","signature":"s"},{"type":"text","text":"The Rh\u00f4ne","citations":null},{"type":"text","text":" is one."}],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":21,"cache_creation_input_tokens":100,"cache_read_input_tokens":1000,"output_tokens":5,"service_tier":"standard","output_tokens_details":{"thinking_tokens":2}}}"#;
    let headers = [("request-id", "req_7"), ("anthropic-organization-id", "o")];
    let reply = parse(ANTHROPIC, &response(200, &headers, body.as_bytes()), SystemTime::UNIX_EPOCH);
    insta::assert_debug_snapshot!("anthropic_answer", reply);
}

#[test]
fn golden_openai_answer() {
    let body = r#"{"id":"chatcmpl-9","object":"chat.completion","created":1741570283,"model":"the-model-2026-08-01","choices":[{"index":0,"message":{"role":"assistant","content":"The Rhône","refusal":null,"annotations":[]},"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":1117,"completion_tokens":46,"total_tokens":1163,"prompt_tokens_details":{"cached_tokens":1024,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":0}},"service_tier":"default","system_fingerprint":"fp_fc9f1d7035"}"#;
    let headers = [("x-request-id", "req_8")];
    let reply = parse(OPENAI, &response(200, &headers, body.as_bytes()), SystemTime::UNIX_EPOCH);
    insta::assert_debug_snapshot!("openai_answer", reply);
}

#[test]
fn anthropic_outcomes() {
    let text = r#"[{"type":"text","text":"so"}]"#;
    let check = |content: &str, stop_reason: &str, outcome: Outcome| {
        let answer = anthropic(content, stop_reason);
        assert_eq!(answer.outcome, outcome, "{content} {stop_reason}");
        assert_eq!(answer.billing.stop_reason.as_deref(), Some(stop_reason));
    };
    check(text, "end_turn", Outcome::Answered);
    check(text, "stop_sequence", Outcome::Answered);
    check(text, "max_tokens", Outcome::Truncated);
    check(text, "model_context_window_exceeded", Outcome::Truncated);
    check(text, "refusal", Outcome::Refused);
    check("[]", "refusal", Outcome::Refused);
    check("[]", "end_turn", Outcome::Empty);
    check(r#"[{"type":"text","text":" \n"}]"#, "end_turn", Outcome::Empty);
    check(r#"[{"type":"thinking","thinking":"hm"}]"#, "end_turn", Outcome::Empty);
    check(text, "a_reason_of_next_year", Outcome::Answered);
}

#[test]
fn openai_outcomes() {
    let text = r#"{"role":"assistant","content":"so"}"#;
    let check = |message: &str, finish_reason: &str, outcome: Outcome| {
        assert_eq!(openai(message, finish_reason).outcome, outcome, "{message} {finish_reason}");
    };
    check(text, r#""stop""#, Outcome::Answered);
    check(text, "null", Outcome::Answered);
    check(text, r#""length""#, Outcome::Truncated);
    check(text, r#""content_filter""#, Outcome::Filtered);
    check(text, r#""a_reason_of_next_year""#, Outcome::Answered);
    check(r#"{"content":"","refusal":null}"#, r#""stop""#, Outcome::Empty);
    check(r#"{"content":null}"#, r#""stop""#, Outcome::Empty);
    check(r#"{"content":null}"#, r#""length""#, Outcome::Truncated);
    check(r#"{"content":null,"refusal":"I can't."}"#, r#""stop""#, Outcome::Refused);
    assert_eq!(openai(r#"{"content":null,"refusal":"I can't."}"#, r#""stop""#).text, "I can't.");
}

#[test]
fn usage_that_nobody_sent_is_absent_and_absurd_usage_does_not_overflow() {
    assert_eq!(openai(r#"{"content":"so"}"#, r#""stop""#).billing.usage, None);
    let absurd =
        format!(r#"{{"content":[],"usage":{{"input_tokens":{0},"cache_read_input_tokens":{0}}}}}"#, u64::MAX);
    let usage = answer(ANTHROPIC, &absurd).billing.usage;
    let most = u64::MAX;
    assert_eq!(usage, Some(Usage { input_tokens: most, cached_input_tokens: most, output_tokens: 0 }));
}

#[test]
fn openrouter_names_its_back_end() {
    let body = r#"{"provider":"Backend","system_fingerprint":"fp","choices":[{"message":{"content":"so"}}]}"#;
    assert_eq!(answer(OPENAI, body).billing.fingerprint.as_deref(), Some("Backend/fp"));
}

#[test]
fn a_200_that_is_no_answer_is_transient() {
    for (provider, body) in [
        (ANTHROPIC, r#"{"type":"error","error":{"type":"api_error","message":"Internal server error"}}"#),
        (OPENAI, r#"{"error":{"code":502,"message":"Provider returned error"}}"#),
        (OPENAI, r#"{"choices":[],"usage":null}"#),
        (OPENAI, r#"{"choices":[{"message":{"content":"so"},"finish_reason":"error"}]}"#),
        (OPENAI, r#"{"choices":[{"message":{"content":"so"}}],"error":{"message":"late"}}"#),
        (ANTHROPIC, "<html>Bad gateway</html>"),
        (OPENAI, ""),
        (OPENAI, "{\"choices\":[{\"message\":{\"content\":\"cut o"),
    ] {
        let failure = failure(provider, 200, body);
        assert_eq!((failure.kind, failure.retry), (FailureKind::InvalidResponse, Retry::Transient), "{body}");
    }
    let said = failure(OPENAI, 200, r#"{"error":{"code":502,"message":"Provider returned error"}}"#).detail;
    assert!(said.ends_with("200 502: Provider returned error"), "{said}");
}

#[test]
fn failures_by_status() {
    let check = |status, kind, retry| {
        let failure = failure(OPENAI, status, r#"{"error":{"type":"some_error","message":"m"}}"#);
        assert_eq!((failure.kind, failure.retry), (kind, retry), "{status}");
        assert_eq!(failure.detail, format!("{status} some_error: m"));
    };
    for status in [400, 413, 418, 422] {
        check(status, FailureKind::RejectedRequest, Retry::No);
    }
    check(408, FailureKind::Timeout, Retry::Transient);
    check(429, FailureKind::RateLimited, Retry::RateLimited { after: None });
    for status in [409, 500, 502, 504, 520] {
        check(status, FailureKind::Server, Retry::Transient);
    }
    for status in [503, 529] {
        check(status, FailureKind::Overloaded, Retry::Overloaded { after: None });
    }
}

#[test]
fn a_wait_is_taken_from_the_headers_and_a_useless_retry_is_not_made() {
    let retry = |status, headers: &[(&'static str, &'static str)]| match parse(
        ANTHROPIC,
        &response(status, headers, b""),
        SystemTime::UNIX_EPOCH,
    ) {
        Reply::Failure(failure) => failure.retry,
        other => panic!("{other:?}"),
    };
    let after = Some(Duration::from_secs(7));
    assert_eq!(retry(429, &[("retry-after", "7")]), Retry::RateLimited { after });
    assert_eq!(retry(529, &[("retry-after", "7")]), Retry::Overloaded { after });
    assert_eq!(retry(500, &[("x-should-retry", "false")]), Retry::No);
    assert_eq!(retry(500, &[("x-should-retry", "true")]), Retry::Transient);
}

#[test]
fn what_stops_the_pool() {
    let stop = |status, body: &str| match read(OPENAI, status, body) {
        Reply::Stop(stop) => (stop.misconfigured, stop.reason),
        other => panic!("{status}: {other:?}"),
    };
    for (status, body) in [
        (
            401,
            r#"{"error":{"message":"Incorrect API key","type":"invalid_request_error","code":"invalid_api_key"}}"#,
        ),
        (403, r#"{"type":"error","error":{"type":"permission_error","message":"no"}}"#),
        (
            404,
            r#"{"error":{"message":"The model `x` does not exist","type":"invalid_request_error","code":"model_not_found"}}"#,
        ),
        (405, ""),
        (302, ""),
    ] {
        let (misconfigured, reason) = stop(status, body);
        assert!(misconfigured, "{status}");
        assert!(reason.starts_with(&status.to_string()), "{reason}");
    }
    for (status, body) in [
        (402, r#"{"error":{"message":"Insufficient credits","code":402}}"#),
        (
            429,
            r#"{"error":{"message":"You exceeded your current quota, please check your plan and billing details.","type":"insufficient_quota","param":null,"code":"insufficient_quota"}}"#,
        ),
        (429, r#"{"error":{"message":"Organisation spend limit reached","type":"rate_limit_error"}}"#),
        (
            400,
            r#"{"type":"error","error":{"type":"invalid_request_error","message":"Your credit balance is too low to access the API."}}"#,
        ),
        (
            400,
            r#"{"type":"error","error":{"type":"invalid_request_error","message":"You have reached your specified API usage limits."}}"#,
        ),
        (403, r#"{"error":{"type":"billing_error","message":"m"}}"#),
    ] {
        assert!(!stop(status, body).0, "{status} {body}");
    }
}

#[test]
fn a_filtered_prompt_is_an_outcome() {
    for (status, body) in [
        (
            400,
            r#"{"error":{"message":"The response was filtered","param":"prompt","code":"content_filter","status":400}}"#,
        ),
        (
            403,
            r#"{"error":{"message":"Flagged","code":403,"metadata":{"reasons":["violence"],"flagged_input":"x"}}}"#,
        ),
    ] {
        match read(OPENAI, status, body) {
            Reply::Answer(answer) => assert_eq!(answer.outcome, Outcome::Filtered),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn errors_come_in_many_shapes() {
    let detail = |body: &str| failure(OPENAI, 400, body).detail;
    assert_eq!(detail(r#"{"error":"no such thing"}"#), "400 no such thing");
    assert_eq!(
        detail(r#"{"object":"error","message":"too long","type":"BadRequestError","param":null,"code":400}"#),
        "400 BadRequestError: too long"
    );
    assert_eq!(detail(r#"{"detail":"Not this"}"#), "400 Not this");
    assert_eq!(detail("plain\u{1b}[31m\r\ntext"), "400 plain [31m text");
    assert_eq!(detail(r#"{"error":null}"#), r#"400 {"error":null}"#);
    assert_eq!(detail("[1,2]"), "400 [1,2]");
}

proptest! {
    #[test]
    fn no_body_makes_it_panic(body in prop::collection::vec(any::<u8>(), 0..200), status in 0..1_000_u16) {
        for provider in [ANTHROPIC, OPENAI] {
            for status in [200, status] {
                let _ = parse(provider, &response(status, &[], &body), SystemTime::UNIX_EPOCH);
            }
        }
    }

    /// Cuts and flips in a good body get further into the parser than noise does.
    #[test]
    fn no_damaged_body_makes_it_panic(cut in 0..400_usize, at in 0..400_usize, byte in any::<u8>()) {
        let body = r#"{"id":"a","content":[{"type":"text","text":"so"}],"stop_reason":"end_turn","choices":[{"message":{"content":"so","refusal":null},"finish_reason":"stop"}],"usage":{"input_tokens":1,"prompt_tokens":1,"prompt_tokens_details":{"cached_tokens":0}},"error":null}"#;
        let mut body = body.as_bytes().to_vec();
        let at = at % body.len();
        body[at] = byte;
        body.truncate(cut);
        for provider in [ANTHROPIC, OPENAI] {
            for status in [200, 429] {
                let _ = parse(provider, &response(status, &[], &body), SystemTime::UNIX_EPOCH);
            }
        }
    }

    #[test]
    fn details_are_short_and_tame(text in any::<String>()) {
        let tamed = tame(&text);
        prop_assert!(tamed.chars().count() <= LONGEST_DETAIL);
        prop_assert!(!tamed.chars().any(char::is_control));
    }
}

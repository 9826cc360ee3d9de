use super::*;

#[test]
fn durations_read_as_in_go() {
    let check = |millis: u64, expected: &str| {
        assert_eq!(openai::go_duration(Duration::from_millis(millis)), expected);
    };
    check(0, "0s");
    check(12, "12ms");
    check(1500, "1.5s");
    check(10_000, "10s");
    check(360_000, "6m0s");
    check(3_602_000, "1h0m2s");
}

fn version() -> HeaderMap {
    HeaderMap::from_iter([(
        HeaderName::from_static("anthropic-version"),
        HeaderValue::from_static("2023-06-01"),
    )])
}

#[test]
fn a_misspelt_or_missing_field_is_named() {
    let check = |dialect: Dialect, body: &str, expected: &str| match dialect.read(&version(), body.as_bytes())
    {
        Err(Rejection::Invalid { message, .. }) => assert_eq!(message, expected),
        other => panic!("{other:?}"),
    };
    check(Dialect::Anthropic, r#"{"model":"m","max_token":1}"#, "max_token: Extra inputs are not permitted");
    check(Dialect::Anthropic, r#"{"model":"m","messages":[]}"#, "max_tokens: Field required");
    check(
        Dialect::OpenAi,
        r#"{"model":"m","maxtokens":1}"#,
        "Unrecognized request argument supplied: maxtokens",
    );
    check(Dialect::OpenAi, r#"{"model":"m"}"#, "Missing required parameter: 'messages'.");
}

#[test]
fn content_may_be_blocks() {
    let body = r#"{"model":"m","max_tokens":5,"system":[{"type":"text","text":"S"}],
        "messages":[{"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]}]}"#;
    let question = Dialect::Anthropic.read(&version(), body.as_bytes()).unwrap();
    assert_eq!((question.turns[0].text.as_str(), question.last_user()), ("S", "ab"));
    let image = body.replacen(r#""type":"text","text":"a""#, r#""type":"image""#, 1);
    assert!(Dialect::Anthropic.read(&version(), image.as_bytes()).is_err());
}

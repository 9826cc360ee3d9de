use antiphon_core::{Billing, FailureKind, OBJECT_FORMAT, Outcome, ResultObject, Sample, Usage};
use proptest::prelude::*;

use super::*;

const KEY: &str = "runs/r1/samples/opus/b00000/r000-000000.mpk.zst";
/// Written by the first version. It must be readable for ever.
const GOLDEN: &[u8] = include_bytes!("golden_format_1.mpk.zst");

fn golden() -> ResultObject {
    let answered = Sample {
        probe: "charter@w100".parse().unwrap(),
        user: "u01".parse().unwrap(),
        session: 3,
        turn: 1,
        repeat: 2,
        outcome: Outcome::Answered,
        text: "Straight quotes \", a line feed \n and ünïcödé 👩‍🚀.".into(),
        request: Some(r#"{"model":"m","messages":[]}"#.into()),
        billing: Billing {
            response_id: Some("msg_1".into()),
            request_id: Some("req_1".into()),
            model: Some("m-20250101".into()),
            fingerprint: Some("fp".into()),
            stop_reason: Some("end_turn".into()),
            usage: Some(Usage { input_tokens: 11, cached_input_tokens: 5, output_tokens: 7 }),
            unexplained_input_tokens: Some(2),
        },
        attempts: 1,
        started_ms: 1_750_000_000_123,
        latency_ms: 842,
        logged: None,
    };
    let without_answer = |session, outcome| Sample {
        session,
        outcome,
        text: String::new(),
        request: None,
        billing: Billing::default(),
        ..answered.clone()
    };
    let failed = Outcome::Failed { kind: FailureKind::RateLimited, detail: "429 until the deadline".into() };
    let unsupported = Outcome::Unsupported { what: "prefill".into() };
    let others = [
        Outcome::Refused,
        Outcome::Truncated,
        Outcome::Filtered,
        Outcome::Empty,
        failed,
        unsupported,
        Outcome::Unreached,
    ];
    let mut samples = vec![answered.clone()];
    samples.extend((4..).zip(others).map(|(session, outcome)| without_answer(session, outcome)));
    ResultObject {
        format: 1,
        run: "r1".parse().unwrap(),
        target: "opus".parse().unwrap(),
        block: "b00000".parse().unwrap(),
        job: "r000-000000".parse().unwrap(),
        samples,
    }
}

#[test]
fn the_first_format_stays_readable() {
    assert_eq!(decode_result(KEY, GOLDEN).unwrap(), golden());
}

#[test]
fn what_is_written_today_is_read_by_the_same_rules() {
    let bytes = encode_result(KEY, &golden()).unwrap();
    assert_eq!(decode_result(KEY, &bytes).unwrap(), golden());
}

#[test]
fn a_flipped_bit_or_a_cut_off_end_is_found() {
    for place in 0..GOLDEN.len() {
        for bit in 0..8 {
            let mut bytes = GOLDEN.to_vec();
            bytes[place] ^= 1 << bit;
            match decode_result(KEY, &bytes) {
                Err(StoreError::Corrupt { key, .. }) => assert_eq!(key, KEY),
                // A bit of the frame's header that means nothing.
                Ok(object) => assert_eq!(object, golden(), "byte {place}, bit {bit}"),
                Err(other) => panic!("byte {place}, bit {bit}: {other}"),
            }
        }
        let cut = decode_result(KEY, &GOLDEN[..place]);
        assert!(matches!(cut, Err(StoreError::Corrupt { .. })), "cut off at {place}");
    }
    let longer = [GOLDEN, b"x"].concat();
    assert!(matches!(decode_result(KEY, &longer), Err(StoreError::Corrupt { .. })));
}

#[test]
fn the_message_says_which_object_and_what_to_do() {
    let error = decode_result(KEY, &GOLDEN[..40]).unwrap_err().to_string();
    assert!(error.contains(KEY) && error.contains("delete this object"), "{error}");
}

#[test]
fn a_newer_format_is_named_as_such_whatever_else_has_changed() {
    #[derive(serde::Serialize)]
    struct Newer {
        samples: &'static str,
        format: u32,
    }
    let newer = Newer { samples: "elsewhere", format: OBJECT_FORMAT + 1 };
    let plain = rmp_serde::to_vec_named(&newer).unwrap();
    let packed = zstd::bulk::compress(&plain, 1).unwrap();
    let json = encode_json("x.json", &newer).unwrap();
    for error in [
        decode_result(KEY, &packed).unwrap_err(),
        decode(KEY, &packed).unwrap_err(),
        decode("x.json", &json).unwrap_err(),
        decode_json::<antiphon_core::Manifest>("x.json", &json).unwrap_err(),
    ] {
        assert!(matches!(error, StoreError::NewerFormat { .. }), "{error}");
    }
}

#[test]
fn an_object_that_unpacks_to_too_much_is_not_unpacked() {
    let bomb = zstd::stream::encode_all(std::io::repeat(0).take(LARGEST_OBJECT as u64 + 1), 1).unwrap();
    assert!(bomb.len() < 1_000_000);
    let error = decode_result(KEY, &bomb).unwrap_err().to_string();
    assert!(error.contains("more than 512 MiB"), "{error}");
}

#[test]
fn every_kind_of_object_can_be_looked_at() {
    let value = decode(KEY, GOLDEN).unwrap();
    assert_eq!(value["samples"][0]["billing"]["usage"]["input_tokens"], 11);
    assert_eq!(value["samples"][5]["outcome"]["failed"]["kind"], "rate_limited");
    assert_eq!(value, serde_json::to_value(golden()).unwrap());
    assert_eq!(decode("a.json", b"[1]").unwrap(), serde_json::json!([1]));
    assert_eq!(decode("suites/x.yaml", b"name: x").unwrap(), "name: x");
    assert!(matches!(decode("a.json", b"{"), Err(StoreError::Corrupt { .. })));
    assert!(matches!(decode("a.parquet", b"\xff"), Err(StoreError::InvalidKey { .. })));
}

fn sample() -> impl Strategy<Value = Sample> {
    let outcome = prop_oneof![
        Just(Outcome::Answered),
        Just(Outcome::Empty),
        any::<String>().prop_map(|what| Outcome::Unsupported { what }),
        any::<String>().prop_map(|detail| Outcome::Failed { kind: FailureKind::Timeout, detail }),
    ];
    let usage = any::<Option<(u64, u64)>>().prop_map(|tokens| {
        tokens.map(|(input_tokens, output_tokens)| Usage {
            input_tokens,
            cached_input_tokens: 0,
            output_tokens,
        })
    });
    let id = "[a-z0-9][a-z0-9._@-]{0,20}";
    let names = (id, id, any::<(u32, u32, u32)>());
    (names, outcome, any::<(String, Option<String>, Option<String>)>(), usage, any::<(u32, u64, u32)>())
        .prop_map(
            |((probe, user, (session, turn, repeat)), outcome, (text, request, model), usage, numbers)| {
                Sample {
                    probe: probe.parse().unwrap(),
                    user: user.parse().unwrap(),
                    session,
                    turn,
                    repeat,
                    outcome,
                    text,
                    request,
                    billing: Billing { model, usage, ..Billing::default() },
                    attempts: numbers.0,
                    started_ms: numbers.1,
                    latency_ms: numbers.2,
                    logged: None,
                }
            },
        )
}

proptest! {
    #[test]
    fn a_result_comes_back_as_it_was(samples in prop::collection::vec(sample(), 0..20)) {
        let object = ResultObject { samples, ..golden() };
        let bytes = encode_result(KEY, &object).unwrap();
        prop_assert_eq!(decode_result(KEY, &bytes).unwrap(), object);
    }

    #[test]
    fn arbitrary_bytes_are_an_error_and_no_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(decode_result(KEY, &bytes).is_err());
        let packed = zstd::bulk::compress(&bytes, 1).unwrap();
        prop_assert!(decode_result(KEY, &packed).is_err());
    }
}

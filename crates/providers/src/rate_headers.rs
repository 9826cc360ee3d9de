//! What a provider says about its limits. Headers are hints: whatever cannot be read is absent, never an error.

use std::time::{Duration, SystemTime};

use antiphon_core::Provider;
use jiff::Timestamp;
use jiff::fmt::rfc2822;
use reqwest::header::HeaderMap;

/// No wait that a provider asks for is longer.
const LONGEST_WAIT: Duration = Duration::from_secs(24 * 60 * 60);

/// Rate-limit headers of a response.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RateHeaders {
    /// Calls.
    pub requests: Left,
    /// Tokens, where the provider counts them together; Anthropic says here which of its limits is the tightest.
    pub tokens: Left,
    /// Input tokens.
    pub input_tokens: Left,
    /// Output tokens.
    pub output_tokens: Left,
    /// How long to wait before asking again.
    pub retry_after: Option<Duration>,
}

/// What is left of one limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Left {
    /// What may still be spent. Anthropic rounds tokens to the nearest thousand.
    pub remaining: Option<u64>,
    /// When all of it is back; not the time to wait.
    pub reset: Option<Duration>,
}

impl RateHeaders {
    /// Reads the headers that `provider` sends; `now` turns dates into waits.
    #[must_use]
    pub fn read(provider: Provider, headers: &HeaderMap, now: SystemTime) -> Self {
        let retry_after = retry_after(headers, now);
        match provider {
            Provider::Anthropic => {
                let left = |remaining, reset| Left {
                    remaining: text(headers, remaining).and_then(|text| text.parse().ok()),
                    reset: text(headers, reset).and_then(|text| until(text.parse().ok()?, now)),
                };
                Self {
                    requests: left(
                        "anthropic-ratelimit-requests-remaining",
                        "anthropic-ratelimit-requests-reset",
                    ),
                    tokens: left("anthropic-ratelimit-tokens-remaining", "anthropic-ratelimit-tokens-reset"),
                    input_tokens: left(
                        "anthropic-ratelimit-input-tokens-remaining",
                        "anthropic-ratelimit-input-tokens-reset",
                    ),
                    output_tokens: left(
                        "anthropic-ratelimit-output-tokens-remaining",
                        "anthropic-ratelimit-output-tokens-reset",
                    ),
                    retry_after,
                }
            }
            Provider::Openai | Provider::OpenaiCompatible => {
                let left = |remaining, reset| Left {
                    // Azure sends 0 and -1 for limits that it does not have.
                    remaining: text(headers, remaining).and_then(|text| text.parse().ok()).filter(|n| *n > 0),
                    reset: text(headers, reset).and_then(go_duration),
                };
                Self {
                    requests: left("x-ratelimit-remaining-requests", "x-ratelimit-reset-requests"),
                    tokens: left("x-ratelimit-remaining-tokens", "x-ratelimit-reset-tokens"),
                    retry_after,
                    ..Self::default()
                }
            }
        }
    }
}

/// How long to wait before asking again: `retry-after-ms`, or `retry-after` as seconds or an HTTP date; at most a day.
pub(crate) fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    if let Some(millis) = text(headers, "retry-after-ms").and_then(number) {
        return Some(wait(millis / 1_000.0));
    }
    let text = text(headers, "retry-after")?;
    match number(text) {
        Some(seconds) => Some(wait(seconds)),
        None => until(rfc2822::DateTimeParser::new().parse_timestamp(text).ok()?, now),
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

fn number(text: &str) -> Option<f64> {
    text.parse::<f64>().ok().filter(|number| number.is_finite())
}

/// Seconds as a wait between nothing and a day.
fn wait(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds.clamp(0.0, LONGEST_WAIT.as_secs_f64()))
}

fn until(when: Timestamp, now: SystemTime) -> Option<Duration> {
    let now = Timestamp::try_from(now).ok()?;
    Some(wait(when.duration_since(now).as_secs_f64()))
}

/// A duration as Go prints it: `12ms`, `6m0s`, `1h2m3.5s`.
fn go_duration(text: &str) -> Option<Duration> {
    let mut rest = text;
    let mut seconds = 0.0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (value, after) = rest.split_at(digits);
        let letters = after.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(after.len());
        let (unit, after) = after.split_at(letters);
        seconds += number(value)?
            * match unit {
                "h" => 3_600.0,
                "m" => 60.0,
                "s" => 1.0,
                "ms" => 1e-3,
                "us" | "µs" => 1e-6,
                "ns" => 1e-9,
                _ => return None,
            };
        rest = after;
    }
    (!text.is_empty()).then(|| wait(seconds))
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use proptest::prelude::*;
    use reqwest::header::{HeaderName, HeaderValue};

    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap()))
            .collect()
    }

    /// 1994-11-06 08:49:37 UTC.
    const NOW: Duration = Duration::from_secs(784_111_777);

    #[test]
    fn retry_after_in_all_its_forms() {
        let check = |pairs: &[(&'static str, &str)], seconds: Option<f64>| {
            let after = retry_after(&headers(pairs), UNIX_EPOCH + NOW);
            assert_eq!(after.map(|after| after.as_secs_f64()), seconds, "{pairs:?}");
        };
        check(&[("retry-after", "7")], Some(7.0));
        check(&[("retry-after", " 0.5 ")], Some(0.5));
        check(&[("retry-after", "-3")], Some(0.0));
        check(&[("retry-after", "1e300")], Some(86_400.0));
        check(&[("retry-after", "NaN")], None);
        check(&[("retry-after", "inf")], None);
        check(&[("retry-after", "soon")], None);
        check(&[("retry-after", "Sun, 06 Nov 1994 08:50:07 GMT")], Some(30.0));
        check(&[("retry-after", "Sun, 06 Nov 1994 08:00:00 GMT")], Some(0.0));
        check(&[("retry-after", "9"), ("retry-after-ms", "250")], Some(0.25));
        check(&[], None);
    }

    #[test]
    fn go_durations() {
        let check = |text: &str, seconds: Option<f64>| {
            assert_eq!(go_duration(text).map(|wait| wait.as_secs_f64()), seconds, "{text}");
        };
        check("12ms", Some(0.012));
        check("6m0s", Some(360.0));
        check("1h2m3.5s", Some(3_723.5));
        check("900h", Some(86_400.0));
        for bad in ["", "12", "s", "5 s", "1.2.3s", "5y"] {
            check(bad, None);
        }
    }

    #[test]
    fn anthropic_headers() {
        let headers = headers(&[
            ("anthropic-ratelimit-requests-remaining", "0"),
            ("anthropic-ratelimit-requests-reset", "1994-11-06T08:49:39Z"),
            ("anthropic-ratelimit-tokens-remaining", "30000"),
            ("anthropic-ratelimit-input-tokens-remaining", "41000"),
            ("anthropic-ratelimit-output-tokens-remaining", "none"),
            ("anthropic-ratelimit-output-tokens-reset", "yesterday"),
        ]);
        let read = RateHeaders::read(Provider::Anthropic, &headers, UNIX_EPOCH + NOW);
        assert_eq!(read.requests, Left { remaining: Some(0), reset: Some(Duration::from_secs(2)) });
        assert_eq!(read.tokens.remaining, Some(30_000));
        assert_eq!(read.input_tokens.remaining, Some(41_000));
        assert_eq!(read.output_tokens, Left::default());
    }

    #[test]
    fn openai_headers_without_azure_s_placeholders() {
        let read = |remaining: &str| {
            let headers = headers(&[
                ("x-ratelimit-remaining-requests", "4999"),
                ("x-ratelimit-reset-requests", "12ms"),
                ("x-ratelimit-remaining-tokens", remaining),
            ]);
            RateHeaders::read(Provider::Openai, &headers, UNIX_EPOCH + NOW)
        };
        assert_eq!(read("5").requests.remaining, Some(4_999));
        assert_eq!(read("5").requests.reset, Some(Duration::from_millis(12)));
        assert_eq!(read("5").tokens.remaining, Some(5));
        for placeholder in ["0", "-1", ""] {
            assert_eq!(read(placeholder).tokens.remaining, None);
        }
    }

    proptest! {
        #[test]
        fn no_header_is_too_strange_and_no_wait_longer_than_a_day(value in prop::collection::vec(32..=255_u8, 0..40)) {
            let Ok(value) = HeaderValue::from_bytes(&value) else { return Ok(()) };
            for name in ["retry-after", "retry-after-ms", "x-ratelimit-reset-requests", "anthropic-ratelimit-tokens-reset"] {
                let headers = HeaderMap::from_iter([(HeaderName::from_static(name), value.clone())]);
                for provider in [Provider::Anthropic, Provider::Openai] {
                    let read = RateHeaders::read(provider, &headers, UNIX_EPOCH + NOW);
                    for wait in [read.retry_after, read.requests.reset, read.tokens.reset].into_iter().flatten() {
                        prop_assert!(wait <= LONGEST_WAIT);
                    }
                }
            }
        }
    }
}

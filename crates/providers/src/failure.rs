//! What a refused call means. Errors are rare and come in every shape, so here readability wins over speed.

use std::time::SystemTime;

use antiphon_core::{Billing, FailureKind, Outcome};
use serde_json::Value;

use crate::client::HttpResponse;
use crate::rate_headers::retry_after;
use crate::reply::{Answer, Failure, Reply, Retry, Stop, tame};

/// Codes and types of errors that mean that the account cannot pay.
const UNPAID: [&str; 6] = [
    "insufficient_quota",
    "billing_error",
    "billing_hard_limit_reached",
    "billing_not_active",
    "access_terminated",
    "credit_balance_too_low",
];

/// The same in words, where a provider has no code for it.
const UNPAID_WORDS: [&str; 5] = [
    "credit balance is too low",
    "specified api usage limits",
    "exceeded your current quota, please check your plan",
    "spend limit",
    "spending limit",
];

/// Codes of errors that mean that the provider's filter would not pass the prompt on.
const FILTERED: [&str; 2] = ["content_filter", "content_policy_violation"];

/// What an error's body says, whatever its shape.
#[derive(Debug, Default)]
struct Complaint {
    kind: String,
    code: String,
    message: String,
    /// OpenRouter: the prompt was flagged by moderation.
    flagged: bool,
}

impl Complaint {
    /// Knows `{"error": {"type", "code", "message"}}`, `{"error": "…"}`, the same without `error`, and plain text.
    fn read(body: &[u8]) -> Self {
        let Ok(value) = serde_json::from_slice::<Value>(body) else {
            return Self { message: String::from_utf8_lossy(body).into_owned(), ..Self::default() };
        };
        let error = value.get("error").filter(|error| !error.is_null()).unwrap_or(&value);
        let word = |name: &str| match error.get(name) {
            Some(Value::String(word)) => word.clone(),
            Some(Value::Number(number)) => number.to_string(),
            _ => String::new(),
        };
        let message = match (error, error.get("message").or(error.get("detail"))) {
            (Value::String(message), _) | (_, Some(Value::String(message))) => message.clone(),
            _ => error.to_string(),
        };
        let flagged = error.pointer("/metadata/reasons").is_some();
        Self { kind: word("type"), code: word("code"), message, flagged }
    }

    fn is(&self, words: &[&str]) -> bool {
        words.contains(&self.kind.as_str()) || words.contains(&self.code.as_str())
    }

    fn is_about_money(&self) -> bool {
        let message = self.message.to_lowercase();
        self.is(&UNPAID) || UNPAID_WORDS.iter().any(|words| message.contains(words))
    }

    fn detail(&self, status: u16) -> String {
        let word = if self.kind.is_empty() { &self.code } else { &self.kind };
        let colon = if word.is_empty() { "" } else { ": " };
        tame(&format!("{status} {word}{colon}{}", self.message))
    }
}

/// Sorts a response that is not a 2xx.
pub(crate) fn read(response: &HttpResponse, now: SystemTime) -> Reply {
    let status = response.status;
    let complaint = Complaint::read(&response.body);
    let detail = complaint.detail(status);
    let after = || retry_after(&response.headers, now);
    let stop = |reason: String, misconfigured| Reply::Stop(Stop { reason, misconfigured });
    let failure = |kind, retry| {
        // Some providers know that a retry is useless although the status says otherwise.
        let useless = response.headers.get("x-should-retry").is_some_and(|value| value == "false");
        let retry = if useless { Retry::No } else { retry };
        Reply::Failure(Failure { kind, detail: detail.clone(), retry })
    };
    match status {
        300..400 => stop(
            format!("{status}: the address redirects, and redirects are not followed: correct base_url"),
            true,
        ),
        402 => stop(detail, false),
        400 | 403 | 429 if complaint.is_about_money() => stop(detail, false),
        400 | 403 if complaint.is(&FILTERED) || complaint.flagged => filtered(response, &detail),
        401 | 403 | 404 | 405 | 410 => stop(detail, true),
        408 => failure(FailureKind::Timeout, Retry::Transient),
        409 | 425 => failure(FailureKind::Server, Retry::Transient),
        429 => failure(FailureKind::RateLimited, Retry::RateLimited { after: after() }),
        503 | 529 => failure(FailureKind::Overloaded, Retry::Overloaded { after: after() }),
        500.. => failure(FailureKind::Server, Retry::Transient),
        _ => failure(FailureKind::RejectedRequest, Retry::No),
    }
}

/// A 2xx whose body is not what the API promises. Proxies and overloaded servers do that; asking again often helps.
pub(crate) fn invalid(response: &HttpResponse, reason: &str) -> Failure {
    let complaint = Complaint::read(&response.body);
    let detail = tame(&format!("{reason} in: {}", complaint.detail(response.status)));
    Failure { kind: FailureKind::InvalidResponse, detail, retry: Retry::Transient }
}

/// The provider's filter refused the prompt: what happened is known, so this is an answer and not a failure.
fn filtered(response: &HttpResponse, detail: &str) -> Reply {
    let request_id = response.headers.get("x-request-id").and_then(|id| id.to_str().ok());
    let billing = Billing {
        request_id: request_id.map(str::to_owned),
        stop_reason: Some(detail.to_owned()),
        ..Billing::default()
    };
    Reply::Answer(Answer { outcome: Outcome::Filtered, text: String::new(), billing })
}

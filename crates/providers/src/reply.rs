//! What came back, sorted by what the worker does about it.

use std::time::{Duration, SystemTime};

use antiphon_core::{Billing, FailureKind, Outcome, Provider};

use crate::client::HttpResponse;
use crate::{anthropic, failure, openai};

/// Longest detail of a failure, in characters.
const LONGEST_DETAIL: usize = 300;

/// A response, understood.
#[derive(Debug, Clone, PartialEq)]
pub enum Reply {
    /// The model answered, or the provider says why it did not. Either is data.
    Answer(Answer),
    /// This call failed.
    Failure(Failure),
    /// No call of this pool can succeed: nothing is recorded, because it is nobody's answer.
    Stop(Stop),
}

/// An answer. With a prefill, the text is the continuation only.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// One of answered, refused, truncated, filtered and empty.
    pub outcome: Outcome,
    /// The model's text, or its refusal in words.
    pub text: String,
    /// Everything the provider said about it; `unexplained_input_tokens` is not filled in here.
    pub billing: Billing,
}

/// A failed call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Why.
    pub kind: FailureKind,
    /// In the provider's words: at most 300 characters, none of them control characters.
    pub detail: String,
    /// What may help.
    pub retry: Retry,
}

/// What may help against a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// Nothing: the same call would fail the same way.
    No,
    /// The same call, a little later.
    Transient,
    /// The same call, once the pool may speak again.
    RateLimited {
        /// The provider's own wish.
        after: Option<Duration>,
    },
    /// The same call, once the provider has recovered.
    Overloaded {
        /// The provider's own wish.
        after: Option<Duration>,
    },
}

/// Why a whole pool must stop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stop {
    /// In words, for the operator.
    pub reason: String,
    /// Whether it is the operator's configuration (key, model, address), as opposed to the account's money.
    pub misconfigured: bool,
}

/// Sorts a response. `now` turns dates in headers into waits. Never fails: what is no answer is a failure with a detail.
#[must_use]
pub fn parse(provider: Provider, response: &HttpResponse, now: SystemTime) -> Reply {
    if !(200..300).contains(&response.status) {
        return failure::read(response, now);
    }
    let (answer, request_id) = match provider {
        Provider::Anthropic => (anthropic::read_answer(&response.body), "request-id"),
        Provider::Openai | Provider::OpenaiCompatible => {
            (openai::read_answer(&response.body), "x-request-id")
        }
    };
    match answer {
        Ok(mut answer) => {
            let id = response.headers.get(request_id).and_then(|id| id.to_str().ok());
            answer.billing.request_id = id.map(str::to_owned);
            Reply::Answer(answer)
        }
        Err(reason) => Reply::Failure(failure::invalid(response, &reason)),
    }
}

/// Text from outside, made fit for logs, tables and the store.
pub(crate) fn tame(text: &str) -> String {
    text.split(char::is_control)
        .filter(|part| !part.is_empty())
        .flat_map(|part| [" ", part])
        .skip(1)
        .flat_map(str::chars)
        .take(LONGEST_DETAIL)
        .collect()
}

#[cfg(test)]
mod tests;

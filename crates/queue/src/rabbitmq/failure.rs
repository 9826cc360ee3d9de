//! What went wrong, by whether waiting helps.

use std::time::Duration;

use lapin::ErrorKind;

use crate::QueueError;

/// Why a connection, a channel or a question failed.
#[derive(Debug, Clone)]
pub(super) enum Failure {
    /// The broker understood and said no: somebody must change something.
    Refused { code: u16, reason: String },
    /// The connection broke, or the broker is not ready: it may be well in a moment.
    Broken(String),
}

/// AMQP's `ACCESS_REFUSED`.
pub(super) const ACCESS_REFUSED: u16 = 403;
/// AMQP's `NOT_FOUND`.
pub(super) const NOT_FOUND: u16 = 404;
/// AMQP's `PRECONDITION_FAILED`: it exists, but otherwise.
pub(super) const PRECONDITION_FAILED: u16 = 406;
/// AMQP's `NOT_ALLOWED`: no such vhost, or not for this user.
pub(super) const NOT_ALLOWED: u16 = 530;

impl From<lapin::Error> for Failure {
    fn from(error: lapin::Error) -> Self {
        let ErrorKind::ProtocolError(said) = error.kind() else { return Self::Broken(error.to_string()) };
        let (code, reason) = (said.get_id(), said.get_message().to_string());
        // Said by a vhost that is starting, a node of a queue that is not there, and a broker with too many connections.
        let passes = ["is down", "down or inaccessible", "limit"].iter().any(|sign| reason.contains(sign));
        match code {
            ACCESS_REFUSED | NOT_FOUND | PRECONDITION_FAILED | NOT_ALLOWED if !passes => {
                Self::Refused { code, reason }
            }
            _ => Self::Broken(reason),
        }
    }
}

impl Failure {
    pub(super) fn is(&self, wanted: u16) -> bool {
        matches!(self, Self::Refused { code, .. } if *code == wanted)
    }

    pub(super) fn reason(&self) -> &str {
        match self {
            Self::Refused { reason, .. } | Self::Broken(reason) => reason,
        }
    }

    /// For somebody who can act on it. `broker` without its password.
    pub(super) fn into_error(self, broker: &str) -> QueueError {
        let broker = broker.to_owned();
        match self {
            Self::Broken(reason) => QueueError::Unreachable { broker, reason },
            Self::Refused { code, reason } => {
                QueueError::Refused { advice: advice(code, &reason), broker, reason }
            }
        }
    }
}

fn advice(code: u16, reason: &str) -> &'static str {
    match code {
        ACCESS_REFUSED if reason.contains("ogin was refused") => "check user and password",
        ACCESS_REFUSED => {
            "grant the user that permission in this vhost, or have somebody apply the topology who may"
        }
        NOT_FOUND => "apply the topology",
        PRECONDITION_FAILED => {
            "it exists with other settings; delete it when it is empty, and apply the topology"
        }
        _ => "check that the vhost exists and that the user may use it",
    }
}

/// Longer and longer waits, different for everybody, so that a broker that comes back is not overrun.
#[derive(Debug, Default)]
pub(super) struct Backoff {
    failures: u32,
}

const FIRST_WAIT: Duration = Duration::from_millis(100);
pub(super) const LONGEST_WAIT: Duration = Duration::from_secs(5);

impl Backoff {
    pub(super) fn wait(&mut self) -> Duration {
        let longest = FIRST_WAIT.saturating_mul(2_u32.saturating_pow(self.failures)).min(LONGEST_WAIT);
        self.failures = self.failures.saturating_add(1);
        longest.mul_f64(rand::random_range(0.5..1.0))
    }

    pub(super) fn is_new(&self) -> bool {
        self.failures == 0
    }

    pub(super) fn reset(&mut self) {
        self.failures = 0;
    }
}

/// How often a broker may refuse what it once accepted. One that has just started may not know everything yet.
const REFUSALS: u32 = 5;

/// Whether a refusal is for good.
#[derive(Debug, Default)]
pub(super) struct Trust {
    has_worked: bool,
    refusals: u32,
}

impl Trust {
    pub(super) fn worked(&mut self) {
        *self = Self { has_worked: true, refusals: 0 };
    }

    pub(super) fn ends_with(&mut self, failure: &Failure) -> bool {
        match failure {
            Failure::Refused { .. } => self.refusals += 1,
            Failure::Broken(_) => self.refusals = 0,
        }
        self.refusals > 0 && (!self.has_worked || self.refusals >= REFUSALS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_up_to_a_bound_and_start_again() {
        let mut backoff = Backoff::default();
        let waits: Vec<_> = (0..100).map(|_| backoff.wait()).collect();
        assert!(waits[0] <= FIRST_WAIT);
        assert!(
            waits[20..].iter().all(|wait| *wait >= LONGEST_WAIT / 2 && *wait <= LONGEST_WAIT),
            "{waits:?}"
        );
        backoff.reset();
        assert!(backoff.wait() <= FIRST_WAIT);
    }

    #[test]
    fn what_never_worked_is_given_up_at_once_and_what_did_only_after_some_refusals() {
        let refused = || Failure::Refused { code: ACCESS_REFUSED, reason: String::new() };
        let broken = || Failure::Broken(String::new());
        let mut trust = Trust::default();
        assert!(!trust.ends_with(&broken()));
        assert!(trust.ends_with(&refused()));
        trust.worked();
        for _ in 0..10 {
            assert!(!trust.ends_with(&refused()));
            assert!(!trust.ends_with(&broken()));
        }
        let given_up: Vec<_> = (0..REFUSALS).map(|_| trust.ends_with(&refused())).collect();
        assert_eq!(given_up, [false, false, false, false, true]);
    }
}

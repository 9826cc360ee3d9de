//! What goes wrong on purpose, and for which call.

use serde::{Deserialize, Serialize};

use crate::{draw::Draw, sample_key::SampleKey, voice_file::RawFaults};

/// A way for a call to go wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// 429 with `retry-after`.
    RateLimit,
    /// 429 that does not say how long to wait.
    BareRateLimit,
    /// 529 in the Anthropic dialect, 503 in the `OpenAI` one.
    Overloaded,
    /// 500.
    ServerError,
    /// The account has no money left; waiting does not help.
    Quota,
    /// The connection is reset before any byte of the answer.
    Reset,
    /// No answer until the caller gives up, or the hang time of the configuration is over.
    Hang,
    /// A good answer, a few bytes at a time.
    Trickle,
    /// A good answer that ends before its content-length.
    Truncated,
    /// 200 with an error in the body.
    ErrorBody,
    /// 200 with a body that is no JSON.
    Garbage,
}

/// Faults that a voice meets by chance.
#[derive(Clone, Debug, Default)]
pub(crate) struct FaultRates {
    rates: Vec<(FaultKind, f64)>,
    first_attempt_only: bool,
}

/// A fault ordered while the simulator runs.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultOrder {
    /// Only this voice; all voices if not said.
    #[serde(default)]
    pub voice: Option<String>,
    /// What goes wrong.
    pub kind: FaultKind,
    /// Share of calls from now on, in 0..=1; 0 ends an earlier order of the same kind and voice.
    #[serde(default)]
    pub rate: Option<f64>,
    /// The next so many calls.
    #[serde(default)]
    pub next: Option<u64>,
    /// Spare the second and later attempts of a sample key.
    #[serde(default)]
    pub first_attempt_only: bool,
}

/// All orders that stand.
#[derive(Debug, Default)]
pub(crate) struct FaultOrders(Vec<FaultOrder>);

impl FaultRates {
    pub(crate) fn new(raw: &RawFaults) -> Result<Self, String> {
        use FaultKind as K;
        let mut rates = vec![
            (K::RateLimit, raw.rate_limit),
            (K::BareRateLimit, raw.bare_rate_limit),
            (K::Overloaded, raw.overloaded),
            (K::ServerError, raw.server_error),
            (K::Quota, raw.quota),
            (K::Reset, raw.reset),
            (K::Hang, raw.hang),
            (K::Trickle, raw.trickle),
            (K::Truncated, raw.truncated),
            (K::ErrorBody, raw.error_body),
            (K::Garbage, raw.garbage),
        ];
        let sum: f64 = rates.iter().map(|(_, rate)| rate).sum();
        if rates.iter().any(|(_, rate)| !(0.0..=1.0).contains(rate)) || sum > 1.0 + 1e-9 {
            return Err("faults are shares from 0 to 1, and at most 1 together".to_owned());
        }
        rates.retain(|(_, rate)| *rate > 0.0);
        Ok(Self { rates, first_attempt_only: raw.first_attempt_only })
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rates.is_empty()
    }

    /// The fault of one attempt (from 1), fixed by seed, key without run, and attempt.
    pub(crate) fn draw(&self, seed: u64, key: &SampleKey, attempt: u32) -> Option<FaultKind> {
        if self.first_attempt_only && attempt > 1 {
            return None;
        }
        let mut luck = fault_draw(seed, "rates", key, attempt).unit();
        self.rates.iter().find_map(|(kind, rate)| {
            luck -= rate;
            (luck < 0.0).then_some(*kind)
        })
    }
}

impl FaultOrders {
    /// # Errors
    /// With a text when the order says neither or both of rate and next, or an impossible rate.
    pub(crate) fn add(&mut self, order: FaultOrder) -> Result<(), String> {
        match (order.rate, order.next) {
            (Some(rate), None) if (0.0..=1.0).contains(&rate) => {}
            (None, Some(_)) => {}
            _ => {
                return Err(
                    "a fault order needs either a rate from 0 to 1 or the number of next calls".to_owned()
                );
            }
        }
        if order.rate.is_some() {
            self.0.retain(|old| old.rate.is_none() || (old.kind, &old.voice) != (order.kind, &order.voice));
        }
        if order.rate != Some(0.0) && order.next != Some(0) {
            self.0.push(order);
        }
        Ok(())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// The first order that strikes this attempt; counts down the orders for the next calls.
    pub(crate) fn strike(
        &mut self,
        voice: &str,
        seed: u64,
        key: &SampleKey,
        attempt: u32,
    ) -> Option<FaultKind> {
        let position = self.0.iter().position(|order| {
            let meant = order.voice.as_deref().is_none_or(|name| name == voice);
            let spared = order.first_attempt_only && attempt > 1;
            let purpose = ORDER_NAMES[order.kind as usize];
            let by_chance =
                order.rate.is_none_or(|rate| fault_draw(seed, purpose, key, attempt).chance(rate));
            meant && !spared && by_chance
        })?;
        let order = &mut self.0[position];
        let kind = order.kind;
        if let Some(left) = &mut order.next {
            *left -= 1;
            if *left == 0 {
                self.0.remove(position);
            }
        }
        Some(kind)
    }
}

/// Orders of different kinds are independent draws.
const ORDER_NAMES: [&str; 11] = [
    "rate_limit",
    "bare_rate_limit",
    "overloaded",
    "server_error",
    "quota",
    "reset",
    "hang",
    "trickle",
    "truncated",
    "error_body",
    "garbage",
];

fn fault_draw(seed: u64, purpose: &str, key: &SampleKey, attempt: u32) -> Draw {
    Draw::new(seed, &[b"fault", purpose.as_bytes(), key.without_run().as_bytes(), &attempt.to_le_bytes()])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(kind: FaultKind, rate: Option<f64>, next: Option<u64>) -> FaultOrder {
        FaultOrder { voice: None, kind, rate, next, first_attempt_only: false }
    }

    #[test]
    fn rates_are_kept_and_a_later_attempt_may_be_spared() {
        let raw =
            RawFaults { rate_limit: 0.3, garbage: 0.2, first_attempt_only: true, ..RawFaults::default() };
        let rates = FaultRates::new(&raw).unwrap();
        let count = |kind, attempt| {
            let keys = (0..4000).map(|n| SampleKey::parse(&format!("k{n}")));
            keys.filter(|key| rates.draw(5, key, attempt) == Some(kind)).count()
        };
        assert!((1100..1300).contains(&count(FaultKind::RateLimit, 1)));
        assert!((700..900).contains(&count(FaultKind::Garbage, 1)));
        assert_eq!(count(FaultKind::RateLimit, 2), 0);
    }

    #[test]
    fn next_counts_down_and_rate_zero_ends() {
        let mut orders = FaultOrders::default();
        let key = SampleKey::parse("k");
        orders.add(order(FaultKind::Hang, None, Some(2))).unwrap();
        orders.add(order(FaultKind::Reset, Some(1.0), None)).unwrap();
        let kinds: Vec<_> = (0..4).map(|_| orders.strike("v", 1, &key, 1)).collect();
        assert_eq!(kinds, [FaultKind::Hang, FaultKind::Hang, FaultKind::Reset, FaultKind::Reset].map(Some));
        orders.add(order(FaultKind::Reset, Some(0.0), None)).unwrap();
        assert_eq!(orders.strike("v", 1, &key, 1), None);
        assert!(orders.add(order(FaultKind::Reset, None, None)).is_err());
        assert!(orders.add(order(FaultKind::Reset, Some(1.5), None)).is_err());
    }
}

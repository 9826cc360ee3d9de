//! The server's own rate limits, exact to the nanosecond, and a count of what really came.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use parking_lot::Mutex;

use crate::voice_file::RawLimits;

const MINUTE: i128 = 60_000_000_000;

/// What a group allows each API key. None is unlimited.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Limits {
    requests: Option<Rate>,
    input: Option<Rate>,
    output: Option<Rate>,
    concurrency: Option<u32>,
}

/// So many units a minute, and so many at once after a rest.
#[derive(Clone, Copy, Debug)]
struct Rate {
    per_minute: u32,
    burst: u32,
}

/// Which limit a call ran into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dimension {
    Requests,
    InputTokens,
    OutputTokens,
    Concurrency,
}

/// Why a call has to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Exceeded {
    pub(crate) dimension: Dimension,
    pub(crate) wait: Duration,
}

/// Voices that share limits.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) name: String,
    limits: Limits,
    accounts: Mutex<HashMap<Box<str>, Account>>,
    window: Mutex<Window>,
}

/// What one API key has left.
#[derive(Debug)]
struct Account {
    requests: Bucket,
    input: Bucket,
    output: Bucket,
    in_flight: u32,
}

/// A token bucket in whole numbers: a unit is `MINUTE` parts, and `per_minute` parts flow in each nanosecond.
#[derive(Clone, Copy, Debug)]
struct Bucket {
    rate: Option<Rate>,
    parts: i128,
    at: i128,
}

/// How full a bucket is, for response headers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Meter {
    pub(crate) limit: u32,
    pub(crate) remaining: u32,
    /// Until it is full again.
    pub(crate) reset: Duration,
}

/// All meters after a call was let in or sent away.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Meters {
    pub(crate) requests: Meter,
    pub(crate) input: Meter,
    pub(crate) output: Meter,
}

/// One call in flight; dropping it ends the call.
#[derive(Debug)]
pub(crate) struct Permit {
    group: Arc<Group>,
    api_key: Box<str>,
}

/// Sliding counts over all keys of a group.
#[derive(Debug)]
struct Window {
    length: Duration,
    calls: VecDeque<(Duration, u32, u32)>,
    now: Load,
    most: Load,
}

/// What came within one window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Load {
    pub(crate) calls: u64,
    pub(crate) input_tokens: u64,
    pub(crate) output_tokens: u64,
}

impl Limits {
    pub(crate) fn new(raw: &RawLimits) -> Result<Self, String> {
        let numbers = [
            raw.requests_per_minute,
            raw.burst,
            raw.input_tokens_per_minute,
            raw.output_tokens_per_minute,
            raw.concurrency,
        ];
        if numbers.contains(&Some(0)) {
            return Err("a limit is 0; leave it out for no limit".to_owned());
        }
        let requests = raw.requests_per_minute.map(|per_minute| Rate {
            per_minute,
            burst: raw.burst.unwrap_or_else(|| (per_minute / 60).max(1)),
        });
        let tokens = |per_minute| Rate { per_minute, burst: per_minute };
        Ok(Self {
            requests,
            input: raw.input_tokens_per_minute.map(tokens),
            output: raw.output_tokens_per_minute.map(tokens),
            concurrency: raw.concurrency,
        })
    }
}

impl Group {
    pub(crate) fn new(name: &str, limits: Limits, window: Duration) -> Arc<Self> {
        let window =
            Window { length: window, calls: VecDeque::new(), now: Load::default(), most: Load::default() };
        let name = name.to_owned();
        Arc::new(Self { name, limits, accounts: Mutex::default(), window: Mutex::new(window) })
    }

    /// Lets a call in, or says what it has to wait for. `now` counts from any fixed moment and never goes back.
    ///
    /// Output is charged with `reserved` tokens while the call is let in, and with `output` from then on, as a provider
    /// does that charges `max_tokens` up front and gives back what was not used.
    pub(crate) fn admit(
        self: &Arc<Self>,
        now: Duration,
        api_key: &str,
        input: u32,
        (reserved, output): (u32, u32),
    ) -> (Result<Permit, Exceeded>, Meters) {
        let at = nanoseconds(now);
        let (admitted, meters) = {
            let mut accounts = self.accounts.lock();
            if !accounts.contains_key(api_key) {
                accounts.insert(api_key.into(), Account::new(&self.limits, at));
            }
            let entry = accounts.get_mut(api_key).expect("it was just put there");
            (entry.admit(&self.limits, at, input, (reserved, output)), entry.meters(at))
        };
        // A call that is sent away still came, but makes no output.
        self.window.lock().count(now, input, if admitted.is_ok() { output } else { 0 });
        (admitted.map(|()| Permit { group: Arc::clone(self), api_key: api_key.into() }), meters)
    }

    /// The fullest window so far.
    pub(crate) fn most(&self) -> Load {
        self.window.lock().most
    }

    /// Full buckets and empty windows; calls in flight stay.
    pub(crate) fn reset(&self) {
        self.accounts.lock().values_mut().for_each(|account| {
            for bucket in [&mut account.requests, &mut account.input, &mut account.output] {
                *bucket = Bucket::full(bucket.rate, bucket.at);
            }
        });
        let mut window = self.window.lock();
        window.calls.clear();
        (window.now, window.most) = (Load::default(), Load::default());
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if let Some(account) = self.group.accounts.lock().get_mut(&self.api_key) {
            account.in_flight -= 1;
        }
    }
}

impl Account {
    fn new(limits: &Limits, now: i128) -> Self {
        Self {
            requests: Bucket::full(limits.requests, now),
            input: Bucket::full(limits.input, now),
            output: Bucket::full(limits.output, now),
            in_flight: 0,
        }
    }

    fn admit(
        &mut self,
        limits: &Limits,
        now: i128,
        input: u32,
        (reserved, output): (u32, u32),
    ) -> Result<(), Exceeded> {
        let (requests, input_tokens, output_tokens) = (&mut self.requests, &mut self.input, &mut self.output);
        requests.check(now, 1).map_err(|wait| Exceeded { dimension: Dimension::Requests, wait })?;
        input_tokens
            .check(now, input)
            .map_err(|wait| Exceeded { dimension: Dimension::InputTokens, wait })?;
        output_tokens
            .check(now, reserved)
            .map_err(|wait| Exceeded { dimension: Dimension::OutputTokens, wait })?;
        if limits.concurrency.is_some_and(|most| self.in_flight >= most) {
            return Err(Exceeded { dimension: Dimension::Concurrency, wait: Duration::from_secs(1) });
        }
        requests.take(1);
        input_tokens.take(input);
        output_tokens.take(output);
        self.in_flight += 1;
        Ok(())
    }

    fn meters(&self, now: i128) -> Meters {
        Meters {
            requests: self.requests.meter(now),
            input: self.input.meter(now),
            output: self.output.meter(now),
        }
    }
}

impl Bucket {
    fn full(rate: Option<Rate>, at: i128) -> Self {
        let burst = rate.map_or(0, |rate| rate.burst);
        Self { rate, parts: i128::from(burst) * MINUTE, at }
    }

    /// Fills up to now and says how long `units` have to wait.
    fn check(&mut self, now: i128, units: u32) -> Result<(), Duration> {
        let Some(rate) = self.rate else { return Ok(()) };
        // Two threads may read the clock in one order and come here in the other.
        let elapsed = (now - self.at).max(0);
        self.at = self.at.max(now);
        let flowed = self.parts + elapsed * i128::from(rate.per_minute);
        self.parts = flowed.min(i128::from(rate.burst) * MINUTE);
        let missing = i128::from(units) * MINUTE - self.parts;
        if missing <= 0 { Ok(()) } else { Err(rate.time_for(missing)) }
    }

    fn take(&mut self, units: u32) {
        self.parts -= i128::from(units) * MINUTE;
    }

    fn meter(&self, now: i128) -> Meter {
        let Some(rate) = self.rate else { return Meter::UNLIMITED };
        let missing =
            i128::from(rate.burst) * MINUTE - self.parts - (now - self.at) * i128::from(rate.per_minute);
        let remaining = u32::try_from((self.parts / MINUTE).max(0)).unwrap_or(u32::MAX);
        Meter { limit: rate.per_minute, remaining, reset: rate.time_for(missing.max(0)) }
    }
}

impl Rate {
    fn time_for(self, parts: i128) -> Duration {
        let rate = i128::from(self.per_minute);
        Duration::from_nanos(u64::try_from((parts + rate - 1) / rate).unwrap_or(u64::MAX))
    }
}

impl Meter {
    /// What the headers say where there is no limit: more than anybody could use.
    const UNLIMITED: Self = Self { limit: 1_000_000_000, remaining: 1_000_000_000, reset: Duration::ZERO };
}

impl Window {
    fn count(&mut self, now: Duration, input: u32, output: u32) {
        while let Some((at, old_input, old_output)) = self.calls.front().copied() {
            if at + self.length > now {
                break;
            }
            self.calls.pop_front();
            self.now.calls -= 1;
            self.now.input_tokens -= u64::from(old_input);
            self.now.output_tokens -= u64::from(old_output);
        }
        self.calls.push_back((now, input, output));
        self.now.calls += 1;
        self.now.input_tokens += u64::from(input);
        self.now.output_tokens += u64::from(output);
        self.most.calls = self.most.calls.max(self.now.calls);
        self.most.input_tokens = self.most.input_tokens.max(self.now.input_tokens);
        self.most.output_tokens = self.most.output_tokens.max(self.now.output_tokens);
    }
}

fn nanoseconds(time: Duration) -> i128 {
    i128::try_from(time.as_nanos()).unwrap_or(i128::MAX)
}

#[cfg(test)]
mod tests;

//! One call, from its bytes to the decision what is sent back. Nothing here waits.

use std::time::Duration;

use axum::http::HeaderMap;

use crate::{
    FaultKind,
    dialect::{Dialect, Rejection, Said},
    draw::Draw,
    house::House,
    ledger::Record,
    limits::{Dimension, Exceeded, Meters, Permit},
    question::Question,
    sample_key::SampleKey,
    voice::{Utterance, Voice},
};

/// What is sent back, and how.
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
    pub(crate) manner: Manner,
    /// How long the voice thinks.
    pub(crate) latency: Duration,
    /// Held while the voice thinks, for the limit on concurrency.
    pub(crate) permit: Option<Permit>,
}

/// How a reply reaches the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manner {
    Whole,
    Reset,
    Hang,
    Trickle,
    Truncated,
}

/// A call while it is decided.
struct Call<'a> {
    house: &'a House,
    dialect: Dialect,
    key: SampleKey,
    now: Duration,
    voice: Option<usize>,
    meters: Option<Meters>,
    permit: Option<Permit>,
    fault: Option<FaultKind>,
}

/// Decides a call and writes it into the ledger.
pub(crate) fn decide(house: &House, dialect: Dialect, headers: &HeaderMap, body: &[u8]) -> Reply {
    let key = house.sample_key(headers.get("idempotency-key").and_then(|value| value.to_str().ok()));
    let now = house.now();
    let mut call = Call { house, dialect, key, now, voice: None, meters: None, permit: None, fault: None };
    let outcome = call.outcome(headers, body);
    call.reply(outcome)
}

impl Call<'_> {
    fn outcome(&mut self, headers: &HeaderMap, body: &[u8]) -> Result<Utterance, Rejection> {
        let house = self.house;
        let sent = self.dialect.api_key(headers);
        let wrong = house.api_key.as_deref().is_some_and(|right| sent != Some(right));
        if wrong {
            return Err(Rejection::Unauthorized);
        }
        let question = self.dialect.read(headers, body)?;
        let index = house.voices.index(&question.model);
        let index = index.ok_or_else(|| Rejection::UnknownModel(question.model.clone()))?;
        self.voice = Some(index);
        let voice = &*house.voices.all[index];
        self.dialect.check_card(&question, voice)?;
        let utterance = voice.answer(&question, &self.key, house.date());
        self.admit(voice, &question, &utterance, sent.unwrap_or_default())?;
        self.fault = house.fault(voice, &self.key);
        match self.fault {
            Some(FaultKind::RateLimit | FaultKind::BareRateLimit) => {
                let wait = house.retry_after;
                Err(Rejection::RateLimited(Exceeded { dimension: Dimension::Requests, wait }))
            }
            Some(FaultKind::Quota) => Err(Rejection::Quota),
            Some(FaultKind::Overloaded) => Err(Rejection::Overloaded),
            Some(FaultKind::ServerError) => Err(Rejection::ServerError),
            _ => Ok(utterance),
        }
    }

    fn admit(
        &mut self,
        voice: &Voice,
        question: &Question,
        utterance: &Utterance,
        api_key: &str,
    ) -> Result<(), Rejection> {
        let reserved = question.max_tokens.unwrap_or(0).max(utterance.output_tokens);
        let output = (reserved, utterance.output_tokens);
        let group = &self.house.groups[voice.group];
        let (admitted, meters) = group.admit(self.now, api_key, utterance.input_tokens, output);
        self.meters = Some(meters);
        self.permit = Some(admitted.map_err(Rejection::RateLimited)?);
        Ok(())
    }

    fn reply(self, outcome: Result<Utterance, Rejection>) -> Reply {
        let Self { house, dialect, fault, .. } = self;
        let serial = house.ledger.serial();
        let id = house.ledger.request_id(serial);
        let mut headers = HeaderMap::with_capacity(20);
        dialect.headers(&mut headers, &id, self.meters.as_ref(), house.wall(self.now));
        let manner = outcome.as_ref().map_or(Manner::Whole, |_| manner_of(fault));
        let (status, body) = match (&outcome, fault) {
            (Err(rejection), _) => dialect.write_rejection(rejection, &id),
            (Ok(_), Some(FaultKind::ErrorBody)) => {
                (200, dialect.write_rejection(&Rejection::ServerError, &id).1)
            }
            (Ok(_), Some(FaultKind::Garbage)) => (200, b"<html><body>upstream hiccup".to_vec()),
            (Ok(utterance), _) => (200, self.write(serial, utterance)),
        };
        if let Err(Rejection::RateLimited(exceeded)) = &outcome
            && fault != Some(FaultKind::BareRateLimit)
        {
            dialect.retry_headers(&mut headers, exceeded.wait);
        }
        let unseen = matches!(manner, Manner::Reset | Manner::Hang);
        let latency = self.latency();
        house.record(self.record(serial, if unseen { 0 } else { status }, outcome.ok().as_ref()));
        Reply { status, headers, body, manner, latency, permit: self.permit }
    }

    fn write(&self, serial: u64, utterance: &Utterance) -> Vec<u8> {
        let (house, dialect) = (self.house, self.dialect);
        let token = house.ledger.token(serial, dialect.token_kind());
        let voice = self.voice().expect("only a voice makes an utterance");
        let seconds = house.wall(self.now).as_secs();
        dialect.write(&Said { token: &token, voice, utterance, seconds })
    }

    fn record(&self, serial: u64, status: u16, utterance: Option<&Utterance>) -> Record {
        let arrives = matches!(self.fault, None | Some(FaultKind::Trickle));
        let utterance = utterance.filter(|_| arrives);
        Record {
            serial,
            key: self.key.whole.clone(),
            voice: self.voice.and_then(|index| u16::try_from(index).ok()),
            answered: utterance.map(|_| self.dialect.token_kind()),
            status,
            fault: self.fault,
            time: u64::try_from(self.house.wall(self.now).as_millis()).unwrap_or(u64::MAX),
            input_tokens: utterance.map_or(0, |utterance| utterance.input_tokens),
            output_tokens: utterance.map_or(0, |utterance| utterance.output_tokens),
        }
    }

    /// A call that is let in takes as long as its voice; others are answered at once.
    fn latency(&self) -> Duration {
        let Some(voice) = self.voice().filter(|_| self.permit.is_some()) else { return Duration::ZERO };
        let parts: [&[u8]; 2] = [b"latency", self.key.whole.as_bytes()];
        voice.edition(self.house.date()).latency(|| Draw::new(voice.seed, &parts).unit())
    }

    fn voice(&self) -> Option<&Voice> {
        self.voice.map(|index| &*self.house.voices.all[index])
    }
}

fn manner_of(fault: Option<FaultKind>) -> Manner {
    match fault {
        Some(FaultKind::Reset) => Manner::Reset,
        Some(FaultKind::Hang) => Manner::Hang,
        Some(FaultKind::Trickle) => Manner::Trickle,
        Some(FaultKind::Truncated) => Manner::Truncated,
        _ => Manner::Whole,
    }
}

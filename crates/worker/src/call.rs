//! One sample: limit → call → classify → settle, again until it stands or is given up.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use antiphon_core::prompt::Message;
use antiphon_core::{
    Billing, FailureKind, JobTally, Outcome, ProbeId, Sample, SampleKey, Seed, SeedPolicy, Target, UserId,
};
use antiphon_limits::{Denied, Estimate, Permit, Pool, Remaining};
use antiphon_providers::{
    Answer, Ask, Client, Endpoint, HttpRequest, RateHeaders, Reply, Retry, TokenRatio, parse, request,
    unexplained_input_tokens,
};
use antiphon_queue::SPANS;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::field::Empty;
use tracing::{Instrument, Span};

use crate::clock;
use crate::metrics::Metrics;
use crate::retry::{Failures, RetryPolicy};
use crate::turn::Turn;

/// Longest wait for a first call, and longest pause of a pool, that a job waits out; a broker would take the job away not much
/// later.
pub(crate) const PATIENCE: Duration = Duration::from_secs(300);

/// The pool takes no more calls. Nothing is recorded: it is nobody's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PoolStopped {
    /// Why, and what to do.
    pub(crate) reason: String,
    /// Whether the operator's configuration is at fault.
    pub(crate) misconfigured: bool,
}

/// Why a call was not made. Its session has no samples then, and its job is for another time.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Unasked {
    /// The pool takes no more calls.
    Stopped(PoolStopped),
    /// The job is to make no more calls.
    Halted,
    /// There was no permit for long, and the job has not made a call yet.
    Late,
}

/// What every call of a job shares.
pub(crate) struct Line<'a> {
    pub(crate) target: &'a Target,
    pub(crate) client: &'a Client,
    pub(crate) endpoint: &'a Endpoint,
    pub(crate) pool: &'a Pool,
    pub(crate) turn: &'a Turn,
    /// Tells the job to make no more calls.
    pub(crate) halt: &'a CancellationToken,
    /// Whether the job has made a call.
    pub(crate) begun: &'a AtomicBool,
    /// Takes the 429s that others should hear of.
    pub(crate) hushes: &'a mpsc::Sender<Option<Duration>>,
    /// Set when a model has answered.
    pub(crate) works: &'a AtomicBool,
    /// What the job's samples came to so far.
    pub(crate) had: &'a Mutex<JobTally>,
    pub(crate) ratio: &'a Mutex<TokenRatio>,
    /// Whether the endpoint ever answered.
    pub(crate) answered: &'a AtomicBool,
    pub(crate) metrics: &'a Metrics,
    pub(crate) policy: &'a RetryPolicy,
    pub(crate) seed: Seed,
}

/// One thing to ask.
pub(crate) struct Question<'a> {
    pub(crate) key: &'a SampleKey,
    /// `run/` and the key: what the simulator draws its answer from.
    pub(crate) full_key: &'a str,
    pub(crate) system: Option<&'a str>,
    pub(crate) messages: &'a [Message],
    pub(crate) end_user_id: Option<&'a str>,
}

/// A failure that another call may mend.
#[derive(Debug)]
pub(crate) struct Again {
    pub(crate) kind: FailureKind,
    pub(crate) detail: String,
    /// How long the provider asks to wait.
    pub(crate) after: Option<Duration>,
    /// Whether no connection came about.
    pub(crate) unreachable: bool,
}

/// What one call came to.
enum Step {
    Done(Outcome, String, Billing),
    Again(Again),
    Final(FailureKind, String),
    Stop(PoolStopped),
}

impl Step {
    /// Completes the call's span.
    fn tell(&self, span: &Span) {
        match self {
            Self::Done(_, _, billing) => {
                span.record("gen_ai.response.model", &billing.model);
                if let Some(usage) = billing.usage {
                    for (field, tokens) in [
                        ("gen_ai.usage.input_tokens", usage.input_tokens),
                        ("gen_ai.usage.output_tokens", usage.output_tokens),
                    ] {
                        // OpenTelemetry has no unsigned numbers; they would become texts.
                        span.record(field, i64::try_from(tokens).unwrap_or(i64::MAX));
                    }
                }
            }
            failed => {
                span.record("error.type", failed.name());
                span.record("otel.status_code", "error");
            }
        }
    }

    /// As it is counted.
    fn name(&self) -> &'static str {
        match self {
            Self::Done(..) => "answered",
            Self::Again(failure) => failure.kind.name(),
            Self::Final(kind, _) => kind.name(),
            Self::Stop(_) => "stopped",
        }
    }
}

impl Line<'_> {
    /// Asks until there is an outcome.
    pub(crate) async fn ask(&self, question: &Question<'_>) -> Result<Sample, Unasked> {
        let ask = Ask {
            target: self.target,
            system: question.system,
            messages: question.messages,
            seed: match self.target.parameters.seed {
                SeedPolicy::None => None,
                SeedPolicy::PerSample => Some(self.seed.number(&["sample", question.full_key])),
            },
            end_user_id: question.end_user_id,
        };
        let http = match request(&ask) {
            Ok(http) => http,
            Err(unsupported) => {
                let outcome = Outcome::Unsupported { what: unsupported.what.to_owned() };
                return Ok(self.counted(blank(question.key, outcome)));
            }
        };
        let estimate = Estimate {
            input_tokens: self.ratio.lock().expect("no holder panics").estimate(&ask),
            output_tokens: u64::from(self.target.parameters.max_tokens),
        };
        let mut sample = blank(question.key, Outcome::Unreached);
        let mut failures = Failures::default();
        let (outcome, text, billing) = loop {
            let permit = self.permit(estimate).await?;
            sample.attempts += 1;
            let span = self.span();
            let step = self.step(&ask, &http, question, permit, &mut sample).instrument(span.clone()).await;
            step.tell(&span);
            self.metrics.call(self.target, step.name(), Duration::from_millis(sample.latency_ms.into()));
            match step {
                Step::Done(outcome, text, billing) => break (outcome, text, billing),
                Step::Final(kind, detail) => break failed(kind, detail),
                Step::Stop(stop) => return Err(Unasked::Stopped(stop)),
                Step::Again(failure) => {
                    failures.spend(Duration::from_millis(sample.latency_ms.into()));
                    let Some(wait) = failures.count(&failure, self.policy, self.seed, question.full_key)
                    else {
                        break self.give_up(failure)?;
                    };
                    self.metrics.retry(self.target, failure.kind);
                    // Whoever is told to halt need not wait to be told again.
                    let _ = self.halt.run_until_cancelled(tokio::time::sleep(wait)).await;
                }
            }
        };
        sample.outcome = outcome;
        sample.text = text;
        sample.billing = billing;
        sample.request = Some(http.body_text().to_owned());
        Ok(self.counted(sample))
    }

    /// A call, named as OpenTelemetry's conventions for generative AI have it. What was asked and answered is never among its fields.
    fn span(&self) -> Span {
        let Target { provider, model, parameters, .. } = self.target;
        tracing::info_span!(
            target: SPANS,
            "chat",
            otel.name = format!("chat {model}"),
            otel.kind = "client",
            otel.status_code = Empty,
            gen_ai.operation.name = "chat",
            gen_ai.provider.name = provider.name(),
            gen_ai.request.model = model,
            gen_ai.request.max_tokens = i64::from(parameters.max_tokens),
            gen_ai.response.model = Empty,
            gen_ai.usage.input_tokens = Empty,
            gen_ai.usage.output_tokens = Empty,
            error.type = Empty,
        )
    }

    /// Waits in line. A pause of many minutes, which only the provider can ask for, stops the pool. A low limit of our own is no
    /// failure, but a job that has not begun may as well wait elsewhere.
    async fn permit(&self, estimate: Estimate) -> Result<Permit, Unasked> {
        let mut patience = Instant::now() + PATIENCE;
        loop {
            let take = self.pool.take(estimate, Some(patience));
            let Some(taken) = self.halt.run_until_cancelled(self.turn.wait_for(take)).await else {
                return Err(Unasked::Halted);
            };
            let ready = match taken {
                Ok(permit) => {
                    self.begun.store(true, Relaxed);
                    return Ok(permit);
                }
                Err(Denied::Stopped { reason }) => {
                    let reason = reason.to_string();
                    return Err(Unasked::Stopped(PoolStopped { reason, misconfigured: false }));
                }
                Err(Denied::Late { ready }) => ready,
            };
            if let Some(pause) = self.pool.reading().pause.filter(|pause| *pause > PATIENCE) {
                let minutes = pause.as_secs().div_ceil(60);
                let reason = format!(
                    "the provider lets no call through for {minutes} minutes; run the same command again then"
                );
                return Err(Unasked::Stopped(PoolStopped { reason, misconfigured: false }));
            }
            if !self.begun.load(Relaxed) {
                return Err(Unasked::Late);
            }
            patience = ready.unwrap_or_else(Instant::now).max(Instant::now()) + PATIENCE;
        }
    }

    /// One call with its permit.
    async fn step(
        &self,
        ask: &Ask<'_>,
        http: &HttpRequest,
        question: &Question<'_>,
        permit: Permit,
        sample: &mut Sample,
    ) -> Step {
        let began = clock::now();
        let begin = Instant::now();
        sample.started_ms = clock::milliseconds(began);
        let sent = {
            let _flight = self.metrics.flight(&self.target.pool);
            self.client.send(self.endpoint, http, Some(question.full_key), None).await
        };
        sample.latency_ms = u32::try_from(begin.elapsed().as_millis()).unwrap_or(u32::MAX);
        let response = match sent {
            Ok(response) => response,
            Err(error) => {
                // Only without a connection it is certain that the provider did nothing.
                if error.unreachable {
                    permit.give_back();
                }
                return match error.kind {
                    FailureKind::InvalidResponse => Step::Final(error.kind, error.detail),
                    kind => Step::Again(Again {
                        kind,
                        detail: error.detail,
                        after: None,
                        unreachable: error.unreachable && !self.answered.load(Relaxed),
                    }),
                };
            }
        };
        self.answered.store(true, Relaxed);
        let headers = RateHeaders::read(self.target.provider, &response.headers, began);
        permit.observe(remaining(&headers));
        match parse(self.target.provider, &response, began) {
            Reply::Answer(answer) => {
                match answer.billing.usage {
                    Some(usage) => permit.settle(usage),
                    None => permit.settle_as_estimated(),
                }
                self.answered(ask, answer)
            }
            Reply::Failure(failure) => {
                // An answer that was begun, or cannot be read, has used tokens; one that was refused has not.
                if !(200..300).contains(&response.status) {
                    permit.give_back();
                }
                let again = |after| {
                    Step::Again(Again {
                        kind: failure.kind,
                        detail: failure.detail.clone(),
                        after,
                        unreachable: false,
                    })
                };
                match failure.retry {
                    Retry::No => Step::Final(failure.kind, failure.detail),
                    Retry::Transient => again(None),
                    Retry::RateLimited { after } => {
                        self.hush(after);
                        again(None)
                    }
                    Retry::Overloaded { after } => {
                        self.pool.overloaded(after);
                        again(after)
                    }
                }
            }
            Reply::Stop(stop) => {
                permit.give_back();
                Step::Stop(PoolStopped { reason: stop.reason, misconfigured: stop.misconfigured })
            }
        }
    }

    /// The pool itself waits, for everybody, and so do other workers. Calls that were under way when a pause began say nothing new.
    fn hush(&self, after: Option<Duration>) {
        let before = self.pool.reading().hushes;
        self.pool.hush(after);
        if self.pool.reading().hushes > before {
            self.metrics.hush_own(&self.target.pool);
            // Where nobody listens, or what is told already is not yet heard, nobody misses it.
            let _ = self.hushes.try_send(after);
        }
    }

    fn answered(&self, ask: &Ask<'_>, answer: Answer) -> Step {
        self.works.store(true, Relaxed);
        let Answer { outcome, text, mut billing } = answer;
        if let Some(usage) = billing.usage {
            billing.unexplained_input_tokens = unexplained_input_tokens(ask, usage);
            self.ratio.lock().expect("no holder panics").learn(ask, usage);
        }
        Step::Done(outcome, text, billing)
    }

    /// The last failure stands, unless the host was never there: that concerns the pool and says nothing of this sample.
    fn give_up(&self, failure: Again) -> Result<(Outcome, String, Billing), Unasked> {
        if failure.unreachable {
            let reason = format!(
                "{}; check `base_url`, network and proxy, then run the same command again",
                failure.detail
            );
            return Err(Unasked::Stopped(PoolStopped { reason, misconfigured: false }));
        }
        Ok(failed(failure.kind, failure.detail))
    }

    fn counted(&self, sample: Sample) -> Sample {
        self.metrics.sample(&sample, self.target);
        self.had.lock().expect("no holder panics").add(&sample, self.target);
        sample
    }
}

fn failed(kind: FailureKind, detail: String) -> (Outcome, String, Billing) {
    (Outcome::Failed { kind, detail }, String::new(), Billing::default())
}

fn remaining(headers: &RateHeaders) -> Remaining {
    Remaining {
        requests: headers.requests.remaining.and_then(|left| u32::try_from(left).ok()),
        input_tokens: headers.input_tokens.remaining,
        output_tokens: headers.output_tokens.remaining,
    }
}

/// A sample of which nothing is known yet.
pub(crate) fn blank(key: &SampleKey, outcome: Outcome) -> Sample {
    let (probe, user): (ProbeId, UserId) = (key.session.probe.clone(), key.session.user.clone());
    Sample {
        probe,
        user,
        session: key.session.session,
        turn: key.turn,
        repeat: key.repeat,
        outcome,
        text: String::new(),
        request: None,
        billing: Billing::default(),
        attempts: 0,
        started_ms: 0,
        latency_ms: 0,
        logged: None,
    }
}

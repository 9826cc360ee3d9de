//! Asks a model for vectors of texts, within the limits of its pool.

use std::time::{Duration, SystemTime};

use antiphon_core::{FailureKind, Limits, Seed};
use antiphon_limits::{Estimate, Pool, PoolSettings};
use antiphon_providers::{Client, Embedded, Endpoint, Failure, Retry, embeddings_request, parse_embeddings};

use crate::config::{Config, Environment};

/// Failed calls of one batch, at most; 429s are waited out.
const ATTEMPTS: u32 = 8;
/// 429s of one batch, at most.
const RATE_LIMITED: u32 = 20;
/// The longest wait between two tries.
const LONGEST_WAIT: Duration = Duration::from_secs(30);
/// Bytes of text that a token has, at least, in most languages; a pool's limits are held with this estimate.
const BYTES_A_TOKEN: u64 = 3;

/// A model that gives vectors.
pub(crate) struct Embedder {
    endpoint: Endpoint,
    model: String,
    pool: Pool,
}

impl Embedder {
    /// Texts of one call.
    pub(crate) const BATCH: usize = 64;

    /// # Errors
    /// If the configuration has no such target any more, or its key is missing.
    pub(crate) fn new(config: &Config, alias: &str, model: &str, limits: &Limits) -> anyhow::Result<Self> {
        let endpoint = config.endpoint(alias, &Environment::default())?.for_embeddings();
        let pool = Pool::new(limits, PoolSettings { jitter: Seed(0) });
        Ok(Self { endpoint, model: model.to_owned(), pool })
    }

    /// The vectors of at most [`Embedder::BATCH`] texts, in their order.
    ///
    /// # Errors
    /// If the pool must stop, or the same call failed too often.
    pub(crate) async fn vectors(&self, client: &Client, texts: &[String]) -> anyhow::Result<Vec<Vec<f32>>> {
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let bytes: usize = texts.iter().map(|text| text.len()).sum();
        let estimate = Estimate { input_tokens: (bytes as u64).div_ceil(BYTES_A_TOKEN), output_tokens: 0 };
        let request = embeddings_request(&self.model, &texts);
        let (mut failed, mut limited) = (0, 0);
        loop {
            let permit = self.pool.take(estimate, None).await?;
            let failure = match client.send(&self.endpoint, &request, None, None).await {
                Err(error) => {
                    permit.give_back();
                    Failure { kind: error.kind, detail: error.detail, retry: Retry::Transient }
                }
                Ok(response) => match parse_embeddings(&response, texts.len(), now()) {
                    Embedded::Vectors(vectors, usage) => {
                        match usage {
                            Some(usage) => permit.settle(usage),
                            None => permit.settle_as_estimated(),
                        }
                        return Ok(vectors);
                    }
                    Embedded::Stop(stop) => {
                        anyhow::bail!("the embeddings of {}: {}", self.model, stop.reason)
                    }
                    Embedded::Failure(failure) => {
                        permit.give_back();
                        failure
                    }
                },
            };
            let wait = match failure.retry {
                Retry::RateLimited { after } => {
                    limited += 1;
                    self.pool.hush(after);
                    Duration::ZERO
                }
                Retry::Overloaded { after } => {
                    failed += 1;
                    after.unwrap_or_default().max(pause(failed))
                }
                Retry::Transient => {
                    failed += 1;
                    pause(failed)
                }
                Retry::No => anyhow::bail!("the embeddings of {}: {}", self.model, failure.detail),
            };
            if failed >= ATTEMPTS || limited >= RATE_LIMITED {
                let kind: FailureKind = failure.kind;
                anyhow::bail!(
                    "the embeddings of {}: given up ({kind:?}: {}); the same command goes on from here",
                    self.model,
                    failure.detail
                );
            }
            tokio::time::sleep(wait.min(LONGEST_WAIT)).await;
        }
    }
}

/// What a date in a header is compared with.
#[expect(clippy::disallowed_methods, reason = "only waits that a server asks for by a date depend on it")]
fn now() -> SystemTime {
    SystemTime::now()
}

/// Half a second, then twice as long each time.
fn pause(failed: u32) -> Duration {
    Duration::from_millis(250).saturating_mul(1 << failed.min(8))
}

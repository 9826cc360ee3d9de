//! What others may watch while a worker works.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use antiphon_core::{FailureKind, OutcomeClass, Price, Sample};

/// Counts of one worker since it began. Cheap to add to, and read as a whole.
#[derive(Debug, Default)]
pub struct Counters {
    samples: AtomicU64,
    failed: Mutex<BTreeMap<FailureKind, u64>>,
    retries: Mutex<BTreeMap<FailureKind, u64>>,
    in_flight: AtomicU64,
    input_tokens: AtomicU64,
    output_tokens: AtomicU64,
    nanodollars: AtomicU64,
    jobs: AtomicU64,
    duplicates: AtomicU64,
    hushes_told: AtomicU64,
    hushes_heard: AtomicU64,
}

/// The counts at one moment.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Reading {
    /// Samples with an outcome, failures included.
    pub samples: u64,
    /// Of these, failed ones by kind.
    pub failed: BTreeMap<FailureKind, u64>,
    /// Failed calls that were made again, by kind.
    pub retries: BTreeMap<FailureKind, u64>,
    /// Calls under way.
    pub in_flight: u64,
    /// Tokens billed.
    pub input_tokens: u64,
    /// Tokens billed.
    pub output_tokens: u64,
    /// Dollars, where there is a price.
    pub dollars: f64,
    /// Jobs done, duplicates included.
    pub jobs: u64,
    /// Of these, jobs that somebody else had stored first, so that their cost was in vain.
    pub duplicates: u64,
    /// 429s that other workers were told of.
    pub hushes_told: u64,
    /// 429s that other workers told of.
    pub hushes_heard: u64,
}

impl Counters {
    /// The counts now.
    #[must_use]
    pub fn read(&self) -> Reading {
        #[expect(clippy::cast_precision_loss, reason = "shown with two decimals")]
        let dollars = self.nanodollars.load(Relaxed) as f64 / 1e9;
        Reading {
            samples: self.samples.load(Relaxed),
            failed: copy(&self.failed),
            retries: copy(&self.retries),
            in_flight: self.in_flight.load(Relaxed),
            input_tokens: self.input_tokens.load(Relaxed),
            output_tokens: self.output_tokens.load(Relaxed),
            dollars,
            jobs: self.jobs.load(Relaxed),
            duplicates: self.duplicates.load(Relaxed),
            hushes_told: self.hushes_told.load(Relaxed),
            hushes_heard: self.hushes_heard.load(Relaxed),
        }
    }

    pub(crate) fn sample(&self, sample: &Sample, price: Option<Price>) {
        self.samples.fetch_add(1, Relaxed);
        if let OutcomeClass::Failed(kind) = sample.outcome.class() {
            add(&self.failed, kind);
        }
        if let Some(usage) = sample.billing.usage {
            self.input_tokens.fetch_add(usage.input_tokens, Relaxed);
            self.output_tokens.fetch_add(usage.output_tokens, Relaxed);
            if let Some(price) = price {
                let dollars = price.dollars(usage.input_tokens, usage.output_tokens);
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "a call costs cents"
                )]
                self.nanodollars.fetch_add((dollars * 1e9) as u64, Relaxed);
            }
        }
    }

    pub(crate) fn retry(&self, kind: FailureKind) {
        add(&self.retries, kind);
    }

    pub(crate) fn job(&self, duplicate: bool) {
        self.jobs.fetch_add(1, Relaxed);
        self.duplicates.fetch_add(duplicate.into(), Relaxed);
    }

    pub(crate) fn hush_told(&self) {
        self.hushes_told.fetch_add(1, Relaxed);
    }

    pub(crate) fn hush_heard(&self) {
        self.hushes_heard.fetch_add(1, Relaxed);
    }

    /// Counts a call as under way for as long as the guard lives, also if its future is dropped.
    pub(crate) fn flight(&self) -> Flight<'_> {
        self.in_flight.fetch_add(1, Relaxed);
        Flight(&self.in_flight)
    }
}

pub(crate) struct Flight<'a>(&'a AtomicU64);

impl Drop for Flight<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}

fn add(counts: &Mutex<BTreeMap<FailureKind, u64>>, kind: FailureKind) {
    *counts.lock().expect("no holder panics").entry(kind).or_default() += 1;
}

fn copy(counts: &Mutex<BTreeMap<FailureKind, u64>>) -> BTreeMap<FailureKind, u64> {
    counts.lock().expect("no holder panics").clone()
}

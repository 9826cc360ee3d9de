//! An HTTP server that stands in for model APIs, with voices whose truth is known.
//!
//! A call goes `server` → `call` (key, limits, faults, ledger) → `voice` (what is said) → `dialect` (how it is
//! written) → `delivery` (how it reaches the caller). Every answer is a pure function of the voice, the request and the
//! sample key in the `Idempotency-Key` header, so it is the same in whatever order, and however often, it is asked.
//!
//! The crate knows nothing of the rest of the pipeline: a misreading of the API cannot be on both sides.

mod call;
mod connection;
mod control;
mod delivery;
mod dialect;
mod draw;
mod embeddings;
mod error;
mod fault;
mod house;
mod ledger;
mod limits;
mod prose;
mod question;
mod sample_key;
mod server;
mod truth;
mod voice;
mod voice_file;

pub use jiff::civil::Date;

pub use self::{
    error::Error,
    fault::{FaultKind, FaultOrder},
    house::{GroupStats, Stats, VoiceStats},
    ledger::LedgerEntry,
    server::{Running, Simulator, SimulatorConfig},
    truth::{RecallTruth, Truth},
    voice::{Voice, Voices},
};

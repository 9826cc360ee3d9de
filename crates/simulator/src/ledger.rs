//! Every call that ever came, in few bytes.

use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;
use serde::Serialize;

use crate::fault::FaultKind;

/// One call.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LedgerEntry {
    /// Number of the call, from 1; it goes on after a reset.
    pub n: u64,
    /// The sample key as it came, `#n` without one.
    pub key: Box<str>,
    /// The model asked for, None if there is no such voice.
    pub voice: Option<Box<str>>,
    /// The response id, where a good answer was sent.
    pub token: Option<String>,
    /// The HTTP status; 0 where the caller saw none.
    pub status: u16,
    /// What went wrong on purpose.
    pub fault: Option<FaultKind>,
    /// When the call came, in milliseconds since 1970.
    pub time: u64,
    /// Billed input; 0 where nothing was said.
    pub input_tokens: u32,
    /// Billed output; 0 where nothing was said.
    pub output_tokens: u32,
}

/// One call as it is kept. The token is made again from the serial.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    pub(crate) serial: u64,
    pub(crate) key: Box<str>,
    pub(crate) voice: Option<u16>,
    pub(crate) answered: Option<TokenKind>,
    pub(crate) status: u16,
    pub(crate) fault: Option<FaultKind>,
    pub(crate) time: u64,
    pub(crate) input_tokens: u32,
    pub(crate) output_tokens: u32,
}

/// Whose form a response id has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenKind {
    Anthropic,
    OpenAi,
}

/// All calls since the last reset.
#[derive(Debug)]
pub(crate) struct Ledger {
    nonce: u64,
    serials: AtomicU64,
    pages: Mutex<Pages>,
}

#[derive(Debug, Default)]
struct Pages {
    /// Number of the last call before the first record.
    before: u64,
    records: Vec<Record>,
}

impl Ledger {
    /// The nonce keeps tokens of different simulators apart.
    pub(crate) fn new(nonce: u64) -> Self {
        Self { nonce, serials: AtomicU64::new(0), pages: Mutex::default() }
    }

    /// A number for the ids of one call, never given twice.
    pub(crate) fn serial(&self) -> u64 {
        self.serials.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Writes a call down.
    pub(crate) fn push(&self, record: Record) {
        self.pages.lock().records.push(record);
    }

    /// How many calls are written down.
    pub(crate) fn len(&self) -> u64 {
        count(&self.pages.lock().records)
    }

    /// Forgets the calls; neither numbers nor tokens come again.
    pub(crate) fn reset(&self) {
        let mut pages = self.pages.lock();
        pages.before += count(&pages.records);
        pages.records = Vec::new();
    }

    /// Up to `most` calls with a number above `since`, in order.
    pub(crate) fn after(&self, since: u64, most: usize, names: &[&str]) -> Vec<LedgerEntry> {
        let (first, records) = {
            let pages = self.pages.lock();
            let skip = usize::try_from(since.saturating_sub(pages.before)).unwrap_or(usize::MAX);
            let from = skip.min(pages.records.len());
            let to = from.saturating_add(most).min(pages.records.len());
            (pages.before + count(&pages.records[..from]) + 1, pages.records[from..to].to_vec())
        };
        (first..).zip(records).map(|(n, record)| self.entry(n, record, names)).collect()
    }

    /// The response id that belongs to a serial.
    pub(crate) fn token(&self, serial: u64, kind: TokenKind) -> String {
        let nonce = self.nonce;
        match kind {
            TokenKind::Anthropic => format!("msg_{nonce:016x}{serial:010x}"),
            TokenKind::OpenAi => format!("chatcmpl-{nonce:016x}{serial:010x}"),
        }
    }

    /// The request id that belongs to a serial.
    pub(crate) fn request_id(&self, serial: u64) -> String {
        format!("req_{:016x}{serial:010x}", self.nonce)
    }

    fn entry(&self, n: u64, record: Record, names: &[&str]) -> LedgerEntry {
        LedgerEntry {
            n,
            key: record.key,
            voice: record.voice.map(|voice| names[usize::from(voice)].into()),
            token: record.answered.map(|kind| self.token(record.serial, kind)),
            status: record.status,
            fault: record.fault,
            time: record.time,
            input_tokens: record.input_tokens,
            output_tokens: record.output_tokens,
        }
    }
}

fn count(records: &[Record]) -> u64 {
    u64::try_from(records.len()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(key: &str) -> Record {
        Record {
            serial: 1,
            key: key.into(),
            voice: Some(0),
            answered: Some(TokenKind::Anthropic),
            status: 200,
            fault: None,
            time: 0,
            input_tokens: 1,
            output_tokens: 1,
        }
    }

    #[test]
    fn numbers_go_on_after_a_reset_and_since_skips() {
        let ledger = Ledger::new(1);
        ledger.push(record("a"));
        ledger.push(record("b"));
        ledger.reset();
        ledger.push(record("c"));
        ledger.push(record("d"));
        let keys = |since, most| -> Vec<String> {
            ledger
                .after(since, most, &["v"])
                .iter()
                .map(|entry| format!("{}{}", entry.n, entry.key))
                .collect()
        };
        assert_eq!(keys(0, 9), ["3c", "4d"]);
        assert_eq!(keys(3, 9), ["4d"]);
        assert_eq!(keys(0, 1), ["3c"]);
        assert!(keys(9, 9).is_empty());
    }

    #[test]
    fn a_record_is_small() {
        assert!(size_of::<Record>() <= 56, "{} bytes", size_of::<Record>());
    }
}

//! How many blocks are held at a time.

use std::num::NonZero;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use tokio::sync::{Semaphore, SemaphorePermit};

use crate::tally::Tally;

/// What the aggregator may use of a machine. It changes no result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// Blocks that are summed up at a time.
    pub threads: NonZero<usize>,
    /// MiB that samples and what is made of them may take at a time, about. A block that takes more is read cell by cell, and a cell that
    /// takes more is held alone.
    pub memory_mib: NonZero<u32>,
}

impl Settings {
    /// What samples may take unless it is said otherwise.
    pub const MEMORY_MIB: NonZero<u32> = NonZero::new(512).expect("it is not 0");
}

impl Default for Settings {
    fn default() -> Self {
        let threads = std::thread::available_parallelism().unwrap_or(NonZero::<usize>::MIN);
        Self { threads, memory_mib: Self::MEMORY_MIB }
    }
}

/// A sample's record without its text, its row of the table, and its place in the statistics, in bytes.
const RECORD: u64 = 4_096;
/// How often a text is held while its cell is summed up: as it is, in its row, and two or three times as numbers of words.
const COPIES: u64 = 4;
/// A text, as long as nobody has seen one.
const TEXT: u64 = 4_096;

/// Hands out shares of the memory, first come, first served.
pub(crate) struct Memory {
    /// In KiB.
    free: Semaphore,
    all: u32,
    /// Bytes of the longest mean text of a block so far.
    text: AtomicU64,
}

/// A share of the memory, until it is dropped.
pub(crate) struct Share<'a> {
    _permit: SemaphorePermit<'a>,
    cell_by_cell: bool,
}

impl Share<'_> {
    /// Whether it is no share for the whole block.
    pub(crate) fn is_cell_by_cell(&self) -> bool {
        self.cell_by_cell
    }
}

impl Memory {
    pub(crate) fn new(mib: NonZero<u32>) -> Self {
        let all = mib.get().saturating_mul(1_024).min(u32::MAX >> 4);
        Self { free: Semaphore::new(all as usize), all, text: AtomicU64::new(TEXT) }
    }

    /// Waits for what a block with these cells takes, or its largest cell.
    pub(crate) async fn of_block<T>(&self, cells: &[(T, u64)]) -> Share<'_> {
        let whole = self.kib(cells.iter().map(|(_, planned)| planned).sum());
        let largest = self.kib(cells.iter().map(|(_, planned)| *planned).max().unwrap_or(0));
        let cell_by_cell = whole > self.all;
        let wanted = if cell_by_cell { largest } else { whole };
        if wanted > self.all {
            tracing::warn!(
                mib = wanted / 1_024,
                memory_mib = self.all / 1_024,
                "a cell takes more than the memory that is set; it is summed up alone"
            );
        }
        let permit = self.free.acquire_many(wanted.clamp(1, self.all)).await.expect("it is never closed");
        Share { _permit: permit, cell_by_cell }
    }

    /// Learns how long texts are.
    pub(crate) fn learn(&self, tally: &Tally) {
        self.text.fetch_max(tally.mean_text(), Relaxed);
    }

    fn kib(&self, samples: u64) -> u32 {
        let each = RECORD + COPIES * self.text.load(Relaxed);
        u32::try_from(samples.saturating_mul(each) / 1_024).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_does_not_fit_waits_and_what_never_fits_is_read_in_pieces() {
        let memory = Memory::new(NonZero::new(1).unwrap());
        // 20 KiB a sample: 51 of them fit.
        let share = memory.of_block(&[((), 20), ((), 20)]).await;
        assert!(!share.is_cell_by_cell());
        let second = memory.of_block(&[((), 20)]);
        tokio::pin!(second);
        let soon = tokio::time::timeout(std::time::Duration::from_millis(20), &mut second).await;
        assert!(soon.is_err(), "40 and 20 are more than 51");
        drop(share);
        assert!(!second.await.is_cell_by_cell());
        assert!(memory.of_block(&[((), 50), ((), 50)]).await.is_cell_by_cell());
        // A cell that never fits is not waited for until the end of time.
        assert!(memory.of_block(&[((), 5_000)]).await.is_cell_by_cell());
    }

    #[tokio::test]
    async fn longer_texts_take_more() {
        let memory = Memory::new(NonZero::new(1).unwrap());
        assert!(!memory.of_block(&[((), 40)]).await.is_cell_by_cell());
        memory.text.fetch_max(100_000, Relaxed);
        assert!(memory.of_block(&[((), 40)]).await.is_cell_by_cell());
    }
}

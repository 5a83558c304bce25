//! What is under way between the service and its callers, counted for the end: who
//! stops the service is told what was answered and what was cut off.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counts since the start.
#[derive(Debug, Default)]
pub(super) struct Traffic {
    /// Calls without an answer yet.
    answering: AtomicU64,
    /// Calls whose answer has begun and not ended: streams, and answers not yet taken.
    streaming: AtomicU64,
    /// Receipts of reports newly accepted that were handed to their callers.
    receipts: AtomicU64,
}

impl Traffic {
    /// A call begins.
    pub(super) fn begin(&self) {
        self.answering.fetch_add(1, Ordering::Relaxed);
    }

    /// The answer of a call begins.
    pub(super) fn open(&self) {
        self.answering.fetch_sub(1, Ordering::Relaxed);
        self.streaming.fetch_add(1, Ordering::Relaxed);
    }

    /// A call ends; `open` says whether its answer had begun.
    pub(super) fn end(&self, open: bool) {
        let count = if open { &self.streaming } else { &self.answering };
        count.fetch_sub(1, Ordering::Relaxed);
    }

    /// A receipt is handed to its caller.
    pub(super) fn receipt(&self) {
        self.receipts.fetch_add(1, Ordering::Relaxed);
    }

    /// Receipts handed out so far.
    pub(super) fn receipts(&self) -> u64 {
        self.receipts.load(Ordering::Relaxed)
    }

    /// Calls without an answer, and answers that have not ended.
    pub(super) fn under_way(&self) -> (u64, u64) {
        (self.answering.load(Ordering::Relaxed), self.streaming.load(Ordering::Relaxed))
    }
}

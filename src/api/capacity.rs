//! How much is done at once, how long things may take, and what memory that comes to.

use std::time::Duration;

use crate::words::limits;

/// How much is done at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capacity {
    /// Connections; further ones wait.
    pub connections: usize,
    /// How long a connection may say nothing at first.
    pub first_byte: Duration,
    /// Calls read and answered; further ones wait, unread.
    pub calls: usize,
    /// How long a call may take until it is answered, its waiting included.
    pub call_deadline: Duration,
    /// Streams of submissions; further ones are refused.
    pub submit_streams: usize,
    /// Watches; further ones are refused.
    pub watches: usize,
    /// Events that may be committed while a watching reader takes nothing.
    pub watch_behind: u64,
    /// Backups being written; further ones are refused.
    pub backups: usize,
    /// How long open calls may take to end when the server stops.
    pub stop_grace: Duration,
}

impl Default for Capacity {
    fn default() -> Self {
        Self {
            connections: limits::CONNECTIONS,
            first_byte: limits::FIRST_BYTE,
            calls: limits::CALLS,
            call_deadline: limits::CALL_DEADLINE,
            submit_streams: limits::SUBMIT_STREAMS,
            watches: limits::WATCHES,
            watch_behind: limits::WATCH_BEHIND,
            backups: limits::BACKUPS,
            stop_grace: limits::STOP_GRACE,
        }
    }
}

impl Capacity {
    /// What takes memory while it is under way, and how many bytes at most if
    /// there are as many as there may be, each as large as it may be.
    ///
    /// A message counts twice: its bytes as they come in, and what is made of them.
    #[must_use]
    pub fn memory(&self) -> [(&'static str, u64); 7] {
        const STREAM: usize = limits::STREAM_BYTES + 2 * limits::MESSAGE_BYTES;
        const CALL: usize = 2 * limits::MESSAGE_BYTES;
        const UNITS: usize = 2 * limits::UNITS_MESSAGE_BYTES;
        const BACKUP: usize = (limits::BACKUP_PIECES + 1) * limits::BACKUP_PIECE_BYTES;
        let of = |many: usize, each: usize| (many as u64).saturating_mul(each as u64);
        [
            ("connections", (self.connections as u64).saturating_mul(limits::CONNECTION_BYTES)),
            ("calls", of(self.calls, CALL)),
            ("changes of units", of(limits::UNITS_CALLS, UNITS)),
            ("streams of submissions", of(self.submit_streams, STREAM)),
            ("waiting for the writer", u64::from(limits::QUEUE_KIB) << 10),
            ("watches", (self.watches as u64).saturating_mul(limits::WATCH_BYTES)),
            ("backups", of(self.backups, BACKUP)),
        ]
    }
}

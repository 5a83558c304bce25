//! The one place that asks what time it is. Everything else is told.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use super::Timestamp;

/// Tells the time.
pub type Clock = fn() -> Timestamp;

/// The clock of the machine.
#[expect(clippy::disallowed_methods, reason = "this is the clock that everything else is given")]
#[must_use]
pub fn system() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}

/// A moment to measure durations from; no time of day.
#[must_use]
pub fn instant() -> Instant {
    Instant::now()
}

//! Which moment of the ledger an answer speaks of: now, or an earlier position.
//!
//! What stands in the ledger up to a position never changes, so an answer that
//! speaks of a position is the same for ever. Refused attempts stand outside the
//! ledger: an answer tells them only if no position was asked for.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::desk::Desk;
use super::outcome::SubmitError;
use crate::domain::{Scope, State};
use crate::words::{Position, limits};

/// The moment asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct At {
    position: Option<Position>,
    attempts: bool,
}

impl At {
    /// Now.
    pub const NOW: Self = Self { position: None, attempts: true };

    /// As of a position, and the same for ever.
    #[must_use]
    pub fn position(position: Position) -> Self {
        Self { position: Some(position), attempts: false }
    }

    /// A further page of an answer that spoke of a position as of then.
    #[must_use]
    pub fn page(position: Position) -> Self {
        Self { position: Some(position), attempts: true }
    }

    /// Whether refused attempts are told too.
    #[must_use]
    pub fn tells_attempts(self) -> bool {
        self.attempts
    }

    /// The position meant, in a ledger that ends at `head`.
    ///
    /// # Errors
    /// [`SubmitError::BeyondHead`].
    pub fn within(self, head: Position) -> Result<Position, SubmitError> {
        match self.position {
            Some(asked) if asked > head => Err(SubmitError::BeyondHead { asked, head }),
            Some(asked) => Ok(asked),
            None => Ok(head),
        }
    }
}

/// Counts a question about the past until it is answered.
struct Reading<'a>(&'a AtomicUsize);

impl Drop for Reading<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Desk {
    /// Reads the state as of a moment. An earlier one is put together from the
    /// ledger, as far as the scope goes.
    ///
    /// # Errors
    /// [`SubmitError::BeyondHead`], [`SubmitError::Unreadable`], or what the reading says.
    pub(super) fn at<T>(
        &self,
        at: At,
        scope: &Scope,
        read: impl FnOnce(&State) -> Result<T, SubmitError>,
    ) -> Result<T, SubmitError> {
        let now = self.state.read();
        let position = at.within(now.head())?;
        if position == now.head() {
            return read(&now);
        }
        let reading = self.past_reads.fetch_add(1, Ordering::Relaxed);
        let _end = Reading(&self.past_reads);
        if reading >= limits::PAST_READS && matches!(scope, Scope::Below(..)) {
            return Err(SubmitError::TooManyPastReads);
        }
        let past = now.past(position, scope);
        // the writer goes on while the disk is read
        drop(now);
        let events = self.reader.events(&past.wanted(), &|id| past.form(id));
        let events = events.map_err(SubmitError::unreadable)?;
        read(&past.complete(&events))
    }
}

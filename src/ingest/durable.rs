//! The writer and its disk: a batch is made durable, or it is said why not.
//!
//! After a failed append nothing of it is acknowledged: the store is dropped and
//! opened again, and what is in it counts. Until it opens, and while a disk is full
//! or a required mirror away, nothing is written and reads go on. A problem is logged
//! when it comes, when it changes and when it goes, not with every batch that meets
//! it, and a disk that fails again and again is not tried more often than it is tended.

use std::sync::Arc;

use parking_lot::RwLock;

use super::batch::{Batch, Told};
use super::outcome::SubmitError;
use super::writer::Writer;
use crate::ledger::{AppendError, Appended, LedgerError};
use crate::words::Digest;

/// Why nothing can be written now, if so.
#[derive(Debug, Clone, Default)]
pub(super) struct Problem(Arc<RwLock<Option<SubmitError>>>);

/// A batch that is in the store.
#[derive(Debug, Default)]
pub(super) struct Durable {
    /// The chain with each of its events.
    pub(super) hashes: Vec<Digest>,
    /// Why it must not be acknowledged yet.
    pub(super) withheld: Option<SubmitError>,
}

impl Problem {
    pub(super) fn now(&self) -> Option<SubmitError> {
        self.0.read().clone()
    }

    fn tell(&self, now: Option<&SubmitError>) {
        let mut known = self.0.write();
        if known.as_ref() == now {
            return;
        }
        match now {
            Some(error) => tracing::error!(error = %error, "nothing can be written now"),
            None => tracing::info!("writing goes on"),
        }
        *known = now.cloned();
    }
}

impl Writer {
    /// Looks, from time to time, whether something can be written.
    pub(super) fn tend(&mut self) {
        self.tried = false;
        self.look();
    }

    /// Looks whether something can be written; opens the store again if it failed and
    /// that was not tried since it was tended.
    pub(super) fn look(&mut self) {
        if self.tried && !self.reader.is_sound() {
            return;
        }
        let ready = self.open_again().and_then(|()| self.ledger.ready().map_err(not_written));
        self.problem.tell(ready.err().as_ref());
    }

    fn open_again(&mut self) -> Result<(), SubmitError> {
        if self.reader.is_sound() {
            return Ok(());
        }
        self.tried = true;
        let opened = self.ledger.reopen(&self.state);
        self.publish();
        opened.map_err(|error| not_open(&error))?;
        tracing::info!(ledger.position = %self.ledger.head().0, "the store is open again");
        Ok(())
    }

    /// Makes a batch durable.
    pub(super) fn append(&mut self, batch: &Batch) -> Result<Durable, SubmitError> {
        let error = match self.ledger.append(&batch.events, &batch.texts) {
            Ok(Appended { hashes, withheld }) => {
                self.counters.committed(&batch.events);
                let withheld = withheld.map(|error| no_mirror(&error));
                self.problem.tell(withheld.as_ref());
                return Ok(Durable { hashes, withheld });
            }
            Err(AppendError::Unknown(error)) => {
                tracing::error!(error = %error, "a commit failed");
                let unknown = format!("the commit failed, its outcome is not known: {error}");
                let unknown = SubmitError::Unavailable(unknown);
                self.problem.tell(Some(&not_open(&error)));
                self.look();
                return Err(unknown);
            }
            // why it is closed was told when it was tried to open it
            Err(AppendError::Closed(LedgerError::Closed)) => self.problem.now().unwrap_or_else(closed),
            Err(error) => not_written(error),
        };
        self.problem.tell(Some(&error));
        Err(error)
    }

    /// Earlier receipts are told once they are in the mirror that is required.
    pub(super) fn mirrored(&mut self, told: &[Told]) -> Result<Durable, SubmitError> {
        let receipts = told.iter().any(|told| told.receipt_of.is_some());
        match if receipts { self.ledger.tend_mirror() } else { Ok(()) } {
            Ok(()) => Ok(Durable::default()),
            Err(LedgerError::Closed) => Err(self.problem.now().unwrap_or_else(closed)),
            Err(error) => Err(no_mirror(&error)),
        }
    }

    /// Wakes those who wait for events.
    pub(super) fn publish(&self) {
        let (head, tokens) = {
            let state = self.state.read();
            (state.head(), state.tokens().changed())
        };
        self.published.send_if_modified(|known| std::mem::replace(known, head) != head);
        self.token_changes.send_if_modified(|known| std::mem::replace(known, tokens) != tokens);
    }
}

/// What is said of a batch of which nothing was written.
fn not_written(error: AppendError) -> SubmitError {
    match error {
        AppendError::DiskFull => SubmitError::DiskFull,
        AppendError::Mirror(error) => no_mirror(&error),
        AppendError::Closed(error) | AppendError::Unknown(error) => not_open(&error),
    }
}

/// What is said while the store that failed does not open.
fn not_open(error: &LedgerError) -> SubmitError {
    if error.is_disk_full() { SubmitError::DiskFull } else { SubmitError::Unavailable(error.to_string()) }
}

/// What is said while the mirror that is required cannot be written.
fn no_mirror(error: &LedgerError) -> SubmitError {
    SubmitError::Unavailable(format!("the mirror cannot be written: {error}"))
}

fn closed() -> SubmitError {
    not_open(&LedgerError::Closed)
}

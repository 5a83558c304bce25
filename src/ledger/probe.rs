//! A store of its own to measure a disk with: commits of one page and nothing else.

use std::path::Path;

use super::LedgerError;
use super::page::Packed;
use super::store::{Batch, Store};
use crate::words::{Position, limits};

/// See the module.
#[derive(Debug)]
pub struct Probe {
    store: Store,
    next: Position,
}

impl Probe {
    /// Opens one in an empty folder.
    ///
    /// # Errors
    /// [`LedgerError`] if the store fails.
    pub fn open(dir: &Path) -> Result<Self, LedgerError> {
        Ok(Self { store: Store::open(dir)?, next: Position(1) })
    }

    /// Commits one full page; durable when this returns.
    ///
    /// # Errors
    /// [`LedgerError`] if the store fails.
    pub fn commit(&mut self) -> Result<(), LedgerError> {
        let mut batch = Batch::default();
        batch.pages(self.next, vec![Packed { events: 1, parts: vec![vec![1; limits::PAGE_BYTES]] }]);
        self.next = self.next.next();
        Ok(self.store.write(&batch)?)
    }
}

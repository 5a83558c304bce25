//! Reading the ledger while it is written: events, texts, a copy of everything.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use parking_lot::RwLock;

use super::codec::{self, Forms};
use super::copy::{self, CopyError};
use super::store::{Store, StoreError};
use super::{Event, LedgerError};
use crate::domain::State;
use crate::words::{Digest, Position};

/// Reads events and texts while others are written.
#[derive(Debug, Clone)]
pub struct LedgerReader(Arc<RwLock<Option<Arc<Store>>>>);

impl LedgerReader {
    pub(super) fn new(store: Arc<Store>) -> Self {
        Self(Arc::new(RwLock::new(Some(store))))
    }

    /// Puts another store, or none, in place of the one that is read.
    pub(super) fn replace(&self, store: Option<Arc<Store>>) {
        *self.0.write() = store;
    }

    pub(super) fn get(&self) -> Result<Arc<Store>, LedgerError> {
        self.0.read().clone().ok_or(LedgerError::Closed)
    }

    /// Whether the store is open; it is closed after a failure.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.0.read().is_some()
    }

    /// One event, with the chain up to and with it.
    ///
    /// # Errors
    /// [`LedgerError`] if it is not there or damaged.
    pub fn event(&self, position: Position, forms: Forms<'_>) -> Result<(Event, Digest), LedgerError> {
        let (first, mut chain, events) = self.page(position)?;
        for (at, bytes) in (first.0..).map(Position).zip(events) {
            chain = Digest::of(&[chain.as_bytes(), &bytes]);
            if at == position {
                return Ok((codec::decode(&bytes, at, forms)?, chain));
            }
        }
        Err(LedgerError::NoEvent(position))
    }

    /// The events at these positions, in order.
    ///
    /// # Errors
    /// [`LedgerError`] if one is not there or damaged.
    pub fn events(&self, positions: &BTreeSet<Position>, forms: Forms<'_>) -> Result<Vec<Event>, LedgerError> {
        Ok(self.chained_events(positions, forms)?.into_iter().map(|(event, _)| event).collect())
    }

    /// The same, each with the chain up to and with it.
    ///
    /// # Errors
    /// [`LedgerError`] if one is not there or damaged.
    pub fn chained_events(
        &self,
        positions: &BTreeSet<Position>,
        forms: Forms<'_>,
    ) -> Result<Vec<(Event, Digest)>, LedgerError> {
        let mut found = Vec::with_capacity(positions.len());
        let mut next = positions.first().copied();
        while let Some(position) = next {
            let (first, mut chain, events) = self.page(position)?;
            let mut after = first;
            for (at, bytes) in (first.0..).map(Position).zip(events) {
                chain = Digest::of(&[chain.as_bytes(), &bytes]);
                if positions.contains(&at) {
                    found.push((codec::decode(&bytes, at, forms)?, chain));
                }
                after = at.next();
            }
            if after <= position {
                return Err(LedgerError::NoEvent(position));
            }
            next = positions.range(after..).next().copied();
        }
        Ok(found)
    }

    /// Where the page begins that holds a position, the chain before it, its events.
    fn page(&self, position: Position) -> Result<(Position, Digest, Vec<Vec<u8>>), LedgerError> {
        let store = self.get()?;
        let (first, page) = store.pages(position).next().ok_or(LedgerError::NoEvent(position))??;
        let before = page.before;
        let events = page.events().map_err(|error| StoreError::Page(first, error))?;
        Ok((first, before, events))
    }

    /// Writes a copy of the whole ledger, as it is now; gives its head.
    ///
    /// # Errors
    /// [`LedgerError`] if it cannot be read, or the copy cannot be written.
    pub fn back_up(&self, out: impl Write) -> Result<(Position, Digest), LedgerError> {
        const ENTRIES: usize = 256;
        let store = self.get()?;
        let failed = |error| CopyError::File(PathBuf::from("the backup"), error);
        let mut copy = copy::CopyWriter::begin(out).map_err(failed)?;
        let mut head = (Position(0), Digest::ZERO);
        for page in store.raw_pages(Position(1)) {
            let (first, entries, page) = page?;
            let before = page.before;
            let events = page.events().map_err(|error| StoreError::Page(first, error))?;
            let last = first.0.saturating_add(events.len() as u64).saturating_sub(1);
            head = (Position(last), events.iter().fold(before, |at, event| Digest::of(&[at.as_bytes(), event])));
            copy.add(head, &entries).map_err(failed)?;
        }
        // written in the same batches as the pages above: what those need is there
        let mut texts = store.all_text_entries().peekable();
        while texts.peek().is_some() {
            let entries = texts.by_ref().take(ENTRIES).collect::<Result<Vec<_>, _>>()?;
            copy.add(head, &entries).map_err(failed)?;
        }
        for entries in store.attempt_entries()?.chunks(ENTRIES) {
            copy.add(head, entries).map_err(failed)?;
        }
        copy.into_inner().flush().map_err(failed)?;
        Ok(head)
    }

    /// Texts that an event names and that are not there, or not as they were, with
    /// the place of the event; those that were taken out are not missed.
    ///
    /// # Errors
    /// [`LedgerError`] if the events cannot be read.
    pub fn lost_texts(&self, state: &State) -> Result<Vec<(Position, Digest)>, LedgerError> {
        let store = self.get()?;
        let mut lost = Vec::new();
        for page in store.pages(Position(1)) {
            let (first, page) = page?;
            let events = page.events().map_err(|error| StoreError::Page(first, error))?;
            for (position, bytes) in (first.0..).map(Position).zip(events) {
                let named = codec::text_digests(&bytes).into_iter().filter(|digest| !state.is_redacted(digest));
                lost.extend(named.filter(|digest| store.text(digest).is_err()).map(|digest| (position, digest)));
            }
        }
        Ok(lost)
    }

    /// Whether texts are there and sound.
    pub(super) fn text_of(&self, digests: &[Digest]) -> Result<(), LedgerError> {
        digests.iter().try_for_each(|digest| self.text(digest).map(drop))
    }

    /// A text that stands beside the chain.
    ///
    /// # Errors
    /// [`LedgerError`] if it is not there or damaged.
    pub fn text(&self, digest: &Digest) -> Result<Vec<u8>, LedgerError> {
        Ok(self.get()?.text(digest)?)
    }
}

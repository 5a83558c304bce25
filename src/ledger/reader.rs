//! Reading the ledger while it is written: events, texts, a copy of everything.

use std::collections::BTreeSet;
use std::io::Write;
use std::mem;
use std::path::PathBuf;
use std::sync::Arc;

use parking_lot::RwLock;

use super::codec::{self, Forms};
use super::copy::{self, CopyError, Entry};
use super::store::{Store, StoreError};
use super::{Event, LedgerError};
use crate::domain::State;
use crate::words::{Digest, Position, limits};

/// Reads events and texts while others are written.
#[derive(Debug, Clone)]
pub struct LedgerReader(Arc<RwLock<Held>>);

/// The entries of a page, and the head after it.
type CopiedPage = ((Position, Digest), Vec<Entry>);

/// The store as it is held.
#[derive(Debug)]
enum Held {
    Sound(Arc<Store>),
    /// A write failed: it is still read, and nothing more is written to it.
    Failed(Arc<Store>),
    Closed,
}

impl LedgerReader {
    pub(super) fn new(store: Arc<Store>) -> Self {
        Self(Arc::new(RwLock::new(Held::Sound(store))))
    }

    /// The store, to read from.
    pub(super) fn get(&self) -> Result<Arc<Store>, LedgerError> {
        match &*self.0.read() {
            Held::Sound(store) | Held::Failed(store) => Ok(Arc::clone(store)),
            Held::Closed => Err(LedgerError::Closed),
        }
    }

    /// The store, to write to, or to copy from: it holds nothing that may be gone
    /// when it is opened again.
    pub(super) fn sound(&self) -> Result<Arc<Store>, LedgerError> {
        match &*self.0.read() {
            Held::Sound(store) => Ok(Arc::clone(store)),
            Held::Failed(_) | Held::Closed => Err(LedgerError::Closed),
        }
    }

    /// Whether the store may be written; after a failure it may not.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        matches!(&*self.0.read(), Held::Sound(_))
    }

    /// Takes a store into use.
    pub(super) fn hold(&self, store: Arc<Store>) {
        *self.0.write() = Held::Sound(store);
    }

    /// Only reads go on.
    pub(super) fn fail(&self) {
        let mut held = self.0.write();
        *held = match mem::replace(&mut *held, Held::Closed) {
            Held::Sound(store) | Held::Failed(store) => Held::Failed(store),
            Held::Closed => Held::Closed,
        };
    }

    /// Closes the store, unless somebody reads from it for long.
    pub(super) fn close(&self) -> Result<(), LedgerError> {
        let held = mem::replace(&mut *self.0.write(), Held::Closed);
        let (Held::Sound(mut store) | Held::Failed(mut store)) = held else { return Ok(()) };
        for _ in 0..limits::STILL_READ_YIELDS {
            match Arc::try_unwrap(store) {
                Ok(store) => {
                    store.let_go();
                    return Ok(());
                }
                Err(shared) => store = shared,
            }
            std::thread::yield_now();
        }
        *self.0.write() = Held::Failed(store);
        Err(LedgerError::StillRead)
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

    /// Writes a copy of the whole ledger up to a position that was acknowledged; gives
    /// its head. The store is held only while it is read, for whoever takes the copy
    /// may be slow, and a store that failed opens again when nobody holds it.
    ///
    /// # Errors
    /// [`LedgerError`] if it cannot be read, or the copy cannot be written.
    pub fn back_up(&self, until: Position, out: impl Write) -> Result<(Position, Digest), LedgerError> {
        const ENTRIES: usize = 256;
        let failed = |error| CopyError::File(PathBuf::from("the backup"), error);
        let mut copy = copy::CopyWriter::begin(out).map_err(failed)?;
        let mut head = (Position(0), Digest::ZERO);
        loop {
            let pages = self.pages_after(head.0, until)?;
            let Some((last, _)) = pages.last() else { break };
            head = *last;
            pages.iter().try_for_each(|(at, entries)| copy.add(*at, entries)).map_err(failed)?;
        }
        // written in the same batches as the pages above: what those need is there
        let mut after = Vec::new();
        loop {
            let entries = self.sound()?.text_entries_after(&after, ENTRIES)?;
            let Some(last) = entries.last() else { break };
            after.clone_from(&last.key);
            copy.add(head, &entries).map_err(failed)?;
        }
        let attempts = self.sound()?.attempt_entries()?;
        attempts.chunks(ENTRIES).try_for_each(|entries| copy.add(head, entries)).map_err(failed)?;
        copy.into_inner().flush().map_err(failed)?;
        Ok(head)
    }

    /// Some pages between two positions, each with the head after it.
    fn pages_after(&self, after: Position, until: Position) -> Result<Vec<CopiedPage>, LedgerError> {
        let store = self.sound()?;
        let (mut found, mut bytes) = (Vec::new(), 0_usize);
        for page in store.raw_pages(after.next()) {
            let (first, entries, page) = page?;
            let before = page.before;
            let events = page.events().map_err(|error| StoreError::Page(first, error))?;
            let last = Position(first.0.saturating_add(events.len() as u64).saturating_sub(1));
            if last <= after {
                continue;
            }
            if last > until || bytes >= limits::COMMIT_BYTES {
                break;
            }
            bytes = events.iter().fold(bytes, |bytes, event| bytes.saturating_add(event.len()));
            let chain = events.iter().fold(before, |at, event| Digest::of(&[at.as_bytes(), event]));
            found.push(((last, chain), entries));
        }
        Ok(found)
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

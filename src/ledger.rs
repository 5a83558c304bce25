//! The ledger: events in one total order, each chained to the one before, on the
//! embedded store.
//!
//! Invariants: what [`Ledger::append`] has returned for is durable; a batch is in
//! the store whole or not at all; what is read is what was written, or an error
//! that names the place. Knows nothing of the network.

mod checkpoint;
mod codec;
mod copy;
mod error;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod mirror;
mod page;
mod probe;
mod reader;
mod replay;
mod restore;
mod statement;
mod store;
mod stored;
#[cfg(test)]
mod tests;
mod transfer;
mod witness;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::RwLock;

pub use codec::{CodecError, Forms};
pub use copy::CopyError;
pub use error::{AppendError, LedgerError};
use mirror::Mirror;
pub use mirror::{MirrorStatus, Mirroring};
pub use page::PageError;
pub use probe::Probe;
pub use reader::LedgerReader;
use replay::replay;
pub use restore::{Restored, restore};
pub use statement::{KEY_FILE, Signer, StatementError, check as check_statement};
use store::{Batch, Store};
pub use store::{StoreError, StoredAttempt, is_letting_go};
pub use stored::SignedStatement;
pub use transfer::{ImportError, import};
use witness::{Found, Head, Witness};

use crate::domain::event::{Event, EventKind};
use crate::domain::{ApplyError, State};
use crate::words::{Digest, Position, limits};

/// The ledger, open for writing. There is one.
#[derive(Debug)]
pub struct Ledger {
    dir: PathBuf,
    store: LedgerReader,
    witness: Witness,
    mirror: Option<Mirror>,
    /// Free bytes below which nothing is written.
    reserve: u64,
    head: Position,
    chain: Digest,
    /// How far the last checkpoint goes, or one that could not be written.
    checkpoint: Position,
}

/// Where a ledger is folded from when it is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum From {
    Beginning,
    Checkpoint,
}

/// A batch that is durable.
#[derive(Debug)]
pub struct Appended {
    /// The chain with each of its events.
    pub hashes: Vec<Digest>,
    /// Why it must not be acknowledged yet: it is not in the mirror that is required.
    pub withheld: Option<LedgerError>,
}

impl Ledger {
    /// Opens the ledger in a folder, or makes one, and folds the whole of it into a
    /// state.
    ///
    /// # Errors
    /// [`LedgerError`] if anything in it is not as it was written.
    pub fn open(dir: &Path, state: &mut State) -> Result<Self, LedgerError> {
        Self::open_as(dir, state, From::Beginning, false)
    }

    /// The same, and where there is a checkpoint only what came after it is folded: damage
    /// before it is seen when it is read, or by [`Ledger::open`].
    ///
    /// # Errors
    /// [`LedgerError`] if anything that was read is not as it was written.
    pub fn resume(dir: &Path, state: &mut State) -> Result<Self, LedgerError> {
        Self::open_as(dir, state, From::Checkpoint, false)
    }

    /// Opens a ledger whose witness was lost, and takes its end as it is.
    ///
    /// # Errors
    /// [`LedgerError`] if anything in it is not as it was written.
    pub fn open_accepting_head(dir: &Path, state: &mut State) -> Result<Self, LedgerError> {
        Self::open_as(dir, state, From::Beginning, true)
    }

    fn open_as(dir: &Path, state: &mut State, from: From, accept_head: bool) -> Result<Self, LedgerError> {
        let store = Arc::new(Store::open(dir)?);
        let reader = LedgerReader::new(Arc::clone(&store));
        let failed = |(path, error)| LedgerError::Store(StoreError::File(path, error));
        let (mut witness, found) = Witness::open(dir).map_err(failed)?;
        let known = found.head();
        let mut at = (Position(0), Digest::ZERO);
        let loaded = match from {
            From::Beginning => None,
            From::Checkpoint => checkpoint::load(dir, &reader, known),
        };
        loaded.into_iter().for_each(|loaded| (*state, at) = loaded);
        let checkpoint = at.0;
        state.put_off_totals();
        replay(&store, &mut at, known, state)?;
        let (head, chain) = at;
        state.sum_up().map_err(|problem| ApplyError { position: head, problem })?;
        if known.is_none() && head > Position(0) && !accept_head {
            let how = if found == Found::Missing { "missing" } else { "damaged" };
            return Err(LedgerError::Witness(dir.join(witness::FILE), how));
        }
        if known.is_none_or(|known| known.position < head) {
            // a commit that was durable and not yet acknowledged
            witness.put(Head { position: head, chain }).map_err(failed)?;
        }
        store.sync_folder()?;
        let reserve = limits::DISK_RESERVE_BYTES;
        Ok(Self { dir: dir.to_owned(), store: reader, witness, mirror: None, reserve, head, chain, checkpoint })
    }

    /// Position of the last event, and the chain up to it.
    #[must_use]
    pub fn head(&self) -> (Position, Digest) {
        (self.head, self.chain)
    }

    /// A reader.
    #[must_use]
    pub fn reader(&self) -> LedgerReader {
        self.store.clone()
    }

    /// Sets the free bytes below which nothing is written.
    pub fn keep_free(&mut self, bytes: u64) {
        self.reserve = bytes;
    }

    /// Mirrors every commit from now on, and what is there already.
    ///
    /// # Errors
    /// [`LedgerError`] if the mirror is of another ledger, or ahead of this one; or
    /// cannot be written and is required.
    pub fn mirror(&mut self, mirroring: Mirroring) -> Result<Arc<RwLock<MirrorStatus>>, LedgerError> {
        let mut mirror = Mirror::new(mirroring);
        match mirror.make_ready(&*self.store.sound()?, (self.head, self.chain)) {
            Err(error) if mirror.is_required() || !is_passing(&error) => return Err(error),
            Ok(()) | Err(_) => {}
        }
        let status = mirror.status();
        self.mirror = Some(mirror);
        Ok(status)
    }

    /// Brings a mirror that failed up to date, if it can be written again.
    ///
    /// # Errors
    /// [`LedgerError`] if it is required and cannot.
    pub fn tend_mirror(&mut self) -> Result<(), LedgerError> {
        let Some(mirror) = &mut self.mirror else { return Ok(()) };
        let store = self.store.sound();
        let ready = store.and_then(|store| mirror.make_ready(&store, (self.head, self.chain)));
        if mirror.is_required() { ready } else { Ok(()) }
    }

    /// Whether events can be appended now; a mirror that failed is tried again.
    ///
    /// # Errors
    /// [`AppendError`]: nothing was written.
    pub fn ready(&mut self) -> Result<(), AppendError> {
        self.ready_store().map(drop)
    }

    fn ready_store(&mut self) -> Result<Arc<Store>, AppendError> {
        let store = self.store.sound().map_err(AppendError::Closed)?;
        let mirrored = self.tend_mirror();
        match store.check_room(self.reserve) {
            Ok(()) => mirrored.map_err(AppendError::Mirror).map(|()| store),
            Err(StoreError::DiskFull(_)) => Err(AppendError::DiskFull),
            Err(other) => Err(AppendError::Closed(other.into())),
        }
    }

    /// Appends events with the texts that stand beside them; durable when this
    /// returns.
    ///
    /// # Errors
    /// [`AppendError`]; after [`AppendError::Unknown`] only reads go on, until
    /// [`Ledger::reopen`] succeeds.
    pub fn append(&mut self, events: &[Event], texts: &[(Digest, Vec<u8>)]) -> Result<Appended, AppendError> {
        let store = self.ready_store()?;
        let redacted = events.iter().filter_map(|event| {
            let EventKind::TextRedacted(redacted) = &event.kind else { return None };
            Some(redacted.text)
        });
        let redacted: Vec<Digest> = redacted.collect();
        let appended = self.append_encoded(&store, events.iter().map(codec::encode).collect(), texts, &redacted)?;
        if !redacted.is_empty()
            && let Some(mirror) = &mut self.mirror
        {
            // what was added to it before still holds the text
            mirror.make_anew(&store, (self.head, self.chain));
        }
        Ok(appended)
    }

    /// Appends events as they were encoded elsewhere.
    fn append_bytes(&mut self, encoded: Vec<Vec<u8>>, texts: &[(Digest, Vec<u8>)]) -> Result<Appended, AppendError> {
        let store = self.store.sound().map_err(AppendError::Closed)?;
        self.append_encoded(&store, encoded, texts, &[])
    }

    fn append_encoded(
        &mut self,
        store: &Store,
        encoded: Vec<Vec<u8>>,
        texts: &[(Digest, Vec<u8>)],
        redacted: &[Digest],
    ) -> Result<Appended, AppendError> {
        let mut pages = Vec::new();
        let hashes = page::pack(&encoded, self.chain, &mut pages);
        let chain = hashes.last().copied().unwrap_or(self.chain);
        let mut batch = Batch::default();
        batch.pages(self.head.next(), pages);
        texts.iter().for_each(|(digest, text)| batch.text(digest, text));
        for digest in redacted {
            let entries = store.text_entries(digest).map_err(|error| AppendError::Closed(error.into()))?;
            batch.remove(entries);
        }
        let head = Position(self.head.0.saturating_add(encoded.len() as u64));
        let written = store.write(&batch).and_then(|()| {
            let witnessed = self.witness.put(Head { position: head, chain });
            witnessed.map_err(|(path, error)| StoreError::File(path, error))
        });
        if let Err(error) = written {
            self.store.fail();
            return Err(AppendError::Unknown(error.into()));
        }
        let (before, mirror) = (self.head, self.mirror.as_mut());
        let mirrored = mirror.map_or(Ok(()), |mirror| mirror.add(before, (head, chain), batch.entries()));
        let withheld = mirrored.err().filter(|_| self.mirror.as_ref().is_some_and(Mirror::is_required));
        self.chain = chain;
        self.head = head;
        Ok(Appended { hashes, withheld })
    }

    /// After a failure: drops the store, opens it again and folds what is new
    /// into the state. What was acknowledged must be there. As long as it cannot be
    /// opened for a reason that is seen from outside, what failed is still read.
    ///
    /// # Errors
    /// [`LedgerError`] while it cannot be opened; only reads go on.
    pub fn reopen(&mut self, state: &RwLock<State>) -> Result<(), LedgerError> {
        self.store.fail();
        Store::check_openable(&self.dir)?;
        self.store.close()?;
        Store::forget_cached(&self.dir)?;
        let store = Store::open(&self.dir)?;
        let failed = |(path, error)| LedgerError::Store(StoreError::File(path, error));
        // the folder may be another than the one that failed, with a witness of its own
        let (mut witness, found) = Witness::open(&self.dir).map_err(failed)?;
        let known = found.head();
        let mut at = (self.head, self.chain);
        let folded = replay(&store, &mut at, known, &mut state.write());
        (self.head, self.chain) = at;
        folded?;
        witness.put(Head { position: self.head, chain: self.chain }).map_err(failed)?;
        store.sync_folder()?;
        self.witness = witness;
        self.store.hold(Arc::new(store));
        Ok(())
    }

    /// Writes a checkpoint of the state, if so many events came since the last one. That it
    /// cannot be written is told and changes nothing.
    pub fn keep_checkpoint(&mut self, state: &State, after: u64) {
        let since = self.head.0.saturating_sub(self.checkpoint.0);
        let Ok(store) = self.store.sound() else { return };
        if since < after || state.head() != self.head {
            return;
        }
        self.checkpoint = self.head;
        match checkpoint::write(&self.dir, &store, self.reserve, state, self.chain) {
            Ok(()) => tracing::info!(ledger.position = %self.head, "a checkpoint is written"),
            Err(error) => tracing::warn!(error = %error, "a checkpoint could not be written"),
        }
    }

    /// Closes the store for good: it is not left to whoever reads last.
    pub fn close(&mut self) {
        if let Err(error) = self.store.close() {
            tracing::debug!(error = %error, "the store is closed when its last reader ends");
        }
    }

    /// Keeps a refused attempt in place of the one before; promises nothing.
    ///
    /// # Errors
    /// [`LedgerError`] if the store fails, or its disk is full but for the reserve.
    pub fn put_attempt(&mut self, key: &str, value: &[u8]) -> Result<(), LedgerError> {
        let store = self.store.sound()?;
        store.check_room(self.reserve)?;
        let entries = store.put_attempt(key.as_bytes(), value).inspect_err(|_| self.store.fail())?;
        self.mirror.iter_mut().for_each(|mirror| mirror.note(&entries));
        Ok(())
    }

    /// Forgets a refused attempt.
    ///
    /// # Errors
    /// [`LedgerError`] if the store fails.
    pub fn remove_attempt(&mut self, key: &str) -> Result<(), LedgerError> {
        self.put_attempt(key, &[])
    }

    /// All refused attempts: key, value.
    ///
    /// # Errors
    /// [`LedgerError`] if the store fails.
    pub fn attempts(&self) -> Result<Vec<StoredAttempt>, LedgerError> {
        Ok(self.store.get()?.attempts()?)
    }
}

/// Whether a failure of the mirror may pass: its disk, not what stands in it.
fn is_passing(error: &LedgerError) -> bool {
    matches!(error, LedgerError::Copy(CopyError::File(..)))
}

/// The chain up to and with an event.
fn chain_after(store: &Store, position: Position) -> Result<Digest, LedgerError> {
    let (first, page) = store.pages(position).next().ok_or(LedgerError::NoEvent(position))??;
    let before = page.before;
    let events = page.events().map_err(|error| StoreError::Page(first, error))?;
    let wanted = (first.0..=position.0).zip(&events);
    Ok(wanted.fold(before, |chain, (_, event)| Digest::of(&[chain.as_bytes(), event])))
}

/// Digests of the texts that stand beside a stored event.
fn text_digests(event: &[u8]) -> Vec<Digest> {
    codec::text_digests(event)
}

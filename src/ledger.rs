//! The ledger: events in one total order, each chained to the one before, on the
//! embedded store.
//!
//! Invariants: what [`Ledger::append`] has returned for is durable; a batch is in
//! the store whole or not at all; what is read is what was written, or an error
//! that names the place. Knows nothing of the network.

mod codec;
mod copy;
mod error;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod mirror;
mod page;
mod reader;
mod statement;
mod store;
mod stored;
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
pub use reader::LedgerReader;
pub use statement::{KEY_FILE, Signer, StatementError, check as check_statement};
use store::{Batch, Store};
pub use store::{StoreError, StoredAttempt, is_letting_go};
pub use stored::SignedStatement;
pub use transfer::{ImportError, import};
use witness::{Found, Head, Witness};

use crate::domain::State;
use crate::domain::event::{Event, EventKind};
use crate::form::FindingRecord;
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
    /// Opens the ledger in a folder, or makes one, and folds it into a state.
    ///
    /// # Errors
    /// [`LedgerError`] if anything in it is not as it was written.
    pub fn open(dir: &Path, state: &mut State) -> Result<Self, LedgerError> {
        Self::open_as(dir, state, false)
    }

    /// Opens a ledger whose witness was lost, and takes its end as it is.
    ///
    /// # Errors
    /// [`LedgerError`] if anything in it is not as it was written.
    pub fn open_accepting_head(dir: &Path, state: &mut State) -> Result<Self, LedgerError> {
        Self::open_as(dir, state, true)
    }

    fn open_as(dir: &Path, state: &mut State, accept_head: bool) -> Result<Self, LedgerError> {
        let store = Arc::new(Store::open(dir)?);
        let failed = |(path, error)| LedgerError::Store(StoreError::File(path, error));
        let (mut witness, found) = Witness::open(dir).map_err(failed)?;
        let known = match found {
            Found::Head(head) => Some(head),
            Found::Missing | Found::Damaged => None,
        };
        let mut at = (Position(0), Digest::ZERO);
        replay(&store, &mut at, known, state)?;
        let (head, chain) = at;
        if known.is_none() && head > Position(0) && !accept_head {
            let how = if found == Found::Missing { "missing" } else { "damaged" };
            return Err(LedgerError::Witness(dir.join(witness::FILE), how));
        }
        if known.is_none_or(|known| known.position < head) {
            // a commit that was durable and not yet acknowledged
            witness.put(Head { position: head, chain }).map_err(failed)?;
        }
        store.sync_folder()?;
        let store = LedgerReader::new(store);
        Ok(Self { dir: dir.to_owned(), store, witness, mirror: None, reserve: limits::DISK_RESERVE_BYTES, head, chain })
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
        let (mut pages, mut chain) = (Vec::new(), self.chain);
        page::pack(&encoded, &mut chain, &mut pages);
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
        let mut at = self.chain;
        let hashes = encoded.iter().map(|event| {
            at = Digest::of(&[at.as_bytes(), event]);
            at
        });
        let hashes = hashes.collect();
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
        let known = match found {
            Found::Head(head) => Some(head),
            Found::Missing | Found::Damaged => None,
        };
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

/// What was restored.
#[derive(Debug)]
pub struct Restored {
    /// Its head, as the copy says it; open it to prove the rest.
    pub head: (Position, Digest),
    /// Where in the copy a last record begins that is not whole, and was left out.
    pub cut_at: Option<u64>,
}

/// Makes a ledger from a mirror or a backup, in a folder without one.
///
/// # Errors
/// [`LedgerError::NotEmpty`], or what is wrong with the copy.
pub fn restore(from: &Path, dir: &Path) -> Result<Restored, LedgerError> {
    let mut reader = copy::CopyReader::open(from)?;
    let store = Store::open(dir)?;
    if !store.is_empty() {
        return Err(LedgerError::NotEmpty(dir.to_owned()));
    }
    let mut head = (Position(0), Digest::ZERO);
    while let Some(record) = reader.next()? {
        store.put(&record.entries)?;
        head = record.head;
    }
    store.sync()?;
    let (mut witness, _) = Witness::open(dir).map_err(|(path, error)| StoreError::File(path, error))?;
    let told = witness.put(Head { position: head.0, chain: head.1 });
    told.map_err(|(path, error)| StoreError::File(path, error))?;
    store.sync_folder()?;
    Ok(Restored { head, cut_at: reader.cut_at() })
}

/// Folds the events after a head into a state, and takes the head along; checks the
/// chain from there, and that it goes through what the witness says.
fn replay(
    store: &Store,
    head: &mut (Position, Digest),
    witness: Option<Head>,
    state: &mut State,
) -> Result<(), LedgerError> {
    let (known, before) = *head;
    let mut found = Position(0);
    for page in store.pages(known.next()) {
        let (first, page) = page?;
        let mut at = page.before;
        let events = page.events().map_err(|error| StoreError::Page(first, error))?;
        for (position, bytes) in (first.0..).map(Position).zip(events) {
            let next = head.0.next();
            if position == next && at != head.1 {
                return Err(LedgerError::Chain(position));
            }
            at = Digest::of(&[at.as_bytes(), &bytes]);
            found = position;
            if position < next {
                if position == known && at != before {
                    return Err(LedgerError::Chain(known.next()));
                }
                continue;
            }
            if position > next {
                return Err(LedgerError::NoEvent(next));
            }
            if witness.is_some_and(|head| head.position == position && head.chain != at) {
                return Err(LedgerError::Chain(position));
            }
            let event = codec::decode(&bytes, position, &|id| state.form(id))?;
            state.apply(&event)?;
            *head = (position, at);
        }
    }
    let expected = witness.map_or(head.0, |witness| witness.position.max(head.0));
    if found < expected { Err(LedgerError::OtherHead { found, expected }) } else { Ok(()) }
}

/// Findings as they are stored.
#[must_use]
pub fn pack_findings(findings: &[FindingRecord]) -> Vec<u8> {
    codec::findings_to(findings)
}

/// Stored findings; none if they are damaged.
#[must_use]
pub fn unpack_findings(bytes: &[u8]) -> Option<Vec<FindingRecord>> {
    codec::findings_from(bytes)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::domain::event::{EventKind, UnitEntry, UnitKind, UnitsApplied};
    use crate::words::{Timestamp, UnitCode, Year};

    fn event(position: u64, name_bytes: usize) -> Event {
        let unit = UnitEntry {
            code: UnitCode::new(&format!("U{position}")).unwrap(),
            from_year: Year::new(2020).unwrap(),
            until_year: Some(Year::new(2030).unwrap()),
            parent: None,
            kind: UnitKind::Town,
            name: "镇".repeat(name_bytes.max(1)).into(),
            makes_rules: position.is_multiple_of(2),
        };
        Event {
            position: Position(position),
            time: Timestamp(i64::try_from(position).unwrap()),
            principal: Arc::from("test"),
            reason: format!("reason {position}"),
            kind: EventKind::UnitsApplied(UnitsApplied { units: vec![unit], rejudged: Vec::new() }),
        }
    }

    /// A ledger and the state it folds to, with so many events.
    fn ledger(dir: &Path, events: u64) -> (Ledger, State) {
        let mut state = State::new();
        let mut ledger = Ledger::open(dir, &mut state).unwrap();
        for position in 1..=events {
            let event = event(position, 1);
            ledger.append(std::slice::from_ref(&event), &[]).unwrap();
            state.apply(&event).unwrap();
        }
        (ledger, state)
    }

    #[test]
    fn events_of_any_size_come_back_as_they_were_appended() {
        let folder = tempfile::tempdir().unwrap();
        let (mut ledger, mut state) = ledger(folder.path(), 0);
        let sizes = [1, 90, 5, 20_000, 1, 2, 3, 400, 7_000];
        let events: Vec<Event> =
            (1..).zip(sizes.into_iter().cycle().take(120)).map(|(at, size)| event(at, size)).collect();
        let mut hashes = Vec::new();
        for batch in events.chunks(17) {
            hashes.extend(ledger.append(batch, &[]).unwrap().hashes);
            batch.iter().for_each(|event| state.apply(event).unwrap());
        }
        let head = ledger.head();
        assert_eq!(head, (Position(120), *hashes.last().unwrap()));
        let reader = ledger.reader();
        for (expected, hash) in events.iter().zip(&hashes) {
            let (found, chain) = reader.event(expected.position, &|_| None).unwrap();
            assert_eq!((format!("{found:?}"), chain), (format!("{expected:?}"), *hash));
        }
        assert!(matches!(reader.event(Position(121), &|_| None), Err(LedgerError::NoEvent(_))));
        drop((ledger, reader));
        let mut again = State::new();
        assert_eq!(Ledger::open(folder.path(), &mut again).unwrap().head(), head);
        assert_eq!(again.units().iter().count(), state.units().iter().count());
    }

    #[test]
    fn after_a_failure_what_is_in_the_store_counts() {
        let folder = tempfile::tempdir().unwrap();
        let (mut ledger, state) = ledger(folder.path(), 3);
        let (before, state) = (ledger.head(), RwLock::new(state));
        ledger.store.fail();
        assert!(matches!(ledger.append(&[event(4, 1)], &[]), Err(AppendError::Closed(_))));
        // what failed is still read
        assert_eq!(ledger.reader().event(Position(3), &|_| None).unwrap().0.position, Position(3));
        ledger.reopen(&state).unwrap();
        assert_eq!(ledger.head(), before);
        // written, but the answer was lost: the batch is in, and is folded in
        ledger.append(&[event(4, 1), event(5, 1)], &[]).unwrap();
        let after = ledger.head();
        (ledger.head, ledger.chain) = before;
        ledger.reopen(&state).unwrap();
        assert_eq!((ledger.head(), state.read().head()), (after, Position(5)));
    }

    #[test]
    fn a_store_that_lost_what_was_acknowledged_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let (mut ledger, state) = ledger(folder.path(), 3);
        let state = RwLock::new(state);
        ledger.head = Position(4);
        assert!(matches!(ledger.reopen(&state), Err(LedgerError::OtherHead { .. })));
        ledger.head = Position(3);
        ledger.chain = Digest::ZERO;
        assert!(matches!(ledger.reopen(&state), Err(LedgerError::Chain(_))));
    }

    #[test]
    fn a_store_that_failed_is_opened_again_once_nobody_reads_from_it() {
        let folder = tempfile::tempdir().unwrap();
        let (mut ledger, state) = ledger(folder.path(), 3);
        let state = RwLock::new(state);
        let reading = ledger.store.get().unwrap();
        assert!(matches!(ledger.reopen(&state), Err(LedgerError::StillRead)));
        assert!(ledger.reader().event(Position(3), &|_| None).is_ok(), "reads go on");
        drop(reading);
        ledger.reopen(&state).unwrap();
        // a store that is gone is not made anew in its place
        std::fs::rename(folder.path().join("db"), folder.path().join("away")).unwrap();
        assert!(matches!(ledger.append(&[event(4, 1)], &[]), Err(AppendError::Unknown(_))));
        assert!(ledger.reopen(&state).is_err());
        assert!(!folder.path().join("db").exists());
        std::fs::rename(folder.path().join("away"), folder.path().join("db")).unwrap();
        ledger.reopen(&state).unwrap();
        assert_eq!(state.read().head(), Position(4), "it was written, and counts");
    }

    #[test]
    fn a_store_that_ends_before_its_witness_is_refused_and_so_is_one_without() {
        let (short, long) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        drop(ledger(short.path(), 3));
        drop(ledger(long.path(), 5));
        let head = |dir: &Path| dir.join(witness::FILE);
        let open = |dir: &Path| Ledger::open(dir, &mut State::new());
        // the same history, and two events more were acknowledged
        std::fs::copy(head(long.path()), head(short.path())).unwrap();
        let lost = open(short.path()).unwrap_err();
        assert!(matches!(lost, LedgerError::OtherHead { found: Position(3), expected: Position(5) }), "{lost}");
        assert!(lost.way_out().contains("crossfoot restore --from"), "{lost}");
        std::fs::write(head(short.path()), b"noise").unwrap();
        assert!(matches!(open(short.path()), Err(LedgerError::Witness(_, "damaged"))));
        std::fs::remove_file(head(short.path())).unwrap();
        assert!(matches!(open(short.path()), Err(LedgerError::Witness(_, "missing"))));
        Ledger::open_accepting_head(short.path(), &mut State::new()).unwrap();
        assert_eq!(open(short.path()).unwrap().head().0, Position(3));
    }
}

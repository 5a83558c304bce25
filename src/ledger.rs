//! The ledger: events in one total order, each chained to the one before, on the
//! embedded store.
//!
//! Invariants: what [`Ledger::append`] has returned for is durable; a batch is in
//! the store whole or not at all; what is read is what was written, or an error
//! that names the place. Knows nothing of the network.

mod codec;
mod copy;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod mirror;
mod page;
mod store;
mod stored;
mod transfer;
mod witness;

use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::RwLock;

pub use codec::{CodecError, Forms};
pub use copy::CopyError;
use mirror::Mirror;
pub use mirror::{MirrorStatus, Mirroring};
pub use page::PageError;
use store::{Batch, Store};
pub use store::{StoreError, StoredAttempt};
pub use transfer::{ImportError, import};
use witness::{Found, Head, Witness};

use crate::domain::event::Event;
use crate::domain::{ApplyError, State};
use crate::form::FindingRecord;
use crate::words::{Digest, Position, limits};

/// Why the ledger cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The store failed or is damaged.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// An event cannot be read.
    #[error(transparent)]
    Codec(#[from] CodecError),
    /// An event cannot follow the ones before it.
    #[error(transparent)]
    Apply(#[from] ApplyError),
    /// An event is not chained to the one before it.
    #[error("the chain is broken before event {0}")]
    Chain(Position),
    /// There is no such event.
    #[error("there is no event {0}")]
    NoEvent(Position),
    /// The store was closed after a failure.
    #[error("the store is closed after a failure")]
    Closed,
    /// The store holds another history than the one acknowledged.
    #[error("the store ends at {found}, {expected} was acknowledged")]
    OtherHead {
        /// Where it ends.
        found: Position,
        /// What was acknowledged.
        expected: Position,
    },
    /// A mirror or a backup failed or is damaged.
    #[error(transparent)]
    Copy(#[from] CopyError),
    /// A mirror does not belong to this ledger.
    #[error("{0} is a copy of another ledger; name another folder, or move it away and it is made anew")]
    OtherHistory(PathBuf),
    /// A ledger is to be made where there is one.
    #[error("{0} already holds a ledger")]
    NotEmpty(PathBuf),
    /// The witness is not there, or not sound, and the store is not empty.
    #[error(
        "{0} is {1}, so the end of the ledger cannot be proved; where it alone was lost, accept the end with `crossfoot verify --accept-head`"
    )]
    Witness(PathBuf, &'static str),
}

impl LedgerError {
    /// What helps: where the store does not hold what was acknowledged, a copy.
    #[must_use]
    pub fn way_out(&self) -> &'static str {
        match self {
            Self::Store(
                StoreError::InUse(_) | StoreError::UnknownFormat(_) | StoreError::DiskFull(_) | StoreError::File(..),
            )
            | Self::Closed
            | Self::OtherHistory(_)
            | Self::NotEmpty(_)
            | Self::Copy(_) => "",
            Self::Store(StoreError::Engine(..) | StoreError::Page(..) | StoreError::Text(_))
            | Self::Codec(_)
            | Self::Apply(_)
            | Self::Chain(_)
            | Self::NoEvent(_)
            | Self::OtherHead { .. }
            | Self::Witness(..) => {
                "; the way out: `crossfoot restore --from COPY --data NEW_FOLDER`, COPY being ledger.copy of the mirror, or a backup"
            }
        }
    }
}

/// Why a batch was not appended.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// The disk is full but for the reserve; nothing was written.
    #[error("the disk is full but for its reserve")]
    DiskFull,
    /// The mirror is required and cannot be written; nothing was written.
    #[error("the mirror cannot be written: {0}")]
    Mirror(LedgerError),
    /// The store cannot be used now; nothing was written.
    #[error("the store cannot be opened: {0}")]
    Closed(LedgerError),
    /// The store failed while writing: whether the batch is in is not known.
    #[error("the store failed while writing: {0}")]
    Unknown(LedgerError),
}

/// Reads events and texts while others are written.
#[derive(Debug, Clone)]
pub struct LedgerReader(Arc<RwLock<Option<Arc<Store>>>>);

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
        let (head, chain) = replay(&store, (Position(1), Digest::ZERO), known, state)?;
        if known.is_none() && head > Position(0) && !accept_head {
            let how = if found == Found::Missing { "missing" } else { "damaged" };
            return Err(LedgerError::Witness(dir.join(witness::FILE), how));
        }
        if known.is_none_or(|known| known.position < head) {
            // a commit that was durable and not yet acknowledged
            witness.put(Head { position: head, chain }).map_err(failed)?;
        }
        store.sync_folder()?;
        let store = LedgerReader(Arc::new(RwLock::new(Some(store))));
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
        match mirror.make_ready(&*self.store.get()?, (self.head, self.chain)) {
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
        let ready = mirror.make_ready(&*self.store.get()?, (self.head, self.chain));
        if mirror.is_required() { ready } else { Ok(()) }
    }

    /// Appends events with the texts that stand beside them; durable when this
    /// returns.
    ///
    /// # Errors
    /// [`AppendError`]; after [`AppendError::Unknown`] call [`Ledger::reopen`].
    pub fn append(&mut self, events: &[Event], texts: &[(Digest, Vec<u8>)]) -> Result<Appended, AppendError> {
        let store = self.store.get().map_err(AppendError::Closed)?;
        match store.check_room(self.reserve) {
            Ok(()) => {}
            Err(StoreError::DiskFull(_)) => return Err(AppendError::DiskFull),
            Err(other) => return Err(AppendError::Closed(other.into())),
        }
        self.tend_mirror().map_err(AppendError::Mirror)?;
        self.append_encoded(&store, events.iter().map(codec::encode).collect(), texts)
    }

    /// Appends events as they were encoded elsewhere.
    fn append_bytes(&mut self, encoded: Vec<Vec<u8>>, texts: &[(Digest, Vec<u8>)]) -> Result<Appended, AppendError> {
        let store = self.store.get().map_err(AppendError::Closed)?;
        self.append_encoded(&store, encoded, texts)
    }

    fn append_encoded(
        &mut self,
        store: &Store,
        encoded: Vec<Vec<u8>>,
        texts: &[(Digest, Vec<u8>)],
    ) -> Result<Appended, AppendError> {
        let (mut pages, mut chain) = (Vec::new(), self.chain);
        page::pack(&encoded, &mut chain, &mut pages);
        let mut batch = Batch::default();
        batch.pages(self.head.next(), pages);
        texts.iter().for_each(|(digest, text)| batch.text(digest, text));
        store.write(&batch).map_err(|error| AppendError::Unknown(error.into()))?;
        let head = Position(self.head.0.saturating_add(encoded.len() as u64));
        self.witness
            .put(Head { position: head, chain })
            .map_err(|(path, error)| AppendError::Unknown(LedgerError::Store(StoreError::File(path, error))))?;
        let mirror = self.mirror.as_mut();
        let mirrored = mirror.map_or(Ok(()), |mirror| mirror.add((head, chain), batch.entries()));
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
    /// into the state. What was acknowledged must be there.
    ///
    /// # Errors
    /// [`LedgerError`] while it cannot be opened; the store stays closed.
    pub fn reopen(&mut self, state: &mut State) -> Result<(), LedgerError> {
        *self.store.0.write() = None;
        let store = Arc::new(Store::open(&self.dir)?);
        let (head, chain) = replay(&store, (self.head.next(), self.chain), None, state)?;
        (self.head, self.chain) = (head, chain);
        self.witness.put(Head { position: head, chain }).map_err(|(path, error)| StoreError::File(path, error))?;
        *self.store.0.write() = Some(store);
        Ok(())
    }

    /// Closes the store after a failure that left its outcome unknown.
    pub fn close(&mut self) {
        *self.store.0.write() = None;
    }

    /// Keeps a refused attempt in place of the one before; promises nothing.
    ///
    /// # Errors
    /// [`LedgerError`] if the store fails.
    pub fn put_attempt(&mut self, key: &str, value: &[u8]) -> Result<(), LedgerError> {
        let entries = self.store.get()?.put_attempt(key.as_bytes(), value)?;
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

/// Folds the events from a position on; checks the chain from what is before it,
/// and that it goes through what the witness says.
fn replay(
    store: &Store,
    (from, before): (Position, Digest),
    witness: Option<Head>,
    state: &mut State,
) -> Result<(Position, Digest), LedgerError> {
    let (mut next, mut chain) = (from, before);
    let mut found = Position(0);
    for page in store.pages(from) {
        let (first, page) = page?;
        let mut at = page.before;
        let events = page.events().map_err(|error| StoreError::Page(first, error))?;
        for (position, bytes) in (first.0..).map(Position).zip(events) {
            if position == next && at != chain {
                return Err(LedgerError::Chain(position));
            }
            at = Digest::of(&[at.as_bytes(), &bytes]);
            found = position;
            if position < next {
                if position.next() == from && at != before {
                    return Err(LedgerError::Chain(from));
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
            (next, chain) = (position.next(), at);
        }
    }
    let head = Position(next.0.saturating_sub(1));
    let expected = witness.map_or(head, |witness| witness.position.max(head));
    if found < expected {
        return Err(LedgerError::OtherHead { found, expected });
    }
    Ok((head, chain))
}

impl LedgerReader {
    fn get(&self) -> Result<Arc<Store>, LedgerError> {
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
        let mut found = Vec::with_capacity(positions.len());
        let mut next = positions.first().copied();
        while let Some(position) = next {
            let (first, _, events) = self.page(position)?;
            let mut after = first;
            for (at, bytes) in (first.0..).map(Position).zip(events) {
                if positions.contains(&at) {
                    found.push(codec::decode(&bytes, at, forms)?);
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

    /// Whether texts are there and sound.
    fn text_of(&self, digests: &[Digest]) -> Result<(), LedgerError> {
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
        let (mut ledger, mut state) = ledger(folder.path(), 3);
        let before = ledger.head();
        ledger.close();
        assert!(matches!(ledger.append(&[event(4, 1)], &[]), Err(AppendError::Closed(_))));
        ledger.reopen(&mut state).unwrap();
        assert_eq!(ledger.head(), before);
        // written, but the answer was lost: the batch is in, and is folded in
        ledger.append(&[event(4, 1), event(5, 1)], &[]).unwrap();
        let after = ledger.head();
        (ledger.head, ledger.chain) = before;
        ledger.reopen(&mut state).unwrap();
        assert_eq!((ledger.head(), state.head()), (after, Position(5)));
    }

    #[test]
    fn a_store_that_lost_what_was_acknowledged_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let (mut ledger, mut state) = ledger(folder.path(), 3);
        ledger.head = Position(4);
        assert!(matches!(ledger.reopen(&mut state), Err(LedgerError::OtherHead { .. })));
        ledger.head = Position(3);
        ledger.chain = Digest::ZERO;
        assert!(matches!(ledger.reopen(&mut state), Err(LedgerError::Chain(_))));
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

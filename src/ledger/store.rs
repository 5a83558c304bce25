//! The embedded store. Only this file names sled.
//!
//! One tree holds pages and texts, so that a commit is one atomic batch; another
//! holds refused attempts, which promise nothing. sled's flush does not fsync on
//! Linux and files it creates are not synced in their folder: both are done here
//! (ARCHITECTURE.md tells what was measured).

use std::cell::Cell;
use std::fs::{File, TryLockError};
use std::io;
use std::ops::Bound;
use std::os::unix::fs::MetadataExt as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use super::copy::{Entry, Part};
use super::page::{Packed, Page, PageError};
use crate::words::{Digest, Position, limits};

const FORMAT_KEY: &[u8] = b"F";
const FORMAT: &[u8] = b"crossfoot ledger 1";
const PAGE_KEY: u8 = b'L';
const TEXT_KEY: u8 = b'T';

/// Why the store cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another process has it open.
    #[error("{0} is in use by another process")]
    InUse(PathBuf),
    /// It is of another format.
    #[error("{0} holds a ledger of an unknown format; a newer crossfoot wrote it")]
    UnknownFormat(PathBuf),
    /// The disk is full but for the reserve.
    #[error("the disk of {0} is full but for its reserve")]
    DiskFull(PathBuf),
    /// sled failed, or cannot read what is there.
    #[error("the store in {0} cannot be read or written: {reason}", reason = plain(.1))]
    Engine(PathBuf, sled::Error),
    /// A file failed.
    #[error("{0}: {1}")]
    File(PathBuf, io::Error),
    /// A page is damaged.
    #[error("the page of position {0} is damaged: {1}")]
    Page(Position, PageError),
    /// A text is damaged or missing.
    #[error("the text {0} is damaged or missing")]
    Text(Digest),
}

impl StoreError {
    /// What failed beneath it, if something did.
    pub(super) fn kind(&self) -> Option<io::ErrorKind> {
        match self {
            Self::DiskFull(_) => Some(io::ErrorKind::StorageFull),
            Self::File(_, error) | Self::Engine(_, sled::Error::Io(error)) => Some(error.kind()),
            Self::InUse(_) | Self::UnknownFormat(_) | Self::Engine(..) | Self::Page(..) | Self::Text(_) => None,
        }
    }
}

/// sled's error in plain words: its own name places of its memory.
fn plain(error: &sled::Error) -> String {
    match error {
        sled::Error::Corruption { .. } => "a file of sled (db, conf or snap.*) is damaged".to_owned(),
        // sled keeps a text of the error, and the kind
        sled::Error::Io(problem) if problem.kind() == io::ErrorKind::StorageFull => "the disk is full".to_owned(),
        sled::Error::Io(problem) => problem.to_string(),
        sled::Error::CollectionNotFound(_) | sled::Error::Unsupported(_) | sled::Error::ReportableBug(_) => {
            error.to_string()
        }
    }
}

/// The open store.
#[derive(Debug)]
pub(super) struct Store {
    dir: PathBuf,
    db: sled::Db,
    ledger: sled::Tree,
    attempts: sled::Tree,
    /// A second handle of sled's file, to sync it.
    file: File,
    /// Held while the store is open: sled lets go of its own lock late.
    _lock: File,
}

thread_local! {
    static LETTING_GO: Cell<bool> = const { Cell::new(false) };
}

/// Whether this thread drops a store; a panic of sled's is then caught.
#[must_use]
pub fn is_letting_go() -> bool {
    LETTING_GO.get()
}

/// Key and value of a refused attempt.
pub type StoredAttempt = (Vec<u8>, Vec<u8>);

/// A page as it lies in the store: where it begins, its entries, its first part
/// with the further ones added.
type RawPage = (Position, Vec<Entry>, Page);

/// What one commit writes.
#[derive(Debug, Default)]
pub(super) struct Batch(Vec<Entry>);

impl Batch {
    /// Adds pages whose first event has that position; gives the next position.
    pub(super) fn pages(&mut self, first: Position, pages: Vec<Packed>) {
        let mut position = first.0;
        for Packed { events, parts } in pages {
            for (part, value) in (0_u32..).zip(parts) {
                self.put(page_key(position, part), value);
            }
            position = position.saturating_add(events as u64);
        }
    }

    /// Adds a text.
    pub(super) fn text(&mut self, digest: &Digest, text: &[u8]) {
        for (part, value) in (0_u16..).zip(text.chunks(limits::PAGE_BYTES)) {
            self.put(text_key(digest, part), value.to_vec());
        }
    }

    /// Takes entries out.
    pub(super) fn remove(&mut self, entries: Vec<Entry>) {
        self.0.extend(entries.into_iter().map(|entry| Entry { value: None, ..entry }));
    }

    fn put(&mut self, key: Vec<u8>, value: Vec<u8>) {
        self.0.push(Entry { part: Part::Ledger, key, value: Some(value) });
    }

    /// Everything it writes.
    pub(super) fn entries(&self) -> &[Entry] {
        &self.0
    }
}

/// Entries of one part of the store, as sled takes them.
fn sled_batch(entries: &[Entry], part: Part) -> sled::Batch {
    let mut batch = sled::Batch::default();
    for Entry { key, value, .. } in entries.iter().filter(|entry| entry.part == part) {
        match value {
            Some(value) => batch.insert(key.as_slice(), value.as_slice()),
            None => batch.remove(key.as_slice()),
        }
    }
    batch
}

fn page_key(position: u64, part: u32) -> Vec<u8> {
    [&[PAGE_KEY][..], &position.to_be_bytes(), &part.to_be_bytes()].concat()
}

fn text_key(digest: &Digest, part: u16) -> Vec<u8> {
    [&[TEXT_KEY][..], digest.as_bytes(), &part.to_be_bytes()].concat()
}

/// Position and part of a page's key.
fn place(key: &[u8]) -> Option<(Position, u32)> {
    let rest = key.strip_prefix(&[PAGE_KEY])?;
    let (position, part) = rest.split_at_checked(8)?;
    let position = Position(u64::from_be_bytes(position.try_into().ok()?));
    Some((position, u32::from_be_bytes(part.try_into().ok()?)))
}

fn sync(path: &Path) -> Result<File, StoreError> {
    let failed = |error| StoreError::File(path.to_owned(), error);
    let file = File::open(path).map_err(failed)?;
    file.sync_all().map_err(failed)?;
    Ok(file)
}

/// Refuses a file that its path no longer names: what is written to it is lost once
/// it is closed.
pub(super) fn check_in_place(file: &File, path: &Path) -> io::Result<()> {
    let (open, named) = (file.metadata()?, std::fs::metadata(path)?);
    if (open.dev(), open.ino()) == (named.dev(), named.ino()) {
        return Ok(());
    }
    Err(io::Error::new(io::ErrorKind::NotFound, "another file was put in its place"))
}

/// Refuses if fewer bytes are free on the disk of a folder.
fn check_room(dir: &Path, bytes: u64) -> Result<(), StoreError> {
    let free = rustix::fs::statvfs(dir)
        .map(|disk| disk.f_bavail.saturating_mul(disk.f_frsize))
        .map_err(|error| StoreError::File(dir.to_owned(), error.into()))?;
    if free < bytes { Err(StoreError::DiskFull(dir.to_owned())) } else { Ok(()) }
}

/// Takes the folder for this process.
fn lock(dir: &Path) -> Result<File, StoreError> {
    let path = dir.join("lock");
    let failed = |error| StoreError::File(path.clone(), error);
    let file = File::options().create(true).truncate(false).write(true).open(&path).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::InUse(dir.to_owned())),
        Err(TryLockError::Error(error)) => Err(failed(error)),
    }
}

/// A snapshot that an abrupt stop left half-written keeps sled from opening; it
/// is never needed.
fn remove_half_written_snapshots(dir: &Path) -> Result<(), StoreError> {
    let failed = |error| StoreError::File(dir.to_owned(), error);
    for entry in std::fs::read_dir(dir).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let name = entry.file_name();
        if name.to_str().is_some_and(|name| name.starts_with("snap.") && name.ends_with(".generating")) {
            std::fs::remove_file(entry.path()).map_err(failed)?;
        }
    }
    Ok(())
}

/// Opens sled. Its threads may hold its lock a moment longer than its last
/// handle; that is waited for.
fn open_engine(dir: &Path) -> Result<sled::Db, StoreError> {
    let open = || sled::Config::new().path(dir).flush_every_ms(None).cache_capacity(limits::STORE_CACHE_BYTES).open();
    let failed = |error| StoreError::Engine(dir.to_owned(), error);
    match open() {
        Err(sled::Error::Io(problem)) if problem.to_string().contains("lock") => {
            let path = dir.join("db");
            let file_failed = |error| StoreError::File(path.clone(), error);
            let file = File::open(&path).map_err(file_failed)?;
            file.lock().map_err(file_failed)?;
            drop(file);
            open().map_err(failed)
        }
        opened => opened.map_err(failed),
    }
}

impl Store {
    /// Opens the store, or makes one.
    pub(super) fn open(dir: &Path) -> Result<Self, StoreError> {
        let failed = |error| StoreError::Engine(dir.to_owned(), error);
        std::fs::create_dir_all(dir).map_err(|error| StoreError::File(dir.to_owned(), error))?;
        let lock = lock(dir)?;
        remove_half_written_snapshots(dir)?;
        let db = open_engine(dir)?;
        let ledger = db.open_tree(b"ledger").map_err(failed)?;
        let attempts = db.open_tree(b"attempts").map_err(failed)?;
        match ledger.get(FORMAT_KEY).map_err(failed)? {
            Some(format) if *format == *FORMAT => {}
            None if ledger.is_empty() => {
                ledger.insert(FORMAT_KEY, FORMAT).map_err(failed)?;
            }
            _ => return Err(StoreError::UnknownFormat(dir.to_owned())),
        }
        db.flush().map_err(failed)?;
        sync(&dir.join("conf"))?;
        let file = sync(&dir.join("db"))?;
        let store = Self { dir: dir.to_owned(), db, ledger, attempts, file, _lock: lock };
        store.sync_folder()?;
        Ok(store)
    }

    /// Drops the store. sled panics if it cannot sync meanwhile, as on a disk that
    /// failed; what was acknowledged was synced before.
    pub(super) fn let_go(self) {
        LETTING_GO.set(true);
        let dropped = catch_unwind(AssertUnwindSafe(|| drop(self)));
        LETTING_GO.set(false);
        if dropped.is_err() {
            tracing::warn!("the store could not be synced when it was let go");
        }
    }

    /// Has the file read from the disk again: after a sync that failed Linux shows what
    /// it could not write as if it had written it.
    pub(super) fn forget_cached(dir: &Path) -> Result<(), StoreError> {
        let path = dir.join("db");
        let forgotten =
            File::open(&path).and_then(|file| Ok(rustix::fs::fadvise(&file, 0, None, rustix::fs::Advice::DontNeed)?));
        forgotten.map_err(|error| StoreError::File(path, error))
    }

    /// Makes the names of the files in the folder durable, and of the folder itself.
    pub(super) fn sync_folder(&self) -> Result<(), StoreError> {
        sync(&self.dir)?;
        if let Some(parent) = self.dir.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            sync(parent)?;
        }
        Ok(())
    }

    fn failed(&self, error: sled::Error) -> StoreError {
        StoreError::Engine(self.dir.clone(), error)
    }

    /// Refuses before sled can meet a full disk.
    pub(super) fn check_room(&self, reserve: u64) -> Result<(), StoreError> {
        check_room(&self.dir, reserve)
    }

    /// Refuses what cannot be opened for certain, and touches nothing: the store is
    /// gone, may not be written, or sled would not have room to open it.
    pub(super) fn check_openable(dir: &Path) -> Result<(), StoreError> {
        let path = dir.join("db");
        rustix::fs::access(&path, rustix::fs::Access::WRITE_OK)
            .map_err(|error| StoreError::File(path, error.into()))?;
        check_room(dir, limits::OPENING_BYTES)
    }

    /// Writes a batch: all of it or nothing, and durable when this returns.
    /// After an error the outcome is not known.
    pub(super) fn write(&self, batch: &Batch) -> Result<(), StoreError> {
        self.ledger.apply_batch(sled_batch(&batch.0, Part::Ledger)).map_err(|error| self.failed(error))?;
        self.sync()
    }

    /// Makes everything written durable, in a file that is still there.
    pub(super) fn sync(&self) -> Result<(), StoreError> {
        self.db.flush().map_err(|error| self.failed(error))?;
        let path = self.dir.join("db");
        let synced = self.file.sync_data().and_then(|()| check_in_place(&self.file, &path));
        synced.map_err(|error| StoreError::File(path, error))
    }

    /// Puts entries of a copy in, not yet durable.
    pub(super) fn put(&self, entries: &[Entry]) -> Result<(), StoreError> {
        for (tree, part) in [(&self.ledger, Part::Ledger), (&self.attempts, Part::Attempts)] {
            tree.apply_batch(sled_batch(entries, part)).map_err(|error| self.failed(error))?;
        }
        Ok(())
    }

    /// The pages from the one that holds `from` on: position, opened page.
    pub(super) fn pages(&self, from: Position) -> impl Iterator<Item = Result<(Position, Page), StoreError>> + '_ {
        self.raw_pages(from).map(|page| page.map(|(position, _, page)| (position, page)))
    }

    /// The same, with the entries they are made of.
    pub(super) fn raw_pages(&self, from: Position) -> impl Iterator<Item = Result<RawPage, StoreError>> + '_ {
        let (start, unknown) = match self.page_of(from) {
            Ok(start) => (start, None),
            Err(error) => (Position(0), Some(Err(error))),
        };
        let mut entries = self.ledger.range(page_key(start.0, 0)..page_key(u64::MAX, u32::MAX));
        let pages = std::iter::from_fn(move || {
            let (key, value) = match entries.next()? {
                Ok(entry) => entry,
                Err(error) => return Some(Err(self.failed(error))),
            };
            let (position, part) = place(&key)?;
            let damaged = |error| StoreError::Page(position, error);
            if part != 0 {
                return Some(Err(damaged(PageError("its first part is missing"))));
            }
            let mut page = match Page::open(&value).map_err(damaged) {
                Ok(page) => page,
                Err(error) => return Some(Err(error)),
            };
            let entry =
                |key: &[u8], value: &[u8]| Entry { part: Part::Ledger, key: key.to_vec(), value: Some(value.to_vec()) };
            let mut raw = vec![entry(&key, &value)];
            for part in 1..page.parts {
                let next = entries.next().and_then(Result::ok).filter(|(key, _)| place(key) == Some((position, part)));
                let added = match next {
                    Some((key, value)) => {
                        raw.push(entry(&key, &value));
                        page.continue_with(&value)
                    }
                    None => Err(PageError("a part of it is missing")),
                };
                if let Err(error) = added {
                    return Some(Err(damaged(error)));
                }
            }
            Some(Ok((position, raw, page)))
        });
        unknown.into_iter().chain(pages)
    }

    /// Position of the first event of the page that holds a position; 0 if there is none.
    fn page_of(&self, position: Position) -> Result<Position, StoreError> {
        let page = self.ledger.get_lt(page_key(position.0, u32::MAX)).map_err(|error| self.failed(error))?;
        Ok(page.and_then(|(key, _)| place(&key)).map_or(Position(0), |(first, _)| first))
    }

    /// A text.
    pub(super) fn text(&self, digest: &Digest) -> Result<Vec<u8>, StoreError> {
        let mut text = Vec::new();
        for entry in self.ledger.range(text_key(digest, 0)..=text_key(digest, u16::MAX)) {
            text.extend_from_slice(&entry.map_err(|error| self.failed(error))?.1);
        }
        if Digest::of(&[&text]) == *digest { Ok(text) } else { Err(StoreError::Text(*digest)) }
    }

    /// The entries of a text; none if it is not there.
    pub(super) fn text_entries(&self, digest: &Digest) -> Result<Vec<Entry>, StoreError> {
        let range = self.ledger.range(text_key(digest, 0)..=text_key(digest, u16::MAX));
        range.map(|entry| self.entry(Part::Ledger, entry)).collect()
    }

    /// So many entries of texts after a key.
    pub(super) fn text_entries_after(&self, key: &[u8], count: usize) -> Result<Vec<Entry>, StoreError> {
        let after = if key.is_empty() { Bound::Included(&[TEXT_KEY][..]) } else { Bound::Excluded(key) };
        let texts = self.ledger.range::<&[u8], _>((after, Bound::Unbounded));
        let texts = texts.map(|entry| self.entry(Part::Ledger, entry)).take(count);
        texts.take_while(|entry| entry.as_ref().map_or(true, |entry| entry.key.starts_with(&[TEXT_KEY]))).collect()
    }

    /// The entries of every attempt.
    pub(super) fn attempt_entries(&self) -> Result<Vec<Entry>, StoreError> {
        self.attempts.iter().map(|entry| self.entry(Part::Attempts, entry)).collect()
    }

    fn entry(&self, part: Part, entry: sled::Result<(sled::IVec, sled::IVec)>) -> Result<Entry, StoreError> {
        let (key, value) = entry.map_err(|error| self.failed(error))?;
        Ok(Entry { part, key: key.to_vec(), value: Some(value.to_vec()) })
    }

    /// Keeps an attempt in place of the one before, or forgets it if it is empty;
    /// gives what was written.
    pub(super) fn put_attempt(&self, key: &[u8], value: &[u8]) -> Result<Vec<Entry>, StoreError> {
        let mut entries = Vec::new();
        for old in self.attempts.scan_prefix(attempt_prefix(key)).keys() {
            let key = old.map_err(|error| self.failed(error))?.to_vec();
            entries.push(Entry { part: Part::Attempts, key, value: None });
        }
        for (part, value) in (0_u16..).zip(value.chunks(limits::PAGE_BYTES)) {
            let key = [attempt_prefix(key), part.to_be_bytes().to_vec()].concat();
            entries.push(Entry { part: Part::Attempts, key, value: Some(value.to_vec()) });
        }
        self.put(&entries)?;
        Ok(entries)
    }

    /// Whether nothing was ever written.
    pub(super) fn is_empty(&self) -> bool {
        self.ledger.len() <= 1 && self.attempts.is_empty()
    }

    /// All attempts: key, value.
    pub(super) fn attempts(&self) -> Result<Vec<StoredAttempt>, StoreError> {
        let mut found: Vec<StoredAttempt> = Vec::new();
        for entry in self.attempts.iter() {
            let (key, value) = entry.map_err(|error| self.failed(error))?;
            let Some((prefix, _part)) = key.split_last_chunk::<2>() else { continue };
            let name = prefix.get(2..).unwrap_or_default();
            match found.last_mut() {
                Some((last, whole)) if last == name => whole.extend_from_slice(&value),
                _ => found.push((name.to_vec(), value.to_vec())),
            }
        }
        Ok(found)
    }
}

/// The length goes first, so that no key is a prefix of another.
fn attempt_prefix(key: &[u8]) -> Vec<u8> {
    let length = u16::try_from(key.len()).unwrap_or(u16::MAX);
    [&length.to_be_bytes()[..], key].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_has_one_store_at_a_time_and_opens_again_at_once() {
        let folder = tempfile::tempdir().unwrap();
        for _ in 0..20 {
            let store = Store::open(folder.path()).unwrap();
            assert!(matches!(Store::open(folder.path()), Err(StoreError::InUse(_))));
            drop(store);
        }
    }

    #[test]
    fn a_half_written_snapshot_does_not_keep_the_store_closed() {
        let folder = tempfile::tempdir().unwrap();
        let text = b"kept".to_vec();
        let digest = Digest::of(&[&text]);
        let mut batch = Batch::default();
        batch.text(&digest, &text);
        Store::open(folder.path()).unwrap().write(&batch).unwrap();
        std::fs::write(folder.path().join("snap.0000000000000DAD.generating"), b"half").unwrap();
        assert_eq!(Store::open(folder.path()).unwrap().text(&digest).unwrap(), text);
    }

    #[test]
    fn a_store_of_an_unknown_format_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        store.ledger.insert(FORMAT_KEY, b"crossfoot ledger 2").unwrap();
        drop(store);
        assert!(matches!(Store::open(folder.path()), Err(StoreError::UnknownFormat(_))));
    }

    #[test]
    fn texts_longer_than_a_page_come_back_whole_and_a_damaged_one_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let text: Vec<u8> = (0..20_000_u32).flat_map(u32::to_le_bytes).collect();
        let digest = Digest::of(&[&text]);
        let mut batch = Batch::default();
        batch.text(&digest, &text);
        store.write(&batch).unwrap();
        assert_eq!(store.text(&digest).unwrap(), text);
        store.ledger.insert(text_key(&digest, 1), b"other").unwrap();
        assert!(matches!(store.text(&digest), Err(StoreError::Text(_))));
    }
}

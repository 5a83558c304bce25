//! The mirror: every commit also goes to a plain copy on another disk, before it
//! is acknowledged.
//!
//! The store is written first, so a sound mirror is never ahead of it. A mirror
//! that fails is said to be behind until it has caught up by itself; with
//! `required` nothing is acknowledged meanwhile.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::RwLock;

use super::copy::{CopyError, CopyReader, CopyWriter, Entry, is_begun};
use super::store::{Store, StoreError};
use super::{LedgerError, chain_after, text_digests};
use crate::words::{Digest, Position, limits};

/// Name of the copy in the mirror's folder.
const FILE: &str = "ledger.copy";

/// Where a mirror is, and whether commits wait for it.
#[derive(Debug, Clone)]
pub struct Mirroring {
    /// A folder, best on another disk.
    pub dir: PathBuf,
    /// Nothing is acknowledged while the mirror cannot be written.
    pub required: bool,
}

/// How a mirror does.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MirrorStatus {
    /// The copy.
    pub path: PathBuf,
    /// Every event up to here is in it.
    pub position: Position,
    /// Why it cannot be written now.
    pub problem: Option<String>,
}

#[derive(Debug)]
pub(super) struct Mirror {
    mirroring: Mirroring,
    path: PathBuf,
    /// None until it is opened, and after a failure that may have left anything.
    out: Option<CopyWriter<File>>,
    /// How far the copy goes.
    head: (Position, Digest),
    /// Refused attempts were left out.
    lacks_attempts: bool,
    status: Arc<RwLock<MirrorStatus>>,
}

/// Opens the copy, or begins it; gives how far it goes.
fn open(dir: &Path, path: &Path) -> Result<(CopyWriter<File>, (Position, Digest)), CopyError> {
    let failed = |error| CopyError::File(path.to_owned(), error);
    if !is_begun(path).map_err(failed)? {
        std::fs::create_dir_all(dir).map_err(failed)?;
        let file = File::create(path).map_err(failed)?;
        let out = CopyWriter::begin(file).map_err(failed)?;
        let file = out.into_inner();
        file.sync_all().and_then(|()| File::open(dir)?.sync_all()).map_err(failed)?;
    }
    let mut reader = CopyReader::open(path)?;
    let mut head = (Position(0), Digest::ZERO);
    while let Some(record) = reader.next()? {
        head = record.head;
    }
    Ok((reader.into_writer()?, head))
}

impl Mirror {
    pub(super) fn new(mirroring: Mirroring) -> Self {
        let path = mirroring.dir.join(FILE);
        let status = MirrorStatus { path: path.clone(), ..MirrorStatus::default() };
        let (head, status) = ((Position(0), Digest::ZERO), Arc::new(RwLock::new(status)));
        Self { mirroring, path, out: None, head, lacks_attempts: false, status }
    }

    pub(super) fn status(&self) -> Arc<RwLock<MirrorStatus>> {
        Arc::clone(&self.status)
    }

    pub(super) fn is_required(&self) -> bool {
        self.mirroring.required
    }

    /// Opens the copy if it is not, and brings it up to the head of the store.
    ///
    /// An error that is not the disk's, but says that the two do not belong
    /// together, stays one.
    pub(super) fn make_ready(&mut self, store: &Store, head: (Position, Digest)) -> Result<(), LedgerError> {
        let ready = self.try_ready(store, head);
        self.tell(ready.as_ref().err());
        ready
    }

    fn try_ready(&mut self, store: &Store, head: (Position, Digest)) -> Result<(), LedgerError> {
        if self.out.is_some() && self.head == head && !self.lacks_attempts {
            return Ok(());
        }
        // a copy may be long: it is read again only where its end is not known
        if !self.out.as_ref().is_some_and(|out| out.is_at(&self.path)) {
            self.out = None;
            let (out, at) = open(&self.mirroring.dir, &self.path)?;
            (self.out, self.head) = (Some(out), at);
        }
        let ready = self.catch_up(store, head);
        if ready.as_ref().is_err_and(|error| !super::is_passing(error)) {
            self.out = None;
        }
        ready
    }

    /// Adds what the copy lacks.
    fn catch_up(&mut self, store: &Store, head: (Position, Digest)) -> Result<(), LedgerError> {
        let mut at = self.head;
        if at.0 > head.0 {
            return Err(LedgerError::OtherHead { found: head.0, expected: at.0 });
        }
        if at.0 > Position(0) && chain_after(store, at.0)? != at.1 {
            return Err(LedgerError::OtherHistory(self.path.clone()));
        }
        let mut entries: Vec<Entry> = Vec::new();
        for page in store.raw_pages(at.0.next()) {
            let (first, page_entries, page) = page?;
            let before = page.before;
            let events = page.events().map_err(|error| StoreError::Page(first, error))?;
            let last = Position(first.0.saturating_add(events.len() as u64).saturating_sub(1));
            if last <= at.0 || first > head.0 {
                continue;
            }
            for digest in events.iter().flat_map(|event| text_digests(event)) {
                entries.extend(store.text_entries(&digest)?);
            }
            entries.extend(page_entries);
            let chain = events.iter().fold(before, |chain, event| Digest::of(&[chain.as_bytes(), event]));
            at = (last, chain);
            if entries.len() >= limits::COMMIT_BYTES / limits::PAGE_BYTES {
                self.extend(at, &std::mem::take(&mut entries))?;
            }
        }
        if at != head {
            return Err(LedgerError::OtherHistory(self.path.clone()));
        }
        entries.extend(store.attempt_entries()?);
        self.extend(at, &entries)?;
        self.lacks_attempts = false;
        Ok(())
    }

    /// Makes the copy anew beside the old one and puts it in its place, so that what
    /// was taken out of the store is not in it either. After a failure the mirror is
    /// behind, and is made anew once its file was taken away.
    pub(super) fn make_anew(&mut self, store: &Store, head: (Position, Digest)) {
        let made = self.made_anew(store, head);
        if made.is_err() {
            self.out = None;
        }
        self.tell(made.err().as_ref());
    }

    fn made_anew(&mut self, store: &Store, head: (Position, Digest)) -> Result<(), LedgerError> {
        let dir = &self.mirroring.dir;
        let beside = self.path.with_extension("copy.new");
        match std::fs::remove_file(&beside) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(self.failed(error)),
            Ok(()) | Err(_) => {}
        }
        let (out, at) = open(dir, &beside)?;
        let mut anew = Self {
            mirroring: self.mirroring.clone(),
            path: beside,
            out: Some(out),
            head: at,
            lacks_attempts: true,
            status: Arc::clone(&self.status),
        };
        anew.catch_up(store, head)?;
        let renamed = std::fs::rename(&anew.path, &self.path).and_then(|()| File::open(dir)?.sync_all());
        renamed.map_err(|error| self.failed(error))?;
        (self.out, self.head, self.lacks_attempts) = (anew.out, anew.head, anew.lacks_attempts);
        Ok(())
    }

    /// Adds a commit; durable when this returns. After an error the mirror is
    /// behind until it was made ready again.
    pub(super) fn add(
        &mut self,
        before: Position,
        head: (Position, Digest),
        entries: &[Entry],
    ) -> Result<(), LedgerError> {
        if self.head.0 != before {
            // why was told when it fell behind
            return Err(self.failed(behind()));
        }
        let added = self.extend(head, entries);
        self.tell(added.as_ref().err());
        added
    }

    /// Adds a record and syncs it. What a full disk left of it is taken back, so that
    /// the end of the copy is known; after any other failure it is not.
    fn extend(&mut self, head: (Position, Digest), entries: &[Entry]) -> Result<(), LedgerError> {
        let mut out = self.out.take().ok_or_else(|| self.failed(behind()))?;
        let added = if entries.is_empty() { Ok(()) } else { out.add(head, entries) };
        if let Err(error) = added {
            self.out = out.cut_back().is_ok().then_some(out);
            return Err(self.failed(error));
        }
        self.out = Some(out.sync(&self.path).map_err(|error| self.failed(error))?);
        self.head = head;
        Ok(())
    }

    fn failed(&self, error: io::Error) -> LedgerError {
        LedgerError::Copy(CopyError::File(self.path.clone(), error))
    }

    /// Adds what promises nothing; not synced.
    pub(super) fn note(&mut self, entries: &[Entry]) {
        // where it is not open, or lacks some, all are added when it catches up
        if self.lacks_attempts {
            return;
        }
        let Some(mut out) = self.out.take() else { return };
        match out.add(self.head, entries) {
            Ok(()) => self.out = Some(out),
            Err(error) => {
                self.out = out.cut_back().is_ok().then_some(out);
                self.lacks_attempts = true;
                self.tell(Some(&self.failed(error)));
            }
        }
    }

    /// Says how it does; loudly when that changes.
    fn tell(&self, problem: Option<&LedgerError>) {
        let mut status = self.status.write();
        let before = status.problem.take();
        status.position = self.head.0;
        status.problem = problem.map(ToString::to_string);
        match (&before, &status.problem) {
            (None, Some(problem)) => {
                tracing::error!(mirror.path = %self.path.display(), error = %problem, "the mirror cannot be written");
            }
            (Some(_), None) => {
                tracing::info!(mirror.path = %self.path.display(), ledger.position = %status.position, "the mirror has caught up");
            }
            (None, None) | (Some(_), Some(_)) => {}
        }
    }
}

/// A commit before was not added.
fn behind() -> io::Error {
    io::Error::other("it is behind")
}

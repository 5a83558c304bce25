//! The mirror: every commit also goes to a plain copy on another disk, before it
//! is acknowledged.
//!
//! The store is written first, so a sound mirror is never ahead of it. A mirror
//! that fails is said to be behind until it has caught up by itself; with
//! `required` nothing is acknowledged meanwhile.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::RwLock;

use super::copy::{CopyError, CopyReader, CopyWriter, Entry};
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
    /// None after a failure.
    out: Option<CopyWriter<File>>,
    head: (Position, Digest),
    status: Arc<RwLock<MirrorStatus>>,
}

/// Opens the copy, or begins it; gives how far it goes.
fn open(dir: &Path, path: &Path) -> Result<(CopyWriter<File>, (Position, Digest)), CopyError> {
    let failed = |error| CopyError::File(path.to_owned(), error);
    if !path.try_exists().map_err(failed)? {
        std::fs::create_dir_all(dir).map_err(failed)?;
        let file = OpenOptions::new().write(true).create_new(true).open(path).map_err(failed)?;
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
        Self { mirroring, path, out: None, head, status }
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
        if self.out.is_some() && self.head == head {
            return Ok(());
        }
        let (out, at) = open(&self.mirroring.dir, &self.path)?;
        if at.0 > head.0 {
            return Err(LedgerError::OtherHead { found: head.0, expected: at.0 });
        }
        let other = || LedgerError::OtherHistory(self.path.clone());
        if at.0 > Position(0) && chain_after(store, at.0)? != at.1 {
            return Err(other());
        }
        let (out, at) = self.catch_up(store, head, (out, at))?;
        (self.out, self.head) = (Some(out), at);
        Ok(())
    }

    /// Adds what a copy lacks; durable when this returns.
    fn catch_up(
        &self,
        store: &Store,
        head: (Position, Digest),
        (mut out, mut at): (CopyWriter<File>, (Position, Digest)),
    ) -> Result<(CopyWriter<File>, (Position, Digest)), LedgerError> {
        let failed = |error| CopyError::File(self.path.clone(), error);
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
                out.add(at, &std::mem::take(&mut entries)).map_err(failed)?;
            }
        }
        entries.extend(store.attempt_entries()?);
        if !entries.is_empty() {
            out.add(at, &entries).map_err(failed)?;
        }
        if at != head {
            return Err(LedgerError::OtherHistory(self.path.clone()));
        }
        Ok((out.sync().map_err(failed)?, at))
    }

    /// Makes the copy anew beside the old one and puts it in its place, so that what
    /// was taken out of the store is not in it either. After a failure the mirror is
    /// behind, and is made anew once its file was taken away.
    pub(super) fn make_anew(&mut self, store: &Store, head: (Position, Digest)) {
        let failed = |error| CopyError::File(self.path.clone(), error);
        self.out = None;
        let beside = self.path.with_extension("copy.new");
        let made = (|| {
            match std::fs::remove_file(&beside) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error).into()),
                Ok(()) | Err(_) => {}
            }
            let (out, at) = open(&self.mirroring.dir, &beside)?;
            let (out, at) = self.catch_up(store, head, (out, at))?;
            std::fs::rename(&beside, &self.path).map_err(failed)?;
            File::open(&self.mirroring.dir).and_then(|dir| dir.sync_all()).map_err(failed)?;
            Ok::<_, LedgerError>((out, at))
        })();
        match made {
            Ok((out, at)) => {
                (self.out, self.head) = (Some(out), at);
                self.tell(None);
            }
            Err(error) => self.tell(Some(&error)),
        }
    }

    /// Adds a commit; durable when this returns. After an error the mirror is
    /// behind until it was made ready again.
    pub(super) fn add(&mut self, head: (Position, Digest), entries: &[Entry]) -> Result<(), LedgerError> {
        let added = match self.out.take() {
            None => Err(io::Error::other("it is behind")),
            Some(mut out) => out.add(head, entries).and_then(|()| out.sync()).map(|out| self.out = Some(out)),
        };
        let added = added.map_err(|error| LedgerError::Copy(CopyError::File(self.path.clone(), error)));
        if added.is_ok() {
            self.head = head;
        }
        self.tell(added.as_ref().err());
        added
    }

    /// Adds what promises nothing; not synced.
    pub(super) fn note(&mut self, entries: &[Entry]) {
        if let Some(mut out) = self.out.take() {
            match out.add(self.head, entries) {
                Ok(()) => self.out = Some(out),
                Err(error) => self.tell(Some(&LedgerError::Copy(CopyError::File(self.path.clone(), error)))),
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

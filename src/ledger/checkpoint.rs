//! A checkpoint: the state as it was at a head, so that a start replays what came after
//! it and not everything.
//!
//! It is not part of the ledger: it can be deleted at any time, is in no copy, and whatever
//! is wrong with it, it is left aside and everything is replayed. A file of records, each
//! chained to the one before: the first says which program folded which history up to
//! where; the others hold the series, in order. Units, rosters, forms and what else was
//! said beside the series are few: their events are read from the store and folded again.
//! Totals are summed up when the events after it are folded too.

mod bytes;
mod outline;
mod series;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, BufWriter, Read};
use std::iter;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;

use outline::Outline;
use series::Entry;

use super::copy::{CopyError, CopyReader, CopyWriter};
use super::store::{Store, StoreError};
use super::witness::Head;
use super::{LedgerError, LedgerReader, chain_after};
use crate::domain::State;
use crate::words::{Digest, Position, limits};

const MAGIC: &[u8; 16] = b"crossfoot fold 1";
/// Before the chain in the name of the file.
const NAME: &str = "checkpoint.";
/// What the name ends with while the file is being written.
const WRITING: &str = "writing";

/// Why a checkpoint is of no use.
#[derive(Debug, thiserror::Error)]
enum Problem {
    #[error(transparent)]
    File(#[from] CopyError),
    #[error("what it was made of cannot be read: {0}")]
    Ledger(#[from] LedgerError),
    #[error("{0}")]
    Other(String),
}

impl Problem {
    fn new(problem: &str) -> Self {
        Self::Other(problem.to_owned())
    }
}

/// A state, and the head it was folded to; its totals are still to be summed up.
pub(super) type Loaded = (State, (Position, Digest));

/// The newest checkpoint that is sound and of this history, as far as the witness says
/// that it was acknowledged; none if there is none.
pub(super) fn load(dir: &Path, reader: &LedgerReader, witness: Option<Head>) -> Option<Loaded> {
    let left_aside = |path: &Path, problem: &Problem| {
        tracing::warn!(checkpoint = %path.display(), problem = %problem, "a checkpoint is left aside");
    };
    let mut found = Vec::new();
    let whole = |path: &PathBuf| path.extension().is_none_or(|last| last != WRITING);
    for path in files(dir).unwrap_or_default().into_iter().filter(whole) {
        let file = File::open(&path).map_err(|error| CopyError::File(path.clone(), error).into());
        match file.and_then(|file| begin(&path, file)) {
            Ok((outline, records)) => found.push((outline, records, path)),
            Err(problem) => left_aside(&path, &problem),
        }
    }
    found.sort_by_key(|(outline, ..)| outline.head.0);
    found.into_iter().rev().find_map(|(outline, records, path)| {
        let head = outline.head;
        match restored(outline, records, reader, witness) {
            Ok(state) => Some((state, head)),
            Err(problem) => {
                left_aside(&path, &problem);
                None
            }
        }
    })
}

/// The checkpoints of a folder, whole or not.
fn files(dir: &Path) -> io::Result<Vec<PathBuf>> {
    let paths = fs::read_dir(dir)?.map(|entry| entry.map(|entry| entry.path()));
    let is_one =
        |path: &PathBuf| path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with(NAME));
    paths.filter(|path| path.as_ref().map_or(true, is_one)).collect()
}

/// Reads what a checkpoint says of itself.
fn begin<R: Read>(path: &Path, file: R) -> Result<(Outline, CopyReader<R>), Problem> {
    let mut records = CopyReader::begin_as(MAGIC, path, file)?;
    let first = records.payload()?.ok_or_else(|| Problem::new("is not whole"))?;
    Ok((Outline::decode(&first).map_err(Problem::Other)?, records))
}

/// Puts the state together.
fn restored(
    outline: Outline,
    records: CopyReader<File>,
    reader: &LedgerReader,
    witness: Option<Head>,
) -> Result<State, Problem> {
    let Outline { head: (position, chain), time, apart, years } = outline;
    let acknowledged = witness
        .is_some_and(|witness| witness.position > position || (witness.position == position && witness.chain == chain));
    if !acknowledged || chain_after(&*reader.get()?, position)? != chain {
        return Err(Problem::new("is of another history"));
    }
    thread::scope(|scope| {
        // series are read while what else was said is folded
        let (read, series) = mpsc::sync_channel(limits::CHECKPOINT_PARTS);
        scope.spawn(move || read_series(records, &read));
        let mut state = State::new();
        let apart: BTreeSet<Position> = apart.into_iter().collect();
        for event in reader.events(&apart, &|_| None)? {
            state.enter_apart(&event).map_err(Problem::Other)?;
        }
        state.stand_at(position, time);
        let mut failed = None;
        let parts = series.into_iter().map_while(|part| part.map_err(|problem| failed = Some(problem)).ok());
        let mut series = parts.flatten();
        for year in &years {
            state.fill(year, series.by_ref().take(year.series)).map_err(Problem::Other)?;
        }
        let left_over = series.next().is_some();
        drop(series);
        if let Some(problem) = failed {
            return Err(problem);
        }
        if left_over || state.filed_years() != years {
            return Err(Problem::new("does not hold what it says"));
        }
        Ok(state)
    })
}

/// Reads records of series until there are no more, or nobody takes them.
fn read_series<R: Read>(mut records: CopyReader<R>, read: &mpsc::SyncSender<Result<Vec<Entry>, Problem>>) {
    let mut next = || -> Result<Option<Vec<Entry>>, Problem> {
        let Some(record) = records.payload()? else { return Ok(None) };
        series::all_from(&record).map(Some).ok_or_else(|| Problem::new("a series cannot be read"))
    };
    let parts = iter::from_fn(|| next().transpose());
    for part in parts {
        let last = part.is_err();
        if read.send(part).is_err() || last {
            break;
        }
    }
}

/// Writes a checkpoint and makes it durable; then the older ones go. While less than the
/// reserve is free nothing is written.
pub(super) fn write(dir: &Path, store: &Store, reserve: u64, state: &State, chain: Digest) -> Result<(), StoreError> {
    let path = dir.join(format!("{NAME}{chain}"));
    let writing = dir.join(format!("{NAME}{chain}.{WRITING}"));
    let written = write_file(&writing, store, reserve, state, chain).and_then(|()| {
        let named = fs::rename(&writing, &path).and_then(|()| File::open(dir)?.sync_all());
        named.map_err(|error| StoreError::File(path.clone(), error))
    });
    // of what failed nothing is left, nor of what is older than what did not
    let stale = |file: &PathBuf| if written.is_ok() { *file != path } else { *file == writing };
    for file in files(dir).unwrap_or_default().into_iter().filter(stale) {
        if let Err(error) = fs::remove_file(&file) {
            tracing::warn!(file = %file.display(), error = %error, "a checkpoint could not be removed");
        }
    }
    written
}

fn write_file(path: &Path, store: &Store, reserve: u64, state: &State, chain: Digest) -> Result<(), StoreError> {
    let failed = |error| StoreError::File(path.to_owned(), error);
    let file = BufWriter::new(File::create(path).map_err(failed)?);
    let mut records = CopyWriter::begin_as(MAGIC, file).map_err(failed)?;
    records.add_payload(&Outline::of(state, chain).encode()).map_err(failed)?;
    let mut part = Vec::new();
    for (key, series) in state.all_series() {
        series::put(&mut part, &key.unit, key.coverage, series);
        if part.len() >= limits::CHECKPOINT_PART_BYTES {
            store.check_room(reserve)?;
            records.add_payload(&part).map_err(failed)?;
            part.clear();
        }
    }
    if !part.is_empty() {
        store.check_room(reserve)?;
        records.add_payload(&part).map_err(failed)?;
    }
    let file = records.into_inner().into_inner().map_err(|error| failed(error.into_error()))?;
    file.sync_all().map_err(failed)
}

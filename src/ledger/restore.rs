//! A ledger made again from a mirror or a backup.

use std::path::Path;

use super::copy::CopyReader;
use super::store::Store;
use super::witness::{Head, Witness};
use super::{LedgerError, StoreError};
use crate::words::{Digest, Position};

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
    let mut reader = CopyReader::open(from)?;
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

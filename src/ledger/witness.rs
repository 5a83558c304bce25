//! The witness of the head: a chain cannot see its own missing end.
//!
//! A file of its own with two slots, written in turn and synced after each
//! commit, before it is acknowledged. A slot says how far the ledger goes and the
//! chain up to there, with a checksum; the later of the sound ones holds. A store
//! that ends before its witness has lost what was acknowledged.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use crate::words::{Digest, Position};

/// Name of the file in the ledger's folder.
pub(super) const FILE: &str = "head";
const MAGIC: &[u8; 16] = b"crossfoot head 1";
/// Slots stand a block apart, so that one torn write cannot spoil both.
const SLOT: u64 = 4_096;
pub(super) const BODY: usize = MAGIC.len() + 8 + 8 + 32;
pub(super) const CHECKSUM: usize = 32;

/// What the witness says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) position: Position,
    pub(super) chain: Digest,
}

/// What stands in the file.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// There is no file.
    Missing,
    /// No slot is sound.
    Damaged,
    Head(Head),
}

impl Found {
    pub(super) fn head(&self) -> Option<Head> {
        match self {
            Self::Head(head) => Some(*head),
            Self::Missing | Self::Damaged => None,
        }
    }
}

/// The open witness.
#[derive(Debug)]
pub(super) struct Witness {
    path: PathBuf,
    file: File,
    turn: u64,
}

pub(super) fn encode(turn: u64, head: Head) -> Vec<u8> {
    let parts: [&[u8]; 4] = [MAGIC, &turn.to_le_bytes(), &head.position.0.to_le_bytes(), head.chain.as_bytes()];
    let mut slot = parts.concat();
    let sum = Sha256::digest(&slot);
    slot.extend_from_slice(&sum);
    slot
}

pub(super) fn decode(slot: &[u8]) -> Option<(u64, Head)> {
    let (body, sum) = slot.split_at_checked(BODY)?;
    if Sha256::digest(body).as_slice() != sum.get(..CHECKSUM)? {
        return None;
    }
    let rest = body.strip_prefix(MAGIC)?;
    let number = |from: usize| Some(u64::from_le_bytes(rest.get(from..from.checked_add(8)?)?.try_into().ok()?));
    let chain = Digest::from_bytes(rest.get(16..48)?)?;
    Some((number(0)?, Head { position: Position(number(8)?), chain }))
}

/// The later sound slot of a file.
fn read(file: &File) -> io::Result<Option<(u64, Head)>> {
    let mut best: Option<(u64, Head)> = None;
    for at in [0, SLOT] {
        let mut slot = vec![0; BODY + CHECKSUM];
        match file.read_exact_at(&mut slot, at) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => continue,
            Err(error) => return Err(error),
        }
        best = best.into_iter().chain(decode(&slot)).max_by_key(|(turn, _)| *turn);
    }
    Ok(best)
}

impl Witness {
    /// Opens the witness of a ledger, and says what stands in it.
    pub(super) fn open(dir: &Path) -> Result<(Self, Found), (PathBuf, io::Error)> {
        let path = dir.join(FILE);
        let failed = |error| (path.clone(), error);
        let existed = path.try_exists().map_err(failed)?;
        let file =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path).map_err(failed)?;
        let found = read(&file).map_err(failed)?;
        let told = match found {
            Some((_, head)) => Found::Head(head),
            None if existed => Found::Damaged,
            None => Found::Missing,
        };
        Ok((Self { path, file, turn: found.map_or(0, |(turn, _)| turn) }, told))
    }

    /// Says how far the ledger goes; durable when this returns.
    pub(super) fn put(&mut self, head: Head) -> Result<(), (PathBuf, io::Error)> {
        let turn = self.turn.saturating_add(1);
        let at = if turn.is_multiple_of(2) { 0 } else { SLOT };
        let written = self.file.write_all_at(&encode(turn, head), at).and_then(|()| self.file.sync_data());
        written.map_err(|error| (self.path.clone(), error))?;
        self.turn = turn;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(position: u64) -> Head {
        Head { position: Position(position), chain: Digest::of(&[&position.to_le_bytes()]) }
    }

    #[test]
    fn the_later_sound_slot_holds_whatever_happens_to_the_other() {
        let folder = tempfile::tempdir().unwrap();
        let (mut witness, found) = Witness::open(folder.path()).unwrap();
        assert_eq!(found, Found::Missing);
        for position in 1..=5 {
            witness.put(head(position)).unwrap();
            assert_eq!(Witness::open(folder.path()).unwrap().1, Found::Head(head(position)));
        }
        let path = folder.path().join(FILE);
        let whole = std::fs::read(&path).unwrap();
        for at in 0..BODY + CHECKSUM {
            // turn 5 stands in the second slot
            let mut torn = whole.clone();
            torn[usize::try_from(SLOT).unwrap() + at] ^= 1;
            std::fs::write(&path, &torn).unwrap();
            assert_eq!(Witness::open(folder.path()).unwrap().1, Found::Head(head(4)));
        }
        std::fs::write(&path, b"").unwrap();
        assert_eq!(Witness::open(folder.path()).unwrap().1, Found::Damaged);
    }
}

//! The witness of the head: a chain cannot see its own missing end.
//!
//! A file of its own with two slots, written in turn and synced beside each commit,
//! before it is acknowledged. A slot says how far the ledger goes and the chain up to
//! there, with a checksum. A store must go as far as the lower slot says, and ends where
//! one of them says: the power may fail when the slot of a commit is on the disk and the
//! commit is not, and then nobody was told of it. So that a commit is not long in doubt,
//! both slots are made to say the same when nothing is going on.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::thread;

use sha2::{Digest as _, Sha256};

use super::store::{Store, StoreError};
use crate::words::{Digest, Position};

/// Name of the file in the ledger's folder.
pub(super) const FILE: &str = "head";
const MAGIC: &[u8; 16] = b"crossfoot head 1";
/// Slots stand a block apart, so that one torn write cannot spoil both.
const SLOT: u64 = 4_096;
pub(super) const BODY: usize = MAGIC.len() + 8 + 8 + 32;
pub(super) const CHECKSUM: usize = 32;

/// What a slot says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) position: Position,
    pub(super) chain: Digest,
}

/// What the witness says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Heads {
    /// The store goes so far, or has lost what was acknowledged.
    pub(super) promised: Head,
    /// It ends here, or at what is promised.
    pub(super) last: Head,
}

/// What stands in the file.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// There is no file.
    Missing,
    /// No slot is sound.
    Damaged,
    Heads(Heads),
}

impl Found {
    pub(super) fn heads(&self) -> Option<Heads> {
        match self {
            Self::Heads(heads) => Some(*heads),
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
    /// What the slots say.
    slots: [Option<Head>; 2],
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

/// The slots of a file that are sound, each with its turn.
fn read(file: &File) -> io::Result<[Option<(u64, Head)>; 2]> {
    let mut found = [None; 2];
    for (at, found) in [0, SLOT].into_iter().zip(&mut found) {
        let mut slot = vec![0; BODY + CHECKSUM];
        match file.read_exact_at(&mut slot, at) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => continue,
            Err(error) => return Err(error),
        }
        *found = decode(&slot);
    }
    Ok(found)
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
        let heads = || found.iter().flatten().map(|(_, head)| *head);
        let lowest = heads().min_by_key(|head| head.position);
        let told = match lowest.zip(heads().max_by_key(|head| head.position)) {
            Some((promised, last)) => Found::Heads(Heads { promised, last }),
            None if existed => Found::Damaged,
            None => Found::Missing,
        };
        let turn = found.iter().flatten().map(|(turn, _)| *turn).max().unwrap_or(0);
        Ok((Self { path, file, turn, slots: found.map(|slot| slot.map(|(_, head)| head)) }, told))
    }

    /// Says how far the ledger goes; durable when this returns.
    pub(super) fn put(&mut self, head: Head) -> Result<(), (PathBuf, io::Error)> {
        let turn = self.turn.saturating_add(1);
        let [first, second] = &mut self.slots;
        let (at, slot) = if turn.is_multiple_of(2) { (0, first) } else { (SLOT, second) };
        let written = self.file.write_all_at(&encode(turn, head), at).and_then(|()| self.file.sync_data());
        written.map_err(|error| (self.path.clone(), error))?;
        (self.turn, *slot) = (turn, Some(head));
        Ok(())
    }

    /// Has both slots say how far the ledger goes; durable when this returns.
    pub(super) fn settle(&mut self, head: Head) -> Result<(), (PathBuf, io::Error)> {
        while self.slots != [Some(head); 2] {
            self.put(head)?;
        }
        Ok(())
    }

    /// Makes a commit that was written durable, and beside it says how far the ledger goes
    /// with it. The disk does both in the time of one.
    pub(super) fn commit(&mut self, store: &Store, head: Head) -> Result<(), StoreError> {
        thread::scope(|scope| {
            let told = scope.spawn(|| self.put(head));
            let synced = store.sync();
            let told = told.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            synced.and(told.map_err(|(path, error)| StoreError::File(path, error)))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(position: u64) -> Head {
        Head { position: Position(position), chain: Digest::of(&[&position.to_le_bytes()]) }
    }

    #[test]
    fn a_sound_slot_holds_whatever_happens_to_the_other() {
        let folder = tempfile::tempdir().unwrap();
        let (mut witness, found) = Witness::open(folder.path()).unwrap();
        assert_eq!(found, Found::Missing);
        let heads = |promised, last| Found::Heads(Heads { promised: head(promised), last: head(last) });
        let found = || Witness::open(folder.path()).unwrap().1;
        witness.settle(head(0)).unwrap();
        for position in 1..=5 {
            witness.put(head(position)).unwrap();
            assert_eq!(found(), heads(position - 1, position));
        }
        witness.settle(head(5)).unwrap();
        assert_eq!(found(), heads(5, 5));
        // what failed half-way is said again from where the store ended
        witness.put(head(7)).unwrap();
        witness.put(head(5)).unwrap();
        assert_eq!(found(), heads(5, 7));
        witness.settle(head(5)).unwrap();
        witness.put(head(6)).unwrap();
        let path = folder.path().join(FILE);
        let whole = std::fs::read(&path).unwrap();
        for at in 0..BODY + CHECKSUM {
            for (slot, left) in [(0, 5), (SLOT, 6)] {
                let mut torn = whole.clone();
                torn[usize::try_from(slot).unwrap() + at] ^= 1;
                std::fs::write(&path, &torn).unwrap();
                assert_eq!(found(), heads(left, left), "slot {slot}, byte {at}");
            }
        }
        std::fs::write(&path, b"").unwrap();
        assert_eq!(found(), Found::Damaged);
    }
}

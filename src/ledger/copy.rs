//! A plain copy of a ledger in one file: what a mirror and a backup are.
//!
//! Format 1: 16 bytes of magic, then records, each a length, 4 bytes that vouch for
//! it, a payload, and the SHA-256 of the hash before it and the payload. A payload
//! says how far the copy goes with it and the chain up to there, then entries of
//! the store as they are. A last record that is not whole is left out, and that is
//! told: in a mirror it was never acknowledged. Damage anywhere else is an error
//! that names the byte.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, Read, Seek as _, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::store::check_in_place;
use crate::words::{Digest, Position};

pub(super) const MAGIC: &[u8; 16] = b"crossfoot copy 1";
const REMOVED: u32 = u32::MAX;
/// Bytes of one record at most; a commit is far smaller.
const RECORD_BYTES: usize = 1 << 30;

/// Which part of the store an entry belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// Pages and texts.
    Ledger,
    /// Refused attempts.
    Attempts,
}

/// A key of the store and its value; none: removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) part: Part,
    pub(super) key: Vec<u8>,
    pub(super) value: Option<Vec<u8>>,
}

/// Why a copy cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// The file failed.
    #[error("{0}: {1}")]
    File(PathBuf, io::Error),
    /// It is no copy, or one of another format.
    #[error("{0} is no copy of a ledger, or of an unknown format")]
    Format(PathBuf),
    /// A record is not what was written.
    #[error("{path} is damaged at byte {at}; a copy is read up to there and no further")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Where the record begins.
        at: u64,
    },
}

/// One record, read.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) head: (Position, Digest),
    pub(super) entries: Vec<Entry>,
}

/// Whether a copy was begun at a path: a full disk may leave an empty file, or a part
/// of the magic.
pub(super) fn is_begun(path: &Path) -> io::Result<bool> {
    let mut begun = Vec::new();
    match File::open(path) {
        Ok(file) => file.take(MAGIC.len() as u64).read_to_end(&mut begun)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    };
    Ok(begun.len() == MAGIC.len() || !MAGIC.starts_with(&begun))
}

/// What vouches for the length of a record.
fn vouch(chain: &Digest, length: &[u8]) -> [u8; 4] {
    let digest = Digest::of(&[chain.as_bytes(), b"length", length]);
    let mut vouched = [0; 4];
    vouched.iter_mut().zip(digest.as_bytes()).for_each(|(to, from)| *to = *from);
    vouched
}

/// How far a copy goes, and entries, as they stand in a record.
pub(super) fn payload(head: (Position, Digest), entries: &[Entry]) -> io::Result<Vec<u8>> {
    let mut payload = head.0.0.to_le_bytes().to_vec();
    payload.extend_from_slice(head.1.as_bytes());
    for Entry { part, key, value } in entries {
        let key_length = u16::try_from(key.len()).map_err(io::Error::other)?;
        payload.push(match part {
            Part::Ledger => 0,
            Part::Attempts => 1,
        });
        payload.extend_from_slice(&key_length.to_le_bytes());
        payload.extend_from_slice(key);
        let value_length = value.as_ref().map_or(Ok(REMOVED), |value| u32::try_from(value.len()));
        payload.extend_from_slice(&value_length.map_err(io::Error::other)?.to_le_bytes());
        payload.extend_from_slice(value.as_deref().unwrap_or_default());
    }
    Ok(payload)
}

/// A payload as a record after a chain, and the chain with it.
pub(super) fn record(before: &Digest, payload: &[u8]) -> io::Result<(Vec<u8>, Digest)> {
    let length = u32::try_from(payload.len()).map_err(io::Error::other)?.to_le_bytes();
    let chain = Digest::of(&[before.as_bytes(), payload]);
    let record = [&length[..], &vouch(before, &length), payload, chain.as_bytes()].concat();
    Ok((record, chain))
}

/// Writes records, each chained to the one before.
#[derive(Debug)]
pub(super) struct CopyWriter<W> {
    out: W,
    chain: Digest,
    /// Where the last record ends.
    end: u64,
}

impl<W: Write> CopyWriter<W> {
    /// Begins a copy.
    pub(super) fn begin(out: W) -> io::Result<Self> {
        Self::begin_as(MAGIC, out)
    }

    /// Begins another file of records.
    pub(super) fn begin_as(magic: &[u8; 16], mut out: W) -> io::Result<Self> {
        out.write_all(magic)?;
        Ok(Self { out, chain: Digest::ZERO, end: magic.len() as u64 })
    }

    /// Adds a record in one piece.
    pub(super) fn add(&mut self, head: (Position, Digest), entries: &[Entry]) -> io::Result<()> {
        self.add_payload(&payload(head, entries)?)
    }

    /// Adds a record of that payload.
    pub(super) fn add_payload(&mut self, payload: &[u8]) -> io::Result<()> {
        let (record, chain) = record(&self.chain, payload)?;
        self.out.write_all(&record)?;
        self.end = self.end.saturating_add(record.len() as u64);
        self.chain = chain;
        Ok(())
    }

    pub(super) fn into_inner(self) -> W {
        self.out
    }
}

impl CopyWriter<File> {
    /// Makes what was added durable, in a file that is still at its path.
    pub(super) fn sync(self, path: &Path) -> io::Result<Self> {
        self.out.sync_data()?;
        check_in_place(&self.out, path)?;
        Ok(self)
    }

    /// Whether the file is still at its path.
    pub(super) fn is_at(&self, path: &Path) -> bool {
        check_in_place(&self.out, path).is_ok()
    }

    /// Takes back what a failed write left of a record.
    pub(super) fn cut_back(&mut self) -> io::Result<()> {
        self.out.set_len(self.end)?;
        self.out.seek(SeekFrom::Start(self.end))?;
        Ok(())
    }
}

/// Reads records one after the other.
#[derive(Debug)]
pub(super) struct CopyReader<R> {
    path: PathBuf,
    file: BufReader<R>,
    chain: Digest,
    /// Where the next record begins.
    at: u64,
    /// Where a last record begins that is not whole.
    cut_at: Option<u64>,
}

impl CopyReader<File> {
    pub(super) fn open(path: &Path) -> Result<Self, CopyError> {
        Self::begin(path, File::open(path).map_err(|error| CopyError::File(path.to_owned(), error))?)
    }

    /// Goes on writing where the last sound record ended; what is after it is cut off.
    pub(super) fn into_writer(self) -> Result<CopyWriter<File>, CopyError> {
        let failed = |error| CopyError::File(self.path.clone(), error);
        let mut file = OpenOptions::new().write(true).open(&self.path).map_err(failed)?;
        file.set_len(self.at).map_err(failed)?;
        file.seek(SeekFrom::End(0)).map_err(failed)?;
        Ok(CopyWriter { out: file, chain: self.chain, end: self.at })
    }
}

impl<R: Read> CopyReader<R> {
    /// Begins to read a copy; the path is named in errors.
    pub(super) fn begin(path: &Path, file: R) -> Result<Self, CopyError> {
        Self::begin_as(MAGIC, path, file)
    }

    /// Begins to read another file of records.
    pub(super) fn begin_as(begins: &[u8; 16], path: &Path, file: R) -> Result<Self, CopyError> {
        let mut file = BufReader::new(file);
        let mut magic = [0; MAGIC.len()];
        match file.read_exact(&mut magic) {
            Ok(()) if magic == *begins => {}
            Ok(()) => return Err(CopyError::Format(path.to_owned())),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                return Err(CopyError::Format(path.to_owned()));
            }
            Err(error) => return Err(CopyError::File(path.to_owned(), error)),
        }
        Ok(Self { path: path.to_owned(), file, chain: Digest::ZERO, at: MAGIC.len() as u64, cut_at: None })
    }

    /// The next record; none at the end, or where the last one is not whole.
    pub(super) fn next(&mut self) -> Result<Option<Record>, CopyError> {
        let damaged = CopyError::Damaged { path: self.path.clone(), at: self.at };
        let Some(payload) = self.payload()? else { return Ok(None) };
        decode(&payload).map(Some).ok_or(damaged)
    }

    /// The payload of the next record.
    pub(super) fn payload(&mut self) -> Result<Option<Vec<u8>>, CopyError> {
        let damaged = CopyError::Damaged { path: self.path.clone(), at: self.at };
        let head = self.read(8)?;
        if head.is_empty() {
            return Ok(None);
        }
        self.cut_at = Some(self.at);
        let Some((length, vouched)) = head.split_first_chunk::<4>().filter(|_| head.len() == 8) else {
            return Ok(None);
        };
        if vouched != vouch(&self.chain, length) {
            // zeros that a file was extended with before its bytes arrived
            let torn = head.iter().all(|byte| *byte == 0) && self.rest_is_zeros()?;
            return if torn { Ok(None) } else { Err(damaged) };
        }
        let length = u32::from_le_bytes(*length) as usize;
        if length > RECORD_BYTES {
            return Err(damaged);
        }
        let (payload, hash) = (self.read(length)?, self.read(32)?);
        let chain = Digest::of(&[self.chain.as_bytes(), &payload]);
        if hash != chain.as_bytes() {
            // a torn write may leave other bytes, at the very end only
            return if self.read(1)?.is_empty() { Ok(None) } else { Err(damaged) };
        }
        self.chain = chain;
        self.at = self.at.saturating_add(length as u64).saturating_add(40);
        self.cut_at = None;
        Ok(Some(payload))
    }

    /// Where a last record begins that is not whole, and was left out.
    pub(super) fn cut_at(&self) -> Option<u64> {
        self.cut_at
    }

    /// Whether nothing but zeros is left.
    fn rest_is_zeros(&mut self) -> Result<bool, CopyError> {
        loop {
            let rest = self.file.fill_buf().map_err(|error| CopyError::File(self.path.clone(), error))?;
            if rest.is_empty() || rest.iter().any(|byte| *byte != 0) {
                return Ok(rest.is_empty());
            }
            let length = rest.len();
            self.file.consume(length);
        }
    }

    /// So many bytes, or as many as there are.
    fn read(&mut self, length: usize) -> Result<Vec<u8>, CopyError> {
        let mut bytes = Vec::new();
        let read = self.file.by_ref().take(length as u64).read_to_end(&mut bytes);
        read.map_err(|error| CopyError::File(self.path.clone(), error))?;
        Ok(bytes)
    }
}

fn decode(payload: &[u8]) -> Option<Record> {
    let (position, rest) = payload.split_first_chunk::<8>()?;
    let (chain, mut rest) = rest.split_at_checked(32)?;
    let mut entries = Vec::new();
    while let Some((part, after)) = rest.split_first() {
        let part = match part {
            0 => Part::Ledger,
            1 => Part::Attempts,
            _ => return None,
        };
        let (length, after) = after.split_first_chunk::<2>()?;
        let (key, after) = after.split_at_checked(usize::from(u16::from_le_bytes(*length)))?;
        let (length, after) = after.split_first_chunk::<4>()?;
        let (value, after) = match u32::from_le_bytes(*length) {
            REMOVED => (None, after),
            length => after.split_at_checked(length as usize).map(|(value, rest)| (Some(value.to_vec()), rest))?,
        };
        entries.push(Entry { part, key: key.to_vec(), value });
        rest = after;
    }
    let head = (Position(u64::from_le_bytes(*position)), Digest::from_bytes(chain)?);
    Some(Record { head, entries })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records() -> Vec<((Position, Digest), Vec<Entry>)> {
        let entry = |part, key: &[u8], value: Option<&[u8]>| Entry {
            part,
            key: key.to_vec(),
            value: value.map(<[u8]>::to_vec),
        };
        (1..=4_u8)
            .map(|n| {
                let head = (Position(n.into()), Digest::of(&[&[n]]));
                let long = vec![n; 3_000];
                (head, vec![entry(Part::Ledger, &[n], Some(&long)), entry(Part::Attempts, b"k", None)])
            })
            .collect()
    }

    /// Number of records read, and whether the end was told to be cut.
    fn read_all(bytes: &[u8]) -> Result<(usize, bool), CopyError> {
        let mut reader = CopyReader::begin(Path::new("a copy"), bytes)?;
        let mut read = 0_usize;
        for (head, entries) in records() {
            let Some(record) = reader.next()? else { break };
            assert_eq!((record.head, &record.entries), (head, &entries));
            read = read.saturating_add(1);
        }
        assert!(read < 4 || reader.next()?.is_none());
        Ok((read, reader.cut_at().is_some()))
    }

    #[test]
    fn a_copy_is_read_as_it_was_written_and_damage_is_never_another_record() {
        let mut writer = CopyWriter::begin(Vec::new()).unwrap();
        let mut ends = vec![MAGIC.len()];
        for (head, entries) in records() {
            writer.add(head, &entries).unwrap();
            ends.push(writer.out.len());
        }
        let whole = writer.into_inner();
        assert_eq!(read_all(&whole).unwrap(), (4, false));
        for cut in (MAGIC.len()..whole.len()).step_by(97) {
            let sound = ends.iter().filter(|end| **end <= cut).count() - 1;
            let told = !ends.contains(&cut);
            assert_eq!(read_all(&whole[..cut]).unwrap(), (sound, told), "cut at {cut}");
        }
        for at in 0..whole.len() {
            let mut flipped = whole.clone();
            flipped[at] ^= 4;
            // in the last record it may look like a torn end, and then it is left out
            let last = at >= ends[3];
            let told = read_all(&flipped).map_or(true, |read| last && read == (3, true));
            assert!(told, "flipped at {at}");
        }
        let torn = [&whole[..ends[2]], &[0; 500][..]].concat();
        assert_eq!(read_all(&torn).unwrap(), (2, true));
    }
}

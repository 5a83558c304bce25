//! Bytes, taken from their beginning; none where they are not what they should be.

use crate::form::{put_varint, take_part, take_varint};
use crate::words::Digest;

/// What is left of some bytes.
#[derive(Debug)]
pub(super) struct Bytes<'a>(pub(super) &'a [u8]);

impl<'a> Bytes<'a> {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn varint(&mut self) -> Option<u64> {
        let (value, rest) = take_varint(self.0)?;
        self.0 = rest;
        Some(value)
    }

    /// A varint that fits a smaller number.
    pub(super) fn number<T: TryFrom<u64>>(&mut self) -> Option<T> {
        T::try_from(self.varint()?).ok()
    }

    /// Bytes after their length.
    pub(super) fn long(&mut self) -> Option<&'a [u8]> {
        let (taken, rest) = take_part(self.0)?;
        self.0 = rest;
        Some(taken)
    }

    /// Text after its length.
    pub(super) fn text(&mut self) -> Option<&'a str> {
        std::str::from_utf8(self.long()?).ok()
    }

    /// So many bytes as there must be.
    pub(super) fn some<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*taken)
    }

    pub(super) fn digest(&mut self) -> Option<Digest> {
        Digest::from_bytes(&self.some::<32>()?)
    }

    /// What there may be.
    pub(super) fn optional<T>(&mut self, take: impl FnOnce(&mut Self) -> Option<T>) -> Option<Option<T>> {
        match self.varint()? {
            0 => Some(None),
            1 => take(self).map(Some),
            _ => None,
        }
    }

    /// Things after their number.
    pub(super) fn list<T>(&mut self, take: impl Fn(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let count: usize = self.number()?;
        // each takes a byte at least
        let mut list = Vec::with_capacity(count.min(self.0.len()));
        for _ in 0..count {
            list.push(take(self)?);
        }
        Some(list)
    }
}

pub(super) fn put_digest(out: &mut Vec<u8>, digest: &Digest) {
    out.extend_from_slice(digest.as_bytes());
}

pub(super) fn put_optional<T>(out: &mut Vec<u8>, value: Option<T>, put: impl FnOnce(&mut Vec<u8>, T)) {
    put_varint(out, value.is_some().into());
    if let Some(value) = value {
        put(out, value);
    }
}

pub(super) fn put_list<T>(out: &mut Vec<u8>, list: &[T], put: impl Fn(&mut Vec<u8>, &T)) {
    put_varint(out, list.len() as u64);
    list.iter().for_each(|one| put(out, one));
}

//! Pages: how events lie in the store.
//!
//! Format 1. A run of events is one body: each event preceded by its length,
//! the whole compressed (LZ4) if that pays. A body that fits lies in one page; a
//! longer one, always a single event, goes on in further parts. Every part ends
//! with the first 8 bytes of the SHA-256 of what is before, so damage is an error
//! and never another event. No part is larger than
//! [`PAGE_BYTES`](limits::PAGE_BYTES): sled never syncs large values.

use sha2::{Digest as _, Sha256};

use crate::form::{put_part, take_part};
use crate::words::{Digest, limits};

pub(super) const FORMAT: u8 = 1;
const PLAIN: u8 = 0;
const COMPRESSED: u8 = 1;
const CONTINUED: u8 = 2;
pub(super) const CHECKSUM: usize = 8;
/// Format, flags, parts, events, length, chain.
const HEAD: usize = 2 + 4 + 4 + 4 + 32;
/// Bytes of a body in the first part of a page.
const ROOM: usize = limits::PAGE_BYTES - HEAD - CHECKSUM;
/// Bytes of a body in a further part, which has format and flags before it.
const CONTINUED_ROOM: usize = limits::PAGE_BYTES - 2 - CHECKSUM;

/// A page that is not what was written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct PageError(pub(super) &'static str);

/// A run of events as it lies in the store.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Packed {
    /// Number of events.
    pub(super) events: usize,
    /// One part, or more for a long event.
    pub(super) parts: Vec<Vec<u8>>,
}

/// Packs events, the chain before them given; gives the chain with each of them.
///
/// How many events a page takes is told by how well those before were compressed.
pub(super) fn pack(events: &[Vec<u8>], before: Digest, out: &mut Vec<Packed>) -> Vec<Digest> {
    let chained = |chain: &mut Digest, event: &Vec<u8>| {
        *chain = Digest::of(&[chain.as_bytes(), event]);
        Some(*chain)
    };
    let hashes: Vec<Digest> = events.iter().scan(before, chained).collect();
    let (mut packed, mut chain, mut raw) = (0_usize, before, limits::PAGE_RAW_BYTES);
    while let Some(rest @ [_, ..]) = events.get(packed..) {
        let run = rest.get(..within(rest, raw)).unwrap_or(rest);
        let body = Body::of(run);
        // a margin, for no two runs are alike
        let would_fit = body.length.saturating_mul(ROOM / 16 * 15).checked_div(body.bytes.len()).unwrap_or(0);
        raw = would_fit.min(limits::PAGE_RAW_BYTES);
        if body.bytes.len() > ROOM && run.len() > 1 {
            continue;
        }
        out.push(Packed { events: run.len(), parts: body.parts(run.len(), &chain) });
        packed = packed.saturating_add(run.len());
        chain = hashes.get(packed.saturating_sub(1)).copied().unwrap_or(chain);
    }
    hashes
}

/// Bytes that an event takes in a body, about: it stands after its length.
fn size(event: &[u8]) -> usize {
    const LENGTH: usize = 4;
    event.len().saturating_add(LENGTH)
}

/// How many of the first events have so many bytes together; one at least.
fn within(events: &[Vec<u8>], raw: usize) -> usize {
    let mut together = 0_usize;
    let fits = events.iter().take_while(|event| {
        together = together.saturating_add(size(event));
        together <= raw
    });
    fits.count().max(1)
}

/// A run of events, compressed if that pays.
struct Body {
    /// Bytes before they were compressed.
    length: usize,
    compressed: bool,
    bytes: Vec<u8>,
}

impl Body {
    fn of(run: &[Vec<u8>]) -> Self {
        let mut plain = Vec::with_capacity(run.iter().map(|event| size(event)).fold(0, usize::saturating_add));
        for event in run {
            put_part(&mut plain, event);
        }
        let (length, smaller) = (plain.len(), lz4_flex::block::compress(&plain));
        let compressed = smaller.len() < length;
        Self { length, compressed, bytes: if compressed { smaller } else { plain } }
    }

    /// As one page of so many events, or as the parts of one long event.
    fn parts(&self, events: usize, before: &Digest) -> Vec<Vec<u8>> {
        let (first, further) = self.bytes.split_at(self.bytes.len().min(ROOM));
        let further: Vec<&[u8]> = further.chunks(CONTINUED_ROOM).collect();
        let number = |size: usize| u32::try_from(size).unwrap_or(u32::MAX).to_le_bytes();
        let flags = if self.compressed { COMPRESSED } else { PLAIN };
        let parts = number(further.len().saturating_add(1));
        let head = [&[FORMAT, flags][..], &parts, &number(events), &number(self.length)].concat();
        let first = sealed(&[&head, before.as_bytes(), first]);
        std::iter::once(first).chain(further.into_iter().map(|part| sealed(&[&[FORMAT, CONTINUED], part]))).collect()
    }
}

pub(super) fn sealed(pieces: &[&[u8]]) -> Vec<u8> {
    let mut part = pieces.concat();
    let sum = Sha256::digest(&part);
    part.extend_from_slice(sum.get(..CHECKSUM).unwrap_or_default());
    part
}

fn unsealed(part: &[u8]) -> Result<&[u8], PageError> {
    let (content, sum) =
        part.len().checked_sub(CHECKSUM).and_then(|at| part.split_at_checked(at)).ok_or(PageError("is cut short"))?;
    if Sha256::digest(content).get(..CHECKSUM) != Some(sum) {
        return Err(PageError("its checksum is wrong"));
    }
    match content.split_first() {
        Some((&FORMAT, rest)) => Ok(rest),
        _ => Err(PageError("is of an unknown format")),
    }
}

/// The first part of a page, opened.
#[derive(Debug)]
pub(super) struct Page {
    /// Number of parts, this one counted.
    pub(super) parts: u32,
    /// The chain before its first event.
    pub(super) before: Digest,
    events: u32,
    length: usize,
    compressed: bool,
    body: Vec<u8>,
}

impl Page {
    /// Opens the first part.
    pub(super) fn open(part: &[u8]) -> Result<Self, PageError> {
        let cut = PageError("its head is cut short");
        let (flags, rest) = unsealed(part)?.split_first().ok_or_else(|| cut.clone())?;
        let number = |rest: &[u8]| -> Option<u32> { Some(u32::from_le_bytes(rest.get(..4)?.try_into().ok()?)) };
        let at = |from: usize| rest.get(from..).and_then(number).ok_or_else(|| cut.clone());
        let chain = rest.get(12..44).and_then(Digest::from_bytes).ok_or_else(|| cut.clone())?;
        let compressed = match *flags {
            PLAIN => false,
            COMPRESSED => true,
            _ => return Err(PageError("does not begin here")),
        };
        Ok(Self {
            parts: at(0)?,
            events: at(4)?,
            length: usize::try_from(at(8)?).map_err(|_| cut.clone())?,
            before: chain,
            compressed,
            body: rest.get(44..).ok_or(cut)?.to_vec(),
        })
    }

    /// Adds the next part.
    pub(super) fn continue_with(&mut self, part: &[u8]) -> Result<(), PageError> {
        match unsealed(part)?.split_first() {
            Some((&CONTINUED, rest)) => {
                self.body.extend_from_slice(rest);
                Ok(())
            }
            _ => Err(PageError("a part of it is missing")),
        }
    }

    /// The events.
    pub(super) fn events(self) -> Result<Vec<Vec<u8>>, PageError> {
        const LONGEST: usize = 256 << 20;
        /// A byte of LZ4 becomes no more; the length must not take more memory.
        const MOST_PER_BYTE: usize = 255;
        if self.length > LONGEST.min(self.body.len().saturating_mul(MOST_PER_BYTE)) {
            return Err(PageError("is impossibly long"));
        }
        let plain = if self.compressed {
            lz4_flex::block::decompress(&self.body, self.length).map_err(|_| PageError("does not decompress"))?
        } else {
            self.body
        };
        if plain.len() != self.length {
            return Err(PageError("has another length"));
        }
        let mut events = Vec::new();
        let mut rest = plain.as_slice();
        while !rest.is_empty() {
            let (event, after) = take_part(rest).ok_or(PageError("an event is cut short"))?;
            events.push(event.to_vec());
            rest = after;
        }
        if u32::try_from(events.len()) != Ok(self.events) {
            return Err(PageError("has another number of events"));
        }
        Ok(events)
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn unpack(packed: &[Packed]) -> Result<Vec<Vec<u8>>, PageError> {
        let mut events = Vec::new();
        for Packed { parts, .. } in packed {
            let mut page = Page::open(&parts[0])?;
            assert_eq!(page.parts as usize, parts.len());
            parts[1..].iter().try_for_each(|part| page.continue_with(part))?;
            events.extend(page.events()?);
        }
        Ok(events)
    }

    fn event() -> impl Strategy<Value = Vec<u8>> {
        prop_oneof![
            4 => vec(any::<u8>(), 0..300),
            1 => (vec(any::<u8>(), 1..40), 1..1000_usize).prop_map(|(unit, times)| unit.repeat(times)),
            1 => vec(any::<u8>(), 3000..20000),
        ]
    }

    #[test]
    fn a_page_that_says_to_be_longer_than_its_bytes_can_make_is_refused_before_memory_is_taken() {
        let body = lz4_flex::block::compress(&[7; 3_000]);
        let page = |length: u32| {
            let head = [&[FORMAT, COMPRESSED][..], &[1, 0, 0, 0, 1, 0, 0, 0], &length.to_le_bytes()].concat();
            Page::open(&sealed(&[&head, Digest::ZERO.as_bytes(), &body])).unwrap().events()
        };
        for length in [200 << 20, u32::MAX, u32::try_from(body.len()).unwrap() * 255 + 1] {
            assert_eq!(page(length), Err(PageError("is impossibly long")));
        }
        // what can be is found out by making it
        assert_eq!(page(3_001), Err(PageError("has another length")));
        assert_eq!(page(3_000), Err(PageError("has another number of events")));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn what_is_packed_is_unpacked_and_no_part_is_larger_than_a_page(events in vec(event(), 1..40)) {
            let mut packed = Vec::new();
            let hashes = pack(&events, Digest::ZERO, &mut packed);
            prop_assert!(packed.iter().flat_map(|page| &page.parts).all(|part| part.len() <= limits::PAGE_BYTES));
            prop_assert_eq!(unpack(&packed).unwrap(), events.clone());
            prop_assert_eq!(hashes.len(), events.len());
            let expected = events.iter().fold(Digest::ZERO, |chain, event| Digest::of(&[chain.as_bytes(), event]));
            prop_assert_eq!(hashes.last(), Some(&expected));
        }

        #[test]
        fn a_damaged_byte_is_an_error_and_never_another_event(
            events in vec(event(), 1..5), at in any::<prop::sample::Index>(), bit in 0..8_u8,
        ) {
            let mut packed = Vec::new();
            pack(&events, Digest::ZERO, &mut packed);
            let mut parts: Vec<&mut Vec<u8>> = packed.iter_mut().flat_map(|page| &mut page.parts).collect();
            let which = at.index(parts.len());
            let byte = at.index(parts[which].len());
            parts[which][byte] ^= 1 << bit;
            prop_assert!(unpack(&packed).is_err());
        }
    }
}

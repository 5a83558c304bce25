//! What is tried on the ledger's formats: pages, events, copies, witnesses, imports.
//!
//! Checksums are put right first where the input would otherwise never get past
//! them. Not part of the program; see [`crate::fuzzing`].

#[cfg(test)]
pub(crate) mod seeds;

use std::path::Path;
use std::sync::LazyLock;

use parking_lot::RwLock;
use prost::Message as _;
use tempfile::TempDir;

use super::copy::{CopyReader, CopyWriter, MAGIC, record};
use super::page::{FORMAT, Page, PageError, pack, sealed};
use super::stored::{self, Exported, exported::Item};
use super::transfer::{TakenIn, take_in};
use super::{Ledger, codec, restore, witness};
use crate::domain::State;
use crate::domain::event::{Event, EventKind};
use crate::form::{Form, unpack_texts};
use crate::words::{Digest, Position, limits};

/// The ledger of real reports that is kept as a sample of format 1.
pub(crate) const SAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/store-1/ledger.copy");

/// A ledger of real reports.
pub(crate) struct Sample {
    pub(crate) state: RwLock<State>,
    /// Its first events: a form and units, on which reports can follow.
    beginning: Vec<Event>,
}

/// The sample, read once.
pub(crate) static REAL: LazyLock<Sample> = LazyLock::new(|| {
    let (_folder, ledger, state) = open_sample();
    let events = (1..=ledger.head().0.0).map(|position| {
        let event = ledger.reader().event(Position(position), &|id| state.form(id));
        event.expect("it is in the ledger").0
    });
    let is_base = |event: &Event| matches!(event.kind, EventKind::FormRegistered(_) | EventKind::UnitsApplied(_));
    let beginning = events.take_while(is_base).collect();
    Sample { state: RwLock::new(state), beginning }
});

/// The sample as a ledger, in a folder of its own.
fn open_sample() -> (TempDir, Ledger, State) {
    let folder = tempfile::tempdir().expect("there is room for a ledger");
    restore(Path::new(SAMPLE), folder.path()).expect("the sample is sound");
    let mut state = State::new();
    let ledger = Ledger::open(folder.path(), &mut state).expect("the sample is a ledger");
    (folder, ledger, state)
}

/// Pieces of an input, each after its length in two bytes; the last may be cut short.
fn pieces(mut bytes: &[u8]) -> Vec<&[u8]> {
    let mut found = Vec::new();
    while let Some((length, rest)) = bytes.split_first_chunk::<2>() {
        let length = usize::from(u16::from_le_bytes(*length)).min(rest.len());
        let (piece, rest) = rest.split_at(length);
        found.push(piece);
        bytes = rest;
    }
    found
}

/// Tries an input as what its first byte says: a page as it lies in the store, the
/// parts of a page, events, a copy as it lies in a file, the payloads of a copy, the
/// descriptors of a form, the slot of a witness.
pub fn page(bytes: &[u8]) {
    let Some((kind, bytes)) = bytes.split_first() else { return };
    match kind % 7 {
        0 => told(events_of(&[bytes.to_vec()]), bytes.len()),
        1 => {
            let parts: Vec<Vec<u8>> = pieces(bytes).iter().map(|piece| sealed(&[&[FORMAT], piece])).collect();
            told(events_of(&parts), bytes.len());
        }
        2 => comes_back_from_pages(&pieces(bytes)),
        3 => copy(bytes),
        4 => sealed_copy(&pieces(bytes)),
        5 => drop(Form::from_descriptors(bytes, "")),
        _ => slot(bytes),
    }
}

/// The events of a page made of these parts.
fn events_of(parts: &[Vec<u8>]) -> Result<Vec<Vec<u8>>, PageError> {
    let (first, further) = parts.split_first().ok_or(PageError("has no part"))?;
    let mut page = Page::open(first)?;
    further.iter().try_for_each(|part| page.continue_with(part))?;
    page.events()
}

/// Events of a page are no larger than it can hold, and each is an event or an error.
fn told(events: Result<Vec<Vec<u8>>, PageError>, page_bytes: usize) {
    let events = events.unwrap_or_default();
    let total = events.iter().fold(0_usize, |total, event| total.saturating_add(event.len()));
    assert!(total <= page_bytes.saturating_mul(255), "{total} bytes of {page_bytes}");
    events.iter().for_each(|event| decoded(event));
}

/// What is packed into pages is what comes out of them.
fn comes_back_from_pages(events: &[&[u8]]) {
    let events: Vec<Vec<u8>> = events.iter().map(|event| event.to_vec()).collect();
    let mut packed = Vec::new();
    pack(&events, Digest::ZERO, &mut packed);
    let mut found = Vec::new();
    for page in &packed {
        assert!(page.parts.iter().all(|part| part.len() <= limits::PAGE_BYTES));
        found.extend(events_of(&page.parts).expect("what was packed can be read"));
    }
    assert_eq!(found, events);
    events.iter().for_each(|event| decoded(event));
}

/// Bytes are an event that is encoded and decoded alike, or an error that says where.
fn decoded(bytes: &[u8]) {
    let position = stored::Event::decode(bytes).map_or(Position(0), |event| Position(event.position));
    let state = REAL.state.read();
    match codec::decode(bytes, position, &|id| state.form(id)) {
        Ok(event) => comes_back(&event, &state),
        Err(error) => assert!(error.to_string().starts_with(&format!("event {position} "))),
    }
    let _ = codec::text_digests(bytes);
}

/// An event is read as it was written.
pub(crate) fn comes_back(event: &Event, state: &State) {
    let bytes = codec::encode(event);
    let again = codec::decode(&bytes, event.position, &|id| state.form(id)).expect("what was encoded can be decoded");
    assert_eq!(codec::encode(&again), bytes);
}

/// A copy as it lies in a file: what is read of it is written alike.
fn copy(bytes: &[u8]) {
    let Ok(mut reader) = CopyReader::begin(Path::new("a copy"), bytes) else { return };
    let mut writer = CopyWriter::begin(Vec::new()).expect("memory can be written");
    while let Ok(Some(record)) = reader.next() {
        writer.add(record.head, &record.entries).expect("what was read can be written");
    }
    assert!(bytes.starts_with(&writer.into_inner()));
}

/// The same, of payloads that are vouched for.
fn sealed_copy(payloads: &[&[u8]]) {
    let (mut copy, mut chain) = (MAGIC.to_vec(), Digest::ZERO);
    for payload in payloads {
        let sealed = record(&chain, payload).expect("a piece is short");
        copy.extend_from_slice(&sealed.0);
        chain = sealed.1;
    }
    self::copy(&copy);
}

/// A slot of a witness with its checksum put right is read as it is written, or not at all.
fn slot(bytes: &[u8]) {
    assert!(witness::decode(bytes).is_none_or(|(turn, head)| bytes.starts_with(&witness::encode(turn, head))));
    let body = bytes.get(..witness::BODY).unwrap_or(bytes);
    let slot = [body, Digest::of(&[body]).as_bytes()].concat();
    assert!(witness::decode(&slot).is_none_or(|(turn, head)| witness::encode(turn, head) == slot));
}

/// Takes in items after the beginning of the sample, until one is refused, as an
/// import does; each event is told as the next. Then every kept total is its naive sum.
pub(crate) fn import(items: impl Iterator<Item = Vec<u8>>, mut attempt: impl FnMut(String, Vec<u8>)) {
    let mut state: Option<State> = None;
    for item in items {
        let Ok(exported) = Exported::decode(item.as_slice()) else {
            assert!(take_in(&item, &mut State::new()).is_err());
            break;
        };
        let state = state.get_or_insert_with(beginning);
        match take_in(&as_the_next(exported, state.head().next()), state) {
            Ok(TakenIn::Event(bytes)) => drop(codec::text_digests(&bytes)),
            Ok(TakenIn::Text(content)) => drop(unpack_texts(&content)),
            Ok(TakenIn::Redacted(_)) => {}
            Ok(TakenIn::Attempt(key, value)) => attempt(key, value),
            Err(problem) => {
                // it may be entered in part: an import ends here
                assert!(!problem.is_empty());
                return;
            }
        }
    }
    assert_eq!(state.map_or(Vec::new(), |state| state.differences_from_naive()), Vec::<String>::new());
}

fn beginning() -> State {
    let mut state = State::new();
    REAL.beginning.iter().for_each(|event| state.apply(event).expect("the sample begins so"));
    state
}

/// An item with its event, if it is one, told as that of a position.
fn as_the_next(exported: Exported, position: Position) -> Vec<u8> {
    let item = exported.item.map(|item| match item {
        Item::Event(event) => Item::Event(stored::Event { position: position.0, ..event }),
        Item::Text(_) | Item::RedactedText(_) | Item::Attempt(_) => item,
    });
    Exported { item }.encode_to_vec()
}

//! Seeds for the ledger's formats, made of the sample of real reports.

use std::path::Path;
use std::sync::Arc;

use prost::Message as _;

use super::{SAMPLE, open_sample};
use crate::domain::event::{Event, EventKind, FormId, FormRegistered};
use crate::form::{Catalog, Form};
use crate::ledger::copy::{CopyReader, Entry, MAGIC, Record, payload, record};
use crate::ledger::page::CHECKSUM;
use crate::ledger::stored::{Exported, exported::Item};
use crate::ledger::{LedgerError, codec, witness};
use crate::words::{Digest, Position, Timestamp, limits};

/// Name and content of every seed of the target `page`; the first byte is what
/// [`super::page`] goes by.
pub(crate) fn seeds() -> Vec<(String, Vec<u8>)> {
    let records: Vec<Record> = records().into_iter().filter(is_short).collect();
    let mut seeds = Vec::new();
    let pages = records.iter().flat_map(|record| &record.entries).filter(|entry| is_page(entry));
    for (number, page) in pages.filter_map(|page| page.value.as_deref()).enumerate() {
        seeds.push((format!("page-{number}"), [&[0], page].concat()));
        // format and checksum are added again when it is tried
        let content = &page[1..page.len().saturating_sub(CHECKSUM)];
        seeds.push((format!("parts-{number}"), input(1, &[content])));
    }
    let events = events();
    for (number, events) in events.chunks(3).enumerate() {
        let events: Vec<&[u8]> = events.iter().map(Vec::as_slice).collect();
        seeds.push((format!("events-{number}"), input(2, &events)));
    }
    seeds.push(("events-form".to_owned(), input(2, &[&codec::encode(&small_form())])));
    if let EventKind::FormRegistered(FormRegistered { form, .. }) = small_form().kind {
        seeds.push(("descriptors".to_owned(), [&[5], form.descriptor_set()].concat()));
    }
    for (number, records) in records.chunks(2).enumerate() {
        let payloads: Vec<Vec<u8>> =
            records.iter().map(|record| payload(record.head, &record.entries).unwrap()).collect();
        let (mut copy, mut chain) = (MAGIC.to_vec(), Digest::ZERO);
        for payload in &payloads {
            let (record, after) = record(&chain, payload).unwrap();
            copy.extend(record);
            chain = after;
        }
        seeds.push((format!("copy-{number}"), [vec![3], copy].concat()));
        let payloads: Vec<&[u8]> = payloads.iter().map(Vec::as_slice).collect();
        seeds.push((format!("payloads-{number}"), input(4, &payloads)));
    }
    let slots = std::fs::read(Path::new(SAMPLE).with_file_name(witness::FILE)).unwrap();
    seeds.push(("slot".to_owned(), [&[6], &slots[..witness::BODY + witness::CHECKSUM]].concat()));
    seeds
}

/// A form of a few cells, registered.
fn small_form() -> Event {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/forms");
    let catalog = Catalog::load(Some(Path::new(folder))).unwrap();
    let small = catalog.iter().min_by_key(|form| form.cells().len()).unwrap();
    let form = Form::from_descriptors(small.descriptor_set(), small.name()).unwrap();
    Event {
        position: Position(3),
        time: Timestamp(1 << 60),
        principal: Arc::from("crossfoot"),
        reason: String::new(),
        kind: EventKind::FormRegistered(FormRegistered { id: FormId(2), form: Arc::new(form) }),
    }
}

/// The events of the sample but for its large form, as they are stored.
fn events() -> Vec<Vec<u8>> {
    let event = |item: &Vec<u8>| match Exported::decode(item.as_slice()).unwrap().item {
        Some(Item::Event(event)) => Some(event.encode_to_vec()),
        _ => None,
    };
    items().iter().filter_map(event).skip(1).collect()
}

/// A form of a few cells, registered, as an item of an export.
pub(crate) fn small_form_item() -> Vec<u8> {
    let event = codec::stored(&codec::encode(&small_form()), Position(3)).unwrap();
    Exported { item: Some(Item::Event(event)) }.encode_to_vec()
}

/// Everything in the sample, each an encoded `Exported`.
pub(crate) fn items() -> Vec<Vec<u8>> {
    let (_folder, ledger, state) = open_sample();
    let mut items = Vec::new();
    let told = ledger.reader().export(&state, |item| {
        items.push(item);
        Ok::<(), LedgerError>(())
    });
    told.unwrap();
    items
}

fn records() -> Vec<Record> {
    let mut reader = CopyReader::open(Path::new(SAMPLE)).unwrap();
    std::iter::from_fn(|| reader.next().unwrap()).collect()
}

fn is_page(entry: &Entry) -> bool {
    entry.key.starts_with(b"L")
}

/// Whether nothing in a record takes more than one page.
fn is_short(record: &Record) -> bool {
    let bytes = record.entries.iter().filter_map(|entry| entry.value.as_ref()).map(Vec::len).sum::<usize>();
    record.entries.iter().any(is_page) && bytes < limits::PAGE_BYTES
}

/// An input of that kind made of pieces.
fn input(kind: u8, pieces: &[&[u8]]) -> Vec<u8> {
    let length = |piece: &[u8]| u16::try_from(piece.len()).unwrap().to_le_bytes();
    let pieces = pieces.iter().flat_map(|piece| [&length(piece)[..], piece].concat());
    std::iter::once(kind).chain(pieces).collect()
}

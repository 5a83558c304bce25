//! Reading reports, against prost's typed decoding: equal on everything prost
//! encodes; on anything else refused, or equal.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    clippy::wildcard_enum_match_arm,
    clippy::panic,
    reason = "a test says what is wrong by failing"
)]

use std::sync::{Arc, LazyLock};

use crossfoot::form::{Catalog, CellTable, Content, Form, Reader, Statements};
use crossfoot::pb::disclosure::annual::v2021::AnnualReport;
use crossfoot::words::Coverage;
use proptest::collection::vec;
use proptest::prelude::*;
use prost::Message as _;
use prost_reflect::{DynamicMessage, MessageDescriptor, ReflectMessage as _, Value};

static FORM: LazyLock<Arc<Form>> =
    LazyLock::new(|| Arc::clone(Catalog::load(None).unwrap().by_name("disclosure.annual.v2021.AnnualReport").unwrap()));

static MESSAGE: LazyLock<MessageDescriptor> = LazyLock::new(|| {
    let pool = prost_reflect::DescriptorPool::decode(crossfoot::form::DESCRIPTORS).unwrap();
    pool.get_message_by_name(FORM.name()).unwrap()
});

/// Seeds that decide which fields are there and what they hold.
fn fill(message: &mut DynamicMessage, seeds: &mut dyn Iterator<Item = u64>) {
    let fields: Vec<_> = message.descriptor().fields().collect();
    for field in fields {
        let seed = seeds.next().unwrap_or(0);
        if seed.is_multiple_of(4) {
            continue;
        }
        let value = |seeds: &mut dyn Iterator<Item = u64>| match field.kind().as_message() {
            Some(below) => {
                let mut inner = DynamicMessage::new(below.clone());
                fill(&mut inner, seeds);
                Value::Message(inner)
            }
            None if field.kind() == prost_reflect::Kind::Int64 => Value::I64(match seed % 7 {
                0..=3 => 0,
                4 => seed as i64 % 1000,
                5 => -((seed % 1000) as i64),
                _ => (seed as i64).wrapping_mul(0x9e37_79b9_7f4a_7c15_u64 as i64),
            }),
            None => {
                Value::String(["", "无", "结转下年度继续办理7件", "a"][(seed % 4) as usize].repeat((seed % 3) as usize))
            }
        };
        if field.is_list() {
            let list = (0..seed % 3).map(|_| value(seeds)).collect();
            message.set_field(&field, Value::List(list));
        } else {
            let value = value(seeds);
            message.set_field(&field, value);
        }
    }
}

fn message(seeds: Vec<u64>) -> DynamicMessage {
    let mut message = DynamicMessage::new(MESSAGE.clone());
    fill(&mut message, &mut seeds.into_iter().cycle().take(4_000));
    message
}

fn seeds() -> impl Strategy<Value = Vec<u64>> {
    vec(any::<u64>(), 1..400)
}

/// The figures prost's typed message holds, by path.
fn figures(report: &AnnualReport) -> Vec<(String, i64)> {
    fn walk(message: &DynamicMessage, path: &str, found: &mut Vec<(String, i64)>) {
        for (field, value) in message.fields() {
            let path = if path.is_empty() { field.name().to_owned() } else { format!("{path}.{}", field.name()) };
            match value {
                Value::I64(figure) => found.push((path, *figure)),
                Value::Message(below) => walk(below, &path, found),
                _ => {}
            }
        }
    }
    let bytes = report.encode_to_vec();
    let dynamic = DynamicMessage::decode(MESSAGE.clone(), bytes.as_slice()).unwrap();
    let mut found = Vec::new();
    walk(&dynamic, "", &mut found);
    found.retain(|(path, _)| FORM.cells().find(path).is_some());
    found.sort();
    found
}

fn read_figures(reader: &Reader) -> Vec<(String, i64)> {
    let stated = FORM.cells().iter().enumerate().filter(|(index, _)| CellTable::is_set(reader.present(), *index));
    let mut found: Vec<_> = stated.map(|(index, cell)| (cell.path.clone(), reader.values()[index])).collect();
    found.sort();
    found
}

/// The message with empty messages left out: they state nothing.
fn without_empty(message: &DynamicMessage) -> DynamicMessage {
    let mut out = DynamicMessage::new(message.descriptor());
    for (field, value) in message.fields() {
        match value {
            Value::Message(below) => {
                let below = without_empty(below);
                if below.encoded_len() > 0 {
                    out.set_field(&field, Value::Message(below));
                }
            }
            other => out.set_field(&field, other.clone()),
        }
    }
    out
}

/// The same message with the fields of every message in another order.
fn shuffled(message: &[u8], descriptor: &MessageDescriptor, seed: u64) -> Vec<u8> {
    let mut fields: Vec<Vec<u8>> = Vec::new();
    let mut rest = message;
    while !rest.is_empty() {
        let start = rest;
        let key = prost::encoding::decode_varint(&mut rest).unwrap();
        let field = descriptor.get_field((key >> 3) as u32).unwrap();
        let mut out = Vec::new();
        if key & 7 == 0 {
            prost::encoding::decode_varint(&mut rest).unwrap();
            out.extend_from_slice(&start[..start.len() - rest.len()]);
        } else {
            let length = prost::encoding::decode_varint(&mut rest).unwrap() as usize;
            let (content, after) = rest.split_at(length);
            rest = after;
            let content = match field.kind().as_message() {
                Some(below) => shuffled(content, below, seed.rotate_left(7)),
                None => content.to_vec(),
            };
            prost::encoding::encode_varint(key, &mut out);
            prost::encoding::encode_varint(content.len() as u64, &mut out);
            out.extend_from_slice(&content);
        }
        fields.push(out);
    }
    // elements of one repeated field keep their order: rotate whole runs of numbers
    let number = |field: &Vec<u8>| prost::encoding::decode_varint(&mut field.as_slice()).unwrap() >> 3;
    fields.sort_by_key(|field| number(field).wrapping_mul(seed | 1) % 1009);
    fields.concat()
}

fn digest(reader: &Reader) -> crossfoot::words::Digest {
    Content::new(&FORM, reader, Coverage::Own, Statements::default(), &[]).digest
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn what_prost_encodes_is_read_as_prost_decodes_it_and_given_back_whole(seeds in seeds()) {
        let message = message(seeds);
        let bytes = AnnualReport::decode(message.encode_to_vec().as_slice()).unwrap().encode_to_vec();
        let typed = AnnualReport::decode(bytes.as_slice()).unwrap();
        let mut reader = Reader::default();
        reader.read(&FORM, &bytes).unwrap();
        prop_assert_eq!(read_figures(&reader), figures(&typed));
        let written = FORM.write(&FORM.row(&reader), &FORM.write_texts(&reader)).unwrap();
        let given_back = DynamicMessage::decode(MESSAGE.clone(), written.as_slice()).unwrap();
        let sent = DynamicMessage::decode(MESSAGE.clone(), bytes.as_slice()).unwrap();
        prop_assert_eq!(without_empty(&given_back), without_empty(&sent));
        // what is given back is the same content
        let first = digest(&reader);
        reader.read(&FORM, &written).unwrap();
        prop_assert_eq!(digest(&reader), first);
    }

    #[test]
    fn the_order_of_fields_does_not_change_the_content(seeds in seeds(), seed in any::<u64>()) {
        let bytes = message(seeds).encode_to_vec();
        let mut reader = Reader::default();
        reader.read(&FORM, &bytes).unwrap();
        let (first, first_figures) = (digest(&reader), read_figures(&reader));
        let other = shuffled(&bytes, &MESSAGE, seed);
        prop_assert_eq!(AnnualReport::decode(other.as_slice()).unwrap(), AnnualReport::decode(bytes.as_slice()).unwrap());
        reader.read(&FORM, &other).unwrap();
        prop_assert_eq!(read_figures(&reader), first_figures);
        prop_assert_eq!(digest(&reader), first);
    }

    #[test]
    fn damaged_bytes_are_refused_or_read_as_prost_reads_them(
        seeds in seeds(), at in any::<prop::sample::Index>(), bit in 0..8_u8, cut in any::<bool>(),
    ) {
        let mut bytes = message(seeds).encode_to_vec();
        prop_assume!(!bytes.is_empty());
        let at = at.index(bytes.len());
        if cut { bytes.truncate(at) } else { bytes[at] ^= 1 << bit }
        let mut reader = Reader::default();
        if reader.read(&FORM, &bytes).is_ok() {
            let typed = AnnualReport::decode(bytes.as_slice()).unwrap();
            prop_assert_eq!(read_figures(&reader), figures(&typed));
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in vec(any::<u8>(), 0..200)) {
        let mut reader = Reader::default();
        if reader.read(&FORM, &bytes).is_ok() {
            let typed = AnnualReport::decode(bytes.as_slice()).unwrap();
            prop_assert_eq!(read_figures(&reader), figures(&typed));
        }
    }

    #[test]
    fn a_row_is_packed_and_unpacked_alike(
        figures in vec((0..FORM.cells().len(), any::<i64>()), 0..60), blanks in vec(0..FORM.cells().len(), 0..10),
    ) {
        let table = FORM.cells();
        let (mut present, mut values) = (table.required().to_vec(), vec![0; table.len()]);
        for (cell, value) in figures {
            present[cell / 64] |= 1 << (cell % 64);
            values[cell] = value;
        }
        for cell in blanks {
            present[cell / 64] &= !(1 << (cell % 64));
            values[cell] = 0;
        }
        let row = crossfoot::form::Row::pack(table, &present, &values);
        let (mut present_again, mut values_again) = (table.no_cells(), vec![0; table.len()]);
        row.borrowed().unpack(table, &mut present_again, &mut values_again).unwrap();
        prop_assert_eq!((&present_again, &values_again), (&present, &values));
        prop_assert_eq!(crossfoot::form::Row::from_bytes(table, row.as_bytes()).unwrap(), row);
    }
}

#[test]
fn every_byte_is_accounted_for_and_errors_name_the_place() {
    let error = |bytes: &[u8]| Reader::default().read(&FORM, bytes).unwrap_err().to_string();
    // applications = 3, received = 1, natural_person = 1
    assert_eq!(
        error(&[0x1a, 4, 0x0a, 2, 0x08, 0x80]),
        "applications.received.natural_person: is cut short, or a varint is over-long"
    );
    assert_eq!(error(&[0x1a, 6, 0x0a, 4, 8, 1, 8, 1]), "applications.received.natural_person: is there twice");
    assert_eq!(
        error(&[0x1a, 5, 0x0a, 3, 8, 0x81, 0]),
        "applications.received.natural_person: is cut short, or a varint is over-long"
    );
    assert_eq!(error(&[0x1a, 4, 0x0a, 2, 0x0a, 0]), "applications.received.natural_person: has another wire type");
    assert_eq!(error(&[0x1a, 4, 0x0a, 2, 0x40, 0]), "applications.received: field 8 is not in the form");
    assert_eq!(error(&[0x1a, 2, 0x0a, 0, 0x1a, 0]), "applications: is there twice");
    assert_eq!(error(&[0x0a, 3, 0x0a, 1, 0xff]), "cover.title: is not UTF-8");
    assert_eq!(error(&[0x7a, 0]), "report: field 15 is not in the form");
    let long = [&[0x0a, 0xd4, 0x0f, 0x0a, 0xd1, 0x0f][..], &[b'a'; 2001]].concat();
    assert_eq!(error(&long), "cover.title: is longer than 2000 bytes");
    // 2^64 − 1 as an int64 is −1: a finding, not a reading error
    let minus_one = [&[0x1a, 13, 0x0a, 11, 8][..], &[0xff; 9], &[1]].concat();
    let mut reader = Reader::default();
    reader.read(&FORM, &minus_one).unwrap();
    assert_eq!(read_figures(&reader), [("applications.received.natural_person".to_owned(), -1)]);
}

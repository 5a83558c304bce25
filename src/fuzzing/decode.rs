//! Bytes as a report of the built-in form, against prost's typed decoding.

use std::borrow::Cow;
use std::sync::{Arc, LazyLock};

use prost::Message as _;
use prost_reflect::{DescriptorPool, DynamicMessage, MessageDescriptor, ReflectMessage as _, Value};

use crate::form::{Catalog, CellTable, Content, DESCRIPTORS, Form, Reader, Row, Statements};
use crate::pb::disclosure::annual::v2021::AnnualReport;
use crate::words::Coverage;

pub(super) static FORM: LazyLock<Arc<Form>> = LazyLock::new(|| {
    let catalog = Catalog::load(None).expect("the built-in forms are sound");
    Arc::clone(catalog.iter().next_back().expect("a form is built in"))
});

static MESSAGE: LazyLock<MessageDescriptor> = LazyLock::new(|| {
    let pool = DescriptorPool::decode(DESCRIPTORS).expect("the built-in descriptors are sound");
    pool.get_message_by_name(FORM.name()).expect("the form is one of them")
});

/// Tries bytes as a report: refused with a place, or read as prost reads them, and
/// given back whole.
pub fn decode(bytes: &[u8]) {
    let mut reader = Reader::default();
    if let Err(error) = reader.read(&FORM, bytes) {
        assert!(!error.problem.is_empty());
        return;
    }
    let typed = AnnualReport::decode(bytes).expect("what is read, prost reads");
    let sent = dynamic(&typed.encode_to_vec());
    for (index, cell) in FORM.cells().iter().enumerate() {
        let stated = CellTable::is_set(reader.present(), index).then(|| reader.values().get(index).copied()).flatten();
        assert_eq!(stated, figure(&sent, &cell.numbers), "{}", cell.path);
    }
    let (row, first) = (FORM.row(&reader), content(&reader));
    assert_eq!(Row::from_bytes(FORM.cells(), row.as_bytes()).as_ref(), Ok(&row));
    let written = FORM.write(&row, &FORM.write_texts(&reader)).expect("what was read can be written");
    assert_eq!(without_empty(&dynamic(&written)), without_empty(&sent));
    reader.read(&FORM, &written).expect("what was written can be read");
    assert_eq!(content(&reader).digest, first.digest);
    assert_eq!(FORM.write(&FORM.row(&reader), &FORM.write_texts(&reader)).ok(), Some(written));
}

fn content(reader: &Reader) -> Content {
    Content::new(&FORM, reader, Coverage::Own, Statements::default(), &[])
}

fn dynamic(bytes: &[u8]) -> DynamicMessage {
    DynamicMessage::decode(MESSAGE.clone(), bytes).expect("what prost encodes is a message")
}

/// The figure at the end of a path of field numbers, if it is stated.
fn figure(message: &DynamicMessage, numbers: &[u32]) -> Option<i64> {
    let (first, rest) = numbers.split_first()?;
    let value: Cow<'_, Value> =
        message.has_field_by_number(*first).then(|| message.get_field_by_number(*first)).flatten()?;
    if rest.is_empty() { value.as_i64() } else { figure(value.as_message()?, rest) }
}

/// The message with empty messages left out: they state nothing.
fn without_empty(message: &DynamicMessage) -> DynamicMessage {
    let mut kept = DynamicMessage::new(message.descriptor());
    for (field, value) in message.fields() {
        match value.as_message().map(without_empty) {
            Some(below) if below.encoded_len() > 0 => kept.set_field(&field, Value::Message(below)),
            Some(_) => {}
            None => kept.set_field(&field, value.clone()),
        }
    }
    kept
}

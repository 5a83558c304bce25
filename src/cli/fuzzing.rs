//! What is tried on files that people hand in: lines of a submission, items of an
//! export. Not part of the program; see [`crate::fuzzing`].

use std::sync::LazyLock;

use prost::Message as _;
use prost_reflect::MessageDescriptor;

use super::copies::{delimited, exported, item_from_json};
use super::submission::Line;
use crate::form::{Form, Reader};
use crate::ingest::fuzzing::attempt;
use crate::ledger::fuzzing::{REAL, import as take_in_items};

static MESSAGE: LazyLock<MessageDescriptor> = LazyLock::new(|| exported().expect("it is built in"));

/// Tries bytes as a file: of submissions, and of an export in either format.
pub fn import(bytes: &[u8]) {
    let forms = REAL.state.read().current_forms();
    let form = forms.first().expect("the sample has a form");
    let keep = |key: String, value: Vec<u8>| attempt(&key, &value, form);
    if let Ok(text) = std::str::from_utf8(bytes) {
        text.lines().for_each(|line| submission(line, form));
        take_in_items(text.lines().map_while(|line| item_from_json(&MESSAGE, line).ok()), keep);
    }
    take_in_items(delimited(bytes).map_while(Result::ok), keep);
}

/// A line of a submission is a request, or an error. A report that can be read is
/// told as JSON that says the same.
fn submission(line: &str, form: &Form) {
    let Ok(line) = Line::parse(line.trim_start_matches('\u{feff}')) else { return };
    let Ok(request) = line.request_on(form, true) else { return };
    assert!(!request.request_id.is_empty() && request.encoded_len() > 0);
    let report = request.report.expect("a request has a report").value;
    let mut reader = Reader::default();
    if reader.read(form, &report).is_err() {
        return;
    }
    let written = form.write(&form.row(&reader), &form.write_texts(&reader)).expect("what was read can be written");
    let json = form.to_json(&written).expect("what was written is a message");
    let again = form.from_json(&json).expect("what is told as JSON is read");
    reader.read(form, &again).expect("and is a report");
    assert_eq!(form.write(&form.row(&reader), &form.write_texts(&reader)).ok(), Some(written));
}

//! Series as a checkpoint keeps them: numbers as varints, in the order of the fields.
//! The record around them vouches for the bytes, so rows are not checked once more.

use super::bytes::{Bytes, put_digest, put_list, put_optional};
use crate::domain::event::{Explained, FormId};
use crate::domain::{Effective, History, Publication, RequestMark, Series, Stored, Told, Words};
use crate::form::{CheckId, put_part, put_varint, unzigzag, zigzag};
use crate::ledger::codec;
use crate::words::{Coverage, Day, Position, Revision, Timestamp, UnitCode};

const NOTHING: u64 = 0;
const ONCE: u64 = 1;
const MORE: u64 = 2;

const BLANK_MEANS_ZERO: u64 = 1;
const NIL_REPORT: u64 = 2;

/// A series with the unit and the coverage that it stands under.
pub(super) type Entry = (UnitCode, Coverage, Series);

/// Adds a series.
pub(super) fn put(out: &mut Vec<u8>, unit: &UnitCode, coverage: Coverage, series: &Series) {
    put_part(out, unit.as_str().as_bytes());
    put_varint(out, codec::coverage_to(coverage).into());
    put_optional(out, series.effective(), put_effective);
    match series.told() {
        Told::Nothing => put_varint(out, NOTHING),
        Told::Once(stored, time) => {
            put_varint(out, ONCE);
            put_stored(out, stored);
            put_time(out, *time);
        }
        Told::More(history) => {
            put_varint(out, MORE);
            put_history(out, history);
        }
    }
}

/// The series of a record.
pub(super) fn all_from(bytes: &[u8]) -> Option<Vec<Entry>> {
    let mut bytes = Bytes(bytes);
    let mut entries = Vec::new();
    while !bytes.is_empty() {
        entries.push(entry_from(&mut bytes)?);
    }
    Some(entries)
}

fn entry_from(bytes: &mut Bytes<'_>) -> Option<Entry> {
    let unit = UnitCode::new(bytes.text()?).ok()?;
    let coverage = codec::coverage_from(bytes.number()?).ok()?;
    let effective = bytes.optional(effective_from)?;
    let told = match bytes.varint()? {
        NOTHING => Told::Nothing,
        ONCE => Told::Once(stored_from(bytes)?, time_from(bytes)?),
        MORE => Told::More(Box::new(history_from(bytes)?)),
        _ => return None,
    };
    Some((unit, coverage, Series::kept(effective, told)))
}

fn put_history(out: &mut Vec<u8>, history: &History) {
    let History { revisions, first_accepted, pending, reviews, published, explained, form, changes } = history;
    put_list(out, revisions, put_stored);
    put_optional(out, *first_accepted, put_time);
    put_optional(out, pending.as_ref(), put_effective);
    put_list(out, reviews, |out, (revision, review, position)| {
        put_varint(out, revision.0.into());
        put_varint(out, codec::review_to(*review).into());
        put_varint(out, position.0);
    });
    put_optional(out, *published, |out, Publication { position, date }| {
        put_varint(out, position.0);
        put_part(out, date.to_string().as_bytes());
    });
    put_list(out, explained, put_words);
    put_optional(out, *form, |out, form| put_varint(out, form.0.into()));
    put_list(out, changes, |out, position| put_varint(out, position.0));
}

fn history_from(bytes: &mut Bytes<'_>) -> Option<History> {
    Some(History {
        revisions: bytes.list(stored_from)?,
        first_accepted: bytes.optional(time_from)?,
        pending: bytes.optional(effective_from)?,
        reviews: bytes.list(|bytes| {
            let (revision, review) = (Revision(bytes.number()?), codec::review_from(bytes.number()?).ok()?);
            Some((revision, review, Position(bytes.varint()?)))
        })?,
        published: bytes.optional(|bytes| {
            Some(Publication { position: Position(bytes.varint()?), date: Day::parse(bytes.text()?).ok()? })
        })?,
        explained: bytes.list(words_from)?,
        form: bytes.optional(|bytes| bytes.number().map(FormId))?,
        changes: bytes.list(|bytes| bytes.varint().map(Position))?,
    })
}

fn put_time(out: &mut Vec<u8>, time: Timestamp) {
    put_varint(out, zigzag(time.0));
}

fn time_from(bytes: &mut Bytes<'_>) -> Option<Timestamp> {
    Some(Timestamp(unzigzag(bytes.varint()?)))
}

fn put_stored(out: &mut Vec<u8>, stored: &Stored) {
    let Stored { revision, position, digest, request, withdrawn } = stored;
    put_varint(out, revision.0.into());
    put_varint(out, position.0);
    put_digest(out, digest);
    put_optional(out, *request, |out, RequestMark(mark)| out.extend_from_slice(&mark));
    put_varint(out, (*withdrawn).into());
}

fn stored_from(bytes: &mut Bytes<'_>) -> Option<Stored> {
    Some(Stored {
        revision: Revision(bytes.number()?),
        position: Position(bytes.varint()?),
        digest: bytes.digest()?,
        request: bytes.optional(|bytes| bytes.some().map(RequestMark))?,
        withdrawn: bytes.varint()? != 0,
    })
}

fn put_effective(out: &mut Vec<u8>, report: &Effective) {
    put_varint(out, report.revision.0.into());
    put_varint(out, report.form.0.into());
    let blank = if report.blank_means_zero { BLANK_MEANS_ZERO } else { 0 };
    put_varint(out, blank | if report.nil_report { NIL_REPORT } else { 0 });
    let (row, findings) = report.parts();
    put_part(out, row);
    put_part(out, findings);
}

fn effective_from(bytes: &mut Bytes<'_>) -> Option<Effective> {
    let (revision, form, flags) = (Revision(bytes.number()?), FormId(bytes.number()?), bytes.varint()?);
    let mut report = Effective::packed(revision, form, (bytes.long()?, bytes.long()?));
    report.blank_means_zero = flags & BLANK_MEANS_ZERO != 0;
    report.nil_report = flags & NIL_REPORT != 0;
    Some(report)
}

fn put_words(out: &mut Vec<u8>, words: &Words) {
    let Words { explained: Explained { check, left, right }, text } = words;
    put_varint(out, check.0.into());
    [left, right].into_iter().for_each(|side| put_varint(out, zigzag(*side)));
    put_optional(out, text.as_ref(), put_digest);
}

fn words_from(bytes: &mut Bytes<'_>) -> Option<Words> {
    let (check, left, right) = (CheckId(bytes.number()?), unzigzag(bytes.varint()?), unzigzag(bytes.varint()?));
    Some(Words { explained: Explained { check, left, right }, text: bytes.optional(Bytes::digest)? })
}

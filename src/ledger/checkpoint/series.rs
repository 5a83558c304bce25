//! Series as a checkpoint keeps them: numbers as varints, in the order of the fields.
//! The record around them vouches for the bytes, so rows are not checked once more.

use std::sync::Arc;

use super::bytes::{Bytes, put_bytes, put_digest, put_list, put_optional};
use crate::domain::event::{Explained, FormId, Review};
use crate::domain::{Effective, EffectiveParts, Publication, Series, SeriesParts, Stored, Words};
use crate::form::{CheckId, Form, Row, put_varint, unzigzag, zigzag};
use crate::ledger::codec;
use crate::words::{Coverage, Day, Position, RequestId, Revision, Timestamp, UnitCode};

const WITHDRAWN: u64 = 1;
const APPROVED: u64 = 2;
const RETURNED: u64 = 4;

const BLANK_MEANS_ZERO: u64 = 1;
const NIL_REPORT: u64 = 2;

/// A series with the unit and the coverage that it stands under.
pub(super) type Entry = (UnitCode, Coverage, Series);

/// Adds a series.
pub(super) fn put(out: &mut Vec<u8>, unit: &UnitCode, coverage: Coverage, series: &Series) {
    put_bytes(out, unit.as_str().as_bytes());
    put_varint(out, codec::coverage_to(coverage).into());
    put_list(out, series.revisions(), put_stored);
    put_optional(out, series.effective(), put_effective);
    put_optional(out, series.pending(), put_effective);
    put_optional(out, series.first_accepted(), |out, time| put_varint(out, zigzag(time.0)));
    put_optional(out, series.published(), |out, Publication { position, date }| {
        put_varint(out, position.0);
        put_bytes(out, date.to_string().as_bytes());
    });
    put_list(out, series.explained(), put_words);
    put_optional(out, series.explained_by(), |out, form| put_varint(out, form.0.into()));
    put_list(out, series.changes(), |out, position| put_varint(out, position.0));
}

/// The series of a record.
pub(super) fn all_from(bytes: &[u8], forms: &[Arc<Form>]) -> Option<Vec<Entry>> {
    let mut bytes = Bytes(bytes);
    let mut entries = Vec::new();
    while !bytes.is_empty() {
        entries.push(entry_from(&mut bytes, forms)?);
    }
    Some(entries)
}

fn entry_from(bytes: &mut Bytes<'_>, forms: &[Arc<Form>]) -> Option<Entry> {
    let unit = UnitCode::new(bytes.text()?).ok()?;
    let coverage = codec::coverage_from(bytes.number()?).ok()?;
    let parts = SeriesParts {
        revisions: bytes.list(stored_from)?,
        effective: bytes.optional(|bytes| effective_from(bytes, forms))?,
        pending: bytes.optional(|bytes| effective_from(bytes, forms))?,
        first_accepted: bytes.optional(|bytes| Some(Timestamp(unzigzag(bytes.varint()?))))?,
        published: bytes.optional(|bytes| {
            Some(Publication { position: Position(bytes.varint()?), date: Day::parse(bytes.text()?).ok()? })
        })?,
        explained: bytes.list(words_from)?,
        explained_by: bytes.optional(|bytes| bytes.number().map(FormId))?,
        changes: bytes.list(|bytes| bytes.varint().map(Position))?,
    };
    Some((unit, coverage, parts.into()))
}

fn put_stored(out: &mut Vec<u8>, stored: &Stored) {
    let Stored { revision, position, digest, request_id, withdrawn, review } = stored;
    put_varint(out, revision.0.into());
    put_varint(out, position.0);
    put_digest(out, digest);
    put_bytes(out, request_id.as_ref().map_or("", RequestId::as_str).as_bytes());
    let reviewed = match review {
        None => 0,
        Some((Review::Approved, _)) => APPROVED,
        Some((Review::Returned, _)) => RETURNED,
    };
    put_varint(out, reviewed | if *withdrawn { WITHDRAWN } else { 0 });
    review.iter().for_each(|(_, position)| put_varint(out, position.0));
}

fn stored_from(bytes: &mut Bytes<'_>) -> Option<Stored> {
    let (revision, position, digest) = (Revision(bytes.number()?), Position(bytes.varint()?), bytes.digest()?);
    let request_id = bytes.text()?;
    let flags = bytes.varint()?;
    let review = match flags & (APPROVED | RETURNED) {
        0 => None,
        APPROVED => Some(Review::Approved),
        RETURNED => Some(Review::Returned),
        _ => return None,
    };
    Some(Stored {
        revision,
        position,
        digest,
        request_id: (!request_id.is_empty()).then(|| RequestId::new(request_id)).transpose().ok()?,
        withdrawn: flags & WITHDRAWN != 0,
        review: match review {
            Some(review) => Some((review, Position(bytes.varint()?))),
            None => None,
        },
    })
}

fn put_effective(out: &mut Vec<u8>, report: &Effective) {
    put_varint(out, report.revision.0.into());
    put_varint(out, report.form.0.into());
    let blank = if report.blank_means_zero { BLANK_MEANS_ZERO } else { 0 };
    put_varint(out, blank | if report.nil_report { NIL_REPORT } else { 0 });
    put_bytes(out, report.row.as_bytes());
    put_bytes(out, &codec::findings_to(report.findings()));
}

fn effective_from(bytes: &mut Bytes<'_>, forms: &[Arc<Form>]) -> Option<EffectiveParts> {
    let (revision, form, flags) = (Revision(bytes.number()?), bytes.number::<u32>()?, bytes.varint()?);
    let judged_by = forms.get(usize::try_from(form).ok()?.checked_sub(1)?)?;
    Some(EffectiveParts {
        revision,
        form: FormId(form),
        judged_by: Arc::clone(judged_by),
        blank_means_zero: flags & BLANK_MEANS_ZERO != 0,
        nil_report: flags & NIL_REPORT != 0,
        row: Row::from_checked_bytes(bytes.long()?),
        findings: codec::findings_from(bytes.long()?)?,
    })
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

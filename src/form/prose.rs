//! Text: kept as sent, in one canonical encoding.
//!
//! Canonical: fields in order of number, elements of a repeated field as sent,
//! no unset field, no empty message, varints as short as they get. So the same
//! text from a library that orders fields differently is the same text.

use prost::Message as _;

use super::Form;
use super::options::Claim;
use super::read::{ProseElement, ReadError, Reader, is_bytes, set, take_bytes, take_tag, take_varint};
use super::row::put_varint;
use super::schema::{Group, Prose, Shape, join};
use crate::words::limits;

/// Reads one element of a prose field that stands in a group.
pub(super) fn read<'a>(
    reader: &mut Reader,
    form: &Form,
    group: &Group,
    field: &Prose,
    input: &'a [u8],
) -> Result<&'a [u8], ReadError> {
    let path = join(&group.path, &field.name);
    let before = reader.prose.iter().filter(|known| known.group == group.id && known.number == field.number).count();
    if before > 0 && !field.repeated {
        return Err(ReadError::new(&path, "is there twice"));
    }
    if before >= limits::TEXTS_PER_FIELD {
        return Err(ReadError::new(&path, format!("has more than {} elements", limits::TEXTS_PER_FIELD)));
    }
    let mut bytes = Vec::new();
    let rest = element(reader, form, field, &path, input, &mut bytes)?;
    if field.repeated || field.presence || !is_empty(field, &bytes) {
        reader.prose.push(ProseElement { group: group.id, number: field.number, bytes });
    }
    Ok(rest)
}

/// Whether an encoded element says nothing.
fn is_empty(field: &Prose, bytes: &[u8]) -> bool {
    match field.shape {
        Shape::Integer => bytes == [0],
        Shape::Text { .. } | Shape::Message(_) | Shape::Claim(_) => bytes.is_empty(),
    }
}

/// Reads one element and appends its canonical encoding, without tag and length.
fn element<'a>(
    reader: &mut Reader,
    form: &Form,
    field: &Prose,
    path: &str,
    input: &'a [u8],
    out: &mut Vec<u8>,
) -> Result<&'a [u8], ReadError> {
    let damaged = || ReadError::new(path, "is cut short, or a varint is over-long");
    if let Shape::Integer = field.shape {
        let (raw, rest) = take_varint(input).ok_or_else(damaged)?;
        put_varint(out, raw);
        return Ok(rest);
    }
    let (content, rest) = take_bytes(input).ok_or_else(damaged)?;
    match &field.shape {
        Shape::Integer => {}
        Shape::Text { max_bytes, id } => {
            let text = std::str::from_utf8(content).map_err(|_| ReadError::new(path, "is not UTF-8"))?;
            if text.len() > *max_bytes {
                return Err(ReadError::new(path, format!("is longer than {max_bytes} bytes")));
            }
            if let Some(id) = id.filter(|_| !text.trim().is_empty()) {
                let _ = set(&mut reader.texts_stated, id);
            }
            out.extend_from_slice(content);
        }
        Shape::Message(fields) => message(reader, form, fields, path, content, out)?,
        Shape::Claim(fields) => {
            message(reader, form, fields, path, content, out)?;
            let claim = Claim::decode(out.as_slice()).map_err(|error| ReadError::new(path, error.to_string()))?;
            if reader.claims.len() >= limits::CLAIMS_PER_REPORT {
                return Err(ReadError::new(path, format!("more than {} claims", limits::CLAIMS_PER_REPORT)));
            }
            reader.claims.push(claim);
        }
    }
    Ok(rest)
}

/// Reads a message of texts and appends its canonical encoding.
fn message(
    reader: &mut Reader,
    form: &Form,
    fields: &[Prose],
    path: &str,
    mut input: &[u8],
    out: &mut Vec<u8>,
) -> Result<(), ReadError> {
    let mut found: Vec<(&Prose, Vec<u8>)> = Vec::new();
    while !input.is_empty() {
        let (tag, rest) =
            take_tag(input).ok_or_else(|| ReadError::new(path, "is cut short, or a varint is over-long"))?;
        let field = fields
            .iter()
            .find(|field| field.number == tag >> 3)
            .ok_or_else(|| ReadError::new(path, format!("field {} is not in the form", tag >> 3)))?;
        let below = join(path, &field.name);
        if field.tag != tag {
            return Err(ReadError::new(&below, "has another wire type"));
        }
        let before = found.iter().filter(|(known, _)| known.number == field.number).count();
        if before > 0 && !field.repeated {
            return Err(ReadError::new(&below, "is there twice"));
        }
        if before >= limits::TEXTS_PER_FIELD {
            return Err(ReadError::new(&below, format!("has more than {} elements", limits::TEXTS_PER_FIELD)));
        }
        let mut bytes = Vec::new();
        input = element(reader, form, field, &below, rest, &mut bytes)?;
        found.push((field, bytes));
    }
    found.sort_by_key(|(field, _)| field.number);
    for (field, bytes) in found {
        if field.repeated || field.presence || !is_empty(field, &bytes) {
            put_element(out, field, &bytes);
        }
    }
    Ok(())
}

/// Appends one element with its tag and, if it has one, its length.
pub(super) fn put_element(out: &mut Vec<u8>, field: &Prose, bytes: &[u8]) {
    put_varint(out, u64::from(field.tag));
    if is_bytes(field.tag) {
        put_varint(out, bytes.len() as u64);
    }
    out.extend_from_slice(bytes);
}

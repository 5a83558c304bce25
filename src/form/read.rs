//! From the wire to cells: a report is walked once, straight into a table of
//! figures and a bitmap of presence.
//!
//! Every byte is accounted for: unknown fields, singular fields sent twice,
//! wrong wire types and over-long varints are refused with their path. A
//! negative figure is no reading error, it is a finding. Encoders emit fields in
//! order, so the next field is expected first and searched for only if it is
//! another. A [`Reader`] is used again and again: reading figures allocates
//! nothing.

use super::Form;
use super::options::Claim;
use super::prose;
use super::schema::{BYTES, Field, Group, Kind, Zeros};

/// Bytes that are not a report of the form.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: {problem}", if path.is_empty() { "report" } else { path })]
pub struct ReadError {
    /// Path of the field, or of the message around it.
    pub path: String,
    /// What is wrong there.
    pub problem: String,
}

impl ReadError {
    pub(super) fn new(path: &str, problem: impl Into<String>) -> Self {
        Self { path: path.to_owned(), problem: problem.into() }
    }
}

/// A report as it was read. See the module.
#[derive(Debug, Default)]
pub struct Reader {
    pub(super) values: Vec<i64>,
    pub(super) present: Vec<u64>,
    /// Cells that are not 0, in the order they were read.
    pub(super) nonzero: Vec<usize>,
    pub(super) texts_stated: Vec<u64>,
    pub(super) prose: Vec<ProseElement>,
    pub(super) claims: Vec<Claim>,
    pub(super) residuals: Vec<i64>,
    groups_seen: Vec<u64>,
}

/// One element of a prose field, in canonical encoding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ProseElement {
    pub(super) group: usize,
    pub(super) number: u32,
    pub(super) bytes: Vec<u8>,
}

impl Reader {
    /// Figures by cell; 0 where absent.
    #[must_use]
    pub fn values(&self) -> &[i64] {
        &self.values
    }

    /// Bit i of word i/64 is set where cell i is stated.
    #[must_use]
    pub fn present(&self) -> &[u64] {
        &self.present
    }

    /// What the prose claims about cells.
    #[must_use]
    pub fn claims(&self) -> &[Claim] {
        &self.claims
    }

    /// The same, to be kept.
    pub fn take_claims(&mut self) -> Vec<Claim> {
        std::mem::take(&mut self.claims)
    }

    fn reset(&mut self, form: &Form) {
        self.values.clear();
        self.values.resize(form.cells.len(), 0);
        self.present.clear();
        self.present.resize(form.cells.required().len(), 0);
        self.groups_seen.clear();
        self.groups_seen.resize(form.groups.div_ceil(64), 0);
        self.texts_stated.clear();
        self.texts_stated.resize(form.texts.len().div_ceil(64), 0);
        self.nonzero.clear();
        self.prose.clear();
        self.claims.clear();
    }

    /// Reads one report.
    ///
    /// # Errors
    /// [`ReadError`] if the bytes are not exactly a report of the form.
    pub fn read(&mut self, form: &Form, bytes: &[u8]) -> Result<(), ReadError> {
        self.reset(form);
        self.group(form, &form.root, bytes)
    }

    fn group(&mut self, form: &Form, group: &Group, mut input: &[u8]) -> Result<(), ReadError> {
        let mut expected = group.fields.iter();
        while !input.is_empty() {
            let (tag, rest) = take_tag(input).ok_or_else(|| damaged(&group.path))?;
            let field = match expected.next() {
                Some(field) if field.tag == tag => field,
                _ => {
                    let index = find(group, tag)?;
                    expected = group.fields.get(index.saturating_add(1)..).unwrap_or_default().iter();
                    group.fields.get(index).ok_or_else(|| damaged(&group.path))?
                }
            };
            input = match &field.kind {
                Kind::Cell(index) => {
                    let (raw, rest) = take_varint(rest).ok_or_else(|| damaged_at(group, field))?;
                    self.cell(*index, raw.cast_signed()).ok_or_else(|| twice(group, field))?;
                    rest
                }
                Kind::Group(below) => {
                    let (content, rest) = take_bytes(rest).ok_or_else(|| damaged_at(group, field))?;
                    set(&mut self.groups_seen, below.id).ok_or_else(|| twice(group, field))?;
                    match &below.zeros {
                        Some(zeros) if *zeros.wire == *content => self.all_zero(zeros),
                        _ => self.group(form, below, content)?,
                    }
                    rest
                }
                Kind::Prose(shape) => prose::read(self, form, group, shape, rest)?,
            };
        }
        Ok(())
    }

    fn cell(&mut self, index: usize, value: i64) -> Option<()> {
        set(&mut self.present, index)?;
        if value != 0 {
            *self.values.get_mut(index)? = value;
            self.nonzero.push(index);
        }
        Some(())
    }

    /// A group whose every cell is stated and 0. It was not seen before, so none
    /// of its cells were.
    fn all_zero(&mut self, zeros: &Zeros) {
        for &(word, bits) in &zeros.present {
            if let Some(word) = self.present.get_mut(word) {
                *word |= bits;
            }
        }
    }
}

/// Sets a bit that must not be set.
pub(super) fn set(words: &mut [u64], index: usize) -> Option<()> {
    let word = words.get_mut(index / 64)?;
    let bit = 1_u64 << (index % 64);
    let fresh = *word & bit == 0;
    *word |= bit;
    fresh.then_some(())
}

/// Index of the field with that tag.
fn find(group: &Group, tag: u32) -> Result<usize, ReadError> {
    let number = tag >> 3;
    let index = group
        .fields
        .binary_search_by_key(&number, |field| field.number)
        .map_err(|_| ReadError::new(&group.path, format!("field {number} is not in the form")))?;
    match group.fields.get(index) {
        Some(field) if field.tag == tag => Ok(index),
        Some(field) => Err(ReadError::new(&super::schema::join(&group.path, &field.name), "has another wire type")),
        None => Err(damaged(&group.path)),
    }
}

fn damaged(path: &str) -> ReadError {
    ReadError::new(path, "is cut short, or a varint is over-long")
}

fn damaged_at(group: &Group, field: &Field) -> ReadError {
    damaged(&super::schema::join(&group.path, &field.name))
}

fn twice(group: &Group, field: &Field) -> ReadError {
    ReadError::new(&super::schema::join(&group.path, &field.name), "is there twice")
}

/// Takes a varint in its shortest form.
pub(super) fn take_varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    match bytes.split_first() {
        Some((&byte, rest)) if byte < 0x80 => Some((u64::from(byte), rest)),
        _ => {
            let (value, rest) = super::row::take_varint(bytes)?;
            let used = bytes.len().checked_sub(rest.len())?;
            // a last byte of 0 adds nothing: not the shortest form
            (bytes.get(used.checked_sub(1)?) != Some(&0)).then_some((value, rest))
        }
    }
}

/// Takes a tag; field number 0 and group wire types find no field.
pub(super) fn take_tag(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let (raw, rest) = take_varint(bytes)?;
    u32::try_from(raw).ok().map(|tag| (tag, rest))
}

/// Takes a length and so many bytes.
pub(super) fn take_bytes(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = take_varint(bytes)?;
    rest.split_at_checked(usize::try_from(length).ok()?)
}

/// Whether a tag announces bytes.
pub(super) fn is_bytes(tag: u32) -> bool {
    tag & 7 == BYTES
}

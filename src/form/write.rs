//! From cells back to the wire: the canonical encoding of a stored report.

use super::Form;
use super::read::{ProseElement, ReadError, Reader};
use super::row::{Row, RowError, put_varint};
use super::schema::{Group, Kind, VARINT, Zeros, tag};
use super::{CellTable, prose};

/// A stored report that cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The row is damaged.
    #[error(transparent)]
    Row(#[from] RowError),
    /// The texts are damaged.
    #[error("stored texts are damaged: {0}")]
    Texts(#[from] ReadError),
}

impl Form {
    /// Encodes a report from its figures and its texts, fields in order.
    ///
    /// # Errors
    /// [`WriteError`] if what is stored is damaged.
    pub fn write(&self, row: &Row, texts: &[u8]) -> Result<Vec<u8>, WriteError> {
        let mut reader = Reader::default();
        reader.read(self, texts)?;
        row.borrowed().unpack(&self.cells, &mut reader.present, &mut reader.values)?;
        let mut out = Vec::with_capacity(1024);
        put_group(&mut out, &self.root, &reader, true);
        Ok(out)
    }

    /// Encodes only the texts of a report that was read; empty if it has none.
    #[must_use]
    pub fn write_texts(&self, reader: &Reader) -> Vec<u8> {
        let mut out = Vec::new();
        if !reader.prose.is_empty() {
            put_group(&mut out, &self.root, reader, false);
        }
        out
    }

    /// The figures of a report that was read.
    #[must_use]
    pub fn row(&self, reader: &Reader) -> Row {
        Row::pack(&self.cells, &reader.present, &reader.values)
    }
}

/// Appends a group. Groups that state nothing are left out.
fn put_group(out: &mut Vec<u8>, group: &Group, reader: &Reader, figures: bool) {
    for field in &group.fields {
        match &field.kind {
            Kind::Cell(index) if figures && CellTable::is_set(&reader.present, *index) => {
                put_varint(out, u64::from(field.tag));
                put_varint(out, reader.values.get(*index).copied().unwrap_or(0).cast_unsigned());
            }
            Kind::Cell(_) => {}
            Kind::Group(below) => {
                let mut content = Vec::new();
                put_group(&mut content, below, reader, figures);
                if !content.is_empty() {
                    put_varint(out, u64::from(field.tag));
                    put_varint(out, content.len() as u64);
                    out.extend_from_slice(&content);
                }
            }
            Kind::Prose(shape) => {
                let is_ours = |known: &&ProseElement| known.group == group.id && known.number == shape.number;
                reader.prose.iter().filter(is_ours).for_each(|known| prose::put_element(out, shape, &known.bytes));
            }
        }
    }
}

/// How a group looks with every cell stated as 0, if it holds cells only.
pub(super) fn zeros(group: &Group) -> Option<Zeros> {
    let (mut wire, mut present) = (Vec::new(), Vec::<(usize, u64)>::new());
    for field in &group.fields {
        let Kind::Cell(index) = field.kind else { return None };
        put_varint(&mut wire, u64::from(tag(field.number, VARINT)));
        wire.push(0);
        let (word, bit) = (index / 64, 1 << (index % 64));
        match present.last_mut() {
            Some((last, bits)) if *last == word => *bits |= bit,
            _ => present.push((word, bit)),
        }
    }
    Some(Zeros { wire: wire.into_boxed_slice(), present })
}

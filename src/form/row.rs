//! A report's figures, packed: most are 0, so a row is some tens of bytes.
//!
//! Canonical: equal figures and presence give equal bytes, so a row can be
//! digested. Layout: one byte (0: exactly the form's required cells are
//! present; 1: a bitmap of all cells follows), then for each cell that is not
//! 0, in table order, the gap to the cell before as a varint and the value as a
//! zigzag varint.

use std::fmt;

use super::CellTable;

/// Bytes that are not a row of the form.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("stored row is damaged: {0}")]
pub struct RowError(pub(crate) &'static str);

/// Presence and figures of one report.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Row(Box<[u8]>);

/// The same, where the bytes lie elsewhere.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct RowRef<'a>(&'a [u8]);

const REQUIRED_ONLY: u8 = 0;
const WITH_BITMAP: u8 = 1;

impl Row {
    /// Packs `values`; `present` has bit i of word i/64 set where cell i is stated.
    ///
    /// Values of absent cells must be 0.
    #[must_use]
    pub fn pack(table: &CellTable, present: &[u64], values: &[i64]) -> Self {
        let mut bytes = Vec::with_capacity(64);
        if table.required() == present {
            bytes.push(REQUIRED_ONLY);
        } else {
            bytes.push(WITH_BITMAP);
            let bitmap = present.iter().flat_map(|word| word.to_le_bytes());
            bytes.extend(bitmap.take(table.len().div_ceil(8)));
        }
        let mut next = 0_usize;
        for (index, &value) in values.iter().enumerate().filter(|(_, value)| **value != 0) {
            put_varint(&mut bytes, index.saturating_sub(next) as u64);
            put_varint(&mut bytes, zigzag(value));
            next = index.saturating_add(1);
        }
        Self(bytes.into_boxed_slice())
    }

    /// Takes stored bytes, checked whole.
    ///
    /// # Errors
    /// [`RowError`] if they are not a canonical row of that form.
    pub fn from_bytes(table: &CellTable, bytes: &[u8]) -> Result<Self, RowError> {
        let row = Self(bytes.into());
        let (mut present, mut values) = (table.no_cells(), vec![0_i64; table.len()]);
        row.borrowed().unpack(table, &mut present, &mut values)?;
        if Self::pack(table, &present, &values) != row {
            return Err(RowError("it is not in canonical form"));
        }
        Ok(row)
    }

    /// The packed bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The row, to be read.
    #[must_use]
    pub fn borrowed(&self) -> RowRef<'_> {
        RowRef(&self.0)
    }
}

impl<'a> RowRef<'a> {
    /// The packed bytes.
    #[must_use]
    pub fn as_bytes(self) -> &'a [u8] {
        self.0
    }

    /// Takes bytes that were packed before.
    pub(crate) fn of_packed(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// Where the figures start, and the bitmap before them if there is one.
    fn split(self, table: &CellTable) -> Result<(Option<&'a [u8]>, &'a [u8]), RowError> {
        match self.0.split_first() {
            Some((&REQUIRED_ONLY, figures)) => Ok((None, figures)),
            Some((&WITH_BITMAP, rest)) => rest
                .split_at_checked(table.len().div_ceil(8))
                .map(|(bitmap, figures)| (Some(bitmap), figures))
                .ok_or(RowError("its bitmap is cut short")),
            _ => Err(RowError("its first byte is unknown")),
        }
    }

    /// Cells that are not 0, in table order, as (index, value).
    pub fn nonzero(self, table: &CellTable) -> impl Iterator<Item = (usize, i64)> + Clone + use<'a> {
        let mut rest = self.split(table).map_or(&[][..], |(_, figures)| figures);
        let mut next = 0_usize;
        std::iter::from_fn(move || {
            let (gap, after_gap) = take_varint(rest)?;
            let (raw, after_value) = take_varint(after_gap)?;
            let index = next.checked_add(usize::try_from(gap).ok()?)?;
            next = index.checked_add(1)?;
            rest = after_value;
            Some((index, unzigzag(raw)))
        })
    }

    /// How far the figure furthest from 0 is from it.
    #[must_use]
    pub fn reach(self, table: &CellTable) -> u64 {
        self.nonzero(table).map(|(_, value)| value.unsigned_abs()).max().unwrap_or(0)
    }

    /// Whether a cell is stated.
    #[must_use]
    pub fn states(self, table: &CellTable, cell: usize) -> bool {
        match self.split(table) {
            Ok((None, _)) => table.is_required(cell),
            Ok((Some(bitmap), _)) => has_bit(bitmap, cell),
            Err(_) => false,
        }
    }

    /// Which of the cells that need not be stated are, by their place among these.
    pub fn stated_optional(self, table: &'a CellTable) -> impl Iterator<Item = usize> + use<'a> {
        let bitmap = self.split(table).ok().and_then(|(bitmap, _)| bitmap);
        let stated = |bitmap: &'a [u8]| {
            let optional = table.optional().iter().enumerate();
            optional.filter(|(_, cell)| has_bit(bitmap, **cell)).map(|(place, _)| place)
        };
        bitmap.into_iter().flat_map(stated)
    }

    /// Writes presence and values into full-length slices that hold zeros.
    ///
    /// # Errors
    /// [`RowError`] if the bytes are damaged.
    pub fn unpack(self, table: &CellTable, present: &mut [u64], values: &mut [i64]) -> Result<(), RowError> {
        let (bitmap, figures) = self.split(table)?;
        match bitmap {
            None => present.copy_from_slice(table.required()),
            Some(bitmap) => {
                for (word, chunk) in present.iter_mut().zip(bitmap.chunks(8)) {
                    let mut bytes = [0_u8; 8];
                    bytes.iter_mut().zip(chunk).for_each(|(to, from)| *to = *from);
                    *word = u64::from_le_bytes(bytes);
                }
            }
        }
        let mut rest = figures;
        let mut next = 0_usize;
        while !rest.is_empty() {
            let (gap, after_gap) = take_varint(rest).ok_or(RowError("a gap is cut short"))?;
            let (raw, after_value) = take_varint(after_gap).ok_or(RowError("a figure is cut short"))?;
            let index =
                usize::try_from(gap).ok().and_then(|gap| next.checked_add(gap)).ok_or(RowError("a gap is too wide"))?;
            *values.get_mut(index).ok_or(RowError("a figure is beyond the form"))? = unzigzag(raw);
            next = index.saturating_add(1);
            rest = after_value;
        }
        Ok(())
    }
}

impl fmt::Debug for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Row({} bytes)", self.0.len())
    }
}

impl fmt::Debug for RowRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RowRef({} bytes)", self.0.len())
    }
}

fn has_bit(bitmap: &[u8], cell: usize) -> bool {
    bitmap.get(cell / 8).is_some_and(|byte| byte >> (cell % 8) & 1 == 1)
}

/// Maps small negative and positive figures to small unsigned ones.
pub(crate) fn zigzag(value: i64) -> u64 {
    value.wrapping_shl(1).cast_unsigned() ^ (value >> 63).cast_unsigned()
}

/// The inverse of [`zigzag`].
pub(crate) fn unzigzag(raw: u64) -> i64 {
    (raw >> 1).cast_signed() ^ (raw & 1).cast_signed().wrapping_neg()
}

/// Appends a base-128 varint.
pub(crate) fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push((value & 0x7f) as u8);
}

/// Takes a base-128 varint of at most 10 bytes.
pub(crate) fn take_varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    match bytes.split_first() {
        Some((&byte, rest)) if byte < 0x80 => Some((u64::from(byte), rest)),
        _ => take_long_varint(bytes),
    }
}

fn take_long_varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut value = 0_u64;
    for (index, &byte) in bytes.iter().enumerate().take(10) {
        let part = u64::from(byte & 0x7f);
        if index == 9 && byte > 1 {
            return None;
        }
        value |= part << index.saturating_mul(7);
        if byte < 0x80 {
            return bytes.get(index.saturating_add(1)..).map(|rest| (value, rest));
        }
    }
    None
}

/// Appends bytes after their length.
pub(crate) fn put_part(out: &mut Vec<u8>, part: &[u8]) {
    put_varint(out, part.len() as u64);
    out.extend_from_slice(part);
}

/// Takes a length and so many bytes.
pub(crate) fn take_part(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = take_varint(bytes)?;
    rest.split_at_checked(usize::try_from(length).ok()?)
}

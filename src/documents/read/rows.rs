//! The rows of a sheet, cut into paragraphs and tables.
//!
//! A sheet has no paragraphs: a title or the heading of a section is a row with text
//! in one cell. Such a row is a paragraph where it begins with the number of a
//! section, holds prose, or stands apart from tables; else it is a row of the table
//! around it, since tables have rows with a single text as well: a title across the
//! table, or the heading of a row that was left blank, with figures below it.

use std::collections::BTreeMap;
use std::mem;

use super::ReadError;
use super::build::{Counts, GridBuilder};
use crate::documents::written::is_figure;
use crate::documents::{Block, GridCell};

/// A cell of a sheet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct SheetCell {
    pub(super) text: String,
    pub(super) rows: usize,
    pub(super) columns: usize,
}

/// Rows with their cells, by row and column. Rows that are not there are blank.
pub(super) type Sheet = BTreeMap<usize, BTreeMap<usize, SheetCell>>;

/// Characters of the longest text that may be a row of a table by itself.
const LABEL_CHARS: usize = 40;

/// What a row may be.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Text in no cell.
    Blank,
    /// A paragraph, whatever stands around it: the heading of a section.
    Heading,
    /// A paragraph, whatever stands around it: prose.
    Prose,
    /// Text in one cell: a paragraph or a row of a table.
    Single,
    /// A row of a table.
    Row,
}

/// Adds the blocks of a sheet.
pub(super) fn blocks(
    sheet: Sheet,
    spans_known: bool,
    counts: &mut Counts,
    blocks: &mut Vec<Block>,
) -> Result<(), ReadError> {
    let kinds: Vec<(usize, Kind)> = sheet.iter().map(|(row, cells)| (*row, kind(cells))).collect();
    let kinds: Vec<(usize, Kind)> = kinds.into_iter().filter(|(_, kind)| *kind != Kind::Blank).collect();
    let has_figures =
        |row: &usize| sheet.get(row).is_some_and(|cells| cells.values().any(|cell| is_figure(&cell.text)));
    let figures: Vec<bool> = kinds.iter().map(|(row, _)| has_figures(row)).collect();
    let mut table = Vec::new();
    let mut sheet = sheet;
    for (position, (row, kind)) in kinds.iter().enumerate() {
        let before = position.checked_sub(1).and_then(|before| kinds.get(before));
        let after = kinds.get(position.saturating_add(1));
        let adjoins = table.last().is_some_and(|(above, _): &(usize, _)| above.saturating_add(1) == *row);
        let is_row = |row: Option<&(usize, Kind)>| row.is_some_and(|(_, kind)| *kind == Kind::Row);
        let belongs = match kind {
            Kind::Row => true,
            // within a table, or its first row below the heading of a section
            Kind::Single | Kind::Heading | Kind::Prose if adjoins && is_above_figures(&kinds, &figures, position) => {
                true
            }
            Kind::Single => {
                adjoins || is_row(after) && before.is_some_and(|(_, kind)| matches!(kind, Kind::Row | Kind::Heading))
            }
            Kind::Blank | Kind::Heading | Kind::Prose => false,
        };
        let cells = sheet.remove(row).unwrap_or_default();
        if belongs {
            table.push((*row, cells));
            continue;
        }
        grid(mem::take(&mut table), spans_known, counts, blocks)?;
        for cell in cells.values() {
            counts.paragraphs(&cell.text, blocks)?;
        }
    }
    grid(table, spans_known, counts, blocks)
}

/// Whether the next row with several texts follows without a gap and has figures.
fn is_above_figures(kinds: &[(usize, Kind)], figures: &[bool], position: usize) -> bool {
    let mut rows = kinds.iter().zip(figures).skip(position);
    let Some((&(mut last, _), _)) = rows.next() else { return false };
    for ((row, kind), has_figures) in rows {
        if last.saturating_add(1) != *row {
            return false;
        }
        if *kind == Kind::Row {
            return *has_figures;
        }
        last = *row;
    }
    false
}

fn kind(cells: &BTreeMap<usize, SheetCell>) -> Kind {
    let mut texts = cells.values().map(|cell| cell.text.as_str()).filter(|text| !text.is_empty());
    let (Some(text), next) = (texts.next(), texts.next()) else { return Kind::Blank };
    if next.is_some() {
        Kind::Row
    } else if is_numbered(text) {
        Kind::Heading
    } else if text.chars().count() > LABEL_CHARS || text.contains('。') {
        Kind::Prose
    } else {
        Kind::Single
    }
}

/// Whether a text begins like the heading of a section: a number and 、.
fn is_numbered(text: &str) -> bool {
    let is_digit = |digit: char| digit.is_ascii_digit() || "一二三四五六七八九十".contains(digit);
    text.split_once('、').is_some_and(|(number, _)| !number.is_empty() && number.trim().chars().all(is_digit))
}

/// Adds the table of some rows. Blank rows between them and blank columns around them
/// are left out; what is blank within is a blank cell.
fn grid(
    rows: Vec<(usize, BTreeMap<usize, SheetCell>)>,
    spans_known: bool,
    counts: &mut Counts,
    blocks: &mut Vec<Block>,
) -> Result<(), ReadError> {
    let numbers: Vec<usize> = rows.iter().map(|(row, _)| *row).collect();
    let texts = || rows.iter().flat_map(|(_, cells)| cells).filter(|(_, cell)| !cell.text.is_empty());
    let first = texts().map(|(column, _)| *column).min().unwrap_or(0);
    let end = texts().map(|(column, cell)| column.saturating_add(cell.columns)).max().unwrap_or(0);
    let mut grid = GridBuilder::default();
    for (row, (number, mut cells)) in rows.into_iter().enumerate() {
        for column in first..end {
            let SheetCell { text, rows, columns } = cells.remove(&column).unwrap_or_default();
            // a cell reaches over those of its rows that are kept
            let below = number.saturating_add(rows.max(1));
            let rows = numbers.partition_point(|number| *number < below).saturating_sub(row);
            let columns = columns.clamp(1, end.saturating_sub(column));
            let column = column.saturating_sub(first);
            grid.place(GridCell { row, column, rows, columns, text }, counts)?;
        }
    }
    counts.table(grid.finish(numbers.len(), spans_known), blocks)
}

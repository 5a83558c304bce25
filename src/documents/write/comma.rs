//! Comma-separated values: the document line by line, its tables below each other.
//!
//! Where a heading reaches over several rows or columns it stands in the first and
//! the others are blank. No cell is taken for a formula by a spreadsheet.

use super::grid::{Cell, Table};
use super::piece::{self, Piece};
use super::{Publication, WriteError};

/// By this spreadsheets know the encoding.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// Writes a publication.
pub(super) fn write(publication: &Publication<'_>) -> Result<Vec<u8>, WriteError> {
    let mut lines = csv::WriterBuilder::new().flexible(true).from_writer(BYTE_ORDER_MARK.to_vec());
    for piece in piece::pieces(publication) {
        match piece {
            Piece::Title(text)
            | Piece::Centred(text)
            | Piece::Heading(_, text)
            | Piece::Paragraph(text)
            | Piece::Signature(text) => lines.write_record([guarded(&text)])?,
            Piece::ToFill(text) => lines.write_record([text])?,
            Piece::Table(table) => put(&table, &mut lines)?,
            Piece::NewPage => {}
        }
    }
    lines.into_inner().map_err(|error| WriteError::Output(error.into_error()))
}

fn put(table: &Table, lines: &mut csv::Writer<Vec<u8>>) -> Result<(), WriteError> {
    for row in 0..table.height() {
        let mut line = vec![String::new(); table.widths.len()];
        for cell in table.row(row) {
            if let (true, Some(place)) = (cell.row == row, line.get_mut(cell.column)) {
                *place = text(cell);
            }
        }
        lines.write_record(&line)?;
    }
    Ok(())
}

/// Figures may begin with a sign, words that do are guarded.
fn text(cell: &Cell) -> String {
    if cell.is_figure() && cell.text.chars().all(|c| c.is_ascii_digit() || matches!(c, '+' | '-' | '.')) {
        return cell.text.clone();
    }
    guarded(&cell.text)
}

/// A text that no spreadsheet takes for a formula.
fn guarded(text: &str) -> String {
    if text.trim_start().starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']) || text.starts_with('\t') {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}
